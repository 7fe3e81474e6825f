//! Up to 64 neighbouring outputs of a step, and where their items lie.

use core::ops::Range;

use crate::lanes::LANES;

/// Up to 64 neighbouring outputs.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    /// Number within the step.
    pub(crate) number: usize,
    /// First output.
    pub(crate) start: usize,
    /// Outputs.
    pub(crate) lanes: usize,
}

impl Batch {
    /// The one instance of an argmax.
    pub(crate) const SINGLE: Self = Self { number: 0, start: 0, lanes: 1 };

    /// The batches of a range of outputs that starts at a batch border.
    pub(crate) fn all(outputs: Range<usize>) -> impl ExactSizeIterator<Item = Self> {
        let first = outputs.start / LANES;
        (first..outputs.end.div_ceil(LANES)).map(move |number| {
            let start = number * LANES;
            Self { number, start, lanes: LANES.min(outputs.end - start) }
        })
    }

    /// Where item `index` of `per_output` items per output lies for this batch's lanes.
    ///
    /// Items are stored batch by batch, within a batch item by item, within an item lane by lane.
    pub(crate) fn item(&self, per_output: usize, index: usize) -> Range<usize> {
        let start = self.start * per_output + index * self.lanes;
        start..start + self.lanes
    }

    /// Where all these items lie.
    pub(crate) fn items(&self, per_output: usize) -> Range<usize> {
        self.start * per_output..(self.start + self.lanes) * per_output
    }
}
