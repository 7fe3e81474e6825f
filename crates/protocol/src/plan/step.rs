//! What follows a linear layer, once the method of an inference is chosen.

use std::sync::Arc;

use ot_nonlinear::Schedule;

use super::activation::ActivationPlan;
use super::recurrent::{CellOts, RecurrentPlan};
use crate::method::{Comparison, Method};

/// What follows a linear layer, whatever the method.
pub(crate) enum NonlinearPlan {
    /// ReLU, max pooling and rescaling.
    Requantise(Arc<ActivationPlan>),
    /// The cells of an LSTM.
    Lstm(Arc<RecurrentPlan>),
}

/// What follows a linear layer by a chosen method, beside its plan.
///
/// `T` stands for each consumer of silent OTs: in a plan it is the schedule of the OTs, in a
/// preparation it is what they were condensed to. So plan and material cannot fall apart.
pub(crate) enum Step<T> {
    /// A requantising step by garbled circuits, which takes no silent OTs.
    Gc(Arc<ActivationPlan>),
    /// A requantising step from oblivious transfer.
    Ot(Arc<ActivationPlan>, Comparison, T),
    /// The cells of an LSTM, whatever the method.
    Lstm(Arc<RecurrentPlan>, CellOts<T>),
}

impl NonlinearPlan {
    /// The step by `method`.
    pub(super) fn by(&self, method: Method) -> Step<&Schedule> {
        match (self, method) {
            (Self::Requantise(plan), Method::Gc) => Step::Gc(Arc::clone(plan)),
            (Self::Requantise(plan), Method::Ot(shape)) => Step::Ot(Arc::clone(plan), shape, plan.ot(shape)),
            (Self::Lstm(plan), _) => Step::Lstm(Arc::clone(plan), plan.ot_consumers()),
        }
    }
}

impl<T> Step<T> {
    /// The consumers of silent OTs, in the order in which they own the stream of OTs.
    pub(crate) fn into_consumers(self) -> Vec<T> {
        match self {
            Self::Gc(_) => Vec::new(),
            Self::Ot(_, _, step) => vec![step],
            Self::Lstm(_, CellOts { vectors, cells }) => {
                std::iter::once(vectors).chain(cells.into_iter().flatten()).collect()
            }
        }
    }

    /// The same step with each consumer, in that order, made into something else.
    ///
    /// # Errors
    /// The first one of `make`.
    pub(crate) fn try_map<U, E>(self, mut make: impl FnMut(T) -> Result<U, E>) -> Result<Step<U>, E> {
        Ok(match self {
            Self::Gc(plan) => Step::Gc(plan),
            Self::Ot(plan, shape, step) => Step::Ot(plan, shape, make(step)?),
            Self::Lstm(plan, CellOts { vectors, cells }) => {
                let vectors = make(vectors)?;
                let cells = cells.into_iter().map(|parts| parts.into_iter().map(&mut make).collect());
                Step::Lstm(plan, CellOts { vectors, cells: cells.collect::<Result<_, E>>()? })
            }
        })
    }
}
