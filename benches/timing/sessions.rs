//! A whole session over loopback TCP, both parties, under two extreme models and ECGs.

use std::rc::Rc;

use benches::Result;
use benches::session::{Stage, Way};
use benches::timing::measure::Subject;
use deepcardio::architecture::{Architecture, Head, Stage as Layer, Widths};
use deepcardio::model::{LayerWeights, Model};
use ecg::Segment;

/// With each backend.
pub(crate) fn subjects() -> Result<Vec<Subject>> {
    let names = ["session: gc", "session: ot, ripple", "session: ot, tree"];
    let stages = Rc::new(stages()?);
    let sessions = names.into_iter().zip(Way::FIXED);
    sessions
        .map(|(name, (_, way))| {
            Ok(Subject::new(
                [name, "weights and ECG 0 / greatest"],
                Rc::clone(&stages),
                |_, class| Ok(class),
                move |stages, class| {
                    let [first, second] = stages.as_ref();
                    let stage = if class.is_second() { second } else { first };
                    stage.run(way)
                },
            ))
        })
        .collect()
}

/// The six blocks of the served network under the plainest head, whose rings hold any weights. With
/// all weights zero and a flat ECG, and with all weights and samples at the upper end of their
/// range.
fn stages() -> Result<[Stage; 2]> {
    let widths = Widths { weights: 6, activations: 5, shift: 6, ..Widths::default() };
    let architecture = Architecture::deepcardio(6, Head::Average, widths)?;
    let greatest = |bits: u32| i8::MAX >> (i8::BITS - bits);
    let weights = filled(&architecture, greatest);
    let extreme = Model::with_least_rings(&architecture, weights, "greatest weights".to_owned())?;
    let architecture = extreme.architecture().clone();
    let zero = Model::new(architecture.clone(), filled(&architecture, |_| 0), "zero weights".to_owned())?;
    let signal = architecture.signal();
    let ecg = |sample| Segment::new(vec![sample; signal.segment_samples]);
    let highest = (1 << (signal.input_bits - 1)) - 1;
    Ok([Stage::on(zero, ecg(0))?, Stage::on(extreme, ecg(highest))?])
}

/// Every weight of a layer as its width gives it, and no bias.
fn filled(architecture: &Architecture, weight: impl Fn(u32) -> i8) -> Vec<LayerWeights> {
    let layer = |stage: &Layer| {
        let weights = vec![weight(stage.weight_bits); stage.linear.weight_count()];
        LayerWeights::new(weights, vec![0; stage.linear.out_channels])
    };
    architecture.stages().iter().map(layer).collect()
}
