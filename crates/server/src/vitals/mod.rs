//! What can be seen of a server from outside while it serves: whether it lives and is ready, and
//! what it has counted. Nothing medical and no name of a client is in it.
//!
//! The sessions write here, and never wait. Whoever looks at it does not touch them.

mod health;
mod metrics;
mod refusal;

use std::sync::Arc;

use protocol::meter::Ledger;
use protocol::server::{Given, Observer};

pub use health::{BEAT, Health};
pub use metrics::{Counted, Metrics, Running};
pub use refusal::{Outcome, Refusal};

/// All of it.
#[derive(Debug, Default)]
pub struct Vitals {
    /// Whether it lives, and is ready.
    pub health: Health,
    /// What it has counted.
    pub metrics: Metrics,
}

impl Observer for Vitals {
    fn spent(&self, ledger: &Ledger, given: Given) {
        self.metrics.spent(ledger, given);
    }
}

impl Vitals {
    /// Of a server that starts.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }
}
