//! The next inference is prepared while the present one is classified, over one connection.
//!
//! Time is paused, so computing takes none and a message takes the latency of the line. What passes
//! is the number of trips that the parties waited for.

use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::testkit::{ModelSpec, random_lstm_model, random_model, random_segment, with_random_levels};
use protocol::channel::Channel;
use protocol::client::ClientSession;
use protocol::error::Error;
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use tokio::time::Instant;
use transport::memory::{Line, pair};

use crate::session::{TIMEOUTS, config, expected, reference_label};

const LATENCY: Duration = Duration::from_millis(50);

fn distant_pair() -> (Channel, Channel) {
    let line = Line::INSTANT.with_latency(LATENCY);
    let (client, server) = pair(line, line);
    (Channel::new(client.stream, Role::Server, TIMEOUTS), Channel::new(server.stream, Role::Client, TIMEOUTS))
}

/// Four segments, the second and the third with a preparation beside them.
async fn one_beside_the_other(model: &Model, backend: Backend, reveal: Reveal) {
    let mut rng = ChaCha20Rng::seed_from_u64(52);
    let segments = [(); 4].map(|()| random_segment(&mut rng, model.architecture()));
    let service = Service::new(model.clone(), reveal).unwrap().with_prepared_per_session(2);
    let (client, server) = distant_pair();
    let client = async {
        let mut session = ClientSession::connect(client, config(backend, None)).await?;
        let _setup = session.take_ledger();
        let planned = session.inference_traffic();
        let mut outcomes = Vec::new();

        let start = Instant::now();
        let first = session.prepare().await?;
        let preparing = start.elapsed();
        let start = Instant::now();
        outcomes.push(session.infer(first, &segments[0]).await?);
        let classifying = start.elapsed();
        let books = session.take_ledger().total(|_| true);
        assert_eq!(books.sent + books.received, planned, "the plan foretells every byte");

        let mut prepared = session.prepare().await?;
        for segment in &segments[1..3] {
            let start = Instant::now();
            let (outcome, next) = session.infer_while_preparing(prepared, segment).await?;
            let together = start.elapsed();
            outcomes.push(outcome);
            prepared = next?;
            let (longer, shorter) = (preparing.max(classifying), preparing.min(classifying));
            println!("{backend} {reveal}: {preparing:?} and {classifying:?} apart, {together:?} together");
            // The lane ahead waits for room now and then, a round trip each time.
            assert!(together <= longer + 2 * LATENCY, "{together:?}, {longer:?} and {shorter:?} apart");
        }
        outcomes.push(session.infer(prepared, &segments[3]).await?);
        let overall = match reveal {
            Reveal::RecordLabel => Some(session.overall_label().await?),
            Reveal::Scores | Reveal::Label => None,
        };
        session.finish().await?;
        Ok::<_, Error>((outcomes, overall))
    };
    let (seen, served) = tokio::join!(client, serve(server, &service));
    let (outcomes, overall) = seen.unwrap();
    for (segment, outcome) in segments.iter().zip(outcomes) {
        assert!(outcome == expected(model, segment, reveal), "{backend} {reveal}");
    }
    assert_eq!(overall, (reveal == Reveal::RecordLabel).then(|| reference_label(model, &segments)));
    assert_eq!(served.unwrap().given.inferences, 4);
}

#[tokio::test(start_paused = true)]
async fn preparing_takes_no_time_beside_classifying() {
    let mut rng = ChaCha20Rng::seed_from_u64(51);
    let convolutions = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 2));
    let convolutions = with_random_levels(&mut rng, &convolutions);
    for &backend in Backend::ALL {
        for reveal in [Reveal::Scores, Reveal::RecordLabel] {
            one_beside_the_other(&convolutions, backend, reveal).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn so_it_is_with_an_lstm() {
    let mut rng = ChaCha20Rng::seed_from_u64(53);
    let lstm = random_lstm_model(&mut rng, 3, 5);
    for &backend in Backend::ALL {
        one_beside_the_other(&lstm, backend, Reveal::Scores).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_half_ends_both() {
    let mut rng = ChaCha20Rng::seed_from_u64(54);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let segment = random_segment(&mut rng, model.architecture());
    let service = Service::new(model, Reveal::Scores).unwrap();
    let (client, server) = distant_pair();
    let client = async {
        let mut session = ClientSession::connect(client, config(Backend::Ot, None)).await.unwrap();
        let prepared = session.prepare().await.unwrap();
        {
            // The preparation is given up half way.
            let (mut preparer, _classifier) = session.halves();
            assert!(tokio::time::timeout(LATENCY, preparer.prepare()).await.is_err());
        }
        assert!(matches!(session.infer(prepared, &segment).await, Err(Error::Broken)));
        assert!(matches!(session.prepare().await, Err(Error::Broken)));
        assert!(matches!(session.finish().await, Err(Error::Broken)));
    };
    let ((), served) = tokio::join!(client, serve(server, &service));
    assert!(served.is_err());
}
