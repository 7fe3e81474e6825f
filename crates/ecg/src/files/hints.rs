//! What the user says about a file, and the units that samples come in.

use std::fmt;
use std::str::FromStr;

/// What the user knows about a file. It supplies what the file does not say, and may not contradict
/// it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// Sampling rate in hertz.
    pub rate_hz: Option<f64>,
    /// Unit of the samples.
    pub unit: Option<Unit>,
    /// Which lead or column to read: its name, or its number counted from 1.
    pub lead: Option<String>,
}

/// Unit of the samples in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a volt.
    Millivolt,
    /// Millionths of a volt.
    Microvolt,
    /// Volts.
    Volt,
}

impl Unit {
    /// The voltage `value`, given in this unit, in millivolts.
    pub(super) fn to_millivolts(self, value: f64) -> f64 {
        match self {
            Self::Millivolt => value,
            Self::Microvolt => value / 1000.0,
            Self::Volt => value * 1000.0,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Millivolt => "mV",
            Self::Microvolt => "uV",
            Self::Volt => "V",
        })
    }
}

impl FromStr for Unit {
    type Err = &'static str;

    /// Reads `mv`, `uv` (or `µv`) or `v`, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_lowercase().as_str() {
            "mv" => Ok(Self::Millivolt),
            // The micro sign and the Greek letter look alike.
            "uv" | "\u{b5}v" | "\u{3bc}v" => Ok(Self::Microvolt),
            "v" => Ok(Self::Volt),
            _ => Err("the unit is not mv, uv or v"),
        }
    }
}
