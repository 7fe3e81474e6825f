//! `deepcardio damage`: what becomes of recordings that were right, when they are damaged.

mod kinds;

use std::fmt::Write;
use std::path::PathBuf;

use deepcardio::Model;
use deepcardio::architecture::Level;
use deepcardio_tools::fast::FastModel;
use ecg::Recording;
use ecg::quality::{Kind, Severity};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use self::kinds::{ALL, Damage};
use super::judgement::Judgement;
use super::labelled::Labelled;
use super::outcome::Outcome;
use super::records::Records;

/// Damage labelled records in twelve ways, and count what is right, said and silently wrong.
///
/// Only records that are right undamaged count. "Said" is a finding that the undamaged record does
/// not have, or the level of confidence "uncertain".
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    labelled: Labelled,
    /// Model file.
    #[arg(long)]
    model: PathBuf,
    /// Take so many of the records, evenly spread over them.
    #[arg(long, default_value_t = 200)]
    count: usize,
    /// One kind of damage alone, by the first word of its name in the table.
    #[arg(long, value_name = "KIND")]
    only: Option<String>,
    /// Seconds of each record.
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
}

/// A record that is right, and what the check says of it.
struct Clean {
    number: u32,
    class: usize,
    rate_hz: f64,
    millivolts: Vec<f64>,
    found: Vec<Kind>,
    uncertain: bool,
}

/// What became of one damaged record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Right,
    RightSaid,
    WrongSaid,
    Silent,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let model = Model::load(&arguments.model)?;
    let fast = FastModel::new(&model);
    let (records, chosen) = arguments.labelled.open()?;
    let count = arguments.count.clamp(1, chosen.len().max(1));
    let taken: Vec<usize> =
        (0..count).filter_map(|place| chosen.get(place * chosen.len() / count).copied()).collect();
    let clean: Vec<Clean> = taken
        .par_iter()
        .map(|&index| clean(&model, &fast, &records, index, arguments.seconds))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut text = header(taken.len(), &clean);
    let asked =
        |damage: &Damage| arguments.only.as_deref().is_none_or(|kind| damage.words().0.starts_with(kind));
    for damage in ALL.into_iter().filter(asked) {
        let fates: Vec<(u32, Fate)> = clean
            .par_iter()
            .map(|record| fate(&model, &fast, record, damage).map(|fate| (record.number, fate)))
            .collect::<Result<_, _>>()?;
        text.push_str(&row(damage, &fates));
    }
    Ok(text)
}

/// The record undamaged; `None` if it is not right.
fn clean(
    model: &Model,
    fast: &FastModel<'_>,
    records: &Records,
    index: usize,
    seconds: f64,
) -> Result<Option<Clean>, String> {
    let failed = |error: &dyn std::fmt::Display| records.failed(index, error);
    let whole = records.recording(index).map_err(|error| failed(&error))?;
    let rate_hz = whole.rate_hz();
    let length = ((seconds * rate_hz) as usize).min(whole.millivolts().len());
    let millivolts = whole.millivolts()[..length].to_vec();
    let recording = Recording::new(rate_hz, millivolts.clone()).map_err(|error| failed(&error))?;
    let judgement = Judgement::of(model, fast, &recording).map_err(|error| failed(&error))?;
    let Some(class) = judgement.class().filter(|class| records.label(index) == Some(*class)) else {
        return Ok(None);
    };
    let uncertain = judgement.level(model) == Some(Level::Uncertain);
    let number = records.number(index).unwrap_or_default();
    Ok(Some(Clean { number, class, rate_hz, millivolts, found: found(&judgement), uncertain }))
}

/// The kinds of finding that count: the length of a record is no word on its damage.
fn found(judgement: &Judgement) -> Vec<Kind> {
    let findings = judgement.examinations.iter().flat_map(|examination| &examination.findings);
    findings
        .filter(|finding| finding.kind != Kind::Short || finding.severity == Severity::Unreadable)
        .map(|finding| finding.kind)
        .collect()
}

fn fate(model: &Model, fast: &FastModel<'_>, clean: &Clean, damage: Damage) -> Result<Fate, String> {
    let damaged = damage.apply(clean.rate_hz, clean.millivolts.clone(), u64::from(clean.number));
    // A recording that the reader refuses is said to be wrong.
    let Ok(recording) = Recording::with_gaps(damaged.rate_hz, damaged.millivolts, damaged.gaps) else {
        return Ok(Fate::WrongSaid);
    };
    let judgement = Judgement::of(model, fast, &recording)
        .map_err(|error| format!("record {}: {error}", clean.number))?;
    let said = found(&judgement).iter().any(|kind| !clean.found.contains(kind))
        || judgement.level(model) == Some(Level::Uncertain);
    Ok(match (judgement.class() == Some(clean.class), said) {
        (true, false) => Fate::Right,
        (true, true) => Fate::RightSaid,
        (false, true) => Fate::WrongSaid,
        (false, false) => Fate::Silent,
    })
}

fn header(taken: usize, clean: &[Clean]) -> String {
    let uncertain = clean.iter().filter(|record| record.uncertain).count();
    format!(
        "{taken} records, {} right undamaged ({uncertain} of them uncertain)\n\n{:<15} {:>10} {:>7} {:>11} \
         {:>11} {:>9}\n",
        clean.len(),
        "damage",
        "strength",
        "right",
        "right, said",
        "wrong, said",
        "silent"
    )
}

fn row(damage: Damage, fates: &[(u32, Fate)]) -> String {
    let (kind, strength) = damage.words();
    let count = |wanted| fates.iter().filter(|(_, fate)| *fate == wanted).count();
    let silent = count(Fate::Silent);
    let mut text = String::new();
    let _ = write!(
        text,
        "{kind:<15} {strength:>10} {:>7} {:>11} {:>11} {silent:>3} {:>4.1}%",
        count(Fate::Right),
        count(Fate::RightSaid),
        count(Fate::WrongSaid),
        100.0 * silent as f64 / fates.len().max(1) as f64
    );
    let numbers =
        fates.iter().filter(|(_, fate)| *fate == Fate::Silent).map(|(number, _)| number.to_string());
    let _ = writeln!(text, "  {}", numbers.take(6).collect::<Vec<_>>().join(" "));
    text
}
