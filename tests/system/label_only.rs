//! The whole view of a client that learns labels holds no score: neither the messages that it
//! receives nor these together with its own shares.
//!
//! What a client could do with a server's share, had it one, is add it to its own. So the tests
//! look for the share itself, at every bit of everything the server sent: in a label-only session
//! it is nowhere; where scores are revealed it is found, which shows that the search would find it.
//! That the garbled tables tell nothing but the label by other means is tested where they are made
//! (`gc-nonlinear/src/garble/view.rs`).

use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use ecg::Segment;
use gc_nonlinear::{ArgmaxPlan, ArgmaxShape};
use protocol::client::ClientSession;
use protocol::meter::{Ledger, Part, Phase};
use protocol::method::{Backend, Reveal};
use protocol::server::{Service, serve};
use protocol::tap::Tap;
use protocol::wire::{CHECKSUM_BYTES, HEADER_BYTES, Tag};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;

use crate::relay::{Frame, relayed};
use crate::session::config;

const SEGMENTS: usize = 3;

/// Everything that a client of one record gets to know, but the labels.
struct View {
    /// What the server sent, in order.
    frames: Vec<Frame>,
    /// The client's shares of the scores, segment by segment.
    shares: Vec<Vec<u32>>,
    ledger: Ledger,
}

async fn view(model: &Model, backend: Backend, reveal: Reveal, segments: &[Segment]) -> View {
    let service = Service::new(model.clone(), reveal).unwrap();
    let (client, server, transcript) = relayed(None);
    let tap = Tap::new();
    let client = async {
        let mut session = ClientSession::connect(client, config(backend, Some(tap.clone()))).await.unwrap();
        let mut shares = Vec::new();
        for segment in segments {
            let prepared = session.prepare().await.unwrap();
            let _learned = session.infer(prepared, segment).await.unwrap();
            shares.push(tap.score_share(Role::Client));
        }
        if reveal == Reveal::RecordLabel {
            session.overall_label().await.unwrap();
        }
        let ledger = session.take_ledger();
        session.finish().await.unwrap();
        (shares, ledger)
    };
    let ((shares, ledger), served) = tokio::join!(client, serve(server, &service));
    served.unwrap();
    let frames =
        transcript.lock().unwrap().iter().filter(|frame| frame.from == Role::Server).cloned().collect();
    View { frames, shares, ledger }
}

impl View {
    /// Bytes of the frames of this kind, with their checksums.
    fn of_kind(&self, tag: Tag) -> Vec<usize> {
        let frames = self.frames.iter().filter(|frame| frame.bytes[0] == tag as u8);
        frames.map(|frame| frame.bytes.len() + CHECKSUM_BYTES).collect()
    }
}

fn random_record() -> (Model, Vec<Segment>) {
    let mut rng = ChaCha20Rng::seed_from_u64(31);
    let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
    let model = with_random_levels(&mut rng, &model);
    let segments = (0..SEGMENTS).map(|_| random_segment(&mut rng, model.architecture())).collect();
    (model, segments)
}

/// Ring of the scores.
fn ell(model: &Model) -> u32 {
    model.architecture().stages().last().unwrap().ell
}

/// Some residues in one of the ways to write them down: side by side, each in `width` bits.
#[derive(Clone, Copy, PartialEq)]
struct Pattern {
    bits: u128,
    width: u32,
}

impl Pattern {
    fn new(residues: &[u32], width: u32) -> Self {
        let bits = residues.iter().rev().fold(0, |bits, residue| bits << width | u128::from(*residue));
        let width = width * residues.len() as u32;
        assert!((60..=128).contains(&width), "too short to be told from chance, or too long to be compared");
        Self { bits, width }
    }

    /// Whether the bits stand anywhere in the bytes, least significant first, at a border of bytes
    /// or not.
    fn is_in(self, bytes: &[u8]) -> bool {
        let mut window = 0_u128;
        let mut seen = 0_u32;
        bytes.iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1)).any(|bit| {
            window = window >> 1 | u128::from(bit) << (self.width - 1);
            seen = self.width.min(seen + 1);
            seen == self.width && window == self.bits
        })
    }
}

/// Packed as the protocol does, and in words of 32 bits.
fn patterns(residues: &[u32], ell: u32) -> [Pattern; 2] {
    [Pattern::new(residues, ell), Pattern::new(residues, 32)]
}

/// The server's shares of the scores, for each segment and of the sums: what the client lacks to
/// know the scores.
fn missing_shares(model: &Model, view: &View, segments: &[Segment]) -> Vec<Vec<u32>> {
    let mask = (1 << ell(model)) - 1;
    let share = |(segment, own): (&Segment, &Vec<u32>)| -> Vec<u32> {
        let scores = reference::scores(model, segment).unwrap();
        scores.iter().zip(own).map(|(score, own)| (*score as u32).wrapping_sub(*own) & mask).collect()
    };
    let mut shares: Vec<Vec<u32>> = segments.iter().zip(&view.shares).map(share).collect();
    let sum = |class: usize| shares.iter().fold(0_u32, |sum, share| sum.wrapping_add(share[class])) & mask;
    shares.push((0..shares[0].len()).map(sum).collect());
    shares
}

fn received(view: &View) -> Vec<u8> {
    view.frames.iter().flat_map(|frame| frame.bytes.iter().copied()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_score_nor_the_share_that_would_complete_one_is_in_the_clients_view() {
    let (model, segments) = random_record();
    let ell = ell(&model);
    for &backend in Backend::ALL {
        let view = view(&model, backend, Reveal::RecordLabel, &segments).await;
        let received = received(&view);
        for share in missing_shares(&model, &view, &segments) {
            for pattern in patterns(&share, ell) {
                assert!(!pattern.is_in(&received), "{backend}: the server sent its share of the scores");
            }
        }
        for segment in &segments {
            let scores = reference::scores(&model, segment).unwrap();
            let residues: Vec<u32> = scores.iter().map(|score| *score as u32 & ((1 << ell) - 1)).collect();
            let words: Vec<u32> = scores.iter().map(|score| *score as u32).collect();
            for pattern in [Pattern::new(&residues, ell), Pattern::new(&words, 32)] {
                assert!(!pattern.is_in(&received), "{backend}: the server sent the scores");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_scores_are_revealed_the_same_search_finds_every_share() {
    let (model, segments) = random_record();
    for &backend in Backend::ALL {
        let view = view(&model, backend, Reveal::Scores, &segments).await;
        let received = received(&view);
        let shares = missing_shares(&model, &view, &segments);
        for share in &shares[..SEGMENTS] {
            assert!(Pattern::new(share, ell(&model)).is_in(&received), "{backend}: a share was not found");
        }
        assert_eq!(view.of_kind(Tag::Scores).len(), SEGMENTS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_comes_out_of_a_label_only_session_is_garbled_argmaxes() {
    let (model, segments) = random_record();
    let classes = model.architecture().classes().len();
    let label_bytes = |terms, thresholds| {
        let plan = ArgmaxPlan::new(ArgmaxShape { classes, ell: ell(&model), terms, thresholds }).unwrap();
        // Tables and, for label and level alone, bits that decode them.
        assert_eq!(plan.message_bytes(), plan.ciphertexts() * 16 + 1);
        plan.message_bytes() + HEADER_BYTES + CHECKSUM_BYTES
    };
    let thresholds = model.architecture().confidence().map(|confidence| confidence.thresholds);
    assert!(thresholds.is_some());
    let mut labels = vec![label_bytes(1, thresholds); SEGMENTS];
    // A record has a label and no level.
    labels.push(label_bytes(SEGMENTS, None));
    for &backend in Backend::ALL {
        let view = view(&model, backend, Reveal::RecordLabel, &segments).await;
        assert_eq!(view.of_kind(Tag::Label), labels);
        let output = view.ledger.total(|scope| scope.part == Part::Output);
        assert_eq!(output.received, labels.iter().sum::<usize>() as u64, "nothing else is booked as output");
        let online = view.ledger.total(|scope| scope.phase == Phase::Online).received;
        let steps =
            [Tag::GarbledTables, Tag::Opening].map(|tag| view.of_kind(tag).iter().sum::<usize>() as u64);
        assert_eq!(
            online,
            output.received + steps.iter().sum::<u64>(),
            "nothing else comes once the ECG is used"
        );
        assert!(view.of_kind(Tag::Scores).is_empty());
    }
}
