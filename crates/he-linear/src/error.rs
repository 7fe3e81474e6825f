//! What can go wrong, sorted by who is at fault: the caller, the peer's bytes, or a model that does
//! not fit.

use crate::params::{MAX_ELL, MIN_ELL};

/// The message whose bytes were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The input holder's public key.
    PublicKey,
    /// The input holder's encrypted mask of one layer.
    EncryptedInput,
    /// The weight holder's masked result of one layer.
    MaskedOutput,
}

impl core::fmt::Display for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "public key",
            Self::EncryptedInput => "encrypted input",
            Self::MaskedOutput => "masked output",
        })
    }
}

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The share width is outside what the parameters serve.
    #[error("shares of {ell} bits are not supported ({MIN_ELL} to {MAX_ELL} are)")]
    UnsupportedWidth {
        /// The width asked for.
        ell: u32,
    },
    /// A dimension of the shape is zero or larger than the crate accepts.
    #[error("dimension {dimension} = {value} is outside 1..={limit}")]
    Dimension {
        /// The field of [`Conv1dShape`](crate::Conv1dShape).
        dimension: &'static str,
        /// Its value.
        value: usize,
        /// The largest value accepted.
        limit: usize,
    },
    /// Zero padding of (kernel - 1) / 2 needs an odd kernel.
    #[error("kernel {kernel} is even")]
    EvenKernel {
        /// The kernel length.
        kernel: usize,
    },
    /// One window with its padding does not fit the ring.
    #[error("a window of {length} positions with kernel {kernel} does not fit a ring of degree {degree}")]
    WindowTooLong {
        /// Positions in a window.
        length: usize,
        /// The kernel length.
        kernel: usize,
        /// The ring degree n.
        degree: usize,
    },
    /// The layer needs more ciphertexts or products than the crate accepts.
    #[error("the layer needs {count} {what}, more than {limit}")]
    LayerTooLarge {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The largest number accepted.
        limit: usize,
    },
    /// A tensor handed in by the caller has the wrong number of elements.
    #[error("{tensor}: {found} elements where the plan has {expected}")]
    TensorLength {
        /// Which tensor.
        tensor: &'static str,
        /// Elements the plan asks for.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// A residue handed in by the caller is not reduced modulo 2^ell.
    #[error("{tensor}: a residue is not reduced modulo 2^{ell}")]
    Unreduced {
        /// Which tensor.
        tensor: &'static str,
        /// The share width.
        ell: u32,
    },
    /// The weights make more noise than results of this width decode with.
    #[error(
        "weights make 2^{noise_bits:.1} of noise where shares of {ell} bits decode with 2^{limit_bits:.1}"
    )]
    NoiseTooLarge {
        /// The share width.
        ell: u32,
        /// log2 of the proven noise bound.
        noise_bits: f64,
        /// log2 of the largest noise that always decodes.
        limit_bits: f64,
    },
    /// The layers of a model together tell a client that deviates more than is allowed.
    #[error("the layers tell a client up to {bits:.3} bits an inference, more than {limit}")]
    HolesTooWide {
        /// The bound on what an inference tells, in bits.
        bits: f64,
        /// The largest bound allowed.
        limit: f64,
    },
    /// The layers of a model together show an honest client more of their noise than is allowed.
    #[error("an honest client's view over a year lies up to 2^{found:.1} from ideal, more than 2^{limit}")]
    NoiseShows {
        /// log2 of the bound on the statistical distance.
        found: f64,
        /// log2 of the largest bound allowed.
        limit: f64,
    },
    /// A message of the peer has the wrong length.
    #[error("the peer's {message} has {found} bytes instead of {expected}")]
    PeerLength {
        /// Which message.
        message: Message,
        /// Bytes the plan asks for.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A message of the peer holds a coefficient that is not reduced modulo its prime.
    #[error("the peer's {message} holds a coefficient that is not reduced")]
    PeerCoefficient {
        /// Which message.
        message: Message,
    },
    /// A message of the peer has padding bits that are not zero.
    #[error("the peer's {message} has non-zero padding bits")]
    PeerPadding {
        /// Which message.
        message: Message,
    },
}

impl Error {
    /// Whether the peer's bytes, and nothing on this side, caused the error.
    #[must_use]
    pub const fn is_peer_fault(&self) -> bool {
        matches!(self, Self::PeerLength { .. } | Self::PeerCoefficient { .. } | Self::PeerPadding { .. })
    }
}
