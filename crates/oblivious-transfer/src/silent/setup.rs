//! The set-up of a silent extension: the initial stage makes the first reserve of both directions,
//! from SoftSpoken OTs.

use rand_core::CryptoRng;
use rayon::prelude::ParallelSliceMut;
use shares::Role;
use zeroize::Zeroizing;

use super::code::Pair;
use super::run::{Endpoint, Reserve, StageRun, empty_reserve, keep};
use super::{INITIAL, INITIAL_SECRET, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES, SilentExtension};
use crate::block::Block;
use crate::cot::Blocks;
use crate::error::OtError;
use crate::hash::KeyDeriver;
use crate::prg::Prg;
use crate::softspoken::{CotReceiver, CotSender};

/// A party that has sent its request and waits for the peer's.
pub struct SilentRequested {
    own: Role,
    deriver: KeyDeriver,
    macs: Blocks,
}

/// A party that has sent its reply and waits for the peer's.
pub struct SilentReplied {
    endpoint: Endpoint,
    roots: Blocks,
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
        (Self { own, deriver: KeyDeriver::new(session_id), macs }, message)
    }

    /// Takes the peer's request; returns the message to the peer ([`SETUP_REPLY_BYTES`]).
    ///
    /// # Errors
    /// [`OtError::EvenDelta`] if bit 0 of the sender's correlation is clear.
    /// [`OtError::Length`] if the request has another length.
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
        let mut endpoint = Endpoint { own: self.own, delta, deriver: self.deriver, generator };
        let roots = endpoint.roots(INITIAL.trees);
        let message = initial(&endpoint, &reserve).announce(0, &roots);
        Ok((SilentReplied { endpoint, roots, reserve }, message))
    }
}

impl SilentReplied {
    /// Takes the peer's reply.
    ///
    /// # Errors
    /// [`OtError::Length`] if it has another length.
    pub fn finish(self, reply: &[u8]) -> Result<SilentExtension, OtError> {
        OtError::check_length("silent set-up reply", reply, SETUP_REPLY_BYTES)?;
        let mut made = empty_reserve(INITIAL.trees * INITIAL.leaves());
        let outputs = made.par_chunks_mut(INITIAL.leaves());
        initial(&self.endpoint, &self.reserve).grow(0, &self.roots, reply, outputs, keep)?;
        Ok(SilentExtension::new(self.endpoint, made))
    }
}

fn initial<'a>(endpoint: &'a Endpoint, reserve: &'a [Pair]) -> StageRun<'a, INITIAL_SECRET> {
    StageRun { stage: INITIAL, endpoint, number: 0, reserve }
}
