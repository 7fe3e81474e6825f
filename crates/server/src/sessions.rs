//! Whose sessions run, so that they can be ended, or asked to make room for others.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::server::{Attendance, Parting};
use transport::connection::{Identity, PeerAddress};
use transport::tls::certificates::Certificates;

/// A session that has waited for its client for so long may be asked to leave for one that waits.
/// A client that works on a record asks for the next step at once.
const IDLE_GRACE: Duration = Duration::from_secs(15);

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// Who has a certificate of this name.
    Identity(Identity),
    /// Whoever is at this address; of IPv6 at any address that has its first 64 bits.
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
            (None, PeerAddress::Tcp(address)) => Self::Address(whole(address.ip())),
            (None, _) => Self::Here,
        }
    }

    /// Whether a client of this name is known by its address.
    #[must_use]
    pub fn is_address(name: &str) -> bool {
        name.strip_suffix("/64").unwrap_or(name).parse::<IpAddr>().is_ok()
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

/// Who has one address of IPv6 has all that share its first 64 bits.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()
        }
        other => other,
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity(identity) => identity.fmt(f),
            Self::Address(IpAddr::V6(prefix)) if !prefix.is_loopback() => write!(f, "{prefix}/64"),
            Self::Address(address) => address.fmt(f),
            Self::Here => f.write_str("memory"),
        }
    }
}

/// The sessions that run, and those that are about to, by their clients.
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
    attendance: Arc<Attendance>,
    /// It has a place.
    seated: bool,
}

/// A session's entry, which ends when this is dropped.
#[derive(Debug)]
pub struct Entry {
    registry: Arc<Registry>,
    number: u64,
    client: Client,
    attendance: Arc<Attendance>,
}

impl Registry {
    /// Enters a session of `client`, which showed `certificates` and works with `attendance`.
    #[must_use]
    pub fn register(
        self: &Arc<Self>,
        client: Client,
        certificates: Option<Certificates>,
        attendance: Attendance,
    ) -> Entry {
        let attendance = Arc::new(attendance);
        let mut running = self.running();
        let number = running.next;
        running.next += 1;
        let session = Session {
            client: client.clone(),
            certificates,
            attendance: Arc::clone(&attendance),
            seated: false,
        };
        running.sessions.insert(number, session);
        drop(running);
        Entry { registry: Arc::clone(self), number, client, attendance }
    }

    /// Sessions that have a place.
    #[must_use]
    pub fn seated(&self) -> usize {
        self.running().sessions.values().filter(|session| session.seated).count()
    }

    /// Ends the sessions whose certificates `revoked` says are revoked, and tells their clients
    /// `reason`; says whose they are.
    pub fn end_revoked(&self, reason: &str, revoked: impl Fn(&Certificates) -> bool) -> Vec<Client> {
        let running = self.running();
        let shown = |session: &&Session| session.certificates.as_ref().is_some_and(&revoked);
        let chosen = running.sessions.values().filter(shown);
        chosen
            .inspect(|session| session.attendance.end(reason))
            .map(|session| session.client.clone())
            .collect()
    }

    /// Asks the session that has been idle for longest to leave, unless one is leaving already.
    /// With `of` a session of that client, because it waits for one of its own to end.
    pub fn make_room(&self, of: Option<&Client>, parting: &Parting) {
        let running = self.running();
        let seated = || {
            let of_whom = |session: &&Session| of.is_none_or(|client| session.client == *client);
            running.sessions.values().filter(|session| session.seated).filter(of_whom)
        };
        if seated().any(|session| session.attendance.is_leaving()) {
            return;
        }
        let idle = seated().filter_map(|session| Some((session.attendance.idle()?, session)));
        if let Some((_, longest)) = idle.filter(|&(idle, _)| idle >= IDLE_GRACE).max_by_key(|&(idle, _)| idle)
        {
            longest.attendance.ask_to_leave(parting.clone());
        }
    }

    /// Asks the sessions of a client to connect again, under other limits.
    pub fn ask_client_to_leave(&self, name: &str) {
        let parting = Parting {
            after: Duration::from_secs(1),
            reason: "its operator has changed your limits; connect again".into(),
        };
        let running = self.running();
        let of_client = running.sessions.values().filter(|session| session.client.to_string() == name);
        of_client.for_each(|session| session.attendance.ask_to_leave(parting.clone()));
    }

    /// Asks every session to leave.
    pub fn ask_all_to_leave(&self, parting: &Parting) {
        self.running().sessions.values().for_each(|session| session.attendance.ask_to_leave(parting.clone()));
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

    /// What the session works with.
    #[must_use]
    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }

    /// The session gets a place.
    pub fn seat(&self) {
        self.attendance.begin();
        if let Some(session) = self.registry.running().sessions.get_mut(&self.number) {
            session.seated = true;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.running().sessions.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    fn client(name: &str) -> Client {
        Client::of(Identity::new(name).as_ref(), PeerAddress::Memory)
    }

    fn parting() -> Parting {
        Parting { after: Duration::from_secs(1), reason: "others wait".into() }
    }

    fn seated(registry: &Arc<Registry>, name: &str) -> Entry {
        let entry = registry.register(client(name), None, Attendance::default());
        entry.seat();
        entry
    }

    fn leaving(entries: [&Entry; 2]) -> [bool; 2] {
        entries.map(|entry| entry.attendance().is_leaving())
    }

    #[test]
    fn a_client_without_a_name_is_its_address() {
        let at = |text: &str| PeerAddress::Tcp(text.parse().unwrap());
        let (first, second) = (Client::of(None, at("192.0.2.1:1")), Client::of(None, at("192.0.2.1:2")));
        assert_eq!(first, second, "the port is no part of it");
        assert_eq!(first.to_string(), "192.0.2.1");
        let prefix = Client::of(None, at("[2001:db8:0:7:1:2:3:4]:1"));
        assert_eq!(prefix, Client::of(None, at("[2001:db8:0:7::9]:2")), "one client has them all");
        assert_ne!(prefix, Client::of(None, at("[2001:db8:0:8::9]:2")));
        assert_eq!(prefix.to_string(), "2001:db8:0:7::/64");
        assert_eq!(Client::of(None, at("[::ffff:192.0.2.1]:1")), first);
        assert!(Client::of(None, at("[::1]:1")).stands_for_many());
        assert_ne!(client("gateway"), first);
        assert_eq!(client("gateway").to_string(), "gateway");
    }

    #[test]
    fn who_showed_no_certificate_cannot_be_revoked() {
        let registry = Arc::new(Registry::default());
        let _entry = registry.register(client("one"), None, Attendance::default());
        assert!(registry.end_revoked("revoked", |_| true).is_empty());
        let _shown = registry.register(client("two"), Some(Vec::new().into()), Attendance::default());
        assert_eq!(registry.end_revoked("revoked", |_| true), [client("two")]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_leaves_one_at_a_time_and_not_before_the_grace() {
        let registry = Arc::new(Registry::default());
        let without_a_place = registry.register(client("waits"), None, Attendance::default());
        let oldest = seated(&registry, "one");
        sleep(Duration::from_secs(1)).await;
        let newer = seated(&registry, "two");
        registry.make_room(None, &parting());
        assert_eq!(leaving([&oldest, &newer]), [false; 2], "both work a moment ago");
        sleep(IDLE_GRACE).await;
        registry.make_room(None, &parting());
        registry.make_room(None, &parting());
        assert_eq!(leaving([&oldest, &newer]), [true, false]);
        drop(oldest);
        registry.make_room(None, &parting());
        assert_eq!(leaving([&newer, &without_a_place]), [true, false]);
        assert_eq!(registry.seated(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_its_share_pushes_nobody_else_out() {
        let registry = Arc::new(Registry::default());
        let others = seated(&registry, "others");
        sleep(Duration::from_secs(1)).await;
        let own = seated(&registry, "own");
        sleep(2 * IDLE_GRACE).await;
        registry.make_room(Some(&client("own")), &parting());
        assert_eq!(leaving([&others, &own]), [false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_for_a_place_is_not_the_sessions_idleness() {
        let registry = Arc::new(Registry::default());
        let entry = registry.register(client("one"), None, Attendance::default());
        sleep(2 * IDLE_GRACE).await;
        entry.seat();
        registry.make_room(None, &parting());
        assert!(!entry.attendance().is_leaving());
    }
}
