//! The judgement: measures against thresholds.

use std::ops::Range;

use crate::recording::Recording;

use super::finding::{Finding, Kind, Severity};
use super::measures::Measures;
use super::thresholds as limit;

/// What the signal check says of one stretch of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Examination {
    /// Beats a minute by the median interval between beats; `None` where too few were found.
    pub heart_rate: Option<f64>,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// The gravest finding if there is nothing to classify.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Unreadable)
    }

    /// Findings that put the result in doubt.
    pub fn doubts(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Doubt)
    }
}

/// Examines the samples `stretch` of a recording, such as one segment. What lies beyond the
/// recording is ignored.
#[must_use]
pub fn examine(recording: &Recording, stretch: Range<usize>) -> Examination {
    let end = stretch.end.min(recording.millivolts().len());
    let start = stretch.start.min(end);
    let place = Place { rate_hz: recording.rate_hz(), start, end };
    let gaps: Vec<Range<usize>> = recording
        .gaps()
        .iter()
        .map(|gap| gap.start.clamp(start, end) - start..gap.end.clamp(start, end) - start)
        .filter(|gap| !gap.is_empty())
        .collect();
    let measures = Measures::of(&recording.millivolts()[start..end], place.rate_hz, &gaps);
    let mut findings = losses(&measures, &place);
    findings.extend(length(&measures, &place));
    if !findings.iter().any(|finding| finding.severity == Severity::Unreadable) {
        findings.extend(beats(&measures, &place));
        findings.extend(disturbances(&measures, &place));
    }
    findings.sort_by(|one, other| other.severity.cmp(&one.severity).then(one.kind.cmp(&other.kind)));
    let readable = !findings.iter().any(|finding| finding.severity == Severity::Unreadable);
    Examination { heart_rate: measures.heart_rate.filter(|_| readable), findings }
}

/// Where the stretch lies in the recording.
struct Place {
    rate_hz: f64,
    start: usize,
    end: usize,
}

impl Place {
    fn seconds(&self) -> f64 {
        (self.end - self.start) as f64 / self.rate_hz
    }

    /// A finding on the whole stretch.
    fn whole(&self, kind: Kind, severity: Severity, measure: f64) -> Finding {
        self.part(kind, severity, measure, 0..self.end - self.start)
    }

    /// A finding on samples of the stretch.
    fn part(&self, kind: Kind, severity: Severity, measure: f64, samples: Range<usize>) -> Finding {
        let at = |sample: usize| (self.start + sample) as f64 / self.rate_hz;
        Finding { kind, severity, from_s: at(samples.start), to_s: at(samples.end), measure }
    }

    /// One finding on several ranges of samples, measured in their seconds.
    fn parts<'a>(
        &self,
        kind: Kind,
        severity: Severity,
        parts: impl Iterator<Item = &'a Range<usize>>,
    ) -> Option<Finding> {
        let (mut around, mut count) = (None, 0);
        for part in parts {
            count += part.len();
            let (from, to) = around.map_or((part.start, part.end), |(from, _)| (from, part.end));
            around = Some((from, to));
        }
        around.map(|(from, to)| self.part(kind, severity, count as f64 / self.rate_hz, from..to))
    }
}

/// Stretches without signal, one finding a kind.
fn losses(measures: &Measures, place: &Place) -> Vec<Finding> {
    let total = lost_seconds(measures, place);
    let severity = if total > limit::MOST_LOST_S { Severity::Unreadable } else { Severity::Doubt };
    let kinds = [Kind::Flat, Kind::Rail, Kind::Zeros, Kind::Sentinel, Kind::Gap, Kind::Dropout];
    let of = |kind: Kind| {
        let parts = measures.lost.iter().filter(move |lost| lost.kind == kind).map(|lost| &lost.samples);
        place.parts(kind, severity, parts)
    };
    kinds.into_iter().filter_map(of).collect()
}

fn lost_seconds(measures: &Measures, place: &Place) -> f64 {
    measures.lost.iter().map(|lost| lost.samples.len()).sum::<usize>() as f64 / place.rate_hz
}

/// Whether there is enough signal for a rhythm.
fn length(measures: &Measures, place: &Place) -> Option<Finding> {
    let (lost, whole) = (lost_seconds(measures, place), place.seconds());
    if whole - lost < limit::LEAST_S {
        // What was lost is named already, with what to do, if that alone makes it unreadable.
        let is_named = lost > limit::MOST_LOST_S && whole >= limit::LEAST_S;
        return (!is_named).then(|| place.whole(Kind::Short, Severity::Unreadable, whole - lost));
    }
    (whole < limit::ENOUGH_S).then(|| place.whole(Kind::Short, Severity::Note, whole))
}

/// Whether a heart beats as hearts do.
fn beats(measures: &Measures, place: &Place) -> Vec<Finding> {
    let shape = &measures.shape;
    let height = if measures.beats > 0 { shape.height_mv } else { measures.reach_mv };
    if !limit::POSSIBLE_MV.contains(&height) {
        return vec![place.whole(Kind::Amplitude, Severity::Unreadable, height)];
    }
    let Some(pace) = measures.heart_rate else {
        return vec![place.whole(Kind::NoBeats, Severity::Unreadable, measures.beats as f64)];
    };
    let mut found = Vec::new();
    let mut doubt = |kind, measure| found.push(place.whole(kind, Severity::Doubt, measure));
    if !limit::USUAL_MV.contains(&height) {
        doubt(Kind::Amplitude, height);
    }
    if shape.alike < limit::ALIKE && shape.clear < limit::CLEAR {
        doubt(Kind::Noisy, shape.alike);
    }
    if !limit::HEART_RATES.contains(&pace) {
        doubt(Kind::HeartRate, pace);
    } else if is_slowed(pace, measures.sharpness) || is_hastened(pace, measures.sharpness) {
        doubt(Kind::Pace, pace);
    }
    if shape.downward > limit::DOWNWARD {
        found.push(place.whole(Kind::Inverted, Severity::Note, shape.downward));
    }
    found
}

/// Blunt beats, slow for their bluntness: as if the rate were higher than was said.
fn is_slowed(pace: f64, sharpness: f64) -> bool {
    pace * sharpness < limit::SLOWED
}

/// Sharp beats, fast for their sharpness: as if the rate were lower than was said.
fn is_hastened(pace: f64, sharpness: f64) -> bool {
    pace * sharpness.powf(limit::HASTENED_POWER) > limit::HASTENED
}

/// What lies over the signal, or was done to it.
fn disturbances(measures: &Measures, place: &Place) -> Vec<Finding> {
    let mut found = Vec::new();
    let (visits, samples) = measures.plateaus;
    if visits >= limit::PLATEAUS {
        found.push(place.whole(Kind::Clipped, Severity::Doubt, samples as f64 / place.rate_hz));
    }
    found.extend(place.parts(Kind::Repeated, Severity::Doubt, measures.repeated.iter()));
    let graded = |kind, value: f64, note: f64, doubt: f64| {
        let severity = if value > doubt { Severity::Doubt } else { Severity::Note };
        (value > note).then(|| place.whole(kind, severity, value))
    };
    found.extend(graded(Kind::Hum, measures.hum_mv, limit::HUM_NOTE_MV, limit::HUM_DOUBT_MV));
    found.extend(graded(Kind::Wander, measures.wander_mv, limit::WANDER_NOTE_MV, limit::WANDER_DOUBT_MV));
    found
}
