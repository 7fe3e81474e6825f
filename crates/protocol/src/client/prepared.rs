//! A prepared inference in the hands of a program.

use std::sync::Arc;

use super::agreed::Agreed;
use crate::error::{Error, Result};
use crate::phases::inference::ClientInference;

/// The client's one-time material of one inference, for which no ECG was needed.
///
/// Classifying a segment uses it up. One that is dropped unused is wiped here at once; the server
/// is told to forget its half with the next preparation.
#[must_use = "it cost a whole offline phase, and the server holds its half of it"]
pub struct PreparedInference {
    number: u32,
    session: Arc<Agreed>,
    /// `None` once it is used.
    inference: Option<ClientInference>,
}

impl PreparedInference {
    pub(super) fn new(number: u32, session: Arc<Agreed>, inference: ClientInference) -> Self {
        Self { number, session, inference: Some(inference) }
    }

    /// Its number in the session; the first one has 0, and none returns.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Refuses a session in which it was not prepared.
    pub(super) fn check(&self, session: &Arc<Agreed>) -> Result<()> {
        if Arc::ptr_eq(&self.session, session) {
            return Ok(());
        }
        Err(Error::Config("this inference was prepared in another session".into()))
    }

    /// The material itself, to be used now.
    pub(super) fn spend(mut self) -> Result<ClientInference> {
        self.inference.take().ok_or_else(|| Error::internal("an inference that is used already"))
    }
}

impl Drop for PreparedInference {
    fn drop(&mut self) {
        if self.inference.is_some() {
            self.session.state.abandon(self.number);
        }
    }
}
