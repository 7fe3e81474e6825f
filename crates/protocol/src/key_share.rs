//! The keys of a connection's checksums: an ephemeral Diffie-Hellman exchange in the greeting.
//!
//! ```text
//! client                                    server
//!   Hello                                ->
//!   KeyShare { X25519 point, bound }     ->
//!                                       <-  Accept
//!                                       <-  KeyShare { X25519 point, bound }
//! ```
//! A party is *bound* if its end of the connection is the end of a TLS session. Then it knows that
//! session's exporter, 32 secret bytes that are equal at both ends (RFC 8446, section 7.5).
//!
//! The key of a direction is derived with BLAKE3 from the X25519 secret (RFC 7748, section 6.1),
//! all bytes of the four messages above, and the exporter if both parties are bound. So both
//! parties have the same keys only if they agree on the whole greeting, and on the TLS session
//! where both have one. Who only reads along, or changes bytes on the way, has no keys. A point of
//! small order makes a secret that everyone knows; it is refused, as the section demands.

use curve25519_dalek::montgomery::MontgomeryPoint;
use rand_core::CryptoRng;
use shares::Role;
use zeroize::{Zeroize, Zeroizing};

use crate::messages::KeyShare;
use crate::transcript::{Chain, Chains};

/// A TLS exporter's bytes.
pub(crate) type Binding = Zeroizing<[u8; 32]>;

/// This party's half of the exchange, used once.
pub(crate) struct Ephemeral {
    secret: Zeroizing<[u8; 32]>,
    point: [u8; 32],
}

/// The payloads of a greeting, each as it was sent or came.
#[derive(Clone, Copy)]
pub(crate) struct Greeting<'a> {
    pub(crate) hello: &'a [u8],
    pub(crate) client_share: &'a [u8],
    pub(crate) accept: &'a [u8],
    pub(crate) server_share: &'a [u8],
}

impl Ephemeral {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        let point = MontgomeryPoint::mul_base_clamped(*secret).to_bytes();
        Self { secret, point }
    }

    /// What to send. `bound` says whether this party's transport ends a TLS session.
    pub(crate) fn share(&self, bound: bool) -> KeyShare {
        KeyShare { point: self.point, bound }
    }

    /// The chains of `own`'s directions; `binding` is the exporter if both parties have one. `None`
    /// if the `peer`'s point has a small order.
    pub(crate) fn agree(
        self,
        own: Role,
        peer: &KeyShare,
        greeting: Greeting<'_>,
        binding: Option<&Binding>,
    ) -> Option<Chains> {
        let shared = Zeroizing::new(MontgomeryPoint(peer.point).mul_clamped(*self.secret).to_bytes());
        if shared.iter().fold(0, |all, byte| all | byte) == 0 {
            return None;
        }
        let chain = |sender| Chain::new(&direction(sender, &shared, greeting, binding));
        Some(Chains { sending: chain(own), receiving: chain(own.peer()) })
    }
}

/// The key of what `sender` sends.
fn direction(
    sender: Role,
    shared: &[u8; 32],
    greeting: Greeting<'_>,
    binding: Option<&Binding>,
) -> Zeroizing<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_derive_key(match sender {
        Role::Client => "private-ecg checksums of the client v4",
        Role::Server => "private-ecg checksums of the server v4",
    });
    hasher.update(shared);
    let Greeting { hello, client_share, accept, server_share } = greeting;
    for said in [hello, client_share, accept, server_share] {
        hasher.update(&(said.len() as u64).to_le_bytes());
        hasher.update(said);
    }
    if let Some(binding) = binding {
        hasher.update(binding.as_ref());
    }
    let key = Zeroizing::new(*hasher.finalize().as_bytes());
    hasher.zeroize();
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 5] = [1, 0, 0, 0, 0];

    fn greeting() -> [Vec<u8>; 4] {
        [b"hello".to_vec(), b"client".to_vec(), b"accept".to_vec(), b"server".to_vec()]
    }

    fn of([hello, client_share, accept, server_share]: &[Vec<u8>; 4]) -> Greeting<'_> {
        Greeting { hello, client_share, accept, server_share }
    }

    /// The first checksums of both directions: the client's, then the server's.
    fn checksums(chains: Chains, own: Role) -> [[u8; 16]; 2] {
        let Chains { mut sending, mut receiving } = chains;
        let both = [sending.seal(&HEADER, &[]), receiving.seal(&HEADER, &[])];
        if own == Role::Client { both } else { [both[1], both[0]] }
    }

    fn agreed(said: [&[Vec<u8>; 4]; 2], bindings: [Option<&Binding>; 2]) -> [[[u8; 16]; 2]; 2] {
        let mut rng = crate::entropy::fresh().unwrap();
        let (client, server) = (Ephemeral::generate(&mut rng), Ephemeral::generate(&mut rng));
        let shares = [client.share(false), server.share(false)];
        let client = client.agree(Role::Client, &shares[1], of(said[0]), bindings[0]).unwrap();
        let server = server.agree(Role::Server, &shares[0], of(said[1]), bindings[1]).unwrap();
        [checksums(client, Role::Client), checksums(server, Role::Server)]
    }

    #[test]
    fn both_parties_have_the_same_keys_one_for_each_direction() {
        let said = greeting();
        let [client, server] = agreed([&said, &said], [None, None]);
        assert_eq!(client, server);
        assert_ne!(client[0], client[1], "the directions have keys of their own");
        assert_ne!(agreed([&said, &said], [None, None])[0], client, "another session has other keys");
    }

    #[test]
    fn any_byte_of_the_greeting_and_the_binding_decide_the_keys() {
        let said = greeting();
        for message in 0..4 {
            for byte in 0..said[message].len() {
                let mut changed = said.clone();
                changed[message][byte] ^= 1;
                let [client, server] = agreed([&said, &changed], [None, None]);
                assert!(client[0] != server[0] && client[1] != server[1], "{message}, {byte}");
            }
        }
        // A byte that moves from one message to the next.
        let mut moved = said.clone();
        let byte = moved[0].pop().unwrap();
        moved[1].insert(0, byte);
        let [client, server] = agreed([&said, &moved], [None, None]);
        assert_ne!(client, server);
        let (one, two) = (Binding::new([1; 32]), Binding::new([2; 32]));
        for (bindings, equal) in
            [([Some(&one), Some(&one)], true), ([Some(&one), Some(&two)], false), ([Some(&one), None], false)]
        {
            let [client, server] = agreed([&said, &said], bindings);
            assert_eq!(client == server, equal);
        }
    }

    #[test]
    fn x25519_is_that_of_rfc_7748() {
        // Section 5.2, after one iteration.
        let nine: [u8; 32] = std::array::from_fn(|i| if i == 0 { 9 } else { 0 });
        let expected = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
        for point in [MontgomeryPoint(nine).mul_clamped(nine), MontgomeryPoint::mul_base_clamped(nine)] {
            let hex: String = point.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected);
        }
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let mut rng = crate::entropy::fresh().unwrap();
        let said = greeting();
        // 0, 1, -1, both points of order 8 on the curve, and 0 and 1 in their other encodings.
        let mut points = vec![[0; 32], [0; 32], [0; 32], [0; 32], [0; 32]];
        points[1][0] = 1;
        for (point, least) in points.iter_mut().skip(2).zip([0xec, 0xed, 0xee]) {
            *point = [0xff; 32];
            (point[0], point[31]) = (least, 0x7f);
        }
        points.push([
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
            0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ]);
        points.push([
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
            0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ]);
        for point in points {
            let peer = KeyShare { point, bound: false };
            let own = Ephemeral::generate(&mut rng);
            assert!(own.agree(Role::Client, &peer, of(&said), None).is_none(), "{point:?}");
        }
    }
}
