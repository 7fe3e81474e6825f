//! The cloud side of private ECG inference as a library: what `pp-server` runs, and what `pp-client
//! --embedded` and the tests start on a port of their own.
//!
//! | module | does |
//! |---|---|
//! | [`cli`], [`config`], [`policy`] | flags, environment, configuration file |
//! | [`certs`] | makes certificates for a first set-up |
//! | [`serve`] | the accept loop |
//! | [`secure`] | TLS on an accepted connection, and who the client is |
//! | [`admission`] | who gets in |
//! | [`accounts`] | what each client has had, and may have |
//! | [`live`], [`sessions`] | what is served with now, and the sessions that run |
//! | [`reload`] | exchanges it on SIGHUP |
//! | [`expiry`] | how long certificates are valid |
//! | [`vitals`], [`admin`], `supervision` | what can be seen of the server from outside, and the port and the thread for it |
//! | [`preflight`] | what is wrong with the files of a configuration |
//!
//! The protocol itself is in the `protocol` crate.

pub mod accounts;
pub mod admin;
pub mod admission;
pub mod certs;
pub mod cli;
pub mod config;
pub mod expiry;
pub mod live;
pub mod policy;
pub mod preflight;
pub mod reload;
pub mod secure;
pub mod serve;
pub mod sessions;
#[cfg(unix)]
pub mod supervision;
pub mod vitals;
