//! The argmax step, both roles: the client learns the label alone, the server nothing.
//!
//! The label is that of one score vector, or of the sum of several, each of which the parties share on its own: the circuit
//! adds the shares, then the scores, then compares. No sum ever leaves it.
//!
//! ```text
//! client (evaluator)                                  server (garbler)
//! offline:  input corrections  ---------------------> zero labels
//! online:   label              <--------------------- tables, permute bits of the label
//! ```

use std::sync::Arc;

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot::ReceiverCots;
use zeroize::Zeroizing;

use crate::circuit::Netlist;
use crate::circuit::argmax::{label_bits, netlist};
use crate::cots::{SentCots, check_received};
use crate::error::{StepError, check_count, check_length};
use crate::garble::evaluator::Evaluate;
use crate::garble::garbler::Garble;
use crate::hash_root::{HashRoot, StepKeys};
use crate::inputs;
use crate::lanes::{Inputs, Scratch};
use crate::shape::Batch;

/// Most classes of an argmax.
pub const MAX_CLASSES: usize = 1024;
/// Most score vectors that an argmax adds up: an hour of ECG in segments of 30 s.
pub const MAX_TERMS: usize = 128;
/// Most scores of an argmax, all terms together: bounds the memory of a step (1 KiB for each bit of a share).
pub const MAX_SCORES: usize = 1 << 13;

/// The one instance of an argmax.
const INSTANCE: Batch = Batch { number: 0, start: 0, lanes: 1 };

/// The index of the greatest of `classes` sums over `terms` scores each, ties to the lowest; |score| < 2^(ell-1), so that no
/// sum leaves [`ArgmaxShape::sum_bits`] bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgmaxShape {
    /// Sums to choose from, 2 to [`MAX_CLASSES`].
    pub classes: usize,
    /// Width of a share, 2 to 30 bits.
    pub ell: u32,
    /// Score vectors that are added up, 1 to [`MAX_TERMS`] and at most [`MAX_SCORES`] scores in all.
    pub terms: usize,
}

impl ArgmaxShape {
    fn is_valid(&self) -> bool {
        (2..=MAX_CLASSES).contains(&self.classes)
            && (2..=30).contains(&self.ell)
            && (1..=MAX_TERMS).contains(&self.terms)
            && self.scores() <= MAX_SCORES
    }

    /// Shares that each party brings: `[term][class]`.
    #[must_use]
    pub fn scores(&self) -> usize {
        self.classes * self.terms
    }

    /// Bits of a sum: ell + ceil(log2(terms)).
    #[must_use]
    pub fn sum_bits(&self) -> u32 {
        self.ell + self.terms.next_power_of_two().trailing_zeros()
    }
}

/// A checked shape, its circuit and its sizes.
#[derive(Clone)]
pub struct ArgmaxPlan {
    shape: ArgmaxShape,
    netlist: Arc<Netlist>,
}

impl ArgmaxPlan {
    /// Checks the shape and records its circuit.
    ///
    /// # Errors
    /// [`StepError::ArgmaxShape`] outside the limits that [`ArgmaxShape`] states.
    pub fn new(shape: ArgmaxShape) -> Result<Self, StepError> {
        if !shape.is_valid() {
            return Err(StepError::ArgmaxShape(shape));
        }
        Ok(Self { shape, netlist: Arc::new(netlist(&shape)) })
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> ArgmaxShape {
        self.shape
    }

    /// Correlated OTs from the server (sender, on the garbling correlation) to the client.
    #[must_use]
    pub fn input_cots(&self) -> usize {
        self.netlist.inputs
    }

    /// Bytes of the offline message, client to server.
    #[must_use]
    pub fn input_corrections_bytes(&self) -> usize {
        self.input_cots().div_ceil(8)
    }

    /// Bytes of the online message, server to client.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        self.table_bytes() + self.netlist.outputs.len().div_ceil(8)
    }

    /// Ciphertexts of 16 bytes. With w = [`ArgmaxShape::sum_bits`]: 2 ell - 3 for each score, 2 v - 2 for each addition with
    /// a result of v bits (terms - 1 a class), 2 w for each of classes - 1 comparisons and classes - 2 selections, and
    /// 2 (classes - 1 - 2^i) for each bit i of the label.
    #[must_use]
    pub fn ciphertexts(&self) -> usize {
        self.netlist.ciphertexts
    }

    fn table_bytes(&self) -> usize {
        self.netlist.ciphertexts * Block::BYTES
    }

    /// The bits of the shares, in their order, as words of one lane.
    fn bits(&self, shares: &[u32]) -> Vec<u64> {
        let bits = |share: &u32| (0..self.shape.ell).map(|i| u64::from(share >> i & 1)).collect::<Vec<_>>();
        shares.iter().flat_map(bits).collect()
    }
}

/// The client's side.
pub struct ArgmaxEvaluator {
    plan: ArgmaxPlan,
    keys: StepKeys,
    bits: Zeroizing<Vec<u64>>,
    inputs: ReceiverCots,
}

impl ArgmaxEvaluator {
    /// Fixes the client's shares of the scores, `[term][class]`, and returns the corrections for the server. `step_id` must
    /// not return in the session.
    ///
    /// # Errors
    /// [`StepError::Count`] if a list does not have the plan's length.
    pub fn prepare(
        plan: &ArgmaxPlan,
        hash_root: &HashRoot,
        step_id: u16,
        shares: &[u32],
        inputs: ReceiverCots,
    ) -> Result<(Vec<u8>, Self), StepError> {
        check_count("client scores", plan.shape.scores(), shares.len())?;
        check_received("client's input OTs", plan.input_cots(), &inputs)?;
        let bits = vec![plan.bits(shares)];
        let corrections = inputs::corrections(&[INSTANCE], &bits, &inputs);
        let bits = Zeroizing::new(bits.into_iter().flatten().collect());
        Ok((corrections, Self { plan: plan.clone(), keys: hash_root.step(step_id), bits, inputs }))
    }

    /// Bytes of the message that is due.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        self.plan.message_bytes()
    }

    /// The label, below the number of classes.
    ///
    /// # Errors
    /// [`StepError::Length`], [`StepError::Bits`] or [`StepError::Label`] if the message is malformed.
    pub fn finish(self, message: &[u8]) -> Result<usize, StepError> {
        check_length("garbled argmax", self.plan.message_bytes(), message)?;
        let (tables, permute) = message.split_at(self.plan.table_bytes());
        let classes = self.plan.shape.classes;
        let permute = BitVec::from_bytes(permute, label_bits(classes))?;
        let netlist = &self.plan.netlist;
        let colours = Evaluate {
            netlist,
            keys: &self.keys.garbling(INSTANCE.number, netlist.ciphertexts),
            inputs: Inputs::new(&self.inputs.macs, INSTANCE.lanes).labels(),
            bits: &self.bits,
            lanes: INSTANCE.lanes,
            tables,
            scratch: &mut Scratch::new(netlist.registers),
        }
        .run();
        let bits = colours
            .iter()
            .zip(permute.iter())
            .map(|(colour, permute)| (colour & 1) as usize ^ usize::from(permute));
        let label = bits.enumerate().map(|(i, bit)| bit << i).sum();
        if label < classes { Ok(label) } else { Err(StepError::Label { label, classes }) }
    }
}

/// The server's side.
pub struct ArgmaxGarbler {
    plan: ArgmaxPlan,
    keys: StepKeys,
    inputs: SentCots,
}

impl ArgmaxGarbler {
    /// Takes the client's corrections; the garbling correlation is that of the input OTs.
    ///
    /// # Errors
    /// [`StepError::Count`] if the list does not have the plan's length, [`StepError::Colour`] if bit 0 of the correlation is 0,
    /// [`StepError::Length`] or [`StepError::Bits`] if the message is malformed.
    pub fn prepare(
        plan: &ArgmaxPlan,
        hash_root: &HashRoot,
        step_id: u16,
        mut inputs: SentCots,
        corrections: &[u8],
    ) -> Result<Self, StepError> {
        inputs.check("server's input OTs", plan.input_cots())?;
        if !inputs.delta.lsb() {
            return Err(StepError::Colour);
        }
        inputs::zero_labels(&mut inputs, corrections)?;
        Ok(Self { plan: plan.clone(), keys: hash_root.step(step_id), inputs })
    }

    /// The message for the client, from the server's shares of the scores, `[term][class]`.
    ///
    /// # Errors
    /// [`StepError::Count`] if `shares` has the wrong length.
    pub fn garble(self, shares: &[u32]) -> Result<Vec<u8>, StepError> {
        check_count("server scores", self.plan.shape.scores(), shares.len())?;
        let netlist = &self.plan.netlist;
        let mut message = vec![0; self.plan.table_bytes()];
        let permute = Garble {
            netlist,
            delta: self.inputs.delta,
            keys: &self.keys.garbling(INSTANCE.number, netlist.ciphertexts),
            inputs: Inputs::new(&self.inputs.keys, INSTANCE.lanes).labels(),
            bits: &Zeroizing::new(self.plan.bits(shares)),
            lanes: INSTANCE.lanes,
            tables: &mut message,
            scratch: &mut Scratch::new(netlist.registers),
        }
        .run();
        let mut bits = BitVec::new();
        permute.iter().for_each(|permute| bits.push(permute & 1 == 1));
        message.extend(bits.to_bytes());
        Ok(message)
    }
}
