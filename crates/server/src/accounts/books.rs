//! The book of a server that runs, as its sessions and its operator use it.
//!
//! One thread has the book. What was asked for while it kept the changes before goes into one
//! transaction. So a disk that takes long for each slows one answer down, and not all of them in
//! turn.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use protocol::server::{Allowance, Answered, Grant, Parting};
use tokio::sync::oneshot;
use tracing::error;

use super::book::{Book, Entries, unavailable};
use super::store::StoreError;
use super::{Account, Accounts, Opening};
use crate::policy::RevealPolicy;
use crate::sessions::Client;

/// Most questions that one transaction answers.
const AT_ONCE: usize = 256;

/// Tells who asked. It is called once the changes are kept.
type Reply = Box<dyn FnOnce() + Send>;
/// Reads and writes in the book.
type Task = Box<dyn FnOnce(&mut Entries<'_>) -> Result<Reply, StoreError> + Send>;

/// The book of a server that runs.
#[derive(Clone, Debug)]
pub struct Books {
    tasks: Sender<Task>,
}

impl Books {
    /// Gives the book a thread.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn start(book: Book) -> io::Result<Arc<Self>> {
        let (tasks, asked) = channel();
        thread::Builder::new().name("accounts".into()).spawn(move || keep(book, &asked))?;
        Ok(Arc::new(Self { tasks }))
    }

    /// Does `task`, and returns once its changes are kept; `None` if the book cannot be kept.
    pub async fn ask<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Entries<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let (reply, answered) = oneshot::channel();
        self.submit(Box::new(move |entries| {
            let done = task(entries)?;
            // Who went away meanwhile needs no answer. What was counted stays counted.
            Ok(Box::new(move || drop(reply.send(done))))
        }));
        answered.await.ok()
    }

    /// Does `task`, of which nobody needs to hear.
    fn note(&self, task: impl FnOnce(&mut Entries<'_>) -> Result<(), StoreError> + Send + 'static) {
        self.submit(Box::new(move |entries| {
            task(entries)?;
            Ok(Box::new(|| ()))
        }));
    }

    /// A task that the thread cannot take any more is dropped, and who asked hears that.
    fn submit(&self, task: Task) {
        drop(self.tasks.send(task));
    }
}

fn keep(mut book: Book, asked: &Receiver<Task>) {
    while let Ok(first) = asked.recv() {
        let tasks = std::iter::once(first).chain(asked.try_iter().take(AT_ONCE - 1));
        let kept = book.keep(|entries| tasks.map(|task| task(entries)).collect::<Result<Vec<_>, _>>());
        match kept {
            Ok(replies) => replies.into_iter().for_each(|reply| reply()),
            // The replies are dropped, by which everyone hears that nothing was kept.
            Err(failure) => error!(%failure, "nothing is granted, because it cannot be counted"),
        }
    }
}

impl Accounts for Books {
    fn admit<'a>(&'a self, client: &'a Client) -> Answered<'a, Result<Option<RevealPolicy>, Parting>> {
        let client = client.to_string();
        let admitted = self.ask(move |entries| {
            let reveal = entries.limits(&client)?.reveal;
            Ok(entries.foresee(&client)?.map(|()| reveal))
        });
        Box::pin(async { admitted.await.unwrap_or_else(|| Err(unavailable())) })
    }

    fn open(
        &self,
        Opening { client, address, model }: Opening,
    ) -> Answered<'_, Result<Box<dyn Account>, Parting>> {
        let client = client.to_string();
        Box::pin(async move {
            let name = client.clone();
            let number = self.ask(move |entries| entries.open(&name, &address, &model)).await;
            let session = number.ok_or_else(unavailable)?;
            Ok(Box::new(OpenAccount { books: self.clone(), client, session }) as Box<dyn Account>)
        })
    }

    fn unauthenticated(&self, address: IpAddr, reason: &str) {
        let reason = reason.to_owned();
        self.note(move |entries| entries.unauthenticated(address, &reason));
    }
}

/// The account of a session that runs.
struct OpenAccount {
    books: Books,
    client: String,
    session: u64,
}

impl Allowance for OpenAccount {
    fn foresee(&self) -> Answered<'_, Result<(), Parting>> {
        let client = self.client.clone();
        let foreseen = self.books.ask(move |entries| entries.foresee(&client));
        Box::pin(async { foreseen.await.unwrap_or_else(|| Err(unavailable())) })
    }

    fn grant(&self, what: Grant) -> Answered<'_, Result<(), Parting>> {
        let (client, session) = (self.client.clone(), self.session);
        let granted = self.books.ask(move |entries| entries.grant(&client, session, what));
        Box::pin(async { granted.await.unwrap_or_else(|| Err(unavailable())) })
    }
}

impl Account for OpenAccount {
    fn close(self: Box<Self>, bytes: Option<(u64, u64)>, outcome: &str) {
        let (session, outcome) = (self.session, outcome.to_owned());
        self.books.note(move |entries| entries.close(session, bytes, &outcome));
    }
}
