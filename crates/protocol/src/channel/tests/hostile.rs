//! Peers that break the rules of the lanes, or the connection.

use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use transport::memory::{Line, MemoryStream};

use super::{PATIENCE, SCOPE, channels, protect, server_and_stream};
use crate::channel::inbox::{PART_BYTES, WINDOW};
use crate::channel::{Channel, Due};
use crate::error::{Error, Fault};
use crate::messages::{Abort, Later};
use crate::wire::{Header, Lane, Tag};

const DUE: Due = Due { scope: SCOPE, tag: Tag::Opening, length: crate::wire::Length::Exactly(2) };

fn head(lane: Lane, tag: Tag, length: usize) -> [u8; 5] {
    Header::encode(lane, tag, length).unwrap()
}

async fn open() -> (Channel, Channel, MemoryStream) {
    let (mut server, stream) = server_and_stream();
    let ahead = server.open_ahead().unwrap();
    (server, ahead, stream)
}

fn fault(error: Error) -> Fault {
    match error {
        Error::Peer { peer: Role::Client, fault } => fault,
        other => panic!("{other}"),
    }
}

/// Both lanes wait; the peer sends `bytes`; both must blame it for the same.
async fn both_blame(bytes: &[u8]) -> Fault {
    let (mut server, mut ahead, mut stream) = open().await;
    stream.write_all(bytes).await.unwrap();
    let (main, ahead) = tokio::join!(server.receive(DUE), ahead.receive(DUE));
    let (main, ahead) = (fault(main.unwrap_err()), fault(ahead.unwrap_err()));
    assert_eq!(main, ahead);
    main
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_not_open_is_refused() {
    let (mut server, mut stream) = server_and_stream();
    stream.write_all(&head(Lane::Ahead, Tag::Opening, 2)).await.unwrap();
    let error = server.receive(DUE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel or the client sent an opening ahead, where nothing is prepared ahead"
    );
    assert_eq!(fault(error), Fault::NotOpen(Tag::Opening));
    let (mut server, mut stream) = server_and_stream();
    stream.write_all(&Header::credit(9).unwrap()).await.unwrap();
    assert_eq!(fault(server.receive(DUE).await.unwrap_err()), Fault::NotOpen(Tag::Credit));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_rules_of_the_lanes_is_refused_on_both() {
    let unknown = both_blame(&[0xff, 1, 0, 0, 0, 1]).await;
    assert!(matches!(unknown, Fault::UnknownTag(_)));
    assert_eq!(both_blame(&Header::credit(0).unwrap()).await, Fault::Credit(0));
    assert_eq!(both_blame(&Header::credit(1).unwrap()).await, Fault::Credit(1));
    assert_eq!(both_blame(&[255, 255, 255, 255, 255]).await, Fault::UnknownTag(crate::wire::UnknownTag(255)));
    let mut long = head(Lane::Main, Tag::Abort, 1 << 20).to_vec();
    long.extend([0; 9]);
    assert!(matches!(both_blame(&long).await, Fault::WrongLength { tag: Tag::Abort, .. }));
    // A credit has no meaning on the main lane.
    let (mut server, _ahead, mut stream) = open().await;
    stream.write_all(&head(Lane::Main, Tag::Credit, 2)).await.unwrap();
    let error = fault(server.receive(DUE).await.unwrap_err());
    assert_eq!(error, Fault::OutOfPhase { expected: Tag::Opening, got: Tag::Credit });
}

#[tokio::test(start_paused = true)]
async fn room_that_was_not_granted_and_parts_that_do_not_continue_are_refused() {
    let (mut server, mut ahead, mut stream) = open().await;
    // A frame in the first part of which its whole length is right.
    let length = 8 * WINDOW;
    for part in 0..WINDOW / PART_BYTES {
        stream.write_all(&head(Lane::Ahead, Tag::Opening, length - part * PART_BYTES)).await.unwrap();
        stream.write_all(&[0; PART_BYTES]).await.unwrap();
    }
    let error = fault(server.receive(DUE).await.unwrap_err());
    assert_eq!(error, Fault::Overrun(Tag::Opening));
    // What came before is there.
    let error = fault(ahead.receive(DUE).await.unwrap_err());
    assert_eq!(error, Fault::WrongLength { tag: Tag::Opening, expected: 2, got: length });

    let (mut server, mut ahead, mut stream) = open().await;
    stream.write_all(&head(Lane::Ahead, Tag::Opening, PART_BYTES + 2)).await.unwrap();
    stream.write_all(&[0; PART_BYTES]).await.unwrap();
    stream.write_all(&head(Lane::Ahead, Tag::Label, 2)).await.unwrap();
    let due = Due::exactly(SCOPE, Tag::Opening, PART_BYTES + 2);
    assert_eq!(fault(ahead.receive(due).await.unwrap_err()), Fault::BrokenParts(Tag::Label));
    assert_eq!(fault(server.receive(DUE).await.unwrap_err()), Fault::BrokenParts(Tag::Label));
}

#[tokio::test(start_paused = true)]
async fn a_frame_ahead_that_is_not_due_is_refused_by_its_first_part() {
    let (_server, mut ahead, mut stream) = open().await;
    stream.write_all(&head(Lane::Ahead, Tag::Opening, 3)).await.unwrap();
    stream.write_all(&[1, 2, 3]).await.unwrap();
    let error = fault(ahead.receive(DUE).await.unwrap_err());
    assert_eq!(error, Fault::WrongLength { tag: Tag::Opening, expected: 2, got: 3 });
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_nobody_receives_does_not_hold_up_the_lane_ahead_for_ever() {
    let (_server, mut ahead, mut stream) = open().await;
    stream.write_all(&head(Lane::Main, Tag::Scores, 9)).await.unwrap();
    let error = fault(ahead.receive(DUE).await.unwrap_err());
    assert_eq!(error, Fault::Unawaited(Tag::Scores));
}

#[tokio::test(start_paused = true)]
async fn silence_is_noticed_on_both_lanes() {
    let (mut server, mut ahead, _stream) = open().await;
    let (main, ahead) = tokio::join!(server.receive(DUE), ahead.receive(DUE));
    for lane in [main, ahead] {
        assert_eq!(fault(lane.unwrap_err()), Fault::Silent(PATIENCE));
    }
    // A peer that takes nothing is silent too, and so is one that grants no room.
    let (_server, mut ahead, _stream) = open().await;
    let error = ahead.send(SCOPE, Tag::Opening, &vec![0; 2 * WINDOW]).await.unwrap_err();
    assert_eq!(fault(error), Fault::Silent(PATIENCE));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_is_noticed_on_both_lanes() {
    let (mut server, mut ahead, stream) = open().await;
    drop(stream);
    let (main, later) = tokio::join!(server.receive(DUE), ahead.receive(DUE));
    for lane in [main, later] {
        assert_eq!(fault(lane.unwrap_err()), Fault::Closed(Tag::Opening));
    }
    let (mut server, mut ahead, stream) = open().await;
    let reset = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stream.reset();
    };
    let (main, later, ()) = tokio::join!(server.receive(DUE), ahead.receive(DUE), reset);
    for lane in [main, later] {
        let error = lane.unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error}");
    }
    for lane in [&mut server, &mut ahead] {
        let error = lane.send(SCOPE, Tag::Opening, &[1]).await.unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error}");
    }
}

/// What each of the client's lanes does when the server gives up, from whichever of its own, in
/// whichever words.
async fn hear_the_reason(from_ahead: bool, sending: bool, come_back: bool) {
    let (mut client, mut server) = channels(Line::INSTANT.with_latency(Duration::from_millis(5)));
    if come_back {
        // A peer without checksums knows no such notice.
        protect(&mut client, &mut server);
    }
    let (mut ahead, mut behind) = (client.open_ahead().unwrap(), server.open_ahead().unwrap());
    let later = async {
        if sending {
            ahead.send(SCOPE, Tag::Opening, &vec![0; 3 * WINDOW]).await
        } else {
            ahead.receive(DUE).await.map(drop)
        }
    };
    let give_up = async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let lane = if from_ahead { &mut behind } else { &mut server };
        if come_back {
            lane.send_away(Duration::from_secs(9), "it has seen enough").await;
        } else {
            lane.abort("it has seen enough").await;
        }
    };
    let (main, later, ()) = tokio::join!(client.receive(DUE), later, give_up);
    let told = if come_back {
        "the server asks to come back in 9 s: it has seen enough"
    } else {
        "the server ended the session: it has seen enough"
    };
    for error in [main.unwrap_err(), later.unwrap_err()] {
        assert_eq!(error.to_string(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reason_is_heard_on_both_lanes() {
    for from_ahead in [false, true] {
        for sending in [false, true] {
            for come_back in [false, true] {
                hear_the_reason(from_ahead, sending, come_back).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_given_up_in_a_frame_blames_nobody_else_and_ends_the_connection() {
    let (mut client, mut server) = channels(Line::INSTANT.with_room(1000));
    let (mut ahead, _behind) = (client.open_ahead().unwrap(), server.open_ahead().unwrap());
    let half = tokio::time::timeout(PATIENCE / 2, ahead.send(SCOPE, Tag::Opening, &[0; 5000])).await;
    assert!(half.is_err());
    let error = client.send(SCOPE, Tag::Opening, &[1]).await.unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_drips_bytes_is_given_up_although_never_silent() {
    let moment = PATIENCE - Duration::from_secs(1);
    let most = Duration::from_secs(5);
    for (begin, drips) in [
        (&[][..], 5),
        (&head(Lane::Main, Tag::Opening, 2), 2),
        (&head(Lane::Ahead, Tag::Opening, 100), 100),
        (&head(Lane::Main, Tag::Abort, 100), 100),
    ] {
        let (mut server, mut ahead, mut stream) = open().await;
        stream.write_all(begin).await.unwrap();
        let drip = async {
            for _ in 0..drips {
                tokio::time::sleep(moment).await;
                stream.write_all(&[if begin.is_empty() { Tag::Opening as u8 } else { 0 }]).await.unwrap();
            }
        };
        let due = Due::exactly(SCOPE, Tag::Opening, 100);
        let received = async { tokio::join!(server.receive(DUE), ahead.receive(due)) };
        let (received, ()) = tokio::join!(received, drip);
        let slow = Fault::Slow(most);
        let main = received.0.map_err(fault);
        assert!(main == Err(slow.clone()) || received.1.map_err(fault) == Err(slow), "{begin:?}: {main:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_message_gets_time_by_its_length() {
    // 56 KiB may take 5 s and 14 s more.
    let (mut server, _ahead, mut stream) = open().await;
    let (bytes, pieces) = (14 * 4096, 14);
    let due = Due::exactly(SCOPE, Tag::Opening, bytes);
    for (pause, in_time) in [(1, true), (4, false)] {
        let drip = async {
            stream.write_all(&head(Lane::Main, Tag::Opening, bytes)).await.unwrap();
            for _ in 0..pieces {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                stream.write_all(&vec![1; bytes / pieces]).await.unwrap();
            }
        };
        let (received, ()) = tokio::join!(server.receive(due), drip);
        match received {
            Ok(payload) => assert!(in_time && payload.len() == bytes),
            Err(error) => assert!(!in_time && fault(error) == Fault::Slow(Duration::from_secs(19))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_bytes_one_by_one_is_given_up() {
    let (client, server) = transport::memory::pair(Line::INSTANT, Line::INSTANT.with_room(4096));
    let mut server = super::channel(server.stream, Role::Client);
    let mut stream = client.stream;
    let take = async {
        loop {
            tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
            stream.read_u8().await.unwrap();
        }
    };
    let sent = tokio::select! {
        sent = server.send(SCOPE, Tag::Opening, &[0; 1 << 17]) => sent,
        () = take => Ok(()),
    };
    // The patience, and a second for every 4 KiB of it.
    assert_eq!(fault(sent.unwrap_err()), Fault::Slow(PATIENCE + Duration::from_secs(32)));
}

#[tokio::test(start_paused = true)]
async fn a_last_word_is_heard_by_who_cannot_get_rid_of_its_own() {
    let last_words = [
        (Tag::Abort, Abort::new("enough").encode(), "the client ended the session: enough"),
        (
            Tag::Later,
            Later::new(Duration::from_secs(9), "enough").encode(),
            "the client asks to come back in 9 s: enough",
        ),
    ];
    for (tag, bytes, told) in last_words {
        // The peer takes nothing of what is sent.
        let (client, server) = transport::memory::pair(Line::INSTANT, Line::INSTANT.with_room(1000));
        let (mut server, mut stream) = (super::channel(server.stream, Role::Client), client.stream);
        let mut ahead = server.open_ahead().unwrap();
        stream.write_all(&head(Lane::Main, tag, bytes.len())).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let error = ahead.send(SCOPE, Tag::Opening, &[0; 5000]).await.unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}
