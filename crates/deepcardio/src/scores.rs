//! From class scores to a label, how sure it is, and probabilities.

use crate::architecture::{Architecture, Level};

/// What a score vector says: the class with the greatest score, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Index of the class.
    pub class: usize,
    /// The level of the margin; `None` if the architecture has no levels.
    pub level: Option<Level>,
}

impl Label {
    /// The label of one segment's scores.
    #[must_use]
    pub fn of(architecture: &Architecture, scores: &[i64]) -> Self {
        let level = architecture.confidence().map(|confidence| confidence.level(margin(scores)));
        Self { class: argmax(scores), level }
    }
}

/// Index of the largest score. Ties go to the lowest index.
#[must_use]
pub fn argmax<T: PartialOrd + Copy>(scores: &[T]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if scores.get(best).is_some_and(|top| score > top) {
            best = index;
        }
    }
    best
}

/// The largest score minus the second largest; 0 if there are not two.
#[must_use]
pub fn margin(scores: &[i64]) -> u64 {
    let best = argmax(scores);
    let others = scores.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, score)| *score);
    match (scores.get(best), others.max()) {
        (Some(best), Some(second)) => best.abs_diff(second),
        _ => 0,
    }
}

/// Probabilities of the classes: `softmax(score * scale / temperature)`.
///
/// The architecture says scale and temperature. Without a measured temperature it is 1, and the
/// probabilities are those that the network was trained to give.
#[must_use]
pub fn probabilities(architecture: &Architecture, scores: &[i64]) -> Vec<f64> {
    let temperature =
        architecture.confidence().map_or(1.0, |confidence| f64::from(confidence.temperature) / 1000.0);
    softmax(scores, architecture.score_scale() / temperature)
}

/// `softmax(score * scale)`, computed about the largest score so that it cannot overflow.
#[must_use]
pub fn softmax(scores: &[i64], scale: f64) -> Vec<f64> {
    let top = scores.iter().copied().max().unwrap_or(0);
    let weights: Vec<f64> = scores.iter().map(|&score| ((score - top) as f64 * scale).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::{Label, argmax, margin, probabilities, softmax};
    use crate::architecture::{Accuracy, Architecture, Confidence, Head, Level, Widths};

    #[test]
    fn ties_go_to_the_lowest_index() {
        assert_eq!(argmax(&[3, 7, 7, 1]), 1);
        assert_eq!(argmax(&[-4, -4, -4]), 0);
        assert_eq!(argmax(&[1.0, 2.0]), 1);
    }

    #[test]
    fn probabilities_follow_the_scale() {
        let p = softmax(&[0, 100], 0.01);
        assert!((p[1] - 1.0 / (1.0 + (-1.0f64).exp())).abs() < 1e-12);
        assert!((softmax(&[i64::from(i32::MIN), i64::from(i32::MAX)], 1.0)[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_margin_is_between_the_two_best_scores() {
        assert_eq!(margin(&[3, 10, -7, 4]), 6);
        assert_eq!(margin(&[5, 1, 5]), 0);
        assert_eq!(margin(&[i64::MIN, i64::MAX]), u64::MAX);
        assert_eq!((margin(&[4]), margin(&[])), (0, 0));
    }

    #[test]
    fn the_architecture_says_levels_and_temperature() {
        let bare = Architecture::deepcardio(1, Head::Average, Widths::default()).unwrap();
        let accuracy = [Accuracy::default(); 4];
        let confidence = Confidence { thresholds: [1, 2, 3], temperature: 2000, accuracy };
        let measured = bare.with_confidence(Some(confidence)).unwrap();
        let scores = [0, 2, -1, 0];
        assert_eq!(Label::of(&bare, &scores), Label { class: 1, level: None });
        assert_eq!(Label::of(&measured, &scores), Label { class: 1, level: Some(Level::Medium) });
        assert_eq!(probabilities(&bare, &scores), softmax(&scores, 1.0));
        assert_eq!(probabilities(&measured, &scores), softmax(&scores, 0.5));
    }
}
