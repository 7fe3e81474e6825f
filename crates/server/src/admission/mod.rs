//! Who gets in, and who has to wait or to leave.
//!
//! ```text
//! accepted -> lobby -> set-up -> place -> session
//!               |                  |        |
//!               evicted            queue    asked to leave
//! ```
//! - A connection that has proved nothing is a visitor of the [`lobby`]. The lobby has room for a
//!   bounded number, in all and from one address. A newcomer is never refused: who has been there
//!   longest goes, of the address that has most visitors there. So silent connections crowd out
//!   each other, and whoever makes the set-up at an ordinary pace gets through.
//! - After the set-up a client takes one of the [`places`], or waits for one in a short queue. It
//!   is told when to come back if there is no room in the queue, or if none becomes free.
//! - Who has a place and does nothing with it is asked to leave as soon as others wait for it
//!   ([`crate::sessions`]).
//!
//! What a client learns of others by all this is how busy the server is.

pub mod lobby;
pub mod places;
