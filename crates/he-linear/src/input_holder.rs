//! The party that holds the masks: owns the secret key, encrypts masks, opens the masked results.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use zeroize::Zeroizing;

use crate::backend;
use crate::bits::Unpacker;
use crate::codec::write_residues;
use crate::error::{Error, Message};
use crate::params::{PRIMES, RESPONSE_A_EXTRA, RESPONSE_B_EXTRA, RING_DEGREE};
use crate::plan::{LinearPlan, check_length};
use crate::public_key::PUBLIC_KEY_BYTES;
use crate::rns::{Encoding, Factor, Polynomial, lift};
use crate::sample::{self, JobSeed};

/// The client's half: a secret key and its public key. One key serves every layer of a session.
pub struct InputHolder {
    /// s, transformed.
    secret: Polynomial,
    public_key: Vec<u8>,
}

impl InputHolder {
    /// Draws a key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut private = sample::generator(&sample::fresh_seed(rng));
        let secret = Polynomial::from_signed(&sample::ternary(&mut private)).forward();
        let seed = *sample::fresh_seed(rng);
        let error = Polynomial::from_signed(&sample::centred_binomial(&mut private));
        let b = encrypt_under(&secret, &seed, 0, &error);
        let mut public_key = Vec::with_capacity(PUBLIC_KEY_BYTES);
        public_key.extend_from_slice(&seed);
        write_residues(&mut public_key, &b, 0..RING_DEGREE);
        Self { secret, public_key }
    }

    /// The message from which the weight holder makes its [`PublicKey`](crate::PublicKey); always
    /// [`PUBLIC_KEY_BYTES`] long.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Encrypts a mask r, \[batch\]\[in_channels\]\[length\] residues modulo 2^ell, into
    /// [`LinearPlan::input_bytes`] bytes: a fresh seed for every `a`, then the `b` of each ciphertext.
    ///
    /// # Errors
    /// If the mask has the wrong length or a residue is not reduced.
    pub fn encrypt(
        &self,
        plan: &LinearPlan,
        mask: &[u32],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        plan.check_residues("mask", mask, plan.shape().input_len())?;
        let seed = *sample::fresh_seed(rng);
        let jobs: Vec<JobSeed> = (0..plan.input_ciphertexts()).map(|_| sample::fresh_seed(rng)).collect();
        let encoding = Encoding::new(plan.ell());
        let mut message = vec![0; plan.input_bytes()];
        let (head, body) = message.split_at_mut(seed.len());
        head.copy_from_slice(&seed);
        let parts: Vec<Vec<u8>> = jobs
            .into_par_iter()
            .enumerate()
            .map(|(index, job)| {
                let plaintext = encode_mask(plan, &encoding, mask, index, &job);
                let b = encrypt_under(&self.secret, &seed, index as u64, &plaintext);
                let mut bytes = Vec::with_capacity(plan.input_ciphertext_bytes());
                write_residues(&mut bytes, &b, plan.packing().sent());
                bytes
            })
            .collect();
        for (slot, part) in body.chunks_exact_mut(plan.input_ciphertext_bytes()).zip(parts) {
            slot.copy_from_slice(&part);
        }
        Ok(message)
    }

    /// Decrypts a response: W r - s modulo 2^ell, \[batch\]\[out_channels\]\[length\].
    ///
    /// # Errors
    /// If the response has the wrong length or non-zero padding bits.
    pub fn open(&self, plan: &LinearPlan, response: &[u8]) -> Result<Vec<u32>, Error> {
        check_length(Message::MaskedOutput, response, plan.output_bytes())?;
        let mut rest = response;
        let parts: Vec<&[u8]> = (0..plan.output_ciphertexts())
            .map(|index| {
                let (part, tail) = rest.split_at(plan.output_ciphertext_bytes(index));
                rest = tail;
                part
            })
            .collect();
        let opened = parts
            .into_par_iter()
            .enumerate()
            .map(|(index, part)| self.open_ciphertext(plan, index, part))
            .collect::<Result<Vec<_>, _>>()?;
        let mut result = vec![0; plan.shape().output_len()];
        for (index, values) in opened.iter().enumerate() {
            let (chunk, group) = plan.output_position(index);
            for (place, &value) in plan.packing().results(chunk, group).zip(values.iter()) {
                result[place.element] = value;
            }
        }
        Ok(result)
    }

    /// The secret key, transformed.
    #[cfg(test)]
    pub(crate) const fn secret(&self) -> &Polynomial {
        &self.secret
    }

    /// The results of one response ciphertext, in the order of their places.
    fn open_ciphertext(
        &self,
        plan: &LinearPlan,
        index: usize,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u32>>, Error> {
        let ell = plan.ell();
        let (a, b) = bytes.split_at(plan.output_a_bytes());
        let product = self.times_secret(a, ell + RESPONSE_A_EXTRA);
        let (chunk, group) = plan.output_position(index);
        let mut reader = Unpacker::new(b, ell + RESPONSE_B_EXTRA);
        let half = 1 << (RESPONSE_A_EXTRA - 1);
        let values = plan.packing().results(chunk, group).map(|place| {
            let b = reader.next_value() << (RESPONSE_A_EXTRA - RESPONSE_B_EXTRA);
            let phase = product[place.coefficient].wrapping_add(b);
            (phase.wrapping_add(half) >> RESPONSE_A_EXTRA) as u32 & ((1 << ell) - 1)
        });
        let values = Zeroizing::new(values.collect());
        if reader.padding_is_zero() {
            Ok(values)
        } else {
            Err(Error::PeerPadding { message: Message::MaskedOutput })
        }
    }

    /// a s over the integers, modulo 2^64, from packed coefficients of `width` <= 39 bits: |a s| < 2^51 is
    /// exact modulo the product of two primes.
    pub(crate) fn times_secret(&self, a: &[u8], width: u32) -> Zeroizing<Vec<u64>> {
        let mut reader = Unpacker::new(a, width);
        let mut rows = [vec![0; RING_DEGREE], vec![0; RING_DEGREE]].map(Zeroizing::new);
        let [first, second] = &mut rows;
        for (x, y) in first.iter_mut().zip(second.iter_mut()) {
            let value = reader.next_value();
            *x = (value % u64::from(PRIMES[0])) as u32;
            *y = (value % u64::from(PRIMES[1])) as u32;
        }
        for (prime, row) in rows.iter_mut().enumerate() {
            backend::forward(prime, row);
            let mut product = Zeroizing::new(vec![0; RING_DEGREE]);
            backend::multiply_accumulate(prime, &mut product, row, self.secret.row(prime));
            backend::inverse(prime, &mut product);
            *row = product;
        }
        let [first, second] = rows;
        Zeroizing::new(first.iter().zip(second.iter()).map(|(&x, &y)| centred(x, y)).collect())
    }
}

/// The integer in (-p0 p1 / 2, p0 p1 / 2) with these residues, modulo 2^64.
#[inline(always)]
fn centred(x: u32, y: u32) -> u64 {
    const INVERSE: Factor = Factor::inverse_of(PRIMES[0] as u64, PRIMES[1]);
    const PRODUCT: u64 = PRIMES[0] as u64 * PRIMES[1] as u64;
    let difference = lift((y as i32).wrapping_sub(x as i32), PRIMES[1]);
    let value = u64::from(x) + u64::from(PRIMES[0]) * u64::from(INVERSE.mul(difference));
    let above = (PRODUCT / 2).wrapping_sub(value) >> 63;
    value.wrapping_sub(PRODUCT & 0u64.wrapping_sub(above))
}

/// b = plaintext - a s for polynomial number `index` of the seed; the plaintext carries the error.
fn encrypt_under(secret: &Polynomial, seed: &[u8; 32], index: u64, plaintext: &Polynomial) -> Polynomial {
    let a = sample::uniform(seed, index).forward();
    let mut product = Polynomial::zero();
    product.multiply_accumulate(&a, secret);
    let mut b = product.inverse();
    b.subtract_from(plaintext);
    b
}

/// An error polynomial plus the encoded mask elements of input ciphertext number `index`.
fn encode_mask(
    plan: &LinearPlan,
    encoding: &Encoding,
    mask: &[u32],
    index: usize,
    job: &JobSeed,
) -> Polynomial {
    let mut coefficients = Zeroizing::new(vec![0; RING_DEGREE]);
    let (chunk, group) = plan.input_position(index);
    for place in plan.packing().inputs(chunk, group) {
        coefficients[place.coefficient] = mask[place.element];
    }
    let mut plaintext = Polynomial::zero();
    for (prime, row) in plaintext.rows_mut() {
        for (residue, &m) in row.iter_mut().zip(coefficients.iter()) {
            *residue = encoding.residue(m, prime);
        }
    }
    plaintext.add_signed(&sample::centred_binomial(&mut sample::generator(job)));
    plaintext
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn two_residues_give_the_centred_integer(x in -(1i64 << 58)..1i64 << 58) {
            let residue = |p: u32| x.rem_euclid(p.into()) as u32;
            prop_assert_eq!(centred(residue(PRIMES[0]), residue(PRIMES[1])), x as u64);
        }
    }
}
