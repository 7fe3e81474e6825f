//! Doors for the fuzz targets: what a peer's bytes meet first, which is private otherwise.

use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::channel::{Channel, Due, Timeouts};
use crate::error::Result;
use crate::messages::{Abort, Accept, Hello, Later, Request};
use crate::meter::Scope;
use crate::wire::{Length, Tag};

/// The control messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The client's greeting.
    Hello,
    /// The server's answer.
    Accept,
    /// Either side's last word.
    Abort,
    /// The server's last word to a client that may come back.
    Later,
    /// What a client asks for.
    Request,
}

/// Decodes a control message and encodes it again.
///
/// # Errors
/// Why the bytes are no such message.
pub fn reencoded(control: Control, bytes: &[u8]) -> std::result::Result<Vec<u8>, String> {
    match control {
        Control::Hello => Hello::decode(bytes).map(|hello| hello.encode()),
        Control::Accept => Accept::decode(bytes).map(|accept| accept.encode()),
        Control::Abort => Abort::decode(bytes).map(|abort| {
            let _ = abort.printable();
            abort.encode()
        }),
        Control::Later => Later::decode(bytes).map(|later| {
            let _ = (later.after(), later.printable());
            later.encode()
        }),
        Control::Request => Request::decode(bytes).map(|request| request.encode().to_vec()),
    }
}

/// Reads one frame of the main lane that `peer` sends on `stream`, and of the lane ahead if that is
/// to be open, both at once. A peer that says no more is waited for a moment.
pub async fn receive<S>(stream: S, peer: Role, ahead: bool, tag: Tag, length: Length) -> Vec<Result<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    const MOMENT: Duration = Duration::from_millis(2);
    let due = Due { scope: Scope::SETUP, tag, length };
    let mut main = Channel::new(stream, peer, Timeouts { progress: MOMENT, idle: MOMENT });
    if !ahead {
        return vec![main.receive(due).await];
    }
    match main.open_ahead() {
        Ok(mut ahead) => <[_; 2]>::from(tokio::join!(main.receive(due), ahead.receive(due))).into(),
        Err(error) => vec![Err(error)],
    }
}
