//! A tap for verification inside one process: when client and embedded server run side by side,
//! each may lay its shares down here, so that every layer can be compared with the reference.
//!
//! The tap is a value that a program must hand to both sides; no message can carry what it
//! collects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use deepcardio::architecture::Architecture;
use deepcardio::trace::Trace;
use shares::Role;
use shares::{Ring, Share};

/// A value inside the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    /// Accumulators of a layer.
    Accumulators(usize),
    /// Activations of a layer, after its reductions.
    Activations(usize),
}

#[derive(Default)]
struct Shares {
    ell: u32,
    client: Vec<u32>,
    server: Vec<u32>,
}

/// Collects both parties' shares of one inference.
#[derive(Clone, Default)]
pub struct Tap {
    shares: Arc<Mutex<BTreeMap<Point, Shares>>>,
}

/// The first place where a private run differs from the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A value differs.
    #[error(
        "layer {layer}: the {what} at index {index} is {private} in private, {reference} in the reference"
    )]
    Value {
        /// Name of the layer.
        layer: String,
        /// Accumulators or activations.
        what: &'static str,
        /// Where in the tensor.
        index: usize,
        /// What the shares add up to.
        private: i64,
        /// What the reference says.
        reference: i64,
    },
    /// A layer was not computed by both parties, or has another size.
    #[error("layer {layer}: the {what} were not computed in full by both parties")]
    Missing {
        /// Name of the layer.
        layer: String,
        /// Accumulators or activations.
        what: &'static str,
    },
}

impl Tap {
    /// An empty tap.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn record(&self, point: Point, party: Role, share: &Share) {
        let mut map = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let shares = map.entry(point).or_default();
        shares.ell = share.ell();
        let side = match party {
            Role::Client => &mut shares.client,
            Role::Server => &mut shares.server,
        };
        *side = share.residues().to_vec();
    }

    /// A party's share of the scores of the last inference, in the ring of the last layer. It is
    /// empty until the scores are computed.
    #[must_use]
    pub fn score_share(&self, party: Role) -> Vec<u32> {
        let map = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let mut accumulators = map.iter().filter(|(point, _)| matches!(point, Point::Accumulators(_)));
        let last = accumulators.next_back().map(|(_, shares)| match party {
            Role::Client => shares.client.clone(),
            Role::Server => shares.server.clone(),
        });
        last.unwrap_or_default()
    }

    /// Compares what was collected with the reference, in order of computation, and empties the
    /// tap.
    ///
    /// # Errors
    /// The first [`Difference`].
    pub fn compare(&self, architecture: &Architecture, trace: &Trace) -> Result<(), Difference> {
        let map = std::mem::take(&mut *self.shares.lock().unwrap_or_else(PoisonError::into_inner));
        for (layer, (stage, values)) in architecture.stages().iter().zip(&trace.stages).enumerate() {
            let accumulators = map.get(&Point::Accumulators(layer));
            compare(&stage.name, "accumulator", accumulators, &values.accumulators)?;
            if stage.nonlinear.is_some() {
                compare(&stage.name, "activation", map.get(&Point::Activations(layer)), &values.output)?;
            }
        }
        Ok(())
    }
}

fn compare(
    layer: &str,
    what: &'static str,
    shares: Option<&Shares>,
    expected: &[i32],
) -> Result<(), Difference> {
    let missing = || Difference::Missing { layer: layer.into(), what };
    let shares = shares.ok_or_else(missing)?;
    if shares.client.len() != expected.len() || shares.server.len() != expected.len() {
        return Err(missing());
    }
    let ring = Ring::new(shares.ell);
    let sums = shares.client.iter().zip(&shares.server).map(|(a, b)| ring.signed(a.wrapping_add(*b)));
    for (index, (private, &reference)) in sums.zip(expected).enumerate() {
        let reference = i64::from(reference);
        if private != reference {
            return Err(Difference::Value { layer: layer.into(), what, index, private, reference });
        }
    }
    Ok(())
}
