//! A float network read as stages: each layer with weights and the step and reductions that follow
//! it.

use std::borrow::Cow;

use deepcardio::architecture::HIDDEN_FRACTION;
use deepcardio::tensor::Shape;

use super::error::QuantiseError;
use crate::float::{FloatLayer, Linear, Network, Operation};

/// The non-linear step of a stage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PlannedStep {
    /// ReLU, with or without the maximum of pairs.
    Requantise {
        /// Whether it pools.
        pool: bool,
    },
    /// An LSTM of so many units.
    Lstm {
        /// Width of the state.
        units: usize,
    },
}

/// One layer with weights and what follows it.
pub(super) struct PlannedStage<'network> {
    pub(super) name: &'network str,
    /// The weights. Of an LSTM on `[input; hidden state]`.
    pub(super) linear: Cow<'network, Linear>,
    /// Batch items.
    pub(super) batch: usize,
    /// Channels of the input. A dense layer sees each at several positions.
    pub(super) input_channels: usize,
    /// `None` after the last layer.
    pub(super) step: Option<PlannedStep>,
    /// Index of the float layer whose output is the activation.
    pub(super) activation_at: usize,
    /// `GlobalAverage` and `WindowsToSequence`, in order.
    pub(super) reductions: Vec<&'network Operation>,
    /// Number of positions that the reductions sum instead of averaging.
    pub(super) summed: f64,
}

/// Splits a network into stages.
pub(super) fn stages(network: &Network) -> Result<Vec<PlannedStage<'_>>, QuantiseError> {
    let mut stages: Vec<PlannedStage<'_>> = Vec::new();
    let mut shape = network.input();
    for (index, layer) in network.layers.iter().enumerate() {
        match (&layer.operation, stages.last_mut()) {
            (Operation::Linear(linear), _) => {
                stages.push(PlannedStage::new(index, layer, Cow::Borrowed(linear), shape));
            }
            (Operation::Lstm(lstm), Some(before)) => {
                if !matches!(before.reductions.last(), Some(Operation::WindowsToSequence)) {
                    return Err(refuse(layer, "an LSTM is supported on the sequence of windows only"));
                }
                let mut stage = PlannedStage::new(index, layer, Cow::Owned(lstm.combined()), shape);
                stage.step = Some(PlannedStep::Lstm { units: lstm.units });
                stage.input_channels += lstm.units;
                stages.push(stage);
            }
            (_, None) => return Err(refuse(layer, "stands before the first layer with weights")),
            (_, Some(stage)) => stage.push(index, layer, shape)?,
        }
        shape = layer.operation.output(shape);
    }
    Ok(stages)
}

impl<'network> PlannedStage<'network> {
    fn new(index: usize, layer: &'network FloatLayer, linear: Cow<'network, Linear>, input: Shape) -> Self {
        Self {
            name: &layer.name,
            linear,
            batch: input.batch,
            input_channels: input.channels,
            step: None,
            activation_at: index,
            reductions: Vec::new(),
            summed: 1.0,
        }
    }

    fn push(&mut self, index: usize, layer: &'network FloatLayer, shape: Shape) -> Result<(), QuantiseError> {
        let step_open = self.reductions.is_empty();
        match (&layer.operation, self.step) {
            (Operation::Relu, None) if step_open => self.step = Some(PlannedStep::Requantise { pool: false }),
            (Operation::MaxPool, Some(PlannedStep::Requantise { pool: false })) if step_open => {
                self.step = Some(PlannedStep::Requantise { pool: true });
            }
            (Operation::GlobalAverage, Some(PlannedStep::Requantise { .. })) => {
                self.summed *= shape.length as f64;
                self.reductions.push(&layer.operation);
                return Ok(());
            }
            (Operation::WindowsToSequence, Some(PlannedStep::Requantise { .. })) => {
                self.reductions.push(&layer.operation);
                return Ok(());
            }
            _ => {
                return Err(refuse(
                    layer,
                    "only conv1d/dense, ReLU, max-pooling, average in this order, and a dense layer after an LSTM",
                ));
            }
        }
        self.activation_at = index;
        Ok(())
    }

    /// Integer units per real unit of each value that meets a weight, from those that enter the
    /// layer. The input of an LSTM is shifted left by `input_shift`.
    pub(super) fn weight_units(&self, units: &[f64], input_shift: u32) -> Vec<f64> {
        let Some(PlannedStep::Lstm { units: hidden }) = self.step else { return units.to_vec() };
        let shifted = units.iter().map(|unit| unit * f64::from(1u32 << input_shift));
        shifted.chain(std::iter::repeat_n(f64::from(1u32 << HIDDEN_FRACTION), hidden)).collect()
    }

    /// Integer units per real unit of each channel as the next layer sees it.
    pub(super) fn output_units(&self, weight_scale: &[f64], shift: u32) -> Vec<f64> {
        if let Some(PlannedStep::Lstm { units }) = self.step {
            return vec![f64::from(1u32 << HIDDEN_FRACTION); units];
        }
        weight_scale.iter().map(|scale| self.summed * scale / f64::from(1u32 << shift)).collect()
    }

    /// Largest scale of each output channel at which its weights fit their width.
    pub(super) fn weight_limits(&self, units: &[f64], bits: u32) -> Vec<f64> {
        // A little below the end of the range, so that rounding cannot step over it.
        let most = f64::from((1 << (bits - 1)) - 1) - 0.001;
        let largest = |row: &mut dyn Iterator<Item = (f64, f64)>| {
            row.map(|(weight, unit)| (weight / unit).abs()).fold(0.0, f64::max)
        };
        self.with_units(units).map(|mut row| most / largest(&mut row).max(f64::MIN_POSITIVE.sqrt())).collect()
    }

    /// Weights of one output channel, each with the units of its input channel.
    pub(super) fn with_units<'a>(
        &'a self,
        units: &'a [f64],
    ) -> impl Iterator<Item = impl Iterator<Item = (f64, f64)> + 'a> + 'a {
        let per_output = (self.linear.inputs * self.linear.kernel).max(1);
        let per_channel = (per_output / self.input_channels.max(1)).max(1);
        self.linear.weights.chunks_exact(per_output).map(move |row| {
            row.chunks(per_channel)
                .zip(units)
                .flat_map(|(taps, &unit)| taps.iter().map(move |&weight| (weight, unit)))
        })
    }
}

fn refuse(layer: &FloatLayer, problem: &'static str) -> QuantiseError {
    QuantiseError::Layer { layer: layer.name.clone(), problem }
}
