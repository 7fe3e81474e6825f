//! The half of a server's session that prepares inferences.

use std::sync::Arc;

use he_linear::PublicKey;
use shares::Role;

use super::pool::Pool;
use crate::channel::Channel;
use crate::correlations::Correlations;
use crate::error::{Error, Result};
use crate::keys::InferenceId;
use crate::meter::{Phase, Scope};
use crate::method::{Backend, Method, Reveal};
use crate::phases::inference::{Served, ServerInference, Terms};
use crate::prepared_model::PreparedModel;
use crate::wire::Tag;

/// What the server's preparations take.
pub(super) struct Preparing {
    pub(super) model: Arc<PreparedModel>,
    pub(super) reveal: Reveal,
    pub(super) backend: Backend,
    pub(super) session_id: [u8; 32],
    /// The client's homomorphic key.
    pub(super) key: Arc<PublicKey>,
    pub(super) correlations: Correlations,
}

impl Preparing {
    /// Runs the offline phase of one inference, and puts it into the pool.
    pub(super) async fn prepare(&mut self, channel: &mut Channel, method: Method, pool: &Pool) -> Result<()> {
        if method.backend() != self.backend {
            let reason = "a method of another backend than was agreed on";
            return Err(Error::invalid(Role::Client, Tag::Request, reason));
        }
        let number = pool.begin()?;
        let id = InferenceId::new(self.session_id, number);
        let served = Served { model: &self.model, key: &self.key };
        let terms = Terms { method, reveal: self.reveal };
        let times = channel.times();
        let inference = ServerInference::prepare(channel, served, terms, (&id, &mut self.correlations));
        pool.add(number, times.timed(Scope::session(Phase::Offline), inference).await?);
        Ok(())
    }
}
