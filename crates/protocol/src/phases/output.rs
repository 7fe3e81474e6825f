//! The end of an inference, and of a record: what the client learns.
//!
//! ```text
//! scores:  server: its share of the scores  <- Scores;  client adds its own
//! label:   offline  client: Extension, InputCorrections ->
//!          online   server: a garbled argmax <- Label;   client evaluates and decodes the label alone
//! record:  the same three messages online, over the shares of several segments' scores
//! ```

use std::sync::Arc;

use gc_nonlinear::{ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, HashRoot};
use shares::{Share, pack_residues, unpack_residues};
use zeroize::Zeroizing;

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::setup::{Correlations, InferenceId, extension_bytes, record_hashes};
use crate::plan::{Plan, residue_bytes};
use crate::wire::Tag;

/// The step's number within the hashes of one inference, after every layer's, and of one record, where it is the only one.
const STEP_ID: u16 = u16::MAX;

/// The server's last message when it reveals scores.
pub(crate) async fn server_scores(channel: &mut Channel, share: &Share) -> Result<()> {
    channel.send(Scope::output(), Tag::Scores, &pack_residues(share.residues(), share.ell())).await?;
    Ok(())
}

/// The client adds up the scores.
pub(crate) async fn client_scores(channel: &mut Channel, share: &Share) -> Result<Vec<i64>> {
    let count = share.residues().len();
    let due = Due::exactly(Scope::output(), Tag::Scores, residue_bytes(count, share.ell()));
    let message = channel.receive(due).await?;
    let theirs = unpack_residues(&message, count, share.ell())
        .map_err(|e| Error::invalid(Party::Server, Tag::Scores, e))?;
    let scores = share.plus(&theirs).residues().iter().map(|&r| share.ring().signed(r)).collect();
    Ok(scores)
}

/// The garbled choice of one label.
pub(crate) struct Choice {
    argmax: ArgmaxPlan,
    hash_root: HashRoot,
    /// When it is prepared.
    phase: Phase,
}

impl Choice {
    /// Of the label of one segment, prepared before the ECG is known.
    pub(crate) fn of_segment(plan: &Plan, id: &InferenceId) -> Self {
        Self { argmax: plan.argmax.clone(), hash_root: id.gc(), phase: Phase::Offline }
    }

    /// Of the label of the sum of the scores of `segments` segments, the one with this number in the session. It is prepared
    /// once the segments are classified: only then the client knows how many there are.
    pub(crate) async fn of_record(
        plan: &Arc<Plan>,
        session_id: &[u8; 32],
        number: u64,
        segments: usize,
    ) -> Result<Self> {
        let plan = Arc::clone(plan);
        let argmax = offload(move || plan.overall(segments)).await?;
        Ok(Self { argmax, hash_root: record_hashes(session_id, number), phase: Phase::Online })
    }

    fn preparation(&self) -> Scope {
        Scope { phase: self.phase, ..Scope::output() }
    }
}

/// The client's preparation of a label-only answer; `scores` is its share of the scores, `[segment][class]`.
pub(crate) async fn client_label_prepare(
    channel: &mut Channel,
    choice: &Choice,
    correlations: &mut Correlations,
    scores: &Share,
) -> Result<ArgmaxEvaluator> {
    let scope = choice.preparation();
    let (extension, inputs) = correlations.receive(choice.argmax.input_cots()).await?;
    channel.send(scope, Tag::Extension, &extension).await?;
    let (argmax, hash_root) = (choice.argmax.clone(), choice.hash_root.clone());
    let shares = Zeroizing::new(scores.residues().to_vec());
    let (corrections, evaluator) = offload(move || {
        ArgmaxEvaluator::prepare(&argmax, &hash_root, STEP_ID, &shares, inputs).map_err(Error::internal)
    })
    .await?;
    channel.send(scope, Tag::InputCorrections, &corrections).await?;
    Ok(evaluator)
}

/// The server's preparation of a label-only answer.
pub(crate) async fn server_label_prepare(
    channel: &mut Channel,
    choice: &Choice,
    correlations: &mut Correlations,
) -> Result<ArgmaxGarbler> {
    let scope = choice.preparation();
    let cots = choice.argmax.input_cots();
    let extension = channel.receive(Due::exactly(scope, Tag::Extension, extension_bytes(cots))).await?;
    let inputs = correlations.send(cots, extension).await?;
    let due = Due::exactly(scope, Tag::InputCorrections, choice.argmax.input_corrections_bytes());
    let corrections = channel.receive(due).await?;
    let (argmax, hash_root) = (choice.argmax.clone(), choice.hash_root.clone());
    offload(move || {
        ArgmaxGarbler::prepare(&argmax, &hash_root, STEP_ID, inputs, &corrections)
            .map_err(|e| Error::invalid(Party::Client, Tag::InputCorrections, e))
    })
    .await
}

/// The server garbles the choice of the label over its share of the scores, which it gets back.
pub(crate) async fn server_label(
    channel: &mut Channel,
    garbler: ArgmaxGarbler,
    scores: Share,
) -> Result<Share> {
    let garble = move || Ok((garbler.garble(scores.residues()).map_err(Error::internal)?, scores));
    let (message, scores) = offload(garble).await?;
    channel.send(Scope::output(), Tag::Label, &message).await?;
    Ok(scores)
}

/// The client evaluates it and learns the label, an index into the classes.
pub(crate) async fn client_label(channel: &mut Channel, evaluator: ArgmaxEvaluator) -> Result<usize> {
    let due = Due::exactly(Scope::output(), Tag::Label, evaluator.message_bytes());
    let message = channel.receive(due).await?;
    let label =
        offload(move || evaluator.finish(&message).map_err(|e| Error::invalid(Party::Server, Tag::Label, e)))
            .await?;
    Ok(label)
}
