//! What the server serves with now. A reload exchanges it under running sessions, which end on what
//! they began with.

use std::sync::{Arc, PoisonError, RwLock};

use protocol::server::Service;
use transport::tls::server::ServerTls;

use crate::accounts::Accounts;
use crate::sessions::{Client, Registry};
use crate::vitals::Vitals;

/// What a client is told whose certificate is on a list.
pub const REVOKED: &str = "its operator has revoked the certificate of this client";

/// The model, the certificates, and the sessions that run.
pub struct Live {
    service: RwLock<Arc<Service>>,
    tls: RwLock<Option<Arc<ServerTls>>>,
    registry: Arc<Registry>,
    vitals: Arc<Vitals>,
    accounts: Arc<dyn Accounts>,
}

impl Live {
    /// Serves `service`, under TLS or in the clear, and asks `accounts` before it gives.
    #[must_use]
    pub fn new(service: Service, tls: Option<ServerTls>, accounts: Arc<dyn Accounts>) -> Self {
        Self {
            service: RwLock::new(Arc::new(service)),
            tls: RwLock::new(tls.map(Arc::new)),
            registry: Arc::default(),
            vitals: Vitals::new(),
            accounts,
        }
    }

    /// Counts in `vitals`, at which others look.
    #[must_use]
    pub fn seen_in(mut self, vitals: Arc<Vitals>) -> Self {
        let service = self.service();
        vitals.metrics.serves(service.model_digest(), &service.reveal());
        self.vitals = vitals;
        self
    }

    /// What can be seen of the server.
    #[must_use]
    pub fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    /// What the next session is served with.
    #[must_use]
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.service.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The certificates for the next connection; `None` without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<Arc<ServerTls>> {
        self.tls.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The sessions that run.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The accounts of clients.
    #[must_use]
    pub fn accounts(&self) -> &Arc<dyn Accounts> {
        &self.accounts
    }

    /// Serves the next sessions with `service`.
    pub fn replace_service(&self, service: Service) {
        self.vitals.metrics.serves(service.model_digest(), &service.reveal());
        *self.service.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(service);
    }

    /// Uses these certificates and lists from the next connection on, and ends the sessions of whom
    /// they revoke. Says whose these are.
    pub fn replace_tls(&self, tls: ServerTls) -> Vec<Client> {
        let tls = Arc::new(tls);
        // First the exchange: a session that registers after it looks at the new lists by itself.
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&tls));
        self.registry.end_revoked(REVOKED, |certificates| tls.revokes(certificates))
    }
}
