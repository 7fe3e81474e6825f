//! A run of `pp-client infer`: read every file, find the server, classify segment after segment,
//! then the record, report.
//!
//! While a segment is classified, inferences for the next ones are prepared, those of the next file
//! among them. So the books of a file may hold the preparation for the next one.

use std::path::Path;
use std::time::{Duration, Instant};

use ecg::{EcgError, Hints, Reading, Recording, Segment};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::meter::{Ledger, Phase};
use protocol::method::{MAX_RECORD_SEGMENTS, Reveal};
use protocol::plan::Limits;
#[cfg(feature = "embedded")]
use protocol::tap::Tap;

use crate::checked::{self, Checked};
use crate::cli::Infer;
use crate::connection::Connection;
#[cfg(feature = "embedded")]
use crate::embedded::{self, Embedded};
use crate::failure::Failure;
use crate::report::progress::Bar;
use crate::report::{self, FileReport, Overall};
use crate::retries::Retries;
use crate::settings::Settings;
use crate::verify::Verifier;
use crate::visit::{Visit, Visits};

/// Bytes in the megabyte of `--max-mb`.
const MEGABYTE: u64 = 1_000_000;

/// Runs `pp-client infer` to its end.
///
/// # Errors
/// [`Failure`], which knows its exit code.
pub fn infer(arguments: &Infer) -> Result<(), Failure> {
    let settings = Settings::load(arguments)?;
    let recordings = read_all(arguments)?;
    if let Some(unreadable) = all_unreadable(&recordings)? {
        return nothing_sent(arguments, &recordings, &unreadable);
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let (connection, verifier) = open(arguments, &settings).await?;
        let result = classify_all(arguments, &settings, &connection, verifier, &recordings).await;
        let result = result.map_err(|failure| connection.explained(failure));
        connection.close().await;
        result
    })
}

/// The signal check of every file, if not one of them holds a segment that can be read.
fn all_unreadable(recordings: &[(&Path, Reading)]) -> Result<Option<Vec<Vec<Checked>>>, Failure> {
    let of = |(path, reading): &(&Path, Reading)| {
        checked::nothing_to_send(&reading.recording)
            .map_err(|source| Failure::Ecg { path: path.to_path_buf(), source })
    };
    recordings.iter().map(of).collect()
}

/// Reports on files of which nothing is sent: no server is called.
fn nothing_sent(
    arguments: &Infer,
    recordings: &[(&Path, Reading)],
    checked: &[Vec<Checked>],
) -> Result<(), Failure> {
    let ledger = Ledger::default();
    for ((path, reading), checked) in recordings.iter().zip(checked) {
        let report = FileReport {
            path,
            reading,
            architecture: None,
            model_id: None,
            checked,
            outcomes: &[],
            overall: None,
            ledger: &ledger,
            seconds: report::Seconds::default(),
            verified: false,
        };
        report::print(&report, arguments.json, arguments.profile)?;
    }
    Err(Failure::Unreadable { files: recordings.len(), of: recordings.len() })
}

/// The way to the server, and the network in the clear if results are compared with it.
#[cfg(not(feature = "embedded"))]
async fn open(_: &Infer, settings: &Settings) -> Result<(Connection, Option<Verifier>), Failure> {
    Ok((Connection::remote(settings)?, None))
}

/// The way to the server, started if it is embedded, and the network in the clear if results are
/// compared with it.
#[cfg(feature = "embedded")]
async fn open(arguments: &Infer, settings: &Settings) -> Result<(Connection, Option<Verifier>), Failure> {
    let local = &arguments.local;
    if local.embedded {
        let model = embedded::model(local.model.as_deref())?;
        let tap = local.verify.then(Tap::new);
        let verifier = local.verify.then(|| Verifier::new(model.clone(), tap.clone()));
        let reveal = if local.label_only { Reveal::RecordLabel } else { Reveal::Scores };
        let server = Embedded::start(model, reveal, tap, settings.timeout).await?;
        return Ok((Connection::embedded(settings, server), verifier));
    }
    let verifier = match (&local.model, local.verify) {
        (Some(path), true) => Some(Verifier::new(embedded::model(Some(path))?, None)),
        (None, false) => None,
        (None, true) => {
            let reason = "--verify with a remote server needs --model FILE, the model that it serves";
            return Err(Failure::Usage(reason.into()));
        }
        (Some(_), false) => {
            let reason = "--model is of use with --embedded, which serves it, or with --verify, which \
                          compares with it";
            return Err(Failure::Usage(reason.into()));
        }
    };
    Ok((Connection::remote(settings)?, verifier))
}

/// Every file is read and checked before anything is sent.
fn read_all<'a>(arguments: &'a Infer) -> Result<Vec<(&'a Path, Reading)>, Failure> {
    let hints = Hints { rate_hz: arguments.rate, unit: arguments.unit, lead: arguments.lead.clone() };
    let read = |path: &'a std::path::PathBuf| {
        let reading = read(path, &hints).map_err(|source| Failure::Ecg { path: path.clone(), source })?;
        Ok((path.as_path(), reading))
    };
    arguments.files.iter().map(read).collect()
}

/// Reads one file; `-` is standard input.
fn read(path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    if path == Path::new("-") {
        return ecg::read(std::io::stdin().lock(), path, hints);
    }
    ecg::open(path, hints)
}

async fn classify_all(
    arguments: &Infer,
    settings: &Settings,
    connection: &Connection,
    mut verifier: Option<Verifier>,
    recordings: &[(&Path, Reading)],
) -> Result<(), Failure> {
    let start = Instant::now();
    let bar = Bar::new(arguments.quiet || arguments.json);
    let tap = verifier.as_ref().and_then(Verifier::tap);
    let config = || ClientConfig {
        backend: arguments.nonlinear.into(),
        comparison: arguments.comparison.into(),
        pinned_architecture: settings.architecture.map(|digest| digest.0),
        limits: Limits { traffic: settings.max_mb.saturating_mul(MEGABYTE), ..Limits::default() },
        tls_ends_at_balancer: settings.tls_ends_at_balancer(),
        observer: Some(bar.observer()),
        tap: tap.clone(),
    };
    let visits = Visits { connection, config: &config, prepare_ahead: settings.prepare_ahead, bar: &bar };
    let mut visit = Visit::open(visits, Retries::new(settings.retry_for)).await?;
    let mut setup = visit.take_ledger();
    let mut setup_time = start.elapsed();
    let records = recordings.iter().map(|(path, reading)| record(path, &reading.recording, visit.session()));
    let records = records.collect::<Result<Vec<_>, _>>()?;
    let architecture = visit.session().architecture().clone();
    let model_id = visit.session().model_id();
    visit.expect(records.iter().map(|record| record.segments.len()).sum());
    for ((path, reading), Record { checked, segments }) in recordings.iter().zip(&records) {
        let start = Instant::now();
        let mut run = Run::new(&mut verifier, &bar, setup.take());
        let overall = if segments.is_empty() { None } else { run.classify(&mut visit, segments).await? };
        let setup = std::mem::take(&mut setup_time);
        let report = FileReport {
            path,
            reading,
            architecture: Some(&architecture),
            model_id: Some(model_id),
            checked,
            outcomes: &run.outcomes,
            overall: overall.as_ref(),
            ledger: &run.ledger,
            seconds: run.seconds(setup, setup + start.elapsed()),
            verified: run.verifier.is_some(),
        };
        bar.clear();
        report::print(&report, arguments.json, arguments.profile)?;
    }
    visit.finish().await?;
    match records.iter().filter(|record| record.segments.is_empty()).count() {
        0 => Ok(()),
        files => Err(Failure::Unreadable { files, of: records.len() }),
    }
}

/// The segments of a recording: the signal check of each, and those that can be read.
struct Record {
    checked: Vec<Checked>,
    segments: Vec<Segment>,
}

fn record(path: &Path, recording: &Recording, session: &ClientSession) -> Result<Record, Failure> {
    let failed = |source| Failure::Ecg { path: path.to_owned(), source };
    let signal = session.architecture().signal();
    let checked = checked::check(recording, signal).map_err(failed)?;
    let segments = ecg::segments(recording, signal).map_err(failed)?;
    let readable = segments.into_iter().zip(&checked).filter(|(_, checked)| checked.is_readable());
    let segments: Vec<Segment> = readable.map(|(segment, _)| segment).collect();
    if session.reveal() == Reveal::RecordLabel && segments.len() > MAX_RECORD_SEGMENTS {
        return Err(Failure::TooLong { path: path.to_owned(), segments: segments.len() });
    }
    Ok(Record { checked, segments })
}

/// The classification of one file.
struct Run<'a> {
    verifier: &'a mut Option<Verifier>,
    bar: &'a Bar,
    outcomes: Vec<Outcome>,
    ledger: Ledger,
}

impl<'a> Run<'a> {
    fn new(verifier: &'a mut Option<Verifier>, bar: &'a Bar, ledger: Ledger) -> Self {
        Self { verifier, bar, outcomes: Vec::new(), ledger }
    }

    /// Classifies the segments one by one; the result is that of the whole record, if the server
    /// reveals one. A session that breaks is followed by another one.
    async fn classify(
        &mut self,
        visit: &mut Visit<'_>,
        segments: &[Segment],
    ) -> Result<Option<Overall>, Failure> {
        loop {
            let failure = match self.go_on(visit, segments).await {
                Ok(overall) => return Ok(overall),
                Err(failure) => failure,
            };
            self.ledger.merge(&visit.take_ledger());
            // The label of a record is of segments that one session classified.
            let lost = visit.session().reveal() == Reveal::RecordLabel;
            let again = if lost { std::mem::take(&mut self.outcomes).len() } else { 0 };
            visit.reopen(failure, again).await?;
        }
    }

    /// Classifies what is left of the segments in the present session.
    async fn go_on(
        &mut self,
        visit: &mut Visit<'_>,
        segments: &[Segment],
    ) -> Result<Option<Overall>, Failure> {
        if self.outcomes.is_empty() {
            visit.session_mut().begin_record();
            if let Some(verifier) = self.verifier {
                verifier.begin_record();
            }
        }
        for (index, segment) in segments.iter().enumerate().skip(self.outcomes.len()) {
            self.bar.segment(index + 1, segments.len());
            let outcome = visit.infer(segment).await?;
            self.ledger.merge(&visit.take_ledger());
            if let Some(verifier) = self.verifier {
                verifier.segment(index + 1, segment, &outcome)?;
            }
            self.outcomes.push(outcome);
        }
        if visit.session().reveal() == Reveal::RecordLabel {
            visit.check()?;
        }
        let overall = self.overall(visit.session_mut()).await?;
        if let (Some(verifier), Some(overall)) = (&self.verifier, &overall) {
            verifier.record(overall)?;
        }
        Ok(overall)
    }

    /// The result of the whole record: the segments' scores summed, or the class of that sum, which
    /// takes the server's help where there are several.
    async fn overall(&mut self, session: &mut ClientSession) -> Result<Option<Overall>, Error> {
        match session.reveal() {
            Reveal::Scores => {
                let mut sums = Vec::new();
                for outcome in &self.outcomes {
                    let Outcome::Scores(scores) = outcome else { continue };
                    add(&mut sums, scores);
                }
                return Ok(Some(Overall::Scores(sums)));
            }
            Reveal::Label if self.outcomes.len() > 1 => return Ok(None),
            Reveal::Label | Reveal::RecordLabel => {}
        }
        let class = session.overall_label().await?;
        self.ledger.merge(&session.take_ledger());
        Ok(Some(Overall::Class(class)))
    }

    fn seconds(&self, setup: Duration, total: Duration) -> report::Seconds {
        let of = |phase| self.ledger.total(|scope| scope.phase == phase).time;
        report::Seconds { setup, offline: of(Phase::Offline), online: of(Phase::Online), total }
    }
}

/// Adds one segment's scores to the sums of those before.
fn add(sums: &mut Vec<i64>, scores: &[i64]) {
    sums.resize(scores.len(), 0);
    sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
}
