//! A float network read as stages: each layer with weights and the step and reductions that follow it.

use std::borrow::Cow;

use crate::architecture::{ArchitectureError, HIDDEN_FRACTION, TABLE_ENTRIES};
use crate::float::{FloatLayer, Linear, Network, Operation};
use crate::model::ModelError;
use crate::tensor::Shape;

/// Why a float network has no integer form.
#[derive(Debug, thiserror::Error)]
pub enum QuantiseError {
    /// A layer has no integer form, or stands where the grammar has no place for it.
    #[error("layer `{layer}`: {problem}")]
    Layer {
        /// Layer name.
        layer: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The scales do not go with the network.
    #[error("quantisation of layer `{layer}`: {problem}")]
    Scales {
        /// Layer name.
        layer: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A table of an LSTM is too short or too long.
    #[error("quantisation of layer `{layer}`: {found} {what} entries, expected {TABLE_ENTRIES}")]
    Entries {
        /// Layer name.
        layer: String,
        /// Which table.
        what: &'static str,
        /// Entries given.
        found: usize,
    },
    /// Calibration cannot work with what it was given.
    #[error("calibration: {0}")]
    Calibration(String),
    /// A scaled weight or bias does not fit its width.
    #[error("layer `{layer}`: {what} {value} does not fit {bits} bits")]
    Range {
        /// Layer name.
        layer: String,
        /// Weight or bias.
        what: &'static str,
        /// The scaled value.
        value: f64,
        /// Width.
        bits: u32,
    },
    /// The integer network is not a valid architecture.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The integer network is not a valid model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

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
    /// The weights; of an LSTM on `[input; hidden state]`.
    pub(super) linear: Cow<'network, Linear>,
    /// Batch items.
    pub(super) batch: usize,
    /// Channels of the input; a dense layer sees each at several positions.
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

    /// Integer units per real unit of each value that meets a weight, from those that enter the layer. The input of an
    /// LSTM is shifted left by `input_shift`.
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
