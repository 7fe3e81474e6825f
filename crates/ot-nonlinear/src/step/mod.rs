//! One step on shares, both parties: the offline message, then exchange by exchange.
//!
//! | file | what |
//! |---|---|
//! | `party` | one party's bits for a chunk of instances, and the bit gates on them |
//! | `product` | the product of a bit and a residue |
//! | `chunk` | a chunk's operands, from its input shares |
//! | `selection` | the ring gates of a chunk |
//! | `engine` | all chunks and the order of the messages |

pub(crate) mod chunk;
pub(crate) mod engine;
pub(crate) mod party;
pub(crate) mod product;
mod selection;

pub use engine::{ServerOffline, Step};
