//! The plan of a step: which gates run in which round, which OTs they use, how many bytes travel.
//!
//! Both parties compile the same plan from the public shape, so every message length is known before it is read.

mod build;
mod gate;
mod ring;

use std::sync::Arc;

use build::Builder;
pub(crate) use gate::{Gate, Shares, Wire, Word};
pub(crate) use ring::{RingGate, RingKind};

use crate::error::StepError;
use crate::shape::{Mode, Role, StepShape};
use crate::wire::message_bytes;

/// What one correlated OT is reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtSpec {
    /// So many bits.
    Bits(usize),
    /// A residue of so many bits.
    Ring(u32),
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
        let bits = self.gates.iter().map(|gate| {
            let early = gate.early && role == Role::Client;
            let choices = if early { 0 } else { gate.kind.routes(role).len() };
            choices + gate.kind.routes(role.peer()).iter().map(Vec::len).sum::<usize>()
        });
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

/// The validated shape of a step with its gates and exact sizes. Cheap to clone; make it once per layer.
#[derive(Clone, Debug)]
pub struct StepPlan(Arc<Circuit>);

/// The compiled step.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) shape: StepShape,
    pub(crate) mode: Mode,
    pub(crate) rounds: Vec<Round>,
    /// Sent by the client in the offline phase, after the early choices.
    pub(crate) offline_ring: Vec<RingGate>,
    pub(crate) ots: [Vec<OtSpec>; 2],
    pub(crate) registers: usize,
    /// The carry into the sign of the difference; unused without pooling.
    pub(crate) difference_sign: Option<Wire>,
    pub(crate) shift_carry: Option<Wire>,
    pub(crate) sign: Wire,
    pub(crate) lowered_sign: Option<Wire>,
}

impl StepPlan {
    /// Compiles the step.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits.
    pub fn new(shape: StepShape, mode: Mode) -> Result<Self, StepError> {
        shape.validate()?;
        let mut builder = Builder::new(shape);
        let mut difference_sign = None;
        let mut offline_ring = Vec::new();
        let mut start = 0;
        if shape.pool {
            builder.ring(0, RingKind::MaskOffline);
            offline_ring.append(&mut builder.rounds[0].ring);
            builder.ring(0, RingKind::MaskOnline);
            let (carry, ready) = builder.difference(mode);
            builder.ring(ready, RingKind::Open);
            difference_sign = Some(carry);
            start = ready + 1;
        }
        let carries = builder.value(mode, start);
        builder.finish(&carries);
        let Builder { rounds, ots, registers, .. } = builder;
        let (shift_carry, sign, lowered_sign) = (carries.shift, carries.sign, carries.lowered_sign);
        Ok(Self(Arc::new(Circuit {
            shape,
            mode,
            rounds,
            offline_ring,
            ots,
            registers,
            difference_sign,
            shift_carry,
            sign,
            lowered_sign,
        })))
    }

    /// The public shape.
    #[must_use]
    pub fn shape(&self) -> StepShape {
        self.0.shape
    }

    /// The circuit that runs.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Residues each party holds.
    #[must_use]
    pub fn input_values(&self) -> usize {
        self.0.shape.input_values()
    }

    /// Correlated OTs of the whole step.
    #[must_use]
    pub fn cots(&self) -> CotCounts {
        let count = self.0.shape.count;
        CotCounts {
            client_receives: self.0.ots[0].len() * count,
            server_receives: self.0.ots[1].len() * count,
        }
    }

    /// Online exchanges. In each both parties send, then both receive: half a round trip.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.0.rounds.len()
    }

    /// Bits per result of the offline message, client to server.
    #[must_use]
    pub fn offline_bits(&self) -> usize {
        let early = self.0.early_gates().map(|gate| gate.kind.routes(Role::Client).len());
        early.sum::<usize>() + self.0.offline_ring.iter().map(|gate| gate.planes(Role::Client)).sum::<usize>()
    }

    /// Bits per result that `role` sends in `round`; 0 beyond the last round.
    #[must_use]
    pub fn bits(&self, role: Role, round: usize) -> usize {
        self.0.rounds.get(round).map_or(0, |round| round.planes(role))
    }

    /// Bytes of the offline message.
    #[must_use]
    pub fn offline_bytes(&self) -> usize {
        message_bytes(self.offline_bits(), self.0.shape.count)
    }

    /// Bytes the client sends in `round`; where 0, it sends nothing.
    #[must_use]
    pub fn client_bytes(&self, round: usize) -> usize {
        message_bytes(self.bits(Role::Client, round), self.0.shape.count)
    }

    /// Bytes the server sends in `round`; where 0, it sends nothing.
    #[must_use]
    pub fn server_bytes(&self, round: usize) -> usize {
        message_bytes(self.bits(Role::Server, round), self.0.shape.count)
    }

    /// Bits per result of all messages.
    #[must_use]
    pub fn total_bits(&self) -> usize {
        let online =
            (0..self.rounds()).map(|round| self.bits(Role::Client, round) + self.bits(Role::Server, round));
        self.offline_bits() + online.sum::<usize>()
    }

    pub(crate) fn circuit(&self) -> &Arc<Circuit> {
        &self.0
    }
}

impl Circuit {
    /// The gates whose client choices go offline, in order.
    pub(crate) fn early_gates(&self) -> impl Iterator<Item = &Gate> {
        self.rounds.iter().flat_map(|round| &round.gates).filter(|gate| gate.early)
    }
}
