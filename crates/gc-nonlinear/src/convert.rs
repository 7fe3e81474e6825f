//! From shared output bits to additive shares, with one correlated OT a bit. The client is the OT's
//! sender.
//!
//! Let e be the client's colour bit and p the server's permute bit. The output bit is
//!
//! ```text
//! e ^ p = e + p (1 - 2 e)
//! ```
//! The server's OT has a random choice. So the server sends d = p ^ choice, and the client takes
//! key ^ d Delta as the pad's input for p = 0. Let X0 and X1 be the two pads. The client sends X0 -
//! X1 + 1 - 2 e. The server can compute X_p alone, so it gets X0 + p (1 - 2 e). The client keeps
//! e - X0. Bit i counts 2^i times, so its pads have out_ell - i bits.

use oblivious_transfer::aes::{AesBackend, Kernel, dispatch};
use oblivious_transfer::block::Block;
use shares::{Ring, pack_residues, packed_bytes, unpack_residues};
use zeroize::Zeroize;

use crate::batch::Batch;
use crate::error::{StepError, check_length};
use crate::lanes::LANES;
use crate::plan::StepPlan;

/// Hashes pieces of blocks, each piece under a key of its own.
struct Hash<'a> {
    keys: &'a [Block],
    pieces: core::slice::ChunksMut<'a, Block>,
}

impl Kernel for Hash<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        for (key, piece) in self.keys.iter().zip(self.pieces) {
            let [schedule] = aes.schedule(&[*key]);
            aes.hash(&schedule, piece);
        }
    }
}

/// One batch's conversion at the client.
pub(crate) struct ClientBatch {
    /// The shares of the batch's outputs, not reduced.
    pub(crate) shares: [u32; LANES],
    /// For each bit the answers to the server, not reduced.
    pub(crate) corrections: Vec<[u32; LANES]>,
}

/// Converts a batch at the client. `colours` and `choice_corrections` have one word for each
/// converted bit.
pub(crate) fn client_batch(
    batch: Batch,
    colours: &[u64],
    choice_corrections: &[u64],
    keys: &[Block],
    delta: Block,
    hash_keys: &[Block],
) -> ClientBatch {
    let lanes = batch.lanes;
    let mut pads = Vec::with_capacity(2 * lanes * colours.len());
    for (keys, word) in keys.chunks(lanes).zip(choice_corrections) {
        let zero = |(lane, key): (usize, &Block)| *key ^ (Block::mask(word >> lane & 1 == 1) & delta);
        pads.extend(keys.iter().enumerate().map(zero));
        let start = pads.len() - lanes;
        pads.extend_from_within(start..);
        pads[start + lanes..].iter_mut().for_each(|pad| *pad ^= delta);
    }
    dispatch(Hash { keys: hash_keys, pieces: pads.chunks_mut(2 * lanes) });

    let mut shares = [0_u32; LANES];
    let mut corrections = Vec::with_capacity(colours.len());
    for (i, (pads, colour)) in pads.chunks(2 * lanes).zip(colours).enumerate() {
        let (zero, one) = pads.split_at(lanes);
        let mut answer = [0; LANES];
        for lane in 0..lanes {
            let (zero, one) = (zero[lane].words()[0] as u32, one[lane].words()[0] as u32);
            let colour = (colour >> lane & 1) as u32;
            answer[lane] = zero.wrapping_sub(one).wrapping_add(1).wrapping_sub(2 * colour);
            shares[lane] = shares[lane].wrapping_add(colour.wrapping_sub(zero) << i);
        }
        corrections.push(answer);
    }
    pads.zeroize();
    ClientBatch { shares, corrections }
}

/// Packs the client's answers, `answers[i]` holding bit i's for all outputs.
pub(crate) fn pack_answers(plan: &StepPlan, answers: &[Vec<u32>]) -> Vec<u8> {
    plan.output_widths().zip(answers).flat_map(|(width, answers)| pack_residues(answers, width)).collect()
}

/// Reads what [`pack_answers`] makes.
pub(crate) fn unpack_answers(plan: &StepPlan, bytes: &[u8]) -> Result<Vec<Vec<u32>>, StepError> {
    check_length("output corrections", plan.output_corrections_bytes(), bytes)?;
    let mut rest = bytes;
    let count = plan.shape().count;
    plan.output_widths()
        .map(|width| {
            let (bytes, behind) = rest.split_at(packed_bytes(count, width)?);
            rest = behind;
            Ok(unpack_residues(bytes, count, width)?)
        })
        .collect()
}

/// The server's shares of a batch's outputs, not reduced. `permute` has one word for each converted
/// bit.
pub(crate) fn server_batch(
    batch: Batch,
    permute: &[u64],
    answers: &[Vec<u32>],
    macs: &[Block],
    hash_keys: &[Block],
) -> [u32; LANES] {
    let mut pads = macs.to_vec();
    dispatch(Hash { keys: hash_keys, pieces: pads.chunks_mut(batch.lanes) });
    let mut shares = [0_u32; LANES];
    for (i, ((pads, permute), answers)) in pads.chunks(batch.lanes).zip(permute).zip(answers).enumerate() {
        // Hidden from the compiler, which would jump over an answer where the bit is clear: a
        // secret branch.
        let masks = core::hint::black_box(masks(*permute));
        let lanes = pads.iter().zip(&answers[batch.start..]).zip(&masks);
        for (share, ((pad, answer), mask)) in shares.iter_mut().zip(lanes) {
            let of_bit = (pad.words()[0] as u32).wrapping_add(mask & answer);
            *share = share.wrapping_add(of_bit << i);
        }
    }
    pads.zeroize();
    shares
}

/// For each bit all ones if it is 1, else zero.
fn masks(bits: u64) -> [u32; LANES] {
    core::array::from_fn(|lane| ((bits >> lane & 1) as u32).wrapping_neg())
}

/// Reduces the shares of a batch and appends them.
pub(crate) fn push_shares(plan: &StepPlan, batch: Batch, shares: &[u32; LANES], out: &mut Vec<u32>) {
    let mask = Ring::new(plan.shape().out_ell).mask();
    out.extend(shares[..batch.lanes].iter().map(|share| share & mask));
}
