//! Non-linear layers on additive shares with garbled circuits.
//!
//! One step is the activation: max pooling of pairs, ReLU, rounding shift and saturation. The other
//! is the argmax of one score vector or of the sum of several. It reveals a label alone, or a label
//! and in two bits how far it is ahead.
//!
//! The crate does no I/O. Steps take and return messages, and the plans know their exact sizes.
//!
//! The client holds residues c modulo 2^ell, the server residues s, and c + s is the accumulator.
//! The server *garbles*: it encrypts the circuit gate by gate ([`ActivationGarbler`]), when it
//! learns s. The client *evaluates* the encrypted circuit on labels in place of bits
//! ([`ActivationEvaluator`]). Both end with shares of the activation modulo 2^out_ell, and neither
//! learns more.
//!
//! The parties are semi-honest: they follow the protocol. Security is 128 bits. The techniques are
//! free XOR, half-gates and a re-keyed hash.
//!
//! | module | what |
//! |---|---|
//! | `circuit` | circuits written once: in clear, counted, garbled, evaluated |
//! | `garble` | half-gates over 64 instances side by side |
//! | `inputs`, `convert` | labels from correlated OTs; output bits to additive shares |
//! | `activation`, `argmax` | the two steps, both roles |
//! | `shape`, `plan`, `batch` | what a step computes, its compiled form with every size, 64 outputs |
//!
//! Both roles of one step, on OTs of an ideal dealer:
//! ```
//! use gc_nonlinear::{ActivationEvaluator, ActivationGarbler, HashRoot, SentCots, StepPlan};
//! use oblivious_transfer::{bits::BitVec, block::Block, cot::deal, prg::Prg};
//! use shares::StepShape;
//!
//! // The greater of the accumulators 100 and -7, ReLU, divided by 8 and rounded, at most 15.
//! let shape = StepShape { count: 1, ell: 12, shift: 3, bits: 4, pool: true, out_ell: 10 };
//! let plan = StepPlan::new(shape)?;
//! let (client_shares, server_shares) = ([1000, 2000], [4096 + 100 - 1000, 4096 - 7 - 2000]);
//!
//! let mut rng = Prg::from_block(Block::new(1));
//! let delta = Block::random(&mut rng).with_lsb(true);
//! let (keys, received_inputs) = deal(delta, BitVec::random(plan.input_cots(), &mut rng), &mut rng);
//! let sent_inputs = SentCots { delta, keys };
//! let delta = Block::random(&mut rng);
//! let (keys, received_outputs) = deal(delta, BitVec::random(plan.output_cots(), &mut rng), &mut rng);
//! let sent_outputs = SentCots { delta, keys };
//!
//! let hash_root = HashRoot::new(&[7; 32]);
//! let (corrections, mut client) =
//!     ActivationEvaluator::prepare(&plan, &hash_root, 0, &client_shares, received_inputs, sent_outputs)?;
//! let server = ActivationGarbler::prepare(&plan, &hash_root, 0, sent_inputs, &corrections, received_outputs)?;
//! for chunk in 0..plan.chunks() {
//!     client.evaluate_chunk(&server.garble_chunk(chunk, &server_shares)?)?;
//! }
//! let (y0, corrections) = client.finish()?;
//! let y1 = server.finish(&corrections)?;
//! assert_eq!((y0[0] + y1[0]) % 1024, 13);
//! # Ok::<(), gc_nonlinear::StepError>(())
//! ```

mod activation;
mod argmax;
mod batch;
mod circuit;
mod convert;
mod cots;
mod error;
mod garble;
mod hash_root;
mod inputs;
mod lanes;
mod plan;
mod shape;

pub use activation::{ActivationEvaluator, ActivationGarbler};
pub use argmax::{ArgmaxEvaluator, ArgmaxGarbler, Chosen};
pub use cots::SentCots;
pub use error::StepError;
pub use hash_root::HashRoot;
pub use oblivious_transfer::cot::ReceiverCots;
pub use plan::{ArgmaxPlan, CHUNK, StepPlan};
pub use shape::{ArgmaxShape, MAX_CLASSES, MAX_SCORES, MAX_TERMS, THRESHOLDS};
