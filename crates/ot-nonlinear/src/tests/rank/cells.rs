//! The parts of an LSTM cell: random unit vectors, look-ups, products of bytes.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::Role;

use super::deviation::Deviation;
use super::masks::{Dealt, Mask, Transcript, pairs};
use super::space::{Space, planes_of};
use crate::bits::lanes::LANES;
use crate::cell::bilinear::Bilinear;
use crate::cell::lookup::Lookup;
use crate::circuit::{BilinearPlan, Byte, CONVERTED, Product, Sum};
use crate::{UnitVector, UnitVectorPlan, UnitVectors};

const COUNT: usize = 2 * LANES;

/// The masks of what `role` says in a round of the making of unit vectors.
fn vector_masks(plan: &UnitVectorPlan, role: Role, round: usize) -> Vec<Mask> {
    let mut masks = Vec::new();
    if round == 0 {
        masks.extend((0..CONVERTED).map(|bit| match role {
            Role::Client => Mask::Choice(bit),
            Role::Server => Mask::Ring(bit),
        }));
    }
    let exchange = plan.exchange(round).unwrap();
    let rows = || 0..exchange.factors;
    for pair in 0..exchange.pairs {
        masks.extend(rows().map(|row| Mask::Choice(exchange.ot(role, pair, row))));
        let offers = |row| rows().map(move |bit| Mask::Bit(exchange.ot(role.peer(), pair, row), bit));
        masks.extend(rows().flat_map(offers));
    }
    masks
}

/// The making of unit vectors with a client that deviates: what is said, and both parties' vectors.
fn make(plan: &UnitVectorPlan, dealt: Dealt, deviation: Deviation) -> (Transcript, [Vec<UnitVector>; 2]) {
    let rng = &mut ChaCha20Rng::seed_from_u64(9);
    let mut transcript = Transcript::new(plan.count(), dealt.held());
    let mut random = [4, 5].map(ChaCha20Rng::seed_from_u64);
    let parties = dealt.split().into_iter().zip(Role::BOTH).zip(&mut random);
    let mut parties: Vec<UnitVectors> = parties
        .map(|(((received, sent), role), rng)| UnitVectors::new(plan, role, received, sent, rng).unwrap())
        .collect();
    let mut heard = Vec::new();
    for round in 0..plan.rounds() {
        let from_client = deviation.of(parties[0].outgoing().unwrap(), &heard, rng);
        let from_server = parties[1].outgoing().unwrap();
        transcript.say(Role::Client, &vector_masks(plan, Role::Client, round), &from_client);
        transcript.say(Role::Server, &vector_masks(plan, Role::Server, round), &from_server);
        parties[0].incoming(&from_server).unwrap();
        parties[1].incoming(&from_client).unwrap();
        heard = from_server;
    }
    let mut finished = parties.into_iter().map(|party| party.finish().unwrap());
    (transcript, [finished.next().unwrap(), finished.next().unwrap()])
}

fn vectors() -> UnitVectorPlan {
    UnitVectorPlan::new(COUNT).unwrap()
}

#[test]
fn unit_vectors_use_each_pad_once() {
    let plan = vectors();
    for deviation in Deviation::ALL {
        let (transcript, _) = make(&plan, Dealt::new(plan.schedule(), 3), deviation);
        assert_eq!(transcript.bare(Role::Server), 0, "{deviation:?}");
        if deviation == Deviation::None {
            assert_eq!(transcript.bare(Role::Client), 0);
        }
    }
}

#[test]
fn a_pad_of_unit_vectors_used_twice_is_seen() {
    let plan = vectors();
    for (receiver, deviation) in Role::BOTH
        .into_iter()
        .flat_map(|role| [Deviation::None, Deviation::Random].map(|deviation| (role, deviation)))
    {
        for pair in pairs(plan.schedule(), receiver) {
            let mut dealt = Dealt::new(plan.schedule(), 3);
            dealt.reuse(receiver, pair);
            let (transcript, _) = make(&plan, dealt, deviation);
            assert!(
                transcript.bare(Role::Server) > 0,
                "{deviation:?}: OTs {pair:?} of the {receiver} are one"
            );
        }
    }
}

/// A party's vectors, twice.
fn twice(vectors: &[UnitVector]) -> [Vec<UnitVector>; 2] {
    [(), ()].map(|()| vectors.iter().map(|v| UnitVector { index: v.index, entries: v.entries }).collect())
}

/// The planes of the look-ups of one index by all vectors.
fn opened(vectors: Vec<UnitVector>, index: u8) -> Vec<Vec<u64>> {
    let (message, _) = Lookup::new(vectors).open(&[index; COUNT]).unwrap();
    planes_of(&message.iter().map(|byte| u32::from(*byte)).collect::<Vec<_>>(), u8::BITS)
}

/// What the peer of `sender` knows when look-ups begin: all that was said, and its own vectors.
fn known_before_look_ups(transcript: &Transcript, sender: Role, vectors: &[Vec<UnitVector>; 2]) -> Space {
    let mut space = transcript.known(sender.peer());
    let own = &vectors[sender.peer().index()];
    let words = (0..8).map(|word: usize| {
        own.iter().map(|vector| (vector.entries[word / 2] >> (32 * (word % 2))) as u32).collect::<Vec<_>>()
    });
    let entries = words.flat_map(|word| planes_of(&word, u32::BITS));
    let index: Vec<u32> = own.iter().map(|vector| u32::from(vector.index)).collect();
    for plane in transcript.messages().cloned().chain(entries).chain(planes_of(&index, u8::BITS)) {
        space.add(&plane);
    }
    space
}

/// An opening is masked by an index of which nothing was said, and a vector used twice is seen.
#[test]
fn look_ups_of_a_cell_use_each_index_once() {
    let plan = vectors();
    for deviation in Deviation::ALL {
        let (transcript, vectors) = make(&plan, Dealt::new(plan.schedule(), 7), deviation);
        for sender in
            Role::BOTH.into_iter().filter(|role| *role == Role::Server || deviation == Deviation::None)
        {
            let mut space = known_before_look_ups(&transcript, sender, &vectors);
            let [first, second] = twice(&vectors[sender.index()]);
            let bare = |space: &mut Space, planes: Vec<Vec<u64>>| -> usize {
                planes.iter().map(|plane| space.add(plane)).sum()
            };
            assert_eq!(bare(&mut space, opened(first, 0x3a)), 0, "{deviation:?}, the {sender}");
            assert!(
                bare(&mut space, opened(second, 0xc5)) > 0,
                "{deviation:?}: the {sender} used a vector twice"
            );
        }
    }
}

/// The three kinds of products of a cell, in small rings.
fn products() -> BilinearPlan {
    let byte = |index, signed| Byte { index, signed };
    let products = vec![Product::Scale(byte(1, false), 0), Product::Multiply(byte(0, false), byte(2, true))];
    let converted = vec![Product::Convert(byte(3, false))];
    let sums = vec![Sum { width: 10, products }, Sum { width: 11, products: converted }];
    BilinearPlan::new(3 * LANES, sums).unwrap()
}

/// Products of equal factors. Each party says all it has to say at once, so no client can influence
/// what the server says.
fn multiply(plan: &BilinearPlan, dealt: Dealt) -> Transcript {
    let count = plan.schedule().count();
    let mut transcript = Transcript::new(count, dealt.held());
    let (bytes, residues) = (vec![0x5c; count], vec![0x155; count]);
    for ((received, sent), role) in dealt.split().into_iter().zip(Role::BOTH) {
        let terms = plan.terms().iter();
        let masks = terms.flat_map(|term| {
            let choice = term.ot[role.index()].map(Mask::Choice);
            [choice, term.ot[role.peer().index()].map(Mask::Ring)].into_iter().flatten()
        });
        let party = Bilinear::new(plan, role, received, sent).unwrap();
        let (message, _) = party.send(&[&bytes; 4].map(Vec::as_slice), &[&residues]).unwrap();
        transcript.say(role, &masks.collect::<Vec<_>>(), &message);
    }
    transcript
}

#[test]
fn products_of_a_cell_use_each_pad_once() {
    let plan = products();
    let transcript = multiply(&plan, Dealt::new(plan.schedule(), 6));
    assert_eq!(Role::BOTH.map(|role| transcript.bare(role)), [0, 0]);
    for receiver in Role::BOTH {
        for pair in pairs(plan.schedule(), receiver) {
            let mut dealt = Dealt::new(plan.schedule(), 6);
            dealt.reuse(receiver, pair);
            let transcript = multiply(&plan, dealt);
            let seen = Role::BOTH.map(|role| transcript.bare(role));
            assert!(
                seen.iter().all(|planes| *planes > 0),
                "OTs {pair:?} of the {receiver} are one: {seen:?}"
            );
        }
    }
}
