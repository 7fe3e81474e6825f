//! The compiled steps: a checked shape, its circuit, and every size that follows from it.

use core::ops::Range;
use std::sync::Arc;

use oblivious_transfer::block::Block;
use shares::{StepShape, packed_bytes};

use crate::circuit::{Netlist, activation, argmax};
use crate::error::StepError;
use crate::lanes::Scratch;
use crate::shape::ArgmaxShape;

/// Outputs garbled into one message, a multiple of the batch of 64.
pub const CHUNK: usize = 2048;

/// A checked shape, its circuit and its sizes. Made once for a layer, shared by all sessions.
#[derive(Clone)]
pub struct StepPlan {
    shape: StepShape,
    netlist: Arc<Netlist>,
}

impl StepPlan {
    /// Checks the shape and records its circuit.
    ///
    /// # Errors
    /// [`StepError::Shape`] if a field is outside the limits that [`StepShape`] states.
    pub fn new(shape: StepShape) -> Result<Self, StepError> {
        shape.validate()?;
        Ok(Self { shape, netlist: Arc::new(activation::netlist(&shape)) })
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> StepShape {
        self.shape
    }

    /// Residues that each party brings: `count`, or twice as many with pooling.
    #[must_use]
    pub fn input_values(&self) -> usize {
        self.shape.input_values()
    }

    /// Correlated OTs from the server (sender, on the garbling correlation) to the client.
    #[must_use]
    pub fn input_cots(&self) -> usize {
        self.shape.count * self.netlist.inputs
    }

    /// Correlated OTs from the client (sender, on a correlation of its own) to the server.
    #[must_use]
    pub fn output_cots(&self) -> usize {
        self.shape.count * self.converted_bits()
    }

    /// Bytes of the offline message, client to server.
    #[must_use]
    pub fn input_corrections_bytes(&self) -> usize {
        self.input_cots().div_ceil(8)
    }

    /// Messages from the server to the client.
    #[must_use]
    pub fn chunks(&self) -> usize {
        self.shape.count.div_ceil(CHUNK)
    }

    /// Bytes of one of these messages. It is 0 for a chunk that does not exist.
    #[must_use]
    pub fn chunk_bytes(&self, chunk: usize) -> usize {
        self.chunk_outputs(chunk).map_or(0, |outputs| {
            self.table_bytes(outputs.len()) + (outputs.len() * self.converted_bits()).div_ceil(8)
        })
    }

    /// Bytes of all messages from the server to the client.
    #[must_use]
    pub fn garbled_bytes(&self) -> usize {
        (0..self.chunks()).map(|chunk| self.chunk_bytes(chunk)).sum()
    }

    /// Bytes of the client's answer.
    #[must_use]
    pub fn output_corrections_bytes(&self) -> usize {
        self.output_widths().map(|width| packed_bytes(self.shape.count, width).unwrap_or_default()).sum()
    }

    /// Ciphertexts of 16 bytes for each output: 8 ell - 2 shift - 7 with pooling, 4 ell - 2 shift -
    /// 5 without.
    ///
    /// An AND gate takes two. One of which a party knows an operand takes one.
    #[must_use]
    pub fn ciphertexts_per_output(&self) -> usize {
        self.netlist.ciphertexts
    }

    pub(crate) fn netlist(&self) -> &Netlist {
        &self.netlist
    }

    /// Working memory for one batch after the other.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch::new(self.netlist.registers)
    }

    /// Input residues of a party for each output.
    pub(crate) fn values_per_output(&self) -> usize {
        self.shape.values_per_result()
    }

    /// Output bits that weigh less than 2^out_ell.
    pub(crate) fn converted_bits(&self) -> usize {
        self.shape.bits.min(self.shape.out_ell) as usize
    }

    /// For each converted bit i the width of its shares: 2^i times them is what counts mod
    /// 2^out_ell.
    pub(crate) fn output_widths(&self) -> impl Iterator<Item = u32> + use<> {
        let out_ell = self.shape.out_ell;
        (0..self.converted_bits() as u32).map(move |i| out_ell - i)
    }

    /// The outputs of a chunk, None behind the last.
    pub(crate) fn chunk_outputs(&self, chunk: usize) -> Option<Range<usize>> {
        let start = chunk.checked_mul(CHUNK).filter(|start| *start < self.shape.count)?;
        Some(start..(start + CHUNK).min(self.shape.count))
    }

    /// Bytes of the tables of some outputs.
    pub(crate) fn table_bytes(&self, outputs: usize) -> usize {
        outputs * self.netlist.ciphertexts * Block::BYTES
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
        Ok(Self { shape, netlist: Arc::new(argmax::netlist(&shape)) })
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

    pub(crate) fn netlist(&self) -> &Netlist {
        &self.netlist
    }

    /// Ciphertexts of 16 bytes. With w = [`ArgmaxShape::sum_bits`] they are
    ///
    /// - 2 ell - 3 for each score,
    /// - 2 v - 2 for each addition with a result of v bits, terms - 1 of them a class,
    /// - 2 w for each of classes - 1 comparisons and classes - 2 selections,
    /// - 2 (classes - 1 - 2^i) for each bit i of the label,
    ///
    /// and with thresholds 2 w + 4 w (classes - 2) + 2 w - 2 more, and 2 (w - 1 - z) for each of
    /// them, which ends in z zero bits.
    #[must_use]
    pub fn ciphertexts(&self) -> usize {
        self.netlist.ciphertexts
    }

    /// Bytes of the tables.
    pub(crate) fn table_bytes(&self) -> usize {
        self.netlist.ciphertexts * Block::BYTES
    }

    /// The bits of the shares, in their order, as words of one lane.
    pub(crate) fn bits(&self, shares: &[u32]) -> Vec<u64> {
        let bits = |share: &u32| (0..self.shape.ell).map(|i| u64::from(share >> i & 1)).collect::<Vec<_>>();
        shares.iter().flat_map(bits).collect()
    }
}
