//! The gateway's side of private ECG inference: what `pp-client` runs.
//!
//! | module | does |
//! |---|---|
//! | [`cli`], [`settings`] | flags, environment, configuration file |
//! | [`checked`] | the signal check, before anything is sent |
//! | [`run`] | reads the ECG and classifies segment after segment |
//! | [`connection`] | the way to the server |
//! | [`visit`], [`retries`] | a session, and another one when it breaks |
//! | `tls_settings` | whom the client trusts, and who it is (feature `tls`) |
//! | `embedded` | a server in this process (feature `embedded`) |
//! | [`verify`] | compares results with the network in the clear |
//! | [`report`] | says what came of it |

pub mod ahead;
pub mod checked;
pub mod cli;
pub mod connection;
pub mod digest;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod failure;
mod patience;
pub mod report;
pub mod retries;
pub mod run;
pub mod settings;
#[cfg(feature = "tls")]
pub mod tls_settings;
pub mod verify;
pub mod visit;
