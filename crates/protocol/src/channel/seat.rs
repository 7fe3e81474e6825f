//! Who may wait at a connection, and the bell that wakes them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// A place to wait. The main lane needs one at the reader and one at the writer. The lane ahead
/// needs two at each: its sender also waits for room, which the reader learns of, and its receiver
/// also grants room, which is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seat {
    /// The main lane.
    Main,
    /// The receiver of the lane ahead.
    Receiver,
    /// The sender of the lane ahead.
    Sender,
}

impl Seat {
    const COUNT: usize = 3;
}

/// Wakes whoever waits for the reader. It is the waker that the stream gets, so whoever reads on,
/// all learn of it.
#[derive(Default)]
pub(super) struct Bell([Mutex<Option<Waker>>; Seat::COUNT]);

impl Bell {
    /// Keeps the waker of `seat` until it is woken or leaves.
    pub(super) fn sit(&self, seat: Seat, waker: &Waker) {
        if let Some(mut place) = self.place(seat) {
            match &mut *place {
                Some(kept) => kept.clone_from(waker),
                kept @ None => *kept = Some(waker.clone()),
            }
        }
    }

    /// `seat` has what it waited for.
    pub(super) fn leave(&self, seat: Seat) {
        if let Some(mut place) = self.place(seat) {
            *place = None;
        }
    }

    /// Wakes all but `seat`.
    pub(super) fn ring_others(&self, seat: Seat) {
        for other in [Seat::Main, Seat::Receiver, Seat::Sender] {
            if other != seat {
                self.ring(other);
            }
        }
    }

    fn ring(&self, seat: Seat) {
        let waker = self.place(seat).and_then(|mut place| place.take());
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn place(&self, seat: Seat) -> Option<MutexGuard<'_, Option<Waker>>> {
        self.0.get(seat as usize).map(|place| place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring(Seat::Main);
        self.ring_others(Seat::Main);
    }
}
