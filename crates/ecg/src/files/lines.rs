//! Lines of a file one by one, bounded in length, with their numbers.

use std::collections::VecDeque;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::{EcgError, LineProblem};
use crate::limits::MAX_LINE_BYTES;

/// One line, without its end.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) number: usize,
}

/// A line that is kept.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) text: Zeroizing<String>,
    /// Counted from 1.
    pub(super) number: usize,
}

/// A reader of lines.
pub(super) struct Lines<R> {
    reader: R,
    path: PathBuf,
    number: usize,
    buffer: Zeroizing<Vec<u8>>,
}

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`. `path` is named when that fails.
    pub(super) fn new(reader: R, path: &Path) -> Self {
        let buffer = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES + 1));
        Self { reader, path: path.to_owned(), number: 0, buffer }
    }

    /// The first lines, at most `lines` of them and about `bytes`, for a look ahead.
    pub(super) fn head(&mut self, lines: usize, bytes: usize) -> Result<VecDeque<Owned>, EcgError> {
        let mut head = VecDeque::new();
        let mut held = 0;
        while head.len() < lines && held < bytes {
            let Some(line) = self.next()? else { break };
            held += line.text.len() + 1;
            head.push_back(Owned { text: Zeroizing::new(line.text.to_owned()), number: line.number });
        }
        Ok(head)
    }

    /// The next line, or `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, EcgError> {
        if !self.fill()? {
            return Ok(None);
        }
        Ok(Some(Line { text: self.line()?, number: self.number }))
    }

    /// Reads one line into the buffer. False at the end of the file.
    fn fill(&mut self) -> Result<bool, EcgError> {
        self.buffer.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer);
        let bytes = read.map_err(|source| EcgError::Io { path: self.path.clone(), source })?;
        self.number += 1;
        if bytes > MAX_LINE_BYTES {
            return Err(LineProblem::TooLong.at(self.number));
        }
        Ok(bytes > 0)
    }

    /// The buffer as text, without line end and without the byte order mark some programs write.
    fn line(&self) -> Result<&str, EcgError> {
        let text = std::str::from_utf8(&self.buffer).map_err(|_| LineProblem::NotText.at(self.number))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.contains('\0') {
            return Err(LineProblem::NotText.at(self.number));
        }
        Ok(if self.number == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text })
    }
}
