//! The header of a WFDB record: which files hold which signals, and how.
//!
//! Source of the format: "header(5)", WFDB Applications Guide, PhysioNet.

use crate::error::EcgError;
use crate::files::format::Format;
use crate::limits::{MAX_WFDB_SAMPLES_PER_FRAME, MAX_WFDB_SIGNALS};

/// The header of a record.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// Frames in a second; `None` if the header leaves it out.
    pub(super) rate_hz: Option<f64>,
    /// Frames in the record; `None` if the header leaves it out.
    pub(super) frames: Option<u64>,
    pub(super) signals: Vec<Signal>,
    /// Comments and other lines that are not used.
    pub(super) unused: usize,
}

/// One signal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signal {
    pub(super) file: String,
    pub(super) format: u32,
    /// Samples in a frame.
    pub(super) per_frame: usize,
    /// Bytes before the first sample.
    pub(super) offset: u64,
    /// Steps in a unit; zero if the signal is not calibrated.
    pub(super) gain: f64,
    pub(super) baseline: f64,
    pub(super) units: String,
    pub(super) initial: i32,
    pub(super) checksum: Option<i32>,
    pub(super) description: String,
}

pub(super) fn content(problem: &'static str) -> EcgError {
    EcgError::Content { format: Format::Wfdb, problem }
}

/// Whether a text is the header of a record, by its first two lines.
pub(crate) fn is_header(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let record = lines.next().and_then(|line| record_line(line).ok());
    let Some((segments, count, _, _)) = record else { return false };
    let Some(line) = lines.next() else { return false };
    let mut fields = line.split_whitespace();
    let file = fields.next().unwrap_or_default();
    let name = file == "~" || (file.parse::<f64>().is_err() && !file.contains([',', ';']));
    let second = fields.next().unwrap_or_default();
    let digits = second.starts_with(|c: char| c.is_ascii_digit());
    count > 0 && name && digits && (segments > 1 || format_field(second).is_some() || file.contains('.'))
}

/// Segments, signals, rate and frames of the record line.
fn record_line(line: &str) -> Result<(usize, usize, Option<f64>, Option<u64>), EcgError> {
    let bad = || content("the first line of the header makes no sense: is the header complete?");
    let mut fields = line.split_whitespace();
    let name = fields.next().ok_or_else(bad)?;
    let (name, segments) = name.split_once('/').unwrap_or((name, "1"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(bad());
    }
    let segments = segments.parse().map_err(|_| bad())?;
    let count = fields.next().and_then(|count| count.parse().ok()).ok_or_else(bad)?;
    let rate = match fields.next() {
        None => None,
        Some(rate) => {
            let rate = rate.split(['/', '(']).next().unwrap_or_default();
            Some(rate.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0).ok_or_else(bad)?)
        }
    };
    let frames = fields.next().map(|frames| frames.parse::<u64>().map_err(|_| bad())).transpose()?;
    Ok((segments, count, rate, frames.filter(|frames| *frames > 0)))
}

/// Format, samples in a frame and offset of a field such as `16x2:3+24`.
fn format_field(field: &str) -> Option<(u32, usize, u64)> {
    let (field, offset) = field.split_once('+').unwrap_or((field, "0"));
    let field = field.split(':').next()?;
    let (format, per_frame) = field.split_once('x').unwrap_or((field, "1"));
    let known = [0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516, 524];
    let format = format.parse().ok().filter(|format| known.contains(format))?;
    Some((format, per_frame.parse().ok()?, offset.parse().ok()?))
}

impl Header {
    /// Reads the text of a header.
    pub(super) fn parse(text: &str) -> Result<Self, EcgError> {
        let comments = text.lines().filter(|line| line.trim_start().starts_with('#')).count();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let first = lines.next().ok_or_else(|| content("the header is empty"))?;
        let (segments, count, rate_hz, frames) = record_line(first)?;
        if segments > 1 {
            return Err(content(
                "the record has several segments, which are not read: `rdsamp -r RECORD -c -H -v -pd > \
                 OUT.csv`",
            ));
        }
        if count == 0 || count > MAX_WFDB_SIGNALS {
            return Err(content("the header names no signal, or too many"));
        }
        let signals = lines.by_ref().take(count).map(Signal::parse).collect::<Result<Vec<_>, _>>()?;
        if signals.len() < count {
            return Err(content("the header names fewer signals than it says: is it complete?"));
        }
        Ok(Self { rate_hz, frames, signals, unused: comments + lines.count() })
    }
}

impl Signal {
    fn parse(line: &str) -> Result<Self, EcgError> {
        let bad = || content("the line of a signal makes no sense: is the header complete?");
        let mut fields = line.splitn(9, char::is_whitespace);
        let mut next = || fields.next().unwrap_or_default();
        let file = next().to_owned();
        let (format, per_frame, offset) = format_field(next()).ok_or_else(bad)?;
        if per_frame == 0 || per_frame > MAX_WFDB_SAMPLES_PER_FRAME {
            return Err(content("a signal has too many samples in a frame"));
        }
        let (gain, baseline, units) = gain_field(next()).ok_or_else(bad)?;
        let _resolution = next();
        let number = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<i32>().map(Some) };
        let zero = number(next()).map_err(|_| bad())?.unwrap_or(0);
        let initial = number(next()).map_err(|_| bad())?.unwrap_or(zero);
        let checksum = number(next()).map_err(|_| bad())?;
        let _block = next();
        let description = next().trim().to_owned();
        let baseline = baseline.unwrap_or(f64::from(zero));
        Ok(Self { file, format, per_frame, offset, gain, baseline, units, initial, checksum, description })
    }
}

/// Gain, baseline and units of a field such as `200(1024)/mV`.
fn gain_field(field: &str) -> Option<(f64, Option<f64>, String)> {
    let (numbers, units) = field.split_once('/').unwrap_or((field, "mV"));
    let (gain, baseline) = numbers.split_once('(').unwrap_or((numbers, ""));
    let gain: f64 = if gain.is_empty() { 0.0 } else { gain.parse().ok()? };
    let baseline = baseline.trim_end_matches(')');
    let baseline = if baseline.is_empty() { None } else { Some(f64::from(baseline.parse::<i32>().ok()?)) };
    gain.is_finite().then_some((gain, baseline, units.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_left_out() {
        let header = Header::parse(
            "# c\nr 2 360/720(5) 650000 0:0:0 1/1/1970\nr.dat 212 200 11 1024 995 -22131 0 MLII\n\nr.mat \
             16x2:1+24 1000(-3)/uV\n# 69 M\n",
        );
        let header = header.unwrap();
        assert_eq!((header.rate_hz, header.frames, header.unused), (Some(360.0), Some(650_000), 2));
        let [first, second] = header.signals.as_slice() else { panic!("two signals") };
        assert_eq!(
            (first.gain, first.baseline, first.initial, first.checksum),
            (200.0, 1024.0, 995, Some(-22131))
        );
        assert_eq!((first.units.as_str(), first.description.as_str()), ("mV", "MLII"));
        assert_eq!((second.format, second.per_frame, second.offset), (16, 2, 24));
        assert_eq!((second.gain, second.baseline, second.units.as_str()), (1000.0, -3.0, "uV"));
        for bad in
            ["", "r", "r x", "r 1\n", "r 1 nan\nr.dat 16", "r 0\n", "r/3 2 360\nr1 5\n", "r 1\nr.dat 17\n"]
        {
            assert!(Header::parse(bad).is_err(), "{bad}");
        }
    }
}
