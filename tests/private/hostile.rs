//! Messages changed, repeated, cut off: always a typed error, a wrong value that verification names, or the right result;
//! never a panic or a hang, and never at the cost of other sessions.

use std::sync::Arc;

use deepcardio::ecg::Segment;
use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::testkit::{ModelSpec, random_model, random_segment};
use protocol::client::Outcome;
use protocol::error::{Error, Party};
use protocol::handshake::{Backend, Reveal};
use protocol::server::{Service, Summary, serve};
use protocol::tap::Tap;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::relay::{Act, Frame, Plot, relayed};
use crate::session::{Seen, config, run_client};

struct Stage {
    model: Model,
    segment: Segment,
    service: Arc<Service>,
    tap: Tap,
}

impl Stage {
    fn new(reveal: Reveal) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 2));
        let segment = random_segment(&mut rng, model.architecture());
        let tap = Tap::new();
        let service = Arc::new(Service::new(model.clone(), reveal).unwrap().with_tap(tap.clone()));
        Self { model, segment, service, tap }
    }

    async fn run(
        &self,
        backend: Backend,
        plot: Option<Plot>,
    ) -> (Result<Seen, Error>, Result<Summary, Error>, Vec<Frame>) {
        let (client, server, transcript) = relayed(plot);
        let config = config(backend, Some(self.tap.clone()));
        let segments = std::slice::from_ref(&self.segment);
        let (seen, served) = tokio::join!(run_client(client, config, segments), serve(server, &self.service));
        let frames = transcript.lock().unwrap().clone();
        (seen, served, frames)
    }

    fn is_right(&self, outcome: &Outcome) -> bool {
        let scores = reference::scores(&self.model, &self.segment).unwrap();
        match outcome {
            Outcome::Scores(private) => *private == scores,
            Outcome::Label(label) => *label == deepcardio::scores::argmax(&scores),
        }
    }

    /// A session that ended without an error gave the right result, or one that `--verify` names.
    fn check(&self, seen: Result<Seen, Error>, plot: Plot) {
        let trace = reference::trace(&self.model, &self.segment).unwrap();
        let verified = self.tap.compare(self.model.architecture(), &trace);
        if let Ok(seen) = seen {
            let right = seen.outcomes.iter().all(|outcome| self.is_right(outcome));
            // A wrong score is named by the comparison of scores even where both parties' shares were right.
            assert!(
                right || verified.is_err() || plot.from == Party::Server,
                "{plot:?}: wrong and unnoticed"
            );
        }
    }
}

async fn counts(stage: &Stage, backend: Backend) -> [(Party, usize); 2] {
    let (seen, served, frames) = stage.run(backend, None).await;
    assert!(seen.unwrap().outcomes.iter().all(|outcome| stage.is_right(outcome)));
    served.unwrap();
    [Party::Client, Party::Server].map(|party| (party, frames.iter().filter(|f| f.from == party).count()))
}

#[tokio::test(start_paused = true)]
async fn a_flipped_bit_in_any_message_is_survived() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    for reveal in [Reveal::Scores, Reveal::Label] {
        let stage = Stage::new(reveal);
        for &backend in Backend::ALL {
            for (from, frames) in counts(&stage, backend).await {
                for frame in 0..frames {
                    // One bit of the header, two anywhere in the frame.
                    for bit in
                        [rng.random_range(0..40), rng.random::<u32>() as usize, rng.random::<u32>() as usize]
                    {
                        let plot = Plot { from, frame, act: Act::Flip(bit) };
                        let (seen, _served, _frames) = stage.run(backend, Some(plot)).await;
                        stage.check(seen, plot);
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_message_is_an_error() {
    let stage = Stage::new(Reveal::Scores);
    for &backend in Backend::ALL {
        for (from, frames) in counts(&stage, backend).await {
            // The last frame of each direction is followed by nothing: repeating it changes nothing.
            for frame in 0..frames - 1 {
                let plot = Plot { from, frame, act: Act::Repeat };
                let (seen, served, _frames) = stage.run(backend, Some(plot)).await;
                assert!(seen.is_err() || served.is_err(), "{plot:?} went unnoticed");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_anywhere_ends_in_an_error_and_the_next_client_is_served() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let stage = Stage::new(Reveal::Scores);
    for &backend in Backend::ALL {
        for (from, frames) in counts(&stage, backend).await {
            for frame in 0..frames {
                let plot = Plot { from, frame, act: Act::Cut(rng.random::<u32>() as usize) };
                let (seen, served, _frames) = stage.run(backend, Some(plot)).await;
                assert!(seen.is_err() || served.is_err(), "{plot:?} went unnoticed");
            }
        }
        counts(&stage, backend).await;
    }
}

#[tokio::test]
async fn errors_name_the_peer() {
    let stage = Stage::new(Reveal::Scores);
    let plot = Plot { from: Party::Client, frame: 0, act: Act::Flip(40) };
    let (seen, served, _frames) = stage.run(Backend::Gc, Some(plot)).await;
    let client = seen.err().unwrap().to_string();
    assert!(client.starts_with("the server ended the session: "), "{client}");
    let server = served.err().unwrap().to_string();
    assert!(server.contains("client"), "{server}");
}
