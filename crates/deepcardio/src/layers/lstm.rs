//! The LSTM (Hochreiter and Schmidhuber 1997) in integers. Gates and the cell state have 7
//! fractional bits, the hidden state has 14. An index of 128 into a table means 0. With
//! `u = [x_t * 2^k; h]` and accumulators `W u + bias` for each position `t`, rows in Keras' gate
//! order (input, forget, cell, output):
//!
//! ```text
//! q = clamp((acc + 2^(f-1)) >> f, 0, 255)          I, F, O = sigmoid[q]       G = tanh[q of the cell rows]
//! a = F * c + I * G
//! c = clamp((a + 64) >> 7, -2^(C-1), 2^(C-1) - 1)
//! z = clamp(((a + 2^(g-1)) >> g) + 128, 0, 255)    h = O * cell_tanh[z]
//! ```

use super::requantise::requantise_value;
use crate::architecture::{GATES, Lstm, OffsetStep};

/// Both parts of the state of one LSTM, zero at first.
struct State {
    /// Unit `2^-7`.
    cell: Vec<i32>,
    /// Unit `2^-14`, at most 1 in magnitude.
    hidden: Vec<i32>,
}

/// Values of an LSTM on one sequence.
pub struct LstmValues {
    /// Accumulators `[4 H][T]`.
    pub accumulators: Vec<i32>,
    /// The last hidden state, `[H]`.
    pub hidden: Vec<i32>,
}

/// Runs an LSTM over a sequence `[X][T]` of `length` positions. `linear` takes `[x_t * 2^k; h]`,
/// `X + H` values, to the `4 H` accumulators of a position.
#[must_use]
pub fn lstm(lstm: &Lstm, input: &[i32], length: usize, linear: impl Fn(&[i32]) -> Vec<i32>) -> LstmValues {
    let mut state = State { cell: vec![0; lstm.units], hidden: vec![0; lstm.units] };
    let mut accumulators = vec![0; GATES * lstm.units * length];
    for position in 0..length {
        let shifted = input.iter().skip(position).step_by(length).map(|&value| value << lstm.input_shift);
        let combined: Vec<i32> = shifted.chain(state.hidden.iter().copied()).collect();
        let gates = linear(&combined);
        let column = accumulators.iter_mut().skip(position).step_by(length);
        column.zip(&gates).for_each(|(acc, &value)| *acc = value);
        state.step(lstm, &gates);
    }
    LstmValues { accumulators, hidden: state.hidden }
}

impl State {
    /// Advances by one position, from its `4 H` accumulators.
    fn step(&mut self, lstm: &Lstm, accumulators: &[i32]) {
        let mut gates = accumulators.chunks_exact(lstm.units);
        let (Some(input), Some(forget), Some(candidate), Some(output)) =
            (gates.next(), gates.next(), gates.next(), gates.next())
        else {
            return;
        };
        let tables = &lstm.tables;
        let index = |&acc: &i32| offset_step(lstm.gate_step(), acc);
        let rows = input.iter().zip(forget).zip(candidate).zip(output);
        for ((((i, f), g), o), (cell, hidden)) in rows.zip(self.cell.iter_mut().zip(&mut self.hidden)) {
            let written = tables.sigmoid_at(index(i)) * tables.tanh_at(index(g));
            let unscaled = tables.sigmoid_at(index(f)) * *cell + written;
            *cell = offset_step(lstm.cell_step(), unscaled) - lstm.cell_offset();
            let shown = tables.cell_tanh_at(offset_step(lstm.cell_index_step(), unscaled));
            *hidden = tables.sigmoid_at(index(o)) * shown;
        }
    }
}

fn offset_step(step: OffsetStep, value: i32) -> i32 {
    requantise_value(step.step, value + step.offset)
}

#[cfg(test)]
mod tests {
    use super::{Lstm, lstm};
    use crate::architecture::LstmTables;

    /// One unit with sigmoid 0 to 128 by index up to 128, tanh and cell tanh the index less 128.
    fn ramps() -> Lstm {
        let signed = || std::array::from_fn(|index| (index as i32 - 128) as i8);
        let tables = LstmTables::new(std::array::from_fn(|index| index.min(128) as u8), signed(), signed());
        Lstm { units: 1, input_shift: 0, gate_shift: 0, cell_bits: 4, cell_index_shift: 6, tables }
    }

    /// The hidden state after each of some positions with the given accumulators i, f, c, o.
    fn hidden(positions: &[[i32; 4]]) -> Vec<i32> {
        let after = |length: usize| {
            let input: Vec<i32> = (0..length as i32).collect();
            let linear = |values: &[i32]| positions[values[0] as usize].to_vec();
            lstm(&ramps(), &input, length, linear).hidden[0]
        };
        (1..=positions.len()).map(after).collect()
    }

    #[test]
    fn the_cell_rounds_halves_up_and_saturates_on_both_sides() {
        // a = I * G. Then F = 1 and I = 0 show 128 c, so h = O * 2 c.
        let shown = |i: i32, g: i32| hidden(&[[i, 0, g + 128, 0], [0, 128, 128, 1]])[1] / 2;
        assert_eq!([1, 64].map(|i| shown(i, 1)), [0, 1]);
        assert_eq!([64, 65].map(|i| shown(i, -1)), [0, -1]);
        assert_eq!([8, 7].map(|i| shown(i, 127)), [7, 7]);
        assert_eq!([8, 9, 128].map(|i| shown(i, -128)), [-8, -8, -8]);
    }

    #[test]
    fn indices_saturate_and_the_hidden_state_is_the_product() {
        // a = 128 * 127 and -128 * 128 are beyond the index range at a shift of 6.
        assert_eq!(hidden(&[[500, 0, 999, 300]]), [128 * 127]);
        assert_eq!(hidden(&[[500, 0, -999, 128]]), [-128 * 128]);
        assert_eq!(hidden(&[[500, 0, -999, -1]]), [0]);
        // a = 96 is one and a half steps: it rounds up. With a = -96 it rounds to -1.
        assert_eq!(hidden(&[[96, 0, 129, 100]]), [200]);
        assert_eq!(hidden(&[[96, 0, 127, 100]]), [-100]);
    }
}
