//! Comparison of a private result with the network in the clear.

use deepcardio::InputError;
use deepcardio::ecg::Segment;
use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::scores::argmax;
use protocol::client::Outcome;
use protocol::tap::Tap;

use crate::failure::Failure;

/// Compares one segment: every layer if `tap` holds both parties' shares, and the outcome in any case.
///
/// # Errors
/// [`Failure::Layer`] names the first layer that differs, [`Failure::Scores`] the outcome.
pub fn verify(
    model: &Model,
    segment: &Segment,
    number: usize,
    outcome: &Outcome,
    tap: Option<&Tap>,
) -> Result<(), Failure> {
    if let Some(tap) = tap {
        let trace = reference::trace(model, segment).map_err(unfit)?;
        tap.compare(model.architecture(), &trace)?;
    }
    let reference = reference::scores(model, segment).map_err(unfit)?;
    let differ = |private: String, reference: String| Failure::Scores { segment: number, private, reference };
    match outcome {
        Outcome::Scores(scores) if *scores != reference => {
            Err(differ(format!("{scores:?}"), format!("{reference:?}")))
        }
        Outcome::Label(label) if *label != argmax(&reference) => {
            Err(differ(format!("class {label}"), format!("class {}", argmax(&reference))))
        }
        Outcome::Scores(_) | Outcome::Label(_) => Ok(()),
    }
}

/// The segment was made for the server's architecture; the model at hand has another.
fn unfit(error: InputError) -> Failure {
    Failure::Usage(format!("--model is not the model that the server serves: {error}"))
}
