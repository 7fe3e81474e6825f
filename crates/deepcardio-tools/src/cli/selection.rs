//! Which records to evaluate: a list of numbers and ranges, or a file that holds one.

use std::collections::BTreeSet;
use std::str::FromStr;

/// Record numbers, such as `17,100-250`, or `@file` with numbers and ranges between commas or white
/// space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    numbers: BTreeSet<u32>,
}

/// Largest record number.
const MAX_NUMBER: u32 = 1_000_000;

impl Selection {
    pub(super) fn contains(&self, number: u32) -> bool {
        self.numbers.contains(&number)
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = match text.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
            None => text.to_owned(),
        };
        let mut numbers = BTreeSet::new();
        for part in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.parse::<u32>(), last.parse::<u32>()) {
                (Ok(first), Ok(last)) if first <= last && last <= MAX_NUMBER => numbers.extend(first..=last),
                _ => return Err(format!("`{part}` is no record number or range")),
            }
        }
        Ok(Self { numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;

    #[test]
    fn reads_numbers_and_ranges() {
        let selection: Selection = "17,100-102 7".parse().unwrap();
        assert!([7, 17, 100, 101, 102].iter().all(|&number| selection.contains(number)));
        assert!(!selection.contains(103));
        assert!("5-3".parse::<Selection>().is_err());
        assert!("0-4000000000".parse::<Selection>().is_err());
        assert!("A00017".parse::<Selection>().is_err());
    }
}
