//! Ways to reach the other party: byte streams over TCP, in the clear or under TLS 1.3, and pairs
//! of byte streams in memory.
//!
//! Each way gives a [`connection::Connection`]: a stream, and who is at its other end. What travels
//! on the stream is no business of this crate.

pub mod connection;
pub mod error;
pub mod memory;
pub mod stream;
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
