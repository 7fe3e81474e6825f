//! Comparison of private results with the network in the clear, which this build holds.

use deepcardio::InputError;
use deepcardio::architecture::Architecture;
use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::scores::{Label, argmax};
use ecg::Segment;
use protocol::client::Outcome;
use protocol::tap::Tap;

use crate::failure::Failure;
use crate::report::Overall;

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
        check(&format!("segment {number}"), self.model.architecture(), outcome, &scores)?;
        self.sums.resize(scores.len(), 0);
        self.sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
        Ok(())
    }

    /// Compares the outcome of the record whose segments were compared since it began.
    ///
    /// # Errors
    /// [`Failure::Scores`] if it differs.
    pub fn record(&self, overall: &Overall) -> Result<(), Failure> {
        let what = "the whole record";
        match overall {
            Overall::Scores(scores) => same(what, &scores[..], &self.sums, named_scores),
            Overall::Class(class) => same(what, class, &argmax(&self.sums), named_class),
        }
    }
}

/// Compares an outcome with the reference's scores of the segment that `what` names.
fn check(what: &str, architecture: &Architecture, outcome: &Outcome, scores: &[i64]) -> Result<(), Failure> {
    match outcome {
        Outcome::Scores(private) => same(what, &private[..], scores, named_scores),
        Outcome::Label(label) => same(what, label, &Label::of(architecture, scores), named_label),
    }
}

/// Compares a result with the reference; `name` says what either is.
fn same<T: PartialEq + ?Sized>(
    what: &str,
    private: &T,
    reference: &T,
    name: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    if private == reference {
        return Ok(());
    }
    Err(Failure::Scores { what: what.into(), private: name(private), reference: name(reference) })
}

fn named_scores(scores: &[i64]) -> String {
    format!("{scores:?}")
}

fn named_class(class: &usize) -> String {
    format!("class {class}")
}

fn named_label(Label { class, level }: &Label) -> String {
    level.map_or_else(|| named_class(class), |level| format!("class {class} with confidence {level}"))
}

/// The segment was made for the server's architecture; the model at hand has another.
fn unfit(error: InputError) -> Failure {
    Failure::Usage(format!("--model is not the model that the server serves: {error}"))
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::Level;

    use super::*;
    use crate::embedded;

    #[test]
    fn an_outcome_is_held_against_the_reference() {
        let model = embedded::model(None).unwrap();
        let architecture = model.architecture();
        let against = |outcome: Outcome| check("segment 1", architecture, &outcome, &[5, 5, 0, 0]);
        against(Outcome::Scores(vec![5, 5, 0, 0])).unwrap();
        assert!(against(Outcome::Scores(vec![5, 4, 0, 0])).is_err());
        let label = |class, level| Outcome::Label(Label { class, level: Some(level) });
        against(label(0, Level::Uncertain)).unwrap();
        for (wrong, name) in [
            (label(1, Level::Uncertain), "class 1 with confidence uncertain"),
            (label(0, Level::Low), "class 0 with confidence low"),
        ] {
            let error = against(wrong).unwrap_err().to_string();
            let right = "class 0 with confidence uncertain in the clear";
            assert!(error.contains(&format!("segment 1 is {name} in private and {right}")), "{error}");
        }
    }

    #[test]
    fn a_record_is_held_against_the_sums() {
        let model = embedded::model(None).unwrap();
        let verifier = Verifier { model, tap: None, sums: vec![5, 5] };
        verifier.record(&Overall::Class(0)).unwrap();
        verifier.record(&Overall::Scores(vec![5, 5])).unwrap();
        assert!(verifier.record(&Overall::Scores(vec![5, 4])).is_err());
        let error = verifier.record(&Overall::Class(1)).unwrap_err().to_string();
        assert!(error.contains("the whole record is class 1 in private and class 0 in the clear"), "{error}");
    }
}
