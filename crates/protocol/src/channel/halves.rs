//! The two directions of a lane.

use std::sync::Arc;
use std::time::Duration;

use crate::channel::due::Due;
use crate::channel::inbox::{PART_BYTES, cost};
use crate::channel::seat::Seat;
use crate::channel::shared::{GRACE, Shared};
use crate::error::{Error, Result};
use crate::meter::{Ledger, Scope};
use crate::wire::{HEADER_BYTES, Header, Lane, Tag};

/// Payloads are read in pieces of this size: room grows as bytes arrive, never ahead of them by
/// more than this.
const PIECE_BYTES: usize = 1 << 20;

/// The sending half.
pub(crate) struct FrameSender {
    pub(super) shared: Arc<Shared>,
    pub(super) lane: Lane,
    pub(super) ledger: Ledger,
}

impl FrameSender {
    pub(crate) async fn send(&mut self, scope: Scope, tag: Tag, payload: &[u8]) -> Result<()> {
        match self.lane {
            Lane::Main => self.send_whole(scope, tag, payload).await,
            Lane::Ahead => self.send_parts(scope, tag, payload).await,
        }
    }

    /// Sends a frame of the main lane.
    pub(super) async fn send_whole(&mut self, scope: Scope, tag: Tag, payload: &[u8]) -> Result<()> {
        let header = head(Lane::Main, tag, payload.len())?;
        self.ledger.at(scope).sent += self.shared.write(Seat::Main, header, payload).await?;
        Ok(())
    }

    async fn send_parts(&mut self, scope: Scope, tag: Tag, mut payload: &[u8]) -> Result<()> {
        loop {
            let header = head(Lane::Ahead, tag, payload.len())?;
            let (part, rest) = payload.split_at(payload.len().min(PART_BYTES));
            self.shared.credit(cost(part.len())).await?;
            self.ledger.at(scope).sent += self.shared.write(Seat::Sender, header, part).await?;
            payload = rest;
            if payload.is_empty() {
                return Ok(());
            }
        }
    }

    /// The reason that a peer left unheard when it gave up while it was being spoken to, if
    /// `failure` may come of that.
    pub(super) async fn explained(&self, failure: Error) -> Error {
        let seat = match self.lane {
            Lane::Main => Seat::Main,
            Lane::Ahead => Seat::Sender,
        };
        match failure {
            Error::Io(gone) => self.shared.reason(seat).await.unwrap_or(Error::Io(gone)),
            other => other,
        }
    }
}

fn head(lane: Lane, tag: Tag, length: usize) -> Result<[u8; HEADER_BYTES]> {
    Header::encode(lane, tag, length).ok_or_else(|| Error::internal(format!("{tag} is longer than a frame")))
}

/// The receiving half.
pub(crate) struct FrameReceiver {
    pub(super) shared: Arc<Shared>,
    pub(super) lane: Lane,
    pub(super) ledger: Ledger,
}

impl FrameReceiver {
    pub(crate) async fn receive(&mut self, due: Due) -> Result<Vec<u8>> {
        let patience = self.shared.timeouts.progress;
        self.receive_within(due, patience).await
    }

    /// Waits at most `patience` for the frame to begin.
    pub(super) async fn receive_within(&mut self, due: Due, patience: Duration) -> Result<Vec<u8>> {
        match self.lane {
            Lane::Main => self.receive_whole(due, patience).await,
            Lane::Ahead => self.receive_parts(due, patience).await,
        }
    }

    async fn receive_whole(&mut self, due: Due, patience: Duration) -> Result<Vec<u8>> {
        let header = self.shared.header(due.tag, patience).await?;
        self.ledger.at(due.scope).received += HEADER_BYTES as u64;
        let length = self.check(header, due)?;
        let mut payload = Vec::with_capacity(length.min(PIECE_BYTES));
        while payload.len() < length {
            let start = payload.len();
            payload.resize(length.min(start + PIECE_BYTES), 0);
            self.shared.payload(due.tag, payload.get_mut(start..).unwrap_or_default()).await?;
        }
        let checksum = self.shared.checked(due.tag).await?;
        self.ledger.at(due.scope).received += (length + checksum) as u64;
        Ok(payload)
    }

    async fn receive_parts(&mut self, due: Due, mut patience: Duration) -> Result<Vec<u8>> {
        let mut payload = Vec::new();
        loop {
            let part = self.shared.part(due.tag, patience).await?;
            self.ledger.at(due.scope).received += part.on_the_wire as u64;
            // The first part tells the length of the whole; the others were held against it as they
            // came.
            let left = if payload.is_empty() { self.check(part.header, due)? } else { part.header.length };
            payload.extend_from_slice(&part.bytes);
            let granting = self.shared.grant().await?;
            self.ledger.at(due.scope).sent += granting;
            if left == part.bytes.len() {
                return Ok(payload);
            }
            patience = self.shared.timeouts.progress;
        }
    }

    fn check(&self, header: Header, due: Due) -> Result<usize> {
        due.check(header).map_err(|fault| self.shared.fault(fault))
    }
}

/// Runs the sending and the receiving of a streaming step side by side. A failure to receive ends
/// both at once; a failure to send waits a moment for the receiving half, which may hold the reason
/// that the peer gave before it hung up.
pub(crate) async fn both<A, B>(
    send: impl Future<Output = Result<A>>,
    receive: impl Future<Output = Result<B>>,
) -> Result<(A, B)> {
    let send = async {
        let sent = send.await;
        if sent.is_err() {
            tokio::time::sleep(GRACE).await;
        }
        sent
    };
    tokio::try_join!(send, receive)
}
