//! The cloud side of private ECG inference as a library: what `pp-server` runs, and what `pp-client
//! --embedded` and the tests start on a port of their own.
//!
//! [`config`] says how the program is set up, [`serve`] is the accept loop, [`admission`] decides
//! who gets in. The protocol itself is in the `protocol` crate.

pub mod admission;
pub mod config;
pub mod serve;
