//! `pp-server quota` and `pp-server audit`: the operator's look into the book, whether the server
//! runs or not.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};

use super::audit::{Event, SessionEvent};
use super::book::{Book, Rules, Standing, system_clock};
use super::control::{self, Answer, Question};
use super::limits::{Bound, Exception, Limits};
use super::store::{Loss, Place};
use crate::config;
use crate::policy::RevealPolicy;
use crate::reload::Failure;

/// Who may have how much, and who has had how much.
#[derive(Args, Debug)]
pub struct Quota {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// Where the book is.
#[derive(Args, Debug)]
pub struct Where {
    /// Folder of the store [default: as the server's].
    #[arg(long, env = "PP_SERVER_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// Witness of the store, if it has a place of its own.
    #[arg(long, env = "PP_SERVER_WITNESS", value_name = "FILE")]
    pub witness: Option<PathBuf>,
    /// Configuration file of the server.
    #[arg(long, env = "PP_SERVER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to do with quotas.
#[derive(Subcommand, Debug)]
pub enum Action {
    /// Print every client's counts and limits.
    List(Where),
    /// Give a client other limits than the rest has. Running sessions of it are asked to connect
    /// again.
    Set {
        /// The client: the first DNS name of its certificate, else its address.
        client: String,
        /// Answers of an hour: a number, or `unlimited`.
        #[arg(long)]
        inferences_per_hour: Option<Bound>,
        /// Answers of 24 hours; 0 shuts the client out.
        #[arg(long)]
        inferences_per_day: Option<Bound>,
        /// Preparations of 24 hours.
        #[arg(long)]
        preparations_per_day: Option<Bound>,
        /// What its answers tell.
        #[arg(long)]
        reveal: Option<RevealPolicy>,
        /// Give it the limits of the rest again.
        #[arg(long, conflicts_with_all = ["inferences_per_hour", "inferences_per_day", "preparations_per_day", "reveal"])]
        default: bool,
        /// Where the book is.
        #[command(flatten)]
        place: Where,
    },
    /// Begin a client's counts anew. What it had of all times stays.
    Reset {
        /// The client.
        client: String,
        /// Where the book is.
        #[command(flatten)]
        place: Where,
    },
    /// Use a store that is an older copy, although what was counted since is lost.
    AcceptLoss(Where),
}

/// Who had how much, session by session, and who could not show who they are.
#[derive(Args, Debug)]
pub struct Audit {
    /// Of so many hours.
    #[arg(long, default_value_t = 24)]
    pub hours: u64,
    /// At most so many entries.
    #[arg(long, default_value_t = 1000)]
    pub most: usize,
    /// Where the book is.
    #[command(flatten)]
    pub place: Where,
}

/// Runs `pp-server quota`; gives what to print.
///
/// # Errors
/// If there is no store, or it cannot be used; the text says what to do.
pub fn quota(quota: Quota) -> Result<String, Failure> {
    match quota.action {
        Action::List(place) => {
            let answer = ask(&place, Question::List)?;
            print(place.json, &answer, |answer| match answer {
                Answer::Accounts(accounts) => Some(table(accounts)),
                _ => None,
            })
        }
        Action::Set {
            client,
            inferences_per_hour,
            inferences_per_day,
            preparations_per_day,
            reveal,
            default,
            place,
        } => {
            let change = Exception { inferences_per_hour, inferences_per_day, preparations_per_day, reveal };
            if !default && change == Exception::default() {
                return Err("name what is to be different, or --default".into());
            }
            let change = (!default).then_some(change);
            let answer = ask(&place, Question::Set { client: client.clone(), change })?;
            print(place.json, &answer, |answer| match answer {
                Answer::Set(limits) => Some(said(&client, limits)),
                _ => None,
            })
        }
        Action::Reset { client, place } => {
            let answer = ask(&place, Question::Reset { client: client.clone() })?;
            print(place.json, &answer, |answer| match answer {
                Answer::Reset(usage) => {
                    let before = usage.answers_of_day(usage.last);
                    Some(format!("{client}: counts begin anew, {before} answers of 24 hours are forgotten\n"))
                }
                _ => None,
            })
        }
        Action::AcceptLoss(place) => {
            let (folder, rules) = config::book(place.config.as_deref(), place.state, place.witness)?;
            let said = format!("{}: in use again as it is\n", folder.folder.display());
            let mut book = Book::open(Some(folder), Loss::Accept, rules, system_clock())?;
            book.keep(|entries| entries.operator("", "accepted the loss of counts".into()))?;
            Ok(said)
        }
    }
}

/// Runs `pp-server audit`; gives what to print.
///
/// # Errors
/// If there is no store, or it cannot be used; the text says what to do.
pub fn audit(audit: &Audit) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let since = now.saturating_sub(audit.hours.saturating_mul(3600));
    let answer = ask(&audit.place, Question::Audit { since, most: audit.most })?;
    print(audit.place.json, &answer, |answer| match answer {
        Answer::Events(events) => Some(events.iter().rev().map(|event| line(event) + "\n").collect()),
        _ => None,
    })
}

/// Asks the server if it runs, else the store itself.
fn ask(place: &Where, question: Question) -> Result<Answer, Failure> {
    let (found, rules): (Place, Rules) =
        config::book(place.config.as_deref(), place.state.clone(), place.witness.clone())?;
    if !found.folder.is_dir() {
        let folder = found.folder.display();
        return Err(format!(
            "{folder}: there is no store of counts; name its folder with --state, or the server's \
                            configuration file with --config"
        )
        .into());
    }
    let named = |error: std::io::Error| format!("the server at {}: {error}", found.folder.display());
    if let Some(answer) = control::ask(&found.folder, &question).map_err(named)? {
        return Ok(answer);
    }
    let mut book = Book::open(Some(found), Loss::Refuse, rules, system_clock())?;
    Ok(book.keep(|entries| control::answer(question, entries))?)
}

fn print(
    json: bool,
    answer: &Answer,
    words: impl FnOnce(&Answer) -> Option<String>,
) -> Result<String, Failure> {
    match answer {
        Answer::Failed(reason) => Err(reason.clone().into()),
        answer if json => Ok(serde_json::to_string(answer)? + "\n"),
        answer => {
            words(answer).ok_or_else(|| "the server answers something else; is it of another version?".into())
        }
    }
}

fn table(accounts: &[Standing]) -> String {
    let width = accounts.iter().map(|account| account.client.chars().count()).max().unwrap_or(0).max(6);
    let mut text = format!(
        "{:width$}  {:>17}  {:>17}  {:>17}  {:>11}  {}\n",
        "client", "answers this hour", "answers in 24 h", "prepared in 24 h", "all answers", "reveal"
    );
    for account in accounts {
        let own = account.limits;
        let of = |count: u32, bound: Bound| format!("{count} of {bound}");
        let reveal = own
            .reveal
            .map_or_else(|| "as all".into(), |policy| protocol::method::Reveal::from(policy).to_string());
        let _written = writeln!(
            text,
            "{:width$}  {:>17}  {:>17}  {:>17}  {:>11}  {reveal}",
            account.client,
            of(account.answers_of_hour, own.inferences_per_hour),
            of(account.answers_of_day, own.inferences_per_day),
            of(account.preparations_of_day, own.preparations_per_day),
            account.all_answers,
        );
    }
    text
}

fn said(client: &str, limits: &Limits) -> String {
    let reveal = limits.reveal.map_or_else(
        || "what every client is told".into(),
        |policy| protocol::method::Reveal::from(policy).to_string(),
    );
    format!(
        "{client}: {} inferences an hour, {} in 24 hours, {} preparations in 24 hours, told {reveal}\n",
        limits.inferences_per_hour, limits.inferences_per_day, limits.preparations_per_day
    )
}

fn line(event: &Event) -> String {
    match event {
        Event::Session(session) => of_session(session),
        Event::Unauthenticated { at, address, reason, unsaid } => {
            let more = if *unsaid > 0 { format!(", and {unsaid} more before") } else { String::new() };
            format!("{}  {address}  not let in: {reason}{more}", date(*at))
        }
        Event::Operator { at, client, action } => format!("{}  {client}  operator: {action}", date(*at)),
    }
}

fn of_session(session: &SessionEvent) -> String {
    let SessionEvent { at, client, address, model, preparations, inferences, record_labels, end } = session;
    let answers = inferences + record_labels;
    let ended = match end {
        Some(end) => {
            let bytes = end.bytes_sent.zip(end.bytes_received);
            let bytes = bytes.map_or_else(String::new, |(sent, received)| {
                format!("{sent} bytes sent, {received} received, ")
            });
            format!("{bytes}{} s: {}", end.at.saturating_sub(*at), end.outcome)
        }
        None => "not ended".into(),
    };
    let model = model.get(..12).unwrap_or(model);
    format!(
        "{}  {client}  from {address}, model {model}: {answers} answers, {preparations} prepared, {ended}",
        date(*at)
    )
}

/// The time as people write it, in UTC.
fn date(at: u64) -> String {
    x509_parser::time::ASN1Time::from_timestamp(i64::try_from(at).unwrap_or(i64::MAX)).map_or_else(
        |_| at.to_string(),
        |time| {
            let time = time.to_datetime();
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z",
                time.year(),
                u8::from(time.month()),
                time.day(),
                time.hour(),
                time.minute(),
                time.second()
            )
        },
    )
}
