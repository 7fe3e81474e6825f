//! The kinds of files that are read.

use std::fmt;

/// What kind of file a recording came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table in text: lines of numbers between separators.
    Csv,
    /// What a watch of Apple exports.
    AppleWatch,
    /// Polar Sensor Logger.
    PolarSensorLogger,
    /// OpenSignals, for BITalino and biosignalsplux.
    OpenSignals,
    /// Consensys or ShimmerCapture.
    Shimmer,
    /// JSON of no special kind.
    Json,
    /// Fitbit Web API.
    Fitbit,
    /// What Apple's HealthKit gives to applications.
    HealthKit,
    /// Kardia API of AliveCor.
    AliveCor,
    /// A WFDB record.
    Wfdb,
    /// EDF or EDF+.
    Edf,
    /// BDF or BDF+.
    Bdf,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::AppleWatch => "Apple Watch CSV",
            Self::PolarSensorLogger => "Polar Sensor Logger",
            Self::OpenSignals => "OpenSignals",
            Self::Shimmer => "Shimmer CSV",
            Self::Json => "JSON",
            Self::Fitbit => "Fitbit JSON",
            Self::HealthKit => "HealthKit JSON",
            Self::AliveCor => "AliveCor JSON",
            Self::Wfdb => "WFDB",
            Self::Edf => "EDF",
            Self::Bdf => "BDF",
        })
    }
}
