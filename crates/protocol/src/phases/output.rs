//! The end of an inference: what the client learns.
//!
//! ```text
//! scores:  server: its share of the scores  <- Scores;  client adds its own
//! label:   offline  client: Extension, InputCorrections ->
//!          online   server: a garbled argmax <- Label;   client evaluates and decodes the label alone
//! ```

use std::sync::Arc;
use std::time::Instant;

use gc_nonlinear::{ArgmaxEvaluator, ArgmaxGarbler, Session};
use oblivious_transfer::bits::{pack_residues, unpack_residues};

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::setup::{Correlations, extension_bytes};
use crate::plan::{Plan, residue_bytes};
use crate::share::{Share, signed};
use crate::wire::Tag;

/// The step's number within the hashes of one inference: after every layer's.
const STEP_ID: u16 = u16::MAX;

/// The server's last message when it reveals scores.
pub(crate) async fn server_scores(channel: &mut Channel, share: &Share) -> Result<()> {
    let start = Instant::now();
    channel.send(Scope::output(), Tag::Scores, &pack_residues(share.residues(), share.ell())).await?;
    channel.book_time(Scope::output(), start);
    Ok(())
}

/// The client adds up the scores.
pub(crate) async fn client_scores(channel: &mut Channel, share: &Share) -> Result<Vec<i64>> {
    let start = Instant::now();
    let count = share.residues().len();
    let due = Due::exactly(Scope::output(), Tag::Scores, residue_bytes(count, share.ell()));
    let message = channel.receive(due).await?;
    let theirs = unpack_residues(&message, count, share.ell())
        .map_err(|e| Error::invalid(Party::Server, Tag::Scores, e))?;
    let scores = share.plus(&theirs).residues().iter().map(|&r| signed(r, share.ell())).collect();
    channel.book_time(Scope::output(), start);
    Ok(scores)
}

/// The client's preparation of a label-only answer; `product` is its share of the scores.
pub(crate) async fn client_label_offline(
    channel: &mut Channel,
    plan: &Arc<Plan>,
    session: &Session,
    correlations: &mut Correlations,
    product: &Share,
) -> Result<ArgmaxEvaluator> {
    let scope = Scope { phase: Phase::Offline, ..Scope::output() };
    let (extension, inputs) = correlations.receive(plan.argmax.input_cots()).await?;
    channel.send(scope, Tag::Extension, &extension).await?;
    let (corrections, evaluator) =
        ArgmaxEvaluator::prepare(&plan.argmax, session, STEP_ID, product.residues(), inputs)
            .map_err(Error::internal)?;
    channel.send(scope, Tag::InputCorrections, &corrections).await?;
    Ok(evaluator)
}

/// The server's preparation of a label-only answer.
pub(crate) async fn server_label_offline(
    channel: &mut Channel,
    plan: &Plan,
    session: &Session,
    correlations: &mut Correlations,
) -> Result<ArgmaxGarbler> {
    let scope = Scope { phase: Phase::Offline, ..Scope::output() };
    let cots = plan.argmax.input_cots();
    let extension = channel.receive(Due::exactly(scope, Tag::Extension, extension_bytes(cots))).await?;
    let inputs = correlations.send(cots, extension).await?;
    let due = Due::exactly(scope, Tag::InputCorrections, plan.argmax.input_corrections_bytes());
    let corrections = channel.receive(due).await?;
    ArgmaxGarbler::prepare(&plan.argmax, session, STEP_ID, inputs, &corrections)
        .map_err(|e| Error::invalid(Party::Client, Tag::InputCorrections, e))
}

/// The server garbles the choice of the label over its share of the scores.
pub(crate) async fn server_label(channel: &mut Channel, garbler: ArgmaxGarbler, share: Share) -> Result<()> {
    let start = Instant::now();
    let message = offload(move || garbler.garble(share.residues()).map_err(Error::internal)).await?;
    channel.send(Scope::output(), Tag::Label, &message).await?;
    channel.book_time(Scope::output(), start);
    Ok(())
}

/// The client evaluates it and learns the label, an index into the classes.
pub(crate) async fn client_label(
    channel: &mut Channel,
    plan: &Plan,
    evaluator: ArgmaxEvaluator,
) -> Result<usize> {
    let start = Instant::now();
    let due = Due::exactly(Scope::output(), Tag::Label, plan.argmax.message_bytes());
    let message = channel.receive(due).await?;
    let label =
        offload(move || evaluator.finish(&message).map_err(|e| Error::invalid(Party::Server, Tag::Label, e)))
            .await?;
    channel.book_time(Scope::output(), start);
    if label >= plan.classes {
        return Err(Error::invalid(Party::Server, Tag::Label, "it decodes to no class"));
    }
    Ok(label)
}
