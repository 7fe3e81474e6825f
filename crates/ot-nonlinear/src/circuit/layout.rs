//! The layout of a step, from the difference to the result.
//!
//! Let n = ell - 1, f = shift, A = bits and h = n - f - A. The circuit has these parts in order:
//!
//! 1. the carry into bit n of a - b, which gives its sign;
//! 2. the selection of the larger accumulator;
//! 3. the carries of the value v: k_f into bit f, the one into bit n of v (is v < 0?), and the one
//!    into bit n of v - 2^(f + A) (is v < 2^(f + A)?).
//!
//! The last two carries share everything below bit f + A. In range, over and negative are XORs of
//! the two signs, so they take no further gate and no further round.

use shares::StepShape;

use super::build::{Builder, Chain};
use super::gate::Word;
use super::ring::{RingGate, RingKind};
use super::schedule::OtSpec;
use super::spans::Marks;
use crate::shape::Mode;

/// Registers of the carries that the selection reads.
#[derive(Debug)]
pub(crate) struct Carries {
    /// Into the sign of the difference. It is absent without pooling.
    pub(crate) difference_sign: Option<usize>,
    /// Into bit `shift` of the value. It is absent if the shift is 0.
    pub(crate) shift: Option<usize>,
    /// Into the sign of the value.
    pub(crate) sign: usize,
    /// Into the sign of the lowered value. It is absent without headroom.
    pub(crate) lowered_sign: Option<usize>,
}

/// Registers and the first rounds in which they are there.
struct ValueCarries {
    shift: Option<usize>,
    shift_ready: usize,
    sign: usize,
    lowered_sign: Option<usize>,
    ready: usize,
}

/// Lays out a whole step. The offline ring gates are returned apart.
///
/// A silent extension makes equally many OTs both ways. We move half the client's surplus to the
/// server, so that few are wasted.
pub(super) fn lay_out(
    shape: StepShape,
    mode: Mode,
    known_offline: bool,
) -> (Builder, Vec<RingGate>, Carries) {
    let (builder, ..) = lay_out_with(shape, mode, known_offline, 0);
    let [client, server] = builder.ots.map(|ots| ots.len());
    lay_out_with(shape, mode, known_offline, client.saturating_sub(server) / 2)
}

/// With `quota` OTs in which the server chooses where either party could.
fn lay_out_with(
    shape: StepShape,
    mode: Mode,
    known_offline: bool,
    quota: usize,
) -> (Builder, Vec<RingGate>, Carries) {
    let input = if shape.pool { Word::Difference } else { Word::Value };
    let mut layout = StepLayout { shape, builder: Builder::new(known_offline.then_some(input), quota) };
    let mut offline = Vec::new();
    let mut difference_sign = None;
    let mut start = 0;
    if shape.pool {
        offline.extend(layout.ring_gate(RingKind::MaskOffline));
        layout.ring(0, RingKind::MaskOnline);
        let (carry, ready) = layout.builder.sign_carry(mode.limit(), Word::Difference, shape.ell - 1);
        layout.ring(ready, RingKind::Open);
        difference_sign = Some(carry);
        start = ready + 1;
    }
    let value = layout.value(start, mode.limit());
    layout.finish(&value);
    let ValueCarries { shift, sign, lowered_sign, .. } = value;
    (layout.builder, offline, Carries { difference_sign, shift, sign, lowered_sign })
}

struct StepLayout {
    shape: StepShape,
    builder: Builder,
}

impl StepLayout {
    /// Numbers the OTs of a ring gate. A gate on a trivial ring is left out.
    fn ring_gate(&mut self, kind: RingKind) -> Option<RingGate> {
        let width = kind.width(&self.shape);
        let mut ot = [None, None];
        for receiver in kind.receivers().iter().filter(|_| width > 0) {
            let specs = &mut self.builder.ots[receiver.index()];
            ot[receiver.index()] = Some(specs.len());
            specs.push(OtSpec::Ring(width));
        }
        (width > 0).then_some(RingGate { kind, width, ot })
    }

    fn ring(&mut self, round: usize, kind: RingKind) {
        if let Some(gate) = self.ring_gate(kind) {
            self.builder.round(round).ring.push(gate);
        }
    }

    /// The carries of the value, from round `start` on.
    fn value(&mut self, start: usize, limit: u32) -> ValueCarries {
        let marks = Marks { tap: self.shape.shift, twin: self.shape.top() };
        let mut chain = Chain::new(marks, start, Word::Value);
        let signs = chain.prefix(&mut self.builder, self.shape.ell - 1, limit);
        ValueCarries {
            shift: chain.tap.map(|node| node.generate),
            shift_ready: chain.tap.map_or(start, |node| node.ready),
            sign: signs[0].generate,
            lowered_sign: signs.get(1).map(|node| node.generate),
            ready: signs.iter().map(|node| node.ready).fold(start, usize::max),
        }
    }

    /// What follows the carries: shares of the shifted value, the selection, the lift to the output
    /// ring.
    fn finish(&mut self, value: &ValueCarries) {
        if value.shift.is_some() {
            self.ring(value.shift_ready, RingKind::ShiftCarry);
        }
        self.ring(value.ready, RingKind::Multiplex);
        if value.lowered_sign.is_some() {
            self.ring(value.ready, RingKind::Saturate);
        }
        self.ring(value.ready + 1, RingKind::Lift);
    }
}
