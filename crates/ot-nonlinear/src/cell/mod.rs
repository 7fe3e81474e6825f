//! One time step of an LSTM layer on additive shares. The cell state stays in shares from step to
//! step.
//!
//! Let I, F, G, O be what the gates i, f, c, o look up, and let c be the cell state. A time step
//! has these parts:
//!
//! 1. *gates*: the indices of the 4 H accumulators. This is a rescaling step to 8 bits; the
//!    client's choices go offline.
//! 2. *gate look-ups*: I, F, G, O as XOR-shared bytes (`lookup`).
//! 3. *cell update*: a = F c + I G mod 2^P, and O as a residue. Both come from the bytes in one
//!    exchange (`circuit::bilinear`).
//! 4. *cell state* and *cell index*, side by side: the new c and the index z. Both are late
//!    rescaling steps of a plus an offset that makes them unsigned. Late means that neither party
//!    knows its share offline.
//! 5. *cell look-up*: T = tanh of z, a byte.
//! 6. *output*: h = O T.
//!
//! P is the least width in which a step can rescale a, whatever the tables. For a cell state of C
//! bits the magnitude of a is at most 2^(C + 6) + 2^14.
//!
//! Each look-up uses up a random unit vector. These vectors are made offline for all time steps at
//! once (`unit_vector`).
//! |a| <= 2^(C + 6) + 2^14. Each look-up uses up a random unit vector. These are made offline for all time
//! steps at once (`unit_vector`).
//!
//! # Turns
//! The parties speak in turn, and each says all it can (`timeline`). An answer carries the server's
//! half of the next exchange, a question the client's half of the last one. What the client says of
//! the first gates goes offline, so the server has the first message.
//!
//! With G rounds of the gates' step and R of the index's, a cell takes G + R + 4 messages. With
//! [`Mode::Tree`](crate::Mode::Tree) G and R are 5 to 7 for gates of 11 bits or more, usually 6.
//! That makes 16 messages. The last travels with the client's next masked input. So a step of a
//! sequence, that input included, takes 16 one-way latencies or 8 round trips. If both sent in each
//! exchange, it would be 17.
//!
//! # Bits a unit
//!
//! | part | formula | gates 25, C = 10, P = 20, W = 25, tree |
//! |---|---|---|
//! | unit vectors, offline | 5 * 579 | 2895 |
//! | gates | 4 steps of 8 bits | 832 |
//! | gate look-ups | 4 * 16 | 64 |
//! | cell update | F c: 16 P - 40; I G: 80 P - 488; O: 8 W - 28 | 1564 |
//! | cell state, cell index | a step of C bits, one of 8 | 176 + 156 |
//! | cell look-up | 16 | 16 |
//! | output | 16 W - 40 | 360 |
//!
//! I G from the bytes at once costs 700 bits more than in two exchanges, 12 in 100 of all. It saves
//! a round trip of nine.

pub(crate) mod bilinear;
pub(crate) mod lookup;
mod party;
mod plan;
mod running;
mod tables;
mod timeline;
pub(crate) mod unit_vector;

pub use party::{Cell, CellState, ClientCellOffline, ServerCellOffline};
pub use plan::{CellPlan, CellShape};
pub use tables::CellTables;
pub use unit_vector::{UnitVector, UnitVectors};
