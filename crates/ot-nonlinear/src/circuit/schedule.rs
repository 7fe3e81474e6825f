//! Rounds, messages and OTs of a circuit, counted before anything is sent.

use shares::Role;

use super::gate::Gate;
use super::ring::RingGate;
use crate::bits::wire::message_bytes;
use crate::error::StepError;

/// Pad bits that condensing takes from one hash.
const HASH_BITS: usize = u64::BITS as usize;

/// What one correlated OT is condensed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtSpec {
    /// So many bits.
    Bits(usize),
    /// A residue of so many bits.
    Ring(u32),
}

impl OtSpec {
    /// Whether one hash has all the pad bits. With more, condensing would give a bit twice.
    const fn fits(self) -> bool {
        match self {
            Self::Bits(count) => count <= HASH_BITS,
            Self::Ring(width) => width <= u32::BITS,
        }
    }
}

/// The gates of one exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Round {
    pub(crate) gates: Vec<Gate>,
    pub(crate) ring: Vec<RingGate>,
}

impl Round {
    /// Planes `role` sends in this round.
    fn planes(&self, role: Role) -> usize {
        let bits = self.gates.iter().map(|gate| gate.planes(role) - gate.early_planes(role));
        bits.sum::<usize>() + self.ring.iter().map(|gate| gate.planes(role)).sum::<usize>()
    }
}

/// Correlated OTs a step uses, by receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CotCounts {
    /// With the client as receiver, the server's correlation.
    pub client_receives: usize,
    /// With the server as receiver, the client's correlation.
    pub server_receives: usize,
}

/// The exchanges of a circuit on `count` instances and the correlated OTs they use.
#[derive(Debug)]
pub struct Schedule {
    pub(crate) count: usize,
    pub(crate) rounds: Vec<Round>,
    /// Sent by the client in the offline phase, after the early gates.
    pub(crate) offline_ring: Vec<RingGate>,
    /// By receiver.
    pub(crate) ots: [Vec<OtSpec>; 2],
    pub(crate) registers: usize,
}

impl Schedule {
    /// The exchanges of a circuit of gates.
    ///
    /// # Errors
    /// [`StepError::Shape`] if one OT would need more pad bits than a hash has.
    pub(crate) fn new(
        count: usize,
        rounds: Vec<Round>,
        offline_ring: Vec<RingGate>,
        ots: [Vec<OtSpec>; 2],
        registers: usize,
    ) -> Result<Self, StepError> {
        if ots.iter().flatten().all(|spec| spec.fits()) {
            Ok(Self { count, rounds, offline_ring, ots, registers })
        } else {
            Err(StepError::Shape("one OT gives at most 64 bits or a residue of 32"))
        }
    }

    /// The OTs of something whose messages are not of gates.
    ///
    /// # Errors
    /// [`StepError::Shape`] if one OT would need more pad bits than a hash has.
    pub(crate) fn without_rounds(count: usize, ots: [Vec<OtSpec>; 2]) -> Result<Self, StepError> {
        Self::new(count, Vec::new(), Vec::new(), ots, 0)
    }

    /// Instances that run side by side.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Correlated OTs of the whole circuit.
    #[must_use]
    pub fn cots(&self) -> CotCounts {
        let [client_receives, server_receives] = self.ots.each_ref().map(|specs| specs.len() * self.count);
        CotCounts { client_receives, server_receives }
    }

    /// Online exchanges. In each both parties send, then both receive: half a round trip.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// Bits per instance of the offline message, client to server.
    #[must_use]
    pub fn offline_bits(&self) -> usize {
        let early = self.early_gates().map(|gate| gate.early_planes(Role::Client));
        early.sum::<usize>() + self.offline_ring.iter().map(|gate| gate.planes(Role::Client)).sum::<usize>()
    }

    /// Bits per instance that `role` sends in `round`. It is 0 beyond the last round.
    #[must_use]
    pub fn bits(&self, role: Role, round: usize) -> usize {
        self.rounds.get(round).map_or(0, |round| round.planes(role))
    }

    /// Bytes of the offline message.
    #[must_use]
    pub fn offline_bytes(&self) -> usize {
        message_bytes(self.offline_bits(), self.count)
    }

    /// Bytes the client sends in `round`. Where it is 0, the party sends nothing.
    #[must_use]
    pub fn client_bytes(&self, round: usize) -> usize {
        message_bytes(self.bits(Role::Client, round), self.count)
    }

    /// Bytes the server sends in `round`. Where it is 0, the party sends nothing.
    #[must_use]
    pub fn server_bytes(&self, round: usize) -> usize {
        message_bytes(self.bits(Role::Server, round), self.count)
    }

    /// Bits per instance of all messages.
    #[must_use]
    pub fn total_bits(&self) -> usize {
        let online =
            (0..self.rounds()).map(|round| self.bits(Role::Client, round) + self.bits(Role::Server, round));
        self.offline_bits() + online.sum::<usize>()
    }

    /// The gates of which something goes offline, in order.
    pub(crate) fn early_gates(&self) -> impl Iterator<Item = &Gate> {
        self.rounds.iter().flat_map(|round| &round.gates).filter(|gate| gate.early)
    }
}

#[cfg(test)]
mod tests {
    use super::{OtSpec, Schedule};
    use crate::error::StepError;

    #[test]
    fn an_ot_that_would_repeat_pad_bits_is_refused() {
        let with = |spec| Schedule::without_rounds(1, [vec![OtSpec::Bits(1)], vec![spec]]);
        assert!(with(OtSpec::Bits(64)).is_ok() && with(OtSpec::Ring(32)).is_ok());
        for spec in [OtSpec::Bits(65), OtSpec::Bits(usize::MAX), OtSpec::Ring(33)] {
            assert!(matches!(with(spec), Err(StepError::Shape(_))), "{spec:?}");
        }
    }
}
