//! The greeting: both sides find out whether they fit together before anything costs anything.
//!
//! ```text
//! client                                                   server
//!   Hello { versions, parameter digest, backend, nonce } ->
//!                                                         <- Accept { version, nonce, model id, policy, room,
//!                                                                     architecture } or Abort { reason }
//! ```
//! The architecture is public, but it comes from the peer: the client decodes it with limits,
//! compares it with a pinned digest if it was given one, and refuses what exceeds its own bounds
//! (see [`crate::plan::Limits`]).

use std::fmt;
use std::time::Duration;

use deepcardio::architecture::Architecture;
use oblivious_transfer::{silent, softspoken};
use rand_core::CryptoRng;
use shares::Role;

use crate::channel::{Channel, Due};
use crate::error::{Error, Fault, Result};
use crate::messages::{
    Accept, Hello, MAGIC, MAX_ACCEPT_BYTES, MAX_HELLO_BYTES, NEWEST_VERSION, OLDEST_VERSION,
};
use crate::meter::Scope;
use crate::method::{Backend, Reveal};
use crate::wire::Tag;

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
    let invalid = |reason: &dyn fmt::Display| Error::invalid(Role::Server, Tag::Accept, reason);
    let accept = Accept::decode(&channel.receive(due).await?).map_err(|e| invalid(&e))?;
    if !(OLDEST_VERSION..=NEWEST_VERSION).contains(&accept.version) {
        return Err(invalid(&"a protocol version that was not offered"));
    }
    let reveal = Reveal::from_byte(accept.reveal).ok_or_else(|| invalid(&"an unknown policy"))?;
    if accept.most_prepared == 0 {
        return Err(invalid(&"no room for a prepared inference"));
    }
    let architecture = Architecture::from_bytes(&accept.architecture).map_err(|e| invalid(&e))?;
    if pinned.is_some_and(|digest| digest != architecture.digest()) {
        return Err(Error::Incompatible(
            "the server's architecture is not the one pinned here; ask the operator which model is served"
                .into(),
        ));
    }
    let session_id = session_id(&hello.nonce, &accept.nonce);
    Ok(Agreement {
        architecture,
        backend,
        reveal,
        model_id: accept.model_id,
        most_prepared: accept.most_prepared,
        session_id,
    })
}

pub(crate) async fn server(
    channel: &mut Channel,
    offer: Offer<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Agreement> {
    let due = Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES);
    let bytes = tokio::time::timeout(GREETING, channel.receive(due))
        .await
        .unwrap_or(Err(Error::Peer { peer: Role::Client, fault: Fault::Silent(GREETING) }))?;
    let hello = Hello::decode(&bytes).map_err(|e| Error::invalid(Role::Client, Tag::Hello, e))?;
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
        most_prepared: offer.most_prepared,
        architecture: offer.architecture.to_bytes(),
    };
    channel.send(Scope::SETUP, Tag::Accept, &accept.encode()).await?;
    Ok(Agreement {
        architecture: offer.architecture.clone(),
        backend,
        reveal: offer.reveal,
        model_id: offer.model_id,
        most_prepared: offer.most_prepared,
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
mod tests {
    use deepcardio::architecture::{Head, Widths};
    use transport::memory::{Line, pair};

    use super::*;
    use crate::channel::Timeouts;
    use crate::messages::Abort;

    /// What a client of version 1 sent, frame header left out.
    #[rustfmt::skip]
    const HELLO_OF_VERSION_1: &[u8] = &[
        0x70, 0x70, 0x65, 0x63, 0x67, 0x00, 0x00, 0x01, 0x01, 0x00, 0x01, 0x00, 0xa0, 0x1d, 0xd1, 0xff,
        0x9f, 0x19, 0xe3, 0x36, 0x27, 0x85, 0xe0, 0xac, 0x16, 0x7d, 0xde, 0xbe, 0x6e, 0x97, 0xe0, 0x72,
        0xda, 0x6d, 0x39, 0xcf, 0xf7, 0x2f, 0x9f, 0xbc, 0xf8, 0x46, 0xc4, 0x9b, 0x02, 0x72, 0x65, 0x63,
        0x6f, 0x72, 0x64, 0x65, 0x64, 0x2d, 0x67, 0x72, 0x65, 0x65, 0x74, 0x69, 0x6e, 0x0f, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x70, 0x70, 0x2d, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x20, 0x30,
        0x2e, 0x31, 0x2e, 0x30,
    ];

    fn channels() -> (Channel, Channel) {
        let (client, server) = pair(Line::INSTANT, Line::INSTANT);
        let timeouts = Timeouts::default();
        (
            Channel::new(client.stream, Role::Server, timeouts),
            Channel::new(server.stream, Role::Client, timeouts),
        )
    }

    async fn greeted(channel: &mut Channel) -> Result<Agreement> {
        let widths = Widths { ell: 20, ..Widths::default() };
        let offer = Offer {
            architecture: &Architecture::deepcardio(1, Head::Average, widths).unwrap(),
            model_id: [7; 16],
            reveal: Reveal::Scores,
            most_prepared: 3,
            backends: Backend::ALL,
        };
        server(channel, offer, &mut crate::entropy::fresh().unwrap()).await
    }

    #[tokio::test]
    async fn both_sides_agree() {
        let (mut near, mut far) = channels();
        let mut rng = crate::entropy::fresh().unwrap();
        let (client, server) =
            tokio::join!(client(&mut near, Backend::Ot, None, &mut rng), greeted(&mut far));
        let (client, server) = (client.unwrap(), server.unwrap());
        assert_eq!((client.session_id, client.model_id), (server.session_id, [7; 16]));
        assert_eq!((client.most_prepared, server.backend), (3, Backend::Ot));
    }

    #[tokio::test]
    async fn a_client_of_version_1_is_refused_in_one_line_on_both_sides() {
        let (mut old, mut far) = channels();
        let greet = async {
            old.send(Scope::SETUP, Tag::Hello, HELLO_OF_VERSION_1).await.unwrap();
            old.receive(Due::at_most(Scope::SETUP, Tag::Accept, MAX_ACCEPT_BYTES)).await.unwrap_err()
        };
        let (told, refused) = tokio::join!(greet, greeted(&mut far));
        let reason = "the client speaks protocol versions 1 to 1, the server 3 to 3; update the older";
        assert_eq!(told.to_string(), format!("the server ended the session: {reason}"));
        let refused = refused.err().unwrap().to_string();
        assert_eq!(refused, format!("client and server do not fit together: {reason}"));
    }

    #[tokio::test]
    async fn a_server_of_version_1_is_told_apart_by_its_reason() {
        let (mut near, mut old) = channels();
        let mut rng = crate::entropy::fresh().unwrap();
        let refuse = async {
            let due = Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES);
            let hello = Hello::decode(&old.receive(due).await.unwrap()).unwrap();
            assert_eq!((hello.magic, hello.oldest, hello.newest), (MAGIC, 3, 3));
            // What a server of version 1 says to these versions.
            let reason = "the client speaks protocol versions 3 to 3, the server 1 to 1; update the older";
            old.send(Scope::SETUP, Tag::Abort, &Abort::new(reason).encode()).await.unwrap();
        };
        let (refused, ()) = tokio::join!(client(&mut near, Backend::Gc, None, &mut rng), refuse);
        assert_eq!(
            refused.err().unwrap().to_string(),
            "the server ended the session: the client speaks protocol versions 3 to 3, the server 1 to 1; \
             update the older"
        );
    }
}
