//! The plan of one inference: an ordered list of stages, with the exact size of every message.
//!
//! Both parties derive it on their own from the public architecture. It drives both scripts, and it
//! says which message is due with which length.

use std::sync::Arc;

use deepcardio::architecture::{Architecture, LinearShape, Nonlinear, Stage};
use gc_nonlinear::{ArgmaxPlan, ArgmaxShape};
use he_linear::LinearPlan;
use oblivious_transfer::{silent, softspoken};
use ot_nonlinear::{CellPlan, Schedule};
use shares::Share;

use crate::error::{Error, Result};
use crate::gather::Gather;
use crate::items::{self, Routing};
use crate::messages::{REQUEST_BYTES, SEGMENT_BYTES};
use crate::method::{Backend, Comparison, Method, Reveal};

mod activation;
mod bytes;
mod recurrent;
mod step;

use bytes::frames;

pub(crate) use activation::ActivationPlan;
pub(crate) use bytes::residue_bytes;
pub(crate) use recurrent::{CellOts, RecurrentPlan};
pub(crate) use step::{NonlinearPlan, Step};

/// What a party is ready to spend on a peer's architecture.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all messages of one inference.
    pub traffic: u64,
    /// Values of the largest tensor.
    pub tensor: usize,
}

impl Default for Limits {
    /// Four gigabytes, and 4 M values.
    ///
    /// Garbled circuits for a network three times DeepCardio's stay below these.
    fn default() -> Self {
        Self { traffic: 4 << 30, tensor: 1 << 22 }
    }
}

/// One linear layer and what follows it.
pub(crate) struct StagePlan {
    pub(crate) name: String,
    pub(crate) linear: LinearPlan,
    /// Geometry of what is computed: on items, where windows share values.
    pub(crate) geometry: LinearShape,
    /// By which tables residues come to the stage and go on.
    routing: Routing,
    pub(crate) ell: u32,
    pub(crate) nonlinear: Option<NonlinearPlan>,
}

/// The whole inference.
pub(crate) struct Plan {
    /// The last one has no step: its accumulators are the scores.
    pub(crate) stages: Vec<Arc<StagePlan>>,
    pub(crate) classes: usize,
    pub(crate) scores_ell: u32,
    /// The choice of one segment's label, and of its level where the architecture has levels.
    pub(crate) argmax: ArgmaxPlan,
}

impl Plan {
    /// Derives the plan.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if a layer fits into no homomorphic packing or no circuit; the text
    /// names the layer.
    pub(crate) fn new(architecture: &Architecture) -> Result<Self> {
        let stages = architecture.stages();
        let next_ell = stages.iter().skip(1).map(|stage| stage.ell).chain([0]);
        let stages: Vec<Arc<StagePlan>> = stages
            .iter()
            .zip(items::route(architecture)?)
            .zip(next_ell)
            .map(|((stage, routing), ell)| StagePlan::new(stage, routing, ell).map(Arc::new))
            .collect::<Result<_>>()?;
        let classes = architecture.classes().len();
        let scores_ell = stages.last().map_or(0, |last| last.ell);
        let thresholds = architecture.confidence().map(|confidence| confidence.thresholds);
        let argmax = choice_of_label(ArgmaxShape { classes, ell: scores_ell, terms: 1, thresholds })?;
        Ok(Self { stages, classes, scores_ell, argmax })
    }

    /// Refuses a plan that is larger than `limits` allow.
    pub(crate) fn check(&self, limits: Limits, backend: Backend, reveal: Reveal) -> Result<()> {
        let tensor = self.stages.iter().map(|stage| stage.largest_tensor()).max().unwrap_or(0);
        if tensor > limits.tensor {
            return Err(Error::Incompatible(format!(
                "the server's network has a layer of {tensor} values; this client accepts {}",
                limits.tensor
            )));
        }
        let traffic = backend.methods().iter().map(|&method| self.traffic(method, reveal)).max().unwrap_or(0);
        if traffic > limits.traffic {
            return Err(Error::Incompatible(format!(
                "one inference with the server's network takes {} MB; this client accepts {} MB (see --max-mb)",
                traffic.div_ceil(1_000_000),
                limits.traffic / 1_000_000
            )));
        }
        Ok(())
    }

    /// One-way trips that the comparisons of one inference take one after the other.
    pub(crate) fn one_way_trips(&self, shape: Comparison) -> usize {
        self.activations().map(|activation| activation.ot(shape).rounds()).sum()
    }

    fn activations(&self) -> impl Iterator<Item = &ActivationPlan> {
        self.stages.iter().filter_map(|stage| stage.activation())
    }

    /// Whether a session with this backend needs silent OTs.
    pub(crate) fn needs_silent(&self, backend: Backend) -> bool {
        backend == Backend::Ot || self.stages.iter().any(|stage| stage.recurrence().is_some())
    }

    /// What the silent OTs of an inference are for, in the order in which the stream serves them.
    ///
    /// These are every step, every layer's unit vectors, and every part of every cell.
    pub(crate) fn ot_consumers(&self, method: Method) -> impl Iterator<Item = &Schedule> {
        self.stages.iter().flat_map(move |stage| stage.ot_consumers(method))
    }

    /// Bytes of all messages of one inference, both directions, frame headers included.
    pub(crate) fn traffic(&self, method: Method, reveal: Reveal) -> u64 {
        let stages: usize = self.stages.iter().map(|stage| stage.traffic(method)).sum();
        let output = match reveal {
            Reveal::Scores => frames([residue_bytes(self.classes, self.scores_ell)]),
            Reveal::Label | Reveal::RecordLabel => label_bytes(&self.argmax),
        };
        (stages + self.silent_bytes(method) + output + frames([REQUEST_BYTES; 2])) as u64
    }

    /// The choice of a record's label: the class with the greatest sum over `segments` segments. It
    /// has no level, because levels are measured on single segments.
    ///
    /// Takes a moment for many segments.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for no segment or more than [`crate::method::MAX_RECORD_SEGMENTS`].
    pub(crate) fn overall(&self, segments: usize) -> Result<ArgmaxPlan> {
        let (classes, ell) = (self.classes, self.scores_ell);
        choice_of_label(ArgmaxShape { classes, ell, terms: segments, thresholds: None })
    }

    /// Bytes of all messages of that choice, both directions, frame headers included.
    ///
    /// There are none for one segment, whose label is known.
    pub(crate) fn overall_traffic(&self, segments: usize) -> Result<u64> {
        if segments == 1 {
            return Ok(0);
        }
        let request = frames([REQUEST_BYTES, segments * SEGMENT_BYTES]);
        Ok((label_bytes(&self.overall(segments)?) + request) as u64)
    }

    /// Bytes of the silent extension that serves all layers, both directions.
    fn silent_bytes(&self, method: Method) -> usize {
        let (client, server) = self
            .stages
            .iter()
            .map(|stage| stage.cots(method))
            .fold((0, 0), |sums, cots| (sums.0 + cots.0, sums.1 + cots.1));
        let check = match client.max(server) {
            0 => 0,
            _ => frames([silent::QUESTION_BYTES, silent::ANSWER_BYTES]),
        };
        2 * (silent::parts_for(client.max(server)) * frames([silent::PART_BYTES]) + check)
    }
}

impl StagePlan {
    fn new(stage: &Stage, routing: Routing, next_ell: u32) -> Result<Self> {
        let misfit = |e: &dyn std::fmt::Display| Error::Incompatible(format!("layer {}: {e}", stage.name));
        let geometry = routing.linear;
        let linear = LinearPlan::new(items::homomorphic(&geometry), stage.ell).map_err(|e| misfit(&e))?;
        let nonlinear = match &stage.nonlinear {
            None => Ok(None),
            Some(Nonlinear::Requantise(step)) => ActivationPlan::new(stage, *step, routing.results, next_ell)
                .map(|step| Some(NonlinearPlan::Requantise(Arc::new(step)))),
            Some(Nonlinear::Lstm(lstm)) => RecurrentPlan::new(stage, lstm, next_ell)
                .map(|lstm| Some(NonlinearPlan::Lstm(Arc::new(lstm)))),
        };
        let nonlinear = nonlinear.map_err(|e| misfit(&e))?;
        Ok(Self { name: stage.name.clone(), linear, geometry, routing, ell: stage.ell, nonlinear })
    }

    fn activation(&self) -> Option<&ActivationPlan> {
        match &self.nonlinear {
            Some(NonlinearPlan::Requantise(activation)) => Some(activation),
            _ => None,
        }
    }

    fn recurrence(&self) -> Option<&RecurrentPlan> {
        match &self.nonlinear {
            Some(NonlinearPlan::Lstm(recurrent)) => Some(recurrent),
            _ => None,
        }
    }

    /// What follows the linear layer by `method`; nothing after the last.
    pub(crate) fn step(&self, method: Method) -> Option<Step<&Schedule>> {
        self.nonlinear.as_ref().map(|nonlinear| nonlinear.by(method))
    }

    /// What the stage's silent OTs are for, in order.
    fn ot_consumers(&self, method: Method) -> Vec<&Schedule> {
        self.step(method).map(Step::into_consumers).unwrap_or_default()
    }

    /// Silent OTs of the stage: those in which the client chooses, those in which the server does.
    fn cots(&self, method: Method) -> (usize, usize) {
        self.ot_consumers(method).into_iter().map(Schedule::cots).fold((0, 0), |(client, server), cots| {
            (client + cots.client_receives, server + cots.server_receives)
        })
    }

    fn largest_tensor(&self) -> usize {
        self.geometry.input().count().max(self.geometry.output().count())
    }

    /// What enters the linear layer, from what the stage before left. For the first stage that is
    /// the samples of the segment.
    pub(crate) fn linear_input(&self, share: Share) -> Share {
        moved(self.routing.input.as_ref(), share)
    }

    /// The accumulators that enter the step, those that belong together side by side.
    pub(crate) fn operands(&self, accumulators: Share) -> Share {
        moved(self.routing.operands.as_ref(), accumulators)
    }

    /// What leaves the stage, from a share of the results of its step.
    pub(crate) fn output(&self, activation: &ActivationPlan, results: Vec<u32>) -> Share {
        let results = Share::new(results, activation.out_ell);
        match &self.routing.windows {
            Some(windows) if windows.go_on => results,
            Some(windows) => activation.reduce(windows.activations.take(&results)),
            None => activation.reduce(results),
        }
    }

    /// A copy of the accumulators, for who verifies them, as the architecture lays them out.
    pub(crate) fn accumulators(&self, computed: &Share) -> Share {
        match &self.routing.windows {
            Some(windows) => windows.accumulators.take(computed),
            None => Share::new(computed.residues().to_vec(), computed.ell()),
        }
    }

    /// What leaves the stage as the architecture lays it out, for who verifies it. `None` if
    /// `output` lies so already.
    pub(crate) fn output_on_windows(&self, output: &Share) -> Option<Share> {
        let windows = self.routing.windows.as_ref().filter(|windows| windows.go_on)?;
        Some(windows.activations.take(output))
    }

    /// Bytes of the message that carries the layer's masked input.
    pub(crate) fn masked_input_bytes(&self) -> usize {
        residue_bytes(self.geometry.input().count(), self.ell)
    }

    /// Bytes of all messages of the stage, but for the silent extension.
    fn traffic(&self, method: Method) -> usize {
        let linear = frames([self.linear.input_bytes(), self.linear.output_bytes()]);
        linear
            + match &self.nonlinear {
                None => frames([self.masked_input_bytes()]),
                Some(NonlinearPlan::Requantise(step)) => {
                    frames([self.masked_input_bytes()]) + step.traffic(method)
                }
                Some(NonlinearPlan::Lstm(recurrent)) => recurrent.traffic(),
            }
    }
}

/// What a table takes from a tensor, or the tensor as it is.
fn moved(table: Option<&Gather>, share: Share) -> Share {
    match table {
        Some(table) => table.take(&share),
        None => share,
    }
}

/// What a session computes of one stage: for benches and reports.
#[derive(Clone, Debug)]
pub struct Computed {
    /// Geometry of the linear layer, on items where windows share values.
    pub linear: LinearShape,
    /// Results of the requantising step, all channels together; 0 without one.
    pub results: usize,
    /// Silent OTs that the backend asked about takes, both directions; comparisons with the least
    /// traffic.
    pub cots: usize,
    /// The cell of every position, if the stage is an LSTM.
    pub cell: Option<CellPlan>,
}

/// What a session computes of each stage of `architecture`.
///
/// # Errors
/// As a session with it would fail.
pub fn computed(architecture: &Architecture, backend: Backend) -> Result<Vec<Computed>> {
    let plan = Plan::new(architecture)?;
    let method = match backend {
        Backend::Gc => Method::Gc,
        Backend::Ot => Method::Ot(Comparison::Ripple),
    };
    let computed = |stage: &Arc<StagePlan>| {
        let results = stage.activation().map_or(0, |step| step.gc.shape().count);
        let cots = stage.cots(method);
        let cell = stage.recurrence().map(|recurrent| recurrent.cell.clone());
        Computed { linear: stage.geometry, results, cots: cots.0 + cots.1, cell }
    };
    Ok(plan.stages.iter().map(computed).collect())
}

fn choice_of_label(shape: ArgmaxShape) -> Result<ArgmaxPlan> {
    ArgmaxPlan::new(shape).map_err(|e| Error::Incompatible(format!("the choice of the label: {e}")))
}

/// Bytes of all messages of a choice of a label.
fn label_bytes(argmax: &ArgmaxPlan) -> usize {
    let extension = softspoken::random_bytes(argmax.input_cots());
    frames([extension, argmax.input_corrections_bytes(), argmax.message_bytes()])
}
