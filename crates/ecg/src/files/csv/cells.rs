//! Splitting a line into cells, and what a cell holds.

use std::ops::Range;

use crate::files::clock;

/// How the lines of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Between cells. `None`: a line is one cell. A blank stands for any run of blanks.
    pub(super) separator: Option<char>,
    /// The decimal sign.
    pub(super) decimal: char,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing, or a word for nothing.
    Missing,
    /// A finite number.
    Number(f64),
    /// A time of day, perhaps with a date, in seconds.
    Clock(f64),
    /// Anything else.
    Text,
}

impl Style {
    /// The cells of `line`, without blanks and quotes around them. `cells` is filled with ranges of
    /// bytes.
    pub(super) fn split(self, line: &str, cells: &mut Vec<Range<usize>>) {
        cells.clear();
        match self.separator {
            None => cells.push(trimmed(line, 0..line.len())),
            Some(' ') => words(line, cells),
            Some(separator) => split_at(line, separator as u8, cells),
        }
    }

    /// The cells of `line` as texts.
    pub(super) fn texts(self, line: &str) -> Vec<&str> {
        let mut cells = Vec::new();
        self.split(line, &mut cells);
        cells.into_iter().map(|cell| &line[cell]).collect()
    }

    /// What the cell `text` holds.
    pub(super) fn cell(self, text: &str) -> Cell {
        if let Some(value) = self.number(text) {
            return if value.is_nan() { Cell::Missing } else { Cell::Number(value) };
        }
        if is_missing(text) {
            return Cell::Missing;
        }
        clock::parse(text).map_or(Cell::Text, Cell::Clock)
    }

    /// The number that `text` holds, NaN for the word. Infinite numbers are none.
    pub(super) fn number(self, text: &str) -> Option<f64> {
        // Only what starts like a number: no words such as "infinity".
        let first = text.bytes().find(|byte| !matches!(byte, b'+' | b'-'))?;
        if !first.is_ascii_digit() && first != self.decimal as u8 {
            return text.eq_ignore_ascii_case("nan").then_some(f64::NAN);
        }
        let value: f64 = if self.decimal == '.' {
            text.parse().ok()?
        } else if text.contains('.') {
            return None;
        } else {
            text.replacen(self.decimal, ".", 1).parse().ok()?
        };
        value.is_finite().then_some(value)
    }
}

/// Words that programs write where there is no value.
fn is_missing(text: &str) -> bool {
    const WORDS: [&str; 8] = ["", "-", "--", "na", "n/a", "null", "none", "nan"];
    text.len() <= 4 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The range without blanks, then without a pair of quotes, at its ends.
fn trimmed(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let left = range.start + text.len() - text.trim_start().len();
    let right = left + text.trim().len();
    let inner = &line[left..right];
    let quoted = ['"', '\'']
        .iter()
        .any(|quote| inner.len() >= 2 && inner.starts_with(*quote) && inner.ends_with(*quote));
    if quoted { trimmed(line, left + 1..right - 1) } else { left..right }
}

fn split_at(line: &str, separator: u8, cells: &mut Vec<Range<usize>>) {
    let (mut start, mut quote) = (0, None);
    let mut blank = true;
    for (index, byte) in line.bytes().enumerate() {
        match quote {
            Some(open) => {
                if byte == open {
                    quote = None;
                }
            }
            // A quote opens at the start of a cell only: an apostrophe within a name does not.
            None if blank && matches!(byte, b'"' | b'\'') => {
                // One that nobody closes is part of the name.
                quote = line.as_bytes()[index + 1..].contains(&byte).then_some(byte);
                blank = false;
            }
            None if byte == separator => {
                cells.push(trimmed(line, start..index));
                (start, blank) = (index + 1, true);
            }
            None => blank &= byte == b' ',
        }
    }
    cells.push(trimmed(line, start..line.len()));
}

fn words(line: &str, cells: &mut Vec<Range<usize>>) {
    let mut start = None;
    for (index, byte) in line.bytes().enumerate() {
        match (byte, start) {
            (b' ', Some(from)) => {
                cells.push(trimmed(line, from..index));
                start = None;
            }
            (b' ', None) => {}
            (_, None) => start = Some(index),
            (_, Some(_)) => {}
        }
    }
    if let Some(from) = start {
        cells.push(trimmed(line, from..line.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn style(separator: Option<char>, decimal: char) -> Style {
        Style { separator, decimal }
    }

    #[test]
    fn cells_lose_blanks_and_quotes() {
        let comma = style(Some(','), '.');
        assert_eq!(comma.texts(r#" a , "b, c" ,'d'"#), ["a", "b, c", "d"]);
        assert_eq!(comma.texts("1,,"), ["1", "", ""]);
        assert_eq!(comma.texts(r#"O'Hara,5",6"#), ["O'Hara", "5\"", "6"]);
        assert_eq!(comma.texts("\"1,2"), ["\"1", "2"]);
        assert_eq!(style(Some(' '), '.').texts("  1   2 "), ["1", "2"]);
        assert_eq!(style(None, ',').texts(" \"1,5\" "), ["1,5"]);
        assert_eq!(style(Some('\t'), '.').texts("\u{b5}V\t \u{3bc}"), ["\u{b5}V", "\u{3bc}"]);
    }

    #[test]
    fn cells_are_numbers_times_nothing_or_text() {
        let point = style(None, '.');
        assert_eq!(point.cell("-1.5e3"), Cell::Number(-1500.0));
        assert_eq!(point.cell("NaN"), Cell::Missing);
        assert_eq!(point.cell("n/a"), Cell::Missing);
        for text in ["inf", "-infinity", "1e999", "0x10", "1 2", "1,5", "nano", "Jane"] {
            assert_eq!(point.cell(text), Cell::Text, "{text}");
        }
        assert_eq!(style(None, ',').cell("-41,311"), Cell::Number(-41.311));
        assert_eq!(style(None, ',').cell("41.311"), Cell::Text);
        assert_eq!(point.cell("0:01.500"), Cell::Clock(1.5));
    }
}
