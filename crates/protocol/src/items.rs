//! How residues move through the stages, each value of overlapping windows computed once.
//!
//! Every party derives the same tables from the public architecture. While stages run on windows, a
//! tensor holds each distinct value once, `[channel][value]` (`deepcardio::overlap` says which are
//! distinct; those of the input are the samples of the segment). One table takes them to the
//! *items* of the next linear layer: pieces of windows, laid side by side so that every distinct
//! accumulator is computed once. Another takes the accumulators to the operands of the non-linear
//! step, whose results are distinct values again. Windows are laid out for two uses alone: to
//! reduce them, and to verify them.

use deepcardio::architecture::{Architecture, LinearShape, Stage};
use deepcardio::overlap::{Layout, Numbering, Sharing, window_stages};
use he_linear::params::RING_DEGREE;
use he_linear::{Conv1dShape, LinearPlan};

use crate::error::{Error, Result};
use crate::gather::Gather;

/// What one homomorphic product costs beside the bytes of a layer, in bytes: it decides between
/// layouts that are nearly equal on the wire.
const PRODUCT_COST_BYTES: usize = 64;

/// What a stage computes, and by which tables residues come and go. Without a table a tensor stays
/// as it is.
pub(crate) struct Routing {
    /// Geometry of what is computed: on items, where windows share values.
    pub(crate) linear: LinearShape,
    /// Results of the non-linear step, all channels together.
    pub(crate) results: usize,
    /// From what the stage before left to the input of the linear layer,
    /// `[item][channel][position]`.
    pub(crate) input: Option<Gather>,
    /// From the accumulators to the operands of the step; those of one result lie side by side.
    pub(crate) operands: Option<Gather>,
    /// To the tensors of a stage over windows.
    pub(crate) windows: Option<Windows>,
}

/// The tensors of a stage as the architecture lays them out, `[window][channel][position]`.
pub(crate) struct Windows {
    /// From the accumulators of the items.
    pub(crate) accumulators: Gather,
    /// From the distinct results.
    pub(crate) activations: Gather,
    /// Whether the next stage runs on windows too, and so takes the distinct results as they are.
    pub(crate) go_on: bool,
}

/// The tables of every stage of an architecture.
///
/// # Errors
/// [`Error::Incompatible`] for a layer that fits no homomorphic packing, however its windows are
/// cut.
pub(crate) fn route(architecture: &Architecture) -> Result<Vec<Routing>> {
    let mut numbering = Numbering::of_input(architecture);
    let on_windows = window_stages(architecture);
    let mut routings = Vec::new();
    for (at, stage) in on_windows.iter().enumerate() {
        let sharing = Sharing::new(stage, &numbering);
        let go_on = at + 1 < on_windows.len();
        routings.push(Routing::on_items(stage, &sharing, &numbering, go_on)?);
        numbering = sharing.activated().clone();
    }
    let whole = architecture.stages().iter().skip(routings.len());
    routings.extend(whole.map(Routing::on_tensors));
    // Where the first stage is the last, it takes the windows.
    if let (true, Some(first)) = (on_windows.is_empty(), routings.first_mut()) {
        first.input = Some(expand(&numbering, 1));
    }
    Ok(routings)
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

impl Routing {
    /// A stage over windows whose inputs are numbered by `input`.
    fn on_items(stage: &Stage, sharing: &Sharing<'_>, input: &Numbering, go_on: bool) -> Result<Self> {
        let layout = choose(stage, sharing)?;
        let linear = layout.linear(&stage.linear);
        let (channels, item) = (linear.out_channels, linear.length);
        // Where an accumulator of the first channel lies in `[item][channel][position]`.
        let computed = |&place: &usize| Some(place / item * channels * item + place % item);
        let operands = layout.operands.iter().map(computed);
        let accumulators = layout.accumulators.iter().map(computed);
        Ok(Self {
            linear,
            results: sharing.activated().distinct() * channels,
            input: Some(compose(&layout, input, linear.in_channels)),
            operands: Some(Gather::new(operands, layout.operands.len(), channels, item)),
            windows: Some(Windows {
                accumulators: Gather::new(accumulators, stage.linear.length, channels, item),
                activations: expand(sharing.activated(), channels),
                go_on,
            }),
        })
    }

    /// A stage after the windows: its tensors are those of the architecture. A step that takes
    /// pairs leaves out the last of an odd row.
    fn on_tensors(stage: &Stage) -> Self {
        let (linear, rows) = (stage.linear, stage.linear.batch * stage.linear.out_channels);
        let odd = stage.requantise().is_some_and(|step| step.pool) && !linear.length.is_multiple_of(2);
        let operands = odd.then(|| Gather::of_rows(0..linear.length - 1, rows, linear.length));
        Self { linear, results: stage.activations(), input: None, operands, windows: None }
    }
}

/// From distinct values, `[channel][value]`, to the windows.
fn expand(numbering: &Numbering, channels: usize) -> Gather {
    let numbers = numbering.numbers().iter().map(|&number| Some(number as usize));
    Gather::new(numbers, numbering.length(), channels, numbering.distinct())
}

/// From distinct values, `[channel][value]`, to the items: which window's position an item holds,
/// and which value stands there.
fn compose(layout: &Layout, input: &Numbering, channels: usize) -> Gather {
    let number = |&place: &Option<usize>| input.numbers().get(place?).map(|&number| number as usize);
    Gather::new(layout.input.iter().map(number), layout.item_length, channels, input.distinct())
}

/// Cuts the stage into the items that cost least; ties go to the fewest, so that both parties find
/// the same.
fn choose(stage: &Stage, sharing: &Sharing<'_>) -> Result<Layout> {
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
    let cheapest = costed.min_by_key(|(cost, _)| *cost).map(|(_, layout)| layout);
    cheapest.ok_or_else(|| {
        Error::Incompatible(format!("layer {}: no cut of its windows fits a homomorphic packing", stage.name))
    })
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Head, Widths};
    use deepcardio::testkit::random_small_model;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use shares::Share;

    fn deepcardio(blocks: usize) -> Architecture {
        let widths = Widths { ell: 20, ..Widths::default() };
        Architecture::deepcardio(blocks, Head::Average, widths).unwrap()
    }

    #[test]
    fn deepcardio_takes_a_third_fewer_steps_and_bytes() {
        let architecture = deepcardio(6);
        let stages = architecture.stages();
        let routings = route(&architecture).unwrap();
        let on_windows = || routings.iter().zip(stages).filter(|(routing, _)| routing.windows.is_some());
        assert_eq!(on_windows().map(|(routing, _)| routing.results).sum::<usize>(), 198_656);
        let bytes = |linear: &LinearShape| {
            let plan = LinearPlan::new(homomorphic(linear), 20).unwrap();
            plan.input_bytes() + plan.output_bytes()
        };
        for (routing, stage) in on_windows() {
            assert!(bytes(&routing.linear) <= bytes(&stage.linear), "{}", stage.name);
        }
    }

    #[test]
    fn a_window_longer_than_the_ring_is_cut() {
        let mut specification = deepcardio(1).specification().clone();
        specification.signal.segment_samples = 9000;
        specification.signal.window_length = 9000;
        specification.signal.window_starts = vec![0];
        let architecture = Architecture::new(specification).unwrap();
        let linear = route(&architecture).unwrap().first().unwrap().linear;
        assert!(linear.batch >= 3 && LinearPlan::new(homomorphic(&linear), 20).is_ok());
    }

    /// `[window][channel][position]` to `[item][channel][item position]`, by the window's position
    /// that an item holds.
    fn gather(layout: &Layout, shape: &LinearShape, values: &[u32]) -> Vec<u32> {
        let (channels, length) = (shape.in_channels, shape.length);
        let mut gathered = Vec::new();
        for item in layout.input.chunks(layout.item_length) {
            for channel in 0..channels {
                gathered.extend(item.iter().map(|place| {
                    place.map_or(0, |p| values[(p / length * channels + channel) * length + p % length])
                }));
            }
        }
        gathered
    }

    /// Holds the tables of all stages on windows against tensors that are laid out in full on the
    /// way; gives how many tables it compared.
    fn compare(architecture: &Architecture) -> usize {
        let routings = route(architecture).unwrap();
        let signal = architecture.signal();
        let numbered = |count: usize| Share::new((1..).take(count).collect(), 30);
        let mut distinct = numbered(signal.segment_samples);
        let cut = |&start: &u32| distinct.residues()[start as usize..][..signal.window_length].to_vec();
        let mut windows: Vec<u32> = signal.window_starts.iter().flat_map(cut).collect();
        let mut numbering = Numbering::of_input(architecture);
        let stages = window_stages(architecture);
        for (stage, routing) in stages.iter().zip(&routings) {
            let sharing = Sharing::new(stage, &numbering);
            let expected = gather(&choose(stage, &sharing).unwrap(), &stage.linear, &windows);
            let found = routing.input.as_ref().unwrap().take(&distinct);
            assert_eq!(found.residues(), expected, "{}", stage.name);
            distinct = numbered(routing.results);
            windows = routing.windows.as_ref().unwrap().activations.take(&distinct).residues().to_vec();
            numbering = sharing.activated().clone();
        }
        stages.len()
    }

    #[test]
    fn a_table_equals_laying_out_the_windows_and_gathering_the_items_from_them() {
        let mut compared = compare(&deepcardio(6));
        for seed in 0..60 {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            compared += compare(random_small_model(&mut rng).architecture());
        }
        assert!(compared > 100);
    }
}
