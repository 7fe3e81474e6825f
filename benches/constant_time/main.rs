//! Looks for branches and memory accesses that depend on secrets, with the help of valgrind.
//!
//! Memcheck reports every branch and every address that depends on undefined memory. So a party
//! declares its secrets undefined: what it draws at random, its shares, its choices, its blocks.
//! Messages are defined again before their receiver looks at them. What Memcheck then reports
//! depends on a secret.
//!
//! A control comes first: a look-up at a secret index must be reported, or the check itself is
//! broken.
//!
//! One branch on a secret is meant: whether a consistency check holds. It stands in a function of
//! its own, which `.ci/constant-time.supp` names.
//!
//! `.ci/constant-time` builds and runs this, once with AES instructions and once with software AES.
//! Memcheck does not know VAES, so the loops on wider registers are not looked at; they are made of
//! the same source. The homomorphic layers are not looked at either.
//!
//! | module | checks |
//! |---|---|
//! | `transfers` | base OT, SoftSpoken and a silent extension, both parties |
//! | `steps` | steps from oblivious transfer and by garbled circuits, a cell of the LSTM |

mod steps;
mod transfers;
mod valgrind;

use std::process::ExitCode;

use benches::Result;
use oblivious_transfer::aes::backend_name;
use ot_nonlinear::Mode;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::Role;
use transfers::Secret;

/// A look-up at a secret index.
fn leak(rng: &mut Secret) -> u8 {
    let table: [u8; 256] = core::array::from_fn(|index| index as u8);
    let read = [core::hint::black_box(&table)[(rng.next_u32() & 0xff) as usize]];
    valgrind::disclose(&read);
    read[0]
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the control was found, and nothing else.
fn run() -> Result<bool> {
    if !valgrind::is_running() {
        return Err("run this under valgrind, see .ci/constant-time".into());
    }
    let mut rng = Secret(ChaCha20Rng::seed_from_u64(1));
    core::hint::black_box(leak(&mut rng));
    let control = valgrind::errors();
    println!("AES backend {}: {control} report(s) of the look-up that must be found", backend_name());
    let mut good = control > 0;
    let mut check = |name: &str, subject: &mut dyn FnMut() -> Result<()>| -> Result<()> {
        let before = valgrind::errors();
        subject()?;
        let found = valgrind::errors() - before;
        println!("{found} of {name}");
        good &= found == 0;
        Ok(())
    };
    check("the OTs' set-up and extension", &mut || match transfers::silent(&mut rng)? {
        0 => Ok(()),
        wrong => Err(format!("{wrong} wrong OTs").into()),
    })?;
    for role in [Role::Client, Role::Server] {
        check(&format!("a garbled step, {role}"), &mut || steps::garbled(role))?;
        check(&format!("a step from OT with ripples, {role}"), &mut || {
            steps::transferred(role, Mode::Ripple)
        })?;
        check(&format!("a step from OT with trees, {role}"), &mut || steps::transferred(role, Mode::Tree))?;
        check(&format!("a cell of the LSTM, {role}"), &mut || steps::recurrent(role))?;
    }
    Ok(good)
}
