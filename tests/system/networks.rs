//! Private inference equals the reference, layer by layer and bit for bit.

use std::collections::HashSet;

use deepcardio::architecture::{Accuracy, Confidence, Layer, Level};
use deepcardio::model::Model;
use deepcardio::reference::{self, trace};
use deepcardio::scores;
use deepcardio::testkit::{
    ModelSpec, random_lstm_model, random_model, random_segment, random_small_model, with_random_levels,
};
use ecg::Segment;
use protocol::client::{ClientConfig, ClientSession};
use protocol::error::Error;
use protocol::meter::{Ledger, Phase};
use protocol::method::{Backend, Comparison, MAX_RECORD_SEGMENTS, Reveal};
use protocol::server::{Service, serve};
use protocol::tap::Tap;
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::session::{
    FAREWELL_BYTES, assert_equals_reference, config, expected, memory_pair, reference_label, run_client,
    run_pair,
};

/// One block after the other, with an odd length, a kernel of 3, 5 or 7 and a width of 1 to 64
/// channels.
fn chain(blocks: usize, rng: &mut ChaCha20Rng) -> ModelSpec {
    let mut length = rng.random_range(9..=70) | 1;
    let window_length = length;
    let mut layers = Vec::new();
    for block in 0..blocks {
        let out_channels = if block == 0 { 64 } else { rng.random_range(1..=16) };
        let pool = length >= 4 && rng.random_bool(0.6);
        layers.extend([
            Layer::Conv1d { out_channels, kernel: [3, 5, 7][rng.random_range(0..3)], weight_bits: 6 },
            Layer::Requantise { pool, shift: rng.random_range(4..=7), bits: rng.random_range(1..=6) },
        ]);
        length = if pool { length / 2 } else { length };
    }
    layers.extend([Layer::GlobalSum, Layer::WindowsToSequence, Layer::GlobalSum]);
    layers.push(Layer::Dense { outputs: 3, weight_bits: 8 });
    ModelSpec {
        windows: rng.random_range(1..=4),
        window_length,
        layers,
        classes: 3,
        input_bits: 8,
        extremes: 255,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_of_one_to_eight_blocks_with_extreme_weights() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for &backend in Backend::ALL {
        for blocks in 1..=8 {
            let spec = chain(blocks, &mut rng);
            let model = random_model(&mut rng, &spec);
            let segment = random_segment(&mut rng, model.architecture());
            assert_equals_reference(&model, backend, Reveal::Scores, &[segment]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_networks_with_either_head() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for &backend in Backend::ALL {
        for _ in 0..12 {
            let model = random_small_model(&mut rng);
            let segment = random_segment(&mut rng, model.architecture());
            assert_equals_reference(&model, backend, Reveal::Scores, &[segment]).await;
        }
    }
}

/// Weights of the test kit drive gates, cells and indices to both ends of their ranges.
#[tokio::test(flavor = "multi_thread")]
async fn lstms_of_1_to_256_units_and_1_to_40_positions() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let shapes = [
        (1, 1),
        (1, 40),
        (2, 7),
        (5, 3),
        (16, 25),
        (33, 2),
        (64, 12),
        (127, 2),
        (128, 5),
        (128, 40),
        (256, 2),
    ];
    for (at, (units, positions)) in shapes.into_iter().enumerate() {
        let backend = Backend::ALL[at % Backend::ALL.len()];
        let reveal = if at % 4 == 1 { Reveal::Label } else { Reveal::Scores };
        let model = random_lstm_model(&mut rng, positions, units);
        let segment = random_segment(&mut rng, model.architecture());
        assert_equals_reference(&model, backend, reveal, &[segment]).await;
    }
}

/// The model with three thresholds side by side, of which the margin of the segment reaches so
/// many, the last of them just so.
fn with_levels_about(model: &Model, segment: &Segment, reached: u64) -> Model {
    let margin = scores::margin(&reference::scores(model, segment).unwrap());
    let first = (margin + 1 - reached.min(margin)) as u32;
    let thresholds = [first, first + 1, first + 2];
    let confidence = Confidence { thresholds, temperature: 1000, accuracy: [Accuracy::default(); 4] };
    model.with_confidence(Some(confidence)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_the_argmax_and_the_level_of_its_margin() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut levels = HashSet::new();
    for &backend in Backend::ALL {
        for round in 0..12 {
            let bare = random_small_model(&mut rng);
            let segment = random_segment(&mut rng, bare.architecture());
            let model = with_levels_about(&bare, &segment, round % 4);
            let reveal = if round < 6 { Reveal::Label } else { Reveal::RecordLabel };
            levels.extend(reference::label(&model, &segment).unwrap().level.map(Level::name));
            assert_equals_reference(&model, backend, reveal, &[segment]).await;
        }
    }
    assert_eq!(levels.len(), Level::ALL.len(), "every level occurs: {levels:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_without_levels_gives_the_class_alone() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    for &backend in Backend::ALL {
        let model = random_small_model(&mut rng);
        let segment = random_segment(&mut rng, model.architecture());
        assert_eq!(reference::label(&model, &segment).unwrap().level, None);
        assert_equals_reference(&model, backend, Reveal::Label, &[segment]).await;
    }
}

/// A model and segments that do not all have one label.
fn record_of_two_labels(segments: usize, rng: &mut ChaCha20Rng) -> (Model, Vec<Segment>) {
    loop {
        let model = random_small_model(rng);
        let record: Vec<_> = (0..segments).map(|_| random_segment(rng, model.architecture())).collect();
        let mut labels: Vec<_> = record.chunks(1).map(|segment| reference_label(&model, segment)).collect();
        labels.dedup();
        if labels.len() > 1 {
            return (model, record);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_several_segments_gets_the_label_of_their_sum() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for &backend in Backend::ALL {
        for segments in [2, 3, 5] {
            let (model, segments) = record_of_two_labels(segments, &mut rng);
            let model = with_random_levels(&mut rng, &model);
            let service = Service::new(model.clone(), Reveal::RecordLabel).unwrap();
            let (seen, served) = run_pair(&service, config(backend, None), &segments).await;
            let (seen, served) = (seen.unwrap(), served.unwrap());
            assert_eq!(seen.overall, Some(reference_label(&model, &segments)));
            for (segment, outcome) in segments.iter().zip(&seen.outcomes) {
                assert!(*outcome == expected(&model, segment, Reveal::RecordLabel));
            }
            assert_eq!(served.given.answers(), segments.len() as u64 + 1);
            let after_setup = |ledger: &Ledger| ledger.total(|scope| scope.phase != Phase::Setup);
            let client = after_setup(&seen.ledger);
            assert_eq!(client.sent + client.received, seen.planned, "the plan foretells every byte");
            // The server's books hold the client's farewell too.
            assert_eq!(after_setup(&served.ledger).received, client.sent + FAREWELL_BYTES);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_record_forgets_the_segments_of_the_last() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let segments: Vec<_> = (0..6).map(|_| random_segment(&mut rng, model.architecture())).collect();
    let service = Service::new(model.clone(), Reveal::RecordLabel).unwrap();
    let (client, server) = memory_pair();
    let client = async {
        let mut session = ClientSession::connect(client, config(Backend::Ot, None)).await?;
        let mut labels = Vec::new();
        // Forgotten; then a record that is asked for; then two that each begin where the one before
        // ended.
        for (range, asked) in [(0..1, false), (1..3, true), (3..5, true), (5..6, true)] {
            for segment in &segments[range] {
                let prepared = session.prepare().await?;
                let _learned = session.infer(prepared, segment).await?;
            }
            if asked {
                labels.push(session.overall_label().await?);
            } else {
                session.begin_record();
            }
        }
        let nothing_kept = session.overall_label().await.err().unwrap().to_string();
        Ok::<_, Error>((labels, nothing_kept))
    };
    let (seen, _hung_up) = tokio::join!(client, serve(server, &service));
    let (labels, nothing_kept) = seen.unwrap();
    let records = [&segments[1..3], &segments[3..5], &segments[5..6]];
    assert_eq!(labels, records.map(|record| reference_label(&model, record)));
    assert!(nothing_kept.contains("classify its segments"), "{nothing_kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_asks_for_no_overall_label_that_it_cannot_get() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let model = random_model(&mut rng, &ModelSpec::small(1, 8, 1, 1));
    let segment = random_segment(&mut rng, model.architecture());
    for (reveal, segments, part) in [
        (Reveal::Scores, 1, "the server reveals scores"),
        (Reveal::Label, 2, "pp-server --reveal record-label"),
        (Reveal::RecordLabel, MAX_RECORD_SEGMENTS + 1, "split the recording"),
    ] {
        let service = Service::new(model.clone(), reveal).unwrap();
        let (client, server) = memory_pair();
        let client = async {
            let mut session = ClientSession::connect(client, config(Backend::Gc, None)).await?;
            for _ in 0..segments {
                let prepared = session.prepare().await?;
                let _learned = session.infer(prepared, &segment).await?;
            }
            let refused = session.overall_label().await.err().unwrap();
            assert!(matches!(refused, Error::Config(_)));
            Ok::<_, Error>(refused.to_string())
        };
        let (refused, _hung_up) = tokio::join!(client, serve(server, &service));
        let refused = refused.unwrap();
        assert!(refused.contains(part), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_shapes_of_comparison_give_the_reference() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let mut trips = Vec::new();
    for comparison in [Comparison::Tree, Comparison::Ripple] {
        let model = random_model(&mut rng, &ModelSpec::small(3, 21, 4, 2));
        let segment = random_segment(&mut rng, model.architecture());
        let tap = Tap::new();
        let service = Service::new(model.clone(), Reveal::Scores).unwrap().with_tap(tap.clone());
        let config = ClientConfig { comparison: Some(comparison), ..config(Backend::Ot, Some(tap.clone())) };
        let (seen, _served) = run_pair(&service, config, std::slice::from_ref(&segment)).await;
        trips.push(seen.unwrap().ledger.total(|scope| scope.phase == Phase::Online).one_way_trips);
        tap.compare(model.architecture(), &trace(&model, &segment).unwrap()).unwrap();
    }
    assert!(2 * trips[0] < trips[1], "a tree takes {} trips, a ripple {}", trips[0], trips[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_classifies_several_segments() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let model = random_model(&mut rng, &ModelSpec::small(3, 20, 4, 2));
    let segments: Vec<_> = (0..4).map(|_| random_segment(&mut rng, model.architecture())).collect();
    let service = Service::new(model.clone(), Reveal::Scores).unwrap();
    for &backend in Backend::ALL {
        let (seen, served) = run_pair(&service, config(backend, None), &segments).await;
        let seen = seen.unwrap();
        for (outcome, segment) in seen.outcomes.iter().zip(&segments) {
            assert!(*outcome == expected(&model, segment, Reveal::Scores));
        }
        let served = served.unwrap();
        assert_eq!(served.given.inferences, 4);
        let (client, server) = (seen.ledger.total(|_| true), served.ledger.total(|_| true));
        // The client's farewell is the one frame that its own books no longer hold.
        assert_eq!(client.sent + FAREWELL_BYTES, server.received);
        assert_eq!(client.received, server.sent);
    }
}

#[tokio::test]
async fn a_segment_of_another_length_is_refused_by_the_client() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let model = random_model(&mut rng, &ModelSpec::small(3, 20, 4, 1));
    let other = random_model(&mut rng, &ModelSpec::small(2, 20, 4, 1));
    let segment = random_segment(&mut rng, other.architecture());
    let service = Service::new(model, Reveal::Scores).unwrap();
    let (client, server) = memory_pair();
    let config = config(Backend::Ot, None);
    let segments = [segment];
    let (seen, _served) =
        tokio::join!(run_client(client, config, &segments), protocol::server::serve(server, &service));
    let error = seen.err().unwrap().to_string();
    assert!(error.contains("30 samples") && error.contains("takes 40"), "{error}");
}
