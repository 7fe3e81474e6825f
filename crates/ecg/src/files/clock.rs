//! Times of day and dates as cells hold them.

/// The seconds that `text` stands for: `m:ss.fff`, `h:mm:ss.fff`, alone or with a date before or
/// after it. A date of the form `yyyy-mm-dd` counts its days; with another form the time of day
/// alone counts.
pub(super) fn parse(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| matches!(c, '[' | ']' | '(' | ')'));
    if text.len() > 40 || !text.contains(':') {
        return None;
    }
    let mut seconds = None;
    let mut days = 0.0;
    for part in text.split([' ', 'T']).filter(|part| !part.is_empty()) {
        if part.contains(':') && seconds.is_none() {
            seconds = Some(time_of_day(without_zone(part))?);
        } else if let Some(date) = days_of(part) {
            days = date;
        } else if !is_zone_or_date(part) {
            return None;
        }
    }
    seconds.map(|seconds| days * 86_400.0 + seconds)
}

/// Decimals of the seconds in `text`.
pub(super) fn decimals(text: &str) -> i32 {
    let Some((_, last)) = text.rsplit_once(':') else { return 0 };
    let fraction = last.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    i32::try_from(digits).unwrap_or(0)
}

/// `hh:mm:ss+01:00` and `hh:mm:ssZ` without their zone.
fn without_zone(text: &str) -> &str {
    let text = text.trim_end_matches('Z');
    text.find(['+', '-']).map_or(text, |zone| &text[..zone])
}

fn time_of_day(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut parts = 0;
    for part in text.split(':') {
        let plain = part.replacen(',', ".", 1);
        let digits = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value: f64 = if digits { plain.parse().ok()? } else { return None };
        seconds = seconds * 60.0 + value;
        parts += 1;
    }
    (2..=3).contains(&parts).then_some(seconds)
}

/// Days since a fixed day of the date `yyyy-mm-dd` or `yyyy/mm/dd` (Hinnant, "chrono-compatible
/// low-level date algorithms", `days_from_civil`).
fn days_of(text: &str) -> Option<f64> {
    let mut parts = text.split(['-', '/']).map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let plausible = (1900..3000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !plausible || parts.next().is_some() {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some((days - 730_000) as f64)
}

fn is_zone_or_date(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'/' | b'.' | b'-' | b'+' | b':' | b'Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        assert_eq!(parse("0:00.003"), Some(0.003));
        assert_eq!(parse("'0:00"), None);
        assert_eq!(parse("21:56:26.765"), Some(78_986.765));
        assert_eq!(parse("[12:00:00.5 01/02/2003]"), Some(43_200.5));
        let at = |text| parse(text).unwrap();
        let step = at("2026-03-01T00:00:00.25Z") - at("2026-02-28T23:59:59.75+01:00");
        assert!((step - 0.5).abs() < 1e-6);
        assert!((at("2026/03/01 00:00:01") - at("2026-02-28 00:00:00") - 86_401.0).abs() < 1e-6);
        for text in ["12", "a:b", "1:2:3:4", "Jane 12:00", "1::2", ":"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(decimals("0:00.003"), 3);
    }
}
