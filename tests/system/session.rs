//! Client and server of one session, joined in memory.

use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::reference;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::{Error, Result};
use protocol::meter::{Ledger, Phase};
use protocol::method::{Backend, Reveal};
use protocol::server::{Given, Service, Summary, serve};
use protocol::tap::Tap;
use shares::Role;
use transport::memory::{Line, pair};

/// Generous: nothing in these tests is decided by a clock but that a silent peer is given up at
/// all.
pub(crate) const TIMEOUTS: Timeouts =
    Timeouts { progress: Duration::from_secs(120), idle: Duration::from_secs(120) };

/// A request to finish, with header and checksum.
pub(crate) const FAREWELL_BYTES: u64 = 26;

pub(crate) fn config(backend: Backend, tap: Option<Tap>) -> ClientConfig {
    ClientConfig { tap, ..ClientConfig::new(backend) }
}

/// What a client saw of a session of one inference a segment, the segments being one record.
pub(crate) struct Seen {
    pub(crate) outcomes: Vec<Outcome>,
    /// The record's label, where it is revealed.
    pub(crate) overall: Option<usize>,
    /// Bytes of all of it after the set-up, as the plan foretold them.
    pub(crate) planned: u64,
    pub(crate) ledger: Ledger,
}

pub(crate) async fn run_client(channel: Channel, config: ClientConfig, segments: &[Segment]) -> Result<Seen> {
    let mut session = ClientSession::connect(channel, config).await?;
    let mut planned = segments.len() as u64 * session.inference_traffic();
    let mut outcomes = Vec::new();
    for segment in segments {
        let prepared = session.prepare().await?;
        outcomes.push(session.infer(prepared, segment).await?);
    }
    let mut overall = None;
    if session.reveal() == Reveal::RecordLabel {
        planned += session.overall_label_traffic(segments.len())?;
        overall = Some(session.overall_label().await?);
    }
    let ledger = session.take_ledger();
    session.finish().await?;
    Ok(Seen { outcomes, overall, planned, ledger })
}

/// What the reference says of a segment.
pub(crate) fn expected(model: &Model, segment: &Segment, reveal: Reveal) -> Outcome {
    match reveal {
        Reveal::Scores => Outcome::Scores(reference::scores(model, segment).unwrap()),
        Reveal::Label | Reveal::RecordLabel => Outcome::Label(reference::label(model, segment).unwrap()),
    }
}

/// The label of the sum of the reference's scores.
pub(crate) fn reference_label(model: &Model, segments: &[Segment]) -> usize {
    let scores = segments.iter().map(|segment| reference::scores(model, segment).unwrap());
    let add = |sums: Vec<i64>, scores: Vec<i64>| sums.iter().zip(scores).map(|(a, b)| a + b).collect();
    deepcardio::scores::argmax(&scores.reduce(add).unwrap())
}

/// A client's and a server's channel, joined in memory.
pub(crate) fn memory_pair() -> (Channel, Channel) {
    let (client, server) = pair(Line::INSTANT, Line::INSTANT);
    (Channel::new(client.stream, Role::Server, TIMEOUTS), Channel::new(server.stream, Role::Client, TIMEOUTS))
}

/// Both parties over memory; the client's result and the server's.
pub(crate) async fn run_pair(
    service: &Service,
    config: ClientConfig,
    segments: &[Segment],
) -> (Result<Seen>, Result<Summary>) {
    let (client, server) = memory_pair();
    let (seen, served) = tokio::join!(run_client(client, config, segments), serve(server, service));
    (seen, served.map_err(|failed| failed.error))
}

/// Runs both parties and holds every layer and every outcome against the reference.
pub(crate) async fn assert_equals_reference(
    model: &Model,
    backend: Backend,
    reveal: Reveal,
    segments: &[Segment],
) {
    let tap = Tap::new();
    let service = Service::new(model.clone(), reveal).unwrap().with_tap(tap.clone());
    for segment in segments {
        let (seen, served) =
            run_pair(&service, config(backend, Some(tap.clone())), std::slice::from_ref(segment)).await;
        let seen = seen.unwrap_or_else(|e| {
            panic!("client: {e}; server: {:?}", served.as_ref().err().map(Error::to_string))
        });
        let trace = reference::trace(model, segment).unwrap();
        tap.compare(model.architecture(), &trace).unwrap();
        assert!(
            seen.outcomes == [expected(model, segment, reveal)],
            "the outcome differs from the reference"
        );
        let overall =
            (reveal == Reveal::RecordLabel).then(|| reference_label(model, std::slice::from_ref(segment)));
        assert_eq!(seen.overall, overall);
        let inference = seen.ledger.total(|scope| scope.phase != Phase::Setup);
        assert_eq!(inference.sent + inference.received, seen.planned, "the plan foretells every byte");
        let served = served.unwrap();
        let given = Given { preparations: 1, inferences: 1, record_labels: 0 };
        assert_eq!(served.given, given);
    }
}
