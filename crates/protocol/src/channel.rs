//! A metered, framed, limited connection to the peer, with two lanes.
//!
//! The two directions are separate halves, so that a party can stream one way while it reads the
//! other (`halves`), and so that simultaneous messages never wait for each other (`exchange`).
//!
//! A connection has a main lane. On it runs the protocol of `phases`. It can open a lane ahead, on
//! which the next inference is prepared while the present one is classified. Both lanes offer the
//! same: a [`Channel`] with books of its own.
//!
//! # How lanes share a connection
//! - Frames of the main lane go out whole. Frames of the lane ahead go out in parts of 16 KiB at
//!   most. The main lane always goes first, so it waits behind one part.
//! - Who sends ahead needs room: a window of 1 MiB, which the receiver grants anew as it takes
//!   parts out of its inbox. Grants travel on the lane ahead alone. A session that never overlaps
//!   sends not one byte more than one that cannot.
//! - There is no task in between. Whoever is polled reads on and tells the lanes apart: parts go
//!   into the inbox, a frame of the main lane stays in the stream until its receiver takes it. No
//!   lock is held while anybody waits, so a lane that is not polled for a while holds nothing up
//!   but a frame of its own.
//!
//! # Why nothing waits for ever
//! The steps of the protocol keep one rule on each lane (R): who sends has a peer that is
//! receiving, or comes to receive as soon as a computation ends. In an exchange and in streaming
//! both parties send and receive at once. No step of the main lane waits for the lane ahead, except
//! for one that has received all its frames.
//! 1. *The main lane gets through.* Its receiver reads on while it waits. What stands before its
//!    frame are parts. The inbox has room for each, because the peer was granted the room before.
//!    So the receiver comes to the frame. Its sender waits for one part of its own party at most.
//!    That part goes out, because the receiver takes bytes all the while. By (R) every frame of the
//!    main lane is received, and the lane never waits for the other.
//! 2. *The lane ahead gets through.* Each of its operations reads on while it waits, also when it
//!    waits for room or for its turn to write. So each party takes the bytes of the other unless a
//!    frame of the main lane stands in front. By 1 that is taken. Then parts and grants arrive. By
//!    (R) parts are taken out of the inbox, so room is granted, and the sender goes on.
//!
//! A peer that breaks (R) is given up after a while. Patience ends when no byte comes on either
//! lane, or when a frame stands in front for which nothing of this party waits.
//!
//! # What checksums show
//! Behind the greeting every frame, part, grant of room and abort notice is followed by a checksum
//! that commits to all that its sender said before (`transcript`), under keys that commit to the
//! greeting (`key_share`). A receiver gives nothing to its step before it has found the checksum
//! right; a head is judged before, which decides no more than whether the session ends.
//! - *So each party acts on what the other said, or not at all.* A step gets exactly the frames
//!   that the peer sent up to then, in their order. One changed, lost, repeated or moved bit ends
//!   the session before anything is computed on it.
//! - *So no output is revealed or believed after a difference.* The server reveals an output in the
//!   last frame of an inference. It sends that after it has checked everything of the client that
//!   it depends on. The client believes an output once it has checked that frame, and with it all
//!   that the server ever sent. A server that had found a difference would have sent no such frame.
//!   So at that moment both have seen one transcript, with no message that compares it.
//! - *What it does not show.* Without TLS the keys belong to whoever answered. Somebody in the
//!   middle who speaks to both parties as the other would has keys with each, and says what it
//!   likes. Where both ends are bound to one TLS session the keys depend on its exporter, and
//!   nobody in between has them. Where TLS ends at a balancer, that and what lies behind it must be
//!   trusted.
//! - *A peer that deviates* makes right checksums for wrong messages. That is for the checks of the
//!   steps, and for what no check finds, see SECURITY.md.
//!
//! # Who stops waiting
//! A future may be dropped at any time. What is half read stands in the connection, so another wait
//! goes on from there. Two cases end the connection: a payload of the main lane that is half read,
//! and a frame or part that is half written. Both are noticed by whoever comes next.

mod due;
mod end;
mod halves;
mod handle;
mod inbox;
mod reader;
mod seat;
mod shared;
mod times;
mod writer;

#[cfg(test)]
mod tests;

pub use due::Timeouts;
pub use handle::Channel;

pub(crate) use due::Due;
pub(crate) use halves::{FrameReceiver, FrameSender, both};
#[cfg(feature = "testkit")]
pub(crate) use inbox::payload_on_the_wire;
pub(crate) use times::Times;
