//! The LSTM layer (Hochreiter and Schmidhuber 1997) with Keras' gate order: input, forget, cell,
//! output.

use deepcardio::architecture::GATES;

use super::linear::Linear;

/// Weights of an LSTM. Only its last output is used.
#[derive(Clone, PartialEq)]
pub struct Lstm {
    /// Channels of the input sequence.
    pub inputs: usize,
    /// Width of the state.
    pub units: usize,
    /// Input weights, `[in][4 * units]`.
    pub kernel: Vec<f32>,
    /// Recurrent weights, `[units][4 * units]`.
    pub recurrent: Vec<f32>,
    /// Bias, `[4 * units]`.
    pub bias: Vec<f32>,
}

impl std::fmt::Debug for Lstm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lstm {{ {} -> {} }}", self.inputs, self.units)
    }
}

impl Lstm {
    /// The weights as one layer on `[input; hidden state]`, `[4 * units][in + units]`.
    #[must_use]
    pub fn combined(&self) -> Linear {
        let (rows, inputs) = (GATES * self.units, self.inputs + self.units);
        let column = |row: usize| {
            let values = self.kernel.iter().chain(&self.recurrent).skip(row).step_by(rows.max(1));
            values.map(|&weight| f64::from(weight))
        };
        Linear {
            dense: false,
            inputs,
            outputs: rows,
            kernel: 1,
            weights: (0..rows).flat_map(column).collect(),
            bias: self.bias.iter().map(|&bias| f64::from(bias)).collect(),
        }
    }

    /// Runs over a sequence `[in][position]` and returns the last output, `[units]`.
    pub(super) fn apply(&self, sequence: &[f32], length: usize) -> Vec<f32> {
        let mut hidden = vec![0.0; self.units];
        let mut cell = vec![0.0; self.units];
        for position in 0..length {
            let input = sequence.iter().skip(position).step_by(length.max(1));
            let mut gates = self.bias.clone();
            accumulate(&mut gates, input, &self.kernel);
            accumulate(&mut gates, hidden.iter(), &self.recurrent);
            self.step(&gates, &mut hidden, &mut cell);
        }
        hidden
    }

    fn step(&self, gates: &[f32], hidden: &mut [f32], cell: &mut [f32]) {
        let mut parts = gates.chunks_exact(self.units);
        let (Some(input), Some(forget), Some(candidate), Some(output)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let gated = input.iter().zip(forget).zip(candidate).zip(output);
        for ((((i, f), c), o), (hidden, cell)) in gated.zip(hidden.iter_mut().zip(cell)) {
            *cell = sigmoid(*f) * *cell + sigmoid(*i) * c.tanh();
            *hidden = sigmoid(*o) * cell.tanh();
        }
    }
}

/// `gates += values * weights`, weights `[value][gate]`.
fn accumulate<'a>(gates: &mut [f32], values: impl Iterator<Item = &'a f32>, weights: &[f32]) {
    for (value, row) in values.zip(weights.chunks_exact(gates.len().max(1))) {
        gates.iter_mut().zip(row).for_each(|(gate, weight)| *gate += value * weight);
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
