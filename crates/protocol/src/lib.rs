//! The two-party protocol of private ECG inference.
//!
//! Both roles of every step stand side by side, with the wire format and the sessions that programs
//! use.
//!
//! ```text
//! client (gateway: ECG)                                        server (cloud: weights)
//! setup     Hello, KeyShare                                 ->
//!                                                          <-  Accept (architecture, policy, room), KeyShare
//!           from here on every frame has a keyed checksum
//!           public key, base OTs, silent OT set-up         <->  base OTs, silent OT set-up
//! offline   Prepare; for every layer: Enc(r)                ->
//!                                                          <-  Enc(W r - s)
//!           OT extension; for every layer: corrections     <->  OT extension
//! online    Infer; for every layer: y0 - r                  ->  W (y - r) + b + s
//!           opened bits, round by round                    <->  opened bits     (backend ot)
//!           corrections                                    <->  garbled tables  (backend gc)
//!           for an LSTM, at every position: h - r             ->  shares of its accumulators; opened bits in turn
//!                                                          <-  share of the scores, or the label's decoding
//! record    where that is revealed: the label of the sum of several segments' scores
//!           numbers of their inferences, corrections        ->
//!                                                          <-  the label's decoding
//! ```
//! The client learns labels and how sure they are, or the class scores (the server's policy); the
//! server learns that an inference took place. Both are semi-honest, but the linear layers hide the
//! weights from any client. SECURITY.md says what that means and what it leaves open.
//!
//! Start reading at `examples/session.rs`, then at [`client`] and [`server`]. Each step's two
//! halves stand in one file under `phases`.
//!
//! # From steps to types
//! A step has a type on either side. What it is given is used up by it.
//!
//! | step | file | client | server |
//! |---|---|---|---|
//! | greeting | `handshake` | `client`, gives `Agreement` | `server`, gives `Agreement` |
//! | keys and base OTs | `phases::setup` | `InputHolder`, `Correlations` | `PublicKey`, `Correlations` |
//! | set-up of silent OTs | `phases::silent` | `Silent` | `Silent` |
//! | a whole inference, prepared | `phases::inference` | `ClientInference` in a [`client::PreparedInference`] | `ServerInference` in a `Pool` |
//! | the product `W r - s` | `phases::linear` | masks `r` and products, as `Share`s | masks `s`, as `Share`s |
//! | OTs for all steps at once | `phases::stage::supply` | `Step<Material>` | `Step<Material>` |
//! | a stage, prepared | `phases::stage` | `ClientStage` | `ServerStage` |
//! | a step by garbled circuits | `phases::gc` | `ActivationEvaluator` | `ActivationGarbler` |
//! | a step from oblivious transfer | `phases::ot` | `Step` | `ServerOffline`, then `Step` |
//! | an LSTM layer | `phases::recurrent` | `ClientCellOffline`, then `Cell` | `ServerCellOffline`, then `Cell` |
//! | the last layer and the answer | `phases::output` | `ClientEnd`, gives `Answer` | `ServerEnd` |
//! | the label of a record | `phases::output` | `ArgmaxEvaluator` | `ArgmaxGarbler` |
//!
//! `plan` says the size of every message of these steps; `keys` says which hash keys they use.

// Both halves of a step stand in one file. A build without the server compiles some of its halves,
// and links none.
#![cfg_attr(
    not(feature = "server"),
    expect(
        dead_code,
        unused_imports,
        reason = "the server's halves of the steps have no caller in a gateway's build"
    )
)]

pub mod channel;
pub mod client;
mod compute;
mod correlations;
mod entropy;
pub mod error;
mod gather;
pub mod handshake;
mod items;
mod key_share;
mod keys;
mod link_estimate;
mod memory;
pub mod messages;
pub mod meter;
pub mod method;
mod phases;
pub mod plan;
#[cfg(feature = "server")]
mod prepared_model;
pub mod progress;
mod record;
#[cfg(feature = "server")]
pub mod server;
pub mod tap;
#[cfg(feature = "testkit")]
pub mod testkit;
mod transcript;
pub mod wire;
