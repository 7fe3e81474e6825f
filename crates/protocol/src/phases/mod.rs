//! The steps of a session, one file a step, both roles in each.

pub(crate) mod gc;
pub(crate) mod inference;
pub(crate) mod linear;
pub(crate) mod ot;
pub(crate) mod output;
pub(crate) mod recurrent;
mod rounds;
pub(crate) mod setup;
pub(crate) mod silent;
pub(crate) mod stage;
