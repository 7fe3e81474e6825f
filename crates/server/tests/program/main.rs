//! `pp-server` as an operator runs it: a real process, real sockets, the real model file.
//!
//! The client is the library behind `pp-client`. `pp-client` as a process is tested beside its
//! source.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod accounts;
mod admin;
mod leaving;
mod log;
mod manager;
mod process;
mod secrets;
mod serving;
mod settings;
