//! The preprocessing constants of a float network.

use ecg::Signal;

use crate::float::Network;

/// DeepCardio's windows for its own shape. Otherwise windows spread evenly over 30 s.
pub(super) fn signal(network: &Network, input_bits: u32, input_scale: f64) -> Signal {
    let standard = Signal::deepcardio(input_bits, input_scale);
    let window_length = network.window_length;
    if standard.windows() == network.windows && standard.window_length == window_length {
        return standard;
    }
    let gaps = network.windows.saturating_sub(1);
    let segment_samples = if gaps == 0 { window_length } else { standard.segment_samples };
    let spread = segment_samples.saturating_sub(window_length);
    let window_starts = (0..=gaps).map(|k| (k * spread / gaps.max(1)) as u32).collect();
    Signal { segment_samples, window_length, window_starts, ..standard }
}
