//! The whole network in exact integers: the oracle that every private run equals bit for bit.

use ecg::Segment;

use crate::architecture::{LinearShape, Stage};
use crate::input::InputError;
use crate::layers::{conv1d, lstm, requantise};
use crate::model::{LayerWeights, Model};
use crate::scores::Label;
use crate::trace::{StageTrace, Trace};

/// Class scores of one segment, in the order of the architecture's classes.
///
/// # Errors
/// If the segment is not an input of the model.
pub fn scores(model: &Model, segment: &Segment) -> Result<Vec<i64>, InputError> {
    let trace = trace(model, segment)?;
    let scores = trace.stages.last().map_or(&[][..], |last| &last.output);
    Ok(scores.iter().map(|&score| i64::from(score)).collect())
}

/// The label of one segment, and how sure it is.
///
/// # Errors
/// If the segment is not an input of the model.
pub fn label(model: &Model, segment: &Segment) -> Result<Label, InputError> {
    Ok(Label::of(model.architecture(), &scores(model, segment)?))
}

/// Class scores of one segment with every value on the way.
///
/// # Errors
/// If the segment is not an input of the model.
pub fn trace(model: &Model, segment: &Segment) -> Result<Trace, InputError> {
    model.architecture().check_segment(segment)?;
    let windows = segment.laid_out(model.architecture().signal());
    let mut stages: Vec<StageTrace> = Vec::with_capacity(model.weights().len());
    for (stage, layer) in model.layers() {
        let input = stages.last().map_or(&windows, |previous| &previous.output);
        stages.push(run_stage(stage, layer, input));
    }
    Ok(Trace { stages })
}

fn run_stage(stage: &Stage, layer: &LayerWeights, input: &[i32]) -> StageTrace {
    let spare = if stage.nonlinear.is_some() { 2 } else { 1 };
    let linear = |shape: &LinearShape, values: &[i32]| {
        conv1d(shape, layer.weights(), layer.bias(), values, 1 << (stage.ell - spare))
    };
    let (accumulators, activations) = match stage.lstm() {
        Some(step) => {
            let position = LinearShape { length: 1, ..stage.linear };
            let values = lstm(step, input, stage.linear.length, |values| linear(&position, values));
            (values.accumulators, values.hidden)
        }
        None => {
            let accumulators = linear(&stage.linear, input);
            let activations = match stage.requantise() {
                Some(step) => requantise(step, stage.linear.output(), &accumulators),
                None => accumulators.clone(),
            };
            (accumulators, activations)
        }
    };
    let reduced =
        stage.reductions.iter().fold((stage.activated(), activations.clone()), |(shape, values), r| {
            r.apply_integers(shape, &values)
        });
    StageTrace { accumulators, activations, output: reduced.1 }
}
