//! Places of sessions, and the queue for them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::sessions::Client;

/// How many sessions there may be.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Sessions in all.
    pub sessions: usize,
    /// Sessions of one holder.
    pub sessions_of_one: usize,
    /// Clients that wait for a place.
    pub queue: usize,
    /// Bytes of memory that the sessions may take together; `None` for no bound.
    pub memory: Option<u64>,
}

/// All places.
#[derive(Debug)]
pub struct Places {
    capacity: Capacity,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: HashMap<Client, usize>,
    sessions: usize,
    memory: u64,
    queue: VecDeque<Waiting>,
}

/// A client in the queue.
#[derive(Debug)]
struct Waiting {
    holder: Client,
    bytes: u64,
    place: oneshot::Sender<Place>,
}

/// A place, free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    holder: Client,
    bytes: u64,
}

/// Why there is no place, for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The queue is full.
    #[error("all {0} places are taken, and many clients wait")]
    Full(usize),
    /// The holder waits with as many clients as it may have sessions.
    #[error("you have {0} sessions, the most of one client, and as many wait")]
    Crowding(usize),
    /// A session with this backend takes more than all sessions together may.
    #[error(
        "a session with this backend takes more memory than this server has for all; try the other backend"
    )]
    TooLarge,
}

impl Places {
    /// All places, free.
    #[must_use]
    pub fn new(capacity: Capacity) -> Arc<Self> {
        Arc::new(Self { capacity, state: Mutex::default() })
    }

    /// A place for a session of `holder` that takes `bytes` of memory, once there is one. Whoever
    /// drops the receiver waits no more.
    ///
    /// # Errors
    /// [`NoPlace`] if there is no room in the queue either.
    pub fn take(self: &Arc<Self>, holder: Client, bytes: u64) -> Result<oneshot::Receiver<Place>, NoPlace> {
        if self.capacity.memory.is_some_and(|most| bytes > most) {
            return Err(NoPlace::TooLarge);
        }
        let (place, receiver) = oneshot::channel();
        let mut state = self.state();
        state.queue.retain(|waiting| !waiting.place.is_closed());
        let queued = state.queue.iter().filter(|queued| queued.holder == holder).count();
        let crowding = !holder.stands_for_many() && queued >= self.capacity.sessions_of_one;
        let waiting = Waiting { holder, bytes, place };
        if state.admits(&self.capacity, &waiting) {
            state.queue.push_back(waiting);
        } else if crowding {
            return Err(NoPlace::Crowding(self.capacity.sessions_of_one));
        } else if state.queue.len() >= self.capacity.queue {
            return Err(NoPlace::Full(self.capacity.sessions));
        } else {
            state.queue.push_back(waiting);
        }
        drop(state);
        self.serve_queue();
        Ok(receiver)
    }

    /// Whether the client has as many sessions as it may. Then it waits for one of its own to end.
    #[must_use]
    pub fn has_its_share(&self, client: &Client) -> bool {
        self.state().of(client) >= self.capacity.of_one(client)
    }

    /// Gives places to those who wait, as long as there are any.
    fn serve_queue(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let Some(waiting) = state.next(&self.capacity) else { return };
            state.enter(&waiting);
            drop(state);
            let Waiting { holder, bytes, place } = waiting;
            // One that waits no more gives the place back as it is dropped.
            drop(place.send(Place { places: Arc::clone(self), holder, bytes }));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Capacity {
    fn of_one(&self, holder: &Client) -> usize {
        if holder.stands_for_many() { self.sessions } else { self.sessions_of_one }
    }
}

impl State {
    fn of(&self, holder: &Client) -> usize {
        self.taken.get(holder).copied().unwrap_or(0)
    }

    /// Whether there is a place for it now.
    fn admits(&self, capacity: &Capacity, waiting: &Waiting) -> bool {
        self.sessions < capacity.sessions
            && self.of(&waiting.holder) < capacity.of_one(&waiting.holder)
            && capacity.memory.is_none_or(|most| self.memory + waiting.bytes <= most)
    }

    /// Takes out of the queue who is to get a place: of those for whom there is one, the first of
    /// the holders with the fewest.
    fn next(&mut self, capacity: &Capacity) -> Option<Waiting> {
        self.queue.retain(|waiting| !waiting.place.is_closed());
        let candidates = self.queue.iter().enumerate().filter(|(_, waiting)| self.admits(capacity, waiting));
        let (index, _) = candidates.min_by_key(|(_, waiting)| self.of(&waiting.holder))?;
        self.queue.remove(index)
    }

    fn enter(&mut self, waiting: &Waiting) {
        *self.taken.entry(waiting.holder.clone()).or_default() += 1;
        self.sessions += 1;
        self.memory += waiting.bytes;
    }

    fn leave(&mut self, holder: &Client, bytes: u64) {
        self.sessions -= 1;
        self.memory -= bytes;
        if let Some(taken) = self.taken.get_mut(holder) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(holder);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.state().leave(&self.holder, self.bytes);
        self.places.serve_queue();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: Capacity = Capacity { sessions: 3, sessions_of_one: 2, queue: 3, memory: Some(100) };

    fn holder(last: u8) -> Client {
        Client::Address([10, 0, 0, last].into())
    }

    fn given(receiver: &mut oneshot::Receiver<Place>) -> Option<Place> {
        receiver.try_recv().ok()
    }

    #[test]
    fn who_has_fewest_comes_first_and_one_client_never_has_all() {
        let places = Places::new(CAPACITY);
        let take = |last| places.take(holder(last), 1).unwrap();
        let [mut a, mut b, mut c, mut d, mut e] = [take(1), take(1), take(1), take(2), take(3)];
        let (a, b) = (given(&mut a).unwrap(), given(&mut b).unwrap());
        assert!(given(&mut c).is_none(), "the third of one client waits");
        let d = given(&mut d).unwrap();
        assert!(given(&mut e).is_none(), "all places are taken");
        drop(a);
        let e = given(&mut e).expect("its client has none yet");
        assert!(given(&mut c).is_none());
        drop(b);
        assert!(given(&mut c).is_some());
        drop((d, e));
        assert_eq!(places.state().sessions, 0);
        assert!(places.state().taken.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_and_whoever_leaves_it_makes_room() {
        let places = Places::new(CAPACITY);
        let held: Vec<_> = (1..=3).map(|last| places.take(holder(last), 1).unwrap()).collect();
        let mut queue: Vec<_> = (4..=6).map(|last| places.take(holder(last), 1).unwrap()).collect();
        assert_eq!(places.take(holder(7), 1).unwrap_err(), NoPlace::Full(3));
        drop(queue.remove(0));
        let mut seventh = places.take(holder(7), 1).unwrap();
        drop(held);
        assert!(queue.iter_mut().all(|waiting| given(waiting).is_some()));
        assert!(given(&mut seventh).is_some());
    }

    #[test]
    fn one_client_does_not_fill_the_queue() {
        let places = Places::new(CAPACITY);
        let _held: Vec<_> = (0..4).map(|_| places.take(holder(1), 1).unwrap()).collect();
        assert_eq!(places.take(holder(1), 1).unwrap_err(), NoPlace::Crowding(2));
        assert!(places.has_its_share(&holder(1)) && !places.has_its_share(&holder(2)));
        assert!(places.take(holder(2), 1).is_ok());
        let loopback = Client::Address([127, 0, 0, 1].into());
        let behind_a_tunnel: Vec<_> = (0..4).filter_map(|_| places.take(loopback.clone(), 1).ok()).collect();
        assert_eq!(behind_a_tunnel.len(), 2, "one has a place, and one what room the queue had");
    }

    #[test]
    fn memory_is_a_bound_of_its_own() {
        let places = Places::new(CAPACITY);
        assert_eq!(places.take(holder(1), 101).unwrap_err(), NoPlace::TooLarge);
        let mut large = places.take(holder(1), 80).unwrap();
        let large = given(&mut large).unwrap();
        let mut waits = places.take(holder(2), 30).unwrap();
        assert!(given(&mut waits).is_none());
        let mut small = places.take(holder(3), 20).unwrap();
        assert!(given(&mut small).is_some(), "what fits goes by");
        drop(large);
        assert!(given(&mut waits).is_some());
    }
}
