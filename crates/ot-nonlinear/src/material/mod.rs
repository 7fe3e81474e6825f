//! One-time material of a step: from correlated OTs to the pads that the step consumes.
//!
//! | file | what |
//! |---|---|
//! | `units` | the pads of one OT for a chunk of instances, and all of a step's |
//! | `layout` | which OT of a step each correlated OT of a stream belongs to |
//! | `piece` | the pads of a stretch of the stream |
//! | `condense` | all pieces of one step and direction |
//! | `stream` | one stream of correlated OTs for many steps |

mod condense;
mod layout;
mod piece;
mod stream;
pub(crate) mod units;

pub use condense::{ReceivedCondenser, SentCondenser};
pub use layout::HashRoot;
pub use piece::{ReceivedPiece, SentPiece};
pub use stream::{Condenser, CotStream, Pieces, ReceivedStream, SentStream};
pub use units::{ReceivedMaterial, SentMaterial, material_bytes};
