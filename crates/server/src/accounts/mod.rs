//! What each client has had, and how much it may have.
//!
//! Every answer tells a little of the weights, so whoever asks often enough can copy the model
//! (SECURITY.md, "What answers tell"). A quota bounds how fast. It counts answers before they are
//! given and keeps each count on the disk before the first message that tells of the output: a
//! server that is killed has not forgotten any.
//!
//! | module | does |
//! |---|---|
//! | [`limits`] | what a client may have |
//! | [`usage`] | counts by hours, and compares them with the limits |
//! | [`audit`] | the entries of the audit trail |
//! | [`witness`], [`store`] | keep all this on the disk |
//! | [`book`] | answers questions and keeps counts, one transaction for all that came together |
//! | [`books`] | the book of a server as its sessions use it |
//! | [`control`] | lets the operator look into the book of a server that runs |
//! | [`command`] | `pp-server quota` and `pp-server audit` |

pub mod audit;
pub mod book;
pub mod books;
pub mod command;
pub mod control;
pub mod limits;
mod none;
pub mod store;
pub mod usage;
pub mod witness;

use std::net::IpAddr;

use protocol::server::{Allowance, Answered, Parting};

use crate::policy::RevealPolicy;
use crate::sessions::Client;

pub use audit::Closing;
pub use none::Uncounted;

/// What a session is entered with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whose it is.
    pub client: Client,
    /// From which address.
    pub address: String,
    /// Digest of the model that it is served with.
    pub model: String,
}

/// The accounts of all clients. A fleet of servers would keep them in one place.
pub trait Accounts: Send + Sync {
    /// What the answers for this client are to tell; `None` for what every client is told.
    ///
    /// # Errors
    /// What the client is told, if its account cannot be seen, or if it may have nothing now.
    fn admit<'a>(&'a self, client: &'a Client) -> Answered<'a, Result<Option<RevealPolicy>, Parting>>;

    /// Enters a session that begins.
    ///
    /// # Errors
    /// What the client is told, if the account cannot be kept.
    fn open(&self, opening: Opening) -> Answered<'_, Result<Box<dyn Account>, Parting>>;

    /// Notes that somebody could not show who they are.
    fn unauthenticated(&self, address: IpAddr, reason: &str);
}

/// The account of a session that runs.
pub trait Account: Allowance {
    /// Notes how the session ended. Bytes are those sent and received, if they are known.
    fn close(self: Box<Self>, bytes: Option<(u64, u64)>, outcome: &str);
}
