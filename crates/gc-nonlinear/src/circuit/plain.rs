//! Plain evaluation of 64 instances at once, bit i of a word belonging to instance i: the oracle's
//! view of a circuit.

use super::{Gate, Netlist, Slot};

impl Netlist {
    /// Output words from the words of the evaluator's and the garbler's inputs.
    pub(crate) fn evaluate_plain(&self, evaluator_bits: &[u64], garbler_bits: &[u64]) -> Vec<u64> {
        assert_eq!((evaluator_bits.len(), garbler_bits.len()), (self.inputs, self.garbler_bits));
        let mut slots = evaluator_bits.to_vec();
        slots.resize(self.inputs + self.registers, 0);
        for step in &self.steps {
            let word = |slot: Slot| slots[slot.0];
            let out = match step.gate {
                Gate::Xor { a, b } => word(a) ^ word(b),
                Gate::Not { a } => !word(a),
                Gate::XorGarbler { a, garbler } => word(a) ^ garbler_bits[garbler],
                Gate::And { a, b } => word(a) & word(b),
                Gate::Majority { a, b, garbler } => {
                    let (a, b, g) = (word(a), word(b), garbler_bits[garbler]);
                    (a & b) | (a & g) | (b & g)
                }
                Gate::AndGarbler { a, garbler } => word(a) & garbler_bits[garbler],
                Gate::AndEvaluator { a, evaluator } => word(a) & evaluator_bits[evaluator],
            };
            slots[step.out.0] = out;
        }
        self.outputs.iter().map(|slot| slots[slot.0]).collect()
    }
}
