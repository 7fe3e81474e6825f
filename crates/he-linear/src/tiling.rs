//! How a layer is cut into ciphertexts: the one cost model, and the sizes that follow from a
//! choice.

use crate::bits::packed_bytes;
use crate::params::{PRIME_BITS, PRIME_COUNT, RING_DEGREE, response_a_bits};
use crate::shape::Conv1dShape;

/// What one ciphertext product (and the 48 KiB of its transformed kernel) may cost, in bytes on the
/// wire. Low, since the link is the scarce resource; it decides between tilings that are nearly
/// equal in bytes.
const PRODUCT_COST_BYTES: usize = 64;

/// Windows and channels per ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiling {
    /// Windows in a ciphertext.
    pub(crate) windows: usize,
    /// g_in: input channels in an input ciphertext.
    pub(crate) in_group: usize,
    /// g_out: output channels in a response ciphertext.
    pub(crate) out_group: usize,
}

impl Tiling {
    /// The cheapest tiling of a valid shape for shares of `ell` bits. Ties go to the fewest
    /// windows, then the fewest channels: both parties find the same one.
    pub(crate) fn choose(shape: &Conv1dShape, ell: u32) -> Self {
        candidates(shape).min_by_key(|tiling| tiling.cost(shape, ell)).unwrap_or(Self {
            windows: 1,
            in_group: 1,
            out_group: 1,
        })
    }

    /// Distance of neighbouring windows: a window and the zeros it shares with the next one.
    pub(crate) const fn window_stride(shape: &Conv1dShape) -> usize {
        shape.length + shape.padding()
    }

    /// C: distance of neighbouring channels.
    pub(crate) const fn channel_stride(&self, shape: &Conv1dShape) -> usize {
        self.windows * Self::window_stride(shape)
    }

    /// Chunks of windows, each with ciphertexts of its own.
    pub(crate) const fn chunks(&self, shape: &Conv1dShape) -> usize {
        shape.batch.div_ceil(self.windows)
    }

    /// Groups of input channels.
    pub(crate) const fn in_groups(&self, shape: &Conv1dShape) -> usize {
        shape.in_channels.div_ceil(self.in_group)
    }

    /// Groups of output channels.
    pub(crate) const fn out_groups(&self, shape: &Conv1dShape) -> usize {
        shape.out_channels.div_ceil(self.out_group)
    }

    /// Input ciphertexts of the layer.
    pub(crate) const fn input_ciphertexts(&self, shape: &Conv1dShape) -> usize {
        self.chunks(shape) * self.in_groups(shape)
    }

    /// Response ciphertexts of the layer.
    pub(crate) const fn output_ciphertexts(&self, shape: &Conv1dShape) -> usize {
        self.chunks(shape) * self.out_groups(shape)
    }

    /// Ciphertext products of the layer.
    pub(crate) const fn products(&self, shape: &Conv1dShape) -> usize {
        self.input_ciphertexts(shape) * self.out_groups(shape)
    }

    /// Coefficients of `b` of an input ciphertext that some result coefficient depends on: from
    /// (g_out - 1) g_in C + padding below the first window to the end of block g_out g_in - 1, or
    /// all n. The others do not travel.
    pub(crate) fn sent_coefficients(&self, shape: &Conv1dShape) -> usize {
        let block = self.in_group * self.channel_stride(shape);
        RING_DEGREE.min((2 * self.out_group - 1) * block + shape.padding())
    }

    /// Bytes of `b` of one input ciphertext.
    pub(crate) fn input_ciphertext_bytes(&self, shape: &Conv1dShape) -> usize {
        packed_bytes(self.sent_coefficients(shape) * PRIME_COUNT, PRIME_BITS)
    }

    /// Bytes on the wire that depend on the tiling, plus the products at their price.
    fn cost(&self, shape: &Conv1dShape, ell: u32) -> usize {
        self.input_ciphertexts(shape) * self.input_ciphertext_bytes(shape)
            + self.output_ciphertexts(shape) * packed_bytes(RING_DEGREE, response_a_bits(ell))
            + self.products(shape) * PRODUCT_COST_BYTES
    }
}

/// Every tiling with g_in g_out C <= n, without those that leave room they could drop.
fn candidates(shape: &Conv1dShape) -> impl Iterator<Item = Tiling> {
    let shape = *shape;
    let most_windows = RING_DEGREE / Tiling::window_stride(&shape);
    balanced(shape.batch, most_windows).flat_map(move |windows| {
        let blocks = RING_DEGREE / (windows * Tiling::window_stride(&shape));
        balanced(shape.in_channels, blocks).flat_map(move |in_group| {
            balanced(shape.out_channels, blocks / in_group).map(move |out_group| Tiling {
                windows,
                in_group,
                out_group,
            })
        })
    })
}

/// The group sizes up to `limit` that are the least for their number of groups.
fn balanced(total: usize, limit: usize) -> impl Iterator<Item = usize> {
    (1..=limit.min(total)).filter(move |&size| size == total.div_ceil(total.div_ceil(size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiling(
        (batch, in_channels, out_channels, length, kernel): (usize, usize, usize, usize, usize),
        ell: u32,
    ) -> (usize, usize, usize) {
        let shape = Conv1dShape { batch, in_channels, out_channels, length, kernel };
        let t = Tiling::choose(&shape, ell);
        (t.windows, t.in_group, t.out_group)
    }

    #[test]
    fn the_six_layers_of_deepcardio_are_cut_as_designed() {
        assert_eq!(tiling((25, 1, 8, 512, 5), 18), (7, 1, 1));
        assert_eq!(tiling((25, 8, 16, 256, 5), 20), (13, 1, 1));
        assert_eq!(tiling((25, 16, 32, 128, 5), 20), (25, 1, 1));
        assert_eq!(tiling((25, 32, 64, 64, 5), 21), (25, 2, 1));
        assert_eq!(tiling((25, 64, 128, 32, 5), 22), (25, 2, 2));
        assert_eq!(tiling((25, 128, 256, 16, 5), 24), (25, 3, 3));
    }

    #[test]
    fn a_dense_layer_takes_one_ciphertext_each_way() {
        assert_eq!(tiling((1, 256, 4, 1, 1), 22), (1, 256, 4));
    }
}
