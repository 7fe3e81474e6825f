//! Quantisation: the proof that no ring overflows, and integer networks from float ones.

#[cfg(feature = "import")]
mod calibrate;
#[cfg(feature = "import")]
mod integers;
pub mod interval;
#[cfg(feature = "import")]
mod lstm;
#[cfg(feature = "import")]
mod plan;
#[cfg(feature = "import")]
mod scales;

#[cfg(feature = "import")]
pub use calibrate::{CalibrationWidths, calibrate};
#[cfg(feature = "import")]
pub use integers::quantise;
#[cfg(feature = "import")]
pub use plan::QuantiseError;
#[cfg(feature = "import")]
pub use scales::{LayerScales, LstmScales, Quantisation};
