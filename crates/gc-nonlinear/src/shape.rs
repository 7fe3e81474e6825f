//! What an activation step computes, and every size that follows from it.

use core::ops::Range;
use std::sync::Arc;

use oblivious_transfer::block::Block;
use shares::{StepShape, packed_bytes};

use crate::circuit::{Netlist, activation};
use crate::error::StepError;
use crate::lanes::{LANES, Scratch};

/// Outputs garbled into one message; a multiple of the batch of 64.
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

    /// Bytes of one of these messages; 0 for a chunk that does not exist.
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

    /// Ciphertexts of 16 bytes for each output: twice the number of AND gates, one that a party knows an operand of
    /// counting half. 8 ell - 2 shift - 7 with pooling, 4 ell - 2 shift - 5 without.
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

    /// For each converted bit i the width of its shares: 2^i times them is what counts mod 2^out_ell.
    pub(crate) fn output_widths(&self) -> impl Iterator<Item = u32> + use<> {
        let out_ell = self.shape.out_ell;
        (0..self.converted_bits() as u32).map(move |i| out_ell - i)
    }

    /// The outputs of a chunk, None behind the last.
    pub(crate) fn chunk_outputs(&self, chunk: usize) -> Option<Range<usize>> {
        let start = chunk.checked_mul(CHUNK).filter(|start| *start < self.shape.count)?;
        Some(start..(start + CHUNK).min(self.shape.count))
    }

    /// The batches of a range of outputs that starts at a batch border.
    pub(crate) fn batches(outputs: Range<usize>) -> impl ExactSizeIterator<Item = Batch> {
        let first = outputs.start / LANES;
        (first..outputs.end.div_ceil(LANES)).map(move |number| {
            let start = number * LANES;
            Batch { number, start, lanes: LANES.min(outputs.end - start) }
        })
    }

    /// Bytes of the tables of some outputs.
    pub(crate) fn table_bytes(&self, outputs: usize) -> usize {
        outputs * self.netlist.ciphertexts * Block::BYTES
    }
}

/// Up to 64 neighbouring outputs.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    /// Number within the step.
    pub(crate) number: usize,
    /// First output.
    pub(crate) start: usize,
    /// Outputs.
    pub(crate) lanes: usize,
}

impl Batch {
    /// Where item `index` of `per_output` items per output lies for this batch's lanes: items are stored batch by batch,
    /// within a batch item by item, within an item lane by lane.
    pub(crate) fn item(&self, per_output: usize, index: usize) -> Range<usize> {
        let start = self.start * per_output + index * self.lanes;
        start..start + self.lanes
    }

    /// Where all these items lie.
    pub(crate) fn items(&self, per_output: usize) -> Range<usize> {
        self.start * per_output..(self.start + self.lanes) * per_output
    }
}
