//! Twelve ways to damage a recording, and one that no check can see.

use std::f64::consts::TAU;
use std::ops::Range;

/// One damage at one strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Damage {
    /// So many seconds are missing, and the file's clock shows it.
    Gap(f64),
    /// So many seconds are missing, and nothing shows it.
    Lost(f64),
    /// The last value stands for this share of the record.
    Flat(f64),
    /// The greatest value of the recorder stands for this share of the record.
    Rail(f64),
    /// So many samples in every two seconds are the code -32768.
    Sentinel(usize),
    /// The rate is said to be this many times what it is.
    Rate(f64),
    /// The unit is said to be this many times what it is.
    Unit(f64),
    /// Values are cut off at this share of the height of the beats.
    Clipping(f64),
    /// Mains hum of this amplitude, millivolts.
    Hum(f64),
    /// A baseline that wanders by this amplitude, millivolts, once in four seconds.
    Wander(f64),
    /// Upside down.
    Inversion,
    /// This share of packets of 20 samples is zero.
    Dropout(f64),
    /// This share of packets of 36 samples is there twice.
    Repeated(f64),
}

/// Every damage of the experiment, in the order of its table.
pub(super) const ALL: [Damage; 33] = [
    Damage::Gap(1.0),
    Damage::Gap(4.0),
    Damage::Gap(10.0),
    Damage::Flat(0.1),
    Damage::Flat(0.3),
    Damage::Flat(0.7),
    Damage::Rail(0.1),
    Damage::Rail(0.3),
    Damage::Rail(0.7),
    Damage::Sentinel(1),
    Damage::Sentinel(20),
    Damage::Sentinel(200),
    Damage::Rate(2.0),
    Damage::Rate(0.5),
    Damage::Unit(1000.0),
    Damage::Unit(0.001),
    Damage::Clipping(0.8),
    Damage::Clipping(0.5),
    Damage::Clipping(0.25),
    Damage::Hum(0.1),
    Damage::Hum(0.3),
    Damage::Hum(1.0),
    Damage::Wander(0.5),
    Damage::Wander(2.0),
    Damage::Wander(5.0),
    Damage::Inversion,
    Damage::Dropout(0.01),
    Damage::Dropout(0.05),
    Damage::Dropout(0.2),
    Damage::Repeated(0.01),
    Damage::Repeated(0.05),
    Damage::Repeated(0.2),
    Damage::Lost(4.0),
];

/// A damaged recording.
pub(super) struct Damaged {
    pub(super) rate_hz: f64,
    pub(super) millivolts: Vec<f64>,
    pub(super) gaps: Vec<Range<usize>>,
}

impl Damage {
    /// Kind and strength for the table.
    pub(super) fn words(self) -> (&'static str, String) {
        match self {
            Self::Gap(seconds) => ("gap", format!("{seconds} s")),
            Self::Lost(seconds) => ("lost, no clock", format!("{seconds} s")),
            Self::Flat(share) => ("flat", percent(share)),
            Self::Rail(share) => ("rail", percent(share)),
            Self::Sentinel(samples) => ("sentinel", format!("{samples} in 2 s")),
            Self::Rate(factor) => ("rate", format!("x {factor}")),
            Self::Unit(factor) => ("unit", format!("x {factor}")),
            Self::Clipping(share) => ("clipping", format!("at {}", percent(share))),
            Self::Hum(millivolts) => ("hum", format!("{millivolts} mV")),
            Self::Wander(millivolts) => ("wander", format!("{millivolts} mV")),
            Self::Inversion => ("inversion", String::new()),
            Self::Dropout(share) => ("dropout zeros", percent(share)),
            Self::Repeated(share) => ("repeated", percent(share)),
        }
    }

    /// Damages samples in millivolts; `seed` says where.
    pub(super) fn apply(self, rate_hz: f64, mut millivolts: Vec<f64>, seed: u64) -> Damaged {
        let mut dice = Dice(seed);
        let count = millivolts.len();
        let mut gaps = Vec::new();
        let mut rate = rate_hz;
        match self {
            Self::Gap(seconds) => {
                gaps.push(dice.stretch(count, (seconds * rate_hz) as usize));
            }
            Self::Lost(seconds) => {
                millivolts.drain(dice.stretch(count, (seconds * rate_hz) as usize));
            }
            Self::Flat(share) => {
                let stretch = dice.stretch(count, (share * count as f64) as usize);
                let held = millivolts[stretch.start];
                millivolts[stretch].fill(held);
            }
            Self::Rail(share) => {
                let stretch = dice.stretch(count, (share * count as f64) as usize);
                millivolts[stretch].fill(5.0);
            }
            Self::Sentinel(samples) => {
                let part = (2.0 * rate_hz) as usize;
                millivolts
                    .chunks_mut(part)
                    .for_each(|chunk| chunk.iter_mut().take(samples).for_each(|value| *value = -32.768));
            }
            Self::Rate(factor) => rate *= factor,
            Self::Unit(factor) => millivolts.iter_mut().for_each(|value| *value *= factor),
            Self::Clipping(share) => clip(&mut millivolts, share),
            Self::Hum(amplitude) => add(&mut millivolts, amplitude, 50.0 / rate_hz),
            Self::Wander(amplitude) => add(&mut millivolts, amplitude, 0.25 / rate_hz),
            Self::Inversion => millivolts.iter_mut().for_each(|value| *value = -*value),
            Self::Dropout(share) => {
                millivolts
                    .chunks_mut(20)
                    .filter(|_| dice.throw() < share)
                    .for_each(|packet| packet.fill(0.0));
            }
            Self::Repeated(share) => {
                let twice = |packet: &[f64]| packet.repeat(if dice.throw() < share { 2 } else { 1 });
                millivolts = millivolts.chunks(36).flat_map(twice).collect();
            }
        }
        Damaged { rate_hz: rate, millivolts, gaps }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Cuts off what is farther from the median than a share of the 99.5th percentile of that distance.
fn clip(samples: &mut [f64], share: f64) {
    let middle = quantile(samples, 0.5);
    let distances: Vec<f64> = samples.iter().map(|value| (value - middle).abs()).collect();
    let limit = (share * quantile(&distances, 0.995) * 1000.0).round() / 1000.0;
    samples.iter_mut().for_each(|value| *value = value.clamp(middle - limit, middle + limit));
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(share * (sorted.len() - 1) as f64) as usize]
}

/// Adds a sine, `turns` a sample, and rounds to a microvolt as the recorder does.
fn add(samples: &mut [f64], amplitude: f64, turns: f64) {
    for (place, value) in samples.iter_mut().enumerate() {
        *value = ((*value + amplitude * (TAU * turns * place as f64).sin()) * 1000.0).round() / 1000.0;
    }
}

/// Repeatable chance: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
struct Dice(u64);

impl Dice {
    /// A number from 0 to 1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A stretch of so many samples at most, somewhere within `count`.
    fn stretch(&mut self, count: usize, length: usize) -> Range<usize> {
        let length = length.min(count / 2 + count / 4);
        let start = (self.throw() * (count - length) as f64) as usize;
        start..start + length
    }
}
