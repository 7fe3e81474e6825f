//! Attacks: clients that deviate, run against the real server code. Each has a positive control:
//! the same attack succeeds when the mask is switched off, which only a build of these tests can
//! do.

mod chance;
mod deviant;
mod extraction;
mod uniform;
