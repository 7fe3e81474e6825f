//! Ways to reach the other party: byte streams over TCP, and pairs of byte streams in memory.
//!
//! Each way gives a [`connection::Connection`]: a stream, and who is at its other end. What travels
//! on the stream is no business of this crate.

pub mod connection;
pub mod error;
pub mod memory;
pub mod tcp;
