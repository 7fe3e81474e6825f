//! Quantisation: integer networks from float ones, by scales that training fixed or that
//! calibration chooses.

mod calibrate;
mod error;
mod integers;
mod lstm;
mod plan;
mod scales;
mod signal;
mod widths;

pub use calibrate::calibrate;
pub use error::QuantiseError;
pub use integers::quantise;
pub use scales::{LayerScales, LstmScales, Quantisation};
pub use widths::CalibrationWidths;
