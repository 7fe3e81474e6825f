//! Lays the gates of a step out in rounds.
//!
//! With n = ell - 1, f = shift, A = bits, h = n - f - A the circuit is: the carry into bit n of a - b (its sign), the
//! selection of the larger, then over the value v: the carry k_f into bit f, the carry into bit n of v (v < 0) and of
//! v - 2^(f + A) (v < 2^(f + A)). The last two share everything below bit f + A.

use super::gate::{Gate, GateKind, Wire, Word};
use super::ring::{RingGate, RingKind};
use super::{OtSpec, Round};
use crate::shape::{Mode, Role, StepShape};

/// A span of bits as a carry: generate, propagate (absent where the span starts at bit 0), and the first round in
/// which both are there.
#[derive(Clone, Copy)]
struct Node {
    generate: Wire,
    propagate: Option<Wire>,
    ready: usize,
}

/// The carries that the rest of the step reads.
pub(super) struct Carries {
    /// Into bit `shift` of the value; absent if the shift is 0.
    pub(super) shift: Option<Wire>,
    /// Into the sign of the value.
    pub(super) sign: Wire,
    /// Into the sign of the lowered value; absent without headroom.
    pub(super) lowered_sign: Option<Wire>,
    shift_ready: usize,
    ready: usize,
}

/// Collects rounds, numbers OTs and registers.
pub(super) struct Builder {
    shape: StepShape,
    pub(super) rounds: Vec<Round>,
    pub(super) ots: [Vec<OtSpec>; 2],
    pub(super) registers: usize,
}

impl Builder {
    pub(super) fn new(shape: StepShape) -> Self {
        Self { shape, rounds: Vec::new(), ots: [Vec::new(), Vec::new()], registers: 0 }
    }

    fn round(&mut self, index: usize) -> &mut Round {
        while self.rounds.len() <= index {
            self.rounds.push(Round::default());
        }
        &mut self.rounds[index]
    }

    /// Adds a gate to round `index` and returns its first output register.
    fn gate(&mut self, index: usize, kind: GateKind) -> usize {
        let first_output = self.registers;
        self.registers += kind.outputs();
        let first_ot = [self.ots[0].len(), self.ots[1].len()];
        for receiver in [Role::Client, Role::Server] {
            let specs = kind.routes(receiver).into_iter().map(|outputs| OtSpec::Bits(outputs.len()));
            self.ots[receiver.index()].extend(specs);
        }
        let early = match &kind {
            GateKind::Single { words, .. } | GateKind::Pair { words, .. } => self.known_offline(words[0]),
            GateKind::Carry { words, .. } => self.known_offline(words[0].0),
            GateKind::Join { .. } => false,
        };
        self.round(index).gates.push(Gate { kind, first_ot, first_output, early });
        first_output
    }

    fn known_offline(&self, word: Word) -> bool {
        word == Word::Difference || !self.shape.pool
    }

    /// Adds the ring product or opening `kind` to round `index`; nothing if its ring is trivial.
    pub(super) fn ring(&mut self, index: usize, kind: RingKind) {
        let width = kind.width(&self.shape);
        if width == 0 {
            return;
        }
        let mut ot = [None, None];
        for receiver in kind.receivers() {
            let specs = &mut self.ots[receiver.index()];
            ot[receiver.index()] = Some(specs.len());
            specs.push(OtSpec::Ring(width));
        }
        self.round(index).ring.push(RingGate { kind, width, ot });
    }

    /// The carry into the sign of the difference, from round 0; returns the first round in which it is there.
    pub(super) fn difference(&mut self, mode: Mode) -> (Wire, usize) {
        let span = 0..self.shape.ell - 1;
        match mode {
            Mode::Ripple => {
                let single = GateKind::Single {
                    chooser: Role::Client,
                    words: vec![Word::Difference],
                    bit: span.start,
                };
                let mut carry = Wire::Register(self.gate(0, single));
                let mut round = 1;
                for bit in span.skip(1) {
                    let kind = GateKind::Carry { words: vec![(Word::Difference, carry)], bit };
                    carry = Wire::Register(self.gate(round, kind));
                    round += 1;
                }
                (carry, round)
            }
            Mode::Tree => {
                let node = self.span(0, Word::Difference, span.start, span.end);
                (node.generate, node.ready)
            }
        }
    }

    /// The carries of the value, from round `start`.
    pub(super) fn value(&mut self, mode: Mode, start: usize) -> Carries {
        match mode {
            Mode::Ripple => self.ripple_value(start),
            Mode::Tree => self.tree_value(start),
        }
    }

    fn ripple_value(&mut self, start: usize) -> Carries {
        let (shift, top, sign) = (self.shape.shift, self.shape.top(), self.shape.ell - 1);
        let single = GateKind::Single { chooser: Role::Client, words: vec![Word::Value], bit: 0 };
        let mut carry = Wire::Register(self.gate(start, single));
        let mut lowered = None;
        let mut shift_carry = None;
        for bit in 1..sign {
            if bit == shift {
                shift_carry = Some(carry);
            }
            if bit == top {
                lowered = Some(carry);
            }
            let words = [Some((Word::Value, carry)), lowered.map(|wire| (Word::Lowered, wire))];
            let kind = GateKind::Carry { words: words.into_iter().flatten().collect(), bit };
            let first = self.gate(start + bit as usize, kind);
            carry = Wire::Register(first);
            lowered = lowered.map(|_| Wire::Register(first + 1));
        }
        Carries {
            shift: shift_carry,
            sign: carry,
            lowered_sign: lowered,
            shift_ready: start + shift as usize,
            ready: start + sign as usize,
        }
    }

    fn tree_value(&mut self, start: usize) -> Carries {
        let (shift, top, sign) = (self.shape.shift, self.shape.top(), self.shape.ell - 1);
        let low = (shift > 0).then(|| self.span(start, Word::Value, 0, shift));
        let middle = self.span(start, Word::Value, shift, top);
        let upper = (top < sign).then(|| self.twin_span(start, top, sign));
        let (shift_carry, shift_ready) =
            (low.map(|node| node.generate), low.map_or(start, |node| node.ready));
        let ends = self.sign_carries(low, middle, upper);
        Carries {
            shift: shift_carry,
            sign: ends[0].generate,
            lowered_sign: ends.get(1).map(|node| node.generate),
            shift_ready,
            ready: ends.iter().map(|node| node.ready).fold(start, usize::max),
        }
    }

    /// Joins the spans below, in and above the result, in the order that is ready first (ties: the cheaper).
    fn sign_carries(&mut self, low: Option<Node>, middle: Node, upper: Option<[Node; 2]>) -> Vec<Node> {
        let from_low = low.map_or(middle.ready, |low| low.ready.max(middle.ready) + 1);
        let Some(upper) = upper else {
            return vec![low.map_or(middle, |low| self.join(middle, low))];
        };
        let upper_ready = upper[0].ready.max(upper[1].ready);
        let low_ready = low.map_or(0, |low| low.ready);
        let low_first = from_low.max(upper_ready) + 1;
        let low_last = (upper_ready.max(middle.ready) + 1).max(low_ready) + 1;
        match low {
            Some(low) if low_last < low_first => upper
                .iter()
                .map(|node| self.join(*node, middle))
                .collect::<Vec<_>>()
                .into_iter()
                .map(|node| self.join(node, low))
                .collect(),
            _ => {
                let below = low.map_or(middle, |low| self.join(middle, low));
                upper.iter().map(|node| self.join(*node, below)).collect()
            }
        }
    }

    /// The span of bits `first` to `end` - 1 of `word` as one node: leaves of two bits, joined pairwise. An odd bit
    /// stands at the upper end, where it is cheapest.
    fn span(&mut self, start: usize, word: Word, first: u32, end: u32) -> Node {
        let mut nodes = Vec::new();
        let mut bit = first;
        while bit + 1 < end {
            let propagate = bit > 0;
            let kind = GateKind::Pair { chooser: Role::Client, words: vec![word], bit, propagate };
            let out = self.gate(start, kind);
            let propagate = propagate.then_some(Wire::Register(out + 1));
            nodes.push(Node { generate: Wire::Register(out), propagate, ready: start + 1 });
            bit += 2;
        }
        if bit < end {
            let out = self.gate(start, GateKind::Single { chooser: Role::Client, words: vec![word], bit });
            let propagate = (bit > 0).then_some(Wire::Own(word, bit));
            nodes.push(Node { generate: Wire::Register(out), propagate, ready: start + 1 });
        }
        self.reduce(nodes)
    }

    /// The span of bits `first` to `end` - 1 of the value and of the lowered value; the server's choices serve both.
    fn twin_span(&mut self, start: usize, first: u32, end: u32) -> [Node; 2] {
        let words = [Word::Value, Word::Lowered];
        let mut twins = [Vec::new(), Vec::new()];
        let mut bit = first;
        while bit < end {
            let pair = bit + 1 < end;
            let (chooser, words_of_gate) = (Role::Server, words.to_vec());
            let out = self.gate(
                start,
                match pair {
                    true => GateKind::Pair { chooser, words: words_of_gate, bit, propagate: true },
                    false => GateKind::Single { chooser, words: words_of_gate, bit },
                },
            );
            for (index, (nodes, word)) in twins.iter_mut().zip(words).enumerate() {
                let (generate, propagate) = match pair {
                    true => (Wire::Register(out + 2 * index), Wire::Register(out + 2 * index + 1)),
                    false => (Wire::Register(out + index), Wire::Own(word, bit)),
                };
                nodes.push(Node { generate, propagate: Some(propagate), ready: start + 1 });
            }
            bit += 2;
        }
        twins.map(|nodes| self.reduce(nodes))
    }

    /// Joins neighbours, lowest first, until one node is left.
    fn reduce(&mut self, mut nodes: Vec<Node>) -> Node {
        while nodes.len() > 1 {
            nodes = nodes
                .chunks(2)
                .map(|pair| if let [low, high] = pair { self.join(*high, *low) } else { pair[0] })
                .collect();
        }
        nodes[0]
    }

    fn join(&mut self, high: Node, low: Node) -> Node {
        let round = high.ready.max(low.ready);
        // Only the span at bit 0 has no propagate, and it is never the upper one.
        let propagate = high.propagate.unwrap_or(high.generate);
        let kind = GateKind::Join {
            generate: high.generate,
            propagate,
            low: low.generate,
            low_propagate: low.propagate,
        };
        let out = self.gate(round, kind);
        let propagate = low.propagate.map(|_| Wire::Register(out + 1));
        Node { generate: Wire::Register(out), propagate, ready: round + 1 }
    }

    /// What follows the carries: shares of the shifted value, the selection, the lift to the output ring.
    pub(super) fn finish(&mut self, carries: &Carries) {
        if carries.shift.is_some() {
            self.ring(carries.shift_ready, RingKind::ShiftCarry);
        }
        self.ring(carries.ready, RingKind::Multiplex);
        if carries.lowered_sign.is_some() {
            self.ring(carries.ready, RingKind::Saturate);
        }
        self.ring(carries.ready + 1, RingKind::Lift);
    }
}
