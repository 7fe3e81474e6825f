//! The non-linear step of a private network, exact and on additive shares, from correlated oblivious transfer.
//!
//! The client holds c, the server s, residues mod 2^ell of accumulators c + s. They end with shares mod 2^out_ell of
//! clamp((max(a, b) + 2^(f-1)) >> f, 0, 2^A - 1): maxpool, ReLU, rounding and saturation in one, bit for bit the plain
//! formula, always. Two semi-honest parties; no I/O: steps take and return messages whose lengths follow from the
//! public shape.
//!
//! # How
//! 1. Sign of a - b: each party knows the bits of its own share, so the sign is theirs XOR the carry into it.
//! 2. Selection m = b + [a >= b] (a - b) with a random bit rho: shares of rho (a - b) are made while the comparison
//!    runs, then [a >= b] ^ rho is opened.
//! 3. v = m + 2^(f-1). One pass of carries gives the carry into bit f, the sign of v and the sign of v - 2^(f+A), hence
//!    in range, saturated or negative as XORs of shares.
//! 4. y = in_range (v >> f) + (2^A - 1) over on the small ring mod 2^(A+1), lifted to mod 2^out_ell.
//!
//! Bits are XOR-shared and bit-sliced, 1024 instances a chunk. Every product of a bit of one party and a bit or
//! residue of the other is one correlated OT (`circuit::gate`, `circuit::ring` hold the formulas).
//!
//! # Traffic against latency
//! A comparison may ripple, 4 bits of traffic a bit, or be a tree of fewer exchanges and more bits, or anything between:
//! [`Mode`] names the limit and `circuit::spans` finds the least traffic under it. With n = ell - 1 and h = n - f - A spare
//! bits, per pair of accumulators (f > 1, h > 0, out_ell > A + 1):
//!
//! | | [`Mode::Ripple`] | [`Mode::Tree`] |
//! |---|---|---|
//! | comparison, bits | 4 n - 2 | about 5.5 n |
//! | selection, bits | 2 ell + 2 | the same |
//! | carries of v, bits | 4 n - 2 + 3 h | about 5.5 n + 5 h |
//! | result, bits | 3 A + 6 + out_ell | the same |
//! | exchanges (half a round trip each) | 2 n + 1 | about 2 ceil(log2 n) + 3 |
//!
//! At ell = out_ell = 20, A = 8, f = 6: 255 bits in 39 exchanges, 291 in 23, 319 in 15, or 327 in 13, from 84 OTs
//! each, half of them in either direction.
//!
//! What depends on the client's share alone goes offline: all it says of the comparison's first gates, its choices in the others,
//! and half the selection. `cargo run --release -p ot-nonlinear --example costs` prints the exact table and the seconds.
//!
//! # Map
//! [`StepPlan`] compiles a shape; [`CotStream`] (or the condensers alone) turns an extension's correlated OTs into
//! one-time material; [`Step`] and [`ServerOffline`], [`Step`] run a step.
//!
//! # LSTM cells
//! [`CellPlan`] compiles a time step of an LSTM layer: shares of the gates' accumulators in, shares of the hidden state
//! out, the [`CellState`] handed on. [`ClientCellOffline`] and [`ServerCellOffline`] take the material of its parts (for the
//! condensers, one by one: [`CellPlan::schedules`]) and a random unit vector for each look-up ([`UnitVectorPlan`],
//! [`UnitVectors`]); [`Cell`] runs either party. The tables ([`CellTables`]) are public. About 6,060 bits a unit, half of
//! them before any input is known, and 16 messages of parties that speak in turn.
//!
//! # Use
//! ```
//! use shares::{Role, StepShape};
//! use oblivious_transfer::{bits::BitVec, block::Block, cot, prg::Prg};
//! use ot_nonlinear::{Step, HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, SentCondenser, SentMaterial, ServerOffline, StepError, StepPlan};
//!
//! // Material of one direction, here from a dealer in place of an OT extension.
//! fn material(plan: &StepPlan, receiver: Role, rng: &mut Prg) -> Result<(ReceivedMaterial, SentMaterial), StepError> {
//!     let hash_root = HashRoot::new(&[0; 32]);
//!     let delta = Block::random(rng);
//!     let mut received = ReceivedCondenser::new(plan, &hash_root, 0, receiver);
//!     let mut sent = SentCondenser::new(plan, &hash_root, 0, receiver, delta);
//!     let (keys, cots) = cot::deal(delta, BitVec::random(sent.needed(), rng), rng);
//!     sent.absorb(&keys)?;
//!     received.absorb(&cots.macs, &cots.choices)?;
//!     Ok((received.finish()?, sent.finish()?))
//! }
//!
//! let shape = StepShape { count: 2, ell: 12, shift: 2, bits: 4, pool: true, out_ell: 10 };
//! let plan = StepPlan::new(shape, Mode::Tree)?;
//! let mut rng = Prg::from_block(Block::new(1));
//! let (client_received, server_sent) = material(&plan, Role::Client, &mut rng)?;
//! let (server_received, client_sent) = material(&plan, Role::Server, &mut rng)?;
//!
//! // Accumulators (30, -7) and (-1, 1000); the client's shares are known offline.
//! let c = [100, 200, 300, 400];
//! let s = [30, -7, -1, 1000].iter().zip(c).map(|(a, c)| (a - c as i32) as u32 & 0xfff).collect::<Vec<_>>();
//! let (offline, mut client) = Step::prepare_client(&plan, client_received, client_sent, &c)?;
//! let server = ServerOffline::prepare(&plan, server_received, server_sent, &offline)?;
//! let mut server = server.start(&s)?;
//! for _ in 0..plan.rounds() {
//!     let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
//!     client.incoming(&from_server)?;
//!     server.incoming(&from_client)?;
//! }
//! let opened: Vec<u32> =
//!     client.finish()?.iter().zip(server.finish()?).map(|(y0, y1)| y0.wrapping_add(y1) & 0x3ff).collect();
//! assert_eq!(opened, [8, 15]); // (30 + 2) >> 2, and saturated
//! # Ok::<(), StepError>(())
//! ```
//! Material is consumed by the step that uses it:
//! ```compile_fail,E0382
//! # use ot_nonlinear::{Step, ReceivedMaterial, SentMaterial, StepPlan};
//! fn twice(plan: &StepPlan, received: ReceivedMaterial, sent: SentMaterial, shares: &[u32]) {
//!     let first = Step::prepare_client(plan, received, sent, shares);
//!     let second = Step::prepare_client(plan, received, sent, shares);
//! }
//! ```
//!
//! and so are a cell's material, its unit vectors and the state it starts from:
//! ```compile_fail,E0382
//! # use ot_nonlinear::{CellPlan, ClientCellOffline, ReceivedMaterial, SentMaterial, UnitVector};
//! type CellMaterial = Vec<(ReceivedMaterial, SentMaterial)>;
//! fn twice(plan: &CellPlan, material: CellMaterial, [v, w]: [Vec<UnitVector>; 2], shares: &[u32]) {
//!     let first = ClientCellOffline::prepare(plan, material, v, shares);
//!     let second = ClientCellOffline::prepare(plan, material, w, shares);
//! }
//! ```
//! ```compile_fail,E0382
//! # use ot_nonlinear::{CellPlan, ClientCellOffline, ReceivedMaterial, SentMaterial, UnitVector};
//! type CellMaterial = Vec<(ReceivedMaterial, SentMaterial)>;
//! fn twice(plan: &CellPlan, [m, n]: [CellMaterial; 2], vectors: Vec<UnitVector>, shares: &[u32]) {
//!     let first = ClientCellOffline::prepare(plan, m, vectors, shares);
//!     let second = ClientCellOffline::prepare(plan, n, vectors, shares);
//! }
//! ```
//! ```compile_fail,E0382
//! # use ot_nonlinear::{CellState, ClientCellOffline};
//! fn twice(first: ClientCellOffline, second: ClientCellOffline, state: CellState) {
//!     let cells = (first.start(state), second.start(state));
//! }
//! ```
//!
//! # Security
//! Against semi-honest parties, from the correlation robustness of the hash in `condense`: a choice travels as choice ^ r
//! with r a choice of a random OT, an offer as offer ^ a with a the difference of two pads of which the receiver knows
//! one, the selection bit under rho of which each party knows half. Each OT serves one product, or several offers on one
//! choice with separate pad bits; a pad that rides on another offer (`circuit::gate`) is under that one's own pads there. A look-up opens the difference of its index and a random one, which nobody knows. No
//! branch, index or length depends on a share.

mod bits;
mod cell;
mod circuit;
mod error;
mod material;
mod shape;
mod step;

pub use cell::{
    Cell, CellPlan, CellShape, CellState, CellTables, ClientCellOffline, ServerCellOffline, UnitVector,
    UnitVectors,
};
pub use circuit::{CotCounts, Schedule, StepPlan, UnitVectorPlan};
pub use error::StepError;
pub use material::{
    Condenser, CotStream, HashRoot, Pieces, ReceivedCondenser, ReceivedMaterial, ReceivedPiece,
    ReceivedStream, SentCondenser, SentMaterial, SentPiece, SentStream,
};
pub use shape::Mode;
pub use step::{ServerOffline, Step};

#[cfg(test)]
mod tests;
