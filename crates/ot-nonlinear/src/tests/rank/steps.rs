//! Steps: gates, selections, max pooling and the lift, in every mode, early and late.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::{Role, StepShape};

use super::deviation::Deviation;
use super::masks::{Dealt, Mask, Transcript, of_gate, of_ring, pairs};
use crate::bits::lanes::LANES;
use crate::{Mode, Step, StepPlan};

const COUNT: usize = 2 * LANES;
const SHAPE: StepShape = StepShape { count: COUNT, ell: 14, shift: 4, bits: 6, pool: true, out_ell: 15 };

/// The masks of the offline message.
pub(super) fn offline_masks(plan: &StepPlan) -> Vec<Mask> {
    let role = Role::Client;
    let gates = plan
        .early_gates()
        .flat_map(|gate| of_gate(gate, role, gate.early_choices(role), gate.early_offers(role)));
    gates.chain(plan.offline_ring.iter().flat_map(|gate| of_ring(gate, role))).collect()
}

/// The masks of what `role` sends in a round.
pub(super) fn masks(plan: &StepPlan, role: Role, round: usize) -> Vec<Mask> {
    let round = &plan.rounds[round];
    let gates = round.gates.iter();
    let gates =
        gates.flat_map(|gate| of_gate(gate, role, !gate.early_choices(role), !gate.early_offers(role)));
    gates.chain(round.ring.iter().flat_map(|gate| of_ring(gate, role))).collect()
}

/// A step on equal inputs, with a client that deviates.
fn play(plan: &StepPlan, dealt: Dealt, deviation: Deviation) -> Transcript {
    let (values, mask) = (plan.input_values(), (1 << plan.shape().ell) - 1);
    let rng = &mut ChaCha20Rng::seed_from_u64(9);
    let mut transcript = Transcript::new(plan.count(), dealt.held());
    let [client, server] = dealt.split();
    let mut client = Step::new(plan, Role::Client, client.0, client.1).unwrap();
    client.input(&vec![0x35a5 & mask; values]).unwrap();
    let mut server = Step::new(plan, Role::Server, server.0, server.1).unwrap();
    let offline = deviation.of(client.offline_message().unwrap(), &[], rng);
    transcript.say(Role::Client, &offline_masks(plan), &offline);
    server.take_offline(&offline).unwrap();
    server.input(&vec![0x0c31 & mask; values]).unwrap();
    let mut heard = Vec::new();
    for round in 0..plan.rounds() {
        let from_client = deviation.of(client.outgoing().unwrap(), &heard, rng);
        let from_server = server.outgoing().unwrap();
        transcript.say(Role::Client, &masks(plan, Role::Client, round), &from_client);
        transcript.say(Role::Server, &masks(plan, Role::Server, round), &from_server);
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
        heard = from_server;
    }
    transcript
}

/// Each pad is used once, and a planted reuse is seen, whatever the client sends.
fn check(plan: &StepPlan) {
    for deviation in Deviation::ALL {
        let transcript = play(plan, Dealt::new(plan, 1), deviation);
        assert_eq!(transcript.bare(Role::Server), 0, "{:?} {deviation:?}", plan.mode());
        if deviation == Deviation::None {
            assert_eq!(transcript.bare(Role::Client), 0, "{:?}, the client", plan.mode());
        }
    }
    for receiver in Role::BOTH {
        for pair in pairs(plan, receiver) {
            for deviation in [Deviation::None, Deviation::Random] {
                let mut dealt = Dealt::new(plan, 1);
                dealt.reuse(receiver, pair);
                let transcript = play(plan, dealt, deviation);
                let seen = transcript.bare(Role::Server);
                assert!(seen > 0, "{:?} {deviation:?}: OTs {pair:?} of the {receiver} are one", plan.mode());
                if deviation == Deviation::None {
                    assert!(transcript.bare(Role::Client) > 0, "{pair:?}, the client's messages");
                }
            }
        }
    }
}

#[test]
fn steps_and_their_selections_use_each_pad_once() {
    for mode in [Mode::Tree, Mode::Ripple, Mode::Within(6)] {
        check(&StepPlan::new(SHAPE, mode).unwrap());
    }
}

#[test]
fn steps_without_pooling_use_each_pad_once() {
    for mode in [Mode::Tree, Mode::Ripple, Mode::Within(6)] {
        check(&StepPlan::new(StepShape { pool: false, ..SHAPE }, mode).unwrap());
    }
}

#[test]
fn late_steps_of_a_cell_use_each_pad_once() {
    for mode in [Mode::Tree, Mode::Ripple, Mode::Within(6)] {
        check(&StepPlan::late(StepShape { pool: false, ..SHAPE }, mode).unwrap());
    }
}

/// Shifts and widths at which gates and lifts fall away.
#[test]
fn steps_of_other_shapes_use_each_pad_once() {
    for (ell, shift, bits, out_ell) in [(9, 0, 3, 9), (9, 0, 8, 20), (12, 10, 1, 2), (10, 3, 6, 5)] {
        for pool in [true, false] {
            check(
                &StepPlan::new(StepShape { count: COUNT, ell, shift, bits, pool, out_ell }, Mode::Tree)
                    .unwrap(),
            );
        }
    }
}
