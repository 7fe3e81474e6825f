//! The party that holds the weights: multiplies encrypted masks, re-randomises, subtracts its own
//! mask and covers what is left.
//!
//! A response is (u a_pk + e1 + sum K a, u b_pk + sum K b + S), rounded. The first part hides sum K
//! a under ring-LWE with the fresh secret u, since a_pk comes from a seed. In the second part S
//! covers the whole circle but for narrow holes, see `full_circle`. So `b` says nothing, whatever
//! the client sent as b_pk and as `b`. The second ring-LWE sample in u needs no error of its own
//! for the same reason.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::backend;
use crate::bits::pack;
use crate::codec::read_residues;
use crate::error::{Error, Message};
use crate::full_circle::FullCircle;
use crate::leak::Leak;
use crate::noise::Noise;
use crate::params::{MODULUS, RING_DEGREE, response_a_bits, response_b_bits};
use crate::plan::{LinearPlan, check_length};
use crate::public_key::{PublicKey, split_seed};
use crate::rns::{Encoding, Polynomial, compose, reduce_modulus, switch_modulus};
use crate::sample::{self, JobSeed, Stream};

/// A ciphertext, both parts in the same form.
struct Ciphertext {
    a: Polynomial,
    b: Polynomial,
}

/// The server's half for one layer: its weights, lifted to transformed polynomials. Immutable;
/// sessions share it.
pub struct WeightHolder {
    plan: LinearPlan,
    noise_bits: f64,
    leak: Leak,
    /// \[out_group\]\[in_group\], transformed.
    kernels: Vec<Polynomial>,
}

impl WeightHolder {
    /// Lifts weights, \[out_channels\]\[in_channels\]\[kernel\], and proves from them that results
    /// decode. Zero weights are treated like any other. What several layers leak together is for
    /// the caller to sum and check, see [`Leak`].
    ///
    /// # Errors
    /// If there are too few or too many weights, or their noise is too large for shares of this
    /// width.
    pub fn prepare(plan: &LinearPlan, weights: &[i8]) -> Result<Self, Error> {
        let expected = plan.shape().weight_len();
        if weights.len() != expected {
            return Err(Error::TensorLength { tensor: "weights", expected, found: weights.len() });
        }
        let noise = Noise::of_weights(plan.packing(), weights);
        let (noise_bits, limit_bits) = (noise.bound.log2(), log2_of_unit(plan.ell()));
        if noise_bits > limit_bits {
            return Err(Error::NoiseTooLarge { ell: plan.ell(), noise_bits, limit_bits });
        }
        let in_groups = plan.tiling().in_groups(plan.shape());
        let kernels = (0..plan.tiling().out_groups(plan.shape()) * in_groups)
            .into_par_iter()
            .map(|index| plan.packing().kernel(weights, index / in_groups, index % in_groups))
            .map(|kernel| Polynomial::from_signed(&kernel).forward())
            .collect();
        Ok(Self { plan: *plan, noise_bits, leak: Leak::of_layer(plan, &noise), kernels })
    }

    /// The plan the weights were prepared for.
    #[must_use]
    pub const fn plan(&self) -> &LinearPlan {
        &self.plan
    }

    /// log2 of the proven bound on the noise of a result. Says something about the weights: for
    /// their owner only.
    #[must_use]
    pub const fn noise_bits(&self) -> f64 {
        self.noise_bits
    }

    /// What the responses of this layer tell beyond their results.
    #[must_use]
    pub const fn leak(&self) -> Leak {
        self.leak
    }

    /// Answers an encrypted mask r with an encryption of W r - s, [`LinearPlan::output_bytes`]
    /// bytes; s is \[batch\]\[out_channels\]\[length\] residues modulo 2^ell, to be drawn uniformly
    /// and used once.
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
        self.answer(key, input, mask, FullCircle::new(self.plan.ell()), rng)
    }

    /// [`apply`](Self::apply) under any distribution of the mask.
    pub(crate) fn answer(
        &self,
        key: &PublicKey,
        input: &[u8],
        mask: &[u32],
        circle: FullCircle,
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
                let Ciphertext { a, b } = rerandomise(self.product(&inputs, index), key, &mut rng);
                let b = cover(plan, index, &b, mask, circle, &mut rng);
                write_response(plan, index, &a, &b)
            })
            .collect();
        Ok(parts.concat())
    }

    /// The masked `b` of response ciphertext number `index`, before anything is rounded or dropped.
    #[cfg(test)]
    pub(crate) fn covered(
        &self,
        key: &PublicKey,
        input: &[u8],
        mask: &[u32],
        circle: FullCircle,
        index: usize,
        rng: &mut impl CryptoRng,
    ) -> Vec<u128> {
        let inputs = read_input(&self.plan, input).unwrap();
        let Ciphertext { b, .. } = rerandomise(self.product(&inputs, index), key, rng);
        cover(&self.plan, index, &b, mask, circle, rng).0
    }

    /// The products for response ciphertext number `index`, summed over the input groups,
    /// transformed.
    fn product(&self, inputs: &[Ciphertext], index: usize) -> Ciphertext {
        let in_groups = self.plan.tiling().in_groups(self.plan.shape());
        let (chunk, out_group) = self.plan.output_position(index);
        let inputs = &inputs[chunk * in_groups..(chunk + 1) * in_groups];
        let kernels = &self.kernels[out_group * in_groups..(out_group + 1) * in_groups];
        let mut sum = Ciphertext { a: Polynomial::zero(), b: Polynomial::zero() };
        // Prime by prime: both sums and one row of a kernel, read from memory once, stay in the
        // cache.
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
            let stream = Stream::Ciphertext(index as u32);
            Ok(Ciphertext { a: sample::uniform(&seed, stream).forward(), b: b.forward() })
        })
        .collect()
}

/// Adds a fresh encryption of zero to a transformed ciphertext and returns coefficients: `a` exact,
/// `b` lacking its error, which [`cover`] adds.
fn rerandomise(mut sum: Ciphertext, key: &PublicKey, rng: &mut impl CryptoRng) -> Ciphertext {
    let u = Polynomial::from_signed(&sample::ternary(rng)).forward();
    sum.a.multiply_accumulate(&key.a, &u);
    sum.b.multiply_accumulate(&key.b, &u);
    let mut a = sum.a.inverse();
    a.add_signed(&sample::centred_binomial(rng));
    Ciphertext { a, b: sum.b.inverse() }
}

/// `b` of a response with every coefficient masked, modulo q. The weight holder may show all of it,
/// so whatever is computed from it may be shown.
struct Covered(Vec<u128>);

/// Subtracts the server's mask s and covers the whole circle: the results with f, all else with
/// uniform values.
fn cover(
    plan: &LinearPlan,
    index: usize,
    b: &Polynomial,
    mask: &[u32],
    circle: FullCircle,
    rng: &mut impl CryptoRng,
) -> Covered {
    // A uniform value plus anything is a uniform value, so where no result lies nothing need be
    // added to it.
    let mut covered: Vec<u128> = (0..RING_DEGREE).map(|_| circle.anything(rng)).collect();
    let encoding = Encoding::new(plan.ell());
    let (chunk, group) = plan.output_position(index);
    for place in plan.packing().results(chunk, group) {
        let share = compose(b.at(place.coefficient)) + 2 * MODULUS - encoding.integer(mask[place.element]);
        let sum = share.wrapping_add_signed(circle.draw(rng));
        covered[place.coefficient] = reduce_modulus(reduce_modulus(reduce_modulus(sum)));
    }
    Covered(covered)
}

/// Switches the modulus and packs: all of `a`, the result coefficients of `b`.
fn write_response(plan: &LinearPlan, index: usize, a: &Polynomial, b: &Covered) -> Vec<u8> {
    let (a_bits, b_bits) = (response_a_bits(plan.ell()), response_b_bits(plan.ell()));
    let mut bytes = Vec::with_capacity(plan.output_ciphertext_bytes(index));
    pack(&mut bytes, a_bits, (0..RING_DEGREE).map(|i| switch_modulus(compose(a.at(i)), a_bits)));
    let (chunk, group) = plan.output_position(index);
    let results = plan.packing().results(chunk, group);
    pack(&mut bytes, b_bits, results.map(|place| switch_modulus(b.0[place.coefficient], b_bits)));
    bytes
}

/// log2 of q / 2^(ell + 9 + k), the unit in which the errors of decoding are counted.
fn log2_of_unit(ell: u32) -> f64 {
    (MODULUS as f64).log2() - f64::from(response_a_bits(ell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Unpacker;
    use crate::params::unit_bits;
    use crate::{Conv1dShape, InputHolder, ideal};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    /// Both parties of one layer and the exact product.
    struct Layer {
        client: InputHolder,
        server: WeightHolder,
        weights: Vec<i8>,
        circle: FullCircle,
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
            let circle = FullCircle::new(ell);
            Self { client, server, weights, circle, request, product, rng }
        }

        /// The noise of every result after multiplication and the encryption of zero, before the
        /// masks and rounding.
        fn noise(&mut self) -> Vec<f64> {
            let plan = *self.server.plan();
            let key = PublicKey::from_bytes(self.client.public_key()).unwrap();
            let inputs = read_input(&plan, &self.request).unwrap();
            let encoding = Encoding::new(plan.ell());
            let mut noise = Vec::new();
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
                    noise.push(difference.min(MODULUS - difference) as f64);
                }
            }
            noise
        }

        /// The errors of a response, f among them, in units of q / 2^(ell + 9 + k), of which Delta
        /// has 2^(9 + k).
        fn response_errors(&mut self) -> Vec<i64> {
            let plan = *self.server.plan();
            let ell = plan.ell();
            let (a_bits, b_bits) = (response_a_bits(ell), response_b_bits(ell));
            let key = PublicKey::from_bytes(self.client.public_key()).unwrap();
            let mask = vec![0; plan.shape().output_len()];
            let response =
                self.server.answer(&key, &self.request, &mask, self.circle, &mut self.rng).unwrap();
            let (mut errors, mut rest) = (Vec::new(), response.as_slice());
            for index in 0..plan.output_ciphertexts() {
                let (part, tail) = rest.split_at(plan.output_ciphertext_bytes(index));
                rest = tail;
                let (a, b) = part.split_at(plan.output_a_bytes());
                let product = self.client.times_secret(a, a_bits);
                let mut reader = Unpacker::new(b, b_bits);
                let (chunk, group) = plan.output_position(index);
                for place in plan.packing().results(chunk, group) {
                    let b = reader.next_value() << (a_bits - b_bits);
                    let expected = u64::from(self.product[place.element]) << unit_bits(ell);
                    let error = product[place.coefficient].wrapping_add(b).wrapping_sub(expected);
                    errors.push((error << (64 - a_bits)) as i64 >> (64 - a_bits));
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
                    let (noise, bound) = (layer.noise(), layer.server.noise_bits().exp2());
                    let greatest = noise.iter().copied().fold(0.0, f64::max);
                    assert!(greatest > 0.0 && greatest < bound, "{shape:?}: {greatest}, bound {bound}");
                    assert!(greatest > bound / 500.0, "{shape:?}: {greatest}, bound {bound}");
                    // The mean square has the same roundings at their greatest; a layer's noise is
                    // one draw of u.
                    let proven = Noise::of_weights(layer.server.plan().packing(), &layer.weights);
                    let squares: f64 = noise.iter().map(|x| x * x).sum();
                    assert!(squares < 1.5 * proven.sum_of_squares, "{shape:?}: {squares}");
                }
            }
        }
    }

    /// How far the errors of a layer, f among them, reach beyond what f alone may be.
    #[test]
    fn responses_decode_with_room() {
        for (shape, ell) in [(WIDE, 8), (WIDE, 24), (LONG, 20), (DENSE, 27)] {
            for weight in extremes() {
                let errors = Layer::new(shape, ell, weight, |x| x).response_errors();
                let greatest = errors.iter().map(|e| e.unsigned_abs()).max().unwrap();
                assert!(
                    greatest < (1 << (unit_bits(ell) - 1)) - 64,
                    "{shape:?}, ell {ell}: error {greatest}"
                );
            }
        }
    }

    /// Rounding `a` makes n * 2/3 / 12 = 228 units^2 of variance and rounding `b` to multiples of
    /// 64 makes 341.
    #[test]
    fn every_part_of_the_error_is_there() {
        let mut layer = Layer::new(WIDE, 20, |i| i as i8, |x| x);
        layer.circle = FullCircle::switched_off(20);
        let errors = layer.response_errors();
        let (mut sum, mut squares) = (0.0, 0.0);
        errors.iter().for_each(|&e| (sum, squares) = (sum + e as f64, squares + (e * e) as f64));
        let (mean, square) = (sum / errors.len() as f64, squares / errors.len() as f64);
        assert!(mean.abs() < 2.0 && (520.0..620.0).contains(&square), "mean {mean}, mean square {square}");
        // The mask is uniform: it reaches both borders of Delta and has its variance.
        layer.circle = FullCircle::new(20);
        let errors = layer.response_errors();
        let delta = f64::from(unit_bits(20)).exp2();
        let square = errors.iter().map(|&e| (e as f64 / delta).powi(2)).sum::<f64>() / errors.len() as f64;
        assert!((square * 12.0 - 1.0).abs() < 0.1, "mean square {square} of Delta^2");
        let (least, greatest) = (errors.iter().min().unwrap(), errors.iter().max().unwrap());
        assert!(*least as f64 / delta < -0.49 && *greatest as f64 / delta > 0.49);
    }

    #[test]
    fn weights_whose_results_might_not_decode_are_refused() {
        let shape = Conv1dShape { batch: 1, in_channels: 60_000, out_channels: 1, length: 1, kernel: 1 };
        let weights = vec![-128; shape.weight_len()];
        let noise =
            WeightHolder::prepare(&LinearPlan::new(shape, 30).unwrap(), &weights).unwrap().noise_bits();
        // Far below what decodes, for any shape that a plan accepts; the sum over layers is what
        // refuses first.
        assert!(noise < log2_of_unit(30) - 8.0, "2^{noise} of noise, limit 2^{}", log2_of_unit(30));
    }

    #[test]
    fn zero_weights_take_a_kernel_like_any_other() {
        let plan = LinearPlan::new(WIDE, 20).unwrap();
        let count =
            |weight| WeightHolder::prepare(&plan, &vec![weight; WIDE.weight_len()]).unwrap().kernels.len();
        assert_eq!(count(0), count(1));
    }
}
