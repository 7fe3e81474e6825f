//! What both non-linear backends are built from: 128-bit blocks, AES, hashing, random generators,
//! packed bits, and oblivious transfer.
//!
//! In an oblivious transfer (OT) a sender has two values. The receiver chooses one and learns that
//! one alone. The sender does not learn which. A correlated OT (COT) is one whose two values differ
//! by a secret of the sender that is the same in all of them, Delta. Base OTs cost group
//! operations; an extension makes many OTs of few.
//!
//! There is no I/O. Steps take and return messages with a checked byte form.
//!
//! | module | what |
//! |---|---|
//! | [`block`] | the 128-bit block |
//! | [`aes`] | AES-128 in batches, dispatched at run time |
//! | [`hash`] | the re-keyed correlation-robust hash and its key derivation |
//! | [`prg`] | AES-CTR random generator |
//! | [`bits`] | packed bit vectors, packed residues |
//! | [`base`] | 1-of-2 base OT over Ristretto |
//! | [`cot`] | correlated OTs, and a trusted dealer of them |
//! | [`softspoken`] | OT extension with 4 bytes an OT |
//! | [`silent`] | OT extension with 0.09 bytes an OT, in parts that are consumed as they are made |
//!
//! Both extensions check each other's messages: parties that deviate learn no more than by
//! guessing.

pub mod aes;
pub mod base;
pub mod bits;
pub mod block;
mod check;
pub mod cot;
pub mod error;
mod field;
pub mod hash;
pub mod prg;
pub mod silent;
pub mod softspoken;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod transpose;
