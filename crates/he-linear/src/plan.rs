//! What both parties derive from the public shape of a layer: tiling and exact message sizes.

use crate::bits::packed_bytes;
use crate::error::{Error, Message};
use crate::full_circle::FullCircle;
use crate::pack::Packing;
use crate::params::{MAX_ELL, MIN_ELL, RING_DEGREE, SEED_BYTES, response_a_bits, response_b_bits};
use crate::shape::Conv1dShape;
use crate::tiling::Tiling;

/// Most ciphertexts in one direction of one layer.
const MAX_CIPHERTEXTS: usize = 1 << 14;
/// Most ciphertext products of one layer.
const MAX_PRODUCTS: usize = 1 << 17;

/// The public plan of one linear layer: geometry and share width. Both parties build the same one;
/// nothing in it depends on a weight or a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearPlan {
    ell: u32,
    packing: Packing,
}

impl LinearPlan {
    /// Plans a layer of this shape on shares modulo 2^ell.
    ///
    /// # Errors
    /// If ell or a dimension is out of range, a window does not fit the ring, or the layer is
    /// larger than any sensible one.
    pub fn new(shape: Conv1dShape, ell: u32) -> Result<Self, Error> {
        if !(MIN_ELL..=MAX_ELL).contains(&ell) {
            return Err(Error::UnsupportedWidth { ell });
        }
        shape.validate()?;
        let tiling = Tiling::choose(&shape, ell);
        limit("input ciphertexts", tiling.input_ciphertexts(&shape), MAX_CIPHERTEXTS)?;
        limit("response ciphertexts", tiling.output_ciphertexts(&shape), MAX_CIPHERTEXTS)?;
        limit("products", tiling.products(&shape), MAX_PRODUCTS)?;
        Ok(Self { ell, packing: Packing { shape, tiling } })
    }

    /// The shape planned for.
    #[must_use]
    pub const fn shape(&self) -> &Conv1dShape {
        &self.packing.shape
    }

    /// Bits of a share.
    #[must_use]
    pub const fn ell(&self) -> u32 {
        self.ell
    }

    /// Ciphertexts from the input holder.
    #[must_use]
    pub const fn input_ciphertexts(&self) -> usize {
        self.tiling().input_ciphertexts(self.shape())
    }

    /// Ciphertexts from the weight holder.
    #[must_use]
    pub const fn output_ciphertexts(&self) -> usize {
        self.tiling().output_ciphertexts(self.shape())
    }

    /// Products of a ciphertext and a kernel polynomial.
    #[must_use]
    pub const fn products(&self) -> usize {
        self.tiling().products(self.shape())
    }

    /// Exact bytes of the encrypted input.
    #[must_use]
    pub fn input_bytes(&self) -> usize {
        SEED_BYTES + self.input_ciphertexts() * self.input_ciphertext_bytes()
    }

    /// Exact bytes of the masked output.
    #[must_use]
    pub fn output_bytes(&self) -> usize {
        (0..self.output_ciphertexts()).map(|index| self.output_ciphertext_bytes(index)).sum()
    }

    /// What the response tells a client that deviates at most, in bits: those of one result times
    /// their number.
    #[must_use]
    pub fn leak_bits(&self) -> f64 {
        self.shape().output_len() as f64 * FullCircle::new(self.ell).leak_bits(self.ell)
    }

    pub(crate) const fn packing(&self) -> &Packing {
        &self.packing
    }

    pub(crate) const fn tiling(&self) -> &Tiling {
        &self.packing.tiling
    }

    /// Bytes of `b` of one input ciphertext.
    pub(crate) fn input_ciphertext_bytes(&self) -> usize {
        self.tiling().input_ciphertext_bytes(self.shape())
    }

    /// Bytes of `a` of one response ciphertext.
    pub(crate) const fn output_a_bytes(&self) -> usize {
        packed_bytes(RING_DEGREE, response_a_bits(self.ell))
    }

    /// Bytes of response ciphertext number `index`: all of `a`, the results of `b`.
    pub(crate) fn output_ciphertext_bytes(&self, index: usize) -> usize {
        let (chunk, group) = self.output_position(index);
        let results = self.packing.result_count(chunk, group);
        self.output_a_bytes() + packed_bytes(results, response_b_bits(self.ell))
    }

    /// (chunk, in_group) of input ciphertext number `index`.
    pub(crate) const fn input_position(&self, index: usize) -> (usize, usize) {
        let groups = self.tiling().in_groups(self.shape());
        (index / groups, index % groups)
    }

    /// (chunk, out_group) of response ciphertext number `index`.
    pub(crate) const fn output_position(&self, index: usize) -> (usize, usize) {
        let groups = self.tiling().out_groups(self.shape());
        (index / groups, index % groups)
    }

    /// Checks a tensor of residues that the caller hands in.
    pub(crate) fn check_residues(
        &self,
        tensor: &'static str,
        values: &[u32],
        expected: usize,
    ) -> Result<(), Error> {
        if values.len() != expected {
            return Err(Error::TensorLength { tensor, expected, found: values.len() });
        }
        let union = values.iter().fold(0, |union, &value| union | value);
        if union >> self.ell != 0 { Err(Error::Unreduced { tensor, ell: self.ell }) } else { Ok(()) }
    }
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), Error> {
    if count > limit { Err(Error::LayerTooLarge { what, count, limit }) } else { Ok(()) }
}

/// Checks the length of a peer's message before anything else is done with it.
pub(crate) const fn check_length(message: Message, bytes: &[u8], expected: usize) -> Result<(), Error> {
    if bytes.len() == expected {
        Ok(())
    } else {
        Err(Error::PeerLength { message, expected, found: bytes.len() })
    }
}
