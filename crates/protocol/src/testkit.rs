//! Doors for tests: what a peer's bytes meet first, for the fuzz targets, and an [`Intruder`], for
//! tests that change what a party says.

mod intruder;

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::channel::{Channel, Due, Timeouts, payload_on_the_wire};
use crate::error::Result;
use crate::key_share::{Ephemeral, Greeting};
use crate::messages::{Abort, Accept, Hello, KeyShare, Later, Request};
use crate::meter::Scope;
use crate::transcript::{Chain, Chains};
use crate::wire::{Header, Length, Tag};

pub use intruder::Intruder;

/// The control messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The client's greeting.
    Hello,
    /// The server's answer.
    Accept,
    /// Either side's half of the key agreement.
    KeyShare,
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
        Control::KeyShare => KeyShare::decode(bytes).map(|share| {
            agreed(&share);
            share.encode().to_vec()
        }),
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

/// Takes a peer's key share; a point of small order gives nothing.
fn agreed(share: &KeyShare) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let said = Greeting { hello: &[], client_share: &[], accept: &[], server_share: &[] };
    let _chains = Ephemeral::generate(&mut rng).agree(Role::Client, share, said, None);
}

/// The key of the checksums that a protected peer of [`receive`] makes.
const KEY: [u8; 32] = [1; 32];

/// What a peer sends to [`receive`], with the right checksum behind every frame and part of it.
/// What is left over at the end stays as it is.
#[must_use]
pub fn sealed(mut bytes: &[u8]) -> Vec<u8> {
    let mut chain = Chain::new(&KEY);
    let mut sealed = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk()
        && let Some((payload, rest)) =
            Header::decode(*head).ok().and_then(|header| rest.split_at_checked(payload_on_the_wire(header)))
    {
        let checksum = chain.seal(head, payload);
        sealed.extend([&head[..], payload, &checksum].concat());
        bytes = rest;
    }
    sealed.extend(bytes);
    sealed
}

/// What [`receive`] waits for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// Whether the lane ahead is open, and a frame is due on it too.
    pub ahead: bool,
    /// Whether frames have checksums.
    pub protected: bool,
    /// The frame that is due.
    pub tag: Tag,
    /// Its length.
    pub length: Length,
}

/// Reads one frame of the main lane that `peer` sends on `stream`, and of the lane ahead if that is
/// to be open, both at once. A peer that says no more is waited for a moment.
pub async fn receive<S>(stream: S, peer: Role, wait: Wait) -> Vec<Result<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    const MOMENT: Duration = Duration::from_millis(2);
    let due = Due { scope: Scope::SETUP, tag: wait.tag, length: wait.length };
    let mut main = Channel::new(stream, peer, Timeouts { progress: MOMENT, idle: MOMENT });
    if wait.protected {
        main.protect(Chains { sending: Chain::new(&[2; 32]), receiving: Chain::new(&KEY) });
    }
    if !wait.ahead {
        return vec![main.receive(due).await];
    }
    match main.open_ahead() {
        Ok(mut ahead) => <[_; 2]>::from(tokio::join!(main.receive(due), ahead.receive(due))).into(),
        Err(error) => vec![Err(error)],
    }
}
