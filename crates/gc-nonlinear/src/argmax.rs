//! The argmax step, both roles: the client learns the label alone, or the label and the level of
//! its margin. The server learns nothing.
//!
//! The label is that of one score vector or of the sum of several. The parties share each vector on
//! its own. The circuit adds the shares, then the scores, then compares. No sum ever leaves it.
//!
//! ```text
//! client (evaluator)                                  server (garbler)
//! offline:  input corrections  ---------------------> zero labels
//! online:   label, level       <--------------------- tables, permute bits of both
//! ```

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::cot::ReceiverCots;
use zeroize::Zeroizing;

use crate::batch::Batch;
use crate::circuit::argmax::label_bits;
use crate::cots::{SentCots, check_received};
use crate::error::{StepError, check_count, check_length};
use crate::garble::evaluator::Evaluate;
use crate::garble::garbler::Garble;
use crate::hash_root::{HashRoot, StepKeys};
use crate::inputs;
use crate::lanes::{Inputs, Scratch};
use crate::plan::ArgmaxPlan;
use crate::shape::ArgmaxShape;

/// What an argmax reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The index of the greatest sum.
    pub label: usize,
    /// How many thresholds its margin reaches, 0 to 3; `None` where the shape has none.
    pub level: Option<u8>,
}

/// The client's side.
pub struct ArgmaxEvaluator {
    plan: ArgmaxPlan,
    keys: StepKeys,
    bits: Zeroizing<Vec<u64>>,
    inputs: ReceiverCots,
}

impl ArgmaxEvaluator {
    /// Fixes the client's shares of the scores, `[term][class]`, and returns the corrections for
    /// the server. `step_id` must not return in the session.
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
        check_count("client scores", plan.shape().scores(), shares.len())?;
        check_received("client's input OTs", plan.input_cots(), &inputs)?;
        let bits = vec![plan.bits(shares)];
        let corrections = inputs::corrections(&[Batch::SINGLE], &bits, &inputs);
        let bits = Zeroizing::new(bits.into_iter().flatten().collect());
        Ok((corrections, Self { plan: plan.clone(), keys: hash_root.step(step_id), bits, inputs }))
    }

    /// Bytes of the message that is due.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        self.plan.message_bytes()
    }

    /// The label, below the number of classes, and the level of its margin.
    ///
    /// # Errors
    /// [`StepError::Length`], [`StepError::Bits`] or [`StepError::Label`] if the message is
    /// malformed.
    pub fn finish(self, message: &[u8]) -> Result<Chosen, StepError> {
        check_length("garbled argmax", self.plan.message_bytes(), message)?;
        let (tables, permute) = message.split_at(self.plan.table_bytes());
        let netlist = self.plan.netlist();
        let permute = BitVec::from_bytes(permute, netlist.outputs.len())?;
        let colours = Evaluate {
            netlist,
            keys: &self.keys.garbling(Batch::SINGLE.number, netlist.ciphertexts),
            inputs: Inputs::new(&self.inputs.macs, Batch::SINGLE.lanes).labels(),
            bits: &self.bits,
            lanes: Batch::SINGLE.lanes,
            tables,
            scratch: &mut Scratch::new(netlist.registers),
        }
        .run();
        let bits = colours
            .iter()
            .zip(permute.iter())
            .map(|(colour, permute)| (colour & 1) as usize ^ usize::from(permute));
        decoded(self.plan.shape(), &bits.collect::<Vec<_>>())
    }
}

/// Reads the output bits, in which the label stands before the level.
fn decoded(shape: ArgmaxShape, bits: &[usize]) -> Result<Chosen, StepError> {
    let number = |bits: &[usize]| bits.iter().rev().fold(0, |number, bit| number << 1 | bit);
    let (label, level) = bits.split_at(label_bits(shape.classes));
    let (label, classes) = (number(label), shape.classes);
    if label >= classes {
        return Err(StepError::Label { label, classes });
    }
    // Two bits: every value is a level.
    let level = shape.thresholds.map(|_| number(level) as u8);
    Ok(Chosen { label, level })
}

/// The server's side.
pub struct ArgmaxGarbler {
    plan: ArgmaxPlan,
    keys: StepKeys,
    inputs: SentCots,
}

impl ArgmaxGarbler {
    /// Takes the client's corrections. The garbling correlation is that of the input OTs.
    ///
    /// # Errors
    /// [`StepError::Count`] if the list does not have the plan's length, [`StepError::Colour`] if
    /// bit 0 of the correlation is 0, [`StepError::Length`] or [`StepError::Bits`] if the message
    /// is malformed.
    pub fn prepare(
        plan: &ArgmaxPlan,
        hash_root: &HashRoot,
        step_id: u16,
        mut inputs: SentCots,
        corrections: &[u8],
    ) -> Result<Self, StepError> {
        inputs.check_garbling(plan.input_cots())?;
        inputs::zero_labels(&mut inputs, corrections)?;
        Ok(Self { plan: plan.clone(), keys: hash_root.step(step_id), inputs })
    }

    /// The message for the client, from the server's shares of the scores, `[term][class]`.
    ///
    /// # Errors
    /// [`StepError::Count`] if `shares` has the wrong length.
    pub fn garble(self, shares: &[u32]) -> Result<Vec<u8>, StepError> {
        check_count("server scores", self.plan.shape().scores(), shares.len())?;
        let netlist = self.plan.netlist();
        let mut message = vec![0; self.plan.table_bytes()];
        let permute = Garble {
            netlist,
            delta: self.inputs.delta,
            keys: &self.keys.garbling(Batch::SINGLE.number, netlist.ciphertexts),
            inputs: Inputs::new(&self.inputs.keys, Batch::SINGLE.lanes).labels(),
            bits: &Zeroizing::new(self.plan.bits(shares)),
            lanes: Batch::SINGLE.lanes,
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
