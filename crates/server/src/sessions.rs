//! Whose sessions run, so that those of one client can be ended.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use transport::connection::{Identity, PeerAddress};
use transport::tls::certificates::Certificates;

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// Who has a certificate of this name.
    Identity(Identity),
    /// Whoever is at this address.
    Address(IpAddr),
    /// Whoever is at the other end in this process.
    Here,
}

impl Client {
    /// The client by its name, else by its address.
    #[must_use]
    pub fn of(identity: Option<&Identity>, peer: PeerAddress) -> Self {
        match (identity, peer) {
            (Some(identity), _) => Self::Identity(identity.clone()),
            (None, PeerAddress::Tcp(address)) => Self::Address(address.ip()),
            (None, _) => Self::Here,
        }
    }

    /// Whether many may stand behind it: at an address of this machine a tunnel may end.
    #[must_use]
    pub fn stands_for_many(&self) -> bool {
        match self {
            Self::Identity(_) => false,
            Self::Address(address) => address.is_loopback(),
            Self::Here => true,
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(identity) => identity.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Here => f.write_str("memory"),
        }
    }
}

/// The sessions that run, by their clients.
#[derive(Debug, Default)]
pub struct Registry {
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    sessions: BTreeMap<u64, Session>,
}

#[derive(Debug)]
struct Session {
    client: Client,
    /// What the client showed.
    certificates: Option<Certificates>,
    ended: CancellationToken,
}

/// A session's entry, which ends when this is dropped.
#[derive(Debug)]
pub struct Entry {
    registry: Arc<Registry>,
    number: u64,
    client: Client,
    ended: CancellationToken,
}

impl Registry {
    /// Enters a session of `client`, which showed `certificates`.
    #[must_use]
    pub fn register(self: &Arc<Self>, client: Client, certificates: Option<Certificates>) -> Entry {
        let ended = CancellationToken::new();
        let mut running = self.running();
        let number = running.next;
        running.next += 1;
        let session = Session { client: client.clone(), certificates, ended: ended.clone() };
        running.sessions.insert(number, session);
        drop(running);
        Entry { registry: Arc::clone(self), number, client, ended }
    }

    /// Sessions of `client` now.
    #[must_use]
    pub fn count(&self, client: &Client) -> usize {
        self.running().sessions.values().filter(|session| session.client == *client).count()
    }

    /// Ends the sessions of `client`; says how many.
    pub fn cancel(&self, client: &Client) -> usize {
        self.end_where(|session| session.client == *client).len()
    }

    /// Ends the sessions whose certificates `revoked` says are revoked; says whose they are.
    pub fn cancel_revoked(&self, revoked: impl Fn(&Certificates) -> bool) -> Vec<Client> {
        self.end_where(|session| session.certificates.as_ref().is_some_and(&revoked))
    }

    fn end_where(&self, which: impl Fn(&Session) -> bool) -> Vec<Client> {
        let running = self.running();
        let chosen = running.sessions.values().filter(|session| which(session));
        chosen.inspect(|session| session.ended.cancel()).map(|session| session.client.clone()).collect()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whose session it is.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits until the session has to end.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.running().sessions.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> Client {
        Client::of(Identity::new(name).as_ref(), PeerAddress::Memory)
    }

    #[test]
    fn the_sessions_of_one_client_end_and_no_others() {
        let registry = Arc::new(Registry::default());
        let [one, again, other] = ["one", "one", "other"].map(|name| registry.register(client(name), None));
        assert_eq!(registry.count(&client("one")), 2);
        assert_eq!(registry.cancel(&client("one")), 2);
        assert!(one.ended.is_cancelled() && again.ended.is_cancelled() && !other.ended.is_cancelled());
        drop((one, again));
        assert_eq!(registry.count(&client("one")), 0);
        assert_eq!(registry.cancel(&client("one")), 0);
        assert_eq!(registry.count(other.client()), 1);
    }

    #[test]
    fn a_client_without_a_name_is_its_address() {
        let at = |text: &str| PeerAddress::Tcp(text.parse().unwrap());
        let (first, second) = (Client::of(None, at("192.0.2.1:1")), Client::of(None, at("192.0.2.1:2")));
        assert_eq!(first, second, "the port is no part of it");
        assert_eq!(first.to_string(), "192.0.2.1");
        assert_ne!(client("gateway"), first);
        assert_eq!(client("gateway").to_string(), "gateway");
    }

    #[test]
    fn who_showed_no_certificate_cannot_be_revoked() {
        let registry = Arc::new(Registry::default());
        let entry = registry.register(client("one"), None);
        assert!(registry.cancel_revoked(|_| true).is_empty() && !entry.ended.is_cancelled());
    }
}
