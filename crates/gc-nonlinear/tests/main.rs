//! Both roles of the non-linear steps against the plain reference, in one process.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod activation;
mod argmax;
mod equal_labels;
mod messages;
mod support;
