//! How the incoming bytes of a connection end.

use std::io;
use std::time::Duration;

use crate::error::Fault;

/// Why nothing more comes.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The peer hung up.
    Closed,
    /// The network failed.
    Io(io::ErrorKind),
    /// The peer broke the protocol.
    Fault(Fault),
    /// The peer ended the session and said why.
    Aborted(String),
    /// The peer ended the session and said when to come back.
    Later(Duration, String),
    /// Whoever was reading a payload stopped in the middle of it.
    BrokenOff,
}
