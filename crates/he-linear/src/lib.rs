//! Linear layers on secret shares: one party holds a mask r, the other weights W and a mask s; the
//! first learns W r - s modulo 2^ell and nothing else, the second learns nothing.
//!
//! ```text
//! InputHolder (client)                                   WeightHolder (server)
//!   generate                 -- public key -->             PublicKey::from_bytes
//!   encrypt(plan, r)         -- encrypted input -->        apply(key, input, s)
//!   open(plan, response)     <-- masked output --          (product, encryption of zero, -s, mask)
//!   = W r - s mod 2^ell
//! ```
//!
//! The offline phase of DELPHI (Mishra et al., USENIX Security 2020) on ring-LWE with coefficient
//! packing (Cheetah, Huang et al., USENIX Security 2022): W is a batch of one-dimensional
//! convolutions or a dense layer, see [`Conv1dShape`]. No I/O: messages are bytes whose exact
//! lengths both parties know from the [`LinearPlan`].
//!
//! **Whatever an input holder sends**, a response tells it W r - s, of which it chooses r or makes
//! it any linear function of the weights, and s is uniform. Beyond that it tells at most
//! [`LinearPlan::leak_bits`] bits. A weight holder that deviates learns nothing either, but may
//! answer wrongly.
//!
//! Where things are:
//!
//! | files | what |
//! |---|---|
//! | `params` | all constants with their arguments |
//! | `shape`, `tiling`, `pack`, `plan` | the geometry, no cryptography |
//! | `backend`, `rns`, `sample` | polynomials modulo q |
//! | `bits`, `codec` | bytes |
//! | `full_circle` | the mask of a response |
//! | `noise`, `leak` | what is proven from the weights: results decode, and what responses tell |
//! | [`InputHolder`], [`WeightHolder`] | the two roles |
//! | [`ideal`] | the same interface in the clear |
//!
//! ```
//! use he_linear::{Conv1dShape, InputHolder, LinearPlan, PublicKey, WeightHolder};
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//!
//! # fn main() -> Result<(), he_linear::Error> {
//! let rng = &mut ChaCha20Rng::from_seed([7; 32]); // a secret seed outside of examples
//! // A dense layer from 3 inputs to 2 outputs on shares modulo 2^16.
//! let shape = Conv1dShape { batch: 1, in_channels: 3, out_channels: 2, length: 1, kernel: 1 };
//! let plan = LinearPlan::new(shape, 16)?;
//!
//! let client = InputHolder::generate(rng);
//! let request = client.encrypt(&plan, &[10, 20, 30], rng)?;
//!
//! let server = WeightHolder::prepare(&plan, &[1, 2, 3, -1, 0, 1])?;
//! let key = PublicKey::from_bytes(client.public_key())?;
//! let response = server.apply(&key, &request, &[100, 5], rng)?;
//!
//! assert_eq!(client.open(&plan, &response)?, [140 - 100, 20 - 5]);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod backend;
mod bits;
mod codec;
mod error;
mod full_circle;
pub mod ideal;
mod input_holder;
mod leak;
mod noise;
mod pack;
pub mod params;
mod plan;
mod public_key;
mod rns;
mod sample;
mod shape;
#[cfg(test)]
mod tests;
mod tiling;
mod weight_holder;

pub use error::{Error, Message};
pub use input_holder::InputHolder;
pub use leak::{INFERENCES_A_YEAR, Leak, MOST_BITS, MOST_YEAR_DISTANCE};
pub use plan::LinearPlan;
pub use public_key::{PUBLIC_KEY_BYTES, PublicKey};
pub use shape::Conv1dShape;
pub use weight_holder::WeightHolder;
