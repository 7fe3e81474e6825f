//! Messages changed, repeated, cut off: always a typed error, a wrong value that verification
//! names, or the right result; never a panic or a hang, and never at the cost of other sessions.

use std::sync::Arc;

use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use ecg::Segment;
use protocol::client::Outcome;
use protocol::error::Error;
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, Summary, serve};
use protocol::tap::Tap;
use protocol::wire::{HEADER_BYTES, Tag};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;

use crate::relay::{Act, Frame, Plot, relayed};
use crate::session::{Seen, config, expected, reference_label, run_client};

/// Between them these send every message: those of a label are the same for both backends.
const EVERY_MESSAGE: [(Backend, Reveal); 2] =
    [(Backend::Ot, Reveal::Scores), (Backend::Gc, Reveal::RecordLabel)];

struct Stage {
    model: Model,
    /// One record; where labels alone are revealed, one of two segments.
    segments: Vec<Segment>,
    service: Arc<Service>,
    tap: Tap,
}

impl Stage {
    fn new(reveal: Reveal) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let (segments, blocks) = if reveal.hides_scores() { (2, 1) } else { (1, 2) };
        let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, blocks));
        let model = with_random_levels(&mut rng, &model);
        let segments = (0..segments).map(|_| random_segment(&mut rng, model.architecture())).collect();
        let tap = Tap::new();
        let service = Arc::new(Service::new(model.clone(), reveal).unwrap().with_tap(tap.clone()));
        Self { model, segments, service, tap }
    }

    async fn run(
        &self,
        backend: Backend,
        plot: Option<Plot>,
    ) -> (Result<Seen, Error>, Result<Summary, Error>, Vec<Frame>) {
        let (client, server, transcript) = relayed(plot);
        let config = config(backend, Some(self.tap.clone()));
        let client = run_client(client, config, &self.segments);
        let (seen, served) = tokio::join!(client, serve(server, &self.service));
        let frames = transcript.lock().unwrap().clone();
        (seen, served.map_err(|failed| failed.error), frames)
    }

    fn is_right(&self, segment: &Segment, outcome: &Outcome) -> bool {
        *outcome == expected(&self.model, segment, self.service.reveal())
    }

    /// Whether every outcome is right, that of the record included.
    fn is_all_right(&self, seen: &Seen) -> bool {
        let mut outcomes = self.segments.iter().zip(&seen.outcomes);
        outcomes.all(|(segment, outcome)| self.is_right(segment, outcome))
            && seen.overall.is_none_or(|label| label == reference_label(&self.model, &self.segments))
    }

    /// Whether every outcome and every layer of the last segment are the reference's: what
    /// `--verify` checks.
    fn verifies(&self, seen: &Seen) -> bool {
        let trace = reference::trace(&self.model, &self.segments[self.segments.len() - 1]).unwrap();
        let layers = self.tap.compare(self.model.architecture(), &trace);
        layers.is_ok() && self.is_all_right(seen)
    }
}

/// An error that blames this program itself would be a bug: whatever a peer sends, the peer is at
/// fault.
fn assert_not_our_fault<T>(result: &Result<T, Error>, plot: Plot) {
    if let Err(error @ (Error::Internal(_) | Error::Config(_))) = result {
        panic!("{plot:?}: {error}");
    }
}

async fn counts(stage: &Stage, backend: Backend) -> [(Role, usize); 2] {
    let (seen, served, frames) = stage.run(backend, None).await;
    assert!(stage.is_all_right(&seen.unwrap()));
    served.unwrap();
    [Role::Client, Role::Server].map(|party| (party, frames.iter().filter(|f| f.from == party).count()))
}

#[tokio::test(start_paused = true)]
async fn a_flipped_bit_in_any_message_is_survived() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let (mut refused, mut named, mut unchanged) = (0, 0, 0);
    for (backend, reveal) in EVERY_MESSAGE {
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
    // All three ends occur: broken headers are refused, garbled tables give wrong values, unused
    // rows change nothing.
    assert!(
        refused > 0 && named > 0 && unchanged > 0,
        "{refused} refused, {named} named, {unchanged} unchanged"
    );
}

#[tokio::test(start_paused = true)]
async fn a_repeated_message_is_an_error() {
    for (backend, reveal) in EVERY_MESSAGE {
        let stage = Stage::new(reveal);
        for (from, frames) in counts(&stage, backend).await {
            // The last frame of each direction is followed by nothing: repeating it changes
            // nothing.
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
    for (backend, reveal) in EVERY_MESSAGE {
        let stage = Stage::new(reveal);
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

#[tokio::test(start_paused = true)]
async fn errors_name_the_peer() {
    let stage = Stage::new(Reveal::Scores);
    let plot = Plot { from: Role::Client, frame: 0, act: Act::Flip(40) };
    let (seen, served, _frames) = stage.run(Backend::Gc, Some(plot)).await;
    let client = seen.err().unwrap().to_string();
    assert!(client.starts_with("the server ended the session: "), "{client}");
    let server = served.err().unwrap().to_string();
    assert!(server.contains("client"), "{server}");
}

/// What both sides say when the client's farewell, sent after a record, is another request.
async fn asked_for(stage: &Stage, backend: Backend, request: [u8; 5]) -> (Result<Seen, Error>, String) {
    let frames = counts(stage, backend).await[0].1;
    let plot = Plot { from: Role::Client, frame: frames - 1, act: Act::Payload(request) };
    let (seen, served, _frames) = stage.run(backend, Some(plot)).await;
    assert_not_our_fault(&served, plot);
    (seen, served.err().unwrap().to_string())
}

#[tokio::test(start_paused = true)]
async fn an_overall_label_is_refused_where_there_is_none() {
    let stages = [Reveal::Scores, Reveal::Label, Reveal::RecordLabel].map(Stage::new);
    let [scores, segments_alone, label] = &stages;
    for (stage, part) in [
        (scores, "but this server reveals scores"),
        (segments_alone, "but this server reveals the label of every segment alone"),
    ] {
        let (_seen, server) = asked_for(stage, Backend::Ot, [4, 2, 0, 0, 0]).await;
        assert!(server.contains(&format!("an overall label was asked for, {part}")), "{server}");
    }
    for (request, part) in [
        ([4, 0, 0, 0, 0], "the label of 0 segments, and not of 2 to 128"),
        ([4, 1, 0, 0, 0], "the label of 1 segments, and not of 2 to 128"),
        ([4, 129, 0, 0, 0], "the label of 129 segments, and not of 2 to 128"),
        ([4, 255, 0, 0, 0], "the label of 255 segments, and not of 2 to 128"),
        ([4, 2, 1, 0, 0], "the label of 258 segments, and not of 2 to 128"),
        ([7, 0, 0, 0, 0], "no such request"),
        ([0, 1, 0, 0, 0], "no such request"),
        ([1, 0, 0, 0, 1], "no such request"),
    ] {
        let (_seen, server) = asked_for(label, Backend::Gc, request).await;
        assert!(server.contains(part), "{request:?}: {server}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_of_segments_that_are_not_kept_is_refused() {
    let stage = Stage::new(Reveal::RecordLabel);
    let (_, _, frames) = stage.run(Backend::Ot, None).await;
    let own: Vec<&Frame> = frames.iter().filter(|frame| frame.from == Role::Client).collect();
    let list = own.iter().position(|frame| frame.bytes[0] == Tag::Segments as u8).unwrap();
    assert_eq!(own[list].bytes[5..], [0, 0, 0, 0, 1, 0, 0, 0]);
    // A bit of the first number, of the second, and one that makes both the same.
    for (bit, number) in [(40, 1), (41, 2), (40 + 32, 0), (40 + 33, 3), (40 + 63, 0x8000_0001_u32)] {
        let plot = Plot { from: Role::Client, frame: list, act: Act::Flip(bit) };
        let (seen, served, _frames) = stage.run(Backend::Ot, Some(plot)).await;
        assert_not_our_fault(&seen, plot);
        let server = served.err().unwrap();
        assert!(matches!(server, Error::Peer { peer: Role::Client, .. }));
        let reason = format!("inference {number}, whose scores are not kept or are named twice");
        assert!(server.to_string().ends_with(&reason), "{bit}: {server}");
        let client = seen.err().unwrap().to_string();
        assert_eq!(client, format!("the server ended the session: it refuses a request: {reason}"));
    }
}

/// Whatever an OT extension sends, one changed bit of it is found before anything is made of it,
/// and the error blames the peer.
#[tokio::test(start_paused = true)]
async fn a_changed_message_of_an_ot_extension_is_found() {
    let of_silent = [
        Tag::CotSeeds,
        Tag::SilentRequest,
        Tag::SilentReply,
        Tag::SilentPart,
        Tag::SilentQuestion,
        Tag::SilentAnswer,
    ];
    for (backend, reveal, tags) in [
        (Backend::Ot, Reveal::Scores, of_silent.as_slice()),
        (Backend::Gc, Reveal::Label, &[Tag::CotSeeds, Tag::Extension]),
    ] {
        let stage = Stage::new(reveal);
        let (_, _, frames) = stage.run(backend, None).await;
        for (from, tag) in
            [Role::Client, Role::Server].into_iter().flat_map(|p| tags.iter().map(move |t| (p, *t)))
        {
            let mut own = frames.iter().filter(|frame| frame.from == from);
            let frame = own.position(|frame| frame.bytes[0] == tag as u8).unwrap();
            let plot = Plot { from, frame, act: Act::Flip(8 * HEADER_BYTES + 77) };
            let (seen, served, _frames) = stage.run(backend, Some(plot)).await;
            let errors = [seen.err(), served.err()].map(|error| error.unwrap().to_string());
            assert!(
                errors.iter().any(|error| error.contains("it contradicts what was sent before")),
                "{tag} of the {from}: {errors:?}"
            );
        }
    }
}
