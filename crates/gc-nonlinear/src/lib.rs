//! Non-linear layers on additive shares with garbled circuits: ReLU, maxpool of pairs, rounding shift, saturation, and
//! the argmax that reveals a label alone. No I/O: steps take and return messages whose exact sizes the plans know.
//!
//! The client holds c, the server s, residues mod 2^ell with c + s = acc. The server garbles ([`ActivationGarbler`]) while it
//! learns s, the client evaluates ([`ActivationEvaluator`]); both end with shares of the activation mod 2^out_ell, and
//! neither learns more. Semi-honest parties, 128-bit security; free XOR, half-gates, re-keyed hash.
//!
//! | module | what |
//! |---|---|
//! | `circuit` | circuits written once: in clear, counted, garbled, evaluated |
//! | `garble` | half-gates over 64 instances side by side |
//! | `inputs`, `convert` | labels from correlated OTs; output bits to additive shares |
//! | `activation`, `argmax` | the two steps, both roles |
//! | `shape` | what a step computes, every size |

mod activation;
mod argmax;
mod circuit;
mod convert;
mod cots;
mod error;
mod garble;
mod inputs;
mod lanes;
mod session;
mod shape;

pub use activation::{ActivationEvaluator, ActivationGarbler};
pub use argmax::{ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape, MAX_CLASSES};
pub use cots::SentCots;
pub use error::StepError;
pub use oblivious_transfer::cot::ReceiverCots;
pub use session::Session;
pub use shape::{CHUNK, MAX_COUNT, StepPlan, StepShape};
