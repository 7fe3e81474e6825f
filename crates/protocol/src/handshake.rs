//! The greeting: both sides find out whether they fit together before anything costs anything.
//!
//! ```text
//! client                                                   server
//!   Hello { versions, parameter digest, backend, nonce } ->
//!                                                         <- Accept { version, nonce, model id, policy, architecture }
//!                                                            or Abort { reason }
//! ```
//! The architecture is public, but it comes from the peer: the client decodes it with limits, compares it with a pinned
//! digest if it was given one, and refuses what exceeds its own bounds (see [`crate::plan::Limits`]).

use std::fmt;
use std::time::Duration;

use deepcardio::architecture::Architecture;
use oblivious_transfer::{silent, softspoken};
use rand_core::CryptoRng;

use crate::channel::{Channel, Due};
use crate::error::{Error, Fault, Party, Result};
use crate::messages::{
    Accept, Hello, MAGIC, MAX_ACCEPT_BYTES, MAX_HELLO_BYTES, NEWEST_VERSION, OLDEST_VERSION,
};
use crate::meter::Scope;
use crate::method::{Backend, Reveal};
use crate::wire::Tag;

/// How long a client may take to greet: a connection that says nothing holds a place that others wait for.
const GREETING: Duration = Duration::from_secs(10);

/// Raised with every change of what both parties must compute alike and no message length shows: gates, hash domains, the
/// code of the silent extension.
const REVISION: u32 = 5;

/// What both sides know after the greeting.
pub(crate) struct Agreement {
    pub(crate) architecture: Architecture,
    pub(crate) backend: Backend,
    pub(crate) reveal: Reveal,
    pub(crate) model_id: [u8; 16],
    /// Both nonces, hashed: separates the hashes of this session from those of every other.
    pub(crate) session_id: [u8; 32],
}

/// What the server offers.
pub(crate) struct Offer<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) model_id: [u8; 16],
    pub(crate) reveal: Reveal,
    pub(crate) backends: &'a [Backend],
}

pub(crate) async fn client(
    channel: &mut Channel,
    backend: Backend,
    pinned: Option<[u8; 32]>,
    rng: &mut impl CryptoRng,
) -> Result<Agreement> {
    let hello = Hello {
        magic: MAGIC,
        oldest: OLDEST_VERSION,
        newest: NEWEST_VERSION,
        parameters: parameter_digest(),
        backend: backend.byte(),
        nonce: nonce(rng),
        build: concat!("pp-client ", env!("CARGO_PKG_VERSION")).into(),
    };
    channel.send(Scope::SETUP, Tag::Hello, &hello.encode()).await?;
    let due = Due::at_most(Scope::SETUP, Tag::Accept, MAX_ACCEPT_BYTES);
    let invalid = |reason: &dyn fmt::Display| Error::invalid(Party::Server, Tag::Accept, reason);
    let accept = Accept::decode(&channel.receive(due).await?).map_err(|e| invalid(&e))?;
    if !(OLDEST_VERSION..=NEWEST_VERSION).contains(&accept.version) {
        return Err(invalid(&"a protocol version that was not offered"));
    }
    let reveal = Reveal::from_byte(accept.reveal).ok_or_else(|| invalid(&"an unknown policy"))?;
    let architecture = Architecture::from_bytes(&accept.architecture).map_err(|e| invalid(&e))?;
    if pinned.is_some_and(|digest| digest != architecture.digest()) {
        return Err(Error::Incompatible(
            "the server's architecture is not the one pinned here; ask the operator which model is served"
                .into(),
        ));
    }
    let session_id = session_id(&hello.nonce, &accept.nonce);
    Ok(Agreement { architecture, backend, reveal, model_id: accept.model_id, session_id })
}

pub(crate) async fn server(
    channel: &mut Channel,
    offer: Offer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Agreement> {
    let due = Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES);
    let bytes = tokio::time::timeout(GREETING, channel.receive(due))
        .await
        .unwrap_or(Err(Error::Peer { peer: Party::Client, fault: Fault::Silent(GREETING) }))?;
    let hello = Hello::decode(&bytes).map_err(|e| Error::invalid(Party::Client, Tag::Hello, e))?;
    let backend = match choose(&hello, offer.backends) {
        Ok(backend) => backend,
        Err(reason) => {
            channel.abort(&reason).await;
            return Err(Error::Incompatible(reason));
        }
    };
    let accept = Accept {
        version: NEWEST_VERSION.min(hello.newest),
        nonce: nonce(rng),
        model_id: offer.model_id,
        reveal: offer.reveal.byte(),
        architecture: offer.architecture.to_bytes(),
    };
    channel.send(Scope::SETUP, Tag::Accept, &accept.encode()).await?;
    Ok(Agreement {
        architecture: offer.architecture.clone(),
        backend,
        reveal: offer.reveal,
        model_id: offer.model_id,
        session_id: session_id(&hello.nonce, &accept.nonce),
    })
}

/// The backend asked for, or the one-line reason for a refusal.
fn choose(hello: &Hello, backends: &[Backend]) -> Result<Backend, String> {
    if hello.magic != MAGIC {
        return Err("this port speaks the private ECG inference protocol; the client speaks another".into());
    }
    if hello.newest < OLDEST_VERSION || hello.oldest > NEWEST_VERSION {
        return Err(format!(
            "the client speaks protocol versions {} to {}, the server {OLDEST_VERSION} to {NEWEST_VERSION}; update the older",
            hello.oldest, hello.newest
        ));
    }
    if hello.parameters != parameter_digest() {
        return Err(
            "client and server use different cryptographic parameters; update the older program".into()
        );
    }
    Backend::from_byte(hello.backend).filter(|backend| backends.contains(backend)).ok_or_else(|| {
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
    let extension =
        [silent::PART_COTS, silent::PART_BYTES, silent::SETUP_REQUEST_BYTES, silent::SETUP_REPLY_BYTES];
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
