//! The party that holds the masks: owns the secret key, encrypts masks, opens the masked results.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use zeroize::Zeroizing;

use crate::bits::Unpacker;
use crate::codec::write_residues;
use crate::error::{Error, Message};
use crate::params::{MODULUS, PRIMES, RING_DEGREE, SEED_BYTES, response_a_bits, response_b_bits, unit_bits};
use crate::plan::{LinearPlan, check_length};
use crate::public_key::PUBLIC_KEY_BYTES;
use crate::rns::{Encoding, Polynomial, compose};
use crate::sample::{self, JobSeed, Stream};

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
        let b = encrypt_under(&secret, &seed, Stream::Key, &error);
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
    /// [`LinearPlan::input_bytes`] bytes: a fresh seed for every `a`, then the `b` of each
    /// ciphertext.
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
                let stream = Stream::Ciphertext(index as u32);
                let b = encrypt_under(&self.secret, &seed, stream, &plaintext);
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

    /// Any key pair, which need not belong together.
    #[cfg(test)]
    pub(crate) const fn with_keys(secret: Polynomial, public_key: Vec<u8>) -> Self {
        Self { secret, public_key }
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
        let (a_bits, b_bits) = (response_a_bits(ell), response_b_bits(ell));
        let (a, b) = bytes.split_at(plan.output_a_bytes());
        let product = self.times_secret(a, a_bits);
        let (chunk, group) = plan.output_position(index);
        let mut reader = Unpacker::new(b, b_bits);
        let half = 1 << (unit_bits(ell) - 1);
        let values = plan.packing().results(chunk, group).map(|place| {
            let b = reader.next_value() << (a_bits - b_bits);
            let phase = product[place.coefficient].wrapping_add(b);
            (phase.wrapping_add(half) >> unit_bits(ell)) as u32 & ((1 << ell) - 1)
        });
        let values = Zeroizing::new(values.collect());
        if reader.padding_is_zero() {
            Ok(values)
        } else {
            Err(Error::PeerPadding { message: Message::MaskedOutput })
        }
    }

    /// a s over the integers, modulo 2^64, from packed coefficients of `width` <= 64 bits: |a s| <
    /// 2^76 is exact modulo q.
    pub(crate) fn times_secret(&self, a: &[u8], width: u32) -> Zeroizing<Vec<u64>> {
        let mut reader = Unpacker::new(a, width);
        let values: Vec<u64> = (0..RING_DEGREE).map(|_| reader.next_value()).collect();
        let mut lifted = Polynomial::zero();
        for (prime, row) in lifted.rows_mut() {
            let p = u64::from(PRIMES[prime]);
            row.iter_mut().zip(&values).for_each(|(residue, value)| *residue = (value % p) as u32);
        }
        let mut product = Polynomial::zero();
        product.multiply_accumulate(&lifted.forward(), &self.secret);
        let product = product.inverse();
        Zeroizing::new((0..RING_DEGREE).map(|i| centred(compose(product.at(i)))).collect())
    }
}

/// The integer in (-q / 2, q / 2) that is x modulo q, modulo 2^64.
#[inline(always)]
const fn centred(x: u128) -> u64 {
    let above = (MODULUS / 2).wrapping_sub(x) >> 127;
    x.wrapping_sub(MODULUS & 0u128.wrapping_sub(above)) as u64
}

/// b = plaintext - a s for a polynomial of the seed; the plaintext carries the error.
fn encrypt_under(
    secret: &Polynomial,
    seed: &[u8; SEED_BYTES],
    stream: Stream,
    plaintext: &Polynomial,
) -> Polynomial {
    let a = sample::uniform(seed, stream).forward();
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
    use crate::bits::pack;
    use proptest::prelude::{prop_assert_eq, proptest};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    proptest! {
        #[test]
        fn centred_integers_return(x in -(1i128 << 88)..1i128 << 88) {
            prop_assert_eq!(centred(x.rem_euclid(MODULUS as i128) as u128), x as u64);
        }
    }

    /// All bits of the widest coefficients against all signs of a secret.
    #[test]
    fn the_product_with_the_secret_is_exact() {
        let holder = InputHolder::generate(&mut ChaCha20Rng::seed_from_u64(8));
        let secret = holder.secret.clone().inverse();
        let secret: Vec<i128> = (0..RING_DEGREE)
            .map(|i| i128::from(compose(secret.at(i)) == 1) - i128::from(compose(secret.at(i)) > 1))
            .collect();
        for width in [1, 17, 51, 64] {
            let mut bytes = Vec::new();
            pack(&mut bytes, width, (0..RING_DEGREE).map(|_| u64::MAX >> (64 - width)));
            let product = holder.times_secret(&bytes, width);
            let all = i128::from(u64::MAX >> (64 - width));
            for index in [0, 1, 2000, RING_DEGREE - 1] {
                let sum: i128 =
                    secret[..=index].iter().sum::<i128>() - secret[index + 1..].iter().sum::<i128>();
                assert_eq!(product[index], (sum * all) as u64, "width {width}, coefficient {index}");
            }
        }
    }
}
