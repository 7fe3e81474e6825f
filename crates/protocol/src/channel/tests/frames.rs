//! One lane alone.

use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transport::memory::Line;

use super::{SCOPE, channels, protect, server_and_stream};
use crate::channel::{Channel, Due};
use crate::error::{Error, Fault};
use crate::wire::Tag;

fn pair() -> (Channel, Channel) {
    channels(Line::INSTANT)
}

#[tokio::test]
async fn frames_arrive_and_are_counted_at_both_ends() {
    let (mut client, mut server) = pair();
    client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap();
    let due = Due::exactly(SCOPE, Tag::Request, 9);
    assert_eq!(server.receive(due).await.unwrap(), [7; 9]);
    let (sent, received) = (client.take_ledger(), server.take_ledger());
    assert_eq!(sent.total(|_| true).sent, 14);
    assert_eq!(received.total(|_| true).received, 14);
}

#[tokio::test]
async fn a_session_that_never_overlaps_sends_the_bytes_that_it_always_did() {
    let (mut server, mut stream) = server_and_stream();
    let _ahead = server.open_ahead().unwrap();
    assert!(server.open_ahead().is_err());
    server.send(SCOPE, Tag::Scores, &[1, 2, 3]).await.unwrap();
    stream.write_all(&[Tag::Opening as u8, 0, 0, 0x20, 0]).await.unwrap();
    stream.write_all(&vec![9; 2 << 20]).await.unwrap();
    let due = Due::exactly(SCOPE, Tag::Opening, 2 << 20);
    assert_eq!(server.receive(due).await.unwrap(), vec![9; 2 << 20]);
    drop((server, _ahead));
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, [50, 3, 0, 0, 0, 1, 2, 3]);
}

#[tokio::test]
async fn large_simultaneous_messages_do_not_wait_for_each_other() {
    let (mut client, mut server) = pair();
    let bytes = vec![3; 5 << 20];
    let due = Due::exactly(SCOPE, Tag::Opening, bytes.len());
    let (a, b) = tokio::join!(client.exchange(&bytes, due), server.exchange(&bytes, due));
    assert_eq!((a.unwrap().len(), b.unwrap().len()), (bytes.len(), bytes.len()));
    assert_eq!(client.take_ledger().total(|_| true).one_way_trips, 1);
}

#[tokio::test]
async fn a_frame_that_is_not_due_names_the_peer() {
    let (mut client, mut server) = pair();
    client.send(SCOPE, Tag::Request, &[1]).await.unwrap();
    let error = server.receive(Due::exactly(SCOPE, Tag::Request, 2)).await.unwrap_err();
    assert_eq!(error.to_string(), "the channel or the client sent a request of 1 bytes where 2 were due");
    server.send(SCOPE, Tag::Scores, &[]).await.unwrap();
    let error = client.receive(Due::exactly(SCOPE, Tag::Label, 0)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel or the server sent shares of the scores where a label decoding was due"
    );
}

#[tokio::test]
async fn a_length_out_of_bounds_is_refused_before_its_payload() {
    let (mut server, mut stream) = server_and_stream();
    stream.write_all(&[Tag::Request as u8, 255, 255, 255, 255]).await.unwrap();
    let error = server.receive(Due::at_most(SCOPE, Tag::Request, 100)).await.unwrap_err();
    let Error::Peer { fault: Fault::WrongLength { expected, got, .. }, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((expected, got), (100, 0xFFFF_FFFF));
}

#[tokio::test]
async fn an_abort_carries_its_reason_and_a_hang_up_is_told() {
    let (mut client, mut server) = pair();
    server.abort("the server is full; try again in a minute").await;
    drop(server);
    let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
    assert_eq!(error.to_string(), "the server ended the session: the server is full; try again in a minute");
    let (mut client, server) = pair();
    drop(server);
    let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
    assert_eq!(error.to_string(), "the server closed the connection while an acceptance was due");
}

#[tokio::test(start_paused = true)]
async fn who_speaks_to_a_peer_that_gave_up_learns_the_reason() {
    let (mut client, mut server) = pair();
    server.abort("it has seen enough").await;
    drop(server);
    for _ in 0..2 {
        let error = client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap_err();
        assert_eq!(error.to_string(), "the server ended the session: it has seen enough");
    }
    // Never a frame of another kind.
    let (mut client, mut server) = pair();
    server.send(SCOPE, Tag::Accept, &[1, 2]).await.unwrap();
    drop(server);
    let error = client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_is_still_speaking_when_the_peer_gives_up_is_heard_out() {
    let (mut client, mut server) = pair();
    let speak_and_listen = async {
        client.send(SCOPE, Tag::Opening, &vec![0; 5 << 20]).await.unwrap();
        client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err()
    };
    let give_up = async move { server.abort("it has seen enough").await };
    let (error, ()) = tokio::join!(speak_and_listen, give_up);
    assert_eq!(error.to_string(), "the server ended the session: it has seen enough");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_given_up() {
    let (mut client, _server) = pair();
    let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
    assert!(matches!(error, Error::Peer { fault: Fault::Silent(_), .. }));
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_loses_nothing_before_the_payload_and_cannot_go_on_after() {
    let (mut server, mut stream) = server_and_stream();
    let due = Due::exactly(SCOPE, Tag::Request, 2);
    stream.write_all(&[Tag::Request as u8, 2, 0]).await.unwrap();
    assert!(tokio::time::timeout(super::PATIENCE / 2, server.receive(due)).await.is_err());
    stream.write_all(&[0, 0, 8]).await.unwrap();
    assert!(tokio::time::timeout(super::PATIENCE / 2, server.receive(due)).await.is_err());
    let error = server.receive(due).await.unwrap_err();
    assert!(matches!(error, Error::Internal(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_away_hears_when_to_come_back() {
    let (mut client, mut server) = pair();
    protect(&mut client, &mut server);
    let due = Due::exactly(SCOPE, Tag::Opening, 2);
    let away = server.send_away(Duration::from_millis(10_900), "all 8 places are taken\x1b[2J");
    let (heard, ()) = tokio::join!(client.receive(due), away);
    let heard = heard.unwrap_err();
    assert!(matches!(&heard, Error::Later { peer: Role::Server, after, .. } if after.as_secs() == 10));
    assert_eq!(heard.to_string(), "the server asks to come back in 10 s: all 8 places are taken?[2J");
}

#[tokio::test(start_paused = true)]
async fn a_peer_of_version_3_that_is_sent_away_hears_it_in_words_that_it_knows() {
    let (mut client, mut server) = pair();
    let away = server.send_away(Duration::from_millis(10_900), "all 8 places are taken");
    let (heard, ()) = tokio::join!(client.receive(Due::exactly(SCOPE, Tag::Opening, 2)), away);
    let expected = "the server ended the session: all 8 places are taken; come back in 10 s";
    assert_eq!(heard.unwrap_err().to_string(), expected);
}
