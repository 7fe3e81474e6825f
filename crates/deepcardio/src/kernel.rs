//! One convolution kernel for residues, integers and floats, shaped so that the compiler turns it
//! into vector instructions.
//!
//! A tile of `OUTPUTS` output channels by `LANES` positions stays in registers while the loop
//! runs over input channels and taps. On x86-64 the tile is compiled a second time for AVX2 and
//! chosen at run time.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use zeroize::{Zeroize, Zeroizing};

use crate::architecture::LinearShape;

/// Positions computed at once.
const LANES: usize = 16;
/// Output channels computed at once.
const OUTPUTS: usize = 4;

type Tile<T> = [[T; LANES]; OUTPUTS];

/// A number that the kernel multiplies and adds.
pub trait Element: Copy + Default + Send + Sync + Zeroize {
    /// The neutral factor.
    const ONE: Self;

    /// `sum + a * b`.
    fn multiply_add(sum: Self, a: Self, b: Self) -> Self;
}

impl Element for i32 {
    const ONE: Self = 1;

    /// Wrapping: the interval analysis keeps every true sum within range, and wrapping sums end at
    /// the true sum.
    #[inline(always)]
    fn multiply_add(sum: Self, a: Self, b: Self) -> Self {
        sum.wrapping_add(a.wrapping_mul(b))
    }
}

impl Element for u32 {
    const ONE: Self = 1;

    /// Modulo `2^32`, and so modulo every power of two below.
    #[inline(always)]
    fn multiply_add(sum: Self, a: Self, b: Self) -> Self {
        sum.wrapping_add(a.wrapping_mul(b))
    }
}

impl Element for f32 {
    const ONE: Self = 1.0;

    #[inline(always)]
    fn multiply_add(sum: Self, a: Self, b: Self) -> Self {
        sum + a * b
    }
}

/// A linear layer with its taps laid out as the kernel reads them: `[out / 4][in][tap][4]`.
pub struct Convolution<T: Element> {
    shape: LinearShape,
    taps: Vec<T>,
    bias: Vec<T>,
}

impl<T: Element> Convolution<T> {
    /// Packs weights `[out][in][tap]`.
    #[must_use]
    pub fn new(shape: LinearShape, weights: &[T], bias: &[T]) -> Self {
        let per_output = shape.in_channels * shape.kernel;
        let mut taps = Vec::with_capacity(shape.out_channels.next_multiple_of(OUTPUTS) * per_output);
        for block in weights.chunks(OUTPUTS * per_output) {
            for tap in 0..per_output {
                let column = |output| block.get(output * per_output + tap).copied().unwrap_or_default();
                taps.extend((0..OUTPUTS).map(column));
            }
        }
        Self { shape, taps, bias: bias.to_vec() }
    }

    /// Applies the layer to `[batch][in][position]`. Batch items run in parallel.
    #[must_use]
    pub fn apply(&self, input: &[T]) -> Vec<T> {
        let mut output = vec![T::default(); self.shape.output().count()];
        input
            .par_chunks_exact(self.shape.in_channels * self.shape.length)
            .zip(output.par_chunks_exact_mut(self.shape.out_channels * self.shape.length))
            .for_each(|(item, out)| self.apply_item(item, out));
        output
    }

    fn apply_item(&self, item: &[T], out: &mut [T]) {
        let LinearShape { length, kernel, in_channels, .. } = self.shape;
        if length == 1 && kernel == 1 {
            return self.apply_vector(item, out);
        }
        let rows = self.pad(item);
        let blocks = self.taps.chunks_exact(in_channels * kernel * OUTPUTS);
        for ((taps, bias), out) in blocks.zip(self.bias.chunks(OUTPUTS)).zip(out.chunks_mut(OUTPUTS * length))
        {
            for start in (0..length).step_by(LANES) {
                let tile = dispatch(&rows, taps, self.stride(), kernel, start);
                let lanes = LANES.min(length - start);
                for ((sums, row), &bias) in tile.iter().zip(out.chunks_mut(length)).zip(bias) {
                    for (out, &sum) in row.iter_mut().skip(start).zip(sums.iter().take(lanes)) {
                        *out = T::multiply_add(sum, bias, T::ONE);
                    }
                }
            }
        }
    }

    /// One position without taps to either side: a product of the matrix and a vector.
    fn apply_vector(&self, item: &[T], out: &mut [T]) {
        let blocks = self.taps.chunks_exact(self.shape.in_channels * OUTPUTS);
        for ((taps, bias), out) in blocks.zip(self.bias.chunks(OUTPUTS)).zip(out.chunks_mut(OUTPUTS)) {
            let sums = dispatch_vector(item, taps);
            for ((out, &sum), &bias) in out.iter_mut().zip(&sums).zip(bias) {
                *out = T::multiply_add(sum, bias, T::ONE);
            }
        }
    }

    /// Length of a padded row: whole tiles and the zeros on either side.
    fn stride(&self) -> usize {
        self.shape.length.next_multiple_of(LANES) + self.shape.kernel - 1
    }

    /// Copies `[in][position]` into rows with zeros on either side.
    fn pad(&self, item: &[T]) -> Vec<T> {
        let padding = (self.shape.kernel - 1) / 2;
        let mut rows = vec![T::default(); self.shape.in_channels * self.stride()];
        for (row, channel) in rows.chunks_exact_mut(self.stride()).zip(item.chunks_exact(self.shape.length)) {
            row.iter_mut().skip(padding).zip(channel).for_each(|(padded, &value)| *padded = value);
        }
        rows
    }
}

impl Convolution<u32> {
    /// Packs weights `[out][in][tap]` as residues modulo `2^32`.
    #[must_use]
    pub fn of_residues(shape: LinearShape, weights: &[i8], bias: &[i32]) -> Self {
        let weights = weights.iter().map(|&weight| i32::from(weight).cast_unsigned());
        let bias = bias.iter().map(|&bias| bias.cast_unsigned());
        Self::new(
            shape,
            &Zeroizing::new(weights.collect::<Vec<u32>>()),
            &Zeroizing::new(bias.collect::<Vec<u32>>()),
        )
    }
}

impl<T: Element> Drop for Convolution<T> {
    /// Wipes the weights.
    fn drop(&mut self) {
        self.taps.zeroize();
        self.bias.zeroize();
    }
}

/// Runs the tile with the widest vectors that the processor has.
fn dispatch<T: Element>(rows: &[T], taps: &[T], stride: usize, kernel: usize, start: usize) -> Tile<T> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as just checked; the function has no other requirement.
        return unsafe { tile_avx2(rows, taps, stride, kernel, start) };
    }
    tile(rows, taps, stride, kernel, start)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn tile_avx2<T: Element>(rows: &[T], taps: &[T], stride: usize, kernel: usize, start: usize) -> Tile<T> {
    tile(rows, taps, stride, kernel, start)
}

/// Sums over input channels and taps for [`OUTPUTS`] channels at positions
/// `start .. start + LANES`.
#[inline(always)]
fn tile<T: Element>(rows: &[T], taps: &[T], stride: usize, kernel: usize, start: usize) -> Tile<T> {
    let mut sums = [[T::default(); LANES]; OUTPUTS];
    for (row, taps) in rows.chunks_exact(stride).zip(taps.chunks_exact(kernel * OUTPUTS)) {
        for (k, weights) in taps.as_chunks::<OUTPUTS>().0.iter().enumerate() {
            let Some(values) = row.get(start + k..).and_then(|rest| rest.first_chunk::<LANES>()) else {
                continue;
            };
            for (sums, &weight) in sums.iter_mut().zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(values) {
                    *sum = T::multiply_add(*sum, weight, value);
                }
            }
        }
    }
    sums
}

/// Runs the dot products with the widest vectors that the processor has.
fn dispatch_vector<T: Element>(item: &[T], taps: &[T]) -> [T; OUTPUTS] {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as just checked; the function has no other requirement.
        return unsafe { vector_avx2(item, taps) };
    }
    vector(item, taps)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn vector_avx2<T: Element>(item: &[T], taps: &[T]) -> [T; OUTPUTS] {
    vector(item, taps)
}

/// Dot products of one vector with the weights of [`OUTPUTS`] channels, summed in the order of the
/// inputs.
#[inline(always)]
fn vector<T: Element>(item: &[T], taps: &[T]) -> [T; OUTPUTS] {
    let mut sums = [T::default(); OUTPUTS];
    for (&value, weights) in item.iter().zip(taps.as_chunks::<OUTPUTS>().0) {
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = T::multiply_add(*sum, weight, value);
        }
    }
    sums
}
