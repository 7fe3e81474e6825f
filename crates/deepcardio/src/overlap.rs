//! Which values of overlapping windows are the same, so that each is computed once.
//!
//! Neighbouring windows cover the same samples, and a layer computes the same value from the same
//! inputs. So the values of each layer are numbered by what they are computed from (value
//! numbering). Equal numbers mean equal values, for every input and all weights. This finds all
//! that windows have in common: only values that see the zeros beyond a window's edge differ.
//!
//! A convolution is then computed on *items*: pieces of windows that lie one after another and
//! yield every distinct accumulator once. All channels of a layer share one numbering.

use std::collections::HashMap;
use std::hash::Hash;

use crate::architecture::{Architecture, LinearShape, Stage};

/// The stages that run on the windows: up to the first that reduces them.
#[must_use]
pub fn window_stages(architecture: &Architecture) -> &[Stage] {
    let stages = architecture.stages();
    let reduced = stages.iter().position(|stage| !stage.reductions.is_empty()).map(|at| at + 1);
    let without_step = stages.iter().position(|stage| stage.requantise().is_none());
    let count = [reduced, without_step].into_iter().flatten().min();
    count.and_then(|count| stages.get(..count)).unwrap_or(stages)
}

/// Numbers for the values of one channel over the windows, `[window][position]`.
///
/// Two places have one number if, and only if, they are computed alike. Samples are numbered by
/// their place in the segment. All other values are numbered from 0 in the order of their first
/// appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering {
    windows: usize,
    length: usize,
    numbers: Vec<u32>,
}

/// How one stage is computed without repetition, for one channel; all channels are alike.
///
/// A *place* is `window * length + position` in a tensor over windows. An *item position* is
/// `item * item_length + position` in what is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Items: the batch of the linear layer that is computed.
    pub items: usize,
    /// Positions of an item: the length of that layer.
    pub item_length: usize,
    /// For every item position, the place of the input that it holds; `None` is a zero.
    pub input: Vec<Option<usize>>,
    /// For every place of an accumulator, the item position where it is computed.
    pub accumulators: Vec<usize>,
    /// For every distinct result of the non-linear step, in the order of the numbers, the item
    /// positions of its operands: one, or two with pooling.
    pub operands: Vec<usize>,
}

impl Numbering {
    /// The numbering of the network's input: a sample's number is its place in the segment.
    #[must_use]
    pub fn of_input(architecture: &Architecture) -> Self {
        let signal = architecture.signal();
        let window = 0..signal.window_length as u32;
        let numbers = signal.window_starts.iter().flat_map(|start| window.clone().map(move |t| start + t));
        Self { windows: signal.windows(), length: signal.window_length, numbers: numbers.collect() }
    }

    /// The number of every value, `[window][position]`.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Values of a window.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Numbers in use: one more than the greatest.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.numbers.iter().max().map_or(0, |&greatest| greatest as usize + 1)
    }

    /// The numbering of a stage's accumulators.
    fn accumulators(&self, shape: &LinearShape) -> Self {
        let padding = shape.kernel / 2;
        let rows = self.numbers.chunks(self.length.max(1));
        let receptive_fields = rows.flat_map(|row| {
            (0..row.len()).map(move |t| {
                let taps =
                    (t..t + shape.kernel).map(|tap| tap.checked_sub(padding).and_then(|at| row.get(at)));
                taps.collect::<Vec<_>>()
            })
        });
        Self { numbers: intern(receptive_fields), ..*self }
    }

    /// The numbering of the results of a non-linear step, pooled or not, on values numbered like
    /// this.
    fn activated(&self, pool: bool) -> Self {
        if !pool {
            return self.clone();
        }
        let rows = self.numbers.chunks(self.length.max(1));
        let pairs = rows.flat_map(|row| row.as_chunks::<2>().0);
        Self { length: self.length / 2, numbers: intern(pairs), ..*self }
    }

    /// For each number, ascending, the first place that has it.
    fn first_places(&self) -> Vec<usize> {
        let mut places = Vec::new();
        for (place, &number) in self.numbers.iter().enumerate() {
            if number as usize == places.len() {
                places.push(place);
            }
        }
        places
    }
}

/// Numbers keys in order of their first appearance.
fn intern<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut numbers = HashMap::new();
    keys.map(|key| {
        let next = numbers.len() as u32;
        *numbers.entry(key).or_insert(next)
    })
    .collect()
}

/// A run of accumulators of one window, `first..end`, with the inputs they see.
#[derive(Clone, Copy)]
struct Run {
    window: usize,
    first: usize,
    end: usize,
}

/// What a stage has to compute once for all windows, before it is cut into items.
pub struct Sharing<'stage> {
    stage: &'stage Stage,
    accumulators: Numbering,
    activated: Numbering,
    first_places: Vec<usize>,
    runs: Vec<Run>,
}

/// Items under construction.
struct Items {
    length: usize,
    padding: usize,
    item_length: usize,
    input: Vec<Option<usize>>,
    /// Item position of the accumulators of the runs so far, by input place.
    placed: Vec<usize>,
}

impl<'stage> Sharing<'stage> {
    /// Analyses `stage`, whose inputs are numbered by `input`.
    #[must_use]
    pub fn new(stage: &'stage Stage, input: &Numbering) -> Self {
        let accumulators = input.accumulators(&stage.linear);
        let activated = accumulators.activated(pools(stage));
        let first_places = accumulators.first_places();
        let runs = runs(&accumulators, &first_places, stage.linear.kernel / 2);
        Self { stage, accumulators, activated, first_places, runs }
    }

    /// The numbering of what leaves the stage's non-linear step.
    #[must_use]
    pub fn activated(&self) -> &Numbering {
        &self.activated
    }

    /// Input positions that all runs take together, zeros between them included.
    #[must_use]
    pub fn positions(&self) -> usize {
        let padding = self.stage.linear.kernel / 2;
        self.runs.iter().map(|run| run.end - run.first + 3 * padding).sum()
    }

    /// Lays the runs out on items of `item_length` positions. `None` if an item is too short to
    /// hold an accumulator between its neighbours.
    #[must_use]
    pub fn layout(&self, item_length: usize) -> Option<Layout> {
        let shape = &self.stage.linear;
        if item_length < 2 * shape.kernel {
            return None;
        }
        let (length, padding) = (shape.length, shape.kernel / 2);
        let placed = vec![0; shape.batch * length];
        let mut items = Items { length, padding, item_length, input: Vec::new(), placed };
        self.runs.iter().for_each(|&run| items.push(run));
        items.close();
        let place = |&number: &u32| items.placed.get(*self.first_places.get(number as usize)?).copied();
        let accumulators: Vec<usize> = self.accumulators.numbers.iter().map(place).collect::<Option<_>>()?;
        Some(Layout {
            items: items.input.len() / item_length,
            item_length,
            input: items.input,
            operands: self.operands(&accumulators),
            accumulators,
        })
    }

    /// The operands of each distinct result, in order of its number.
    fn operands(&self, accumulators: &[usize]) -> Vec<usize> {
        let arity = if pools(self.stage) { 2 } else { 1 };
        let rows = accumulators.chunks(self.accumulators.length.max(1));
        let all: Vec<&[usize]> = rows.flat_map(|row| row.chunks_exact(arity)).collect();
        let first = self.activated.first_places().into_iter().filter_map(|place| all.get(place));
        first.flat_map(|operands| operands.iter().copied()).collect()
    }
}

fn pools(stage: &Stage) -> bool {
    stage.requantise().is_some_and(|step| step.pool)
}

impl Layout {
    /// The linear layer that is computed in place of `shape`.
    #[must_use]
    pub fn linear(&self, shape: &LinearShape) -> LinearShape {
        LinearShape { batch: self.items, length: self.item_length, ..*shape }
    }
}

/// The runs of accumulators that no earlier window has. Two runs are joined if the inputs that they
/// see overlap or adjoin.
fn runs(numbering: &Numbering, first_places: &[usize], padding: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &place in first_places {
        let (window, at) = (place / numbering.length, place % numbering.length);
        match runs.last_mut() {
            Some(run) if run.window == window && at <= run.end + 2 * padding => run.end = at + 1,
            _ => runs.push(Run { window, first: at, end: at + 1 }),
        }
    }
    runs
}

impl Items {
    /// Appends a run, cut where an item ends.
    fn push(&mut self, run: Run) {
        let mut first = run.first;
        while first < run.end {
            let room = self.item_length - self.input.len() % self.item_length;
            let before = self.gap(first) + first.min(self.padding);
            // What follows the last accumulator of a cut run is its right neighbourhood.
            let whole = before + (self.length - first).min(run.end - first + self.padding);
            let fits = if whole <= room {
                run.end - first
            } else {
                room.saturating_sub(before + self.padding).min(run.end - first)
            };
            if fits == 0 {
                self.close();
                continue;
            }
            self.place(Run { first, end: first + fits, ..run });
            first += fits;
        }
    }

    /// Zeros needed before a run that begins at `first`: at a window's edge, unless the item just
    /// began.
    fn gap(&self, first: usize) -> usize {
        let at_edge = first < self.padding || self.ends_at_edge();
        if at_edge && !self.input.len().is_multiple_of(self.item_length) { self.padding } else { 0 }
    }

    /// Whether the last position is the last of its window.
    fn ends_at_edge(&self) -> bool {
        self.input.last().copied().flatten().is_some_and(|place| (place + 1).is_multiple_of(self.length))
    }

    fn place(&mut self, run: Run) {
        self.input.extend(std::iter::repeat_n(None, self.gap(run.first)));
        let from = run.first.saturating_sub(self.padding);
        let to = self.length.min(run.end + self.padding);
        let (start, base) = (self.input.len(), run.window * self.length);
        self.input.extend((from..to).map(|at| Some(base + at)));
        let placed = self.placed.iter_mut().skip(base + run.first).take(run.end - run.first);
        placed.enumerate().for_each(|(at, place)| *place = start + run.first + at - from);
    }

    /// Fills the item with zeros.
    fn close(&mut self) {
        let filled = self.input.len().next_multiple_of(self.item_length);
        self.input.resize(filled, None);
    }
}
