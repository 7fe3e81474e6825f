//! What the lines above a table say: rate, unit and lead. All else is dropped, for it may name the
//! patient.
//!
//! Programs translate the words of these lines, so the reader goes by structure: a number beside a
//! word for hertz, a cell that is a unit of voltage, a cell that ends with the name of a lead.

use crate::files::hints::Unit;
use crate::files::lines::Owned;
use crate::files::names::{lead, voltage};
use crate::limits::{MAX_RATE_HZ, MIN_RATE_HZ};

/// What the lines say.
#[derive(Debug, Default)]
pub(super) struct Preamble {
    pub(super) rate_hz: Option<f64>,
    /// The line of the rate, from 1.
    pub(super) rate_line: usize,
    pub(super) unit: Option<Unit>,
    pub(super) lead: Option<&'static str>,
    /// Lines that hold none of these.
    pub(super) unused: usize,
    /// Whether lines contradict each other about the rate.
    pub(super) unclear_rate: bool,
}

/// Words for hertz in the languages of devices.
const HERTZ: [&str; 22] = [
    "hz",
    "hertz",
    "hertzios",
    "hertzio",
    "hercios",
    "hercio",
    "herc",
    "herc\u{f3}w",
    "hertsi",
    "hertsi\u{e4}",
    "hert",
    "\u{433}\u{446}",
    "\u{433}\u{435}\u{440}\u{446}",
    "\u{8d6b}\u{5179}",
    "\u{8d6b}",
    "\u{30d8}\u{30eb}\u{30c4}",
    "\u{d5e4}\u{b974}\u{cee0}",
    "\u{647}\u{631}\u{62a}\u{632}",
    "\u{5d4}\u{5e8}\u{5e5}",
    "\u{3c7}\u{3b5}\u{3c1}\u{3c4}\u{3b6}",
    "sps",
    "samples/s",
];
/// Words beside a frequency that is not the rate.
const OTHER_FREQUENCIES: [&str; 9] =
    ["filter", "notch", "pass", "mains", "cut", "band", "heart", "pulse", "hum"];

impl Preamble {
    /// Reads `lines`.
    pub(super) fn read(lines: &[&Owned]) -> Self {
        let mut found = Self::default();
        let mut candidates = Vec::new();
        for line in lines {
            let text = line.text.trim();
            if text.is_empty() {
                continue;
            }
            let mut used = false;
            if let Some(rate) = rate(text) {
                used = true;
                found.unclear_rate |= found.rate_hz.is_some_and(|other| other != rate);
                (found.rate_hz, found.rate_line) = (Some(rate), line.number);
            } else if let Some(rate) = number_and_word(text) {
                candidates.push((rate, line.number));
            }
            for cell in cells(text) {
                if let Some(unit) = voltage(&cell.to_lowercase()) {
                    (found.unit, used) = (Some(unit), true);
                } else if let Some(name) = lead(cell) {
                    (found.lead, used) = (Some(name), true);
                }
            }
            found.unused += usize::from(!used);
        }
        found.settle(&candidates);
        found
    }

    /// Without a word for hertz, the one number with a word behind it, if unit and lead stand there
    /// too, as a watch writes them.
    fn settle(&mut self, candidates: &[(f64, usize)]) {
        if let (None, Some(_), Some(_), [(rate, line)]) = (self.rate_hz, self.unit, self.lead, candidates) {
            (self.rate_hz, self.rate_line) = (Some(*rate), *line);
            self.unused = self.unused.saturating_sub(1);
        }
        if self.unclear_rate {
            self.rate_hz = None;
        }
    }
}

/// Whether a line states a rate with a decimal comma.
pub(super) fn has_decimal_comma(text: &str) -> bool {
    let comma = |word: &str| word.contains(',') && !word.contains('.') && in_range(word).is_some();
    (rate(text).is_some() || number_and_word(text).is_some()) && words(text).any(comma)
}

/// The parts of a line between separators, quotes and comment marks removed.
fn cells(text: &str) -> impl Iterator<Item = &str> {
    let edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '#' | '%' | '/');
    let text = text.trim_matches(edge);
    text.split([',', ';', '\t', ':', '='])
        .map(move |cell| cell.trim_matches(edge))
        .filter(|cell| !cell.is_empty())
}

/// Words and numbers, the latter with their decimal signs.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ':' | '=' | '(' | ')' | '[' | ']' | '#')
    })
    .map(|word| word.trim_matches(','))
    .filter(|word| !word.is_empty())
}

/// The rate that a line states: a number beside a word for hertz, or behind a name for the rate.
fn rate(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    if OTHER_FREQUENCIES.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let compact: String = lower.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    let named = ["samplingrate", "samplerate", "samplingfrequency", "samplefrequency"]
        .iter()
        .any(|name| compact.contains(name))
        || lower.trim_start_matches(['#', '%', ' ']).starts_with("fs");
    let hertz = words(&lower)
        .any(|word| is_hertz(word.trim_start_matches(|c: char| c.is_ascii_digit() || ".,".contains(c))));
    if !(named || hertz) {
        return None;
    }
    // The name of a column such as `Hz,300` has a comma before the number.
    let mut numbers = words(&lower).flat_map(numbers_of).filter_map(in_range);
    let first = numbers.next()?;
    numbers.next().is_none().then_some(first)
}

/// A number glued to its unit, or behind a comma.
fn numbers_of(word: &str) -> Vec<&str> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let start = word.find(|c: char| c.is_ascii_digit());
    let Some(start) = start else { return Vec::new() };
    let rest = &word[start..];
    let end = rest.find(|c: char| !digits(c)).unwrap_or(rest.len());
    vec![rest[..end].trim_end_matches(['.', ','])]
}

fn is_hertz(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']);
    HERTZ.contains(&word)
}

/// A cell that is a number within the rates, and one word.
fn number_and_word(text: &str) -> Option<f64> {
    let mut words = words(text).skip_while(|word| in_range(word).is_none());
    let rate = in_range(words.next()?)?;
    let word = words.next()?;
    let plain = word.chars().all(char::is_alphabetic);
    (plain && words.next().is_none() && text.contains(',')).then_some(rate)
}

/// The number in `word`, if one reading of its comma lies within the rates that are accepted.
fn in_range(word: &str) -> Option<f64> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let within = |value: &f64| (MIN_RATE_HZ..=MAX_RATE_HZ).contains(value);
    let decimal = word.replacen(',', ".", 1).parse().ok().filter(within);
    decimal.or_else(|| word.replace(',', "").parse().ok().filter(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_found_by_structure() {
        for (text, expected) in [
            ("Sample Rate,512.844 hertz", Some(512.844)),
            ("Messrate,\"512,844 Hertz\"", Some(512.844)),
            (
                "\u{427}\u{430}\u{441}\u{442}\u{43e}\u{442}\u{430},\"512,844 \u{433}\u{435}\u{440}\u{446}\"",
                Some(512.844),
            ),
            ("# Sampling Rate (Hz):= 1000.00", Some(1000.0)),
            ("fs = 360", Some(360.0)),
            ("rate: 300Hz", Some(300.0)),
            ("Sample Rate,\"1,000 Hz\"", Some(1000.0)),
            ("Notch filter,50 Hz", None),
            ("Durchschnittliche Herzfrequenz,70 S/min", None),
            ("Date of Birth,\"Feb 5, 1952\"", None),
            ("Recorded Date,2020-02-05 09:14:40 -0400", None),
            ("# Resolution:= 12", None),
        ] {
            assert_eq!(rate(text), expected, "{text}");
        }
        assert!(has_decimal_comma("Messrate,\"512,844 Hertz\""));
        assert!(!has_decimal_comma("Sample Rate,512.844 hertz"));
    }
}
