//! A run of `pp-client infer`: read every file, find the server, classify segment after segment, then the record, report.

use std::path::Path;
use std::time::{Duration, Instant};

use deepcardio::model::Model;
use ecg::{Hints, Recording, Segment};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::meter::{Ledger, Phase};
use protocol::method::{MAX_RECORD_SEGMENTS, Reveal};
use protocol::plan::Limits;

use crate::cli::Infer;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::report::progress::Bar;
use crate::report::{self, FileReport};
use crate::verify;

/// Bytes in the megabyte of `--max-mb`.
const MEGABYTE: u64 = 1_000_000;

/// Runs `pp-client infer` to its end.
///
/// # Errors
/// [`Failure`], which knows its exit code.
pub fn infer(arguments: &Infer) -> Result<(), Failure> {
    let recordings = read_all(arguments)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let connection = Connection::open(arguments).await?;
        let result = classify_all(arguments, &connection, &recordings).await;
        connection.close().await;
        result
    })
}

/// Every file is read and checked before anything is sent.
fn read_all<'a>(arguments: &'a Infer) -> Result<Vec<(&'a Path, Recording)>, Failure> {
    let hints = Hints { rate_hz: arguments.rate, unit: arguments.unit };
    let read = |path: &'a std::path::PathBuf| {
        let recording =
            ecg::open(path, hints).map_err(|source| Failure::Ecg { path: path.clone(), source })?;
        Ok((path.as_path(), recording))
    };
    arguments.files.iter().map(read).collect()
}

async fn classify_all(
    arguments: &Infer,
    connection: &Connection,
    recordings: &[(&Path, Recording)],
) -> Result<(), Failure> {
    let start = Instant::now();
    let bar = Bar::new(arguments.quiet || arguments.json);
    let config = ClientConfig {
        backend: arguments.nonlinear.into(),
        comparison: arguments.comparison.into(),
        pinned_architecture: arguments.architecture,
        limits: Limits { traffic: arguments.max_mb.saturating_mul(MEGABYTE), ..Limits::default() },
        observer: Some(bar.observer()),
        tap: connection.tap.clone(),
    };
    bar.connecting();
    let mut session = ClientSession::connect(connection.connect().await?, config).await?;
    let mut setup = session.take_ledger();
    let mut setup_time = start.elapsed();
    for (path, recording) in recordings {
        let segments = segments(path, recording, &session)?;
        let architecture = session.architecture().clone();
        let mut run = Run::new(arguments, connection, &bar, setup.take());
        let overall = run.classify(&mut session, &segments).await?;
        let report = FileReport {
            path,
            recording,
            architecture: &architecture,
            outcomes: &run.outcomes,
            overall: &overall,
            ledger: &run.ledger,
            seconds: run.seconds(std::mem::take(&mut setup_time)),
            verified: arguments.verify,
        };
        bar.clear();
        report.print(arguments.json, arguments.profile)?;
    }
    Ok(session.finish().await?)
}

fn segments(path: &Path, recording: &Recording, session: &ClientSession) -> Result<Vec<Segment>, Failure> {
    let segments = ecg::segments(recording, session.architecture().signal())
        .map_err(|source| Failure::Ecg { path: path.to_owned(), source })?;
    if session.reveal() == Reveal::Label && segments.len() > MAX_RECORD_SEGMENTS {
        return Err(Failure::TooLong { path: path.to_owned(), segments: segments.len() });
    }
    Ok(segments)
}

/// The classification of one file.
struct Run<'a> {
    arguments: &'a Infer,
    connection: &'a Connection,
    bar: &'a Bar,
    outcomes: Vec<Outcome>,
    /// Sums of the scores that the network gives in the clear, where they are compared.
    reference: Vec<i64>,
    ledger: Ledger,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a Infer, connection: &'a Connection, bar: &'a Bar, ledger: Ledger) -> Self {
        Self { arguments, connection, bar, outcomes: Vec::new(), reference: Vec::new(), ledger }
    }

    /// Classifies the segments one by one; the result is that of the whole record.
    async fn classify(
        &mut self,
        session: &mut ClientSession,
        segments: &[Segment],
    ) -> Result<Outcome, Failure> {
        session.begin_record();
        for (index, segment) in segments.iter().enumerate() {
            self.bar.segment(index + 1, segments.len());
            let prepared = session.prepare().await?;
            let outcome = session.infer(prepared, segment).await?;
            self.ledger.merge(&session.take_ledger());
            self.check(index + 1, segment, &outcome)?;
            self.outcomes.push(outcome);
        }
        let overall = self.overall(session).await?;
        if self.verifies().is_some() {
            verify::check("the whole record", &overall, &self.reference)?;
        }
        Ok(overall)
    }

    /// The result of the whole record: the segments' scores summed, or the label of that sum, which takes the server's help.
    async fn overall(&mut self, session: &mut ClientSession) -> Result<Outcome, Error> {
        if session.reveal() == Reveal::Scores {
            let mut sums = Vec::new();
            for outcome in &self.outcomes {
                let Outcome::Scores(scores) = outcome else { continue };
                add(&mut sums, scores);
            }
            return Ok(Outcome::Scores(sums));
        }
        let label = session.overall_label().await?;
        self.ledger.merge(&session.take_ledger());
        Ok(Outcome::Label(label))
    }

    fn check(&mut self, number: usize, segment: &Segment, outcome: &Outcome) -> Result<(), Failure> {
        if let Some(model) = self.verifies() {
            let scores = verify::segment(model, segment, number, outcome, self.connection.tap.as_ref())?;
            add(&mut self.reference, &scores);
        }
        Ok(())
    }

    /// The network in the clear, if results are compared with it.
    fn verifies(&self) -> Option<&'a Model> {
        self.connection.model.as_ref().filter(|_| self.arguments.verify)
    }

    fn seconds(&self, setup: Duration) -> report::Seconds {
        let of = |phase| self.ledger.total(|scope| scope.phase == phase).time;
        report::Seconds { setup, offline: of(Phase::Offline), online: of(Phase::Online) }
    }
}

/// Adds one segment's scores to the sums of those before.
fn add(sums: &mut Vec<i64>, scores: &[i64]) {
    sums.resize(scores.len(), 0);
    sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
}
