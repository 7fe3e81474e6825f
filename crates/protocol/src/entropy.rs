//! Where randomness comes from: the operating system, once per use, stretched by ChaCha20.

use rand::rngs::SysRng;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::error::{Error, Result};

/// A generator seeded afresh by the operating system.
pub(crate) fn fresh() -> Result<ChaCha20Rng> {
    ChaCha20Rng::try_from_rng(&mut SysRng)
        .map_err(|e| Error::Config(format!("the operating system gives no randomness: {e}")))
}
