//! Records a circuit gate by gate and assigns registers to its wires.

use super::{Gate, Netlist, Slot, Step};

/// A wire of a circuit being recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire(usize);

/// A bit that the garbler knows. It has no label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GarblerBit(usize);

/// Records gates. Wire numbers: first the evaluator's inputs, then one for each gate.
pub(crate) struct Builder {
    inputs: usize,
    garbler_bits: usize,
    gates: Vec<Gate<Wire>>,
}

impl Builder {
    /// A circuit without gates on the given numbers of input bits.
    pub(crate) fn new(inputs: usize, garbler_bits: usize) -> Self {
        Self { inputs, garbler_bits, gates: Vec::new() }
    }

    /// The evaluator's input bits `range`, as wires.
    pub(crate) fn inputs(&self, range: core::ops::Range<usize>) -> Vec<Wire> {
        debug_assert!(range.end <= self.inputs);
        range.map(Wire).collect()
    }

    /// The garbler's input bits `range`.
    pub(crate) fn garbler_bits(&self, range: core::ops::Range<usize>) -> Vec<GarblerBit> {
        debug_assert!(range.end <= self.garbler_bits);
        range.map(GarblerBit).collect()
    }

    fn push(&mut self, gate: Gate<Wire>) -> Wire {
        self.gates.push(gate);
        Wire(self.inputs + self.gates.len() - 1)
    }

    pub(crate) fn xor(&mut self, a: Wire, b: Wire) -> Wire {
        self.push(Gate::Xor { a, b })
    }

    pub(crate) fn not(&mut self, a: Wire) -> Wire {
        self.push(Gate::Not { a })
    }

    pub(crate) fn and(&mut self, a: Wire, b: Wire) -> Wire {
        self.push(Gate::And { a, b })
    }

    pub(crate) fn xor_garbler(&mut self, a: Wire, bit: GarblerBit) -> Wire {
        self.push(Gate::XorGarbler { a, garbler: bit.0 })
    }

    pub(crate) fn and_garbler(&mut self, a: Wire, bit: GarblerBit) -> Wire {
        self.push(Gate::AndGarbler { a, garbler: bit.0 })
    }

    /// The AND with an input of the evaluator, which must be one of [`Builder::inputs`].
    pub(crate) fn and_evaluator(&mut self, a: Wire, input: Wire) -> Wire {
        debug_assert!(input.0 < self.inputs);
        self.push(Gate::AndEvaluator { a, evaluator: input.0 })
    }

    pub(crate) fn majority(&mut self, a: Wire, b: Wire, bit: GarblerBit) -> Wire {
        self.push(Gate::Majority { a, b, garbler: bit.0 })
    }

    /// Ends the circuit. Registers are given out in gate order. One is free again after the last
    /// use of its wire.
    pub(crate) fn finish(self, outputs: &[Wire]) -> Netlist {
        let last_use = self.last_uses(outputs);
        let mut slots: Vec<Slot> = (0..self.inputs).map(Slot).collect();
        let mut free = Vec::new();
        let mut registers = 0;
        let mut steps = Vec::with_capacity(self.gates.len());
        for (position, gate) in self.gates.iter().enumerate() {
            let (a, b) = gate.operands();
            for wire in [Some(a), b.filter(|b| *b != a)].into_iter().flatten() {
                if wire.0 >= self.inputs && last_use[wire.0] == position {
                    free.push(slots[wire.0]);
                }
            }
            let renamed = gate.map(|wire| slots[wire.0]);
            let out = reuse(&mut free, &renamed).unwrap_or_else(|| {
                registers += 1;
                Slot(self.inputs + registers - 1)
            });
            slots.push(out);
            steps.push(Step { gate: renamed, out });
        }
        Netlist {
            inputs: self.inputs,
            #[cfg(test)]
            garbler_bits: self.garbler_bits,
            registers,
            ciphertexts: self.gates.iter().map(Gate::ciphertexts).sum(),
            outputs: outputs.iter().map(|wire| slots[wire.0]).collect(),
            steps,
        }
    }

    /// For each wire the position of the last gate that reads it. An output is never free.
    fn last_uses(&self, outputs: &[Wire]) -> Vec<usize> {
        let mut last_use = vec![0; self.inputs + self.gates.len()];
        for (position, gate) in self.gates.iter().enumerate() {
            let (a, b) = gate.operands();
            last_use[a.0] = position;
            if let Some(b) = b {
                last_use[b.0] = position;
            }
        }
        for output in outputs {
            last_use[output.0] = usize::MAX;
        }
        last_use
    }
}

/// A free register, the gate's first operand if that is one: a flip in place costs the evaluator
/// nothing.
fn reuse(free: &mut Vec<Slot>, gate: &Gate<Slot>) -> Option<Slot> {
    let (a, _) = gate.operands();
    match free.iter().position(|slot| *slot == a) {
        Some(position) => Some(free.swap_remove(position)),
        None => free.pop(),
    }
}
