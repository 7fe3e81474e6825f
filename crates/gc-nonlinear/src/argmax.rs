//! The argmax step, both roles: the client learns the label alone, the server nothing.
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
use crate::inputs;
use crate::lanes::{Inputs, Scratch};
use crate::session::{Session, StepKeys};
use crate::shape::Batch;

/// Most classes of an argmax.
pub const MAX_CLASSES: usize = 1024;

/// The one instance of an argmax.
const INSTANCE: Batch = Batch { number: 0, start: 0, lanes: 1 };

/// The index of the greatest of `classes` scores, ties to the lowest; |score| < 2^(ell-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgmaxShape {
    /// Scores, 2 to [`MAX_CLASSES`].
    pub classes: usize,
    /// Width of a share, 2 to 30 bits.
    pub ell: u32,
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
        let ArgmaxShape { classes, ell } = shape;
        if !(2..=MAX_CLASSES).contains(&classes) || !(2..=30).contains(&ell) {
            return Err(StepError::ArgmaxShape { classes, ell });
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

    /// Ciphertexts of 16 bytes.
    #[must_use]
    pub fn ciphertexts(&self) -> usize {
        self.netlist.ciphertexts
    }

    fn table_bytes(&self) -> usize {
        self.netlist.ciphertexts * Block::BYTES
    }

    /// The bits of the shares, class by class, as words of one lane.
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
    /// Fixes the client's shares of the scores and returns the corrections for the server.
    ///
    /// # Errors
    /// [`StepError::Count`] if a list does not have the plan's length.
    pub fn prepare(
        plan: &ArgmaxPlan,
        session: &Session,
        step_id: u16,
        shares: &[u32],
        inputs: ReceiverCots,
    ) -> Result<(Vec<u8>, Self), StepError> {
        check_count("client scores", plan.shape.classes, shares.len())?;
        check_received("client's input OTs", plan.input_cots(), &inputs)?;
        let bits = vec![plan.bits(shares)];
        let corrections = inputs::corrections(&[INSTANCE], &bits, &inputs);
        let bits = Zeroizing::new(bits.into_iter().flatten().collect());
        Ok((corrections, Self { plan: plan.clone(), keys: session.step(step_id), bits, inputs }))
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
        session: &Session,
        step_id: u16,
        mut inputs: SentCots,
        corrections: &[u8],
    ) -> Result<Self, StepError> {
        inputs.check("server's input OTs", plan.input_cots())?;
        if !inputs.delta.lsb() {
            return Err(StepError::Colour);
        }
        inputs::zero_labels(&mut inputs, corrections)?;
        Ok(Self { plan: plan.clone(), keys: session.step(step_id), inputs })
    }

    /// The message for the client, from the server's shares of the scores.
    ///
    /// # Errors
    /// [`StepError::Count`] if `shares` has the wrong length.
    pub fn garble(self, shares: &[u32]) -> Result<Vec<u8>, StepError> {
        check_count("server scores", self.plan.shape.classes, shares.len())?;
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
