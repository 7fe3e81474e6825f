//! Circuits, written once and interpreted four ways: in clear, counted, garbled, evaluated.
//!
//! A [`Builder`](builder::Builder) records a circuit as a [`Netlist`]. A netlist has the usual
//! gates, and it says which party knows which bit. The garbler's input bits never become wires:
//! they flip or mask wires. An AND with a bit that one party knows costs half an AND (Zahur,
//! Rosulek, Evans, EUROCRYPT 2015, section 3).
//!
//! | gate | ciphertexts | hashes garbling / evaluating |
//! |---|---|---|
//! | `Xor`, `Not`, `XorGarbler` | 0 | 0 / 0 |
//! | `AndGarbler`: with a bit that the garbler knows | 1 | 2 / 1 |
//! | `AndEvaluator`: with an input bit of the evaluator | 1 | 2 / 1 |
//! | `And`, `Majority` (of two wires and a garbler's bit) | 2 | 4 / 2 |

pub(crate) mod activation;
pub(crate) mod argmax;
mod arith;
pub(crate) mod builder;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;

/// Where a wire's labels lie.
///
/// The first [`Netlist::inputs`] slots are the evaluator's inputs, which are never written. The
/// others are registers, reused once a wire is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) usize);

/// One gate. `garbler` is an index of a bit that the garbler knows, `evaluator` of an input bit of
/// the evaluator.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gate<W> {
    /// a ^ b
    Xor { a: W, b: W },
    /// 1 ^ a
    Not { a: W },
    /// a ^ g
    XorGarbler { a: W, garbler: usize },
    /// a & b
    And { a: W, b: W },
    /// The majority of a, b and g: ((a ^ g) & (b ^ g)) ^ g
    Majority { a: W, b: W, garbler: usize },
    /// a & g
    AndGarbler { a: W, garbler: usize },
    /// a & e
    AndEvaluator { a: W, evaluator: usize },
}

impl<W: Copy> Gate<W> {
    /// Ciphertexts, each under a key of its own.
    pub(crate) fn ciphertexts(&self) -> usize {
        match self {
            Gate::Xor { .. } | Gate::Not { .. } | Gate::XorGarbler { .. } => 0,
            Gate::AndGarbler { .. } | Gate::AndEvaluator { .. } => 1,
            Gate::And { .. } | Gate::Majority { .. } => 2,
        }
    }

    /// The wires that the gate reads, apart from the evaluator's input.
    fn operands(&self) -> (W, Option<W>) {
        match *self {
            Gate::Xor { a, b } | Gate::And { a, b } | Gate::Majority { a, b, .. } => (a, Some(b)),
            Gate::Not { a }
            | Gate::XorGarbler { a, .. }
            | Gate::AndGarbler { a, .. }
            | Gate::AndEvaluator { a, .. } => (a, None),
        }
    }

    /// The same gate with its wires renamed.
    fn map<V>(&self, mut rename: impl FnMut(W) -> V) -> Gate<V> {
        match *self {
            Gate::Xor { a, b } => Gate::Xor { a: rename(a), b: rename(b) },
            Gate::Not { a } => Gate::Not { a: rename(a) },
            Gate::XorGarbler { a, garbler } => Gate::XorGarbler { a: rename(a), garbler },
            Gate::And { a, b } => Gate::And { a: rename(a), b: rename(b) },
            Gate::Majority { a, b, garbler } => Gate::Majority { a: rename(a), b: rename(b), garbler },
            Gate::AndGarbler { a, garbler } => Gate::AndGarbler { a: rename(a), garbler },
            Gate::AndEvaluator { a, evaluator } => Gate::AndEvaluator { a: rename(a), evaluator },
        }
    }
}

/// A gate and the register that receives its output. This may be the register of an operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) gate: Gate<Slot>,
    pub(crate) out: Slot,
}

/// A recorded circuit with its registers assigned.
pub(crate) struct Netlist {
    /// Input bits of the evaluator.
    pub(crate) inputs: usize,
    /// Input bits of the garbler.
    #[cfg(test)]
    pub(crate) garbler_bits: usize,
    /// Registers that hold the wires alive at one time.
    pub(crate) registers: usize,
    /// Gates in order of evaluation.
    pub(crate) steps: Vec<Step>,
    /// Where the outputs lie after the last gate.
    pub(crate) outputs: Vec<Slot>,
    /// Ciphertexts of one garbled instance.
    pub(crate) ciphertexts: usize,
}
