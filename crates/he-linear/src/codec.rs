//! Ciphertexts as bytes: residues of 30 bits towards the weight holder, rounded torus values back.

use crate::bits::{Unpacker, pack, packed_bytes};
use crate::error::{Error, Message};
use crate::params::{PRIME_BITS, PRIME_COUNT, PRIMES};
use crate::rns::Polynomial;

/// Bytes of `count` coefficients modulo q.
pub(crate) const fn residue_bytes(count: usize) -> usize {
    packed_bytes(count * PRIME_COUNT, PRIME_BITS)
}

/// Appends the coefficients at `indices`: all residues modulo the first prime, then the second,
/// then the third.
pub(crate) fn write_residues(
    out: &mut Vec<u8>,
    polynomial: &Polynomial,
    indices: impl Iterator<Item = usize> + Clone,
) {
    let rows = (0..PRIME_COUNT).map(|prime| polynomial.row(prime));
    pack(out, PRIME_BITS, rows.flat_map(|row| indices.clone().map(|index| u64::from(row[index]))));
}

/// Reads what [`write_residues`] wrote; the other coefficients are zero. The caller has checked the
/// length.
pub(crate) fn read_residues(
    bytes: &[u8],
    indices: impl Iterator<Item = usize> + Clone,
    message: Message,
) -> Result<Polynomial, Error> {
    let mut reader = Unpacker::new(bytes, PRIME_BITS);
    let mut result = Polynomial::zero();
    let mut reduced = true;
    for (prime, row) in result.rows_mut() {
        for index in indices.clone() {
            let residue = reader.next_value() as u32;
            reduced &= residue < PRIMES[prime];
            row[index] = residue;
        }
    }
    if !reduced {
        return Err(Error::PeerCoefficient { message });
    }
    if reader.padding_is_zero() { Ok(result) } else { Err(Error::PeerPadding { message }) }
}
