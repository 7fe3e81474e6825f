//! The greeting: both sides find out whether they fit together before anything costs anything.
//!
//! ```text
//! client                                                   server
//!   Hello { versions, parameter digest, backend, nonce } ->
//!   KeyShare { X25519 point, bound }                     ->
//!                                                         <- Accept { version, nonce, model id, policy, room,
//!                                                                     architecture } or Abort { reason }
//!                                                         <- KeyShare { X25519 point, bound }
//! ```
//! All frames behind it have checksums, under keys that only agree if both sides saw the same four
//! messages (`key_share`). So nothing of the greeting need be believed for long: whatever was
//! changed of it on the way, the first frame that follows is refused.
//!
//! A server also speaks version 3, the one before, which has no key shares and no checksums. A
//! client offers the newest version alone. Otherwise who changes its greeting could talk both sides
//! down.
//!
//! The architecture is public, but it comes from the peer: the client decodes it with limits,
//! compares it with a pinned digest if it was given one, and refuses what exceeds its own bounds
//! (see [`crate::plan::Limits`]).

use std::fmt;
use std::time::Duration;

use deepcardio::architecture::Architecture;
use oblivious_transfer::{silent, softspoken};
use rand_core::CryptoRng;
use shares::Role;
use tokio::time::{Instant, timeout_at};

use crate::channel::{Channel, Due};
use crate::error::{Error, Fault, Result};
use crate::key_share::{Ephemeral, Greeting};
use crate::messages::{
    Accept, CHECKSUMS_SINCE, Hello, KEY_SHARE_BYTES, KeyShare, MAGIC, MAX_ACCEPT_BYTES, MAX_HELLO_BYTES,
    NEWEST_VERSION, OLDEST_VERSION,
};
use crate::meter::Scope;
use crate::method::{Backend, Reveal};
use crate::wire::{Length, Tag};

/// How long a client may take to greet: a connection that says nothing holds a place that others
/// wait for.
const GREETING: Duration = Duration::from_secs(10);

/// Raised with every change of what both parties must compute alike and no message length shows:
/// gates, hash domains, the code of the silent extension.
const REVISION: u32 = 7;

/// What both sides know after the greeting.
pub(crate) struct Agreement {
    pub(crate) architecture: Architecture,
    pub(crate) backend: Backend,
    pub(crate) reveal: Reveal,
    pub(crate) model_id: [u8; 16],
    /// Most prepared inferences that the server holds of one session.
    pub(crate) most_prepared: u16,
    /// Both nonces, hashed: separates the hashes of this session from those of every other.
    pub(crate) session_id: [u8; 32],
}

/// What the server offers.
pub(crate) struct Offer<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) model_id: [u8; 16],
    pub(crate) reveal: Reveal,
    pub(crate) most_prepared: u16,
    pub(crate) backends: &'a [Backend],
}

/// What a client asks for.
pub(crate) struct Wish {
    pub(crate) backend: Backend,
    /// The digest that the architecture must have.
    pub(crate) pinned: Option<[u8; 32]>,
    /// Whether the TLS session of a bound client may end before the server.
    pub(crate) tls_ends_at_balancer: bool,
}

pub(crate) async fn client(channel: &mut Channel, wish: Wish, rng: &mut impl CryptoRng) -> Result<Agreement> {
    let client_nonce = nonce(rng);
    let hello = Hello {
        magic: MAGIC,
        oldest: NEWEST_VERSION,
        newest: NEWEST_VERSION,
        parameters: parameter_digest(),
        backend: wish.backend.byte(),
        nonce: client_nonce,
        build: concat!("pp-client ", env!("CARGO_PKG_VERSION")).into(),
    }
    .encode();
    let ephemeral = Ephemeral::generate(rng);
    let client_share = ephemeral.share(channel.binding().is_some()).encode();
    channel.send(Scope::SETUP, Tag::Hello, &hello).await?;
    channel.send(Scope::SETUP, Tag::KeyShare, &client_share).await?;

    let accepted = channel.receive(Due::at_most(Scope::SETUP, Tag::Accept, MAX_ACCEPT_BYTES)).await?;
    let accept = Accept::decode(&accepted).map_err(|e| Error::invalid(Role::Server, Tag::Accept, e))?;
    if accept.version != NEWEST_VERSION {
        let reason = "a protocol version that was not offered";
        return Err(Error::invalid(Role::Server, Tag::Accept, reason));
    }
    let server_share = channel.receive(KEY_SHARE).await?;
    let share = KeyShare::decode(&server_share).map_err(|e| bad_share(Role::Server, e))?;
    if channel.binding().is_some() && !share.bound && !wish.tls_ends_at_balancer {
        return Err(Error::Incompatible(
            "TLS ends somewhere before the server, so the session cannot be bound to it; if that is a load \
             balancer that you trust, pass --tls-ends-at-balancer"
                .into(),
        ));
    }
    let said = Greeting {
        hello: &hello,
        client_share: &client_share,
        accept: &accepted,
        server_share: &server_share,
    };
    protect(channel, ephemeral, &share, said)?;
    agreed(accept, wish, &client_nonce)
}

const KEY_SHARE: Due =
    Due { scope: Scope::SETUP, tag: Tag::KeyShare, length: Length::Exactly(KEY_SHARE_BYTES) };

fn bad_share(peer: Role, reason: impl fmt::Display) -> Error {
    Error::invalid(peer, Tag::KeyShare, reason)
}

/// Makes the keys; every later frame has a checksum.
fn protect(channel: &mut Channel, own: Ephemeral, share: &KeyShare, said: Greeting<'_>) -> Result<()> {
    let peer = channel.peer();
    let binding = channel.binding().filter(|_| share.bound);
    let chains = own.agree(peer.peer(), share, said, binding);
    channel.protect(chains.ok_or_else(|| bad_share(peer, "a point of small order"))?);
    Ok(())
}

/// What a client takes of an acceptance.
fn agreed(accept: Accept, wish: Wish, client_nonce: &[u8; 16]) -> Result<Agreement> {
    let invalid = |reason: &dyn fmt::Display| Error::invalid(Role::Server, Tag::Accept, reason);
    let reveal = Reveal::from_byte(accept.reveal).ok_or_else(|| invalid(&"an unknown policy"))?;
    if accept.most_prepared == 0 {
        return Err(invalid(&"no room for a prepared inference"));
    }
    let architecture = Architecture::from_bytes(&accept.architecture).map_err(|e| invalid(&e))?;
    if wish.pinned.is_some_and(|digest| digest != architecture.digest()) {
        return Err(Error::Incompatible(
            "the server's architecture is not the one pinned here; ask the operator which model is served"
                .into(),
        ));
    }
    Ok(Agreement {
        architecture,
        backend: wish.backend,
        reveal,
        model_id: accept.model_id,
        most_prepared: accept.most_prepared,
        session_id: session_id(client_nonce, &accept.nonce),
    })
}

pub(crate) async fn server(
    channel: &mut Channel,
    offer: Offer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Agreement> {
    let deadline = Instant::now() + GREETING;
    let greeting =
        greeted(channel, Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES), deadline).await?;
    let hello = Hello::decode(&greeting).map_err(|e| Error::invalid(Role::Client, Tag::Hello, e))?;
    let (version, backend) = match choose(&hello, offer.backends) {
        Ok(chosen) => chosen,
        Err(reason) => {
            channel.abort(&reason).await;
            return Err(Error::Incompatible(reason));
        }
    };
    let client_share = if version >= CHECKSUMS_SINCE {
        let bytes = greeted(channel, KEY_SHARE, deadline).await?;
        Some((KeyShare::decode(&bytes).map_err(|e| bad_share(Role::Client, e))?, bytes))
    } else {
        None
    };
    let server_nonce = nonce(rng);
    let accept = Accept {
        version,
        nonce: server_nonce,
        model_id: offer.model_id,
        reveal: offer.reveal.byte(),
        most_prepared: offer.most_prepared,
        architecture: offer.architecture.to_bytes(),
    }
    .encode();
    channel.send(Scope::SETUP, Tag::Accept, &accept).await?;
    if let Some((share, client_share)) = client_share {
        let ephemeral = Ephemeral::generate(rng);
        let server_share = ephemeral.share(channel.binding().is_some()).encode();
        channel.send(Scope::SETUP, Tag::KeyShare, &server_share).await?;
        let said = Greeting {
            hello: &greeting,
            client_share: &client_share,
            accept: &accept,
            server_share: &server_share,
        };
        protect(channel, ephemeral, &share, said)?;
    }
    Ok(Agreement {
        architecture: offer.architecture.clone(),
        backend,
        reveal: offer.reveal,
        model_id: offer.model_id,
        most_prepared: offer.most_prepared,
        session_id: session_id(&hello.nonce, &server_nonce),
    })
}

/// A frame of the client's greeting, if it comes before the deadline.
async fn greeted(channel: &mut Channel, due: Due, deadline: Instant) -> Result<Vec<u8>> {
    timeout_at(deadline, channel.receive(due))
        .await
        .unwrap_or(Err(Error::Peer { peer: Role::Client, fault: Fault::Silent(GREETING) }))
}

/// The version to speak and the backend asked for, or the one-line reason for a refusal.
fn choose(hello: &Hello, backends: &[Backend]) -> Result<(u16, Backend), String> {
    if hello.magic != MAGIC {
        return Err("this port speaks the private ECG inference protocol; the client speaks another".into());
    }
    let version = NEWEST_VERSION.min(hello.newest);
    if version < OLDEST_VERSION.max(hello.oldest) {
        return Err(format!(
            "the client speaks protocol versions {} to {}, the server {OLDEST_VERSION} to \
             {NEWEST_VERSION}; update the older",
            hello.oldest, hello.newest
        ));
    }
    if hello.parameters != parameter_digest() {
        return Err(
            "client and server use different cryptographic parameters; update the older program".into()
        );
    }
    let backend = Backend::from_byte(hello.backend).filter(|backend| backends.contains(backend));
    backend.map(|backend| (version, backend)).ok_or_else(|| {
        let offered: Vec<String> = backends.iter().map(ToString::to_string).collect();
        format!(
            "the server does not offer the non-linear backend asked for; it offers: {}",
            offered.join(", ")
        )
    })
}

/// A digest of everything that both sides must compute alike and that the plan does not show.
fn parameter_digest() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("private-ecg parameters v1");
    hasher.update(&REVISION.to_le_bytes());
    hasher.update(he_linear::params::describe().as_bytes());
    let extension = [
        silent::PART_COTS,
        silent::PART_BYTES,
        silent::SETUP_REQUEST_BYTES,
        silent::SETUP_REPLY_BYTES,
        softspoken::random_bytes(1),
    ];
    for size in extension.into_iter().chain([softspoken::TREES_MESSAGE_BYTES, gc_nonlinear::CHUNK]) {
        hasher.update(&(size as u64).to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn nonce(rng: &mut impl CryptoRng) -> [u8; 16] {
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    nonce
}

fn session_id(client: &[u8; 16], server: &[u8; 16]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("private-ecg session id v1");
    hasher.update(client);
    hasher.update(server);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
