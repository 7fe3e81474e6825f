//! Correlated OTs for a whole inference from silent extensions, in both directions at once, reduced as they are made.
//!
//! ```text
//! once a session
//!   client                                                   server
//!   SilentRequest (it will receive)                    <->   SilentRequest (it will receive)
//!   SilentReply   (it will send)                       <->   SilentReply   (it will send)
//! offline, per inference
//!   SilentPart, part by part, for the server to receive <->  SilentPart, part by part, for the client to receive
//! ```
//! The OTs of a direction form one stream; each non-linear step owns a range of it, in the order of the layers. What the last
//! part of an inference leaves over is dropped. Nothing of 16 bytes is kept: a step's reducer turns each OT into the bits that
//! it will consume while the OT is still in the cache.

use std::ops::Range;
use std::time::{Duration, Instant};

use oblivious_transfer::block::Block;
use oblivious_transfer::silent::{
    PART_BYTES, PART_COTS, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES, SilentReceiver, SilentReceiverSetup,
    SilentSender, parts_for,
};
use oblivious_transfer::softspoken::{CotReceiver, CotSender};
use ot_nonlinear::{ReceivedMaterial, ReceivedReducer, Role, SentMaterial, SentReducer, Session, StepError};

use crate::channel::{Channel, Due, FrameReceiver, FrameSender, both};
use crate::compute::offload;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::setup::direction;
use crate::plan::{Comparison, Plan};
use crate::wire::Tag;

/// A silent sender and a silent receiver, one for each direction.
pub(crate) struct Silent {
    sender: Option<SilentSender>,
    receiver: Option<SilentReceiver>,
    /// Parts that each has made, the same for both.
    parts: [u64; 2],
    /// How long the requests took to cross.
    request_time: Duration,
}

impl Silent {
    /// The bytes that each party sent at once in the first message, and how long they took.
    pub(crate) fn first_exchange(&self) -> (usize, Duration) {
        (SETUP_REQUEST_BYTES, self.request_time)
    }
}

/// A party's one-time material of one step.
pub(crate) type Material = (ReceivedMaterial, SentMaterial);

fn role(party: Party) -> Role {
    match party {
        Party::Client => Role::Client,
        Party::Server => Role::Server,
    }
}

/// Starts both directions from the session's first correlations; the same for both parties.
pub(crate) async fn set_up(
    channel: &mut Channel,
    session: &[u8; 32],
    own: Party,
    mut receiver: CotReceiver,
    mut sender: CotSender,
) -> Result<(CotReceiver, CotSender, Silent)> {
    let peer = own.peer();
    let (receiving, sending) = (direction(session, own), direction(session, peer));
    let (receiver, setup, request) = offload(move || {
        let (setup, request) = SilentReceiverSetup::start(&receiving, &mut receiver);
        Ok((receiver, setup, request))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::SilentRequest, SETUP_REQUEST_BYTES);
    let start = Instant::now();
    let peer_request = channel.exchange(&request, due).await?;
    let request_time = start.elapsed();
    let (sender, silent_sender, reply) = offload(move || {
        let (silent, reply) = SilentSender::new(&sending, &mut sender, &peer_request, &mut entropy::fresh()?)
            .map_err(|e| Error::invalid(peer, Tag::SilentRequest, e))?;
        Ok((sender, silent, reply))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::SilentReply, SETUP_REPLY_BYTES);
    let peer_reply = channel.exchange(&reply, due).await?;
    let silent_receiver =
        offload(move || setup.finish(&peer_reply).map_err(|e| Error::invalid(peer, Tag::SilentReply, e)))
            .await?;
    let silent =
        Silent { sender: Some(silent_sender), receiver: Some(silent_receiver), parts: [0, 0], request_time };
    Ok((receiver, sender, silent))
}

/// Makes the material of every step of an inference; the same for both parties.
pub(crate) async fn material(
    channel: &mut Channel,
    plan: &Plan,
    shape: Comparison,
    own: Party,
    session: &Session,
    silent: &mut Silent,
) -> Result<Vec<Material>> {
    let scope = Scope::nonlinear_all(Phase::Offline);
    let sender = silent.sender.take().ok_or_else(broken)?;
    let receiver = silent.receiver.take().ok_or_else(broken)?;
    let sending = Stream::sent(plan, shape, own, session, sender.delta(), silent.parts[0]);
    let receiving = Stream::received(plan, shape, own, session, silent.parts[1]);
    silent.parts[0] += sending.parts() as u64;
    silent.parts[1] += receiving.parts() as u64;
    channel.book_trips(scope, 1);
    let (to_peer, from_peer) = channel.halves();
    let ((sender, sent), (receiver, received)) = both(
        send(to_peer, scope, sender, sending),
        receive(from_peer, scope, own.peer(), receiver, receiving),
    )
    .await?;
    silent.sender = Some(sender);
    silent.receiver = Some(receiver);
    Ok(received.into_iter().zip(sent).collect())
}

fn broken() -> Error {
    Error::internal("OTs were asked for after an extension failed")
}

async fn send(
    channel: &mut FrameSender,
    scope: Scope,
    mut sender: SilentSender,
    mut stream: Stream<SentReducer>,
) -> Result<(SilentSender, Vec<SentMaterial>)> {
    for _ in 0..stream.parts() {
        let message;
        (sender, stream, message) = offload(move || {
            let (pieces, message) = sender.extend(|position, keys| {
                stream.cut(position, keys, |reducer, position, keys| reducer.reduce(position, keys))
            });
            stream.add(pieces, SentReducer::add)?;
            Ok((sender, stream, message))
        })
        .await?;
        channel.send(scope, Tag::SilentPart, &message).await?;
    }
    Ok((sender, stream.finish(SentReducer::finish)?))
}

async fn receive(
    channel: &mut FrameReceiver,
    scope: Scope,
    peer: Party,
    mut receiver: SilentReceiver,
    mut stream: Stream<ReceivedReducer>,
) -> Result<(SilentReceiver, Vec<ReceivedMaterial>)> {
    for _ in 0..stream.parts() {
        let message = channel.receive(Due::exactly(scope, Tag::SilentPart, PART_BYTES)).await?;
        (receiver, stream) = offload(move || {
            let pieces = receiver
                .extend(&message, |position, macs| {
                    stream
                        .cut(position, macs, |reducer, position, macs| reducer.reduce_silent(position, macs))
                })
                .map_err(|e| Error::invalid(peer, Tag::SilentPart, e))?;
            stream.add(pieces, ReceivedReducer::add)?;
            Ok((receiver, stream))
        })
        .await?;
    }
    Ok((receiver, stream.finish(ReceivedReducer::finish)?))
}

/// One direction's OTs of an inference: the reducer of each step with the range of the stream that it owns.
struct Stream<R> {
    steps: Vec<(Range<u64>, R)>,
    parts: usize,
}

impl Stream<SentReducer> {
    fn sent(plan: &Plan, shape: Comparison, own: Party, session: &Session, delta: Block, parts: u64) -> Self {
        let receiver = role(own.peer());
        Self::new(plan, shape, parts, |step, id| {
            let reducer = SentReducer::new(step, session, id, receiver, delta);
            (reducer.needed(), reducer)
        })
    }
}

impl Stream<ReceivedReducer> {
    fn received(plan: &Plan, shape: Comparison, own: Party, session: &Session, parts: u64) -> Self {
        let receiver = role(own);
        Self::new(plan, shape, parts, |step, id| {
            let reducer = ReceivedReducer::new(step, session, id, receiver);
            (reducer.needed(), reducer)
        })
    }
}

impl<R> Stream<R> {
    /// `parts` parts of the stream were used by earlier inferences.
    fn new(
        plan: &Plan,
        shape: Comparison,
        parts: u64,
        reducer: impl Fn(&ot_nonlinear::StepPlan, u16) -> (usize, R),
    ) -> Self {
        let first = parts * PART_COTS as u64;
        let mut end = first;
        let activations = plan.stages.iter().filter_map(|stage| stage.activation.as_ref());
        let steps = (0..)
            .zip(activations)
            .map(|(id, activation)| {
                let (needed, reducer) = reducer(activation.ot(shape), id);
                let start = end;
                end += needed as u64;
                (start..end, reducer)
            })
            .collect();
        Self { steps, parts: parts_for((end - first) as usize) }
    }

    fn parts(&self) -> usize {
        self.parts
    }

    /// Hands each step its share of the OTs at `position` and those that follow.
    fn cut<P>(
        &self,
        position: u64,
        ots: &[Block],
        reduce: impl Fn(&R, usize, &[Block]) -> P,
    ) -> Vec<(usize, P)> {
        let end = position + ots.len() as u64;
        let mut pieces = Vec::new();
        for (index, (range, reducer)) in self.steps.iter().enumerate() {
            let start = range.start.max(position);
            if start < range.end.min(end) {
                let own = ots.get((start - position) as usize..).unwrap_or_default();
                pieces.push((index, reduce(reducer, (start - range.start) as usize, own)));
            }
        }
        pieces
    }

    fn add<P>(
        &mut self,
        chunks: Vec<Vec<(usize, P)>>,
        add: impl Fn(&mut R, P) -> Result<(), StepError>,
    ) -> Result<()> {
        for (index, piece) in chunks.into_iter().flatten() {
            let (_, reducer) = self.steps.get_mut(index).ok_or_else(broken)?;
            add(reducer, piece).map_err(Error::internal)?;
        }
        Ok(())
    }

    fn finish<M>(self, finish: impl Fn(R) -> Result<M, StepError>) -> Result<Vec<M>> {
        self.steps.into_iter().map(|(_, reducer)| finish(reducer).map_err(Error::internal)).collect()
    }
}
