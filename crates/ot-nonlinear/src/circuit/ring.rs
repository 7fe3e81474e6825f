//! Ring gates: products of a bit of one party and a residue of the other, and the opening of the
//! selection bit.
//!
//! A product mod 2^w costs one OT: 1 bit for the receiver's choice and w bits for the sender's
//! offer. A random choice needs no bit. Let d = choice ^ r be public. The pads are P_0 = b and
//! P_1 = b + a, and the receiver has P_r. The offer travels as e = offer - a. Then
//!
//! ```text
//! choice * offer = (1 - 2d)(P_r + r e) + [d * offer - (1 - 2d) b]
//! ```
//! and the bracket is the sender's share.
//!
//! | gate | computes | bits a result |
//! |---|---|---|
//! | mask, offline and online | shares of rho d, d = a - b, rho = rho_c ^ rho_s random (the OTs' own choices) | ell + ell |
//! | open | T = [d >= 0] ^ rho in clear; then m = b + T d + (1 - 2T) rho d | 2 |
//! | shift carry | k_f into the ring mod 2^w: u + v - 2 u v, w = min(A + 1, out_ell) | w |
//! | multiplex | in_range * (m >> f), both directions | 2 (1 + w) |
//! | saturate | (2^A - 1) over = (2^A - 1)(u + v - 2 u v) | w |
//! | lift | y mod 2^(A+1) to mod 2^out_ell | out_ell - A |
//!
//! **Why the small ring suffices.** In range, m >> f is below 2^A. So bits f to f + A of both
//! shares and k_f determine it mod 2^(A+1), and no carry out of the result is needed.
//!
//! **Lift.** Let y0 and y1 be the shares of y < 2^A in the small ring, n0 and n1 their top bits. A
//! sum below 2^A wraps if and only if a share is at least 2^A. So the wrap w is the OR of the top
//! bits:
//!
//! ```text
//! y = y0 + y1 - 2^(A+1) w        w = n0 + n1 - n0 n1
//! ```
//! It costs one product mod 2^(out_ell - A - 1). All in all the small ring costs 3 A + 6 + out_ell
//! bits. The same on the output ring would cost 5 out_ell - A + 2.

use shares::{Role, StepShape};

use crate::shape::small_ell;

/// What a ring gate computes. The module's table has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingKind {
    /// rho times the client's difference. The client's offer goes offline.
    MaskOffline,
    /// rho times the server's difference.
    MaskOnline,
    /// The masked selection bit in clear.
    Open,
    /// The carry into bit `shift`, as a residue.
    ShiftCarry,
    /// in_range times the shifted value.
    Multiplex,
    /// The saturated results.
    Saturate,
    /// From the small ring to the output ring.
    Lift,
}

impl RingKind {
    /// Width of the product in bits. It is 0 where the product vanishes, and 1 for an opening.
    pub(crate) fn width(self, shape: &StepShape) -> u32 {
        match self {
            Self::MaskOffline | Self::MaskOnline => shape.ell,
            Self::Open => 1,
            Self::ShiftCarry | Self::Saturate => small_ell(shape) - 1,
            Self::Multiplex => small_ell(shape),
            Self::Lift => shape.out_ell - small_ell(shape),
        }
    }

    /// Who chooses in the OTs of this gate.
    pub(crate) const fn receivers(self) -> &'static [Role] {
        match self {
            Self::MaskOffline | Self::ShiftCarry | Self::Lift => &[Role::Server],
            Self::MaskOnline | Self::Saturate => &[Role::Client],
            Self::Multiplex => &[Role::Client, Role::Server],
            Self::Open => &[],
        }
    }

    /// Whether the receiver sends its choice. A mask works with the random one.
    pub(crate) const fn corrected(self) -> bool {
        !matches!(self, Self::MaskOffline | Self::MaskOnline)
    }
}

/// A ring gate with its place among the OTs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingGate {
    pub(crate) kind: RingKind,
    pub(crate) width: u32,
    /// The OT of each receiver, by [`Role::index`].
    pub(crate) ot: [Option<usize>; 2],
}

impl RingGate {
    /// Planes that `role` sends.
    pub(crate) fn planes(&self, role: Role) -> usize {
        let offer = if self.ot[role.peer().index()].is_some() { self.width as usize } else { 0 };
        let choice = usize::from(self.ot[role.index()].is_some() && self.kind.corrected());
        offer + choice + usize::from(self.kind == RingKind::Open)
    }
}
