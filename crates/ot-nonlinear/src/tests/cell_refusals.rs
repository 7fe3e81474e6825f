//! Cells and hostile or wrong calls: lengths, order, shares, material; nothing of a message's size
//! depends on a secret.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::cell::{CellMaterial, SHAPE, Tables, material, rounds, start};
use crate::{
    Cell, CellPlan, CellShape, CellState, CellTables, ClientCellOffline, Mode, ServerCellOffline, StepError,
};

fn plan() -> CellPlan {
    plan_of(SHAPE, Mode::Tree)
}

fn plan_of(shape: CellShape, mode: Mode) -> CellPlan {
    CellPlan::new(shape, mode, Tables::smooth().shared()).unwrap()
}

fn deal(plan: &CellPlan) -> [CellMaterial; 2] {
    material(plan, 0, &mut ChaCha20Rng::seed_from_u64(1))
}

fn pair(plan: &CellPlan, share: u32) -> (Vec<u8>, Cell, Cell) {
    let shares = vec![share; plan.input_values()];
    let states = [CellState::zero(plan), CellState::zero(plan)];
    start(plan, [&shares, &shares], states, deal(plan))
}

#[test]
fn shapes_outside_the_limits_are_refused() {
    let outside = [
        CellShape { units: 0, ..SHAPE },
        CellShape { units: (1 << 16) + 1, ..SHAPE },
        CellShape { units: usize::MAX, ..SHAPE },
        CellShape { gate_ell: 8, gate_shift: 0, ..SHAPE },
        CellShape { gate_ell: 31, ..SHAPE },
        CellShape { gate_shift: 14, ..SHAPE },
        CellShape { gate_shift: u32::MAX, ..SHAPE },
        CellShape { cell_bits: 3, ..SHAPE },
        CellShape { cell_bits: 13, ..SHAPE },
        CellShape { cell_index_shift: 5, ..SHAPE },
        CellShape { cell_index_shift: 13, ..SHAPE },
        CellShape { out_ell: 15, ..SHAPE },
        CellShape { out_ell: 31, ..SHAPE },
    ];
    for shape in outside {
        let refused = CellPlan::new(shape, Mode::Tree, Tables::smooth().shared());
        assert!(matches!(refused, Err(StepError::Shape(_))), "{shape:?}");
    }
    let mut sigmoid = [128; 256];
    assert!(CellTables::new(&sigmoid, &[-128; 256], &[127; 256]).is_ok());
    sigmoid[255] = 129;
    let refused = CellTables::new(&sigmoid, &[0; 256], &[0; 256]);
    assert!(matches!(refused, Err(StepError::Shape(_))));
}

/// The width of the state's ring is the least that keeps the bound of both steps.
#[test]
fn the_ring_of_the_state_is_the_least_that_holds_it() {
    for cell_bits in 4..=12 {
        for cell_index_shift in 6..=12 {
            let plan = plan_of(CellShape { cell_bits, cell_index_shift, ..SHAPE }, Mode::Tree);
            let offset = 1_i64 << (cell_bits + 6).max(cell_index_shift + 7);
            let bound = offset + (1 << (cell_bits + 6)) + (1 << 14);
            let fits = |ell: u32| bound < 1 << (ell - 2) && ell > (7 + cell_bits).max(cell_index_shift + 8);
            assert!(fits(plan.state_ell()) && !fits(plan.state_ell() - 1), "{cell_bits} {cell_index_shift}");
        }
    }
}

#[test]
fn messages_have_the_stated_length_whatever_the_input() {
    let plan = plan();
    for share in [0, 1, 0x3f_ffff, 0x15_5555] {
        let (offline, mut client, mut server) = pair(&plan, share);
        assert_eq!(offline.len(), plan.offline_bytes());
        let messages = rounds(&plan, &mut client, &mut server);
        let bytes: usize = messages.iter().flatten().map(Vec::len).sum();
        let bits: usize = plan.part_bits().map(|(_, bits)| bits * SHAPE.units).sum();
        let most = 2 * plan.rounds() * 7;
        assert!((bits / 8..bits / 8 + most).contains(&(bytes + offline.len())), "{bits} {bytes}");
        for (round, [from_client, from_server]) in messages.iter().enumerate() {
            // The server begins: what the client could say of the first gates went offline.
            assert_eq!(from_client.is_empty(), round % 2 == 0);
            assert_eq!(from_server.is_empty(), round % 2 == 1);
        }
    }
    assert_eq!((plan.client_bytes(plan.rounds()), plan.server_bytes(plan.rounds())), (0, 0));
}

#[test]
fn messages_of_a_wrong_length_are_refused_and_the_cell_goes_on() {
    let plan = plan();
    let (_, mut client, mut server) = pair(&plan, 7);
    for _ in 0..plan.rounds() {
        let messages = [client.outgoing().unwrap(), server.outgoing().unwrap()];
        for (party, message) in [(&mut client, &messages[1]), (&mut server, &messages[0])] {
            let mut longer = message.clone();
            longer.push(0);
            let expected = message.len();
            let refused = |found| Err(StepError::MessageLength { expected, found });
            assert_eq!(party.incoming(&longer), refused(expected + 1));
            if let Some(shorter) = message.get(1..) {
                assert_eq!(party.incoming(shorter), refused(expected - 1));
            }
            party.incoming(message).unwrap();
        }
    }
    assert!(client.finish().is_ok() && server.finish().is_ok());
}

#[test]
fn arbitrary_bytes_of_the_right_length_never_panic() {
    for mode in [Mode::Tree, Mode::Ripple] {
        let plan = plan_of(SHAPE, mode);
        let (_, mut client, mut server) = pair(&plan, 7);
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        for round in 0..plan.rounds() {
            client.outgoing().unwrap();
            server.outgoing().unwrap();
            let mut noise = vec![0; plan.server_bytes(round)];
            rng.fill_bytes(&mut noise);
            client.incoming(&noise).unwrap();
            server.incoming(&vec![0xff; plan.client_bytes(round)]).unwrap();
        }
        for party in [client, server] {
            let (hidden, state) = party.finish().unwrap();
            assert!(hidden.iter().all(|h| *h < 1 << SHAPE.out_ell));
            assert!(state.residues().iter().all(|c| *c < 1 << plan.state_ell()));
        }
    }
}

#[test]
fn calls_out_of_order_are_refused() {
    let plan = plan();
    let (_, mut client, mut server) = pair(&plan, 7);
    assert_eq!(client.incoming(&[]), Err(StepError::Order));
    client.outgoing().unwrap();
    assert_eq!(client.outgoing(), Err(StepError::Order));
    server.outgoing().unwrap();
    assert_eq!(server.outgoing(), Err(StepError::Order));
    assert_eq!(client.finish().err(), Some(StepError::Order));
    assert_eq!(server.finish().err(), Some(StepError::Order));
    let (_, mut client, mut server) = pair(&plan, 7);
    rounds(&plan, &mut client, &mut server);
    assert_eq!((client.outgoing(), client.incoming(&[])), (Err(StepError::Order), Err(StepError::Order)));
}

#[test]
fn shares_and_states_that_do_not_fit_are_refused() {
    let plan = plan();
    let prepare = |shares: &[u32]| {
        let [client, _] = deal(&plan);
        ClientCellOffline::prepare(&plan, client.ots, client.vectors, shares)
    };
    assert_eq!(prepare(&[0; 19]).err(), Some(StepError::ShareCount { expected: 20, found: 19 }));
    assert_eq!(prepare(&[1 << 22; 20]).err(), Some(StepError::ShareRange));
    let client = || prepare(&[0; 20]).unwrap().1;
    let short = StepError::ShareCount { expected: 5, found: 4 };
    assert_eq!(client().start(CellState::from_residues(vec![0; 4])).err(), Some(short));
    let beyond = CellState::from_residues(vec![1 << plan.state_ell(); 5]);
    assert_eq!(client().start(beyond).err(), Some(StepError::ShareRange));
    let server = || {
        let [_, server] = deal(&plan);
        let message = vec![0; plan.offline_bytes()];
        ServerCellOffline::prepare(&plan, server.ots, server.vectors, &message).unwrap()
    };
    let zero = || CellState::zero(&plan);
    assert_eq!(
        server().start(&[0; 21], zero()).err(),
        Some(StepError::ShareCount { expected: 20, found: 21 })
    );
    assert_eq!(server().start(&[1 << 22; 20], zero()).err(), Some(StepError::ShareRange));
    assert_eq!(server().start(&[0; 20], CellState::from_residues(vec![0; 4])).err(), Some(short));
}

#[test]
fn a_wrong_offline_message_is_refused() {
    let plan = plan();
    for found in [0, plan.offline_bytes() - 1, plan.offline_bytes() + 1] {
        let [_, server] = deal(&plan);
        let message = vec![0; found];
        let refused = ServerCellOffline::prepare(&plan, server.ots, server.vectors, &message).err();
        assert_eq!(refused, Some(StepError::MessageLength { expected: plan.offline_bytes(), found }));
    }
}

#[test]
fn foreign_material_is_refused() {
    let plan = plan();
    let client = |CellMaterial { ots, vectors }: CellMaterial| {
        ClientCellOffline::prepare(&plan, ots, vectors, &[0; 20]).err()
    };
    let server = |CellMaterial { ots, vectors }: CellMaterial| {
        ServerCellOffline::prepare(&plan, ots, vectors, &vec![0; plan.offline_bytes()]).err()
    };
    let [own, peers] = deal(&plan);
    assert_eq!((client(own), server(peers)), (None, None));
    let [own, peers] = deal(&plan);
    assert_eq!((client(peers), server(own)), (Some(StepError::Material), Some(StepError::Material)));
    let wider = CellShape { gate_ell: 23, cell_bits: 12, out_ell: 25, ..SHAPE };
    for other in [CellShape { units: 6, ..SHAPE }, wider] {
        let other = plan_of(other, Mode::Tree);
        for part in 0..CellPlan::SCHEDULES {
            let ([mut own, mut peers], [foreign, foreign_peers]) = (deal(&plan), deal(&other));
            own.ots[part] = foreign.ots.into_iter().nth(part).unwrap();
            peers.ots[part] = foreign_peers.ots.into_iter().nth(part).unwrap();
            let refused = (Some(StepError::Material), Some(StepError::Material));
            assert_eq!((client(own), server(peers)), refused, "{part}");
        }
    }
    let [mut own, mut peers] = deal(&plan);
    own.ots.pop();
    peers.ots.swap(0, 1);
    assert_eq!((client(own), server(peers)), (Some(StepError::Material), Some(StepError::Material)));
    let [mut own, mut peers] = deal(&plan);
    own.vectors.pop();
    peers.vectors.extend(deal(&plan)[1].vectors.pop());
    assert_eq!((client(own), server(peers)), (Some(StepError::Material), Some(StepError::Material)));
}

/// Equal units at all extremes: every kilobyte of every message is balanced (8 deviations).
#[test]
fn messages_are_masked() {
    let shape = CellShape { units: 1024, ..SHAPE };
    let plan = plan_of(shape, Mode::Tree);
    for share in [0, 0x1f_ffff] {
        let (_, mut client, mut server) = pair(&plan, share);
        for message in rounds(&plan, &mut client, &mut server).concat() {
            for part in message.chunks_exact(1024) {
                let ones: u32 = part.iter().map(|byte| byte.count_ones()).sum();
                assert!(ones.abs_diff(4096) < 8 * 46, "{ones}");
            }
        }
    }
}

#[test]
fn shares_of_equal_results_differ_from_run_to_run() {
    let plan = plan();
    let run = |seed| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let shares = vec![3; plan.input_values()];
        let states = [CellState::zero(&plan), CellState::zero(&plan)];
        let material = material(&plan, 0, &mut rng);
        let (_, mut client, mut server) = start(&plan, [&shares, &shares], states, material);
        let messages = rounds(&plan, &mut client, &mut server);
        let ((h, c), messages) = (client.finish().unwrap(), messages);
        (h, c.residues().to_vec(), messages)
    };
    let (first, second) = (run(1), run(2));
    assert!(first.0 != second.0 && first.1 != second.1);
    assert!(first.2.iter().zip(&second.2).all(|(first, second)| first != second));
}
