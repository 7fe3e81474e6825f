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

    /// Whether every layer and the outcome are the reference's: what `--verify` checks.
    fn verifies(&self, seen: &Seen) -> bool {
        let trace = reference::trace(&self.model, &self.segment).unwrap();
        let layers = self.tap.compare(self.model.architecture(), &trace);
        layers.is_ok() && seen.outcomes.iter().all(|outcome| self.is_right(outcome))
    }
}

/// An error that blames this program itself would be a bug: whatever a peer sends, the peer is at fault.
fn assert_not_our_fault<T>(result: &Result<T, Error>, plot: Plot) {
    if let Err(error @ (Error::Internal(_) | Error::Config(_))) = result {
        panic!("{plot:?}: {error}");
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
    let (mut refused, mut named, mut unchanged) = (0, 0, 0);
    // The label's messages are the same for both backends.
    for (backend, reveal) in [(Backend::Ot, Reveal::Scores), (Backend::Gc, Reveal::Label)] {
        let stage = Stage::new(reveal);
        for (from, frames) in counts(&stage, backend).await {
            for frame in 0..frames {
                // One bit of the header, two anywhere in the frame.
                let anywhere = [rng.random::<u32>() as usize, rng.random::<u32>() as usize];
                for bit in [rng.random_range(0..40)].into_iter().chain(anywhere) {
                    let plot = Plot { from, frame, act: Act::Flip(bit) };
                    let (seen, served, _frames) = stage.run(backend, Some(plot)).await;
                    assert_not_our_fault(&seen, plot);
                    assert_not_our_fault(&served, plot);
                    match seen {
                        Err(_) => refused += 1,
                        Ok(seen) if stage.verifies(&seen) => unchanged += 1,
                        Ok(_) => named += 1,
                    }
                }
            }
        }
    }
    // All three ends occur: broken headers are refused, garbled tables give wrong values, unused rows change nothing.
    assert!(
        refused > 0 && named > 0 && unchanged > 0,
        "{refused} refused, {named} named, {unchanged} unchanged"
    );
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
