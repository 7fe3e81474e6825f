//! Once a session: the client's homomorphic key, and the seeds of correlated OTs in both directions.
//!
//! ```text
//! client                                                            server
//!   PublicKey                                                   ->
//!   BaseOtOffer (it will receive)                              <->   BaseOtOffer (it will receive)
//!   BaseOtReply (it will send on its own Delta)                <->   BaseOtReply (it will send on the garbling Delta)
//!   CotSeeds                                                   <->   CotSeeds
//! ```
//! The two directions are two independent instances of SoftSpoken; every message of one crosses its twin of the other.

use std::sync::Arc;

use gc_nonlinear::{ReceiverCots, SentCots};
use he_linear::{InputHolder, PUBLIC_KEY_BYTES, PublicKey};
use oblivious_transfer::base::{SENDER_MESSAGE_BYTES, receiver_message_bytes};
use oblivious_transfer::block::Block;
use oblivious_transfer::softspoken::{
    CotReceiver, CotSender, ReceiverSetup, SenderSetup, TREES_MESSAGE_BYTES, random_bytes,
};

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::meter::Scope;
use crate::phases::silent::{self, Silent};
use crate::wire::Tag;

/// Base OTs of one direction.
const BASE_OTS: usize = 128;

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
    peer: Party,
}

impl Correlations {
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
            let keys = keys.map_err(|e| Error::invalid(peer, Tag::Extension, e))?;
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

/// The client's half.
pub(crate) async fn client(
    channel: &mut Channel,
    session: &[u8; 32],
    needs_silent: bool,
) -> Result<(Arc<InputHolder>, Correlations)> {
    let holder = offload(|| Ok(Arc::new(InputHolder::generate(&mut entropy::fresh()?)))).await?;
    channel.send(Scope::SETUP, Tag::PublicKey, holder.public_key()).await?;
    let correlations = correlate(channel, session, needs_silent, Party::Client).await?;
    Ok((holder, correlations))
}

/// The server's half.
pub(crate) async fn server(
    channel: &mut Channel,
    session: &[u8; 32],
    needs_silent: bool,
) -> Result<(Arc<PublicKey>, Correlations)> {
    let message = channel.receive(Due::exactly(Scope::SETUP, Tag::PublicKey, PUBLIC_KEY_BYTES)).await?;
    let key = offload(move || {
        PublicKey::from_bytes(&message).map_err(|e| Error::invalid(Party::Client, Tag::PublicKey, e))
    })
    .await?;
    let correlations = correlate(channel, session, needs_silent, Party::Server).await?;
    Ok((Arc::new(key), correlations))
}

/// Sets up both directions; the same for both parties.
async fn correlate(
    channel: &mut Channel,
    session: &[u8; 32],
    needs_silent: bool,
    own: Party,
) -> Result<Correlations> {
    let peer = own.peer();
    let mut rng = entropy::fresh()?;
    let (receiving, sending) = (direction(session, own), direction(session, peer));

    let (receiver, offer) = ReceiverSetup::start(&receiving, &mut rng);
    let due = Due::exactly(Scope::SETUP, Tag::BaseOtOffer, SENDER_MESSAGE_BYTES);
    let peer_offer = channel.exchange(&offer, due).await?;

    let delta = Block::random(&mut rng).with_lsb(true);
    let (sender, reply) = offload(move || {
        SenderSetup::start(&sending, delta, &peer_offer, &mut entropy::fresh()?)
            .map_err(|e| Error::invalid(peer, Tag::BaseOtOffer, e))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::BaseOtReply, receiver_message_bytes(BASE_OTS));
    let peer_reply = channel.exchange(&reply, due).await?;

    let (receiver, seeds) = offload(move || {
        receiver
            .finish(&peer_reply, &mut entropy::fresh()?)
            .map_err(|e| Error::invalid(peer, Tag::BaseOtReply, e))
    })
    .await?;
    let peer_seeds =
        channel.exchange(&seeds, Due::exactly(Scope::SETUP, Tag::CotSeeds, TREES_MESSAGE_BYTES)).await?;
    let sender = sender.finish(&peer_seeds).map_err(|e| Error::invalid(peer, Tag::CotSeeds, e))?;
    if !needs_silent {
        return Ok(Correlations { receiver: Some(receiver), sender: Some(sender), silent: None, peer });
    }
    let (receiver, sender, silent) = silent::set_up(channel, *session, own, receiver, sender).await?;
    Ok(Correlations { receiver: Some(receiver), sender: Some(sender), silent: Some(silent), peer })
}

/// The name of one inference of a session, from which its hash keys derive: no step of any other shares a key with it.
pub(crate) struct InferenceId {
    session: [u8; 32],
    number: u64,
}

impl InferenceId {
    pub(crate) fn new(session: [u8; 32], number: u64) -> Self {
        Self { session, number }
    }

    /// Hashes of the garbled steps.
    pub(crate) fn gc(&self) -> gc_nonlinear::HashRoot {
        gc_nonlinear::HashRoot::new(&self.derive(b"gc"))
    }

    /// Hashes of the steps from oblivious transfer.
    pub(crate) fn ot(&self) -> ot_nonlinear::HashRoot {
        ot_nonlinear::HashRoot::new(&self.derive(b"ot"))
    }

    fn derive(&self, backend: &[u8]) -> [u8; 32] {
        derive(&self.session, self.number, backend)
    }
}

/// Hashes of the choice of a record's overall label, the one with this number in the session: no inference and no other
/// record shares a key with it.
pub(crate) fn record_hashes(session: &[u8; 32], number: u64) -> gc_nonlinear::HashRoot {
    gc_nonlinear::HashRoot::new(&derive(session, number, RECORD))
}

/// What sets the hashes of a record apart from those of a backend.
const RECORD: &[u8] = b"record";

fn derive(session: &[u8; 32], number: u64, purpose: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(session);
    hasher.update(&number.to_le_bytes());
    hasher.update(purpose);
    *hasher.finalize().as_bytes()
}

/// The hash domain of the direction in which `receiver` receives.
fn direction(session: &[u8; 32], receiver: Party) -> Vec<u8> {
    let tag: &[u8] = match receiver {
        Party::Client => b"client receives",
        Party::Server => b"server receives",
    };
    [session, tag].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn inferences_and_records_share_no_hashes() {
        let mut seen = HashSet::new();
        for session in [[1; 32], [2; 32]] {
            for number in [0, 1, 2, u64::MAX] {
                let id = InferenceId::new(session, number);
                for derived in [id.derive(b"gc"), id.derive(b"ot"), derive(&session, number, RECORD)] {
                    assert!(seen.insert(derived), "number {number} repeats a root of hashes");
                }
            }
        }
    }
}
