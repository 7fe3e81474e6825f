//! Comparison of private results with the network in the clear.
//!
//! A build with the feature `embedded` holds the network. A gateway's build holds no weights, and
//! there a [`Verifier`] is a type without values: nothing can be asked of it.

#[cfg(not(feature = "embedded"))]
mod absent;
#[cfg(feature = "embedded")]
mod in_the_clear;

#[cfg(not(feature = "embedded"))]
pub use absent::Verifier;
#[cfg(feature = "embedded")]
pub use in_the_clear::Verifier;
