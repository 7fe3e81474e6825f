//! The check of preprocessing constants against the [`limits`] of an architecture.

use ecg::Signal;

use super::error::ArchitectureError;
use super::limits;

pub(super) fn validate(signal: &Signal) -> Result<(), ArchitectureError> {
    validate_constants(signal)?;
    validate_windows(signal)
}

fn validate_constants(signal: &Signal) -> Result<(), ArchitectureError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if !positive(signal.rate_hz) || !(1.0..=100_000.0).contains(&signal.rate_hz) {
        return Err(ArchitectureError::Signal { what: "rate_hz" });
    }
    if !positive(signal.band_low_hz) || signal.band_low_hz >= signal.band_high_hz {
        return Err(ArchitectureError::Signal { what: "band_low_hz" });
    }
    if !positive(signal.band_high_hz) || signal.band_high_hz >= signal.rate_hz / 2.0 {
        return Err(ArchitectureError::Signal { what: "band_high_hz" });
    }
    if !limits::FILTER_ORDER.contains(&signal.order) {
        return Err(ArchitectureError::Signal { what: "order" });
    }
    if !limits::INPUT_BITS.contains(&signal.input_bits) {
        return Err(ArchitectureError::Signal { what: "input_bits" });
    }
    if !positive(signal.input_scale) || signal.input_scale > 1e9 {
        return Err(ArchitectureError::Signal { what: "input_scale" });
    }
    Ok(())
}

fn validate_windows(signal: &Signal) -> Result<(), ArchitectureError> {
    if !(1..=limits::SEGMENT_SAMPLES).contains(&signal.segment_samples) {
        return Err(ArchitectureError::Signal { what: "segment_samples" });
    }
    if !(1..=limits::WINDOW_LENGTH).contains(&signal.window_length) {
        return Err(ArchitectureError::Signal { what: "window_length" });
    }
    if !(1..=limits::WINDOWS).contains(&signal.windows()) {
        return Err(ArchitectureError::Signal { what: "window_starts" });
    }
    let ascending = signal.window_starts.is_sorted_by(|a, b| a < b);
    let inside = |start: &u32| {
        (*start as usize).checked_add(signal.window_length).is_some_and(|end| end <= signal.segment_samples)
    };
    if !ascending || !signal.window_starts.iter().all(inside) {
        return Err(ArchitectureError::Signal { what: "window_starts" });
    }
    Ok(())
}
