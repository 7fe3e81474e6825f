//! DeepCardio's own architectures (Van Zaen et al. 2019, arXiv:1907.01513).

use ecg::Signal;

use super::error::ArchitectureError;
use super::gates::{HIDDEN_FRACTION, INDEX_BITS};
use super::layer::Layer;
use super::limits;
use super::specification::Specification;
use super::tables::LstmTables;
use super::validated::Architecture;

/// What follows the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Sum the features over all windows, then a dense layer.
    Average,
    /// A convolution over the sequence of windows, its sum, then a dense layer.
    Conv {
        /// Output channels of the convolution.
        channels: usize,
        /// Taps over windows, odd.
        kernel: usize,
    },
    /// An LSTM over the sequence of windows, then a dense layer on its last output.
    Lstm {
        /// Width of the state.
        units: usize,
    },
}

impl Head {
    /// The layers from the features of the windows, `[windows][channels][1]`, to what the dense
    /// layer takes.
    fn layers(self, widths: Widths) -> Vec<Layer> {
        let mut layers = vec![Layer::WindowsToSequence];
        match self {
            Self::Average => layers.push(Layer::GlobalSum),
            Self::Conv { channels: out_channels, kernel } => {
                layers.extend([widths.conv(out_channels, kernel), widths.step(false), Layer::GlobalSum]);
            }
            Self::Lstm { units } => layers.push(widths.lstm(units)),
        }
        layers
    }
}

/// Bit widths for [`Architecture::deepcardio`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Signed width of the input samples.
    pub input: u32,
    /// Signed width of every weight.
    pub weights: u32,
    /// Unsigned width of every activation.
    pub activations: u32,
    /// Shift of every non-linear step.
    pub shift: u32,
    /// Ring width of every stage.
    pub ell: u32,
}

impl Default for Widths {
    /// Eight bits throughout, shift 7, the widest ring.
    fn default() -> Self {
        Self { input: 8, weights: 8, activations: 8, shift: 7, ell: 30 }
    }
}

impl Widths {
    fn conv(self, out_channels: usize, kernel: usize) -> Layer {
        Layer::Conv1d { out_channels, kernel, weight_bits: self.weights }
    }

    fn step(self, pool: bool) -> Layer {
        Layer::Requantise { pool, shift: self.shift, bits: self.activations }
    }

    /// Inputs reach about the magnitude of the hidden state: sums over eight positions have three
    /// bits more than an activation. A weight at the end of its width stands for about 1, so that
    /// an index has 16 units per real unit. The cell state reaches 8.
    fn lstm(self, units: usize) -> Layer {
        let index = INDEX_BITS + 1;
        Layer::Lstm {
            units,
            weight_bits: self.weights,
            input_shift: HIDDEN_FRACTION.saturating_sub(self.activations + 3).min(*limits::INPUT_SHIFT.end()),
            gate_shift: (self.weights + 9).min(self.ell.saturating_sub(index)),
            cell_bits: 11,
            cell_index_shift: 9,
            tables: LstmTables::from_functions(16.0, 16.0, 9),
        }
    }
}

/// The four rhythm classes, in the order of the 2017 PhysioNet challenge labels.
pub const CLASSES: [&str; 4] = ["normal", "af", "other", "noise"];

impl Architecture {
    /// DeepCardio with `blocks` blocks `conv1d(5) -> ReLU -> max of pairs` (channels 8, doubling to
    /// at most 512), a sum over positions, and `head`.
    ///
    /// # Errors
    /// If the result breaks a limit, such as more blocks than 512 positions can be halved.
    pub fn deepcardio(blocks: usize, head: Head, widths: Widths) -> Result<Self, ArchitectureError> {
        let mut layers = Vec::new();
        for block in 0..blocks {
            layers.extend([widths.conv(512.min(8 << block.min(6)), 5), widths.step(true)]);
        }
        layers.push(Layer::GlobalSum);
        layers.extend(head.layers(widths));
        layers.push(Layer::Dense { outputs: CLASSES.len(), weight_bits: widths.weights });
        let linear = layers.iter().filter(|layer| layer.is_linear()).count();
        Self::new(Specification {
            name: format!("deepcardio-{blocks}"),
            signal: Signal::deepcardio(widths.input, 50.0),
            layers,
            ring_bits: vec![widths.ell; linear],
            classes: CLASSES.map(str::to_owned).to_vec(),
            score_scale: 1.0,
            confidence: None,
        })
    }
}
