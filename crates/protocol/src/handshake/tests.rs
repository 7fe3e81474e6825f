//! Greetings of all versions, bound and unbound, and what is refused of them.

use deepcardio::architecture::{Head, Widths};
use transport::memory::{Line, pair};
use zeroize::Zeroizing;

use super::*;
use crate::channel::Timeouts;

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

/// A client's and a server's channel, and whether either is bound to a TLS session.
fn bound([client, server]: [Option<[u8; 32]>; 2]) -> (Channel, Channel) {
    let (near, far) = pair(Line::INSTANT, Line::INSTANT);
    let timeouts = Timeouts::default();
    (
        Channel::bound(near.stream, Role::Server, timeouts, client.map(Zeroizing::new)),
        Channel::bound(far.stream, Role::Client, timeouts, server.map(Zeroizing::new)),
    )
}

fn channels() -> (Channel, Channel) {
    bound([None, None])
}

fn wish(backend: Backend) -> Wish {
    Wish { backend, pinned: None, tls_ends_at_balancer: false }
}

async fn serve(channel: &mut Channel) -> Result<Agreement> {
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
    let (client, server) = tokio::join!(client(&mut near, wish(Backend::Ot), &mut rng), serve(&mut far));
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
    let (told, refused) = tokio::join!(greet, serve(&mut far));
    let reason = "the client speaks protocol versions 1 to 1, the server 3 to 4; update the older";
    assert_eq!(told.to_string(), format!("the server ended the session: {reason}"));
    let refused = refused.err().unwrap().to_string();
    assert_eq!(refused, format!("client and server do not fit together: {reason}"));
}

#[tokio::test]
async fn an_older_server_is_told_apart_by_its_reason() {
    for version in [1, 3] {
        let (mut near, mut old) = channels();
        let mut rng = crate::entropy::fresh().unwrap();
        let reason = format!(
            "the client speaks protocol versions 4 to 4, the server {version} to {version}; update the older"
        );
        let refuse = async {
            let due = Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES);
            let hello = Hello::decode(&old.receive(due).await.unwrap()).unwrap();
            assert_eq!((hello.magic, hello.oldest, hello.newest), (MAGIC, 4, 4));
            // The key share behind it is not read: an older server does not know of it.
            old.abort(&reason).await;
        };
        let (refused, ()) = tokio::join!(client(&mut near, wish(Backend::Gc), &mut rng), refuse);
        let refused = refused.err().unwrap().to_string();
        assert_eq!(refused, format!("the server ended the session: {reason}"));
    }
}

/// A greeting of these versions for the present parameters.
fn hello(oldest: u16, newest: u16) -> Vec<u8> {
    let parameters = parameter_digest();
    let build = "pp-client 0.1.0".into();
    Hello { magic: MAGIC, oldest, newest, parameters, backend: 1, nonce: [5; 16], build }.encode()
}

#[tokio::test]
async fn a_client_of_version_3_is_spoken_to_without_key_shares_and_checksums() {
    let (mut old, mut far) = channels();
    let greet = async {
        old.send(Scope::SETUP, Tag::Hello, &hello(3, 3)).await.unwrap();
        let accept = old.receive(Due::at_most(Scope::SETUP, Tag::Accept, MAX_ACCEPT_BYTES)).await.unwrap();
        old.send(Scope::SETUP, Tag::PublicKey, &[1, 2, 3]).await.unwrap();
        Accept::decode(&accept).unwrap()
    };
    let (accept, agreement) = tokio::join!(greet, serve(&mut far));
    assert_eq!(accept.version, 3);
    assert_eq!(agreement.unwrap().session_id, session_id(&[5; 16], &accept.nonce));
    let next = far.receive(Due::exactly(Scope::SETUP, Tag::PublicKey, 3)).await.unwrap();
    assert_eq!(next, [1, 2, 3]);
    // The acceptance, and nothing behind it.
    let books = far.take_ledger().total(|_| true);
    assert_eq!(books.sent, 5 + accept.encode().len() as u64);
}

#[tokio::test(start_paused = true)]
async fn versions_are_negotiated_or_refused() {
    // A client of a later version that still speaks this one sends a key share too.
    for (oldest, newest, spoken) in [
        (3, 3, Some(3)),
        (4, 4, Some(4)),
        (3, 4, Some(4)),
        (4, 9, Some(4)),
        (5, 9, None),
        (4, 3, None),
        (1, 2, None),
    ] {
        let (mut near, mut far) = channels();
        let greet = async {
            near.send(Scope::SETUP, Tag::Hello, &hello(oldest, newest)).await.unwrap();
            let share = Ephemeral::generate(&mut crate::entropy::fresh().unwrap()).share(false);
            near.send(Scope::SETUP, Tag::KeyShare, &share.encode()).await.unwrap();
            near.receive(Due::at_most(Scope::SETUP, Tag::Accept, MAX_ACCEPT_BYTES)).await
        };
        let (accept, served) = tokio::join!(greet, serve(&mut far));
        let accept = accept.ok().map(|accept| Accept::decode(&accept).unwrap().version);
        assert_eq!(accept, spoken, "{oldest} to {newest}");
        assert_eq!(served.is_ok(), spoken.is_some());
    }
}

#[tokio::test]
async fn a_client_is_not_talked_down() {
    let (mut near, mut far) = channels();
    let answer = async {
        let due = Due::at_most(Scope::SETUP, Tag::Hello, MAX_HELLO_BYTES);
        far.receive(due).await.unwrap();
        let widths = Widths { ell: 20, ..Widths::default() };
        let architecture = Architecture::deepcardio(1, Head::Average, widths).unwrap().to_bytes();
        let accept = Accept {
            version: 3,
            nonce: [1; 16],
            model_id: [2; 16],
            reveal: 1,
            most_prepared: 1,
            architecture,
        };
        far.send(Scope::SETUP, Tag::Accept, &accept.encode()).await.unwrap();
    };
    let mut rng = crate::entropy::fresh().unwrap();
    let (refused, ()) = tokio::join!(client(&mut near, wish(Backend::Ot), &mut rng), answer);
    let refused = refused.err().unwrap().to_string();
    assert!(refused.ends_with("a protocol version that was not offered"), "{refused}");
}

/// Both greet, then the client speaks; what the server hears, or the client's refusal.
async fn first_word(bindings: [Option<[u8; 32]>; 2], wish: Wish) -> Result<Vec<u8>> {
    let (mut near, mut far) = bound(bindings);
    let mut rng = crate::entropy::fresh()?;
    let (client, server) = tokio::join!(client(&mut near, wish, &mut rng), serve(&mut far));
    client?;
    server?;
    near.send(Scope::SETUP, Tag::PublicKey, &[1, 2, 3]).await?;
    far.receive(Due::exactly(Scope::SETUP, Tag::PublicKey, 3)).await
}

#[tokio::test]
async fn a_session_is_bound_to_the_tls_session_of_both_or_refused() {
    let (one, other) = (Some([1; 32]), Some([2; 32]));
    for bindings in [[None, None], [one, one], [None, one]] {
        assert_eq!(first_word(bindings, wish(Backend::Ot)).await.unwrap(), [1, 2, 3]);
    }
    let spliced = first_word([one, other], wish(Backend::Ot)).await.unwrap_err();
    assert!(matches!(spliced, Error::Peer { fault: Fault::Changed(Tag::PublicKey), .. }), "{spliced}");
    let behind = first_word([one, None], wish(Backend::Ot)).await.unwrap_err();
    assert!(behind.to_string().contains("tls-ends-at-balancer"), "{behind}");
    let allowed = Wish { tls_ends_at_balancer: true, ..wish(Backend::Ot) };
    assert_eq!(first_word([one, None], allowed).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_point_of_small_order_is_refused() {
    let (mut near, mut far) = channels();
    let greet = async {
        near.send(Scope::SETUP, Tag::Hello, &hello(4, 4)).await.unwrap();
        near.send(Scope::SETUP, Tag::KeyShare, &[0; KEY_SHARE_BYTES]).await.unwrap();
    };
    let (served, ()) = tokio::join!(serve(&mut far), greet);
    let refused = served.err().unwrap().to_string();
    let expected = "the channel or the client sent a key share that cannot be used: a point of small order";
    assert_eq!(refused, expected);
}
