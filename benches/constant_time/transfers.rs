//! The oblivious transfers: SoftSpoken, and a silent extension, both parties.

use std::convert::Infallible;

use oblivious_transfer::block::Block;
use oblivious_transfer::silent::SilentRequested;
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, TryCryptoRng, TryRng};
use shares::Role;

use benches::Result;

use crate::valgrind;

/// A generator whose numbers are all secret.
pub(crate) struct Secret(pub(crate) ChaCha20Rng);

impl TryRng for Secret {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        valgrind::conceal(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Secret {}

/// A message that its receiver may look at.
fn sent(message: Vec<u8>) -> Vec<u8> {
    valgrind::disclose(&message);
    message
}

/// SoftSpoken in one direction, on a secret correlation.
fn softspoken(session_id: &[u8], rng: &mut Secret) -> Result<(CotSender, CotReceiver)> {
    let delta = Block::random(rng).with_lsb(true);
    let (receiver, first) = ReceiverSetup::start(session_id, rng);
    let (sender, second) = SenderSetup::start(session_id, delta, &sent(first), rng)?;
    let (receiver, third) = receiver.finish(&sent(second), rng)?;
    Ok((sender.finish(&sent(third))?, receiver))
}

/// The set-up, the first part and the check of a silent extension, both parties; returns how many
/// OTs are wrong.
pub(crate) fn silent(rng: &mut Secret) -> Result<usize> {
    let (mut a_sends, mut b_receives) = softspoken(b"A sends", rng)?;
    let (mut b_sends, mut a_receives) = softspoken(b"B sends", rng)?;
    let (a, from_a) = SilentRequested::start(b"check", Role::Client, &mut a_receives);
    let (b, from_b) = SilentRequested::start(b"check", Role::Server, &mut b_receives);
    let (a, reply_of_a) = a.reply(&mut a_sends, &sent(from_b), rng)?;
    let (b, reply_of_b) = b.reply(&mut b_sends, &sent(from_a), rng)?;
    let (mut a, mut b) = (a.finish(&sent(reply_of_b))?, b.finish(&sent(reply_of_a))?);
    let [from_a, from_b] = [&mut a, &mut b].map(|party| sent(party.announce(1).swap_remove(0)));
    let keys = a.extend(&from_b, |_, keys, _| keys.to_vec())?;
    let macs = b.extend(&from_a, |_, _, macs| macs.to_vec())?;
    let ((a, from_a), (b, from_b)) = (a.check(), b.check());
    let ((a, from_a), (b, from_b)) = (a.answer(&sent(from_b))?, b.answer(&sent(from_a))?);
    let ((a, of_a), (_, of_b)) = (a.finish(&sent(from_b))?, b.finish(&sent(from_a))?);
    let (keys, macs) = (keys.accept(&of_a)?.concat(), macs.accept(&of_b)?.concat());
    let delta = [a.delta()];
    valgrind::disclose(&delta);
    valgrind::disclose(&keys);
    valgrind::disclose(&macs);
    let wrong = |(key, mac): &(&Block, &Block)| **mac != **key ^ (Block::mask(mac.lsb()) & delta[0]);
    Ok(keys.iter().zip(&macs).filter(wrong).count())
}
