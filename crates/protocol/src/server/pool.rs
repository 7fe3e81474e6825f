//! The prepared inferences of a session that wait for their ECG, on the server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use shares::Role;
use tokio::sync::Notify;

use crate::error::{Error, Result};
use crate::phases::inference::ServerInference;
use crate::wire::Tag;

/// A bounded store; each inference is taken out once or forgotten.
pub(super) struct Pool {
    most: usize,
    shelf: Mutex<Shelf>,
    changed: Notify,
}

#[derive(Default)]
struct Shelf {
    /// The number of the next preparation.
    next: u32,
    /// The number of the preparation that is under way.
    underway: Option<u32>,
    ready: BTreeMap<u32, ServerInference>,
}

impl Pool {
    /// An empty pool with room for `most`.
    pub(super) fn new(most: u16) -> Self {
        Self { most: usize::from(most), shelf: Mutex::default(), changed: Notify::new() }
    }

    /// Begins the next preparation: gives its number, which never returns.
    ///
    /// # Errors
    /// [`Error::Peer`] blames the client if there is no room.
    pub(super) fn begin(&self) -> Result<u32> {
        let mut shelf = self.shelf();
        if shelf.ready.len() >= self.most {
            return Err(refused(format!(
                "another preparation, where {} are held, the most",
                shelf.ready.len()
            )));
        }
        let number = shelf.next;
        shelf.next =
            number.checked_add(1).ok_or_else(|| refused("a preparation beyond the last number".into()))?;
        shelf.underway = Some(number);
        Ok(number)
    }

    /// Ends the preparation of `number`.
    pub(super) fn add(&self, number: u32, inference: ServerInference) {
        let mut shelf = self.shelf();
        shelf.underway = None;
        shelf.ready.insert(number, inference);
        self.changed.notify_waiters();
    }

    /// Takes the prepared inference out, to be used now. One that the client has prepared to its
    /// end may still be under way here: then it is waited for.
    ///
    /// # Errors
    /// [`Error::Peer`] blames the client if there is no such inference.
    pub(super) async fn take(&self, number: u32) -> Result<ServerInference> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            {
                let mut shelf = self.shelf();
                if let Some(inference) = shelf.ready.remove(&number) {
                    return Ok(inference);
                }
                if shelf.underway != Some(number) {
                    return Err(refused(format!("inference {number}, which is not prepared")));
                }
            }
            changed.await;
        }
    }

    /// Forgets the prepared inference.
    ///
    /// # Errors
    /// [`Error::Peer`] blames the client if there is no such inference.
    pub(super) fn forget(&self, number: u32) -> Result<()> {
        match self.shelf().ready.remove(&number) {
            Some(_wiped) => Ok(()),
            None => Err(refused(format!("to drop inference {number}, which is not prepared"))),
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(reason: String) -> Error {
    Error::invalid(Role::Client, Tag::Request, reason)
}
