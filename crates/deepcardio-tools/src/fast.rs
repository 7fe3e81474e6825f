//! The same integers as [`mod@deepcardio::reference`], with vector instructions: for evaluation on
//! many records.

use deepcardio::architecture::{LinearShape, Nonlinear, Stage};
use deepcardio::kernel::Convolution;
use deepcardio::layers::{lstm, requantise};
use deepcardio::{InputError, Model};
use ecg::Segment;

/// A model with its weights laid out for speed.
pub struct FastModel<'model> {
    model: &'model Model,
    layers: Vec<Convolution<i32>>,
}

impl<'model> FastModel<'model> {
    /// Lays the weights out.
    #[must_use]
    pub fn new(model: &'model Model) -> Self {
        let layers = model
            .layers()
            .map(|(stage, layer)| {
                let weights: Vec<i32> = layer.weights().iter().copied().map(i32::from).collect();
                Convolution::new(computed(stage), &weights, layer.bias())
            })
            .collect();
        Self { model, layers }
    }

    /// Class scores of one segment, equal to [`deepcardio::reference::scores`].
    ///
    /// # Errors
    /// If the segment is not an input of the model.
    pub fn scores(&self, segment: &Segment) -> Result<Vec<i64>, InputError> {
        self.model.architecture().check_segment(segment)?;
        let mut values = segment.laid_out(self.model.architecture().signal());
        for (stage, layer) in self.model.architecture().stages().iter().zip(&self.layers) {
            values = match &stage.nonlinear {
                Some(Nonlinear::Lstm(step)) => {
                    lstm(step, &values, stage.linear.length, |values| layer.apply(values)).hidden
                }
                Some(Nonlinear::Requantise(step)) => {
                    requantise(*step, stage.linear.output(), &layer.apply(&values))
                }
                None => layer.apply(&values),
            };
            let mut shape = stage.activated();
            for reduction in &stage.reductions {
                (shape, values) = reduction.apply_integers(shape, &values);
            }
        }
        Ok(values.into_iter().map(i64::from).collect())
    }
}

/// What is computed at once: all positions, or one of a recurrence.
fn computed(stage: &Stage) -> LinearShape {
    let length = if stage.lstm().is_some() { 1 } else { stage.linear.length };
    LinearShape { length, ..stage.linear }
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Head, Widths};
    use deepcardio::testkit::{random_lstm_model, random_segment, random_small_model};
    use deepcardio::{Architecture, Model, reference, testkit};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::FastModel;

    #[test]
    fn equals_the_reference_on_random_models() {
        for seed in 0..60 {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let model = random_small_model(&mut rng);
            let fast = FastModel::new(&model);
            for _ in 0..3 {
                let segment = random_segment(&mut rng, model.architecture());
                assert_eq!(fast.scores(&segment).unwrap(), reference::scores(&model, &segment).unwrap());
            }
        }
    }

    #[test]
    fn equals_the_reference_on_random_lstm_models() {
        for seed in 0..80 {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let (steps, units) = (rng.random_range(1..=40), rng.random_range(1..=128));
            let model = random_lstm_model(&mut rng, steps, units);
            let segment = random_segment(&mut rng, model.architecture());
            let scores = FastModel::new(&model).scores(&segment).unwrap();
            assert_eq!(scores, reference::scores(&model, &segment).unwrap());
        }
    }

    #[test]
    fn equals_the_reference_on_deepcardio() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        for (blocks, head) in
            [(6, Head::Average), (7, Head::Conv { channels: 30, kernel: 5 }), (6, Head::Lstm { units: 64 })]
        {
            let widths = Widths { weights: 6, activations: 5, shift: 6, ..Widths::default() };
            let architecture = Architecture::deepcardio(blocks, head, widths).unwrap();
            let model: Model = testkit::random_weights(&mut rng, &architecture, 30);
            let segment = random_segment(&mut rng, model.architecture());
            let scores = FastModel::new(&model).scores(&segment).unwrap();
            assert_eq!(scores, reference::scores(&model, &segment).unwrap());
        }
    }
}
