//! Both lanes at once.

use std::time::Duration;

use proptest::prelude::*;
use shares::Role;
use tokio::time::{Instant, sleep, timeout};
use transport::memory::{Line, pair};

use super::{PATIENCE, SCOPE, channels, protect};
use crate::channel::inbox::PART_BYTES;
use crate::channel::{Channel, Due, Timeouts, both};
use crate::error::Result;
use crate::wire::{CHECKSUM_BYTES, HEADER_BYTES, Tag};

/// A step that both parties take on one lane.
#[derive(Clone, Debug)]
enum Step {
    /// One speaks.
    Say(Role, usize),
    /// Both speak at once.
    Exchange([usize; 2]),
    /// Both stream frames while they read the other's.
    Stream([usize; 2], usize),
    /// One computes.
    Compute(Role, u64),
}

fn lengths(party: Role, [client, server]: [usize; 2]) -> usize {
    if party == Role::Client { client } else { server }
}

/// What `from` says in a step: no two steps, lanes or parties say the same.
fn words(from: Role, salt: usize, length: usize) -> Vec<u8> {
    let salt = salt * 2 + usize::from(from == Role::Client);
    (0..length).map(|i| (i * 31 + i / 251 + salt * 97) as u8).collect()
}

async fn play(channel: &mut Channel, script: &[Step], own: Role, lane: usize) -> Result<()> {
    for (number, step) in script.iter().enumerate() {
        let salt = number * 2 + lane;
        let due = |bytes| Due::exactly(SCOPE, Tag::Opening, bytes);
        let said = |bytes| words(own.peer(), salt, bytes);
        match *step {
            Step::Say(from, bytes) if from == own => {
                channel.send(SCOPE, Tag::Opening, &words(own, salt, bytes)).await?;
            }
            Step::Say(_, bytes) => assert!(channel.receive(due(bytes)).await? == said(bytes)),
            Step::Exchange(bytes) => {
                let (mine, theirs) = (lengths(own, bytes), lengths(own.peer(), bytes));
                let heard = channel.exchange_unequal(&words(own, salt, mine), due(theirs)).await?;
                assert!(heard == said(theirs));
            }
            Step::Stream(bytes, count) => {
                let (mine, theirs) = (lengths(own, bytes), lengths(own.peer(), bytes));
                let (sender, receiver) = channel.halves();
                let speak = async {
                    for _ in 0..count {
                        sender.send(SCOPE, Tag::Opening, &words(own, salt, mine)).await?;
                    }
                    Ok(())
                };
                let listen = async {
                    for _ in 0..count {
                        assert!(receiver.receive(due(theirs)).await? == said(theirs));
                    }
                    Ok(())
                };
                both(speak, listen).await?;
            }
            Step::Compute(who, milliseconds) if who == own => {
                sleep(Duration::from_millis(milliseconds)).await
            }
            Step::Compute(..) => {}
        }
    }
    Ok(())
}

impl Channel {
    /// An exchange in which the parties say different lengths, as `phases::rounds` has it.
    async fn exchange_unequal(&mut self, payload: &[u8], due: Due) -> Result<Vec<u8>> {
        match (payload.is_empty(), due.is_empty()) {
            (false, false) => self.exchange(payload, due).await,
            (true, false) => self.receive(due).await,
            (false, true) => self.send(due.scope, due.tag, payload).await.map(|()| Vec::new()),
            (true, true) => Ok(Vec::new()),
        }
    }
}

/// Sent and received bytes of both lanes of a party.
async fn party(mut main: Channel, scripts: [Vec<Step>; 2], own: Role, tasks: bool) -> (u64, u64) {
    let mut ahead = main.open_ahead().unwrap();
    let [now, later] = scripts;
    let main = async move {
        play(&mut main, &now, own, 0).await.unwrap();
        main
    };
    let ahead = async move {
        play(&mut ahead, &later, own, 1).await.unwrap();
        ahead
    };
    let (mut main, mut ahead) = if tasks {
        let (main, ahead) = (tokio::spawn(main), tokio::spawn(ahead));
        (main.await.unwrap(), ahead.await.unwrap())
    } else {
        tokio::join!(main, ahead)
    };
    let (main, ahead) = (main.take_ledger().total(|_| true), ahead.take_ledger().total(|_| true));
    (main.sent + ahead.sent, main.received + ahead.received)
}

fn step(longest: usize) -> impl Strategy<Value = Step> {
    let length =
        prop_oneof![Just(0), 1..200usize, 0..longest, Just(PART_BYTES), Just(PART_BYTES + 1)].boxed();
    let who = prop_oneof![Just(Role::Client), Just(Role::Server)];
    let two = || [length.clone(), length.clone()];
    prop_oneof![
        (who.clone(), length.clone()).prop_map(|(who, bytes)| Step::Say(who, bytes)),
        two().prop_map(Step::Exchange),
        (two(), 1..6usize).prop_map(|(bytes, count)| Step::Stream(bytes, count)),
        (who, 0..400u64).prop_map(|(who, milliseconds)| Step::Compute(who, milliseconds)),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (0..50u64, 200_000..20_000_000u64, 1..100_000usize).prop_map(|(latency, bandwidth, room)| {
        let latency = Duration::from_millis(latency);
        Line::INSTANT.with_latency(latency).with_bandwidth(bandwidth).with_room(room.max(500))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_lanes_get_through_in_order_whatever_they_do(
        now in proptest::collection::vec(step(150_000), 0..10),
        later in proptest::collection::vec(step(1_500_000), 0..6),
        there in line(),
        back in line(),
        tasks: bool,
        protected: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ends = runtime.block_on(async {
            let (client, server) = pair(there, back);
            // Nobody is given up: only the deadline of the whole tells a deadlock.
            let patience = Duration::from_secs(1_000_000);
            let timeouts = Timeouts { progress: patience, idle: patience };
            let mut client = Channel::new(client.stream, Role::Server, timeouts);
            let mut server = Channel::new(server.stream, Role::Client, timeouts);
            if protected {
                protect(&mut client, &mut server);
            }
            let scripts = [now, later];
            let client = party(client, scripts.clone(), Role::Client, tasks);
            let server = party(server, scripts, Role::Server, !tasks);
            timeout(Duration::from_secs(100_000), async { tokio::join!(client, server) }).await
        });
        let Ok((client, server)) = ends else { panic!("a deadlock") };
        let grant = (HEADER_BYTES + if protected { CHECKSUM_BYTES } else { 0 }) as u64;
        // A grant of room that came after its peer's last word is unread.
        for (sent, received) in [(client.0, server.1), (server.0, client.1)] {
            let unread = sent - received;
            prop_assert!(unread % grant == 0 && unread <= 4 * grant, "{sent} sent, {received} received");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_main_lane_waits_behind_one_part_at_most() {
    // 10 Mbit/s; what the line holds beyond a part is the system's buffer.
    let (latency, rate) = (Duration::from_millis(15), 1_250_000);
    let (mut client, mut server) =
        channels(Line::INSTANT.with_latency(latency).with_bandwidth(rate).with_room(PART_BYTES));
    let (mut ahead, mut behind) = (client.open_ahead().unwrap(), server.open_ahead().unwrap());
    let large = vec![1; 4 << 20];
    let due = Due::exactly(SCOPE, Tag::EncryptedMask, large.len());
    let sending = ahead.send(SCOPE, Tag::EncryptedMask, &large);
    let receiving = behind.receive(due);
    let rounds = async {
        let due = Due::exactly(SCOPE, Tag::Opening, 100);
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let start = Instant::now();
            let (a, b) = tokio::join!(client.exchange(&[1; 100], due), server.exchange(&[2; 100], due));
            assert_eq!((a.unwrap(), b.unwrap()), (vec![2; 100], vec![1; 100]));
            slowest = slowest.max(start.elapsed());
        }
        slowest
    };
    let (slowest, sent, received) = tokio::join!(rounds, sending, receiving);
    sent.unwrap();
    assert!(received.unwrap() == large);
    let part = Duration::from_secs_f64(PART_BYTES as f64 / rate as f64);
    assert!(slowest <= 2 * latency + 3 * part, "{slowest:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_main_lane_does_not_hold_up_the_other_and_the_other_keeps_it_alive() {
    let (mut client, mut server) = channels(Line::INSTANT.with_bandwidth(100_000));
    let (mut ahead, mut behind) = (client.open_ahead().unwrap(), server.open_ahead().unwrap());
    let large = vec![1; 3 << 20];
    let due = Due::exactly(SCOPE, Tag::EncryptedMask, large.len());
    let work = async {
        let (sent, received) =
            tokio::join!(ahead.send(SCOPE, Tag::EncryptedMask, &large), behind.receive(due));
        sent.unwrap();
        assert!(received.unwrap() == large);
        // The peer is not silent as long as it sends on either lane.
        client.send(SCOPE, Tag::Request, &[1, 2]).await.unwrap();
    };
    let start = Instant::now();
    let (request, ()) = tokio::join!(server.receive(Due::exactly(SCOPE, Tag::Request, 2)), work);
    assert_eq!(request.unwrap(), [1, 2]);
    assert!(start.elapsed() > 4 * PATIENCE);
}
