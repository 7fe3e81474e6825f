//! Where the table of a text file begins, and how its lines are written.
//!
//! Only the first lines are looked at. The table is the longest run of lines with the same number
//! of cells and a number in at least one of them. The lines above it are names of columns, units,
//! and whatever a program says of itself or of the patient.

use super::cells::{Cell, Style};
use crate::error::{EcgError, LineProblem};
use crate::files::lines::Owned;
use crate::files::names::{per_second, voltage};

/// The table found.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) style: Style,
    /// Index of the first line of numbers among the lines looked at.
    pub(super) body: usize,
    /// Cells on a line of numbers.
    pub(super) columns: usize,
    /// The names above the columns; empty without a header.
    pub(super) names: Vec<String>,
    /// The units below the names; empty if there are none.
    pub(super) units: Vec<String>,
    /// Index of the first line of the header; [`Self::body`] without one.
    pub(super) header: usize,
}

/// A way to read the first lines.
#[derive(Clone, Copy)]
struct Candidate {
    style: Style,
    run: Run,
}

/// Lines with the same number of cells.
#[derive(Clone, Copy, Default)]
struct Run {
    start: usize,
    lines: usize,
    columns: usize,
    /// Cells of its first line that are text.
    texts: usize,
}

const STYLES: [(Option<char>, char); 9] = [
    (None, '.'),
    (Some('\t'), '.'),
    (Some(';'), '.'),
    (Some(','), '.'),
    (Some('|'), '.'),
    (None, ','),
    (Some('\t'), ','),
    (Some(';'), ','),
    (Some(' '), '.'),
];

/// Whether a line is a comment of the file's own.
pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['#', '%']) || line.starts_with("//")
}

impl Layout {
    /// Finds the table in the first lines of a file.
    pub(super) fn find(head: &[Owned]) -> Result<Self, EcgError> {
        let Some(best) = best(head)? else { return Err(no_table(head)) };
        let body = first_row(head, best);
        let mut layout = Self {
            style: best.style,
            body,
            columns: best.run.columns,
            names: Vec::new(),
            units: Vec::new(),
            header: body,
        };
        layout.read_header(head)?;
        Ok(layout)
    }

    /// Takes names and units from the lines right above the table.
    fn read_header(&mut self, head: &[Owned]) -> Result<(), EcgError> {
        let mut row = self.body;
        while let Some(above) = row.checked_sub(1).filter(|above| self.is_header(&head[*above])) {
            let cells = self.texts(&head[above]);
            if cells.iter().all(|cell| is_unit_row_cell(cell)) && self.names.is_empty() {
                if self.units.is_empty() || cells.iter().any(|cell| voltage(&plain(cell)).is_some()) {
                    self.units = cells;
                }
            } else if self.names.is_empty() {
                self.names = cells;
            } else if cells.iter().all(|cell| cell.to_lowercase().starts_with("shimmer")) {
                // ShimmerCapture writes the name of the device above each name.
            } else if self.columns > 1 {
                return Err(LineProblem::HeaderUnclear.at(head[above + 1].number));
            } else {
                break;
            }
            row = above;
            if self.header - row > 4 {
                break;
            }
            self.header = row.min(self.header);
        }
        self.commented_names(head);
        self.check_names(head)
    }

    /// A comment right above the table may hold the names.
    fn commented_names(&mut self, head: &[Owned]) {
        let Some(above) = self.header.checked_sub(1) else { return };
        let line = &head[above];
        if !self.names.is_empty() || !is_comment(&line.text) {
            return;
        }
        let text = line.text.trim_start_matches(['#', '%', '/', ' ']);
        let cells = self.style.texts(text);
        let named = cells.iter().all(|cell| self.style.cell(cell) == Cell::Text);
        if named && cells.len() == self.columns && (self.columns > 1 || !text.contains([':', '=', ' '])) {
            self.names = cells.into_iter().map(str::to_owned).collect();
            self.header = above;
        }
    }

    /// There are as many names as columns, but for empty cells at the end.
    fn check_names(&mut self, head: &[Owned]) -> Result<(), EcgError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let (named, columns) = (self.names.len(), self.columns);
        let extra = self.style.texts(&head[self.body].text);
        let unnamed_empty = extra.iter().skip(named).all(|cell| cell.is_empty());
        let spare_empty = self.names.iter().skip(columns).all(|name| name.is_empty());
        if !(unnamed_empty && spare_empty) {
            let problem = LineProblem::CellCount { found: columns, expected: named };
            return Err(problem.at(head[self.body].number));
        }
        self.names.resize(columns, String::new());
        self.units.resize(if self.units.is_empty() { 0 } else { columns }, String::new());
        Ok(())
    }

    /// Whether a line can be a header of the table: about as many cells, none of them a number.
    fn is_header(&self, line: &Owned) -> bool {
        let text = line.text.as_str();
        if text.trim().is_empty() || is_comment(text) {
            return false;
        }
        // Above a single column, a line of key and value is no header.
        if self.columns == 1 && text.contains([',', ';', '\t', '=']) {
            let parts = text.split([',', ';', '\t', '=']).filter(|part| !part.trim().is_empty());
            if parts.count() > 1 {
                return false;
            }
        }
        let cells = self.style.texts(text);
        let number = |cell: &&str| matches!(self.style.cell(cell), Cell::Number(_) | Cell::Clock(_));
        let named = cells.iter().any(|cell| !cell.is_empty()) && !cells.iter().any(number);
        let alike = (cells.len() > 1) == (self.columns > 1);
        named && (alike || (cells.len() == 1 && self.trailing_empty(cells[0])))
    }

    /// One name above lines such as `0.5,`.
    fn trailing_empty(&self, name: &str) -> bool {
        self.columns == 2 && !name.starts_with("sep=")
    }

    fn texts(&self, line: &Owned) -> Vec<String> {
        self.style.texts(&line.text).into_iter().map(str::to_owned).collect()
    }
}

/// A cell of a row of units.
fn is_unit_row_cell(cell: &str) -> bool {
    const WORDS: [&str; 10] =
        ["", "cal", "uncal", "raw", "no_units", "no units", "n/a", "adu", "nodim", "hh:mm:ss.mmm"];
    let word = plain(cell);
    WORDS.contains(&word.as_str())
        || voltage(&word).is_some()
        || per_second(&word).is_some()
        || (word.contains("mm:ss") && word.len() < 30)
}

/// A unit without brackets and marks.
fn plain(cell: &str) -> String {
    cell.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | '*' | ' ')).to_lowercase()
}

/// The best way to read the lines, `None` without any.
fn best(head: &[Owned]) -> Result<Option<Candidate>, EcgError> {
    let mut best: Option<Candidate> = None;
    for (separator, decimal) in STYLES {
        let style = Style { separator, decimal };
        let run = longest_run(head, style);
        if run.lines == 0 {
            continue;
        }
        let candidate = Candidate { style, run };
        best = Some(match best {
            None => candidate,
            Some(other) => better(head, other, candidate)?,
        });
    }
    Ok(best)
}

/// The better of two ways. Where one column of decimal commas and two columns of whole numbers look
/// alike, something else in the file must tell.
fn better(head: &[Owned], one: Candidate, other: Candidate) -> Result<Candidate, EcgError> {
    let ambiguous = |a: Candidate, b: Candidate| {
        a.style.separator == Some(',') && b.style == Style { separator: None, decimal: ',' }
    };
    let near = one.run.lines.abs_diff(other.run.lines) == 0;
    if near && one.run.texts == 0 && other.run.texts == 0 && ambiguous(one, other) {
        return match decimal_commas(head, one, other) {
            Some(true) => Ok(other),
            Some(false) => Ok(one),
            None => Err(LineProblem::CommasUnclear.at(head[other.run.start].number)),
        };
    }
    let rank = |candidate: Candidate| (candidate.run.lines, usize::MAX - candidate.run.texts);
    Ok(if rank(other) > rank(one) { other } else { one })
}

/// Whether the commas are decimal signs: by the header above, by zeros behind them, by a number
/// with a comma in the lines above.
fn decimal_commas(head: &[Owned], table: Candidate, column: Candidate) -> Option<bool> {
    let start = column.run.start;
    let above = start.checked_sub(1).map(|above| head[above].text.trim()).filter(|text| !text.is_empty());
    if let Some(text) = above.filter(|text| !is_comment(text)) {
        let cells = table.style.texts(text).iter().filter(|cell| !cell.is_empty()).count();
        return Some(cells != table.run.columns);
    }
    let rows = head[start..start + column.run.lines].iter();
    let zeros = |line: &Owned| {
        let fraction = line.text.split_once(',').map_or("", |(_, fraction)| fraction.trim());
        fraction.len() > 1 && fraction.starts_with('0')
    };
    if rows.clone().any(zeros) {
        return Some(true);
    }
    let stated = |line: &Owned| super::preamble::has_decimal_comma(&line.text);
    head[..start].iter().any(stated).then_some(true)
}

/// The longest run of lines with equally many cells, one of them a number.
fn longest_run(head: &[Owned], style: Style) -> Run {
    let (mut best, mut current) = (Run::default(), Run::default());
    let mut cells = Vec::new();
    for (index, line) in head.iter().enumerate() {
        let text = line.text.as_str();
        if text.trim().is_empty() || is_comment(text) {
            current = Run::default();
            continue;
        }
        style.split(text, &mut cells);
        let count = |kind: fn(&Cell) -> bool| {
            cells.iter().filter(|cell| kind(&style.cell(&text[(*cell).clone()]))).count()
        };
        let numbers = count(|cell| matches!(cell, Cell::Number(_)));
        // A separator that separates nothing is no separator.
        let fits = numbers > 0 && (style.separator.is_none() || cells.len() > 1);
        if !fits {
            current = Run::default();
        } else if current.lines > 0 && current.columns == cells.len() {
            current.lines += 1;
        } else {
            let texts = count(|cell| *cell == Cell::Text);
            current = Run { start: index, lines: 1, columns: cells.len(), texts };
        }
        if current.lines > best.lines {
            best = current;
        }
    }
    best
}

/// The first line that is written as those of the run are: a bad line further down does not hide
/// the good ones above it.
fn first_row(head: &[Owned], best: Candidate) -> usize {
    let (style, run) = (best.style, best.run);
    let is_number = |text: &str| matches!(style.cell(text), Cell::Number(_) | Cell::Clock(_));
    let pattern: Vec<bool> = style.texts(&head[run.start].text).into_iter().map(is_number).collect();
    let alike = |line: &Owned| {
        let cells = style.texts(&line.text);
        let numbers = cells.iter().zip(&pattern).filter(|(cell, number)| **number && is_number(cell)).count();
        !is_comment(&line.text)
            && cells.len() == run.columns
            && numbers > 0
            && cells.iter().zip(&pattern).all(|(cell, number)| !number || style.cell(cell) != Cell::Text)
    };
    head[..run.start].iter().position(alike).unwrap_or(run.start)
}

/// Why there is no table.
fn no_table(head: &[Owned]) -> EcgError {
    if head.iter().all(|line| line.text.trim().is_empty()) || head.len() <= 1 {
        return EcgError::TooShort { samples: 0, needed: 1 };
    }
    EcgError::NoTable
}
