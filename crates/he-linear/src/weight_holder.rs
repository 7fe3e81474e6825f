//! The party that holds the weights: multiplies encrypted masks, re-randomises, floods, subtracts its own mask.
//!
//! What the input holder sees of a response is (u a_pk + e1 + sum K a, u b_pk + sum K b - s + flooding), rounded. The first part
//! hides sum K a under ring-LWE with the fresh secret u. In the second, everything that depends on the weights but is not W r - s is
//! the noise, and the flooding hides it statistically; the flooding is also the error of the second ring-LWE sample in u,
//! wider than any centred binomial, so no further e2 is added.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

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

/// The server's half for one layer: its weights, lifted to transformed polynomials. Immutable; sessions share it.
pub struct WeightHolder {
    plan: LinearPlan,
    noise_bits: f64,
    /// \[out_group\]\[in_group\], transformed.
    kernels: Vec<Polynomial>,
}

impl WeightHolder {
    /// Lifts weights, \[out_channels\]\[in_channels\]\[kernel\], and proves that the flooding hides their noise. Zero weights
    /// are treated like any other.
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

    /// log2 of the proven bound on the noise before flooding. Says something about the weights: for their owner only.
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
        for (input, kernel) in inputs.iter().zip(kernels) {
            sum.a.multiply_accumulate(&input.a, kernel);
            sum.b.multiply_accumulate(&input.b, kernel);
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

/// Adds a fresh encryption of zero to a transformed ciphertext and returns coefficients: `a` exact, `b` lacking its error,
/// which [`write_response`] adds as flooding.
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
