//! TLS 1.3: what travels is encrypted, the server is who its certificate says, and so is the client
//! where the server asks for a certificate.
//!
//! | module | does |
//! |---|---|
//! | [`server`] | the server's half of the handshake |
//! | [`client`] | the client's half |
//! | [`stream`] | the stream between the two |
//! | [`certificates`] | what a client showed, and the name in it |
//! | [`files`] | reads certificates, keys and revocation lists |
//! | `words` | says in plain words why a handshake failed |
//!
//! Sessions are not resumed: each shows its certificates anew, so that a revoked one is of no use.

pub mod certificates;
pub mod client;
pub mod files;
pub mod server;
pub mod stream;
mod words;

use std::time::Duration;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What the binding of a connection is derived for (RFC 8446, section 7.5).
const BINDING_LABEL: &[u8] = b"EXPORTER-private-ecg";
