//! The activation step, both roles: ReLU, optional maxpool of pairs, rounding shift and saturation
//! on shares.
//!
//! ```text
//! client (evaluator)                                  server (garbler)
//! offline:  input corrections  ---------------------> zero labels
//! online:                      <--------------------- chunk 0: tables, choice corrections
//!                              <--------------------- chunk 1 ..
//!           output corrections ---------------------> y1
//!           y0
//! ```
//! This is one round trip. The client's answer travels with its next masked share.

use std::sync::OnceLock;

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot::ReceiverCots;
use rayon::prelude::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator,
};
use zeroize::{Zeroize, Zeroizing};

use crate::batch::Batch;
use crate::circuit::activation;
use crate::convert;
use crate::cots::{SentCots, check_received};
use crate::error::{StepError, check_count, check_length};
use crate::garble::evaluator::Evaluate;
use crate::garble::garbler::Garble;
use crate::hash_root::{HashRoot, StepKeys};
use crate::inputs::{self, Words};
use crate::lanes::{Inputs, Scratch, lane_mask};
use crate::plan::StepPlan;

/// The client's side of one step, ready for the server's messages.
pub struct ActivationEvaluator {
    plan: StepPlan,
    keys: StepKeys,
    bits: Zeroizing<Vec<Vec<u64>>>,
    inputs: ReceiverCots,
    outputs: SentCots,
    next_chunk: usize,
    shares: Zeroizing<Vec<u32>>,
    answers: Vec<Vec<u32>>,
}

impl ActivationEvaluator {
    /// Fixes the client's shares c and returns the corrections for the server, which are sent
    /// offline.
    ///
    /// `shares`: [`StepPlan::input_values`] residues mod 2^ell, pairs at 2j and 2j + 1. `step_id`
    /// must not return in the session.
    ///
    /// # Errors
    /// [`StepError::Count`] if a list does not have the plan's length.
    pub fn prepare(
        plan: &StepPlan,
        hash_root: &HashRoot,
        step_id: u16,
        shares: &[u32],
        inputs: ReceiverCots,
        outputs: SentCots,
    ) -> Result<(Vec<u8>, Self), StepError> {
        check_count("client shares", plan.input_values(), shares.len())?;
        check_received("client's input OTs", plan.input_cots(), &inputs)?;
        outputs.check("client's output OTs", plan.output_cots())?;
        let shape = plan.shape();
        let words = Words {
            shares,
            values_per_output: plan.values_per_output(),
            widths: activation::evaluator_widths(&shape),
            words: |shares: &[u32]| activation::evaluator_words(&shape, shares),
        };
        let batches: Vec<Batch> = Batch::all(0..shape.count).collect();
        let bits = Zeroizing::new(words.all_bits(&batches));
        let corrections = inputs::corrections(&batches, &bits, &inputs);
        let evaluator = Self {
            keys: hash_root.step(step_id),
            bits,
            inputs,
            outputs,
            next_chunk: 0,
            shares: Zeroizing::new(Vec::with_capacity(shape.count)),
            answers: vec![Vec::with_capacity(shape.count); plan.converted_bits()],
            plan: plan.clone(),
        };
        Ok((corrections, evaluator))
    }

    /// Evaluates the next chunk, in the order of the server's chunk numbers.
    ///
    /// # Errors
    /// [`StepError::NoChunk`] behind the last chunk, [`StepError::Length`] or [`StepError::Bits`]
    /// if the message is malformed.
    pub fn evaluate_chunk(&mut self, message: &[u8]) -> Result<(), StepError> {
        let chunk = self.next_chunk;
        let outputs = self.plan.chunk_outputs(chunk).ok_or(StepError::NoChunk { chunk })?;
        check_length("garbled chunk", self.plan.chunk_bytes(chunk), message)?;
        let (tables, choices) = message.split_at(self.plan.table_bytes(outputs.len()));
        let choices = BitVec::from_bytes(choices, outputs.len() * self.plan.converted_bits())?;
        self.next_chunk += 1;

        let origin = outputs.start;
        let batches: Vec<Batch> = Batch::all(outputs).collect();
        let converted: Vec<_> = batches
            .par_iter()
            .map_init(
                || self.plan.scratch(),
                |scratch, batch| self.batch(*batch, origin, tables, &choices, scratch),
            )
            .collect();
        for (batch, converted) in batches.iter().zip(converted) {
            convert::push_shares(&self.plan, *batch, &converted.shares, &mut self.shares);
            for (answers, new) in self.answers.iter_mut().zip(&converted.corrections) {
                answers.extend_from_slice(&new[..batch.lanes]);
            }
        }
        Ok(())
    }

    /// Evaluates and converts one batch of the chunk whose first output is `origin`.
    fn batch(
        &self,
        batch: Batch,
        origin: usize,
        tables: &[u8],
        choices: &BitVec,
        scratch: &mut Scratch,
    ) -> convert::ClientBatch {
        let netlist = self.plan.netlist();
        let here = Batch { start: batch.start - origin, ..batch };
        let labels = Inputs::new(&self.inputs.macs[batch.items(netlist.inputs)], batch.lanes);
        let colours = Evaluate {
            netlist,
            keys: &self.keys.garbling(batch.number, netlist.ciphertexts),
            inputs: labels.labels(),
            bits: &self.bits[batch.number],
            lanes: batch.lanes,
            tables: &tables[here.items(netlist.ciphertexts * Block::BYTES)],
            scratch,
        }
        .run();
        let bits = self.plan.converted_bits();
        let choices: Vec<u64> = (0..bits).map(|i| choices.word_at(here.item(bits, i).start)).collect();
        convert::client_batch(
            batch,
            &colours[..bits],
            &choices,
            &self.outputs.keys[batch.items(bits)],
            self.outputs.delta,
            &self.keys.conversion(batch.number, bits),
        )
    }

    /// The client's shares y0 mod 2^out_ell and the corrections for the server.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] if a chunk is missing.
    pub fn finish(mut self) -> Result<(Vec<u32>, Vec<u8>), StepError> {
        let (done, chunks) = (self.next_chunk, self.plan.chunks());
        if done != chunks {
            return Err(StepError::Unfinished { done, chunks });
        }
        Ok((core::mem::take(&mut *self.shares), convert::pack_answers(&self.plan, &self.answers)))
    }
}

/// The server's side of one step, ready to garble.
pub struct ActivationGarbler {
    plan: StepPlan,
    keys: StepKeys,
    /// The keys have become the zero labels.
    inputs: SentCots,
    outputs: ReceiverCots,
    /// For each garbled chunk the permute bits of its batches.
    permute: Vec<OnceLock<Vec<Vec<u64>>>>,
}

impl ActivationGarbler {
    /// Takes the client's corrections. The garbling correlation is that of the input OTs.
    ///
    /// # Errors
    /// [`StepError::Count`] if a list does not have the plan's length, [`StepError::Colour`] if bit
    /// 0 of the correlation is 0, [`StepError::Length`] or [`StepError::Bits`] if the message is
    /// malformed.
    pub fn prepare(
        plan: &StepPlan,
        hash_root: &HashRoot,
        step_id: u16,
        mut inputs: SentCots,
        corrections: &[u8],
        outputs: ReceiverCots,
    ) -> Result<Self, StepError> {
        inputs.check_garbling(plan.input_cots())?;
        check_received("server's output OTs", plan.output_cots(), &outputs)?;
        inputs::zero_labels(&mut inputs, corrections)?;
        Ok(Self {
            keys: hash_root.step(step_id),
            inputs,
            outputs,
            permute: (0..plan.chunks()).map(|_| OnceLock::new()).collect(),
            plan: plan.clone(),
        })
    }

    /// Garbles a chunk: chunks in any order, several at a time, each once.
    ///
    /// `shares`: the server's [`StepPlan::input_values`] residues of the whole step.
    ///
    /// # Errors
    /// [`StepError::NoChunk`], [`StepError::Count`] if `shares` has the wrong length,
    /// [`StepError::Repeated`] if the chunk was garbled before: its labels are spent.
    pub fn garble_chunk(&self, chunk: usize, shares: &[u32]) -> Result<Vec<u8>, StepError> {
        check_count("server shares", self.plan.input_values(), shares.len())?;
        let outputs = self.plan.chunk_outputs(chunk).ok_or(StepError::NoChunk { chunk })?;
        let place = self.permute.get(chunk).ok_or(StepError::NoChunk { chunk })?;
        if place.get().is_some() {
            return Err(StepError::Repeated { chunk });
        }
        let mut message = vec![0; self.plan.table_bytes(outputs.len())];
        let batches: Vec<Batch> = Batch::all(outputs).collect();
        let mut pieces = Vec::with_capacity(batches.len());
        let mut rest = message.as_mut_slice();
        for batch in &batches {
            let piece;
            (piece, rest) = rest.split_at_mut(self.plan.table_bytes(batch.lanes));
            pieces.push(piece);
        }
        let permute: Vec<Vec<u64>> = batches
            .par_iter()
            .zip(pieces)
            .map_init(
                || self.plan.scratch(),
                |scratch, (batch, tables)| self.batch(*batch, shares, tables, scratch),
            )
            .collect();
        message.extend(self.choice_corrections(&batches, &permute));
        // Of two threads with the same chunk one comes second, and its message is not sent.
        place.set(permute).map_err(|_| StepError::Repeated { chunk })?;
        Ok(message)
    }

    /// Garbles one batch and returns the permute bits of its outputs.
    fn batch(&self, batch: Batch, shares: &[u32], tables: &mut [u8], scratch: &mut Scratch) -> Vec<u64> {
        let netlist = self.plan.netlist();
        let words = Words {
            shares,
            values_per_output: self.plan.values_per_output(),
            widths: activation::garbler_widths(&self.plan.shape()),
            words: activation::garbler_words,
        };
        let labels = Inputs::new(&self.inputs.keys[batch.items(netlist.inputs)], batch.lanes);
        Garble {
            netlist,
            delta: self.inputs.delta,
            keys: &self.keys.garbling(batch.number, netlist.ciphertexts),
            inputs: labels.labels(),
            bits: &Zeroizing::new(words.bits(batch)),
            lanes: batch.lanes,
            tables,
            scratch,
        }
        .run()
    }

    /// Permute bit ^ random choice of the output OT, batch by batch, bit by bit.
    fn choice_corrections(&self, batches: &[Batch], permute: &[Vec<u64>]) -> Vec<u8> {
        let bits = self.plan.converted_bits();
        let mut corrections = BitVec::new();
        for (batch, permute) in batches.iter().zip(permute) {
            for (i, permute) in permute[..bits].iter().enumerate() {
                let choice = self.outputs.choices.word_at(batch.item(bits, i).start);
                corrections.push_word((permute ^ choice) & lane_mask(batch.lanes), batch.lanes as u32);
            }
        }
        corrections.to_bytes()
    }

    /// The server's shares y1 mod 2^out_ell.
    ///
    /// # Errors
    /// [`StepError::Unfinished`] if a chunk was not garbled, [`StepError::Length`] or
    /// [`StepError::Residues`] if the client's answer is malformed.
    pub fn finish(self, output_corrections: &[u8]) -> Result<Vec<u32>, StepError> {
        let permute: Vec<&Vec<u64>> = self.permute.iter().filter_map(OnceLock::get).flatten().collect();
        let batches: Vec<Batch> = Batch::all(0..self.plan.shape().count).collect();
        if permute.len() != batches.len() {
            let done = self.permute.iter().filter(|chunk| chunk.get().is_some()).count();
            return Err(StepError::Unfinished { done, chunks: self.plan.chunks() });
        }
        let answers = convert::unpack_answers(&self.plan, output_corrections)?;
        let bits = self.plan.converted_bits();
        let shares: Vec<_> = batches
            .par_iter()
            .zip(permute.into_par_iter())
            .map(|(batch, permute)| {
                let macs = &self.outputs.macs[batch.items(bits)];
                let keys = self.keys.conversion(batch.number, bits);
                convert::server_batch(*batch, &permute[..bits], &answers, macs, &keys)
            })
            .collect();
        let mut out = Vec::with_capacity(self.plan.shape().count);
        for (batch, shares) in batches.iter().zip(&shares) {
            convert::push_shares(&self.plan, *batch, shares, &mut out);
        }
        Ok(out)
    }
}

impl Drop for ActivationGarbler {
    fn drop(&mut self) {
        for bits in self.permute.iter_mut().filter_map(OnceLock::get_mut) {
            bits.zeroize();
        }
    }
}
