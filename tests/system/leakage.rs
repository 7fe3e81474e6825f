//! What passes on the wire tells nothing by its size, and nothing is used twice.

use std::collections::HashSet;

use deepcardio::architecture::Stage;
use deepcardio::model::{LayerWeights, Model};
use deepcardio::testkit::{ModelSpec, random_lstm_model, random_model, random_segment, with_random_levels};
use ecg::Segment;
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
use protocol::wire::{HEADER_BYTES, Tag};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::relay::{Frame, relayed};
use crate::session::{config, run_client};

async fn transcript(model: &Model, backend: Backend, reveal: Reveal, segments: &[Segment]) -> Vec<Frame> {
    let service = Service::new(model.clone(), reveal).unwrap();
    let (client, server, transcript) = relayed(None);
    let (seen, served) =
        tokio::join!(run_client(client, config(backend, None), segments), serve(server, &service));
    seen.unwrap();
    served.unwrap();
    transcript.lock().unwrap().clone()
}

/// The shapes of all frames, by direction: tag and length.
fn sizes(frames: &[Frame]) -> Vec<(String, u8, usize)> {
    let mut sizes: Vec<_> = frames.iter().map(|f| (f.from.to_string(), f.bytes[0], f.bytes.len())).collect();
    // The relay sees the two directions in an order that is not determined.
    sizes.sort_by(|a, b| a.0.cmp(&b.0));
    sizes
}

/// All weights of a layer, and its biases, at one end of their range.
fn filled(stage: &Stage, weight: i8) -> LayerWeights {
    let Stage { linear, .. } = stage;
    LayerWeights::new(vec![weight; linear.weight_count()], vec![0; linear.out_channels])
}

/// The network of `model` with every weight zero, and with every weight at the upper and at the
/// lower end of its width; the same rings in all three, wide enough for each.
pub(crate) fn extremes(model: &Model) -> [Model; 3] {
    let architecture = model.architecture();
    let weights = |end: &dyn Fn(u32) -> i8| -> Vec<LayerWeights> {
        architecture.stages().iter().map(|stage| filled(stage, end(stage.weight_bits))).collect()
    };
    let ends: [&dyn Fn(u32) -> i8; 3] =
        [&|_| 0, &|bits| i8::MAX >> (i8::BITS - bits), &|bits| i8::MIN >> (i8::BITS - bits)];
    // Levels of confidence need not fit the least rings.
    let bare = architecture.with_confidence(None).unwrap();
    let rings = ends.map(|end| {
        let model = Model::with_least_rings(&bare, weights(end), "least".into()).unwrap();
        model.architecture().specification().ring_bits.clone()
    });
    let [zero, upper, lower] = &rings;
    let widest = zero.iter().zip(upper).zip(lower).map(|((zero, upper), lower)| *zero.max(upper).max(lower));
    let common = architecture.with_ring_bits(widest.collect()).unwrap();
    ends.map(|end| Model::new(common.clone(), weights(end), "extreme".into()).unwrap())
}

/// A segment of one value.
fn flat(segment: &Segment, sample: i32) -> Segment {
    Segment::new(vec![sample; segment.samples().len()])
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_depend_on_the_architecture_alone() {
    let mut rng = ChaCha20Rng::seed_from_u64(21);
    let models = [random_model(&mut rng, &ModelSpec::small(3, 20, 4, 2)), random_lstm_model(&mut rng, 3, 5)];
    let models = models.map(|model| with_random_levels(&mut rng, &model));
    for (model, &backend) in models.iter().flat_map(|m| Backend::ALL.iter().map(move |b| (m, b))) {
        let random = random_segment(&mut rng, model.architecture());
        let top = (1 << (model.architecture().signal().input_bits - 1)) - 1;
        let ecgs = [0, top, -top - 1].map(|sample| [random.clone(), flat(&random, sample)]);
        for reveal in [Reveal::Scores, Reveal::Label, Reveal::RecordLabel] {
            let mut seen = Vec::new();
            for (model, segments) in extremes(model).iter().zip(&ecgs) {
                seen.push(sizes(&transcript(model, backend, reveal, segments).await));
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
            assert!(seen[0].len() > 10, "the transcript is empty");
        }
    }
}

/// Every run of 16 bytes at a multiple of 16 in messages that must be fresh each time.
fn fresh_blocks(frames: &[Frame]) -> Vec<[u8; 16]> {
    let public = [Tag::Hello, Tag::Accept, Tag::Request].map(|tag| tag as u8);
    let fresh = frames.iter().filter(|frame| !public.contains(&frame.bytes[0]));
    fresh.flat_map(|frame| frame.bytes[HEADER_BYTES..].as_chunks().0).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_inference_shares_no_mask_table_or_ot() {
    let mut rng = ChaCha20Rng::seed_from_u64(22);
    let convolutions = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let lstm = random_lstm_model(&mut rng, 2, 9);
    for (model, &backend) in
        [convolutions, lstm].iter().flat_map(|m| Backend::ALL.iter().map(move |b| (m, b)))
    {
        let segment = random_segment(&mut rng, model.architecture());
        let segments = [segment.clone(), segment];
        // Within one session, and between two.
        let twice = transcript(model, backend, Reveal::RecordLabel, &segments).await;
        let blocks = fresh_blocks(&twice);
        let twice: HashSet<_> = blocks.iter().collect();
        assert_eq!(twice.len(), blocks.len(), "a block came twice within a session");
        let again = fresh_blocks(&transcript(model, backend, Reveal::RecordLabel, &segments).await);
        assert!(again.iter().all(|block| !twice.contains(block)), "a block came in two sessions");
    }
}
