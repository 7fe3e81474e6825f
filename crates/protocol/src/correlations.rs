//! Where the correlated OTs of a session come from, in both directions.
//!
//! Only the preparation of an inference, and the choice of a record's label, take OTs from here.
//! What they take is theirs alone, so an inference that is prepared needs nothing of this any more.

use std::time::Duration;

use gc_nonlinear::{ReceiverCots, SentCots};
use oblivious_transfer::silent::{SETUP_REQUEST_BYTES, SilentExtension};
use oblivious_transfer::softspoken::{CotReceiver, CotSender, random_bytes};
use shares::Role;

use crate::compute::offload;
use crate::error::{Error, Result};
use crate::wire::Tag;

/// Bytes of the extension message for `count` correlated OTs.
pub(crate) fn extension_bytes(count: usize) -> usize {
    random_bytes(count)
}

/// Sources of correlated OTs in both directions, for one session.
pub(crate) struct Correlations {
    /// The other party sends, this one receives with random choices.
    receiver: Option<CotReceiver>,
    /// This party sends, on its own Delta.
    sender: Option<CotSender>,
    /// The silent extension of both, where the plan needs it.
    silent: Option<Silent>,
    peer: Role,
}

/// A silent extension of both directions.
pub(crate) struct Silent {
    extension: Option<SilentExtension>,
    /// How long the requests took to cross.
    request_time: Duration,
}

impl Silent {
    pub(crate) fn new(extension: SilentExtension, request_time: Duration) -> Self {
        Self { extension: Some(extension), request_time }
    }

    /// The bytes that each party sent at once in the first message, and how long they took.
    pub(crate) fn first_exchange(&self) -> (usize, Duration) {
        (SETUP_REQUEST_BYTES, self.request_time)
    }

    /// Lends the extension. One that is not given back broke, and no later step gets it.
    pub(crate) fn lend(&mut self) -> Result<SilentExtension> {
        self.extension.take().ok_or_else(broken)
    }

    /// Takes the extension back.
    pub(crate) fn give_back(&mut self, extension: SilentExtension) {
        self.extension = Some(extension);
    }
}

impl Correlations {
    pub(crate) fn new(receiver: CotReceiver, sender: CotSender, silent: Option<Silent>, peer: Role) -> Self {
        Self { receiver: Some(receiver), sender: Some(sender), silent, peer }
    }

    pub(crate) fn silent(&mut self) -> Result<&mut Silent> {
        self.silent.as_mut().ok_or_else(broken)
    }

    /// Makes `count` OTs that this party receives; the message goes to the peer.
    pub(crate) async fn receive(&mut self, count: usize) -> Result<(Vec<u8>, ReceiverCots)> {
        let mut receiver = self.receiver.take().ok_or_else(broken)?;
        let (receiver, cots, message) = offload(move || {
            let (cots, message) = receiver.extend_random(count);
            Ok((receiver, cots, message))
        })
        .await?;
        self.receiver = Some(receiver);
        Ok((message, cots))
    }

    /// Makes `count` OTs that this party sends, from the peer's message.
    pub(crate) async fn send(&mut self, count: usize, message: Vec<u8>) -> Result<SentCots> {
        let mut sender = self.sender.take().ok_or_else(broken)?;
        let peer = self.peer;
        let (sender, keys) = offload(move || {
            let keys = sender.extend_random(count, &message);
            let keys = keys.map_err(|e| Error::refused_ot(peer, Tag::Extension, e))?;
            Ok((sender, keys))
        })
        .await?;
        let delta = sender.delta();
        self.sender = Some(sender);
        Ok(SentCots { delta, keys })
    }
}

fn broken() -> Error {
    Error::internal("OTs were asked for after an extension failed")
}
