//! The end of an inference, and of a record: what the client learns.
//!
//! ```text
//! scores:  server: its share of the scores  <- Scores;  client adds its own
//! label:   offline  client: Extension, InputCorrections ->
//!          online   server: a garbled argmax <- Label;   client evaluates, decodes label and level
//! record:  the same three messages online, over the shares of several segments' scores; no level
//! ```
//! The last linear layer belongs to it: its accumulators are the scores.

use std::sync::Arc;

use deepcardio::architecture::Level;
use deepcardio::scores::Label;
use gc_nonlinear::{ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, HashRoot};
use shares::Role;
use shares::{Share, pack_residues, unpack_residues};
use zeroize::Zeroizing;

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::correlations::{Correlations, extension_bytes};
use crate::error::{Error, Result};
use crate::keys::{InferenceId, record_hashes};
use crate::meter::{Phase, Scope};
use crate::method::Reveal;
use crate::phases::linear;
use crate::plan::{Plan, StagePlan, residue_bytes};
#[cfg(feature = "server")]
use crate::prepared_model::PreparedModel;
use crate::tap::{Point, Tap};
use crate::wire::Tag;

/// The step's number within the hashes of one inference, after every layer's, and of one record,
/// where it is the only one.
const STEP_ID: u16 = u16::MAX;

/// What the client learns, and what it keeps of it.
pub(crate) enum Answer {
    /// The integer score of every class.
    Scores(Vec<i64>),
    /// The label, and the client's share of the scores.
    Label(Label, Share),
}

/// The client's half of the last stage, ready to run.
pub(crate) struct ClientEnd {
    index: usize,
    stage: Arc<StagePlan>,
    mask: Share,
    /// Its share of the scores, known before the ECG is.
    scores: Share,
    /// What chooses the label, where it alone is revealed.
    label: Option<ArgmaxEvaluator>,
}

#[cfg(feature = "server")]
/// The server's half of the last stage, ready to run.
pub(crate) struct ServerEnd {
    index: usize,
    stage: Arc<StagePlan>,
    mask: Share,
    /// What chooses the label, where it alone is revealed.
    label: Option<ArgmaxGarbler>,
}

impl ClientEnd {
    /// The client's offline half; `choice` is that of the label, where it alone is revealed.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        (index, stage): (usize, &Arc<StagePlan>),
        choice: Option<Choice>,
        correlations: &mut Correlations,
        (mask, scores): (Share, Share),
    ) -> Result<Self> {
        let label = match choice {
            Some(choice) => Some(client_label_prepare(channel, &choice, correlations, &scores).await?),
            None => None,
        };
        Ok(Self { index, stage: Arc::clone(stage), mask, scores, label })
    }

    /// The client's online half: what it learns, from its share of what enters the last linear
    /// layer.
    pub(crate) async fn run(self, channel: &mut Channel, tap: Option<&Tap>, input: Share) -> Result<Answer> {
        let Self { index, stage, mask, scores, label } = self;
        if let Some(tap) = tap {
            tap.record(Point::Accumulators(index), Role::Client, &stage.accumulators(&scores));
        }
        let times = channel.times();
        let masked = linear::client_online(channel, index, &stage, input, mask);
        times.timed(Scope::linear(Phase::Online, index), masked).await?;
        Ok(match label {
            None => Answer::Scores(times.timed(Scope::output(), client_scores(channel, &scores)).await?),
            Some(evaluator) => {
                let label = times.timed(Scope::output(), client_label(channel, evaluator)).await?;
                Answer::Label(label, scores)
            }
        })
    }
}

#[cfg(feature = "server")]
impl ServerEnd {
    /// The server's offline half; `choice` is that of the label, where it alone is revealed.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        (index, stage): (usize, &Arc<StagePlan>),
        choice: Option<Choice>,
        correlations: &mut Correlations,
        mask: Share,
    ) -> Result<Self> {
        let label = match choice {
            Some(choice) => Some(server_label_prepare(channel, &choice, correlations).await?),
            None => None,
        };
        Ok(Self { index, stage: Arc::clone(stage), mask, label })
    }

    /// The server's part in the last linear layer. No message of it tells of the output.
    pub(crate) async fn compute(
        self,
        channel: &mut Channel,
        model: &Arc<PreparedModel>,
        tap: Option<&Tap>,
        input: Option<Share>,
    ) -> Result<ServerOutput> {
        let Self { index, stage, mask, label } = self;
        let times = channel.times();
        let scores = linear::server_online(channel, index, model, input, mask);
        let scores = times.timed(Scope::linear(Phase::Online, index), scores).await?;
        if let Some(tap) = tap {
            tap.record(Point::Accumulators(index), Role::Server, &stage.accumulators(&scores));
        }
        Ok(ServerOutput { scores, label })
    }
}

/// The server's share of an output that nothing was revealed of.
#[cfg(feature = "server")]
pub(crate) struct ServerOutput {
    scores: Share,
    label: Option<ArgmaxGarbler>,
}

#[cfg(feature = "server")]
impl ServerOutput {
    /// The server's last message. It gives the server's share of the scores if the label alone was
    /// revealed.
    pub(crate) async fn reveal(self, channel: &mut Channel) -> Result<Option<Share>> {
        let Self { scores, label } = self;
        let times = channel.times();
        match label {
            None => times.timed(Scope::output(), server_scores(channel, &scores)).await.map(|()| None),
            Some(garbler) => {
                times.timed(Scope::output(), server_label(channel, garbler, scores)).await.map(Some)
            }
        }
    }
}

/// The server's last message when it reveals scores.
async fn server_scores(channel: &mut Channel, share: &Share) -> Result<()> {
    channel.send(Scope::output(), Tag::Scores, &pack_residues(share.residues(), share.ell())).await
}

/// The client adds up the scores.
async fn client_scores(channel: &mut Channel, share: &Share) -> Result<Vec<i64>> {
    let count = share.residues().len();
    let due = Due::exactly(Scope::output(), Tag::Scores, residue_bytes(count, share.ell()));
    let message = channel.receive(due).await?;
    let theirs = unpack_residues(&message, count, share.ell())
        .map_err(|e| Error::invalid(Role::Server, Tag::Scores, e))?;
    Ok(share.plus(&theirs).residues().iter().map(|&r| share.ring().signed(r)).collect())
}

/// The garbled choice of one label.
pub(crate) struct Choice {
    argmax: ArgmaxPlan,
    hash_root: HashRoot,
    /// When it is prepared.
    phase: Phase,
}

impl Choice {
    /// Of the label of one segment, prepared before the ECG is known; `None` where scores are
    /// revealed.
    pub(crate) fn of_segment(plan: &Plan, reveal: Reveal, id: &InferenceId) -> Option<Self> {
        let choice = || Self { argmax: plan.argmax.clone(), hash_root: id.gc(), phase: Phase::Offline };
        reveal.hides_scores().then(choice)
    }

    /// Of the label of the sum of the scores of `segments` segments, the one with this number in
    /// the session. It is prepared once the segments are classified: only then the client knows how
    /// many there are.
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

/// The client's preparation of a label-only answer; `scores` is its share of the scores,
/// `[segment][class]`.
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
            .map_err(|e| Error::invalid(Role::Client, Tag::InputCorrections, e))
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

/// The client evaluates it and learns the label.
pub(crate) async fn client_label(channel: &mut Channel, evaluator: ArgmaxEvaluator) -> Result<Label> {
    let due = Due::exactly(Scope::output(), Tag::Label, evaluator.message_bytes());
    let message = channel.receive(due).await?;
    let chosen =
        offload(move || evaluator.finish(&message).map_err(|e| Error::invalid(Role::Server, Tag::Label, e)))
            .await?;
    let level = chosen.level.and_then(|reached| Level::reaching(reached.into()));
    Ok(Label { class: chosen.label, level })
}
