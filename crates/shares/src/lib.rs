//! Additive shares of two parties, and the words that every crate above uses for them.
//!
//! A value x of the ring of integers modulo `2^ell` is shared when the client holds a residue c,
//! the server a residue s, and x = c + s in the ring. Either residue alone is uniform and tells
//! nothing of x.
//!
//! | module | what |
//! |---|---|
//! | `role` | which of the two parties |
//! | `ring` | the ring modulo `2^ell`: its mask, its signed values |
//! | `share` | one party's residues of a tensor, wiped when dropped |
//! | `residues` | residues to bytes and back, without a wasted bit |
//! | `step` | the shape of a non-linear step on shares, with its limits |
//!
//! The crate knows no protocol and no other crate of ours.
//!
//! ```
//! use shares::{Ring, Share, pack_residues, unpack_residues};
//!
//! let ring = Ring::new(12);
//! let value = Share::new(vec![5, ring.mask()], 12);
//! let mask = Share::new(vec![1000, 2000], 12);
//! let masked = value.minus(mask.residues());
//! let bytes = pack_residues(masked.residues(), 12);
//! assert_eq!(bytes.len(), 3);
//! let received = unpack_residues(&bytes, 2, 12)?;
//! assert_eq!(mask.plus(&received).residues(), [5, 4095]);
//! assert_eq!(ring.signed(4095), -1);
//! # Ok::<(), shares::ResidueError>(())
//! ```

mod residues;
mod ring;
mod role;
mod share;
mod step;

pub use residues::{ResidueError, pack_residues, packed_bytes, unpack_residues};
pub use ring::Ring;
pub use role::Role;
pub use share::Share;
pub use step::{MAX_COUNT, MAX_ELL, ShapeError, StepShape};
