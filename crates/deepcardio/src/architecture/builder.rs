//! DeepCardio's own architectures (Van Zaen et al. 2019, arXiv:1907.01513).

use super::{Architecture, ArchitectureError, Layer, Signal, Specification};

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

/// The four rhythm classes, in the order of the 2017 PhysioNet challenge labels.
pub const CLASSES: [&str; 4] = ["normal", "af", "other", "noise"];

impl Architecture {
    /// DeepCardio with `blocks` blocks `conv1d(5) -> ReLU -> max of pairs` (channels 8, doubling to at most 512), a sum
    /// over positions, and `head`.
    ///
    /// # Errors
    /// If the result breaks a limit, such as more blocks than 512 positions can be halved.
    pub fn deepcardio(blocks: usize, head: Head, widths: Widths) -> Result<Self, ArchitectureError> {
        let step = |pool| Layer::Requantise { pool, shift: widths.shift, bits: widths.activations };
        let conv = |out_channels, kernel| Layer::Conv1d { out_channels, kernel, weight_bits: widths.weights };
        let mut layers = Vec::new();
        for block in 0..blocks {
            layers.extend([conv(512.min(8 << block.min(6)), 5), step(true)]);
        }
        layers.extend([Layer::GlobalSum, Layer::WindowsToSequence]);
        if let Head::Conv { channels, kernel } = head {
            layers.extend([conv(channels, kernel), step(false)]);
        }
        layers
            .extend([Layer::GlobalSum, Layer::Dense { outputs: CLASSES.len(), weight_bits: widths.weights }]);
        let linear = layers.iter().filter(|layer| layer.is_linear()).count();
        Self::new(Specification {
            name: format!("deepcardio-{blocks}"),
            signal: Signal::deepcardio(widths.input, 50.0),
            layers,
            ring_bits: vec![widths.ell; linear],
            classes: CLASSES.map(str::to_owned).to_vec(),
            score_scale: 1.0,
        })
    }
}
