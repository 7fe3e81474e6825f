//! Comparison of a private result with the network in the clear.

use deepcardio::ecg::Segment;
use deepcardio::model::Model;
use deepcardio::reference;
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
        tap.compare(&reference::trace(model, segment))?;
    }
    let reference = reference::scores(model, segment);
    let differ = |private: String, reference: String| Failure::Scores { segment: number, private, reference };
    match outcome {
        Outcome::Scores(scores) if *scores != reference => {
            Err(differ(format!("{scores:?}"), format!("{reference:?}")))
        }
        Outcome::Label(label) if *label != reference::argmax(&reference) => {
            Err(differ(format!("class {label}"), format!("class {}", reference::argmax(&reference))))
        }
        Outcome::Scores(_) | Outcome::Label(_) => Ok(()),
    }
}
