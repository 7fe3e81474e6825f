//! Coefficient packing: where tensors lie in polynomials, so that one negacyclic product is a whole convolution.
//!
//! Huang, Lu, Hong, Ding: Cheetah, USENIX Security 2022, section 3, with windows of a batch and zero padding. Let P =
//! (kernel - 1) / 2, S = length + P, C = windows * S. Input channel c of a group, window w, position t lies at
//!
//! ```text
//! c C + w S + t                                  (the P coefficients after each window are zero)
//! ```
//!
//! and tap k of the kernel from channel c to output o of a group at exponent (o g_in + g_in - 1 - c) C + P - k. Since
//! position t of the result needs position t + k - P of the input, the product holds result (o, w, t) at
//!
//! ```text
//! (o g_in + g_in - 1) C + w S + t
//! ```
//!
//! A term from channel c and kernel (o', c') lies in block (o' g_in + g_in - 1) + (c - c'); with |c - c'| < g_in this is a block of
//! a result only if c = c', and then of output o' alone. Taps reach at most P beyond a window, into zeros that no result
//! uses. Exponents run from -P to (g_in g_out + g_in - 1) C - 1; modulo X^n + 1 with g_in g_out C <= n the negative ones
//! fall behind the last result and the ones from n on before the first.

use crate::params::RING_DEGREE;
use crate::shape::Conv1dShape;
use crate::tiling::Tiling;

/// One element of a tensor and the coefficient it lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index of the coefficient.
    pub(crate) coefficient: usize,
    /// Index into the row-major tensor.
    pub(crate) element: usize,
}

/// The geometry of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    pub(crate) shape: Conv1dShape,
    pub(crate) tiling: Tiling,
}

impl Packing {
    /// The places of the input elements of ciphertext (chunk, in_group).
    pub(crate) fn inputs(&self, chunk: usize, group: usize) -> impl Iterator<Item = Place> + use<> {
        self.places(chunk, group, self.tiling.in_group, self.shape.in_channels, 0, 1)
    }

    /// The places of the results of ciphertext (chunk, out_group).
    pub(crate) fn results(&self, chunk: usize, group: usize) -> impl Iterator<Item = Place> + use<> {
        let blocks = self.tiling.in_group;
        self.places(chunk, group, self.tiling.out_group, self.shape.out_channels, blocks - 1, blocks)
    }

    /// How many results ciphertext (chunk, out_group) holds.
    pub(crate) fn result_count(&self, chunk: usize, group: usize) -> usize {
        let windows = range(chunk, self.tiling.windows, self.shape.batch).len();
        let channels = range(group, self.tiling.out_group, self.shape.out_channels).len();
        windows * channels * self.shape.length
    }

    /// Channels of `group` at blocks `first`, `first + step`, ...
    fn places(
        &self,
        chunk: usize,
        group: usize,
        group_size: usize,
        channels: usize,
        first: usize,
        step: usize,
    ) -> impl Iterator<Item = Place> + use<> {
        let Self { shape, tiling } = *self;
        let windows = range(chunk, tiling.windows, shape.batch);
        range(group, group_size, channels).enumerate().flat_map(move |(c, channel)| {
            let block = (first + c * step) * tiling.channel_stride(&shape);
            windows.clone().enumerate().flat_map(move |(w, window)| {
                let coefficient = block + w * Tiling::window_stride(&shape);
                let element = (window * channels + channel) * shape.length;
                (0..shape.length).map(move |t| Place { coefficient: coefficient + t, element: element + t })
            })
        })
    }

    /// The kernel polynomial of (out_group, in_group); the same for every chunk of windows.
    pub(crate) fn kernel(&self, weights: &[i8], out_group: usize, in_group: usize) -> Vec<i32> {
        let Self { shape, tiling } = self;
        let mut polynomial = vec![0; RING_DEGREE];
        for (o, out_channel) in range(out_group, tiling.out_group, shape.out_channels).enumerate() {
            for (c, in_channel) in range(in_group, tiling.in_group, shape.in_channels).enumerate() {
                let block = (o + 1) * tiling.in_group - 1 - c;
                let last_tap = block * tiling.channel_stride(shape) + shape.padding();
                let first_weight = (out_channel * shape.in_channels + in_channel) * shape.kernel;
                let taps = &weights[first_weight..first_weight + shape.kernel];
                for (k, &weight) in taps.iter().enumerate() {
                    add_monomial(&mut polynomial, last_tap as isize - k as isize, i32::from(weight));
                }
            }
        }
        polynomial
    }

    /// The coefficients of `b` of an input ciphertext that travel, in the order they do.
    pub(crate) fn sent(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        let count = self.tiling.sent_coefficients(&self.shape);
        let last = self.tiling.in_group * self.tiling.out_group * self.tiling.channel_stride(&self.shape);
        let first = last + RING_DEGREE - count;
        (0..count).map(move |i| (first + i) % RING_DEGREE)
    }
}

/// The members of group number `index` of `total` members in groups of `size`.
fn range(index: usize, size: usize, total: usize) -> core::ops::Range<usize> {
    index * size..total.min((index + 1) * size)
}

/// Adds `value * X^exponent` modulo X^n + 1, for -n <= exponent < 2n.
fn add_monomial(polynomial: &mut [i32], exponent: isize, value: i32) {
    let wraps = exponent.div_euclid(RING_DEGREE as isize) & 1;
    let sign = 1 - 2 * wraps as i32;
    polynomial[exponent.rem_euclid(RING_DEGREE as isize) as usize] += sign * value;
}
