//! What the signal check finds, and the words for it.

use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing. The result does not suffer.
    Note,
    /// The result may be wrong because of it.
    Doubt,
    /// There is nothing to classify.
    Unreadable,
}

impl Severity {
    /// The name that programs read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Doubt => "doubt",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What is wrong with a stretch of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The value stands still. Measured in seconds, as are the next six.
    Flat,
    /// The value stands still at the greatest or the least that occurs.
    Rail,
    /// The value is exactly zero.
    Zeros,
    /// A value far beyond all others that comes back exactly: a code for "no sample".
    Sentinel,
    /// Samples are missing by the clock of the file.
    Gap,
    /// Short runs of one value that the signal jumps to and from.
    Dropout,
    /// Less signal than a rhythm takes.
    Short,
    /// No heartbeats. Measured in beats found.
    NoBeats,
    /// The beats are too high or too low for an electrocardiogram. Measured in millivolts.
    Amplitude,
    /// The beats do not resemble each other. Measured in the share that does.
    Noisy,
    /// No heart beats at this pace. Measured in beats a minute, as is the next.
    HeartRate,
    /// No heart beats in this shape at this pace.
    Pace,
    /// The waves are cut off at a limit. Measured in seconds at the limit.
    Clipped,
    /// The same samples again. Measured in seconds that are copies.
    Repeated,
    /// Hum of the mains. Measured in millivolts of amplitude.
    Hum,
    /// The baseline wanders. Measured in millivolts, peak to peak.
    Wander,
    /// The beats point down. Measured in their downward part over their upward part.
    Inverted,
}

impl Kind {
    /// The name that programs read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Flat => "flat",
            Self::Rail => "rail",
            Self::Zeros => "zeros",
            Self::Sentinel => "sentinel",
            Self::Gap => "gap",
            Self::Dropout => "dropout",
            Self::NoBeats => "no-beats",
            Self::Amplitude => "amplitude",
            Self::Noisy => "noisy",
            Self::HeartRate => "heart-rate",
            Self::Pace => "pace",
            Self::Clipped => "clipped",
            Self::Repeated => "repeated",
            Self::Hum => "hum",
            Self::Wander => "wander",
            Self::Inverted => "inverted",
        }
    }
}

/// One finding. It prints as a sentence with a remedy, without a full stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// How much it weighs.
    pub severity: Severity,
    /// Where it begins, in seconds from the start of the recording.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// How much of it there is, in the unit that [`Kind`] says.
    pub measure: f64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, from_s, to_s, measure, .. } = *self;
        match kind {
            Kind::Short if self.severity == Severity::Unreadable => {
                write!(f, "{measure:.1} s of signal are too short for a rhythm: record 30 s, 9 s at least")
            }
            Kind::Short => {
                write!(f, "{measure:.1} s of signal are short for a rhythm: record 30 s if you can")
            }
            Kind::NoBeats => write!(
                f,
                "no heartbeats from {from_s:.1} to {to_s:.1} s: is this an ECG lead, are the electrodes on?"
            ),
            Kind::Amplitude => write!(
                f,
                "beats of {} mV are not those of an ECG: is the unit right (--unit)?",
                brief(measure)
            ),
            Kind::Noisy => write!(
                f,
                "only {:.0} % of the beats resemble each other: noise, or no ECG; sit still and record again",
                100.0 * measure
            ),
            Kind::HeartRate => {
                write!(f, "{measure:.0} beats a minute are implausible: is the sampling rate right (--rate)?")
            }
            Kind::Pace => write!(
                f,
                "waves of this shape at {measure:.0} a minute are unlike a heart's: is the sampling rate \
                 right (--rate), is this an ECG lead?"
            ),
            Kind::Clipped => {
                write!(f, "the waves are cut off at a limit: choose a larger range of the recorder")
            }
            Kind::Repeated => write!(
                f,
                "{measure:.1} s repeat the samples before them exactly: are packets sent twice, values \
                 doubled?"
            ),
            Kind::Hum => {
                write!(f, "mains hum of {} mV: move away from cables, check the electrodes", brief(measure))
            }
            Kind::Wander => {
                write!(f, "the baseline wanders by {} mV: sit still, check the electrodes", brief(measure))
            }
            Kind::Inverted => {
                write!(f, "the beats point down: are the electrodes swapped? (normal in some people)")
            }
            _ => write!(
                f,
                "{} for {measure:.1} s between {from_s:.1} and {to_s:.1} s: {}",
                self.loss(),
                self.remedy()
            ),
        }
    }
}

impl Finding {
    /// What a stretch without signal looks like.
    fn loss(&self) -> &'static str {
        match self.kind {
            Kind::Rail => "no signal, the value stands at its limit",
            Kind::Zeros => "no signal, the value is zero",
            Kind::Sentinel => "a code for \"no sample\" in place of the signal",
            Kind::Gap => "samples are missing",
            Kind::Dropout => "the signal drops to one value, several times,",
            _ => "no signal, the value stands still",
        }
    }

    fn remedy(&self) -> &'static str {
        match self.kind {
            Kind::Sentinel => "is an electrode off, does the file mark lost samples?",
            Kind::Gap | Kind::Dropout => "is the radio link too weak?",
            _ => "is an electrode off?",
        }
    }
}

/// A number to three digits, without an exponent where that is short.
fn brief(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.1}"),
        v if v >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
