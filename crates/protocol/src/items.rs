//! Layers over windows, each value computed once: how shares move between a layer's tensors, row by row of every window,
//! and the items on which `deepcardio::overlap` lays its work out. All of it copies residues to public places.

use deepcardio::architecture::{Architecture, LinearShape, Stage};
use deepcardio::overlap::{Layout, Numbering, Sharing, window_stages};
use deepcardio::tensor::Shape;
use he_linear::params::RING_DEGREE;
use he_linear::{Conv1dShape, LinearPlan};

/// What one homomorphic product costs beside the bytes of a layer, in bytes: it decides between layouts that are nearly
/// equal on the wire.
const PRODUCT_COST_BYTES: usize = 64;

/// A layer over windows and the items it is computed on.
pub(crate) struct Items {
    layout: Layout,
    /// Geometry on windows.
    windows: LinearShape,
    activated: Shape,
    arity: usize,
}

/// Lays out the stages of an architecture that run on windows; `None` for those that do not.
pub(crate) fn lay_out(architecture: &Architecture) -> Vec<Option<Items>> {
    let mut numbering = Numbering::of_input(architecture);
    let on_windows = window_stages(architecture).iter().map(|stage| {
        let sharing = Sharing::new(stage, &numbering);
        let items = Items::choose(stage, &sharing);
        numbering = sharing.activated().clone();
        items
    });
    let mut items: Vec<Option<Items>> = on_windows.collect();
    items.resize_with(architecture.stages().len(), || None);
    items
}

/// The homomorphic shape of a linear layer.
pub(crate) fn homomorphic(linear: &LinearShape) -> Conv1dShape {
    Conv1dShape {
        batch: linear.batch,
        in_channels: linear.in_channels,
        out_channels: linear.out_channels,
        length: linear.length,
        kernel: linear.kernel,
    }
}

impl Items {
    /// Cuts the stage into the items that cost least; ties go to the fewest, so that both parties find the same.
    fn choose(stage: &Stage, sharing: &Sharing<'_>) -> Option<Self> {
        let halo = stage.linear.kernel - 1;
        // Twice as many items as there are windows, or as rings that all positions fill.
        let most = 2 * stage.linear.batch.max(sharing.positions().div_ceil(RING_DEGREE));
        let lengths = (1..=most).map(|parts| sharing.positions().div_ceil(parts) + halo);
        let costed = lengths.filter_map(|length| {
            let layout = sharing.layout(length.max(2 * stage.linear.kernel))?;
            let plan = LinearPlan::new(homomorphic(&layout.linear(&stage.linear)), stage.ell).ok()?;
            let cost = plan.input_bytes() + plan.output_bytes() + plan.products() * PRODUCT_COST_BYTES;
            Some((cost, layout))
        });
        let (_, layout) = costed.min_by_key(|(cost, _)| *cost)?;
        let arity = if stage.requantise().is_some_and(|step| step.pool) { 2 } else { 1 };
        Some(Self { layout, windows: stage.linear, activated: stage.activated(), arity })
    }

    /// The linear layer on items.
    pub(crate) fn linear(&self) -> LinearShape {
        self.layout.linear(&self.windows)
    }

    /// Distinct results of the non-linear step, all channels together.
    pub(crate) fn results(&self) -> usize {
        self.layout.operands.len() / self.arity * self.windows.out_channels
    }

    /// `[window][channel][position]` of the input to `[item][channel][item position]`; zeros where nothing lies.
    pub(crate) fn input(&self, values: &[u32]) -> Vec<u32> {
        let (channels, length) = (self.windows.in_channels, self.windows.length);
        let items = self.layout.input.chunks(self.layout.item_length);
        let rows = items.flat_map(|item| (0..channels).map(move |channel| (item, channel)));
        let at =
            |place: usize, channel: usize| (place / length * channels + channel) * length + place % length;
        let row = |(item, channel): (&[Option<usize>], usize)| {
            let values = item.iter().map(|place| place.and_then(|p| values.get(at(p, channel))).copied());
            values.map(Option::unwrap_or_default).collect::<Vec<u32>>()
        };
        rows.flat_map(row).collect()
    }

    /// Accumulators on items to those of the windows, `[window][channel][position]`.
    pub(crate) fn accumulators(&self, values: &[u32]) -> Vec<u32> {
        let places = self.layout.accumulators.chunks(self.windows.length);
        places.flat_map(|window| self.pick(window, values)).collect()
    }

    /// The operands of every distinct result, `[channel][result][operand]`, from accumulators on items.
    pub(crate) fn operands(&self, values: &[u32]) -> Vec<u32> {
        self.pick(&self.layout.operands, values).collect()
    }

    /// `[channel][place]` of accumulators on items, for every channel.
    fn pick<'a>(&'a self, places: &'a [usize], values: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let (channels, length) = (self.windows.out_channels, self.layout.item_length);
        (0..channels).flat_map(move |channel| {
            let at = move |&place: &usize| (place / length * channels + channel) * length + place % length;
            places.iter().map(move |place| values.get(at(place)).copied().unwrap_or_default())
        })
    }

    /// Distinct results, `[channel][result]`, to the activation of the windows, `[window][channel][position]`.
    pub(crate) fn activated(&self, results: &[u32]) -> Vec<u32> {
        let distinct = self.layout.operands.len() / self.arity;
        let windows = self.layout.results.chunks(self.activated.length.max(1));
        let rows = windows.flat_map(|window| results.chunks(distinct.max(1)).map(move |row| (window, row)));
        rows.flat_map(|(window, row)| window.iter().map(|&at| row.get(at).copied().unwrap_or_default()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Architecture, Head, Widths};

    use super::*;

    #[test]
    fn deepcardio_takes_a_third_fewer_steps_and_bytes() {
        let widths = Widths { ell: 20, ..Widths::default() };
        let architecture = Architecture::deepcardio(6, Head::Average, widths).unwrap();
        let items = lay_out(&architecture);
        let computed: usize = items.iter().flatten().map(Items::results).sum();
        assert_eq!(computed, 198_656);
        let bytes = |linear: &LinearShape| {
            let plan = LinearPlan::new(homomorphic(linear), 20).unwrap();
            plan.input_bytes() + plan.output_bytes()
        };
        for (items, stage) in items.iter().zip(architecture.stages()) {
            if let Some(items) = items {
                assert!(bytes(&items.linear()) <= bytes(&stage.linear), "{}", stage.name);
            }
        }
    }

    #[test]
    fn a_window_longer_than_the_ring_is_cut() {
        let long =
            Architecture::deepcardio(1, Head::Average, Widths { ell: 20, ..Widths::default() }).unwrap();
        let mut specification = long.specification().clone();
        specification.signal.segment_samples = 9000;
        specification.signal.window_length = 9000;
        specification.signal.window_starts = vec![0];
        let architecture = Architecture::new(specification).unwrap();
        let items = lay_out(&architecture);
        let linear = items.first().and_then(Option::as_ref).map(Items::linear).unwrap();
        assert!(linear.batch >= 3 && LinearPlan::new(homomorphic(&linear), 20).is_ok());
    }
}
