//! The non-linear step of a private network on additive shares, from correlated oblivious transfer.
//!
//! The client holds residues c modulo 2^ell, the server residues s. The accumulators are c + s. The
//! step takes two accumulators a and b and gives shares modulo 2^out_ell of
//!
//! ```text
//! clamp((max(a, b) + 2^(f-1)) >> f, 0, 2^A - 1)
//! ```
//!
//! This is max pooling, ReLU, rounding and saturation in one. The result equals the plain formula
//! bit for bit, always. Both parties are semi-honest: they follow the protocol. The crate does no
//! I/O. Steps take and return messages whose lengths follow from the public shape.
//!
//! # Words
//! - *Oblivious transfer (OT)*: the sender offers two values, the receiver learns the one it
//!   chooses. The sender does not learn the choice.
//! - *Correlated OT*: an OT on random values, made in advance. Its two values differ by a fixed
//!   secret.
//! - *Pad*: a one-time mask, made from a correlated OT. To *condense* is to make pads from
//!   correlated OTs.
//! - *Exchange*: both parties send, then both receive. An exchange takes half a round trip.
//!
//! # How
//! 1. **Sign of a - b.** Each party knows the bits of its own share. The sign is the XOR of the two
//!    sign bits and the carry into them.
//! 2. **Selection** of the larger, m = b + [a >= b] (a - b). A random bit rho hides the outcome.
//!    Shares of the product of rho and the difference are made while the comparison runs. Then
//!    [a >= b] ^ rho is opened.
//! 3. **Range** of v = m + 2^(f-1). One pass of carries gives the carry into bit f, the sign of v
//!    and the sign of v - 2^(f+A). Whether v is in range, saturated or negative is an XOR of shares
//!    of these.
//! 4. **Result** y = in_range (v >> f) + (2^A - 1) over. It is computed on a small ring modulo
//!    2^(A+1) and lifted to the ring modulo 2^out_ell.
//!
//! Bits are XOR-shared. They are bit-sliced: one word holds one bit of many instances, 1024 a
//! chunk. A product of a bit of one party and a bit or residue of the other takes one correlated
//! OT. The formulas stand in `circuit::gate` and `circuit::ring`.
//!
//! # Traffic against latency
//! A comparison is a chain of carries. It may *ripple*, bit after bit: that costs the least
//! traffic, 4 bits a bit. It may be a *tree*: that costs the fewest exchanges and more bits.
//! Anything between is possible. [`Mode`] names the limit on exchanges, and `circuit::spans` finds
//! the least traffic under it.
//!
//! Let n = ell - 1, and let h = n - f - A be the spare bits. A pair of accumulators (f > 1, h > 0,
//! out_ell > A + 1) costs:
//!
//! | | [`Mode::Ripple`] | [`Mode::Tree`] |
//! |---|---|---|
//! | comparison, bits | 4 n - 2 | about 5.5 n |
//! | selection, bits | 2 ell + 2 | the same |
//! | carries of v, bits | 4 n - 2 + 3 h | about 5.5 n + 5 h |
//! | result, bits | 3 A + 6 + out_ell | the same |
//! | exchanges | 2 n + 1 | about 2 ceil(log2 n) + 3 |
//!
//! At ell = out_ell = 20, A = 8, f = 6 a pair takes 255 bits in 39 exchanges, 291 in 23, 319 in 15,
//! or 327 in 13. Each of these uses 84 OTs, half of them in either direction. The tests derive
//! these numbers from the gates themselves.
//!
//! What depends on the client's share alone goes offline, before the input is known: all that the
//! client says of the comparison's first gates, its choices in the others, and half the selection.
//! `cargo run --release -p ot-nonlinear --example costs` prints the exact table and the seconds.
//!
//! # Map
//! | from | to | by |
//! |---|---|---|
//! | a shape | a plan: gates, rounds, sizes | [`StepPlan`] |
//! | an extension's correlated OTs | one-time material | [`CotStream`], or a condenser alone |
//! | material and shares | messages, then shares of the results | [`Step`], [`ServerOffline`] |
//!
//! # LSTM cells
//! [`CellPlan`] compiles a time step of an LSTM layer. Shares of the gates' accumulators go in,
//! shares of the hidden state come out, and the [`CellState`] is handed on. [`ClientCellOffline`]
//! and [`ServerCellOffline`] take two kinds of material. One is that of the cell's parts;
//! [`CellPlan::schedules`] lists them for the condensers. The other is a random unit vector for
//! each look-up, from [`UnitVectorPlan`] and [`UnitVectors`]. [`Cell`] runs either party. The
//! tables ([`CellTables`]) are public. A unit takes about 6,060 bits, half of them before any input
//! is known. The parties speak in turn, in 16 messages.
//!
//! # Use
//! ```
//! use oblivious_transfer::{bits::BitVec, block::Block, cot, prg::Prg};
//! use ot_nonlinear::{
//!     HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, SentCondenser, SentMaterial, ServerOffline, Step,
//!     StepError, StepPlan,
//! };
//! use shares::{Role, StepShape};
//!
//! // Material of one direction, here from a dealer in place of an OT extension.
//! fn material(
//!     plan: &StepPlan,
//!     receiver: Role,
//!     rng: &mut Prg,
//! ) -> Result<(ReceivedMaterial, SentMaterial), StepError> {
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
//! let s = [30, -7, -1, 1000].iter().zip(c).map(|(a, c)| (a - c as i32) as u32 & 0xfff);
//! let s: Vec<u32> = s.collect();
//! let (offline, mut client) = Step::prepare_client(&plan, client_received, client_sent, &c)?;
//! let server = ServerOffline::prepare(&plan, server_received, server_sent, &offline)?;
//! let mut server = server.start(&s)?;
//! for _ in 0..plan.rounds() {
//!     let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
//!     client.incoming(&from_server)?;
//!     server.incoming(&from_client)?;
//! }
//! let (y0, y1) = (client.finish()?, server.finish()?);
//! let opened: Vec<u32> = y0.iter().zip(y1).map(|(y0, y1)| y0.wrapping_add(y1) & 0x3ff).collect();
//! assert_eq!(opened, [8, 15]); // (30 + 2) >> 2, and saturated
//! # Ok::<(), StepError>(())
//! ```
//! Material is consumed by the step that uses it:
//! ```compile_fail,E0382
//! # use ot_nonlinear::{ReceivedMaterial, SentMaterial, Step, StepPlan};
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
//! The parties are semi-honest. Security rests on the correlation robustness of the hash that
//! condenses.
//!
//! - A choice travels as choice ^ r. The bit r is the choice of a random OT.
//! - An offer travels as offer ^ a. The mask a is the difference of two pads of which the receiver
//!   knows one.
//! - The selection bit travels under rho, of which each party knows half.
//! - A look-up opens the difference of its index and a random index that nobody knows.
//!
//! An OT serves one product, or several offers on one choice with separate pad bits. A pad may ride
//! on another offer (`circuit::gate`); there it travels under that offer's own pads. A test shows
//! that all a party sees and knows is linearly independent, so no pad is used twice. No branch,
//! index or length depends on a share.

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
    ReceivedStream, SentCondenser, SentMaterial, SentPiece, SentStream, material_bytes,
};
pub use shape::Mode;
pub use step::{ServerOffline, Step};

#[cfg(test)]
mod tests;
