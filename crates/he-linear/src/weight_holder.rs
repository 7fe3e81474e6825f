//! The party that holds the weights: multiplies encrypted masks, re-randomises, floods, subtracts its own mask.
//!
//! What the input holder sees of a response is (u a_pk + e1 + sum K a, u b_pk + sum K b - s + flooding),
//! rounded. The first part hides sum K a under ring-LWE with the fresh secret u. In the second, everything
//! that depends on the weights but is not W r - s is the noise, and the flooding hides it statistically; the
//! flooding is also the error of the second ring-LWE sample in u, wider than any centred binomial, so no
//! further e2 is added.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::backend;
use crate::bits::pack;
use crate::codec::read_residues;
use crate::error::{Error, Message};
use crate::noise::NoiseBound;
use crate::params::{MODULUS, RESPONSE_A_EXTRA, RESPONSE_B_EXTRA, RING_DEGREE, flooding_bits};
use crate::plan::{LinearPlan, check_length};
use crate::public_key::{PublicKey, split_seed};
use crate::rns::{Encoding, Polynomial, compose, reduce_modulus, switch_modulus};
use crate::sample::{self, JobSeed};

/// A ciphertext, both parts in the same form.
struct Ciphertext {
    a: Polynomial,
    b: Polynomial,
}

/// The server's half for one layer: its weights, lifted to transformed polynomials. Immutable; sessions share
/// it.
pub struct WeightHolder {
    plan: LinearPlan,
    noise_bits: f64,
    /// \[out_group\]\[in_group\], transformed.
    kernels: Vec<Polynomial>,
}

impl WeightHolder {
    /// Lifts weights, \[out_channels\]\[in_channels\]\[kernel\], and proves that the flooding hides their
    /// noise. Zero weights are treated like any other.
    ///
    /// # Errors
    /// If there are too few or too many weights, or their noise is too large for shares of this width.
    pub fn prepare(plan: &LinearPlan, weights: &[i8]) -> Result<Self, Error> {
        let expected = plan.shape().weight_len();
        if weights.len() != expected {
            return Err(Error::TensorLength { tensor: "weights", expected, found: weights.len() });
        }
        let bound = NoiseBound::of_weights(plan.packing(), weights);
        bound.check_hidden(plan.ell())?;
        let in_groups = plan.tiling().in_groups(plan.shape());
        let kernels = (0..plan.tiling().out_groups(plan.shape()) * in_groups)
            .into_par_iter()
            .map(|index| plan.packing().kernel(weights, index / in_groups, index % in_groups))
            .map(|kernel| Polynomial::from_signed(&kernel).forward())
            .collect();
        Ok(Self { plan: *plan, noise_bits: bound.log2(), kernels })
    }

    /// The plan the weights were prepared for.
    #[must_use]
    pub const fn plan(&self) -> &LinearPlan {
        &self.plan
    }

    /// log2 of the proven bound on the noise before flooding. Says something about the weights: for their
    /// owner only.
    #[must_use]
    pub const fn noise_bits(&self) -> f64 {
        self.noise_bits
    }

    /// Answers an encrypted mask r with an encryption of W r - s, [`LinearPlan::output_bytes`] bytes; s is
    /// \[batch\]\[out_channels\]\[length\] residues modulo 2^ell, to be drawn uniformly and used once.
    ///
    /// # Errors
    /// If s has the wrong length or is not reduced, or the peer's input is malformed.
    pub fn apply(
        &self,
        key: &PublicKey,
        input: &[u8],
        mask: &[u32],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let plan = &self.plan;
        plan.check_residues("mask", mask, plan.shape().output_len())?;
        let inputs = read_input(plan, input)?;
        let jobs: Vec<JobSeed> = (0..plan.output_ciphertexts()).map(|_| sample::fresh_seed(rng)).collect();
        let parts: Vec<Vec<u8>> = jobs
            .into_par_iter()
            .enumerate()
            .map(|(index, job)| {
                let mut rng = sample::generator(&job);
                let product = rerandomise(self.product(&inputs, index), key, &mut rng);
                write_response(plan, index, &product, mask, &mut rng)
            })
            .collect();
        Ok(parts.concat())
    }

    /// The products for response ciphertext number `index`, summed over the input groups, transformed.
    fn product(&self, inputs: &[Ciphertext], index: usize) -> Ciphertext {
        let in_groups = self.plan.tiling().in_groups(self.plan.shape());
        let (chunk, out_group) = self.plan.output_position(index);
        let inputs = &inputs[chunk * in_groups..(chunk + 1) * in_groups];
        let kernels = &self.kernels[out_group * in_groups..(out_group + 1) * in_groups];
        let mut sum = Ciphertext { a: Polynomial::zero(), b: Polynomial::zero() };
        // Prime by prime: both sums and one row of a kernel, read from memory once, stay in the cache.
        for ((prime, a), (_, b)) in sum.a.rows_mut().zip(sum.b.rows_mut()) {
            for (input, kernel) in inputs.iter().zip(kernels) {
                let kernel = kernel.row(prime);
                backend::multiply_accumulate(prime, a, input.a.row(prime), kernel);
                backend::multiply_accumulate(prime, b, input.b.row(prime), kernel);
            }
        }
        sum
    }
}

/// Reads all ciphertexts of a peer's input, transformed.
fn read_input(plan: &LinearPlan, input: &[u8]) -> Result<Vec<Ciphertext>, Error> {
    check_length(Message::EncryptedInput, input, plan.input_bytes())?;
    let (seed, body) = split_seed(input);
    let size = plan.input_ciphertext_bytes();
    (0..plan.input_ciphertexts())
        .into_par_iter()
        .map(|index| {
            let bytes = &body[index * size..(index + 1) * size];
            let b = read_residues(bytes, plan.packing().sent(), Message::EncryptedInput)?;
            Ok(Ciphertext { a: sample::uniform(&seed, index as u64).forward(), b: b.forward() })
        })
        .collect()
}

/// Adds a fresh encryption of zero to a transformed ciphertext and returns coefficients: `a` exact, `b`
/// lacking its error, which [`write_response`] adds as flooding.
fn rerandomise(mut sum: Ciphertext, key: &PublicKey, rng: &mut impl CryptoRng) -> Ciphertext {
    let u = Polynomial::from_signed(&sample::ternary(rng)).forward();
    sum.a.multiply_accumulate(&key.a, &u);
    sum.b.multiply_accumulate(&key.b, &u);
    let mut a = sum.a.inverse();
    a.add_signed(&sample::centred_binomial(rng));
    Ciphertext { a, b: sum.b.inverse() }
}

/// Subtracts the mask, floods, switches the modulus and packs: all of `a`, the result coefficients of `b`.
fn write_response(
    plan: &LinearPlan,
    index: usize,
    sum: &Ciphertext,
    mask: &[u32],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    let ell = plan.ell();
    let (a_bits, b_bits) = (ell + RESPONSE_A_EXTRA, ell + RESPONSE_B_EXTRA);
    let mut bytes = Vec::with_capacity(plan.output_ciphertext_bytes(index));
    pack(&mut bytes, a_bits, (0..RING_DEGREE).map(|i| switch_modulus(compose(sum.a.at(i)), a_bits)));
    let encoding = Encoding::new(ell);
    let (chunk, group) = plan.output_position(index);
    let results = plan.packing().results(chunk, group).map(|place| {
        let share =
            compose(sum.b.at(place.coefficient)) + 2 * MODULUS - encoding.integer(mask[place.element]);
        let flooded = share.wrapping_add_signed(sample::flooding(rng, flooding_bits(ell)));
        switch_modulus(reduce_modulus(reduce_modulus(reduce_modulus(flooded))), b_bits)
    });
    pack(&mut bytes, b_bits, results);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Unpacker;
    use crate::{Conv1dShape, InputHolder, ideal};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    /// Both parties of one layer and the exact product.
    struct Layer {
        client: InputHolder,
        server: WeightHolder,
        request: Vec<u8>,
        product: Vec<u32>,
        rng: ChaCha20Rng,
    }

    impl Layer {
        fn new(
            shape: Conv1dShape,
            ell: u32,
            weight: impl Fn(usize) -> i8,
            mask: impl Fn(u32) -> u32,
        ) -> Self {
            let mut rng = ChaCha20Rng::seed_from_u64(u64::from(ell));
            let plan = LinearPlan::new(shape, ell).unwrap();
            let weights: Vec<i8> = (0..shape.weight_len()).map(weight).collect();
            let server = WeightHolder::prepare(&plan, &weights).unwrap();
            let client = InputHolder::generate(&mut rng);
            let r: Vec<u32> =
                (0..shape.input_len()).map(|_| mask(rng.next_u32()) & ((1 << ell) - 1)).collect();
            let request = client.encrypt(&plan, &r, &mut rng).unwrap();
            let product = ideal::multiply(&plan, &weights, &r).unwrap();
            Self { client, server, request, product, rng }
        }

        /// The greatest noise on a result after multiplication and the encryption of zero, before s, flooding
        /// and rounding.
        fn noise(&mut self) -> u128 {
            let plan = *self.server.plan();
            let key = PublicKey::from_bytes(self.client.public_key()).unwrap();
            let inputs = read_input(&plan, &self.request).unwrap();
            let encoding = Encoding::new(plan.ell());
            let mut greatest = 0;
            for index in 0..plan.output_ciphertexts() {
                let sum = rerandomise(self.server.product(&inputs, index), &key, &mut self.rng);
                let mut product = Polynomial::zero();
                product.multiply_accumulate(&sum.a.forward(), self.client.secret());
                let product = product.inverse();
                let (chunk, group) = plan.output_position(index);
                for place in plan.packing().results(chunk, group) {
                    let phase = compose(sum.b.at(place.coefficient)) + compose(product.at(place.coefficient));
                    let expected = encoding.integer(self.product[place.element]);
                    let difference = (phase + MODULUS - expected) % MODULUS;
                    greatest = greatest.max(difference.min(MODULUS - difference));
                }
            }
            greatest
        }

        /// The errors of a response in units of q / 2^(ell + 9); 2^8 would decode wrongly.
        fn response_errors(&mut self) -> Vec<i64> {
            let plan = *self.server.plan();
            let ell = plan.ell();
            let unused = 64 - ell - RESPONSE_A_EXTRA;
            let key = PublicKey::from_bytes(self.client.public_key()).unwrap();
            let mask = vec![0; plan.shape().output_len()];
            let response = self.server.apply(&key, &self.request, &mask, &mut self.rng).unwrap();
            let (mut errors, mut rest) = (Vec::new(), response.as_slice());
            for index in 0..plan.output_ciphertexts() {
                let (part, tail) = rest.split_at(plan.output_ciphertext_bytes(index));
                rest = tail;
                let (a, b) = part.split_at(plan.output_a_bytes());
                let product = self.client.times_secret(a, ell + RESPONSE_A_EXTRA);
                let mut reader = Unpacker::new(b, ell + RESPONSE_B_EXTRA);
                let (chunk, group) = plan.output_position(index);
                for place in plan.packing().results(chunk, group) {
                    let b = reader.next_value() << (RESPONSE_A_EXTRA - RESPONSE_B_EXTRA);
                    let expected = u64::from(self.product[place.element]) << RESPONSE_A_EXTRA;
                    let error = product[place.coefficient].wrapping_add(b).wrapping_sub(expected);
                    errors.push((error << unused) as i64 >> unused);
                }
            }
            errors
        }
    }

    const WIDE: Conv1dShape =
        Conv1dShape { batch: 25, in_channels: 64, out_channels: 6, length: 32, kernel: 5 };
    const LONG: Conv1dShape =
        Conv1dShape { batch: 3, in_channels: 2, out_channels: 3, length: 1300, kernel: 7 };
    const DENSE: Conv1dShape =
        Conv1dShape { batch: 1, in_channels: 256, out_channels: 16, length: 1, kernel: 1 };

    /// The most and least a weight can be, alternating or not.
    fn extremes() -> [fn(usize) -> i8; 4] {
        [|_| -128, |_| 127, |i| if i % 2 == 0 { -128 } else { 127 }, |_| 0]
    }

    #[test]
    fn noise_stays_below_the_proven_bound() {
        for shape in [WIDE, LONG, DENSE] {
            for weight in extremes() {
                for mask in [|x| x, |_| u32::MAX, |_| 1] as [fn(u32) -> u32; 3] {
                    let mut layer = Layer::new(shape, 24, weight, mask);
                    let (noise, bound) = (layer.noise() as f64, layer.server.noise_bits().exp2());
                    assert!(noise > 0.0 && noise < bound, "{shape:?}: noise {noise}, bound {bound}");
                    assert!(noise > bound / 400.0, "{shape:?}: bound {bound} says nothing of noise {noise}");
                }
            }
        }
    }

    #[test]
    fn responses_decode_with_room() {
        for (shape, ell) in [(WIDE, 8), (WIDE, 24), (LONG, 20), (DENSE, 27)] {
            for weight in extremes() {
                let errors = Layer::new(shape, ell, weight, |x| x).response_errors();
                let greatest = errors.iter().map(|e| e.unsigned_abs()).max().unwrap();
                assert!(greatest < 160, "{shape:?}, ell {ell}: error {greatest} of 256");
            }
        }
    }

    /// Rounding `a` makes n * 2/3 / 12 = 228 of variance, rounding `b` to multiples of 64 makes 341, flooding by two
    /// uniform values of width 32 makes 171.
    #[test]
    fn every_part_of_the_error_is_there() {
        let errors = Layer::new(WIDE, 20, |i| i as i8, |x| x).response_errors();
        let (mut sum, mut squares) = (0.0, 0.0);
        errors.iter().for_each(|&e| (sum, squares) = (sum + e as f64, squares + (e * e) as f64));
        let (mean, square) = (sum / errors.len() as f64, squares / errors.len() as f64);
        assert!(mean.abs() < 2.0 && (690.0..790.0).contains(&square), "mean {mean}, mean square {square}");
    }

    #[test]
    fn weights_that_flooding_cannot_hide_are_refused() {
        let shape = Conv1dShape { in_channels: 600, ..WIDE };
        let weights = vec![-128; shape.weight_len()];
        let prepare = |ell| WeightHolder::prepare(&LinearPlan::new(shape, ell).unwrap(), &weights);
        assert!(prepare(20).is_ok());
        assert!(matches!(prepare(29), Err(Error::NoiseAboveFlooding { flooding_bits: 57, .. })));
    }

    #[test]
    fn zero_weights_take_a_kernel_like_any_other() {
        let plan = LinearPlan::new(WIDE, 20).unwrap();
        let count =
            |weight| WeightHolder::prepare(&plan, &vec![weight; WIDE.weight_len()]).unwrap().kernels.len();
        assert_eq!(count(0), count(1));
    }
}
