//! Lays gates out in rounds: ripples of carries and trees of spans.

use super::gate::{Gate, GateKind, Wire, Word};
use super::schedule::{OtSpec, Round};
use crate::shape::{Mode, Role};

/// A span of bits as a carry: generate, propagate (absent where the span starts at bit 0), and the first round in
/// which both are there.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// A register.
    pub(super) generate: usize,
    pub(super) propagate: Option<Wire>,
    pub(super) ready: usize,
}

/// Collects rounds, numbers OTs and registers.
pub(super) struct Builder {
    /// The client knows every operand offline, not only differences of its input.
    all_known_offline: bool,
    pub(super) rounds: Vec<Round>,
    pub(super) ots: [Vec<OtSpec>; 2],
    pub(super) registers: usize,
}

impl Builder {
    pub(super) fn new(all_known_offline: bool) -> Self {
        Self { all_known_offline, rounds: Vec::new(), ots: [Vec::new(), Vec::new()], registers: 0 }
    }

    pub(super) fn round(&mut self, index: usize) -> &mut Round {
        while self.rounds.len() <= index {
            self.rounds.push(Round::default());
        }
        &mut self.rounds[index]
    }

    /// Adds a gate to round `index` and returns its first output register.
    pub(super) fn gate(&mut self, index: usize, kind: GateKind) -> usize {
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
        matches!(word, Word::Difference | Word::Lead(_)) || self.all_known_offline
    }

    /// The carry into the sign (bit `sign`) of `word`, from round 0; with the first round in which it is there.
    pub(super) fn sign_carry(&mut self, mode: Mode, word: Word, sign: u32) -> (usize, usize) {
        match mode {
            Mode::Ripple => {
                let single = GateKind::Single { chooser: Role::Client, words: vec![word], bit: 0 };
                let first = self.gate(0, single);
                (1..sign).zip(1..).fold((first, 1), |(carry, _), (bit, round)| {
                    let kind = GateKind::Carry { words: vec![(word, Wire::Register(carry))], bit };
                    (self.gate(round, kind), round + 1)
                })
            }
            Mode::Tree => {
                let node = self.span(0, word, 0, sign);
                (node.generate, node.ready)
            }
        }
    }

    /// The span of bits `first` to `end` - 1 of `word` as one node: leaves of two bits, joined pairwise. An odd bit
    /// stands at the upper end, where it is cheapest.
    pub(super) fn span(&mut self, start: usize, word: Word, first: u32, end: u32) -> Node {
        let mut nodes = Vec::new();
        let mut bit = first;
        while bit + 1 < end {
            let propagate = bit > 0;
            let kind = GateKind::Pair { chooser: Role::Client, words: vec![word], bit, propagate };
            let out = self.gate(start, kind);
            let propagate = propagate.then_some(Wire::Register(out + 1));
            nodes.push(Node { generate: out, propagate, ready: start + 1 });
            bit += 2;
        }
        if bit < end {
            let out = self.gate(start, GateKind::Single { chooser: Role::Client, words: vec![word], bit });
            let propagate = (bit > 0).then_some(Wire::Own(word, bit));
            nodes.push(Node { generate: out, propagate, ready: start + 1 });
        }
        self.reduce(nodes)
    }

    /// The span of bits `first` to `end` - 1 of the value and of the lowered value; the server's choices serve both.
    pub(super) fn twin_span(&mut self, start: usize, first: u32, end: u32) -> [Node; 2] {
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
                    true => (out + 2 * index, Wire::Register(out + 2 * index + 1)),
                    false => (out + index, Wire::Own(word, bit)),
                };
                nodes.push(Node { generate, propagate: Some(propagate), ready: start + 1 });
            }
            bit += 2;
        }
        twins.map(|nodes| self.reduce(nodes))
    }

    /// Joins neighbours, lowest first, until one node is left.
    pub(super) fn reduce(&mut self, mut nodes: Vec<Node>) -> Node {
        while nodes.len() > 1 {
            nodes = nodes
                .chunks(2)
                .map(|pair| if let [low, high] = pair { self.join(*high, *low) } else { pair[0] })
                .collect();
        }
        nodes[0]
    }

    pub(super) fn join(&mut self, high: Node, low: Node) -> Node {
        let round = high.ready.max(low.ready);
        // Only the span at bit 0 has no propagate, and it is never the upper one.
        let propagate = high.propagate.unwrap_or(Wire::Register(high.generate));
        let kind = GateKind::Join {
            generate: Some(Wire::Register(high.generate)),
            propagate,
            low: Wire::Register(low.generate),
            low_propagate: low.propagate,
        };
        let out = self.gate(round, kind);
        let propagate = low.propagate.map(|_| Wire::Register(out + 1));
        Node { generate: out, propagate, ready: round + 1 }
    }
}
