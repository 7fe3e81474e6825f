//! The gateway's side of private ECG inference: what `pp-client` runs.
//!
//! [`cli`] parses, [`run`] reads the ECG, finds a server (a remote one or one embedded in this process) and classifies
//! segment after segment, [`report`] says what came of it, [`verify`] compares it with the network in the clear.

pub mod cli;
pub mod connection;
pub mod failure;
pub mod report;
pub mod run;
pub mod verify;
