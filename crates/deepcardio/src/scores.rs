//! From class scores to a label and probabilities.

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

/// `softmax(score * scale)`, computed about the largest score so that it cannot overflow.
#[must_use]
pub fn probabilities(scores: &[i64], scale: f64) -> Vec<f64> {
    let top = scores.iter().copied().max().unwrap_or(0);
    let weights: Vec<f64> = scores.iter().map(|&score| ((score - top) as f64 * scale).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::{argmax, probabilities};

    #[test]
    fn ties_go_to_the_lowest_index() {
        assert_eq!(argmax(&[3, 7, 7, 1]), 1);
        assert_eq!(argmax(&[-4, -4, -4]), 0);
        assert_eq!(argmax(&[1.0, 2.0]), 1);
    }

    #[test]
    fn probabilities_follow_the_scale() {
        let p = probabilities(&[0, 100], 0.01);
        assert!((p[1] - 1.0 / (1.0 + (-1.0f64).exp())).abs() < 1e-12);
        assert!((probabilities(&[i64::from(i32::MIN), i64::from(i32::MAX)], 1.0)[1] - 1.0).abs() < 1e-12);
    }
}
