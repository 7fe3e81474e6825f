//! One byte that is changed on the way never gives a result: whatever byte it is, the session ends
//! with an error, which blames the channel or the peer.
//!
//! Who changes it has no keys. What one who has them can do is seen in `hostile`: there flipped
//! bits give wrong results, which is the positive control of the tests here.

use deepcardio::model::Model;
use deepcardio::testkit::{ModelSpec, random_model, random_segment, with_random_levels};
use ecg::Segment;
use protocol::channel::Channel;
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::{Error, Result};
use protocol::method::{Backend, Comparison, Reveal};
use protocol::server::{Service, serve};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::task::JoinHandle;

use crate::session::{FAREWELL_BYTES, TIMEOUTS, config, expected};

/// A byte of one direction, counted from 0, and the bits of it that are flipped.
#[derive(Clone, Copy, Debug)]
struct Flip {
    from: Role,
    at: u64,
    mask: u8,
}

/// What was carried.
#[derive(Clone, Copy)]
struct Carried {
    bytes: u64,
    /// Whether the byte to change was among them.
    changed: bool,
}

/// Carries bytes, one of them changed.
async fn carry(
    (mut reader, mut writer): (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>),
    flip: Option<Flip>,
) -> Carried {
    let mut buffer = vec![0; 1 << 16];
    let (mut passed, mut changed) = (0, false);
    while let Ok(read @ 1..) = reader.read(&mut buffer).await {
        let piece = &mut buffer[..read];
        if let Some(Flip { at, mask, .. }) = flip
            && let Some(byte) = at.checked_sub(passed).and_then(|at| piece.get_mut(at as usize))
        {
            *byte ^= mask;
            changed = true;
        }
        passed += read as u64;
        if writer.write_all(piece).await.is_err() {
            break;
        }
    }
    let _gone = writer.shutdown().await;
    Carried { bytes: passed, changed }
}

/// The channels of a client and a server, and the lines of what either says.
fn joined(flip: Option<Flip>) -> ([Channel; 2], [JoinHandle<Carried>; 2]) {
    let ((client, near), (server, far)) = (duplex(1 << 16), duplex(1 << 16));
    let ((near_reader, near_writer), (far_reader, far_writer)) = (split(near), split(far));
    let line = |from, ends| tokio::spawn(carry(ends, flip.filter(|flip| flip.from == from)));
    let lines =
        [line(Role::Client, (near_reader, far_writer)), line(Role::Server, (far_reader, near_writer))];
    ([Channel::new(client, Role::Server, TIMEOUTS), Channel::new(server, Role::Client, TIMEOUTS)], lines)
}

struct Stage {
    model: Model,
    segments: Vec<Segment>,
    service: Service,
    backend: Backend,
}

impl Stage {
    fn new(model: Model, segments: Vec<Segment>, backend: Backend, reveal: Reveal) -> Self {
        let service = Service::new(model.clone(), reveal).unwrap();
        Self { model, segments, service, backend }
    }

    /// Classifies every segment, each but the first prepared beside the one before it.
    async fn client(&self, channel: Channel) -> Result<Vec<Outcome>> {
        // Else the measured line would choose, and change the number of bytes.
        let config = ClientConfig { comparison: Some(Comparison::Tree), ..config(self.backend, None) };
        let mut session = ClientSession::connect(channel, config).await?;
        let mut outcomes = Vec::new();
        let mut prepared = session.prepare().await?;
        let (last, others) = self.segments.split_last().unwrap();
        for segment in others {
            let (outcome, next) = session.infer_while_preparing(prepared, segment).await?;
            outcomes.push(outcome);
            prepared = next?;
        }
        outcomes.push(session.infer(prepared, last).await?);
        session.finish().await?;
        Ok(outcomes)
    }

    /// What both parties say of a session, and the bytes that either sent.
    async fn run(&self, flip: Option<Flip>) -> (Result<Vec<Outcome>>, Result<(), Error>, [Carried; 2]) {
        let ([client, server], [up, down]) = joined(flip);
        let (seen, served) = tokio::join!(self.client(client), serve(server, &self.service));
        let carried = [up.await.unwrap(), down.await.unwrap()];
        (seen, served.map(drop).map_err(|failed| failed.error), carried)
    }

    fn is_right(&self, outcomes: &[Outcome]) -> bool {
        let expected = self.segments.iter().map(|s| expected(&self.model, s, self.service.reveal()));
        expected.eq(outcomes.iter().cloned())
    }

    async fn flips(&self, count: usize, rng: &mut ChaCha20Rng) {
        let (seen, served, carried) = self.run(None).await;
        assert!(self.is_right(&seen.unwrap()));
        served.unwrap();
        for number in 0..count {
            let (from, sent) =
                [(Role::Client, carried[0].bytes), (Role::Server, carried[1].bytes)][number % 2];
            // Every other one hits a short message: those at the beginning and at the end.
            let at = match number / 2 % 4 {
                0 => rng.random_range(0..sent.min(2000)),
                1 => sent - 1 - rng.random_range(0..sent.min(2000)),
                _ => rng.random_range(0..sent),
            };
            let flip = Flip { from, at, mask: 1 << rng.random_range(0..8) };
            let (seen, served, [up, down]) = self.run(Some(flip)).await;
            assert!(up.changed || down.changed, "{flip:?} of {sent} bytes changed nothing");
            self.assert_refused(seen, served, flip, sent);
        }
    }

    fn assert_refused(&self, seen: Result<Vec<Outcome>>, served: Result<()>, flip: Flip, sent: u64) {
        let errors = [seen.as_ref().err(), served.as_ref().err()];
        for error in errors.into_iter().flatten() {
            let ours = matches!(error, Error::Internal(_) | Error::Config(_) | Error::Broken);
            assert!(!ours, "{flip:?}: {error}");
        }
        match seen {
            Err(_) => {}
            // The client has all it asked for when it says farewell; the server refuses the
            // farewell.
            Ok(outcomes) if flip.from == Role::Client && flip.at >= sent - FAREWELL_BYTES => {
                assert!(self.is_right(&outcomes) && served.is_err(), "{flip:?}");
            }
            Ok(_) => panic!("{flip:?} of {sent} was accepted"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_byte_of_a_small_session_is_always_an_error() {
    let mut rng = ChaCha20Rng::seed_from_u64(71);
    for reveal in [Reveal::Scores, Reveal::Label] {
        for &backend in Backend::ALL {
            let model = random_model(&mut rng, &ModelSpec::small(2, 12, 3, 1));
            let model = with_random_levels(&mut rng, &model);
            let segments = (0..2).map(|_| random_segment(&mut rng, model.architecture())).collect();
            Stage::new(model, segments, backend, reveal).flips(48, &mut rng).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_byte_of_a_session_of_the_lstm_model_is_always_an_error() {
    let mut rng = ChaCha20Rng::seed_from_u64(72);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/deepcardio-lstm.bin");
    let model = Model::load(file.as_ref()).unwrap();
    let segment = random_segment(&mut rng, model.architecture());
    for (backend, reveal, count) in [(Backend::Ot, Reveal::Label, 6), (Backend::Gc, Reveal::Scores, 3)] {
        Stage::new(model.clone(), vec![segment.clone()], backend, reveal).flips(count, &mut rng).await;
    }
}
