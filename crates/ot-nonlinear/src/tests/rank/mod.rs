//! No pad is used twice, whatever the client sends.
//!
//! A plane is one bit of every instance. Every plane that a party sends is a *payload*, what it
//! has to say, under a *mask*: a random choice, the difference of two pads of which its peer knows
//! one, or its half of rho. The tests take the masks off, by the schedule and not by the code that
//! put them on. Then they build a space over F2. It begins with what the peer knows: its choices
//! and pads, and the plane of ones. In the order of the session join what the peer sends, and of
//! each piece that the party sends first the payload, then the message. A message that is outside
//! at that moment is masked by something that occurred nowhere before. So to the peer it is
//! uniform, even if all payloads up to it were known. One inside shows a mask used twice. The
//! payloads join because two that look random themselves would hide a mask in common.
//!
//! The party's selection bit joins first: rho masks it, and rho stands in payloads of other
//! messages too, under masks of their own.
//!
//! | file | what |
//! |---|---|
//! | `space` | planes, and the space that some of them span |
//! | `masks` | material of both parties, the masks of each message by the schedule |
//! | `deviation` | what a client sends in place of what it should |
//! | `steps`, `cells` | the sessions, each also with a planted reuse |

mod cells;
mod deviation;
mod masks;
mod space;
mod steps;
