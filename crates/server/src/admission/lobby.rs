//! Connections that have not made the set-up yet.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// How many visitors there may be.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// In all.
    pub most: usize,
    /// From one address.
    pub most_of_one: usize,
}

/// The visitors.
#[derive(Debug)]
pub struct Lobby {
    room: Room,
    visitors: Mutex<Visitors>,
}

#[derive(Debug, Default)]
struct Visitors {
    next: u64,
    /// By the order in which they came.
    present: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

/// A connection's stay in the lobby; it ends when this is dropped.
#[derive(Debug)]
pub struct Visitor {
    lobby: Arc<Lobby>,
    number: u64,
    evicted: CancellationToken,
}

impl Lobby {
    /// An empty lobby.
    #[must_use]
    pub fn new(room: Room) -> Arc<Self> {
        Arc::new(Self { room, visitors: Mutex::default() })
    }

    /// Lets a connection from `address` in, at the cost of another one if there is no room.
    #[must_use]
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Visitor {
        let mut visitors = self.visitors();
        if visitors.of(address) >= self.room.most_of_one {
            visitors.evict_oldest_of(address);
        } else if visitors.present.len() >= self.room.most {
            let busiest = visitors.busiest();
            visitors.evict_oldest_of(busiest.unwrap_or(address));
        }
        let (number, evicted) = (visitors.next, CancellationToken::new());
        visitors.next += 1;
        visitors.present.insert(number, (address, evicted.clone()));
        Visitor { lobby: Arc::clone(self), number, evicted }
    }

    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitors {
    fn of(&self, address: IpAddr) -> usize {
        self.present.values().filter(|(of, _)| *of == address).count()
    }

    /// The address with most visitors.
    fn busiest(&self) -> Option<IpAddr> {
        let mut counts = BTreeMap::new();
        for (address, _) in self.present.values() {
            *counts.entry(*address).or_insert(0_usize) += 1;
        }
        counts.into_iter().max_by_key(|&(_, count)| count).map(|(address, _)| address)
    }

    fn evict_oldest_of(&mut self, address: IpAddr) {
        let oldest = self.present.iter().find(|(_, (of, _))| *of == address).map(|(&number, _)| number);
        if let Some((_, token)) = oldest.and_then(|number| self.present.remove(&number)) {
            token.cancel();
        }
    }
}

impl Visitor {
    /// Waits until the visitor has to go for another.
    pub async fn evicted(&self) {
        self.evicted.cancelled().await;
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.lobby.visitors().present.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn lobby() -> Arc<Lobby> {
        Lobby::new(Room { most: 4, most_of_one: 3 })
    }

    fn gone(visitors: &[Visitor]) -> Vec<bool> {
        visitors.iter().map(|visitor| visitor.evicted.is_cancelled()).collect()
    }

    #[test]
    fn the_oldest_of_a_crowd_goes_and_never_the_newest() {
        let lobby = lobby();
        let visitors: Vec<_> = (0..5).map(|_| lobby.enter(address(1))).collect();
        assert_eq!(gone(&visitors), [true, true, false, false, false]);
        assert_eq!(lobby.visitors().present.len(), 3);
    }

    #[test]
    fn a_crowd_pays_for_newcomers_from_elsewhere() {
        let lobby = lobby();
        let first = lobby.enter(address(2));
        let crowd: Vec<_> = (0..3).map(|_| lobby.enter(address(1))).collect();
        let last = lobby.enter(address(3));
        assert_eq!(gone(&crowd), [true, false, false]);
        assert_eq!(gone(&[first, last]), [false, false], "who came alone stays, also if it is older");
    }

    #[test]
    fn who_leaves_makes_room() {
        let lobby = lobby();
        let mut visitors: Vec<_> = (0..3).map(|_| lobby.enter(address(1))).collect();
        drop(visitors.remove(1));
        assert_eq!(lobby.visitors().present.len(), 2);
        visitors.push(lobby.enter(address(1)));
        assert_eq!(gone(&visitors), [false; 3]);
        drop(visitors);
        assert!(lobby.visitors().present.is_empty());
    }
}
