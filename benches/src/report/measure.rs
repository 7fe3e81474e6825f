//! Sessions over loopback TCP, measured.

use protocol::method::Backend;

use super::accounts::Account;
use super::machine::Machine;
use super::{PUBLISHED, Report, scaling};
use crate::Result;
use crate::layers::model;
use crate::session::{Books, Stage, Way};

/// Runs one session of each backend to warm up and `sessions` to measure; keeps the one of median
/// time. Then measures how cost grows; with `brief`, the least sizes only.
///
/// # Errors
/// If a session fails.
pub fn measure(sessions: usize, brief: bool) -> Result<Report> {
    let machine = Machine::look();
    let model = model()?;
    let stage = Stage::new()?;
    let mut accounts = Vec::new();
    for &backend in Backend::ALL {
        let books = median_session(&stage, Way::by_default(backend), sessions)?;
        accounts.push(Account::new(backend, model.architecture(), &books)?);
    }
    let scaling = scaling::measure(brief)?;
    Ok(Report { machine, windows: stage.windows(), sessions, published: PUBLISHED, accounts, scaling })
}

fn median_session(stage: &Stage, way: Way, sessions: usize) -> Result<Books> {
    stage.run(way)?;
    let mut books = (0..sessions).map(|_| stage.run(way)).collect::<Result<Vec<_>>>()?;
    books.sort_by_key(|books| books.client.total(|_| true).time);
    let median = books.len() / 2;
    if median < books.len() { Ok(books.swap_remove(median)) } else { Err("no session to measure".into()) }
}
