//! Comparison of a private result with the network in the clear.

use deepcardio::InputError;
use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::scores::argmax;
use ecg::Segment;
use protocol::client::Outcome;
use protocol::tap::Tap;

use crate::failure::Failure;

/// Compares one segment: every layer if `tap` holds both parties' shares, and the outcome in any case. Gives the reference's
/// scores.
///
/// # Errors
/// [`Failure::Layer`] names the first layer that differs, [`Failure::Scores`] the outcome.
pub fn segment(
    model: &Model,
    segment: &Segment,
    number: usize,
    outcome: &Outcome,
    tap: Option<&Tap>,
) -> Result<Vec<i64>, Failure> {
    if let Some(tap) = tap {
        let trace = reference::trace(model, segment).map_err(unfit)?;
        tap.compare(model.architecture(), &trace)?;
    }
    let reference = reference::scores(model, segment).map_err(unfit)?;
    check(&format!("segment {number}"), outcome, &reference)?;
    Ok(reference)
}

/// Compares an outcome with the reference's scores of the segment, or their sums over the record, that `what` names.
///
/// # Errors
/// [`Failure::Scores`] if they differ.
pub fn check(what: &str, outcome: &Outcome, reference: &[i64]) -> Result<(), Failure> {
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
