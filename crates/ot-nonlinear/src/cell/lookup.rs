//! Table look-up on an additively shared index. The table T is public. The result is XOR shares of
//! T\[u + v mod 256\], u the client's and v the server's share of the index.
//!
//! ```text
//! client                                   server
//! open(u)     -- u - r0 mod 256 -->        open(v)          one byte each, at once
//! finish      <-- v - r1 mod 256 --        finish
//! ```
//! r = r0 + r1 is a random index. The parties hold XOR shares e of its unit vector (`unit_vector`)
//! and use them once. They open d = u + v - r, which is uniform. T\[d + r\] is the XOR of T\[d +
//! k\] over all k with e_k = 1, so each party computes its share from its share of e. All 256
//! entries are touched, whatever the shares.

use crate::bits::wire::check_length;
use crate::cell::unit_vector::{ENTRIES, UnitVector};
use crate::error::StepError;

/// Words of 64 entries.
const WORDS: usize = ENTRIES / 64;

/// A public table of bytes by its bits: bit k % 64 of word k / 64 of column i is bit i of entry k.
#[derive(Clone, Debug)]
pub(crate) struct Table([[u64; WORDS]; 8]);

impl Table {
    pub(crate) fn new(entries: &[u8; ENTRIES]) -> Self {
        let word = |bit: usize, word: usize| {
            let entries = entries.iter().skip(64 * word).take(64).zip(0..);
            entries.fold(0, |all, (entry, place)| all | u64::from(entry >> bit & 1) << place)
        };
        Self(core::array::from_fn(|bit| core::array::from_fn(|index| word(bit, index))))
    }

    /// The share of the entry at r + `opened` from the share of the unit vector of r.
    fn entry(&self, vector: &[u64; WORDS], opened: u8) -> u8 {
        let moved = rotated(vector, opened);
        let bits = self.0.iter().map(|column| {
            let common = moved.iter().zip(column).fold(0, |all, (entries, column)| all ^ entries & column);
            common.count_ones() as u8 & 1
        });
        bits.zip(0..).fold(0, |byte, (bit, place)| byte | bit << place)
    }
}

/// The vector with entry k at k + `by` mod 256. `by` is public.
fn rotated(vector: &[u64; WORDS], by: u8) -> [u64; WORDS] {
    let (words, bits) = (usize::from(by) / 64, u32::from(by) % 64);
    core::array::from_fn(|word| {
        let low = vector[(word + WORDS - words) % WORDS];
        let below = vector[(word + 2 * WORDS - words - 1) % WORDS];
        low << bits | (below >> 1) >> (63 - bits)
    })
}

/// One party of as many look-ups as it has unit vectors, before its message.
///
/// A vector masks one index: [`Lookup::open`] consumes it.
pub(crate) struct Lookup {
    vectors: Vec<UnitVector>,
}

/// One party of the look-ups between its own message and its peer's.
pub(crate) struct OpenedLookup {
    vectors: Vec<UnitVector>,
    /// What the party opened.
    opened: Vec<u8>,
}

impl Lookup {
    pub(crate) fn new(vectors: Vec<UnitVector>) -> Self {
        Self { vectors }
    }

    /// The party's message on its shares of the indices, a byte each, and what waits for the peer's
    /// message.
    ///
    /// # Errors
    /// If the shares are not as many as the vectors.
    pub(crate) fn open(self, indices: &[u8]) -> Result<(Vec<u8>, OpenedLookup), StepError> {
        let (expected, found) = (self.vectors.len(), indices.len());
        if expected != found {
            return Err(StepError::ShareCount { expected, found });
        }
        let pairs = indices.iter().zip(&self.vectors);
        let opened: Vec<u8> = pairs.map(|(share, vector)| share.wrapping_sub(vector.index)).collect();
        Ok((opened.clone(), OpenedLookup { vectors: self.vectors, opened }))
    }
}

impl OpenedLookup {
    /// The party's shares of the entries, from the peer's message and the table of each look-up.
    ///
    /// # Errors
    /// If the message has the wrong length.
    pub(crate) fn finish<'a>(
        self,
        message: &[u8],
        tables: impl Iterator<Item = &'a Table>,
    ) -> Result<Vec<u8>, StepError> {
        check_length(message, self.vectors.len())?;
        let opened = self.opened.iter().zip(message).map(|(own, theirs)| own.wrapping_add(*theirs));
        let shares = opened.zip(&self.vectors).zip(tables);
        Ok(shares.map(|((opened, vector), table)| table.entry(&vector.entries, opened)).collect())
    }
}
