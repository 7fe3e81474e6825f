//! The half of a client's session that classifies segments, and what it keeps of a record.

use std::sync::Arc;

use ecg::Segment;
use shares::Share;

use super::agreed::Agreed;
use super::outcome::Outcome;
use super::prepared::PreparedInference;
use crate::channel::Channel;
use crate::error::{Error, Result};
use crate::messages::Request;
use crate::meter::{Phase, Scope};
use crate::method::{MAX_RECORD_SEGMENTS, Reveal};
use crate::phases::output::Answer;
use crate::record::Record;
use crate::wire::Tag;

/// What a client keeps of the segments that it classified.
#[derive(Default)]
pub(super) struct Classifying {
    /// Segments since the record began, those of which nothing is kept any more among them.
    segments: usize,
    /// Its shares of the record's scores, where the record's label is revealed.
    record: Record,
    /// The class of the record's last segment.
    last_class: Option<usize>,
}

/// What the label of a record is found from.
pub(super) enum Ask {
    /// It is the class of the only segment.
    Known(usize),
    /// The server must be asked about the segments of these inferences, with the client's shares of
    /// their scores.
    Segments(Vec<u32>, Share),
}

impl Classifying {
    /// Classifies the segment whose share is `input`, which uses `prepared` up.
    pub(super) async fn infer(
        &mut self,
        channel: &mut Channel,
        session: &Agreed,
        prepared: PreparedInference,
        input: Share,
    ) -> Result<Outcome> {
        session.state.step(self.run(channel, session, prepared, input)).await
    }

    async fn run(
        &mut self,
        channel: &mut Channel,
        session: &Agreed,
        prepared: PreparedInference,
        input: Share,
    ) -> Result<Outcome> {
        let (scope, number) = (Scope::session(Phase::Online), prepared.number());
        channel.send(scope, Tag::Request, &Request::Infer(number).encode()).await?;
        let (observer, tap) = (session.observer.as_ref(), session.tap.as_ref());
        let answer = prepared.spend()?.run(channel, input, observer, tap).await?;
        session.state.release();
        Ok(match answer {
            Answer::Scores(scores) => Outcome::Scores(scores),
            Answer::Label(label, scores) => {
                if session.reveal == Reveal::RecordLabel {
                    self.record.push(number, scores);
                }
                self.segments += 1;
                self.last_class = Some(label.class);
                Outcome::Label(label)
            }
        })
    }

    /// Forgets the segments classified so far.
    pub(super) fn begin_record(&mut self) {
        *self = Self::default();
    }

    /// Ends the record: what its label is found from. Nothing is kept of it any more.
    pub(super) fn end_record(&mut self, reveal: Reveal) -> Result<Ask> {
        self.check_record(reveal)?;
        let Self { segments, mut record, last_class } = std::mem::take(self);
        if let (1, Some(class)) = (segments, last_class) {
            return Ok(Ask::Known(class));
        }
        let numbers = record.numbers();
        let scores =
            record.take(&numbers).map_err(|_| Error::internal("a record without shares of its scores"))?;
        Ok(Ask::Segments(numbers, scores))
    }

    /// Refuses a record whose label the server does not tell.
    fn check_record(&self, reveal: Reveal) -> Result<()> {
        let refused = match (reveal, self.segments) {
            (Reveal::Scores, _) => {
                "the server reveals scores: the overall label is that of the segments' scores \
                 summed, and it answers no request for it"
                    .into()
            }
            (_, 0) => {
                "the record has no segment yet; classify its segments before asking for its label".into()
            }
            (_, 1) | (Reveal::RecordLabel, 2..=MAX_RECORD_SEGMENTS) => return Ok(()),
            (Reveal::Label, _) => {
                "the server reveals the label of every segment, and none of a whole record; its \
                 operator can allow that (`pp-server --reveal record-label`)"
                    .into()
            }
            (Reveal::RecordLabel, segments) => format!(
                "the record has {segments} segments, and a server that reveals labels alone adds up at most \
                 {MAX_RECORD_SEGMENTS}; split the recording into shorter ones"
            ),
        };
        Err(Error::Config(refused))
    }
}

/// The segment as the client's share of the network's input (the server's is zero), if `prepared`
/// can classify it.
pub(super) fn input(session: &Arc<Agreed>, prepared: &PreparedInference, segment: &Segment) -> Result<Share> {
    session.state.check()?;
    prepared.check(session)?;
    let first = session.plan.stages.first().ok_or_else(Error::no_such_layer)?;
    let misfit = |e: deepcardio::InputError| Error::Config(e.to_string());
    session.architecture.check_segment(segment).map_err(misfit)?;
    let residues = segment.samples().iter().map(|sample| sample.cast_unsigned()).collect();
    Ok(Share::new(residues, first.ell))
}
