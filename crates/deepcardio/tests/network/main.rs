//! The network from outside: architectures, model files, bounds, the reference, what windows share.

mod architecture;
mod bounds;
mod format;
mod kernel;
mod lstm;
mod overlap;
mod reference;
mod secrets;
