//! Tools for the DeepCardio network, apart from what a server or gateway links.
//!
//! | module | holds |
//! |---|---|
//! | [`float`] | the unquantised network, which the integers are measured against |
//! | [`import`] | reading it from HDF5 in the Keras layout |
//! | [`quant`] | calibration, and the integer network that a float network and its scales define |
//! | [`confidence`] | how sure labels are, measured on labelled segments |
//! | [`fast`] | the integer network with vector instructions, for evaluation on many records |
//!
//! The program `deepcardio` converts, measures, inspects, classifies and evaluates with them, in
//! the clear.

pub mod confidence;
pub mod fast;
pub mod float;
pub mod import;
pub mod quant;
