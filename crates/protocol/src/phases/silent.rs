//! Correlated OTs for a whole inference, from a silent extension.
//!
//! A silent extension makes many OTs out of few bytes. Both directions go in step: each party
//! receives as many OTs as it sends.
//!
//! ```text
//! once a session
//!   client                                                   server
//!   SilentRequest (it will receive)                    <->   SilentRequest (it will receive)
//!   SilentReply   (it will send)                       <->   SilentReply   (it will send)
//! offline, per inference, as many times as the extension begins a new run
//!   SilentPart, part by part                           <->   SilentPart, part by part
//! offline, per inference, once all parts are made
//!   SilentQuestion (it received)                       <->   SilentQuestion (it received)
//!   SilentAnswer   (it sent)                           <->   SilentAnswer   (it sent)
//! ```
//! Until the answer is in, a party sends nothing that depends on what it received: a sender that
//! deviates could learn from it. The material stays [`Unchecked`] so long. One check covers all
//! parts of a preparation, and the first one also the set-up.
//!
//! The OTs of a direction form one stream. Each consumer owns a range of it, in the order of the
//! layers. Consumers are the non-linear steps, and for an LSTM its unit vectors and each part of
//! its cells. Both directions make as many parts as the longer one needs. What is left over is
//! dropped.
//!
//! An OT has 16 bytes, and none is kept. A consumer's condenser turns it into the few bits that the
//! step will take, while the OT is still in the cache.

use std::time::Instant;

use deepcardio::architecture::limits;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::{
    ANSWER_BYTES, Checked, PART_BYTES, QUESTION_BYTES, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES,
    SilentExtension, SilentRequested, Unchecked, parts_for,
};
use oblivious_transfer::softspoken::{CotReceiver, CotSender};
use ot_nonlinear::{
    CellPlan, HashRoot, Pieces, ReceivedCondenser, ReceivedMaterial, ReceivedPiece, ReceivedStream, Schedule,
    SentCondenser, SentMaterial, SentPiece, SentStream,
};
use shares::Role;

use crate::channel::{Channel, Due, FrameReceiver, FrameSender, both};
use crate::compute::offload;
use crate::correlations::Silent;
use crate::entropy;
use crate::error::{Error, Result};
use crate::meter::{Phase, Scope};
use crate::method::Method;
use crate::plan::Plan;
use crate::wire::Tag;

// Every step, a layer's unit vectors and every part of a cell have a number of their own in the
// hash domain of an inference.
const _: () = assert!(2 * limits::LAYERS + limits::WINDOWS * CellPlan::SCHEDULES < u16::MAX as usize);

/// A party's one-time material of one step.
pub(crate) type Material = (ReceivedMaterial, SentMaterial);

/// Starts both directions from the session's first correlations; the same for both parties.
pub(crate) async fn set_up(
    channel: &mut Channel,
    session: [u8; 32],
    own: Role,
    mut receiver: CotReceiver,
    mut sender: CotSender,
) -> Result<(CotReceiver, CotSender, Silent)> {
    let peer = own.peer();
    let (receiver, requested, request) = offload(move || {
        let (requested, request) = SilentRequested::start(&session, own, &mut receiver);
        Ok((receiver, requested, request))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::SilentRequest, SETUP_REQUEST_BYTES);
    let start = Instant::now();
    let peer_request = channel.exchange(&request, due).await?;
    let request_time = start.elapsed();
    let (sender, replied, reply) = offload(move || {
        let (replied, reply) = requested
            .reply(&mut sender, &peer_request, &mut entropy::fresh()?)
            .map_err(|e| Error::refused_ot(peer, Tag::SilentRequest, e))?;
        Ok((sender, replied, reply))
    })
    .await?;
    let due = Due::exactly(Scope::SETUP, Tag::SilentReply, SETUP_REPLY_BYTES);
    let peer_reply = channel.exchange(&reply, due).await?;
    let extension = offload(move || {
        replied.finish(&peer_reply).map_err(|e| Error::refused_ot(peer, Tag::SilentReply, e))
    })
    .await?;
    Ok((receiver, sender, Silent::new(extension, request_time)))
}

/// Makes the material of everything that an inference needs OTs for, in the order of
/// [`Plan::ot_consumers`]; the same for both parties.
pub(crate) async fn material(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    own: Role,
    hash_root: &HashRoot,
    silent: &mut Silent,
) -> Result<Vec<Material>> {
    let scope = Scope::nonlinear_all(Phase::Offline);
    let mut extension = silent.lend()?;
    let consumers = (0..).zip(plan.ot_consumers(method));
    let streams = Streams::new(consumers, own, hash_root, &extension);
    let mut left = streams.parts();
    if left == 0 {
        silent.give_back(extension);
        return offload(move || streams.finish()).await;
    }
    let mut streams = Unchecked::nothing(streams);
    while left > 0 {
        let messages;
        (extension, messages) = offload(move || {
            let messages = extension.announce(left);
            Ok((extension, messages))
        })
        .await?;
        left -= messages.len();
        channel.book_trips(scope, 1);
        let (to_peer, from_peer) = channel.halves();
        let count = messages.len();
        ((), (extension, streams)) = both(
            send(to_peer, scope, &messages),
            receive(from_peer, scope, own.peer(), count, extension, streams),
        )
        .await?;
    }
    let (extension, checked) = check(channel, scope, own.peer(), extension).await?;
    silent.give_back(extension);
    offload(move || streams.accept(&checked).map_err(Error::internal)?.finish()).await
}

/// Both parties show each other that what they sent is right; a peer that cannot ends the session.
async fn check(
    channel: &mut Channel,
    scope: Scope,
    peer: Role,
    extension: SilentExtension,
) -> Result<(SilentExtension, Checked)> {
    let (asked, question) = extension.check();
    let due = Due::exactly(scope, Tag::SilentQuestion, QUESTION_BYTES);
    let peer_question = channel.exchange(&question, due).await?;
    let (answered, answer) =
        asked.answer(&peer_question).map_err(|e| Error::refused_ot(peer, Tag::SilentQuestion, e))?;
    let due = Due::exactly(scope, Tag::SilentAnswer, ANSWER_BYTES);
    let peer_answer = channel.exchange(&answer, due).await?;
    answered.finish(&peer_answer).map_err(|e| Error::refused_ot(peer, Tag::SilentAnswer, e))
}

/// The streams of an inference's steps, and where they stand in the extension of the session.
struct Streams {
    sent: SentStream,
    received: ReceivedStream,
    first: u64,
}

impl Streams {
    /// From where earlier inferences left the extension.
    fn new<'a>(
        steps: impl Iterator<Item = (u16, &'a Schedule)>,
        own: Role,
        hash_root: &HashRoot,
        extension: &SilentExtension,
    ) -> Self {
        let delta = extension.delta();
        let condensers = |(id, step): (u16, &Schedule)| {
            let sent = SentCondenser::new(step, hash_root, id, own.peer(), delta);
            (sent, ReceivedCondenser::new(step, hash_root, id, own))
        };
        let (sent, received) = steps.map(condensers).unzip();
        let (sent, received) = (SentStream::new(sent), ReceivedStream::new(received));
        Self { sent, received, first: extension.position() }
    }

    /// Parts that both directions together need.
    fn parts(&self) -> usize {
        parts_for(self.sent.needed().max(self.received.needed()))
    }

    fn condense(
        &self,
        position: u64,
        keys: &[Block],
        macs: &[Block],
    ) -> (Pieces<SentPiece>, Pieces<ReceivedPiece>) {
        let position = position - self.first;
        (self.sent.condense(position, keys), self.received.condense(position, macs))
    }

    fn add(&mut self, (sent, received): (Pieces<SentPiece>, Pieces<ReceivedPiece>)) -> Result<()> {
        self.sent.add(sent).and_then(|()| self.received.add(received)).map_err(Error::internal)
    }

    fn finish(self) -> Result<Vec<Material>> {
        let sent = self.sent.finish().map_err(Error::internal)?;
        let received = self.received.finish().map_err(Error::internal)?;
        Ok(received.into_iter().zip(sent).collect())
    }
}

async fn send(channel: &mut FrameSender, scope: Scope, messages: &[Vec<u8>]) -> Result<()> {
    for message in messages {
        channel.send(scope, Tag::SilentPart, message).await?;
    }
    Ok(())
}

async fn receive(
    channel: &mut FrameReceiver,
    scope: Scope,
    peer: Role,
    count: usize,
    mut extension: SilentExtension,
    mut streams: Unchecked<Streams>,
) -> Result<(SilentExtension, Unchecked<Streams>)> {
    for _ in 0..count {
        let message = channel.receive(Due::exactly(scope, Tag::SilentPart, PART_BYTES)).await?;
        (extension, streams) = offload(move || {
            let streams = streams.extend(
                |streams| {
                    let condense = |position, keys: &[_], macs: &[_]| streams.condense(position, keys, macs);
                    let pieces = extension.extend(&message, condense);
                    pieces.map_err(|e| Error::refused_ot(peer, Tag::SilentPart, e))
                },
                |streams, pieces| pieces.into_iter().try_for_each(|pieces| streams.add(pieces)),
            )?;
            Ok((extension, streams))
        })
        .await?;
    }
    Ok((extension, streams))
}
