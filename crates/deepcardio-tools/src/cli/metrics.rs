//! Accuracy figures from a confusion matrix.

use serde::Serialize;

/// Counts of records, `[true class][predicted class]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Confusion {
    counts: Vec<Vec<u64>>,
}

/// Figures of one class against the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ClassFigures {
    pub(super) class: String,
    pub(super) records: u64,
    pub(super) sensitivity: f64,
    pub(super) specificity: f64,
    pub(super) f1: f64,
}

impl Confusion {
    pub(super) fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    pub(super) fn add(&mut self, truth: usize, predicted: usize) {
        if let Some(count) = self.counts.get_mut(truth).and_then(|row| row.get_mut(predicted)) {
            *count += 1;
        }
    }

    pub(super) fn rows(&self) -> &[Vec<u64>] {
        &self.counts
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    fn hits(&self, class: usize) -> u64 {
        self.counts.get(class).and_then(|row| row.get(class)).copied().unwrap_or(0)
    }

    /// Records that are of the class.
    fn of(&self, class: usize) -> u64 {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    /// Records that are taken for the class.
    fn taken_for(&self, class: usize) -> u64 {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }

    pub(super) fn accuracy(&self) -> f64 {
        ratio((0..self.counts.len()).map(|class| self.hits(class)).sum(), self.total())
    }

    /// F1 as the 2017 challenge defines it: twice the hits over row sum plus column sum.
    pub(super) fn f1(&self, class: usize) -> f64 {
        ratio(2 * self.hits(class), self.of(class) + self.taken_for(class))
    }

    /// The 2017 PhysioNet challenge score: mean F1 of normal, atrial fibrillation and other.
    pub(super) fn challenge_score(&self) -> f64 {
        (0..3).map(|class| self.f1(class)).sum::<f64>() / 3.0
    }

    pub(super) fn figures(&self, classes: &[String]) -> Vec<ClassFigures> {
        let figures = |(index, class): (usize, &String)| {
            let negatives = self.total() - self.of(index);
            let false_alarms = self.taken_for(index) - self.hits(index);
            ClassFigures {
                class: class.clone(),
                records: self.of(index),
                sensitivity: ratio(self.hits(index), self.of(index)),
                specificity: ratio(negatives - false_alarms, negatives),
                f1: self.f1(index),
            }
        };
        classes.iter().enumerate().map(figures).collect()
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::Confusion;

    #[test]
    fn figures_follow_their_definitions() {
        let mut confusion = Confusion::new(4);
        for (truth, predicted, count) in [(0, 0, 8), (0, 1, 2), (1, 1, 3), (1, 2, 1), (2, 2, 5), (3, 3, 1)] {
            (0..count).for_each(|_| confusion.add(truth, predicted));
        }
        assert!((confusion.accuracy() - 17.0 / 20.0).abs() < 1e-12);
        assert!((confusion.f1(1) - 6.0 / 9.0).abs() < 1e-12);
        let mean = (16.0 / 18.0 + 6.0 / 9.0 + 10.0 / 11.0) / 3.0;
        assert!((confusion.challenge_score() - mean).abs() < 1e-12);
        let classes = ["a", "b", "c", "d"].map(str::to_owned);
        let figures = confusion.figures(&classes);
        assert!((figures[1].sensitivity - 0.75).abs() < 1e-12);
        assert!((figures[1].specificity - 14.0 / 16.0).abs() < 1e-12);
    }
}
