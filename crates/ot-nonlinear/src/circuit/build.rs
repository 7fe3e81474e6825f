//! Lays the gates of carries out in rounds.

use shares::Role;

use super::gate::{Extension, Gate, GateKind, Wire, Word};
use super::schedule::{OtSpec, Round};
use super::spans::{Marks, Recipe, Spans};

/// A span of bits as a carry: generate, propagate (absent where the span starts at bit 0), and the
/// first round in which both are there.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// A register.
    pub(super) generate: usize,
    pub(super) propagate: Option<Wire>,
    pub(super) ready: usize,
}

/// Collects rounds, numbers OTs and registers.
pub(super) struct Builder {
    /// The word of which the client knows its bits offline: what the input sets.
    known_offline: Option<Word>,
    /// OTs that the server still chooses in where the client could as well.
    quota: usize,
    pub(super) rounds: Vec<Round>,
    pub(super) ots: [Vec<OtSpec>; 2],
    pub(super) registers: usize,
}

impl Builder {
    pub(super) fn new(known_offline: Option<Word>, quota: usize) -> Self {
        Self { known_offline, quota, rounds: Vec::new(), ots: [Vec::new(), Vec::new()], registers: 0 }
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
        let word = match &kind {
            GateKind::Single { words, .. } | GateKind::Pair { words, .. } => words.first().copied(),
            GateKind::Carry { words, server_chooses: false, .. } => words.first().map(|span| span.word),
            GateKind::Carry { .. } | GateKind::Join { .. } => None,
        };
        let early = word.is_some() && word == self.known_offline;
        self.round(index).gates.push(Gate { kind, first_ot, first_output, early });
        first_output
    }

    /// Who chooses in `ots` OTs that either party could choose in.
    fn chooser(&mut self, ots: usize) -> Role {
        match self.quota.checked_sub(ots) {
            Some(rest) => {
                self.quota = rest;
                Role::Server
            }
            None => Role::Client,
        }
    }

    /// The carry into bit `end` of `word` in at most `limit` exchanges from round 0, or in as few
    /// as it takes.
    pub(super) fn sign_carry(&mut self, limit: u32, word: Word, end: u32) -> (usize, usize) {
        let mut chain = Chain::new(Marks { tap: 0, twin: end }, 0, word);
        let nodes = chain.prefix(self, end, limit);
        (nodes[0].generate, nodes[0].ready)
    }

    fn join(&mut self, high: Node, low: Node) -> Node {
        let round = high.ready.max(low.ready);
        // Only the span at bit 0 has no propagate, and it is never the upper one.
        let propagate = high.propagate.unwrap_or(Wire::Register(high.generate));
        let kind = GateKind::Join {
            generate: Wire::Register(high.generate),
            propagate,
            low: Wire::Register(low.generate),
            low_propagate: low.propagate,
        };
        let out = self.gate(round, kind);
        let propagate = low.propagate.map(|_| Wire::Register(out + 1));
        Node { generate: out, propagate, ready: round + 1 }
    }
}

/// The gates of one operand's carries, as `spans` plans them. Spans above the twin mark are two
/// nodes, others one.
pub(super) struct Chain {
    marks: Marks,
    spans: Spans,
    start: usize,
    word: Word,
    /// The prefix at the tap, once it is made.
    pub(super) tap: Option<Node>,
}

impl Chain {
    /// Carries of `word` (above the twin mark also of the lowered value), from round `start` on.
    pub(super) fn new(marks: Marks, start: usize, word: Word) -> Self {
        Self { marks, spans: Spans::new(marks), start, word, tap: None }
    }

    /// Makes the carry into bit `end` in at most `limit` exchanges, or in as few as it takes.
    pub(super) fn prefix(&mut self, builder: &mut Builder, end: u32, limit: u32) -> Vec<Node> {
        let depth = self.spans.exchanges(end, limit);
        self.make(builder, 0, end, depth)
    }

    fn words(&self, end: u32) -> Vec<Word> {
        let twin = (end > self.marks.twin).then_some(Word::Lowered);
        core::iter::once(self.word).chain(twin).collect()
    }

    fn make(&mut self, builder: &mut Builder, first: u32, end: u32, depth: u32) -> Vec<Node> {
        let nodes = match self.spans.best(first, end, depth) {
            Some((_, Recipe::Join(cut))) => {
                let low = self.make(builder, first, cut, depth - 1);
                let high = self.make(builder, cut, end, depth - 1);
                high.iter().zip(low.iter().cycle()).map(|(high, low)| builder.join(*high, *low)).collect()
            }
            Some((_, Recipe::Extend)) => {
                let low = self.make(builder, first, end - 1, depth - 1);
                self.extend(builder, &low, end - 1)
            }
            // Every span has a recipe in the depth it is asked for: `exchanges` and `best` looked
            // it up.
            Some((_, Recipe::Leaf)) | None => self.leaf(builder, first, end),
        };
        if first == 0 && end == self.marks.tap {
            self.tap = nodes.first().copied();
        }
        nodes
    }

    fn extend(&self, builder: &mut Builder, low: &[Node], bit: u32) -> Vec<Node> {
        let round = low.iter().map(|node| node.ready).fold(self.start, usize::max);
        let extension = |(word, node): (Word, &Node)| Extension {
            word,
            carry: Wire::Register(node.generate),
            propagate: node.propagate,
        };
        let words: Vec<_> = self.words(bit + 1).into_iter().zip(low.iter().cycle()).map(extension).collect();
        let propagates = words[0].propagate.is_some();
        let count = words.len();
        let movable = count > 1 && !propagates && builder.known_offline != Some(self.word);
        let server_chooses = movable && builder.chooser(count) == Role::Server;
        let out = builder.gate(round, GateKind::Carry { words, bit, server_chooses });
        Self::nodes(out, count, propagates, round + 1)
    }

    /// One or two bits. A leaf at bit 0 has no propagate. The server's choices serve both versions
    /// of a word.
    fn leaf(&self, builder: &mut Builder, first: u32, end: u32) -> Vec<Node> {
        let words = self.words(end);
        let (bit, count, propagate) = (first, words.len(), first > 0);
        let chooser = if count > 1 { Role::Server } else { builder.chooser((end - first) as usize) };
        if end - first > 1 {
            let out = builder.gate(self.start, GateKind::Pair { chooser, words, bit, propagate });
            return Self::nodes(out, count, propagate, self.start + 1);
        }
        let out = builder.gate(self.start, GateKind::Single { chooser, words: words.clone(), bit });
        let node = |(generate, word)| {
            let propagate = propagate.then_some(Wire::Own(word, bit));
            Node { generate, propagate, ready: self.start + 1 }
        };
        (out..).zip(words).map(node).collect()
    }

    /// The nodes of a gate whose outputs start at register `out`, (generate, propagate) or generate
    /// for each word.
    fn nodes(out: usize, count: usize, propagates: bool, ready: usize) -> Vec<Node> {
        let stride = 1 + usize::from(propagates);
        let node = |index: usize| {
            let generate = out + index * stride;
            Node { generate, propagate: propagates.then_some(Wire::Register(generate + 1)), ready }
        };
        (0..count).map(node).collect()
    }
}
