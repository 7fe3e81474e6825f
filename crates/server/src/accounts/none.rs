//! A server that counts nothing: the one in a client's own process.

use std::future::ready;
use std::net::IpAddr;

use protocol::server::{Allowance, Answered, Grant, Parting, Unlimited};

use super::{Account, Accounts, Opening};
use crate::policy::RevealPolicy;
use crate::sessions::Client;

/// Grants everything and notes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncounted;

impl Accounts for Uncounted {
    fn admit<'a>(&'a self, _client: &'a Client) -> Answered<'a, Result<Option<RevealPolicy>, Parting>> {
        Box::pin(ready(Ok(None)))
    }

    fn open(&self, _opening: Opening) -> Answered<'_, Result<Box<dyn Account>, Parting>> {
        Box::pin(ready(Ok(Box::new(Self) as Box<dyn Account>)))
    }

    fn unauthenticated(&self, _address: IpAddr, _reason: &str) {}
}

impl Allowance for Uncounted {
    fn foresee(&self) -> Answered<'_, Result<(), Parting>> {
        Unlimited.foresee()
    }

    fn grant(&self, what: Grant) -> Answered<'_, Result<(), Parting>> {
        Unlimited.grant(what)
    }
}

impl Account for Uncounted {
    fn close(self: Box<Self>, _bytes: Option<(u64, u64)>, _outcome: &str) {}
}
