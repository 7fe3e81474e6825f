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
    /// Its shares of the record's scores, where labels alone are revealed.
    record: Record,
    /// The label of the record's last segment.
    last_label: Option<usize>,
}

/// What the label of a record is found from.
pub(super) enum Ask {
    /// It is the label of the only segment.
    Known(usize),
    /// The server must be asked about so many segments, with the client's shares of their scores.
    Segments(u8, Share),
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
        let scope = Scope::session(Phase::Online);
        channel.send(scope, Tag::Request, &Request::Infer(prepared.number()).encode()).await?;
        let (observer, tap) = (session.observer.as_ref(), session.tap.as_ref());
        let answer = prepared.spend()?.run(channel, input, observer, tap).await?;
        session.state.release();
        Ok(match answer {
            Answer::Scores(scores) => Outcome::Scores(scores),
            Answer::Label(label, scores) => {
                self.record.push(scores);
                self.last_label = Some(label);
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
        let segments = self.record_segments(reveal)?;
        let scores = self.record.take(usize::from(segments));
        if let (1, Some(label)) = (segments, self.last_label.take()) {
            return Ok(Ask::Known(label));
        }
        let scores = scores.ok_or_else(|| Error::internal("shares of fewer segments than the record has"))?;
        Ok(Ask::Segments(segments, scores))
    }

    /// How many segments the overall label is asked for, if it can be.
    fn record_segments(&self, reveal: Reveal) -> Result<u8> {
        if reveal == Reveal::Scores {
            let reason = "the server reveals scores: the overall label is that of the segments' scores summed, and it \
                          answers no request for it";
            return Err(Error::Config(reason.into()));
        }
        match self.record.segments() {
            0 => Err(Error::Config(
                "the record has no segment yet; classify its segments before asking for its label".into(),
            )),
            segments @ 1..=MAX_RECORD_SEGMENTS => {
                u8::try_from(segments).map_err(|_| Error::internal("a count of segments beyond a byte"))
            }
            segments => Err(Error::Config(format!(
                "the record has {segments} segments, and a server that reveals labels alone adds up at most \
                 {MAX_RECORD_SEGMENTS}; split the recording into shorter ones"
            ))),
        }
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
