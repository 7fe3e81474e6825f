//! A run of `pp-client infer`: read every file, find the server, classify segment after segment, report.

use std::path::Path;
use std::time::{Duration, Instant};

use deepcardio::architecture::Architecture;
use deepcardio::ecg::{self, Recording, Segment};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::meter::{Ledger, Phase};
use protocol::plan::Limits;

use crate::cli::Infer;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::report::progress::Bar;
use crate::report::{self, FileReport};
use crate::verify::verify;

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
    let read = |path: &'a std::path::PathBuf| {
        let recording = ecg::csv::read(path, arguments.rate, arguments.unit)
            .map_err(|source| Failure::Ecg { path: path.clone(), source })?;
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
        let segments = segments(path, recording, session.architecture())?;
        let architecture = session.architecture().clone();
        let mut run = Run { arguments, connection, bar: &bar, outcomes: Vec::new(), ledger: setup.take() };
        let (returned, seconds) = run.classify(session, &segments).await?;
        session = returned;
        let report = FileReport {
            path,
            recording,
            architecture: &architecture,
            outcomes: &run.outcomes,
            ledger: &run.ledger,
            seconds: report::Seconds { setup: std::mem::take(&mut setup_time), ..seconds },
            verified: arguments.verify,
        };
        bar.clear();
        report.print(arguments.json, arguments.profile)?;
    }
    Ok(session.finish().await?)
}

fn segments(
    path: &Path,
    recording: &Recording,
    architecture: &Architecture,
) -> Result<Vec<Segment>, Failure> {
    ecg::segments(recording, architecture.signal())
        .map_err(|source| Failure::Ecg { path: path.to_owned(), source })
}

/// The classification of one file.
struct Run<'a> {
    arguments: &'a Infer,
    connection: &'a Connection,
    bar: &'a Bar,
    outcomes: Vec<Outcome>,
    ledger: Ledger,
}

impl Run<'_> {
    async fn classify(
        &mut self,
        mut session: ClientSession,
        segments: &[Segment],
    ) -> Result<(ClientSession, report::Seconds), Failure> {
        let (mut offline, mut online) = (Duration::ZERO, Duration::ZERO);
        for (index, segment) in segments.iter().enumerate() {
            self.bar.segment(index + 1, segments.len());
            let (returned, outcome) = infer_segment(session, segment).await?;
            session = returned;
            let ledger = session.take_ledger();
            offline += ledger.total(|scope| scope.phase == Phase::Offline).time;
            online += ledger.total(|scope| scope.phase == Phase::Online).time;
            self.ledger.merge(&ledger);
            self.check(index + 1, segment, &outcome)?;
            self.outcomes.push(outcome);
        }
        Ok((session, report::Seconds { setup: Duration::ZERO, offline, online }))
    }

    fn check(&self, number: usize, segment: &Segment, outcome: &Outcome) -> Result<(), Failure> {
        match &self.connection.model {
            Some(model) if self.arguments.verify => {
                verify(model, segment, number, outcome, self.connection.tap.as_ref())
            }
            _ => Ok(()),
        }
    }
}

async fn infer_segment(session: ClientSession, segment: &Segment) -> Result<(ClientSession, Outcome), Error> {
    session.prepare().await?.infer(segment).await
}
