//! How the file was understood, for people and for programs.

use ecg::{Gap, Understood};
use serde::Serialize;

/// Greatest width of a line for people.
const WIDTH: usize = 80;

/// How the file was understood, in JSON.
#[derive(Serialize)]
pub(super) struct Input<'a> {
    format: String,
    lead: Option<&'a str>,
    leads: &'a [String],
    unit: String,
    unit_from: String,
    rate_hz: f64,
    rate_from: String,
    seconds: f64,
    gaps: Vec<Stretch>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Stretch {
    start_s: f64,
    length_s: f64,
}

impl<'a> Input<'a> {
    pub(super) fn of(understood: &'a Understood) -> Self {
        let stretch = |gap: &Gap| Stretch { start_s: gap.start_s, length_s: gap.length_s };
        Self {
            format: understood.format.to_string(),
            lead: understood.lead.as_deref(),
            leads: &understood.leads,
            unit: understood.unit.to_string(),
            unit_from: understood.unit_from.to_string(),
            rate_hz: understood.rate_hz,
            rate_from: understood.rate_from.to_string(),
            seconds: understood.seconds,
            gaps: understood.gaps.iter().map(stretch).collect(),
            notes: understood.notes.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The lines for people below the name of the file.
pub(super) fn lines(understood: &Understood) -> String {
    let mut facts = vec![format!("Read as {}", understood.format)];
    facts.extend(understood.lead.as_ref().map(|lead| format!("lead {lead}")));
    facts.push(format!("unit {} ({})", understood.unit, understood.unit_from));
    facts.push(format!("rate {} Hz ({})", understood.rate_hz, understood.rate_from));
    let mut out = wrapped(&facts.join(", "));
    for gap in understood.gaps.iter().take(5) {
        out += &wrapped(&format!("Gap: no signal for {:.2} s from {:.2} s on", gap.length_s, gap.start_s));
    }
    if understood.gaps.len() > 5 {
        let length: f64 = understood.gaps.iter().map(|gap| gap.length_s).sum();
        out += &wrapped(&format!("{} gaps in all, {length:.2} s together", understood.gaps.len()));
    }
    for note in &understood.notes {
        out += &wrapped(&format!("Note: {note}"));
    }
    out
}

/// A text in lines of [`WIDTH`], the first indented by two blanks, the others by four.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::from(" ");
    let mut width = 1;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width + 1 + length > WIDTH && width > 3 {
            out += "\n   ";
            width = 3;
        }
        out += " ";
        out += word;
        width += 1 + length;
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let text = wrapped(&"eleven char ".repeat(40));
        assert!(text.lines().count() > 5 && text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("    ")));
    }
}
