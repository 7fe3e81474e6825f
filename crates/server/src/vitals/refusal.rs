//! Why a client was not served, and how a session ended, in a word each.

/// Why a client was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// All places were taken, and the queue was full or took too long.
    Busy,
    /// The client has as many sessions as one may, and as many wait.
    Crowding,
    /// One session takes more memory than there is for all.
    Memory,
    /// The client has had as much as it may.
    Quota,
    /// The server stops.
    Stopping,
    /// The handshake of TLS failed, or the client was silent in it.
    Tls,
    /// The client does not speak TLS.
    NoTls,
    /// The client's certificate holds no name.
    Nameless,
    /// The client's certificate is revoked.
    Revoked,
    /// Greeting or set-up failed.
    SetUp,
    /// Greeting and set-up took too long.
    Slow,
    /// The connection had to go for newer ones before its set-up had ended.
    Evicted,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::Busy,
        Self::Crowding,
        Self::Memory,
        Self::Quota,
        Self::Stopping,
        Self::Tls,
        Self::NoTls,
        Self::Nameless,
        Self::Revoked,
        Self::SetUp,
        Self::Slow,
        Self::Evicted,
    ];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Crowding => "crowding",
            Self::Memory => "memory",
            Self::Quota => "quota",
            Self::Stopping => "stopping",
            Self::Tls => "tls",
            Self::NoTls => "no-tls",
            Self::Nameless => "nameless",
            Self::Revoked => "revoked",
            Self::SetUp => "set-up",
            Self::Slow => "slow",
            Self::Evicted => "evicted",
        }
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client said farewell.
    InOrder,
    /// The server told the client to come back later.
    SentAway,
    /// The client or the network failed.
    Failed,
    /// The server failed.
    Internal,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::InOrder, Self::SentAway, Self::Failed, Self::Internal];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InOrder => "in-order",
            Self::SentAway => "sent-away",
            Self::Failed => "failed",
            Self::Internal => "internal",
        }
    }
}
