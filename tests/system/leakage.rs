//! What passes on the wire tells nothing by its size, and nothing is used twice.

use std::collections::HashSet;

use deepcardio::model::{LayerWeights, Model};
use deepcardio::testkit::{ModelSpec, random_lstm_model, random_model, random_segment};
use ecg::Segment;
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
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

/// The same architecture, rings included, with every weight and bias zero.
fn zeroed(model: &Model) -> Model {
    let zeros =
        |layer: &LayerWeights| LayerWeights::new(vec![0; layer.weights().len()], vec![0; layer.bias().len()]);
    let weights = model.weights().iter().map(zeros).collect();
    Model::new(model.architecture().clone(), weights, "zeros".into()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_depend_on_the_architecture_alone() {
    let mut rng = ChaCha20Rng::seed_from_u64(21);
    let models = [random_model(&mut rng, &ModelSpec::small(3, 20, 4, 2)), random_lstm_model(&mut rng, 3, 5)];
    for (model, &backend) in models.iter().flat_map(|m| Backend::ALL.iter().map(move |b| (m, b))) {
        let segments = [(); 2].map(|()| random_segment(&mut rng, model.architecture()));
        let flat = |segment: &Segment| Segment::new(vec![0; segment.samples().len()]);
        let flat = segments.each_ref().map(flat);
        for reveal in [Reveal::Scores, Reveal::Label] {
            let one = transcript(model, backend, reveal, &segments).await;
            let other = transcript(&zeroed(model), backend, reveal, &flat).await;
            assert_eq!(sizes(&one), sizes(&other));
        }
    }
}

/// Every run of 16 bytes at a multiple of 16 in messages that must be fresh each time.
fn fresh_blocks(frames: &[Frame]) -> HashSet<&[u8]> {
    const ACCEPT: u8 = 2;
    const HELLO: u8 = 1;
    const REQUEST: u8 = 4;
    frames
        .iter()
        .filter(|frame| ![HELLO, ACCEPT, REQUEST].contains(&frame.bytes[0]))
        .flat_map(|frame| frame.bytes[5..].as_chunks::<16>().0)
        .map(<[u8; 16]>::as_slice)
        .collect()
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
        let twice = transcript(model, backend, Reveal::Label, &segments).await;
        let blocks: usize =
            twice.iter().filter(|frame| frame.bytes[0] >= 10).map(|frame| frame.bytes[5..].len() / 16).sum();
        assert_eq!(fresh_blocks(&twice).len(), blocks, "a block came twice within a session");
        let again = transcript(model, backend, Reveal::Label, &segments).await;
        assert!(fresh_blocks(&twice).is_disjoint(&fresh_blocks(&again)), "a block came in two sessions");
    }
}
