//! What was found in which segments of a record: computed on the gateway from the answers to the
//! segments.
//!
//! The rule: a segment counts for its class unless it is uncertain; uncertain and unreadable
//! segments are counted apart. Classes other than normal and noise come first, so that an episode
//! in two of ten segments is not hidden behind the eight others.

use serde::Serialize;

use super::file::Part;

/// What was found in which segments. Segments are counted from 1.
#[derive(Serialize, Debug, PartialEq, Eq)]
pub(super) struct Episodes<'a> {
    /// Every class found, with its segments; what is neither normal nor noise first.
    pub(super) found: Vec<Found<'a>>,
    /// Segments whose two best classes are too near to tell.
    pub(super) uncertain: Vec<usize>,
    /// Segments that were not classified.
    pub(super) unreadable: Vec<usize>,
}

/// A class and its segments.
#[derive(Serialize, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) label: &'a str,
    pub(super) segments: Vec<usize>,
}

/// Sums up the segments of a record.
pub(super) fn of<'a>(parts: &[Part<'a>]) -> Episodes<'a> {
    let answer =
        |part: &Part<'a>| part.verdict.as_ref().map(|verdict| (verdict.name(), verdict.is_uncertain()));
    sum_up(parts.iter().map(answer))
}

/// Each segment is its class and whether that is uncertain; `None` if it is unreadable.
fn sum_up<'a>(answers: impl Iterator<Item = Option<(&'a str, bool)>>) -> Episodes<'a> {
    let mut episodes = Episodes { found: Vec::new(), uncertain: Vec::new(), unreadable: Vec::new() };
    for (number, answer) in (1..).zip(answers) {
        match answer {
            None => episodes.unreadable.push(number),
            Some((_, true)) => episodes.uncertain.push(number),
            Some((label, false)) => match episodes.found.iter_mut().find(|found| found.label == label) {
                Some(found) => found.segments.push(number),
                None => episodes.found.push(Found { label, segments: vec![number] }),
            },
        }
    }
    episodes.found.sort_by_key(|found| match found.label {
        "normal" => 1,
        "noise" => 2,
        _ => 0,
    });
    episodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_episode_comes_first() {
        let mut answers = vec![Some(("normal", false)); 10];
        answers[4] = Some(("af", false));
        answers[5] = Some(("af", false));
        let episodes = sum_up(answers.into_iter());
        assert_eq!(episodes.found[0], Found { label: "af", segments: vec![5, 6] });
        assert_eq!(episodes.found[1], Found { label: "normal", segments: vec![1, 2, 3, 4, 7, 8, 9, 10] });
    }

    #[test]
    fn what_is_uncertain_or_unreadable_counts_for_no_class() {
        let answers = [Some(("af", true)), None, Some(("noise", false)), Some(("normal", false)), None];
        let episodes = sum_up(answers.into_iter());
        assert_eq!(episodes.found.iter().map(|found| found.label).collect::<Vec<_>>(), ["normal", "noise"]);
        assert_eq!((episodes.uncertain, episodes.unreadable), (vec![1], vec![2, 5]));
    }
}
