//! What a client that deviates sends, in place of a message of the same length.

use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

/// How a client deviates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deviation {
    /// Not at all.
    None,
    /// Every byte is random.
    Random,
    /// One bit of eight is flipped.
    Flips,
    Zeros,
    Ones,
    /// What the server said last, again and again.
    Echo,
}

impl Deviation {
    pub(super) const ALL: [Self; 6] =
        [Self::None, Self::Random, Self::Flips, Self::Zeros, Self::Ones, Self::Echo];

    /// What goes out in place of `message`.
    pub(super) fn of(self, message: Vec<u8>, heard: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        let length = message.len();
        match self {
            Self::None => message,
            Self::Random => (0..length).map(|_| rng.next_u32() as u8).collect(),
            Self::Flips => message.iter().map(|byte| byte ^ 1 << (rng.next_u32() % 8)).collect(),
            Self::Zeros => vec![0; length],
            Self::Ones => vec![0xff; length],
            Self::Echo if heard.is_empty() => message,
            Self::Echo => heard.iter().copied().cycle().take(length).collect(),
        }
    }
}
