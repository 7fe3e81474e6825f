//! Coefficient packing: where tensors lie in polynomials, so that one negacyclic product is a whole
//! convolution.
//!
//! Huang, Lu, Hong, Ding: Cheetah, USENIX Security 2022, section 3, with windows of a batch and
//! zero padding. Let P = (kernel - 1) / 2, S = length + P, C = windows * S. Input channel c of a
//! group, window w, position t lies at
//!
//! ```text
//! c C + w S + t                                  (the P coefficients after each window are zero)
//! ```
//!
//! Tap k of the kernel from channel c to output o of a group lies at exponent
//!
//! ```text
//! (o g_in + g_in - 1 - c) C + P - k
//! ```
//!
//! Position t of the result needs position t + k - P of the input. So the product holds result
//! (o, w, t) at
//!
//! ```text
//! (o g_in + g_in - 1) C + w S + t
//! ```
//!
//! A term from channel c and kernel (o', c') lies in block (o' g_in + g_in - 1) + (c - c'). The
//! difference of c and c' is below g_in, so this is a block of a result only if c = c', and then of
//! output o' alone. Taps reach at most P beyond a window, into zeros that no result uses. Exponents
//! run from -P to (g_in g_out + g_in - 1) C - 1. Modulo X^n + 1 with g_in g_out C <= n the negative
//! ones fall behind the last result, and the ones from n on before the first.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinearPlan;
    use crate::ideal;

    /// A cheap generator of test values.
    fn values(seed: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(Some(seed), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
            .map(|x| x >> 12)
    }

    /// left * right modulo X^n + 1 and modulo 2^32; `left` is sparse.
    fn negacyclic(left: &[i32], right: &[u32]) -> Vec<u32> {
        let mut product = vec![0u32; RING_DEGREE];
        for (i, &x) in left.iter().enumerate().filter(|(_, x)| **x != 0) {
            for (j, &y) in right.iter().enumerate() {
                let term = y.wrapping_mul(x as u32);
                let term = if i + j < RING_DEGREE { term } else { term.wrapping_neg() };
                let slot = &mut product[(i + j) % RING_DEGREE];
                *slot = slot.wrapping_add(term);
            }
        }
        product
    }

    /// Results of all products, and whether they change when unsent coefficients hold garbage.
    fn assert_convolves(packing: &Packing, weights: &[i8], input: &[u32], expected: &[u32], mask: u32) {
        let Packing { shape, tiling } = packing;
        let sent: Vec<usize> = packing.sent().collect();
        for chunk in 0..tiling.chunks(shape) {
            for out_group in 0..tiling.out_groups(shape) {
                let mut sum = vec![0u32; RING_DEGREE];
                for in_group in 0..tiling.in_groups(shape) {
                    let mut polynomial: Vec<u32> = values(7).take(RING_DEGREE).collect();
                    sent.iter().for_each(|&i| polynomial[i] = 0);
                    for place in packing.inputs(chunk, in_group) {
                        assert_eq!(
                            polynomial[place.coefficient], 0,
                            "an input lies on an unsent coefficient"
                        );
                        polynomial[place.coefficient] = input[place.element];
                    }
                    let product = negacyclic(&packing.kernel(weights, out_group, in_group), &polynomial);
                    sum.iter_mut().zip(product).for_each(|(s, p)| *s = s.wrapping_add(p));
                }
                let places: Vec<Place> = packing.results(chunk, out_group).collect();
                assert_eq!(places.len(), packing.result_count(chunk, out_group));
                for place in places {
                    assert_eq!(sum[place.coefficient] & mask, expected[place.element], "{packing:?}");
                }
            }
        }
    }

    fn check(
        (batch, in_channels, out_channels, length, kernel): (usize, usize, usize, usize, usize),
        tiling: Option<Tiling>,
    ) {
        let shape = Conv1dShape { batch, in_channels, out_channels, length, kernel };
        let plan = LinearPlan::new(shape, 20).unwrap();
        let packing = Packing { shape, tiling: tiling.unwrap_or(plan.packing().tiling) };
        let weights: Vec<i8> = values(1).take(shape.weight_len()).map(|x| x as i8).collect();
        let mask = (1 << 20) - 1;
        let input: Vec<u32> = values(2).take(shape.input_len()).map(|x| x & mask).collect();
        let expected = ideal::multiply(&plan, &weights, &input).unwrap();
        assert_convolves(&packing, &weights, &input, &expected, mask);
    }

    #[test]
    fn one_product_is_a_whole_convolution() {
        for shape in [
            (1, 1, 1, 1, 1),
            (5, 1, 2, 700, 7),
            (25, 3, 2, 51, 5),
            (4, 5, 7, 33, 3),
            (1, 300, 5, 1, 1),
            (3, 4, 5, 6, 1),
            (1, 2, 2, 4095, 3),
            (1, 2, 3, 4096, 1),
            (2, 3, 2, 2, 7),
            (1, 7, 5, 25, 5),
        ] {
            check(shape, None);
        }
    }

    #[test]
    fn every_tiling_gives_the_same_result() {
        // 4096 / 34 = 120 blocks: full rings, where wrapping matters most, and loose ones.
        for (windows, in_group, out_group) in
            [(1, 1, 1), (3, 1, 1), (2, 7, 1), (2, 1, 7), (1, 7, 7), (3, 7, 5), (3, 3, 4), (2, 5, 7)]
        {
            check((3, 7, 7, 32, 5), Some(Tiling { windows, in_group, out_group }));
        }
        // g_in g_out C = 4096 exactly.
        for (in_group, out_group) in [(1, 4), (4, 1), (2, 2)] {
            check((8, 4, 4, 126, 5), Some(Tiling { windows: 8, in_group, out_group }));
        }
    }
}
