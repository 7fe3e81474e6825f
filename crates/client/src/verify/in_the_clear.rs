//! Comparison of private results with the network in the clear, which this build holds.

use deepcardio::InputError;
use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::scores::argmax;
use ecg::Segment;
use protocol::client::Outcome;
use protocol::tap::Tap;

use crate::failure::Failure;

/// The network in the clear, and what it gave for the segments of the present record.
pub struct Verifier {
    model: Model,
    tap: Option<Tap>,
    /// The reference's scores, summed over the segments.
    sums: Vec<i64>,
}

impl Verifier {
    /// Compares with `model`; layer by layer where `tap` holds both parties' shares.
    #[must_use]
    pub fn new(model: Model, tap: Option<Tap>) -> Self {
        Self { model, tap, sums: Vec::new() }
    }

    /// Both parties' shares, where they are at hand.
    #[must_use]
    pub fn tap(&self) -> Option<Tap> {
        self.tap.clone()
    }

    /// Forgets the record before.
    pub fn begin_record(&mut self) {
        self.sums.clear();
    }

    /// Compares one segment: every layer if both parties' shares are at hand, and the outcome in
    /// any case.
    ///
    /// # Errors
    /// [`Failure::Layer`] names the first layer that differs, [`Failure::Scores`] the outcome.
    pub fn segment(&mut self, number: usize, segment: &Segment, outcome: &Outcome) -> Result<(), Failure> {
        if let Some(tap) = &self.tap {
            let trace = reference::trace(&self.model, segment).map_err(unfit)?;
            tap.compare(self.model.architecture(), &trace)?;
        }
        let scores = reference::scores(&self.model, segment).map_err(unfit)?;
        check(&format!("segment {number}"), outcome, &scores)?;
        self.sums.resize(scores.len(), 0);
        self.sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
        Ok(())
    }

    /// Compares the outcome of the record whose segments were compared since it began.
    ///
    /// # Errors
    /// [`Failure::Scores`] if it differs.
    pub fn record(&self, overall: &Outcome) -> Result<(), Failure> {
        check("the whole record", overall, &self.sums)
    }
}

/// Compares an outcome with the reference's scores of the segment, or their sums over the record,
/// that `what` names.
fn check(what: &str, outcome: &Outcome, reference: &[i64]) -> Result<(), Failure> {
    let differ =
        |private: String, reference: String| Failure::Scores { what: what.into(), private, reference };
    match outcome {
        Outcome::Scores(scores) if *scores != reference => {
            Err(differ(format!("{scores:?}"), format!("{reference:?}")))
        }
        Outcome::Label(label) if *label != argmax(reference) => {
            Err(differ(format!("class {label}"), format!("class {}", argmax(reference))))
        }
        Outcome::Scores(_) | Outcome::Label(_) => Ok(()),
    }
}

/// The segment was made for the server's architecture; the model at hand has another.
fn unfit(error: InputError) -> Failure {
    Failure::Usage(format!("--model is not the model that the server serves: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_held_against_the_reference() {
        check("segment 1", &Outcome::Scores(vec![3, 5]), &[3, 5]).unwrap();
        check("the record", &Outcome::Label(0), &[5, 5]).unwrap();
        let error = check("the record", &Outcome::Label(1), &[5, 5]).unwrap_err().to_string();
        assert!(error.contains("the record is class 1 in private and class 0 in the clear"), "{error}");
        assert!(check("segment 1", &Outcome::Scores(vec![5, 3]), &[3, 5]).is_err());
    }
}
