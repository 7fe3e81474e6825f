//! Which of the two parties.

use core::fmt;

/// One of the two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The gateway that holds the ECG.
    Client,
    /// The cloud service that holds the weights.
    Server,
}

impl Role {
    /// Both parties, each at its [`Role::index`].
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other party.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The party's place in a pair of things: 0 for the client, 1 for the server.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn each_party_is_the_others_peer() {
        for (index, role) in Role::BOTH.into_iter().enumerate() {
            assert_eq!(role.index(), index);
            assert_eq!(role.peer().peer(), role);
            assert_ne!(role.peer(), role);
        }
        assert_eq!(Role::Client.to_string(), "client");
    }
}
