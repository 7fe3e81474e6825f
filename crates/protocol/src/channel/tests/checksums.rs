//! Frames with checksums. Whatever is done to them on the way, their receiver refuses, unless it is
//! built without the check: then the same changes are taken.

use shares::Role;
use tokio::io::AsyncWriteExt;
use transport::memory::Line;

use super::{SCOPE, chain, channels, protect, server_and_stream};
use crate::channel::{Channel, Due};
use crate::error::{Error, Fault, Result};
use crate::messages::Abort;
use crate::transcript::{Chain, Chains};
use crate::wire::{CHECKSUM_BYTES, HEADER_BYTES, Header, Lane, Tag};

/// A frame of the client: its lane, its tag, what its head says of the length, and its payload.
type Frame = (Lane, Tag, usize, Vec<u8>);

const ROOM: usize = 50;

fn frame(lane: Lane, tag: Tag, payload: &[u8]) -> Frame {
    (lane, tag, payload.len(), payload.to_vec())
}

/// One of everything that has a checksum, the last on the main lane.
fn everything() -> Vec<Frame> {
    vec![
        frame(Lane::Main, Tag::Opening, b"nine byte"),
        frame(Lane::Ahead, Tag::SilentPart, b"a part"),
        (Lane::Ahead, Tag::Credit, ROOM, Vec::new()),
        frame(Lane::Main, Tag::Opening, b"last word"),
    ]
}

/// Frames that nothing but their payloads tells apart.
fn alike() -> Vec<Frame> {
    [b"nine byte", b"nine more", b"and these", b"last word"]
        .map(|p| frame(Lane::Main, Tag::Opening, p))
        .into()
}

/// The frames as `sender` sends them.
fn sealed(sender: Role, frames: &[Frame]) -> Vec<Vec<u8>> {
    let mut chain = chain(sender);
    let seal = |(lane, tag, length, payload): &Frame| {
        let header = Header::encode(*lane, *tag, *length).unwrap();
        [&header[..], payload, &chain.seal(&header, payload)].concat()
    };
    frames.iter().map(seal).collect()
}

/// What a server takes of `bytes` where `frames` are due, with or without a check. Then its client
/// hangs up.
async fn heard(frames: &[Frame], bytes: &[u8], check: bool) -> Result<Vec<Vec<u8>>> {
    let (mut server, mut stream) = server_and_stream();
    let mut ahead = server.open_ahead()?;
    let receiving = if check { chain(Role::Client) } else { chain(Role::Client).unchecked() };
    server.protect(Chains { sending: chain(Role::Server), receiving });
    // So that there is room to grant.
    ahead.send(SCOPE, Tag::SilentPart, &[0; ROOM]).await?;
    stream.write_all(bytes).await.unwrap();
    drop(stream);
    let mut payloads = Vec::new();
    for (lane, tag, _, payload) in frames {
        let due = Due::exactly(SCOPE, *tag, payload.len());
        match (lane, tag) {
            (_, Tag::Credit) => {}
            (Lane::Main, _) => payloads.push(server.receive(due).await?),
            (Lane::Ahead, _) => payloads.push(ahead.receive(due).await?),
        }
    }
    Ok(payloads)
}

fn payloads(frames: &[Frame]) -> Vec<Vec<u8>> {
    let sent = frames.iter().filter(|(_, tag, ..)| *tag != Tag::Credit);
    sent.map(|(.., payload)| payload.clone()).collect()
}

/// Whether the error lays it on the channel or the peer, or says that nothing more came.
fn assert_refused(result: Result<Vec<Vec<u8>>>, what: &str) {
    let error = result.map(|_| ()).expect_err(what);
    let text = error.to_string();
    let closed = matches!(error, Error::Peer { fault: Fault::Closed(_), .. });
    assert!(closed || text.starts_with("the channel or the client "), "{what}: {text}");
}

#[tokio::test(start_paused = true)]
async fn every_flipped_bit_is_refused_and_taken_where_nothing_checks() {
    let frames = everything();
    let bytes = sealed(Role::Client, &frames).concat();
    assert_eq!(heard(&frames, &bytes, true).await.unwrap(), payloads(&frames));
    let mut taken = 0;
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_refused(heard(&frames, &flipped, true).await, &format!("bit {bit}"));
        taken += usize::from(heard(&frames, &flipped, false).await.is_ok());
    }
    // All bits of payloads and checksums, and some of the room that is granted.
    let least = 8 * (payloads(&frames).concat().len() + frames.len() * CHECKSUM_BYTES);
    assert!(taken > least, "{taken} of {} bits, {least} at least", 8 * bytes.len());
}

#[tokio::test(start_paused = true)]
async fn frames_left_out_repeated_moved_and_brought_from_elsewhere_are_refused() {
    let frames = alike();
    let sent = sealed(Role::Client, &frames);
    // What the server sends itself, and what a client of another session sends.
    let reflected = sealed(Role::Server, &frames);
    let mut other = Chain::new(&[9; 32]);
    let mut changes: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for at in 0..frames.len() {
        let mut change = |what: &str, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut changed = sent.clone();
            change(&mut changed);
            changes.push((format!("{what} {at}"), changed));
        };
        change("without", &|frames| drop(frames.remove(at)));
        change("reflected", &|frames| frames[at] = reflected[at].clone());
        if at + 1 < frames.len() {
            change("twice", &|frames| frames.insert(at, sent[at].clone()));
            change("moved", &|frames| frames.swap(at, at + 1));
        }
        let head = Header::encode(Lane::Main, Tag::Opening, 9).unwrap();
        let foreign = [&head[..], b"elsewhere", &other.seal(&head, b"elsewhere")].concat();
        change("spliced", &|frames| frames[at] = foreign.clone());
    }
    let mut taken = 0;
    for (what, changed) in changes {
        let changed = changed.concat();
        let result = heard(&frames, &changed, true).await;
        if changed.len() == sent.concat().len() {
            let error = result.as_ref().map(|_| ()).unwrap_err();
            assert!(matches!(error, Error::Peer { fault: Fault::Changed(_), .. }), "{what}: {error}");
        }
        assert_refused(result, &what);
        taken += usize::from(heard(&frames, &changed, false).await.is_ok());
    }
    assert_eq!(taken, 4 * frames.len() - 2, "all but those that lack a frame");
}

#[tokio::test(start_paused = true)]
async fn no_word_of_a_changed_abort_notice_is_believed() {
    let abort = frame(Lane::Main, Tag::Abort, &Abort::new("it is full").encode());
    let bytes = sealed(Role::Client, std::slice::from_ref(&abort)).concat();
    let due = [frame(Lane::Main, Tag::Opening, b"nine byte")];
    let told = heard(&due, &bytes, true).await.unwrap_err();
    assert_eq!(told.to_string(), "the client ended the session: it is full");
    let mut believed = 0;
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_refused(heard(&due, &flipped, true).await, &format!("bit {bit}"));
        let unchecked = heard(&due, &flipped, false).await.unwrap_err();
        believed += usize::from(matches!(unchecked, Error::Aborted { .. }));
    }
    assert!(believed > 8 * CHECKSUM_BYTES, "{believed}");
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_once_stays_refused_on_both_lanes() {
    let frames = alike();
    let mut bytes = sealed(Role::Client, &frames).concat();
    bytes[HEADER_BYTES] ^= 1;
    let (mut server, mut stream) = server_and_stream();
    let mut ahead = server.open_ahead().unwrap();
    server.protect(Chains { sending: chain(Role::Server), receiving: chain(Role::Client) });
    stream.write_all(&bytes).await.unwrap();
    let due = Due::exactly(SCOPE, Tag::Opening, 9);
    for _ in 0..2 {
        for channel in [&mut server, &mut ahead] {
            let error = channel.receive(due).await.unwrap_err();
            assert!(matches!(error, Error::Peer { fault: Fault::Changed(Tag::Opening), .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn checksums_are_counted_at_both_ends() {
    let (mut client, mut server) = channels(Line::INSTANT);
    let (mut later, mut behind) = (client.open_ahead().unwrap(), server.open_ahead().unwrap());
    protect(&mut client, &mut server);
    for (from, to) in [(&mut client, &mut server), (&mut later, &mut behind)] {
        from.send(SCOPE, Tag::Opening, &[7; 9]).await.unwrap();
        assert_eq!(to.receive(Due::exactly(SCOPE, Tag::Opening, 9)).await.unwrap(), [7; 9]);
        let (sent, received) = (from.take_ledger(), to.take_ledger());
        assert_eq!(sent.total(|_| true).sent, 30);
        assert_eq!(received.total(|_| true).received, 30);
    }
}

#[tokio::test]
async fn an_abort_ends_a_session_with_checksums() {
    let (mut client, mut server) = channels(Line::INSTANT);
    protect(&mut client, &mut server);
    server.abort("it has seen enough").await;
    drop::<Channel>(server);
    let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
    assert_eq!(error.to_string(), "the server ended the session: it has seen enough");
}
