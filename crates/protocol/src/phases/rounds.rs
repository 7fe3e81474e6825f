//! Steps that run round by round: both parties send what they have to say, then both receive.
//!
//! A round in which only one party has something to say is a message in that direction alone.

use ot_nonlinear::{Cell, CellPlan, Step, StepError, StepPlan, UnitVectorPlan, UnitVectors};
use shares::Role;

use crate::channel::{Channel, Due};
use crate::compute::{self, Work};
use crate::error::{Error, Result};
use crate::meter::Scope;
use crate::wire::Tag;

/// Where no message of either party is longer, a round is brief work. Measured on cells of 128
/// units, whose messages have up to 22 kB: a round takes a tenth of a millisecond, and all of them
/// a quarter less time than on the blocking pool.
const BRIEF_BYTES: usize = 1 << 15;

/// One party of a step that goes round by round.
pub(crate) trait Rounds: Send + Sized + 'static {
    fn outgoing(&mut self) -> Result<Vec<u8>, StepError>;
    fn incoming(&mut self, message: &[u8]) -> Result<(), StepError>;
}

macro_rules! rounds {
    ($($step:ty),*) => {$(
        impl Rounds for $step {
            fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
                Self::outgoing(self)
            }
            fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
                Self::incoming(self, message)
            }
        }
    )*};
}

rounds!(Step, Cell, UnitVectors);

/// The messages of a step that goes round by round.
pub(crate) trait Messages {
    /// Rounds of the step.
    fn count(&self) -> usize;
    /// Bytes that `sender` sends in `round`.
    fn bytes(&self, sender: Role, round: usize) -> usize;
}

macro_rules! messages {
    ($($plan:ty),*) => {$(
        impl Messages for $plan {
            fn count(&self) -> usize {
                self.rounds()
            }
            fn bytes(&self, sender: Role, round: usize) -> usize {
                match sender {
                    Role::Client => self.client_bytes(round),
                    Role::Server => self.server_bytes(round),
                }
            }
        }
    )*};
}

messages!(StepPlan, CellPlan, UnitVectorPlan);

fn work(plan: &impl Messages) -> Work {
    let longest = (0..plan.count())
        .flat_map(|round| [Role::Client, Role::Server].map(|sender| plan.bytes(sender, round)))
        .max();
    if longest.unwrap_or(0) <= BRIEF_BYTES { Work::Brief } else { Work::Long }
}

/// Runs all rounds of `plan` and gives what `finish` makes of them.
pub(crate) async fn run<R: Rounds, T: Send + 'static>(
    channel: &mut Channel,
    scope: Scope,
    plan: &impl Messages,
    mut party: R,
    finish: impl FnOnce(R) -> Result<T, StepError> + Send + 'static,
) -> Result<T> {
    let (peer, size) = (channel.peer(), work(plan));
    let mut arrived: Option<Vec<u8>> = None;
    for round in 0..plan.count() {
        let message = arrived.take();
        let outgoing;
        (party, outgoing) = compute::run(size, move || advance(party, peer, message)).await?;
        let due = Due::exactly(scope, Tag::Opening, plan.bytes(peer, round));
        arrived = Some(swap(channel, &outgoing, due).await?);
    }
    compute::run(size, move || finish(take_in(party, peer, arrived)?).map_err(Error::internal)).await
}

/// Takes in the last round's message and computes the next.
fn advance<R: Rounds>(party: R, peer: Role, arrived: Option<Vec<u8>>) -> Result<(R, Vec<u8>)> {
    let mut party = take_in(party, peer, arrived)?;
    let outgoing = party.outgoing().map_err(Error::internal)?;
    Ok((party, outgoing))
}

fn take_in<R: Rounds>(mut party: R, peer: Role, arrived: Option<Vec<u8>>) -> Result<R> {
    if let Some(message) = arrived {
        party.incoming(&message).map_err(|e| Error::invalid(peer, Tag::Opening, e))?;
    }
    Ok(party)
}

/// Sends what there is to send and receives what is due; an empty message is not sent.
async fn swap(channel: &mut Channel, outgoing: &[u8], due: Due) -> Result<Vec<u8>> {
    match (outgoing.is_empty(), due.is_empty()) {
        (false, false) => channel.exchange(outgoing, due).await,
        (true, false) => channel.receive(due).await,
        (false, true) => channel.send(due.scope, due.tag, outgoing).await.map(|()| Vec::new()),
        (true, true) => Ok(Vec::new()),
    }
}
