//! Both roles of the non-linear steps against the plain reference, in one process.

mod activation;
mod argmax;
mod messages;
mod support;
