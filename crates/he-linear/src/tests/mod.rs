//! Attacks: clients that deviate, run against the real server code.

mod deviant;
mod extraction;
