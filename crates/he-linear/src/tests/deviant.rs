//! A client that deviates: it encrypts any plaintext modulo q, not only multiples of Delta, and
//! reads the whole phase of a response, not only its rounded result. Its messages have the right
//! length and form.

use rand_core::CryptoRng;

use crate::LinearPlan;
use crate::bits::Unpacker;
use crate::codec::write_residues;
use crate::params::{MODULUS, PRIMES, RING_DEGREE, SEED_BYTES, response_a_bits, response_b_bits, unit_bits};
use crate::rns::Polynomial;
use crate::sample::{self, Stream};
use crate::{InputHolder, PublicKey};

/// Phases are read in units of Delta / 2^PHASE_BITS.
pub(super) const PHASE_BITS: u32 = 16;

/// The client: a key pair, which need not be an honest one.
pub(super) struct Deviant(InputHolder);

impl Deviant {
    /// Draws an ordinary key pair.
    pub(super) fn honest_key(rng: &mut impl CryptoRng) -> Self {
        Self(InputHolder::generate(rng))
    }

    /// The secret key 0 and any public b: `b` of a response is then the phase itself, plus u b.
    pub(super) fn zero_secret(b: impl Fn(usize, usize) -> u32, rng: &mut impl CryptoRng) -> Self {
        let mut public = Polynomial::zero();
        for (prime, row) in public.rows_mut() {
            row.iter_mut()
                .enumerate()
                .for_each(|(index, residue)| *residue = b(prime, index) % PRIMES[prime]);
        }
        let mut bytes = sample::fresh_seed(rng).to_vec();
        write_residues(&mut bytes, &public, 0..RING_DEGREE);
        Self(InputHolder::with_keys(Polynomial::zero(), bytes))
    }

    /// Its public key, as the server reads it.
    pub(super) fn key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.public_key()).unwrap()
    }

    /// Its public key as it travels.
    pub(super) fn key_bytes(&self) -> &[u8] {
        self.0.public_key()
    }

    /// Encrypts `plaintext(element)`, any integer modulo q, of every input element, without errors.
    pub(super) fn encrypt(
        &self,
        plan: &LinearPlan,
        plaintext: impl Fn(usize) -> u128,
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let seed = *sample::fresh_seed(rng);
        let mut message = seed.to_vec();
        assert_eq!(message.len(), SEED_BYTES);
        for index in 0..plan.input_ciphertexts() {
            let mut encoded = Polynomial::zero();
            let (chunk, group) = plan.input_position(index);
            for (prime, row) in encoded.rows_mut() {
                for place in plan.packing().inputs(chunk, group) {
                    let residue = plaintext(place.element) % MODULUS % u128::from(PRIMES[prime]);
                    row[place.coefficient] = residue as u32;
                }
            }
            let a = sample::uniform(&seed, Stream::Ciphertext(index as u32)).forward();
            let mut b = Polynomial::zero();
            b.multiply_accumulate(&a, self.0.secret());
            let mut b = b.inverse();
            b.subtract_from(&encoded);
            write_residues(&mut message, &b, plan.packing().sent());
        }
        message
    }

    /// The phase of every result modulo q, in units of Delta / 2^PHASE_BITS.
    pub(super) fn phases(&self, plan: &LinearPlan, response: &[u8]) -> Vec<u64> {
        let (a_bits, b_bits) = (response_a_bits(plan.ell()), response_b_bits(plan.ell()));
        let mut phases = vec![0; plan.shape().output_len()];
        let mut rest = response;
        for index in 0..plan.output_ciphertexts() {
            let (part, tail) = rest.split_at(plan.output_ciphertext_bytes(index));
            rest = tail;
            let (a, b) = part.split_at(plan.output_a_bytes());
            let product = self.0.times_secret(a, a_bits);
            let mut reader = Unpacker::new(b, b_bits);
            let (chunk, group) = plan.output_position(index);
            for place in plan.packing().results(chunk, group) {
                let b = reader.next_value() << (a_bits - b_bits);
                let phase = product[place.coefficient].wrapping_add(b) & ((1 << a_bits) - 1);
                phases[place.element] = phase >> (unit_bits(plan.ell()) - PHASE_BITS);
            }
        }
        phases
    }
}
