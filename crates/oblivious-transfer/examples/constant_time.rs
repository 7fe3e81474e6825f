//! Looks for branches and memory accesses that depend on secrets, with the help of valgrind.
//!
//! Memcheck reports every branch and every address that depends on undefined memory. So both
//! parties of a silent extension declare all that they draw at random to be undefined, and the
//! messages that they send to be defined again. What Memcheck then reports depends on a secret: a
//! correlation, a choice, a place of noise, a seed.
//!
//! A control comes first: a look-up at a secret index must be reported, or the check itself is
//! broken.
//!
//! One branch on a secret is meant: whether a consistency check holds. It stands in a function of
//! its own, which `.ci/constant-time.supp` names.
//!
//! `.ci/constant-time` builds and runs this, once with AES instructions and once with software AES.
//! Memcheck does not know VAES, so the loops on wider registers are not looked at; they are made of
//! the same source.
#![expect(clippy::unwrap_used, reason = "a check may stop")]

use std::convert::Infallible;
use std::process::ExitCode;

use oblivious_transfer::aes::backend_name;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::SilentRequested;
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, TryCryptoRng, TryRng};
use shares::Role;

/// Requests to valgrind: `valgrind.h` and `memcheck.h` of version 3.19.
mod valgrind {
    const RUNNING: u64 = 0x1001;
    const COUNT_ERRORS: u64 = 0x1201;
    const MAKE_UNDEFINED: u64 = 0x4d43_0001;
    const MAKE_DEFINED: u64 = 0x4d43_0002;

    /// What valgrind answers; 0 without valgrind.
    #[cfg(target_arch = "x86_64")]
    fn request(code: u64, arguments: [u64; 2]) -> u64 {
        let words = [code, arguments[0], arguments[1], 0, 0, 0];
        let mut answer = 0;
        // SAFETY: to a processor this does nothing, since the rotations add up to 128 bits and the
        // exchange is of a register with itself. Valgrind takes it for a request. It reads `words`,
        // writes rdx, and changes no byte of the program's memory.
        unsafe {
            core::arch::asm!(
                "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
                in("rax") words.as_ptr(), inout("rdx") answer, options(nostack)
            );
        }
        answer
    }

    /// Requests are known for x86-64 alone.
    #[cfg(not(target_arch = "x86_64"))]
    fn request(_: u64, _: [u64; 2]) -> u64 {
        0
    }

    fn of_memory<T>(code: u64, memory: &[T]) {
        request(code, [memory.as_ptr() as u64, size_of_val(memory) as u64]);
    }

    pub(crate) fn is_running() -> bool {
        request(RUNNING, [0; 2]) > 0
    }

    pub(crate) fn errors() -> u64 {
        request(COUNT_ERRORS, [0; 2])
    }

    /// From here on `memory` is secret.
    pub(crate) fn conceal<T>(memory: &mut [T]) {
        of_memory(MAKE_UNDEFINED, memory);
    }

    /// From here on `memory` is public.
    pub(crate) fn disclose<T>(memory: &[T]) {
        of_memory(MAKE_DEFINED, memory);
    }
}

/// A generator whose numbers are all secret.
struct Secret(ChaCha20Rng);

impl TryRng for Secret {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
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
fn softspoken(session_id: &[u8], rng: &mut Secret) -> (CotSender, CotReceiver) {
    let delta = Block::random(rng).with_lsb(true);
    let (receiver, first) = ReceiverSetup::start(session_id, rng);
    let (sender, second) = SenderSetup::start(session_id, delta, &sent(first), rng).unwrap();
    let (receiver, third) = receiver.finish(&sent(second), rng).unwrap();
    (sender.finish(&sent(third)).unwrap(), receiver)
}

/// The set-up, the first part and the check of a silent extension, both parties; returns how many
/// OTs are wrong.
fn silent(rng: &mut Secret) -> usize {
    let (mut a_sends, mut b_receives) = softspoken(b"A sends", rng);
    let (mut b_sends, mut a_receives) = softspoken(b"B sends", rng);
    let (a, from_a) = SilentRequested::start(b"check", Role::Client, &mut a_receives);
    let (b, from_b) = SilentRequested::start(b"check", Role::Server, &mut b_receives);
    let (a, reply_of_a) = a.reply(&mut a_sends, &sent(from_b), rng).unwrap();
    let (b, reply_of_b) = b.reply(&mut b_sends, &sent(from_a), rng).unwrap();
    let (mut a, mut b) = (a.finish(&sent(reply_of_b)).unwrap(), b.finish(&sent(reply_of_a)).unwrap());
    let [from_a, from_b] = [&mut a, &mut b].map(|party| sent(party.announce(1).swap_remove(0)));
    let keys = a.extend(&from_b, |_, keys, _| keys.to_vec()).unwrap();
    let macs = b.extend(&from_a, |_, _, macs| macs.to_vec()).unwrap();
    let ((a, from_a), (b, from_b)) = (a.check(), b.check());
    let ((a, from_a), (b, from_b)) = (a.answer(&sent(from_b)).unwrap(), b.answer(&sent(from_a)).unwrap());
    let ((a, of_a), (_, of_b)) = (a.finish(&sent(from_b)).unwrap(), b.finish(&sent(from_a)).unwrap());
    let (keys, macs) = (keys.accept(&of_a).unwrap().concat(), macs.accept(&of_b).unwrap().concat());
    let delta = [a.delta()];
    valgrind::disclose(&delta);
    valgrind::disclose(&keys);
    valgrind::disclose(&macs);
    let wrong = |(key, mac): &(&Block, &Block)| **mac != **key ^ (Block::mask(mac.lsb()) & delta[0]);
    keys.iter().zip(&macs).filter(wrong).count()
}

/// A look-up at a secret index.
fn leak(rng: &mut Secret) -> u8 {
    let table: [u8; 256] = core::array::from_fn(|index| index as u8);
    let read = [core::hint::black_box(&table)[(rng.next_u32() & 0xff) as usize]];
    valgrind::disclose(&read);
    read[0]
}

fn main() -> ExitCode {
    if !valgrind::is_running() {
        eprintln!("run this under valgrind, see .ci/constant-time");
        return ExitCode::FAILURE;
    }
    let mut rng = Secret(ChaCha20Rng::seed_from_u64(1));
    core::hint::black_box(leak(&mut rng));
    let control = valgrind::errors();
    let wrong = silent(&mut rng);
    let found = valgrind::errors() - control;
    println!("AES backend {}: {control} report(s) of the look-up that must be found,", backend_name());
    println!("{found} of the OTs' set-up and extension, {wrong} wrong OTs");
    if control > 0 && found == 0 && wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
