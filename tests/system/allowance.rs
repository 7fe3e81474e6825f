//! What an allowance refuses a client does not get, and what it granted the client keeps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::ahead::Ahead;
use deepcardio::model::Model;
use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use ecg::Segment;
use protocol::client::ClientSession;
use protocol::error::Error;
use protocol::method::{Backend, Reveal};
use protocol::server::{Allowance, Answered, Attendance, Grant, Parting, Service, Summary, welcome};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::session::{config, expected, memory_pair};

/// Foresees nothing bad, and refuses one kind after so many of it.
struct Refuses {
    what: Grant,
    granted: AtomicUsize,
    most: usize,
}

impl Refuses {
    fn after(most: usize, what: Grant) -> Self {
        Self { what, granted: AtomicUsize::new(0), most }
    }
}

impl Allowance for Refuses {
    fn foresee(&self) -> Answered<'_, Result<(), Parting>> {
        Box::pin(async { Ok(()) })
    }

    fn grant(&self, what: Grant) -> Answered<'_, Result<(), Parting>> {
        let is_refused = what == self.what && self.granted.fetch_add(1, Ordering::Relaxed) >= self.most;
        let parting = Parting { after: Duration::from_secs(9), reason: "it is used up".into() };
        Box::pin(async move { if is_refused { Err(parting) } else { Ok(()) } })
    }
}

fn model_and_segment() -> (Model, Segment) {
    let mut rng = ChaCha20Rng::seed_from_u64(91);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let model = with_random_levels(&mut rng, &model);
    let segment = random_segment(&mut rng, model.architecture());
    (model, segment)
}

/// Runs a client's `work` against a server with this allowance.
async fn run<T>(
    (model, reveal): (&Model, Reveal),
    backend: Backend,
    allowance: &Refuses,
    work: impl AsyncFnOnce(ClientSession) -> T,
) -> (T, Summary) {
    let service = Service::new(model.clone(), reveal).unwrap();
    let (client, server) = memory_pair();
    let serve = async {
        let arrival = welcome(server, &service, reveal).await.unwrap();
        arrival.serve(&Attendance::default(), allowance).await.unwrap()
    };
    let work = async { work(ClientSession::connect(client, config(backend, None)).await.unwrap()).await };
    tokio::join!(work, serve)
}

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Later { reason, .. } if reason == "it is used up")
}

/// The count comes before the first message that tells of the output: a client that is refused at
/// the last moment has no answer.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revealed_before_it_is_granted() {
    let (model, segment) = model_and_segment();
    for backend in [Backend::Ot, Backend::Gc] {
        for reveal in [Reveal::Scores, Reveal::Label] {
            for most in [0, 1] {
                let allowance = Refuses::after(most, Grant::Inference);
                let infer = async |mut session: ClientSession| {
                    let prepared = session.prepare().await.unwrap();
                    let answer = session.infer(prepared, &segment).await;
                    if answer.is_ok() {
                        session.finish().await.unwrap();
                    }
                    answer
                };
                let (answer, summary) = run((&model, reveal), backend, &allowance, infer).await;
                assert_eq!(summary.given.inferences, most as u64);
                match answer {
                    Ok(outcome) => assert!(most == 1 && outcome == expected(&model, &segment, reveal)),
                    Err(error) => assert!(most == 0 && is_refusal(&error), "{error}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_label_of_a_record_is_asked_for_as_well() {
    let (model, segment) = model_and_segment();
    let allowance = Refuses::after(0, Grant::RecordLabel);
    let label = async |mut session: ClientSession| {
        for _ in 0..2 {
            let prepared = session.prepare().await.unwrap();
            session.infer(prepared, &segment).await.unwrap();
        }
        session.overall_label().await
    };
    let (label, summary) = run((&model, Reveal::RecordLabel), Backend::Ot, &allowance, label).await;
    assert!(is_refusal(&label.unwrap_err()));
    assert_eq!((summary.given.inferences, summary.given.record_labels), (2, 0));
}

/// The answer was granted and counted; that the next preparation is refused meanwhile takes it from
/// nobody.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_outlives_the_preparation_that_is_refused_beside_it() {
    let (model, segment) = model_and_segment();
    for backend in [Backend::Ot, Backend::Gc] {
        let allowance = Refuses::after(1, Grant::Preparation);
        let infer = async |mut session: ClientSession| {
            let mut ahead = Ahead::new(&session, 1, 2);
            let outcome = ahead.infer(&mut session, &segment).await;
            (outcome, ahead.check())
        };
        let ((outcome, left), summary) = run((&model, Reveal::Label), backend, &allowance, infer).await;
        assert!(outcome.unwrap() == expected(&model, &segment, Reveal::Label));
        assert!(is_refusal(&left.unwrap_err()));
        assert_eq!((summary.given.preparations, summary.given.inferences), (1, 1));
    }
}
