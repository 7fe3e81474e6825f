//! What each of our programs needs to start and to speak.
//!
//! | module | does |
//! |---|---|
//! | [`configuration`] | reads a configuration file |
//! | [`environment`] | finds variables that are mistyped settings |
//! | [`log`] | opens the log on standard error |
//! | [`output`] | what is said outside of the log |

pub mod configuration;
pub mod environment;
pub mod log;
pub mod output;
