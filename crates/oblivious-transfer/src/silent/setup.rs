//! The set-up of a silent extension: the initial stage makes the first reserve of both directions,
//! from SoftSpoken OTs.

use rand_core::CryptoRng;
use rayon::prelude::ParallelSliceMut;
use shares::Role;
use zeroize::Zeroizing;

use super::code::Pair;
use super::points::Points;
use super::run::{Endpoint, OwnTrees, Reserve, StageRun, empty_reserve, keep};
use super::{INITIAL, INITIAL_SECRET, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES, SilentExtension};
use crate::block::Block;
use crate::check::DIGEST_BYTES;
use crate::cot::Blocks;
use crate::error::OtError;
use crate::hash::KeyDeriver;
use crate::prg::Prg;
use crate::softspoken::{CotReceiver, CotSender};

/// A party that has sent its request and waits for the peer's.
pub struct SilentRequested {
    own: Role,
    deriver: KeyDeriver,
    session_id: Vec<u8>,
    /// A digest of the request.
    request: [u8; DIGEST_BYTES],
    macs: Blocks,
}

/// A party that has sent its reply and waits for the peer's.
pub struct SilentReplied {
    endpoint: Endpoint,
    own: OwnTrees,
    reserve: Reserve,
}

impl SilentRequested {
    /// Begins the set-up; returns the message to the peer ([`SETUP_REQUEST_BYTES`]).
    ///
    /// `session_id` names this extension alone and is the same for both parties, which differ in
    /// `own`.
    #[must_use]
    pub fn start(session_id: &[u8], own: Role, softspoken: &mut CotReceiver) -> (Self, Vec<u8>) {
        let (cots, message) = softspoken.extend_random(INITIAL.reserve());
        let mut macs = cots.macs;
        macs.iter_mut().zip(cots.choices.iter()).for_each(|(mac, choice)| *mac = mac.with_lsb(choice));
        let request = *blake3::hash(&message).as_bytes();
        let (session_id, deriver) = (session_id.to_vec(), KeyDeriver::new(session_id));
        (Self { own, deriver, session_id, request, macs }, message)
    }

    /// Takes the peer's request; returns the message to the peer ([`SETUP_REPLY_BYTES`]).
    ///
    /// # Errors
    /// [`OtError::EvenDelta`] if bit 0 of the sender's correlation is clear.
    /// [`OtError::Length`] if the request has another length. [`OtError::Inconsistent`] if it fails
    /// its check.
    pub fn reply(
        self,
        softspoken: &mut CotSender,
        request: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(SilentReplied, Vec<u8>), OtError> {
        let delta = softspoken.delta();
        if !delta.lsb() {
            return Err(OtError::EvenDelta);
        }
        OtError::check_length("silent set-up request", request, SETUP_REQUEST_BYTES)?;
        let keys = softspoken.extend_random(INITIAL.reserve(), request)?;
        let pair = |(key, mac): (&Block, &Block)| Pair { key: key.with_lsb(false), mac: *mac };
        let reserve = Zeroizing::new(keys.iter().zip(self.macs.iter()).map(pair).collect::<Vec<_>>());
        let generator = Prg::from_block(Block::random(rng));
        let points = Points::new(self.transcript(request));
        let mut endpoint = Endpoint { own: self.own, delta, deriver: self.deriver, generator, points };
        let roots = endpoint.roots(INITIAL.trees);
        let message = initial(&endpoint, &reserve).announce(0, &roots);
        let hash = endpoint.points.next(endpoint.own, &message);
        Ok((SilentReplied { endpoint, own: OwnTrees { roots, hash }, reserve }, message))
    }

    /// A digest of the session and of both requests, that of the client first.
    fn transcript(&self, request: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut requests = [self.request, *blake3::hash(request).as_bytes()];
        if self.own == Role::Server {
            requests.reverse();
        }
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 silent check transcript");
        hasher.update(&(self.session_id.len() as u64).to_le_bytes());
        hasher.update(&self.session_id);
        hasher.update(requests.as_flattened());
        *hasher.finalize().as_bytes()
    }
}

impl SilentReplied {
    /// Takes the peer's reply. What it says is checked with the first parts.
    ///
    /// # Errors
    /// [`OtError::Length`] if it has another length.
    pub fn finish(mut self, reply: &[u8]) -> Result<SilentExtension, OtError> {
        OtError::check_length("silent set-up reply", reply, SETUP_REPLY_BYTES)?;
        let received = self.endpoint.points.next(self.endpoint.own.peer(), reply);
        let mut made = empty_reserve(INITIAL.trees * INITIAL.leaves());
        let outputs = made.par_chunks_mut(INITIAL.leaves());
        let run = initial(&self.endpoint, &self.reserve);
        let keep = |kept: &mut [Pair], keys: &_, macs: &_| keep(kept, keys, macs);
        let (_, unchecked) = run.grow(0, &self.own, reply, &received, outputs, keep)?;
        Ok(SilentExtension::new(self.endpoint, made, unchecked))
    }
}

fn initial<'a>(endpoint: &'a Endpoint, reserve: &'a [Pair]) -> StageRun<'a, INITIAL_SECRET> {
    StageRun { stage: INITIAL, endpoint, number: 0, reserve }
}
