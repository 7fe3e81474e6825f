//! Every threshold of the signal check, and the records that set it.
//!
//! "The open records" are the 6772 records of classes Normal, Atrial fibrillation and Other of the
//! open part of the PhysioNet/CinC Challenge 2017 training set (one hand-held recorder, lead I, 300
//! Hz), the first 30 s of each. `docs/signal-check.md` says how to repeat this.

use std::ops::{Range, RangeInclusive};

/// Equal samples for so long are no signal, seconds. The longest run in the open records lasts 0.16
/// s (A00001 to A08528, of any class).
pub(super) const STILL_S: f64 = 0.3;
/// Nearly equal samples for so long are no signal, seconds: an electrode that is off, with a last
/// digit that flickers. None of the open records has such a stretch.
pub(super) const STILL_LONG_S: f64 = 1.5;
/// "Nearly equal": within so many of the smallest steps between neighbours.
pub(super) const NEAR_STEPS: f64 = 3.0;
/// A code for "no sample" is beyond all other values by this factor.
pub(super) const SENTINEL_TIMES: f64 = 3.0;
/// Least length of a dropout, samples.
pub(super) const DROPOUT_SAMPLES: usize = 4;
/// The signal jumps to and from a dropout by so many typical steps.
pub(super) const DROPOUT_JUMPS: f64 = 10.0;
/// So many dropouts to the same value. None of the open records has two.
pub(super) const DROPOUT_LEAST: usize = 2;
/// A segment with more seconds without signal is not classified: the network was trained with
/// shorter stretches masked.
pub(super) const MOST_LOST_S: f64 = 3.0;

/// Least seconds of signal: the shortest record that the network was trained on has 9.0 s. Of 3 s,
/// one fibrillation in five was called normal.
pub(super) const LEAST_S: f64 = 9.0;
/// From here on a stretch is long enough to say nothing of its length, seconds: a segment less the
/// half second by which recorders differ.
pub(super) const ENOUGH_S: f64 = 29.5;

/// Heights of beats that a recorder of ECG can give, millivolts. The open records reach from 0.11
/// to 3.6; a wrong unit is a factor of 1000.
pub(super) const POSSIBLE_MV: RangeInclusive<f64> = 0.02..=30.0;
/// Heights without a doubt, millivolts.
pub(super) const USUAL_MV: RangeInclusive<f64> = 0.1..=8.0;

/// A segment is noisy where fewer of its beats resemble their median, and the beats stand less
/// clear of what lies between them: 0.1 % of the open records, 24 % of the records of class Noise.
pub(super) const ALIKE: f64 = 0.4;
/// See [`ALIKE`].
pub(super) const CLEAR: f64 = 3.0;
/// Heart rates that are possible at rest, a minute. The open records reach from 28 to 214.
pub(super) const HEART_RATES: RangeInclusive<f64> = 27.0..=220.0;

/// Bands of the QRS complex and above it, Hz. The ratio of their powers is called sharpness here.
pub(super) const BANDS_HZ: [(f64, f64); 2] = [(5.0, 15.0), (15.0, 40.0)];
/// Pace times sharpness is below this in 0.5 % of the open records, and in 90 % of those whose rate
/// is said to be half of what it is.
pub(super) const SLOWED: f64 = 2.0;
/// Pace times this power of the sharpness is above [`HASTENED`] in 1.6 % of the open records, and
/// in 76 % of those whose rate is said to be twice what it is.
pub(super) const HASTENED_POWER: f64 = 0.2;
/// See [`HASTENED_POWER`].
pub(super) const HASTENED: f64 = 115.0;

/// A waveform stands at its greatest or least value for two samples or more so often. The open
/// records do twice at most.
pub(super) const PLATEAUS: usize = 3;
/// Lags at which repeats are looked for, samples.
pub(super) const REPEAT_SAMPLES: Range<usize> = 8..1200;
/// Greatest lag, seconds: packets are shorter.
pub(super) const REPEAT_S: f64 = 1.2;
/// So many samples of a repeat differ from the one before. None of the open records repeats itself.
pub(super) const REPEAT_MOVES: usize = 10;
/// A repeat spans so many of the smallest steps.
pub(super) const REPEAT_STEPS: f64 = 10.0;
/// Values are doubled where this share of them stands twice; 0.49 at most in the open records.
pub(super) const DOUBLED_SHARE: f64 = 0.8;

/// Amplitude of hum that is noted, and that is doubted, millivolts. The open records hold 0.001 at
/// the 99.5th percentile, 0.11 at most: their recorder filters.
pub(super) const HUM_NOTE_MV: f64 = 0.05;
/// See [`HUM_NOTE_MV`].
pub(super) const HUM_DOUBT_MV: f64 = 0.15;
/// Wander of the baseline that is noted, and that is doubted, millivolts. The open records reach
/// 0.9 at the 99.5th percentile, 1.5 at most.
pub(super) const WANDER_NOTE_MV: f64 = 1.0;
/// See [`WANDER_NOTE_MV`].
pub(super) const WANDER_DOUBT_MV: f64 = 2.0;
/// The beats point down where their downward part is larger by this factor.
pub(super) const DOWNWARD: f64 = 1.0;
