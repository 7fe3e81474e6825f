//! Someone between the parties who speaks to both, as the other would.
//!
//! Without TLS nothing keeps an active intruder out: it has a key share of its own for either
//! party. So it knows the keys of all checksums and can say what it likes in the place of both.
//! That is what a *party* that deviates can do, too. Tests therefore change frames through an
//! intruder to see what the steps refuse by themselves.

use shares::Role;

use crate::entropy;
use crate::error::{Error, Result};
use crate::key_share::{Ephemeral, Greeting};
use crate::messages::KeyShare;
use crate::transcript::{Chain, Chains};
use crate::wire::{HEADER_BYTES, Tag};

/// The greeting and the keys on one side of an intruder.
struct Side {
    ephemeral: Option<Ephemeral>,
    /// Hello and key share of the client, acceptance and key share of the server, as this side has
    /// them.
    said: [Vec<u8>; 4],
    /// Makes the checksums of what goes to this side's party.
    chain: Option<Chain>,
}

/// Someone who passes on the frames of a session and can change each.
pub struct Intruder {
    client: Side,
    server: Side,
}

impl Intruder {
    /// With fresh key shares.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn new() -> Result<Self> {
        let mut rng = entropy::fresh()?;
        let mut side =
            || Side { ephemeral: Some(Ephemeral::generate(&mut rng)), said: Default::default(), chain: None };
        Ok(Self { client: side(), server: side() })
    }

    /// The frame to pass on in the place of `frame`, which `from` sent and which is given without a
    /// checksum: the same one, but for a key share.
    #[must_use]
    pub fn translated(&self, from: Role, frame: &[u8]) -> Vec<u8> {
        let share = self.beyond(from).ephemeral.as_ref().map(|own| own.share(false).encode());
        match (frame.split_first_chunk::<HEADER_BYTES>(), share) {
            (Some((header, _)), Some(share)) if is(header, Tag::KeyShare) => [&header[..], &share].concat(),
            _ => frame.to_vec(),
        }
    }

    /// Takes note of a frame of the greeting: `sent` is what `from` sent, `passed` what its peer
    /// gets instead, both with their headers.
    ///
    /// # Errors
    /// If there is no key to be had, because what `from` sent is no key share.
    pub fn note(&mut self, from: Role, sent: &[u8], passed: &[u8]) -> Result<()> {
        let (Some((header, sent)), Some((_, passed))) =
            (sent.split_first_chunk::<HEADER_BYTES>(), passed.split_first_chunk::<HEADER_BYTES>())
        else {
            return Ok(());
        };
        let place = match (from, is(header, Tag::KeyShare)) {
            (Role::Client, share) => usize::from(share),
            (Role::Server, share) => 2 + usize::from(share),
        };
        for (side, bytes) in [(from, sent), (from.peer(), passed)] {
            if let Some(said) = self.side(side).said.get_mut(place) {
                *said = bytes.to_vec();
            }
        }
        if place == 3 { self.agree() } else { Ok(()) }
    }

    /// The checksum that the peer of `from` expects behind `frame`; none before there are keys.
    pub fn checksum(&mut self, from: Role, frame: &[u8]) -> Option<[u8; 16]> {
        let (header, payload) = frame.split_first_chunk()?;
        Some(self.side(from.peer()).chain.as_mut()?.seal(header, payload))
    }

    fn agree(&mut self) -> Result<()> {
        for (party, place) in [(Role::Client, 1), (Role::Server, 3)] {
            let side = self.side(party);
            let [hello, client_share, accept, server_share] = &side.said;
            let greeting = Greeting { hello, client_share, accept, server_share };
            let share = side.said.get(place).map_or(Err("nothing".into()), |share| KeyShare::decode(share));
            let share = share.map_err(|reason| Error::invalid(party, Tag::KeyShare, reason))?;
            let chains =
                side.ephemeral.take().and_then(|own| own.agree(party.peer(), &share, greeting, None));
            side.chain = chains.map(|Chains { sending, .. }| sending);
        }
        Ok(())
    }

    fn side(&mut self, party: Role) -> &mut Side {
        match party {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// The side to which `from` speaks.
    fn beyond(&self, from: Role) -> &Side {
        match from {
            Role::Client => &self.server,
            Role::Server => &self.client,
        }
    }
}

fn is(header: &[u8; HEADER_BYTES], tag: Tag) -> bool {
    header.first() == Some(&(tag as u8))
}
