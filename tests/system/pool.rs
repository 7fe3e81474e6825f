//! Prepared inferences of a session: several at a time, each used once, dropped or refused.

use deepcardio::model::Model;
use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use ecg::Segment;
use protocol::channel::Channel;
use protocol::client::{ClientSession, PreparedInference};
use protocol::error::{Error, Result};
use protocol::method::{Backend, Reveal};
use protocol::server::{Given, PREPARED_PER_SESSION, Service, serve};
use protocol::wire::Tag;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;

use crate::relay::{Act, Frame, Plot, relayed};
use crate::session::{config, expected, memory_pair, reference_label};

fn model_and_segments(segments: usize) -> (Model, Vec<Segment>) {
    let mut rng = ChaCha20Rng::seed_from_u64(41);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let model = with_random_levels(&mut rng, &model);
    let segments = (0..segments).map(|_| random_segment(&mut rng, model.architecture())).collect();
    (model, segments)
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_held_and_used_in_any_order() {
    let most = usize::from(PREPARED_PER_SESSION);
    let (model, segments) = model_and_segments(most);
    for (backend, reveal) in [
        (Backend::Ot, Reveal::Scores),
        (Backend::Ot, Reveal::RecordLabel),
        (Backend::Gc, Reveal::Scores),
        (Backend::Gc, Reveal::RecordLabel),
    ] {
        let service = Service::new(model.clone(), reveal).unwrap();
        let (client, server) = memory_pair();
        let client = async {
            let mut session = ClientSession::connect(client, config(backend, None)).await?;
            assert_eq!(session.most_prepared(), most);
            let mut pool = Vec::new();
            for number in 0..most {
                pool.push(session.prepare().await?);
                assert_eq!(pool[number].number() as usize, number);
            }
            // The last one first, then the second, which leaves the first and the third.
            for (at, segment) in [most - 1, 1, 0, 0].into_iter().zip(&segments) {
                let outcome = session.infer(pool.remove(at), segment).await?;
                assert!(outcome == expected(&model, segment, reveal), "{backend} {reveal}");
            }
            if reveal == Reveal::RecordLabel {
                assert_eq!(session.overall_label().await?, reference_label(&model, &segments));
            }
            session.finish().await
        };
        let (done, served) = tokio::join!(client, serve(server, &service));
        done.unwrap();
        let (served, records) = (served.unwrap(), u64::from(reveal == Reveal::RecordLabel));
        assert_eq!((served.given.inferences, served.given.answers()), (most as u64, most as u64 + records));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_prepares_no_more_than_the_server_holds() {
    let (model, segments) = model_and_segments(1);
    let service = Service::new(model.clone(), Reveal::Scores).unwrap().with_prepared_per_session(2);
    let (client, server) = memory_pair();
    let client = async {
        let mut session = ClientSession::connect(client, config(Backend::Ot, None)).await?;
        let (kept, given_up) = (session.prepare().await?, session.prepare().await?);
        let refused = session.prepare().await.err().unwrap();
        assert!(matches!(refused, Error::Config(_)));
        assert!(refused.to_string().contains("at most 2 prepared inferences"), "{refused}");
        // One is told to the server at once, one with the next preparation.
        session.discard(given_up).await?;
        drop(session.prepare().await?);
        let third = session.prepare().await?;
        assert_eq!(third.number(), 3);
        for prepared in [third, kept] {
            assert!(
                session.infer(prepared, &segments[0]).await?
                    == expected(&model, &segments[0], Reveal::Scores)
            );
        }
        session.finish().await
    };
    let (done, served) = tokio::join!(client, serve(server, &service));
    done.unwrap();
    assert_eq!(served.unwrap().given.inferences, 2);
}

/// A client learns from what it was given, whether it says farewell or not.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_was_given_is_counted_when_it_breaks_off() {
    let (model, segments) = model_and_segments(2);
    let service = Service::new(model, Reveal::RecordLabel).unwrap();
    for asks_for_the_record in [false, true] {
        let (client, server) = memory_pair();
        let client = async {
            let mut session = ClientSession::connect(client, config(Backend::Ot, None)).await?;
            let given_up = session.prepare().await?;
            session.discard(given_up).await?;
            for segment in &segments {
                let prepared = session.prepare().await?;
                session.infer(prepared, segment).await?;
            }
            if asks_for_the_record {
                session.overall_label().await?;
            }
            // The connection is cut here.
            Ok::<_, Error>(())
        };
        let (done, served) = tokio::join!(client, serve(server, &service));
        done.unwrap();
        let given = served.err().unwrap().given;
        let record_labels = u64::from(asks_for_the_record);
        assert_eq!(given, Given { preparations: 3, inferences: 2, record_labels });
        assert_eq!(given.answers(), 2 + record_labels);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_costs_the_prepared_inference_and_not_the_session() {
    let (model, segments) = model_and_segments(1);
    let mut rng = ChaCha20Rng::seed_from_u64(42);
    let other = random_model(&mut rng, &ModelSpec::small(3, 12, 3, 1));
    let misfit = random_segment(&mut rng, other.architecture());
    let service = Service::new(model.clone(), Reveal::Scores).unwrap().with_prepared_per_session(1);
    let ((client, server), (stranger, host)) = (memory_pair(), memory_pair());
    let client = async {
        let mut session = ClientSession::connect(client, config(Backend::Ot, None)).await?;
        let mut foreign = ClientSession::connect(stranger, config(Backend::Ot, None)).await?;
        let refused = session.infer(foreign.prepare().await?, &segments[0]).await.err().unwrap();
        assert_eq!(refused.to_string(), "this inference was prepared in another session");
        let prepared = session.prepare().await?;
        assert!(matches!(session.infer(prepared, &misfit).await, Err(Error::Config(_))));
        for session in [&mut session, &mut foreign] {
            let prepared = session.prepare().await?;
            let outcome = session.infer(prepared, &segments[0]).await?;
            assert!(outcome == expected(&model, &segments[0], Reveal::Scores));
        }
        foreign.finish().await?;
        session.finish().await
    };
    let (done, served, also) = tokio::join!(client, serve(server, &service), serve(host, &service));
    done.unwrap();
    assert_eq!((served.unwrap().given.inferences, also.unwrap().given.inferences), (1, 1));
}

/// Prepares two, classifies with the first, discards the second.
async fn script(channel: Channel, segment: &Segment) -> Result<()> {
    let mut session = ClientSession::connect(channel, config(Backend::Ot, None)).await?;
    let (first, second) = (session.prepare().await?, session.prepare().await?);
    let learned = session.infer(first, segment).await.map(drop);
    let told = session.discard(second).await;
    let next = session.prepare().await;
    if learned.is_err() {
        // Nothing of a broken session can be used.
        assert!(matches!((told, &next), (Err(Error::Broken), Err(Error::Broken))));
        assert!(matches!(session.finish().await, Err(Error::Broken)));
        return learned;
    }
    let next: PreparedInference = next?;
    let learned = session.infer(next, segment).await.map(drop);
    learned.and(session.finish().await)
}

async fn attempt(
    service: &Service,
    segment: &Segment,
    plot: Option<Plot>,
) -> (Result<()>, Result<u64>, Vec<Frame>) {
    let (client, server, transcript) = relayed(plot);
    let (done, served) = tokio::join!(script(client, segment), serve(server, service));
    let frames = transcript.lock().unwrap().clone();
    (done, served.map(|summary| summary.given.inferences).map_err(|failed| failed.error), frames)
}

#[tokio::test(start_paused = true)]
async fn a_request_for_what_is_not_prepared_is_refused_and_others_are_served() {
    let (model, segments) = model_and_segments(1);
    let service = Service::new(model, Reveal::Scores).unwrap().with_prepared_per_session(2);
    let (done, served, frames) = attempt(&service, &segments[0], None).await;
    done.unwrap();
    assert_eq!(served.unwrap(), 2);
    let own = frames.iter().filter(|frame| frame.from == Role::Client);
    let requests: Vec<usize> =
        own.enumerate().filter(|(_, frame)| frame.bytes[0] == Tag::Request as u8).map(|(at, _)| at).collect();
    // Of two preparations, an inference, a drop, a preparation, an inference and the farewell.
    assert_eq!(requests.len(), 7);
    for (request, payload, reason) in [
        // Never prepared, used already, dropped already.
        (2, [5, 2, 0, 0, 0], "inference 2, which is not prepared"),
        (2, [5, 0, 0, 0, 1], "inference 16777216, which is not prepared"),
        (5, [5, 0, 0, 0, 0], "inference 0, which is not prepared"),
        (5, [5, 1, 0, 0, 0], "inference 1, which is not prepared"),
        (3, [6, 0, 0, 0, 0], "to drop inference 0, which is not prepared"),
        (3, [6, 255, 255, 255, 255], "to drop inference 4294967295, which is not prepared"),
        (6, [6, 1, 0, 0, 0], "to drop inference 1, which is not prepared"),
        // There is room for two.
        (2, [2, 0, 0, 0, 0], "another preparation, where 2 are held, the most"),
        (2, [1, 0, 0, 0, 0], "a method of another backend than was agreed on"),
    ] {
        let plot = Plot { from: Role::Client, frame: requests[request], act: Act::Payload(payload) };
        let (done, served, _frames) = attempt(&service, &segments[0], Some(plot)).await;
        let server = served.unwrap_err();
        assert!(matches!(server, Error::Peer { peer: Role::Client, .. }));
        assert!(
            server.to_string().ends_with(&format!("sent a request that cannot be used: {reason}")),
            "{server}"
        );
        if request < 6 {
            let client = done.unwrap_err().to_string();
            assert_eq!(client, format!("the server ended the session: it refuses a request: {reason}"));
        }
        // The next client is served as if nothing had been.
        let (done, served, _frames) = attempt(&service, &segments[0], None).await;
        done.unwrap();
        assert_eq!(served.unwrap(), 2);
    }
}
