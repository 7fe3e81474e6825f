//! The operator's way into the book of a server that runs: a socket in the folder of its store,
//! which nobody but its owner can enter.
//!
//! One line of JSON asks, one line answers.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::warn;

use super::audit::Event;
use super::book::{Entries, Standing};
use super::books::Books;
use super::limits::{Exception, Limits};
use super::store::StoreError;
use super::usage::Usage;

/// Longest question in bytes.
const QUESTION: u64 = 4096;
/// Longest answer in bytes.
const ANSWER: u64 = 256 << 20;
/// How long one side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions at one time.
const AT_ONCE: usize = 8;

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Every client's account.
    List,
    /// Other limits for a client.
    Set {
        /// Whose.
        client: String,
        /// What is to be different; `None` for nothing.
        change: Option<Exception>,
    },
    /// A client's counts anew.
    Reset {
        /// Whose.
        client: String,
    },
    /// The latest entries of the audit trail.
    Audit {
        /// Not older than this, in seconds since 1970.
        since: u64,
        /// How many.
        most: usize,
    },
}

/// What the operator hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// To [`Question::List`].
    Accounts(Vec<Standing>),
    /// To [`Question::Set`]: what the client may have now.
    Set(Limits),
    /// To [`Question::Reset`]: what was counted before.
    Reset(Usage),
    /// To [`Question::Audit`].
    Events(Vec<Event>),
    /// It failed.
    Failed(String),
}

/// Answers a question by the book.
///
/// # Errors
/// [`StoreError`].
pub fn answer(question: Question, entries: &mut Entries<'_>) -> Result<Answer, StoreError> {
    Ok(match question {
        Question::List => Answer::Accounts(entries.list()?),
        Question::Set { client, change } => Answer::Set(entries.set(&client, change.as_ref())?),
        Question::Reset { client } => Answer::Reset(entries.reset(&client)?),
        Question::Audit { since, most } => Answer::Events(entries.events(since, most)?),
    })
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// Answers the operator as long as the server runs. Calls `changed` with the name of a client whose
/// limits were changed.
///
/// # Errors
/// If the socket cannot be made. Its path may have about a hundred bytes.
pub fn listen(
    folder: &Path,
    books: Arc<Books>,
    changed: impl Fn(&str) + Send + Sync + 'static,
) -> io::Result<()> {
    let path = socket(folder);
    // Whoever made it before has left: the store is ours.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let (changed, room) = (Arc::new(changed), Arc::new(Semaphore::new(AT_ONCE)));
    tokio::spawn(async move {
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            let (books, changed) = (Arc::clone(&books), Arc::clone(&changed));
            tokio::spawn(async move {
                let served = timeout(PATIENCE, serve(stream, &books, &*changed)).await;
                if let Ok(Err(error)) = served {
                    warn!(%error, "could not answer the operator");
                }
                drop(place);
            });
        }
    });
    Ok(())
}

async fn serve(stream: UnixStream, books: &Books, changed: &(dyn Fn(&str) + Send + Sync)) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    AsyncBufReader::new(read.take(QUESTION)).read_line(&mut line).await?;
    let question: Question = serde_json::from_str(&line)?;
    let named = match &question {
        Question::Set { client, .. } => Some(client.clone()),
        _ => None,
    };
    let answered = books.ask(move |entries| answer(question, entries)).await;
    if let (Some(_), Some(client)) = (&answered, named) {
        changed(&client);
    }
    let failed = || Answer::Failed("the server cannot use its store; its log says why".into());
    let mut text = serde_json::to_string(&answered.unwrap_or_else(failed))?;
    text.push('\n');
    write.write_all(text.as_bytes()).await
}

/// Asks the server whose store is in `folder`; `None` if none runs.
///
/// # Errors
/// If the server does not answer.
pub fn ask(folder: &Path, question: &Question) -> io::Result<Option<Answer>> {
    let mut stream = match BlockingStream::connect(socket(folder)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut text = serde_json::to_string(question)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER)).read_line(&mut line)?;
    Ok(Some(serde_json::from_str(&line)?))
}
