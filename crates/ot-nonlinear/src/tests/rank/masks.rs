//! The material of both parties of a session, and what masks each plane of a message.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::Role;

use super::space::{Plane, Space, planes, planes_of, values_of};
use crate::Schedule;
use crate::circuit::{Gate, OtSpec, RingGate, RingKind};
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::tests::harness::deal;

/// The material of both parties, by receiver.
pub(super) struct Dealt {
    pub(super) client: (ReceivedMaterial, SentMaterial),
    pub(super) server: (ReceivedMaterial, SentMaterial),
}

impl Dealt {
    pub(super) fn new(schedule: &Schedule, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let [client, server] = Role::BOTH.map(|receiver| deal(schedule, receiver, &mut rng));
        Self { client, server }
    }

    /// Uses the pads and choices of one OT a second time, at both parties.
    pub(super) fn reuse(&mut self, receiver: Role, [from, to]: [usize; 2]) {
        let (received, sent) = match receiver {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        };
        for units in &mut received.chunks {
            let (choice, bits, pads) =
                (units[from].choice, units[from].bits.clone(), units[from].pads.clone());
            (units[to].choice, units[to].bits, units[to].pads) = (choice, bits, pads);
        }
        for units in &mut sent.chunks {
            let (bits, pads) = (units[from].bits.clone(), units[from].pads.clone());
            (units[to].bits, units[to].pads) = (bits, pads);
        }
    }

    /// What each party holds, the client first.
    pub(super) fn held(&self) -> [Held; 2] {
        [Held::new(&self.client.0, &self.server.1), Held::new(&self.server.0, &self.client.1)]
    }

    /// The material of each party, the client first.
    pub(super) fn split(self) -> [(ReceivedMaterial, SentMaterial); 2] {
        [(self.client.0, self.server.1), (self.server.0, self.client.1)]
    }
}

/// Pairs of OTs of one receiver that have the same form, at the beginning, in the middle and at the
/// end.
pub(super) fn pairs(schedule: &Schedule, receiver: Role) -> Vec<[usize; 2]> {
    let specs = &schedule.ots[receiver.index()];
    let twin = |from: usize| (from + 1..specs.len()).find(|to| specs[*to] == specs[from]);
    let pairs: Vec<_> = (0..specs.len()).filter_map(|from| Some([from, twin(from)?])).collect();
    let places = [0, pairs.len() / 2, pairs.len().saturating_sub(1)];
    places.iter().filter_map(|place| pairs.get(*place).copied()).collect()
}

/// What masks a plane, or the planes of a residue, by the sender's OTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// The random choice.
    Choice(usize),
    /// The difference of the pads of one offer.
    Bit(usize, usize),
    /// The difference of the pads of a residue, which is subtracted.
    Ring(usize),
    /// The party's half of rho.
    Rho,
}

/// The masks of what `role` says of a gate: of its choices, of its offers, each if asked for.
pub(super) fn of_gate(gate: &Gate, role: Role, choices: bool, offers: bool) -> Vec<Mask> {
    let (own, theirs) = (gate.kind.routes(role).len(), gate.kind.routes(role.peer()));
    let (first, offered) = (gate.first_ot[role.index()], gate.first_ot[role.peer().index()]);
    let choices = (0..own).filter(|_| choices).map(|ot| Mask::Choice(first + ot));
    let offers = theirs.iter().enumerate().filter(|_| offers);
    choices
        .chain(offers.flat_map(|(ot, route)| (0..route.len()).map(move |bit| Mask::Bit(offered + ot, bit))))
        .collect()
}

/// The masks of what `role` says of a ring gate.
pub(super) fn of_ring(gate: &RingGate, role: Role) -> Vec<Mask> {
    let open = (gate.kind == RingKind::Open).then_some(Mask::Rho);
    let choice = gate.ot[role.index()].filter(|_| gate.kind.corrected()).map(Mask::Choice);
    [open, choice, gate.ot[role.peer().index()].map(Mask::Ring)].into_iter().flatten().collect()
}

/// The pads' differences of an OT.
enum Difference {
    Bits(Vec<Plane>),
    Ring(Vec<u32>, u32),
}

/// What a party holds of the OTs of a session.
pub(super) struct Held {
    /// Its choices and all pads that it knows.
    known: Vec<Plane>,
    choices: Vec<Plane>,
    differences: Vec<Difference>,
}

impl Held {
    pub(super) fn new(received: &ReceivedMaterial, sent: &SentMaterial) -> Self {
        let mut held = Self { known: Vec::new(), choices: Vec::new(), differences: Vec::new() };
        received.specs.iter().enumerate().for_each(|(ot, spec)| held.receive(received, ot, *spec));
        sent.specs.iter().enumerate().for_each(|(ot, spec)| held.send(sent, ot, *spec));
        held
    }

    fn receive(&mut self, material: &ReceivedMaterial, ot: usize, spec: OtSpec) {
        let units = || material.chunks.iter().map(move |units| &units[ot]);
        let choice: Plane = units().flat_map(|unit| unit.choice.0).collect();
        self.known.push(choice.clone());
        self.choices.push(choice);
        match spec {
            OtSpec::Bits(count) => {
                self.known.extend((0..count).map(|bit| units().flat_map(|unit| unit.bits[bit].0).collect()));
            }
            OtSpec::Ring(width) => {
                let pads: Vec<u32> = units().flat_map(|unit| unit.pads.clone()).collect();
                self.known.extend(planes_of(&pads, width));
            }
        }
    }

    fn send(&mut self, material: &SentMaterial, ot: usize, spec: OtSpec) {
        let units = || material.chunks.iter().map(move |units| &units[ot]);
        self.differences.push(match spec {
            OtSpec::Bits(count) => {
                let zeros = |bit: usize| units().flat_map(move |unit| unit.bits[bit].zero.0).collect();
                let differences =
                    |bit: usize| units().flat_map(move |unit| unit.bits[bit].difference.0).collect();
                self.known.extend((0..count).map(zeros));
                let differences: Vec<Plane> = (0..count).map(differences).collect();
                self.known.extend(differences.iter().cloned());
                Difference::Bits(differences)
            }
            OtSpec::Ring(width) => {
                let pads = || units().flat_map(|unit| unit.pads.iter());
                let zeros: Vec<u32> = pads().map(|pad| pad.zero).collect();
                let ones: Vec<u32> = pads().map(|pad| pad.zero.wrapping_add(pad.difference)).collect();
                self.known.extend(planes_of(&zeros, width));
                self.known.extend(planes_of(&ones, width));
                Difference::Ring(pads().map(|pad| pad.difference).collect(), width)
            }
        });
    }

    /// What the party says, mask by mask: payload and message.
    fn unmask(&self, sender: Role, masks: &[Mask], message: Vec<Plane>) -> Vec<Said> {
        let mut rest = message.as_slice();
        let mut said = Vec::new();
        for mask in masks {
            let taken;
            (taken, rest) = rest.split_at(self.width(*mask));
            let payload = match *mask {
                Mask::Choice(ot) => vec![sum(&taken[0], &self.choices[ot])],
                Mask::Rho => vec![sum(&taken[0], &self.choices[0])],
                Mask::Bit(ot, bit) => match &self.differences[ot] {
                    Difference::Bits(bits) => vec![sum(&taken[0], &bits[bit])],
                    Difference::Ring(..) => panic!("OT {ot} has no bits"),
                },
                Mask::Ring(ot) => match &self.differences[ot] {
                    Difference::Ring(ring, width) => {
                        let offers = values_of(taken).into_iter().zip(ring);
                        let offers: Vec<u32> =
                            offers.map(|(offer, mask)| offer.wrapping_add(*mask)).collect();
                        planes_of(&offers, *width)
                    }
                    Difference::Bits(_) => panic!("OT {ot} has no residue"),
                },
            };
            said.push(Said { sender, under_rho: *mask == Mask::Rho, payload, message: taken.to_vec() });
        }
        assert!(rest.is_empty(), "the schedule names a mask for every plane");
        said
    }

    fn width(&self, mask: Mask) -> usize {
        match mask {
            Mask::Ring(ot) => match &self.differences[ot] {
                Difference::Ring(_, width) => *width as usize,
                Difference::Bits(_) => panic!("OT {ot} has no residue"),
            },
            Mask::Choice(_) | Mask::Bit(..) | Mask::Rho => 1,
        }
    }
}

fn sum(a: &[u64], b: &[u64]) -> Plane {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// A piece of a message.
struct Said {
    sender: Role,
    under_rho: bool,
    payload: Vec<Plane>,
    message: Vec<Plane>,
}

/// All that both parties hold, and what they say in its order.
pub(super) struct Transcript {
    count: usize,
    held: [Held; 2],
    said: Vec<Said>,
}

impl Transcript {
    /// Of a session of `count` instances.
    pub(super) fn new(count: usize, held: [Held; 2]) -> Self {
        Self { count, held, said: Vec::new() }
    }

    /// `sender` sends a message under these masks.
    pub(super) fn say(&mut self, sender: Role, masks: &[Mask], message: &[u8]) {
        let said = self.held[sender.index()].unmask(sender, masks, planes(message, self.count));
        self.said.extend(said);
    }

    /// What a party knows of its OTs.
    pub(super) fn known(&self, party: Role) -> Space {
        let mut space = Space::new(self.count);
        self.held[party.index()].known.iter().for_each(|plane| {
            space.add(plane);
        });
        space
    }

    /// Planes that either party said.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Plane> {
        self.said.iter().flat_map(|said| &said.message)
    }

    /// Planes of `sender`'s messages whose masks occur elsewhere too.
    pub(super) fn bare(&self, sender: Role) -> usize {
        let mut space = self.known(sender.peer());
        let (first, rest): (Vec<&Said>, Vec<&Said>) =
            self.said.iter().partition(|said| said.under_rho && said.sender == sender);
        let mut bare = 0;
        for said in first.into_iter().chain(rest) {
            if said.sender == sender {
                said.payload.iter().for_each(|plane| {
                    space.add(plane);
                });
            }
            let inside = said.message.iter().map(|plane| space.add(plane)).sum::<usize>();
            bare += if said.sender == sender { inside } else { 0 };
        }
        bare
    }
}
