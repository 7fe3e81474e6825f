//! From a list of layers to validated stages: the grammar and every limit, in one pass over the
//! list.

use super::activation::Activation;
use super::error::ArchitectureError;
use super::gates::{GATES, INDEX_BITS};
use super::layer::Layer;
use super::limits;
use super::linear::LinearShape;
use super::lstm::Lstm;
use super::reduction::Reduction;
use super::stage::{Nonlinear, Stage};
use crate::tensor::Shape;

/// Derives the stages, or says which layer is wrong.
pub(super) fn stages(
    layers: &[Layer],
    ring_bits: &[u32],
    input: Shape,
) -> Result<Vec<Stage>, ArchitectureError> {
    if !(1..=limits::LAYERS).contains(&layers.len()) {
        return Err(ArchitectureError::LayerCount { found: layers.len() });
    }
    let expected = layers.iter().filter(|layer| layer.is_linear()).count();
    if ring_bits.len() != expected {
        return Err(ArchitectureError::RingBitsCount { found: ring_bits.len(), expected });
    }
    let mut chain = Chain { stages: Vec::new(), shape: input, sequence: false, weights: 0 };
    for (index, layer) in layers.iter().enumerate() {
        chain.push(index, layer, ring_bits)?;
    }
    chain.finish(layers.len())
}

/// The stages so far and the tensor that leaves them.
struct Chain {
    stages: Vec<Stage>,
    shape: Shape,
    sequence: bool,
    weights: usize,
}

impl Chain {
    fn push(&mut self, at: usize, layer: &Layer, ring_bits: &[u32]) -> Result<(), ArchitectureError> {
        match *layer {
            Layer::Conv1d { out_channels, kernel, weight_bits } => {
                dimension(at, "kernel", kernel, limits::KERNEL)?;
                if kernel.is_multiple_of(2) {
                    return Err(ArchitectureError::EvenKernel { layer: at, kernel });
                }
                let Shape { batch, channels, length } = self.shape;
                if self.stages.last().is_some_and(|stage| stage.lstm().is_some()) {
                    return Err(grammar(at, "only a dense layer follows an LSTM"));
                }
                let linear = LinearShape { batch, in_channels: channels, out_channels, length, kernel };
                self.push_linear(at, linear, weight_bits, ring_bits)
            }
            Layer::Dense { outputs, weight_bits } => {
                let Shape { batch, channels, length } = self.shape;
                let in_channels = channels.saturating_mul(length);
                dimension(at, "dense inputs", in_channels, limits::DENSE_INPUTS)?;
                let linear = LinearShape { batch, in_channels, out_channels: outputs, length: 1, kernel: 1 };
                self.push_linear(at, linear, weight_bits, ring_bits)
            }
            Layer::Lstm {
                units,
                weight_bits,
                input_shift,
                gate_shift,
                cell_bits,
                cell_index_shift,
                ref tables,
            } => {
                let tables = tables.clone();
                let lstm = Lstm { units, input_shift, gate_shift, cell_bits, cell_index_shift, tables };
                self.push_lstm(at, lstm, weight_bits, ring_bits)
            }
            Layer::Requantise { pool, shift, bits } => {
                self.push_activation(at, Activation { pool, shift, bits })
            }
            Layer::GlobalSum => self.push_reduction(at, Reduction::GlobalSum),
            Layer::WindowsToSequence => self.push_reduction(at, Reduction::WindowsToSequence),
        }
    }

    fn push_linear(
        &mut self,
        at: usize,
        linear: LinearShape,
        weight_bits: u32,
        ring_bits: &[u32],
    ) -> Result<(), ArchitectureError> {
        if self.stages.last().is_some_and(|stage| stage.nonlinear.is_none()) {
            return Err(grammar(at, "a linear layer follows a linear layer without a requantise between"));
        }
        dimension(at, "output channels", linear.out_channels, limits::CHANNELS)?;
        width(at, "weight bits", weight_bits, &limits::WEIGHT_BITS)?;
        let ell = ring_bits.get(self.stages.len()).copied().unwrap_or(0);
        width(at, "ell", ell, &limits::RING_BITS)?;
        self.weights += linear.weight_count();
        if self.weights > limits::WEIGHTS {
            return Err(ArchitectureError::TooManyWeights { found: self.weights });
        }
        self.shape = linear.output();
        dimension(at, "values", self.shape.count(), limits::TENSOR)?;
        let (nonlinear, reductions) = (None, Vec::new());
        let name = self.name(linear.kernel == 1 && linear.length == 1);
        self.stages.push(Stage { name, linear, weight_bits, ell, nonlinear, reductions });
        Ok(())
    }

    /// The linear layer of an LSTM with its recurrence. Windows become a sequence once, so there is
    /// one LSTM at most.
    fn push_lstm(
        &mut self,
        at: usize,
        lstm: Lstm,
        weight_bits: u32,
        ring_bits: &[u32],
    ) -> Result<(), ArchitectureError> {
        let before = self.stages.last().and_then(|stage| stage.reductions.last());
        if before != Some(&Reduction::WindowsToSequence) {
            return Err(grammar(at, "an LSTM does not follow the step from windows to a sequence"));
        }
        dimension(at, "LSTM units", lstm.units, limits::LSTM_UNITS)?;
        width(at, "input shift", lstm.input_shift, &limits::INPUT_SHIFT)?;
        width(at, "gate shift", lstm.gate_shift, &limits::GATE_SHIFT)?;
        width(at, "cell bits", lstm.cell_bits, &limits::CELL_BITS)?;
        width(at, "cell index shift", lstm.cell_index_shift, &limits::CELL_INDEX_SHIFT)?;
        if let Some((entry, found)) = lstm.tables.above_one() {
            return Err(ArchitectureError::Gate { layer: at, entry, found });
        }
        let Shape { batch, channels, length } = self.shape;
        let (in_channels, out_channels) = (channels + lstm.units, GATES * lstm.units);
        let linear = LinearShape { batch, in_channels, out_channels, length, kernel: 1 };
        self.push_linear(at, linear, weight_bits, ring_bits)?;
        if let Some(stage) = self.stages.last_mut() {
            let least = lstm.gate_shift + INDEX_BITS + 1;
            width(at, "ell", stage.ell, &(least..=*limits::RING_BITS.end()))?;
            "lstm".clone_into(&mut stage.name);
            stage.nonlinear = Some(Nonlinear::Lstm(lstm));
            self.shape = stage.activated();
        }
        Ok(())
    }

    /// Counts within a kind of stage. [`Chain::finish`] renames the last.
    fn name(&self, dense: bool) -> String {
        let kind = match (dense, self.sequence) {
            (true, _) => "dense",
            (false, true) => "head",
            (false, false) => "conv",
        };
        let earlier = self.stages.iter().filter(|stage| stage.name.starts_with(kind)).count();
        format!("{kind}{}", earlier + 1)
    }

    fn push_activation(&mut self, at: usize, step: Activation) -> Result<(), ArchitectureError> {
        let Some(stage) = self.stages.last_mut().filter(|stage| stage.nonlinear.is_none()) else {
            return Err(grammar(at, "a requantise does not follow a linear layer"));
        };
        width(at, "activation bits", step.bits, &limits::ACTIVATION_BITS)?;
        let most = (stage.ell - 2).min((stage.ell - 1).saturating_sub(step.bits));
        width(at, "shift", step.shift, &(0..=most))?;
        self.shape = step.output(self.shape);
        dimension(at, "length", self.shape.length, limits::WINDOW_LENGTH)?;
        stage.nonlinear = Some(Nonlinear::Requantise(step));
        Ok(())
    }

    fn push_reduction(&mut self, at: usize, reduction: Reduction) -> Result<(), ArchitectureError> {
        let Some(stage) = self.stages.last_mut().filter(|stage| stage.requantise().is_some()) else {
            return Err(grammar(at, "a reduction does not follow a requantise"));
        };
        if reduction == Reduction::WindowsToSequence {
            if self.shape.length != 1 || self.sequence {
                return Err(grammar(at, "windows become a sequence once, and only from length 1"));
            }
            self.sequence = true;
        }
        self.shape = reduction.output(self.shape);
        stage.reductions.push(reduction);
        Ok(())
    }

    fn finish(mut self, layers: usize) -> Result<Vec<Stage>, ArchitectureError> {
        match self.stages.last_mut() {
            Some(last) if last.nonlinear.is_none() => {
                if last.name.starts_with("dense") {
                    "dense".clone_into(&mut last.name);
                }
                Ok(self.stages)
            }
            _ => Err(grammar(layers - 1, "the last layer is not a linear layer")),
        }
    }
}

fn grammar(layer: usize, problem: &'static str) -> ArchitectureError {
    ArchitectureError::Grammar { layer, problem }
}

fn dimension(layer: usize, what: &'static str, found: usize, limit: usize) -> Result<(), ArchitectureError> {
    if (1..=limit).contains(&found) {
        Ok(())
    } else {
        Err(ArchitectureError::Dimension { layer, what, found, limit })
    }
}

fn width(
    layer: usize,
    what: &'static str,
    found: u32,
    range: &std::ops::RangeInclusive<u32>,
) -> Result<(), ArchitectureError> {
    if range.contains(&found) {
        return Ok(());
    }
    let (least, most) = (*range.start(), *range.end());
    Err(ArchitectureError::Width { layer, what, found, least, most })
}
