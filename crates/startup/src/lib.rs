//! What each of our programs does when it starts.
//!
//! | module | does |
//! |---|---|
//! | [`configuration`] | reads a configuration file |
//! | [`log`] | opens the log on standard error |

pub mod configuration;
pub mod log;
