//! What kind of file it is, told by its first bytes and never by its name.

use super::foreign::Foreign;
use super::wfdb;

/// Bytes looked at.
pub(super) const HEAD: usize = 4096;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A table, or any other text.
    Text,
    Json,
    /// The header of a WFDB record.
    WfdbHeader,
    /// A matrix of MATLAB 4, which `wfdb2mat` writes beside a WFDB header.
    Matlab4,
    /// EDF or BDF.
    Edf,
    /// Known, and not read.
    Foreign(Foreign),
    /// Bytes that are no text: the signals of a WFDB record, perhaps.
    Binary,
}

/// Tells the kind by the first bytes of a file.
pub(super) fn kind(head: &[u8]) -> Kind {
    if let Some(foreign) = Foreign::of(head) {
        return Kind::Foreign(foreign);
    }
    let version = |start: &[u8]| head.starts_with(start) && head.len() >= 256;
    if version(b"0       ") || version(b"\xffBIOSEMI") {
        return Kind::Edf;
    }
    if is_matlab4(head) {
        return Kind::Matlab4;
    }
    if is_binary(head) {
        return Kind::Binary;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.bytes().next() {
        Some(b'{') => Kind::Json,
        Some(b'[') if !text.starts_with("[Header]") => Kind::Json,
        _ if wfdb::is_header(text) => Kind::WfdbHeader,
        _ => Kind::Text,
    }
}

/// Control characters that no text has, or bytes that make no characters, in number.
fn is_binary(head: &[u8]) -> bool {
    let foreign = head.iter().filter(|byte| !byte.is_ascii()).count();
    if foreign * 10 > head.len() && std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some())
    {
        return true;
    }
    let control = |byte: &&u8| **byte < 32 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a);
    head.iter().filter(control).count() * 50 > head.len()
}

/// The head of a numeric matrix: type, rows, columns, imaginary part, length of the name ("MAT-File
/// Format", MathWorks, level 4).
fn is_matlab4(head: &[u8]) -> bool {
    let number = |index: usize| {
        head.get(4 * index..4 * index + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
    };
    let (Some(kind), Some(rows), Some(columns), Some(imaginary), Some(name)) =
        (number(0), number(1), number(2), number(3), number(4))
    else {
        return false;
    };
    let kinds = [0, 10, 20, 30, 40, 50];
    let named = head.get(20..).and_then(|rest| rest.get((name as usize).wrapping_sub(1)));
    kinds.contains(&kind)
        && rows > 0
        && columns > 0
        && imaginary == 0
        && (1..64).contains(&name)
        && named == Some(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_content() {
        let edf = [&b"0       "[..], &[b' '; 248]].concat();
        let matrix =
            [&[30u8, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0][..], b"val\0"].concat();
        for (head, expected) in [
            (&b"time_s,ecg_mv\n0,1\n"[..], Kind::Text),
            (b"0       1\n0       2\n", Kind::Text),
            (b"\xef\xbb\xbf {\"a\":1}", Kind::Json),
            (b"[[0,1]]", Kind::Json),
            (&edf, Kind::Edf),
            (&matrix, Kind::Matlab4),
            (b"# comment\n100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n", Kind::WfdbHeader),
            (b"10 2 360 650000\n11 212 200 11\n", Kind::Text),
            (b"\x01\x02\x03\x00\x04", Kind::Binary),
            (b"", Kind::Text),
        ] {
            assert_eq!(kind(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }
}
