//! Once a session: the client's homomorphic key, and the seeds of correlated OTs in both
//! directions.
//!
//! ```text
//! client                                                            server
//!   PublicKey                                                   ->
//!   BaseOtOffer (it will receive)                              <->   BaseOtOffer (it will receive)
//!   BaseOtReply (it will send on its own Delta)                <->   BaseOtReply (it will send on the garbling Delta)
//!   CotSeeds                                                   <->   CotSeeds
//! ```
//! The two directions are two independent instances of SoftSpoken; every message of one crosses its
//! twin of the other.

use std::sync::Arc;

use he_linear::{InputHolder, PUBLIC_KEY_BYTES, PublicKey};
use oblivious_transfer::base::{SENDER_MESSAGE_BYTES, receiver_message_bytes};
use oblivious_transfer::block::Block;
use oblivious_transfer::softspoken::{ReceiverSetup, SenderSetup, TREES_MESSAGE_BYTES};
use shares::Role;

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::correlations::Correlations;
use crate::entropy;
use crate::error::{Error, Result};
use crate::meter::Scope;
use crate::phases::silent;
use crate::wire::Tag;

/// Base OTs of one direction.
const BASE_OTS: usize = 128;

/// The client's half.
pub(crate) async fn client(
    channel: &mut Channel,
    session: &[u8; 32],
    needs_silent: bool,
) -> Result<(Arc<InputHolder>, Correlations)> {
    let holder = offload(|| Ok(Arc::new(InputHolder::generate(&mut entropy::fresh()?)))).await?;
    channel.send(Scope::SETUP, Tag::PublicKey, holder.public_key()).await?;
    let correlations = correlate(channel, session, needs_silent, Role::Client).await?;
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
        PublicKey::from_bytes(&message).map_err(|e| Error::invalid(Role::Client, Tag::PublicKey, e))
    })
    .await?;
    let correlations = correlate(channel, session, needs_silent, Role::Server).await?;
    Ok((Arc::new(key), correlations))
}

/// Sets up both directions; the same for both parties.
async fn correlate(
    channel: &mut Channel,
    session: &[u8; 32],
    needs_silent: bool,
    own: Role,
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
            .map_err(|e| Error::refused_ot(peer, Tag::BaseOtOffer, e))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::BaseOtReply, receiver_message_bytes(BASE_OTS));
    let peer_reply = channel.exchange(&reply, due).await?;

    let (receiver, seeds) = offload(move || {
        receiver
            .finish(&peer_reply, &mut entropy::fresh()?)
            .map_err(|e| Error::refused_ot(peer, Tag::BaseOtReply, e))
    })
    .await?;
    let peer_seeds =
        channel.exchange(&seeds, Due::exactly(Scope::SETUP, Tag::CotSeeds, TREES_MESSAGE_BYTES)).await?;
    let sender = sender.finish(&peer_seeds).map_err(|e| Error::refused_ot(peer, Tag::CotSeeds, e))?;
    if !needs_silent {
        return Ok(Correlations::new(receiver, sender, None, peer));
    }
    let (receiver, sender, silent) = silent::set_up(channel, *session, own, receiver, sender).await?;
    Ok(Correlations::new(receiver, sender, Some(silent), peer))
}

/// The hash domain of the direction in which `receiver` receives.
fn direction(session: &[u8; 32], receiver: Role) -> Vec<u8> {
    let tag: &[u8] = match receiver {
        Role::Client => b"client receives",
        Role::Server => b"server receives",
    };
    [session, tag].concat()
}
