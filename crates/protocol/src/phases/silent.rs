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
//! The OTs of a direction form one stream; each non-linear step, an LSTM's unit vectors and each part of its cells own a range of
//! it, in the order of the layers. What the last part of an inference leaves over is dropped. Nothing of 16 bytes is kept: a
//! step's reducer turns each OT into the bits that it will consume while the OT is still in the cache.

use std::time::{Duration, Instant};

use deepcardio::architecture::limits;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::{
    PART_BYTES, PART_COTS, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES, SilentReceiver, SilentReceiverSetup,
    SilentSender, parts_for,
};
use oblivious_transfer::softspoken::{CotReceiver, CotSender};
use ot_nonlinear::{
    CellPlan, CotReducer, CotStream, Pieces, ReceivedMaterial, ReceivedReducer, Role, Schedule, SentMaterial,
    SentReducer, Session,
};

use crate::channel::{Channel, Due, FrameReceiver, FrameSender, both};
use crate::compute::offload;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::setup::direction;
use crate::plan::{Method, Plan};
use crate::wire::Tag;

// Every step, a layer's unit vectors and every part of a cell have a number of their own in the hash domain of an inference.
const _: () = assert!(2 * limits::LAYERS + limits::WINDOWS * CellPlan::SCHEDULES < u16::MAX as usize);

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

/// Makes the material of everything that an inference needs OTs for, in the order of [`Plan::transferred`]; the same for both
/// parties.
pub(crate) async fn material(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    own: Party,
    session: &Session,
    silent: &mut Silent,
) -> Result<Vec<Material>> {
    let scope = Scope::nonlinear_all(Phase::Offline);
    let sender = silent.sender.take().ok_or_else(broken)?;
    let receiver = silent.receiver.take().ok_or_else(broken)?;
    let reducer =
        |(id, step): (u16, &Schedule)| SentReducer::new(step, session, id, role(own.peer()), sender.delta());
    let sending = Direction::new((0..).zip(plan.transferred(method)).map(reducer), &mut silent.parts[0]);
    let reducer = |(id, step): (u16, &Schedule)| ReceivedReducer::new(step, session, id, role(own));
    let receiving = Direction::new((0..).zip(plan.transferred(method)).map(reducer), &mut silent.parts[1]);
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

/// One direction of an inference: its steps' stream, and where that stands in the silent extension of the session.
struct Direction<R> {
    stream: CotStream<R>,
    first: u64,
    parts: usize,
}

impl<R: CotReducer> Direction<R> {
    /// Takes as many parts as the steps need from where earlier inferences, which used `used` parts, left off.
    fn new(reducers: impl Iterator<Item = R>, used: &mut u64) -> Self {
        let stream = CotStream::new(reducers.collect());
        let (first, parts) = (*used * PART_COTS as u64, parts_for(stream.needed()));
        *used += parts as u64;
        Self { stream, first, parts }
    }

    fn reduce(&self, position: u64, ots: &[Block]) -> Pieces<R::Piece> {
        self.stream.reduce(position - self.first, ots)
    }

    fn add(&mut self, chunks: Vec<Pieces<R::Piece>>) -> Result<()> {
        chunks.into_iter().try_for_each(|pieces| self.stream.add(pieces)).map_err(Error::internal)
    }

    fn finish(self) -> Result<Vec<R::Material>> {
        self.stream.finish().map_err(Error::internal)
    }
}

async fn send(
    channel: &mut FrameSender,
    scope: Scope,
    mut sender: SilentSender,
    mut direction: Direction<SentReducer>,
) -> Result<(SilentSender, Vec<SentMaterial>)> {
    for _ in 0..direction.parts {
        let message;
        (sender, direction, message) = offload(move || {
            let (pieces, message) = sender.extend(|position, keys| direction.reduce(position, keys));
            direction.add(pieces)?;
            Ok((sender, direction, message))
        })
        .await?;
        channel.send(scope, Tag::SilentPart, &message).await?;
    }
    Ok((sender, offload(move || direction.finish()).await?))
}

async fn receive(
    channel: &mut FrameReceiver,
    scope: Scope,
    peer: Party,
    mut receiver: SilentReceiver,
    mut direction: Direction<ReceivedReducer>,
) -> Result<(SilentReceiver, Vec<ReceivedMaterial>)> {
    for _ in 0..direction.parts {
        let message = channel.receive(Due::exactly(scope, Tag::SilentPart, PART_BYTES)).await?;
        (receiver, direction) = offload(move || {
            let pieces = receiver.extend(&message, |position, macs| direction.reduce(position, macs));
            direction.add(pieces.map_err(|e| Error::invalid(peer, Tag::SilentPart, e))?)?;
            Ok((receiver, direction))
        })
        .await?;
    }
    Ok((receiver, offload(move || direction.finish()).await?))
}
