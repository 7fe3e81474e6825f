//! The two-party protocol of private ECG inference: both roles of every step side by side, the wire format, sessions.
//!
//! ```text
//! client (gateway: ECG)                                        server (cloud: weights)
//! setup     Hello                                           ->
//!                                                          <-  Accept (architecture, policy)
//!           public key, base OTs, silent OT set-up         <->  base OTs, silent OT set-up
//! offline   for every layer: Enc(r)                         ->
//!                                                          <-  Enc(W r - s)
//!           OT extension; for every layer: corrections     <->  OT extension
//! online    for every layer: y0 - r                         ->  W (y - r) + b + s
//!           opened bits, round by round                    <->  opened bits     (backend ot)
//!           corrections                                    <->  garbled tables  (backend gc)
//!           for an LSTM, at every position: h - r             ->  shares of its accumulators; opened bits in turn
//!                                                          <-  share of the scores, or the label's decoding
//! record    where labels alone are revealed: the label of the sum of several segments' scores
//!           corrections                                     ->
//!                                                          <-  the label's decoding
//! ```
//! The client learns the class scores (or labels alone, if that is the server's policy); the server learns that an
//! inference took place. Both are semi-honest: SECURITY.md says what that means and what it leaves open.
//!
//! Start reading at [`client`] and [`server`]; each step's two halves stand in one file under `phases`.

pub mod channel;
pub mod client;
mod compute;
mod correlations;
mod entropy;
pub mod error;
mod gather;
pub mod handshake;
mod items;
mod keys;
mod link_estimate;
pub mod messages;
pub mod meter;
pub mod method;
mod phases;
pub mod plan;
mod prepared_model;
pub mod progress;
mod record;
mod ring;
pub mod server;
pub mod tap;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod wire;
