//! An LSTM layer: its linear half takes the sequence and the hidden state, so masked messages and
//! cells alternate.
//!
//! ```text
//! offline (after the masks of phases::linear and the material of phases::silent)
//!   both:   random unit vectors for the look-ups of all positions  Opening         <->  three times
//!   client: what depends on its shares alone, of all positions     InputCorrections ->
//! online
//!   client: the whole sequence under its mask                      MaskedInput      ->
//!   at every position t
//!     client: h0 - r_t, its share of the hidden state              MaskedInput      ->
//!     server: W [x_t 2^k - r; h - r_t] + b + s is its share of the accumulators, W r - s is the client's
//!     both:   a cell, turn by turn                                 Opening         <->
//!   both: additive shares of the last hidden state in the next layer's ring
//! ```
//! The hidden state of the first position is zero, and so is either share of it: the mask alone
//! travels.

use std::sync::Arc;

use ot_nonlinear::{
    Cell, CellPlan, CellState, ClientCellOffline, ServerCellOffline, StepError, UnitVector, UnitVectors,
};
use shares::{Role, Share, pack_residues, unpack_residues};

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::entropy;
use crate::error::{Error, Result};
use crate::meter::{Phase, Scope};
use crate::phases::rounds;
use crate::phases::silent::Material;
use crate::plan::{CellOts, RecurrentPlan};
#[cfg(feature = "server")]
use crate::prepared_model::PreparedModel;
use crate::wire::Tag;

/// What the server brings to the online phase of the layer; all of it is used up.
pub(crate) struct ServerInput {
    /// Its share of the sequence.
    pub(crate) sequence: Share,
    /// The mask `s`.
    pub(crate) mask: Share,
    /// A cell for every position.
    pub(crate) cells: Vec<ServerCellOffline>,
    /// Whether somebody verifies the accumulators, so that they are kept to the end.
    pub(crate) keep_accumulators: bool,
}

/// The server's shares at the end of the layer.
pub(crate) struct ServerResult {
    /// Accumulators, position by position, if they were kept.
    pub(crate) accumulators: Vec<Share>,
    /// The last hidden state, in the next layer's ring.
    pub(crate) hidden: Share,
}

/// The client's half of the offline phase; `product` is its share of all accumulators.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    layer: usize,
    plan: &RecurrentPlan,
    ots: CellOts<Material>,
    product: Share,
) -> Result<Vec<ClientCellOffline>> {
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let mut vectors = unit_vectors(channel, scope, plan, Role::Client, ots.vectors).await?.into_iter();
    let (cell, positions) = (plan.cell.clone(), plan.positions);
    let shares: Vec<Share> = (0..positions).map(|position| column(&product, position, positions)).collect();
    let (message, cells) = offload(move || {
        let (mut message, mut cells) = (Vec::new(), Vec::new());
        for (material, share) in ots.cells.into_iter().zip(&shares) {
            let vectors = vectors.by_ref().take(cell.lookups()).collect();
            let (mut corrections, waiting) =
                ClientCellOffline::prepare(&cell, material, vectors, share.residues())
                    .map_err(Error::internal)?;
            message.append(&mut corrections);
            cells.push(waiting);
        }
        Ok((message, cells))
    })
    .await?;
    channel.send(scope, Tag::InputCorrections, &message).await?;
    Ok(cells)
}

/// The server's half of the offline phase.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    layer: usize,
    plan: &RecurrentPlan,
    ots: CellOts<Material>,
) -> Result<Vec<ServerCellOffline>> {
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let vectors = unit_vectors(channel, scope, plan, Role::Server, ots.vectors).await?;
    let message = channel.receive(Due::exactly(scope, Tag::InputCorrections, plan.offline_bytes())).await?;
    let cell = plan.cell.clone();
    let cells = offload(move || {
        prepare_server(&cell, ots.cells, vectors, &message)
            .map_err(|e| Error::invalid(Role::Client, Tag::InputCorrections, e))
    })
    .await?;
    Ok(cells)
}

/// The server's cells from the client's corrections, position by position.
fn prepare_server(
    cell: &CellPlan,
    material: Vec<Vec<Material>>,
    vectors: Vec<UnitVector>,
    message: &[u8],
) -> Result<Vec<ServerCellOffline>, StepError> {
    let (bytes, mut vectors) = (cell.offline_bytes(), vectors.into_iter());
    let cells = material.into_iter().enumerate().map(|(position, material)| {
        let corrections = message.get(position * bytes..(position + 1) * bytes).unwrap_or_default();
        let vectors = vectors.by_ref().take(cell.lookups()).collect();
        ServerCellOffline::prepare(cell, material, vectors, corrections)
    });
    cells.collect()
}

/// The unit vectors of all look-ups, position by position.
async fn unit_vectors(
    channel: &mut Channel,
    scope: Scope,
    plan: &RecurrentPlan,
    own: Role,
    (received, sent): Material,
) -> Result<Vec<UnitVector>> {
    let vectors = plan.vectors.clone();
    let party = offload(move || {
        UnitVectors::new(&vectors, own, received, sent, &mut entropy::fresh()?).map_err(Error::internal)
    });
    rounds::run(channel, scope, &plan.vectors, party.await?, UnitVectors::finish).await
}

/// The client's online half: gives its share of the last hidden state. `input` is its share of the
/// sequence; the mask is used up.
pub(crate) async fn client_online(
    channel: &mut Channel,
    layer: usize,
    plan: &RecurrentPlan,
    input: Share,
    mask: Share,
    cells: Vec<ClientCellOffline>,
) -> Result<Share> {
    let (linear, nonlinear) = (Scope::linear(Phase::Online, layer), Scope::nonlinear(Phase::Online, layer));
    let times = channel.times();
    let (sequence_mask, hidden_mask) = split(&mask, plan);
    let masked = shifted(&input, plan).minus(sequence_mask.residues());
    times.timed(linear, send(channel, linear, &masked)).await?;
    let mut state = CellState::zero(&plan.cell);
    let mut hidden = vec![0; plan.units];
    for (position, cell) in cells.into_iter().enumerate() {
        let mask = column(&hidden_mask, position, plan.positions);
        let masked = Share::new(hidden, plan.ell).minus(mask.residues());
        times.timed(linear, send(channel, linear, &masked)).await?;
        let cell = cell.start(state).map_err(Error::internal)?;
        (hidden, state) = times.timed(nonlinear, run(channel, layer, plan, cell)).await?;
    }
    Ok(Share::new(hidden, plan.out_ell))
}

#[cfg(feature = "server")]
/// The server's online half.
pub(crate) async fn server_online(
    channel: &mut Channel,
    layer: usize,
    model: &Arc<PreparedModel>,
    plan: &RecurrentPlan,
    input: ServerInput,
) -> Result<ServerResult> {
    let (linear, nonlinear) = (Scope::linear(Phase::Online, layer), Scope::nonlinear(Phase::Online, layer));
    let times = channel.times();
    let due = Due::exactly(linear, Tag::MaskedInput, plan.masked_sequence_bytes());
    let masked = receive(channel, due, plan.channels * plan.positions, plan.ell);
    let masked = times.timed(linear, masked).await?;
    let sequence = shifted(&input.sequence, plan).plus(&masked);
    let mut state = CellState::zero(&plan.cell);
    let mut hidden = vec![0; plan.units];
    let mut accumulators = Vec::new();
    for (position, cell) in input.cells.into_iter().enumerate() {
        let gates = async {
            let due = Due::exactly(linear, Tag::MaskedInput, plan.masked_hidden_bytes());
            let masked = receive(channel, due, plan.units, plan.ell).await?;
            let hidden = Share::new(hidden, plan.ell).plus(&masked);
            let inputs = [column(&sequence, position, plan.positions), hidden];
            let combined = Share::concatenated(inputs.iter()).ok_or_else(Error::no_such_layer)?;
            let mask = column(&input.mask, position, plan.positions);
            let model = Arc::clone(model);
            offload(move || {
                let gates = mask.plus(&model.accumulate(layer, combined.residues())?);
                let cell = cell.start(gates.residues(), state).map_err(Error::internal)?;
                Ok((gates, cell))
            })
            .await
        };
        let (gates, cell) = times.timed(linear, gates).await?;
        (hidden, state) = times.timed(nonlinear, run(channel, layer, plan, cell)).await?;
        if input.keep_accumulators {
            accumulators.push(gates);
        }
    }
    Ok(ServerResult { accumulators, hidden: Share::new(hidden, plan.out_ell) })
}

/// A cell, turn by turn: shares of the hidden state in the cell's ring, and of the cell state.
async fn run(
    channel: &mut Channel,
    layer: usize,
    plan: &RecurrentPlan,
    cell: Cell,
) -> Result<(Vec<u32>, CellState)> {
    let scope = Scope::nonlinear(Phase::Online, layer);
    rounds::run(channel, scope, &plan.cell, cell, Cell::finish).await
}

async fn send(channel: &mut Channel, scope: Scope, masked: &Share) -> Result<()> {
    channel.send(scope, Tag::MaskedInput, &pack_residues(masked.residues(), masked.ell())).await
}

async fn receive(channel: &mut Channel, due: Due, count: usize, ell: u32) -> Result<Vec<u32>> {
    let message = channel.receive(due).await?;
    unpack_residues(&message, count, ell).map_err(|e| Error::invalid(Role::Client, due.tag, e))
}

/// A share of the sequence, times the power of two by which it meets its weights.
fn shifted(share: &Share, plan: &RecurrentPlan) -> Share {
    Share::new(share.residues().iter().map(|residue| residue << plan.input_shift).collect(), plan.ell)
}

/// A mask of the linear layer's input as those of the sequence and of the hidden states,
/// `[channel][position]` each.
fn split(mask: &Share, plan: &RecurrentPlan) -> (Share, Share) {
    let (sequence, hidden) = mask.residues().split_at(plan.channels * plan.positions);
    (Share::new(sequence.to_vec(), mask.ell()), Share::new(hidden.to_vec(), mask.ell()))
}

/// All channels at one of `positions` positions.
fn column(share: &Share, position: usize, positions: usize) -> Share {
    Share::new(
        share.residues().iter().skip(position).step_by(positions.max(1)).copied().collect(),
        share.ell(),
    )
}

/// `[row][position]` from one share for each position.
pub(crate) fn transposed(columns: &[Share]) -> Option<Share> {
    let first = columns.first()?;
    let rows = first.residues().len();
    // Room is made once, so that no copy stays behind unwiped.
    let mut residues = Vec::with_capacity(rows * columns.len());
    for row in 0..rows {
        residues.extend(columns.iter().filter_map(|column| column.residues().get(row)));
    }
    Some(Share::new(residues, first.ell()))
}
