//! How sure the labels of a network are, measured on labelled segments.
//!
//! One number is fitted: the temperature, by which scores are divided before they become
//! probabilities (Guo et al., ICML 2017). It makes the labels as likely as it can. A margin then
//! stands for odds, of the best class against the second best: `exp(margin * scale / temperature)`.
//! A level begins at fixed [`ODDS`]. So no threshold is chosen by the accuracies that are counted
//! afterwards, level by level.

use deepcardio::Architecture;
use deepcardio::architecture::{Accuracy, ArchitectureError, Confidence, LEVELS, Level};
use deepcardio::scores::{argmax, margin, softmax};

/// The odds at which the levels `low`, `medium` and `high` begin. Were there only two classes,
/// labels would be right in two of three cases, in nine of ten, in 49 of 50.
pub const ODDS: [f64; LEVELS - 1] = [2.0, 9.0, 49.0];

/// A segment's scores, and the class that it is of.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The network's scores.
    pub scores: Vec<i64>,
    /// Index of the true class.
    pub truth: usize,
}

/// Why levels cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum ConfidenceError {
    /// There is nothing to count.
    #[error("there are no labelled records to measure on")]
    Empty,
    /// Scores so small that two levels begin at one margin, or so large that a threshold fits no
    /// ring.
    #[error("the margins of these scores cannot be told apart in three levels: {0}")]
    Margins(#[from] ArchitectureError),
}

/// Measures the levels of a network that gave these answers.
///
/// # Errors
/// [`ConfidenceError`] if there are no answers, or their margins give no levels.
pub fn measure(architecture: &Architecture, answers: &[Answer]) -> Result<Confidence, ConfidenceError> {
    if answers.is_empty() {
        return Err(ConfidenceError::Empty);
    }
    let temperature = temperature(answers, architecture.score_scale());
    let unit = architecture.score_scale() * 1000.0 / f64::from(temperature);
    // A cast from f64 saturates, and what is out of range is refused below.
    let thresholds = ODDS.map(|odds| (odds.ln() / unit).ceil() as u32);
    let bare = Confidence { thresholds, temperature, accuracy: [Accuracy::default(); LEVELS] };
    architecture.with_confidence(Some(bare.clone()))?;
    let accuracy = Level::ALL.map(|level| {
        let mut counted = Accuracy::default();
        for answer in answers.iter().filter(|answer| bare.level(margin(&answer.scores)) == level) {
            counted.of += 1;
            counted.right += u32::from(argmax(&answer.scores) == answer.truth);
        }
        counted
    });
    Ok(Confidence { accuracy, ..bare })
}

/// The temperature in thousandths that makes the true classes likeliest.
///
/// The loss is convex in the inverse of the temperature, so it has one minimum, which a search by
/// thirds finds.
fn temperature(answers: &[Answer], scale: f64) -> u32 {
    let (mut low, mut high) = (0.001_f64.ln(), 1000.0_f64.ln());
    for _ in 0..100 {
        let third = (high - low) / 3.0;
        if loss(answers, scale / (low + third).exp()) < loss(answers, scale / (high - third).exp()) {
            high -= third;
        } else {
            low += third;
        }
    }
    ((1000.0 * ((low + high) / 2.0).exp()).round() as u32).clamp(1, 1_000_000)
}

/// Mean of the negative logarithms of the true classes' probabilities.
fn loss(answers: &[Answer], scale: f64) -> f64 {
    let of = |answer: &Answer| {
        let likely = softmax(&answer.scores, scale).get(answer.truth).copied().unwrap_or(0.0);
        -likely.max(f64::MIN_POSITIVE).ln()
    };
    answers.iter().map(of).sum::<f64>() / answers.len() as f64
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Head, Widths};

    use super::*;

    fn architecture() -> Architecture {
        Architecture::deepcardio(1, Head::Average, Widths::default()).unwrap()
    }

    /// Margins of `unit` times the odds' logarithm, right as often as the odds say.
    fn honest(unit: f64) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (odds, of) in [(1.5, 500), (4.0, 500), (19.0, 500), (99.0, 500)] {
            let margin = (unit * f64::ln(odds)).round() as i64;
            let right = (f64::from(of) * odds / (1.0 + odds)).round() as i32;
            answers.extend((0..of).map(|i| Answer {
                scores: vec![margin, 0, -1_000_000, -1_000_000],
                truth: usize::from(i >= right),
            }));
        }
        answers
    }

    #[test]
    fn the_temperature_undoes_the_scale_of_the_scores() {
        for (scale, expected) in [(0.001, 1000), (0.002, 2000)] {
            let found = temperature(&honest(1000.0), scale);
            assert!(found.abs_diff(expected) < expected / 50, "{found} for {expected}");
        }
    }

    #[test]
    fn levels_begin_at_their_odds_and_are_counted() {
        let confidence = measure(&architecture(), &honest(100.0)).unwrap();
        // The scale of this architecture is 1, so the temperature is about 100.
        assert!(confidence.temperature.abs_diff(100_000) < 2000, "{}", confidence.temperature);
        for (threshold, odds) in confidence.thresholds.iter().zip(ODDS) {
            assert!(
                (f64::from(*threshold) / (100.0 * odds.ln()) - 1.0).abs() < 0.02,
                "{threshold} for {odds}"
            );
        }
        let counted = confidence.accuracy.map(|accuracy| (accuracy.right, accuracy.of));
        assert_eq!(counted, [(300, 500), (400, 500), (475, 500), (495, 500)]);
    }

    #[test]
    fn what_gives_no_levels_is_refused() {
        assert!(matches!(measure(&architecture(), &[]), Err(ConfidenceError::Empty)));
        // Right every time by one unit: any temperature is too hot, and every level begins at 1.
        let certain = vec![Answer { scores: vec![1, 0, 0, 0], truth: 0 }; 9];
        assert!(matches!(measure(&architecture(), &certain), Err(ConfidenceError::Margins(_))));
    }
}
