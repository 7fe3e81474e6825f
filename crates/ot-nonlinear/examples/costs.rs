//! Prints what a step costs: bits, exchanges and correlated OTs a result, and seconds for a block
//! of 51,200 results. Then it prints what a time step of an LSTM layer costs a unit, part by part.
//!
//! `cargo run --release -p ot-nonlinear --example costs`. The seconds are processor seconds of each
//! party if it runs with `RAYON_NUM_THREADS=1` on an idle machine.

use std::error::Error;
use std::time::{Duration, Instant};

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::prg::Prg;
use ot_nonlinear::{
    CellPlan, CellShape, CellTables, HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, SentCondenser,
    SentMaterial, ServerOffline, Step, StepPlan, UnitVectorPlan,
};
use rand_core::Rng;
use shares::{Role, StepShape};

const COUNT: usize = 51_200;

/// Seconds of one block, by party and phase.
#[derive(Default)]
struct Times {
    condense: Duration,
    prepare: Duration,
    client: Duration,
    server: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| ell | circuit | offline | online up | online down | total bits | exchanges | COTs | condense s | prepare s | client s | server s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for ell in [14, 16, 18, 20, 24] {
        for mode in [Mode::Ripple, Mode::Within(10), Mode::Within(6), Mode::Tree] {
            let shift = (ell - 8) / 2;
            let shape = StepShape { count: COUNT, ell, shift, bits: 8, pool: true, out_ell: ell };
            row(&StepPlan::new(shape, mode)?)?;
        }
    }
    cells()
}

/// What a cell costs, part by part, without its unit vectors.
fn cells() -> Result<(), Box<dyn Error>> {
    let mut headed = false;
    let tables = CellTables::new(&[0; 256], &[0; 256], &[0; 256])?;
    for (gate_ell, cell_bits) in [(22, 8), (25, 10), (25, 12)] {
        for mode in [Mode::Ripple, Mode::Within(6), Mode::Tree] {
            let shape = CellShape {
                units: 64,
                gate_ell,
                gate_shift: 10,
                cell_bits,
                cell_index_shift: 9,
                out_ell: 25,
            };
            let plan = CellPlan::new(shape, mode, tables.clone())?;
            if !headed {
                let names: Vec<&str> = plan.part_bits().map(|(name, _)| name).collect();
                println!("\nAn LSTM cell, bits a unit and time step:\n");
                println!(
                    "| gates | state | circuit | {} | offline | up | down | messages | COTs |",
                    names.join(" | ")
                );
                println!("|{}", "---|".repeat(8 + names.len()));
                headed = true;
            }
            cell(&plan);
        }
    }
    unit_vectors()
}

/// What a unit vector costs.
fn unit_vectors() -> Result<(), Box<dyn Error>> {
    let plan = UnitVectorPlan::new(8)?;
    let cots = plan.schedule().cots();
    let bits = (0..plan.rounds()).map(|round| plan.client_bytes(round) + plan.server_bytes(round));
    println!(
        "\nA random unit vector, five a unit and time step: {} bits, {} exchanges, {} COTs",
        bits.sum::<usize>(),
        plan.rounds(),
        (cots.client_receives + cots.server_receives) / plan.count(),
    );
    Ok(())
}

/// Bits of a cell by part and direction, its messages and correlated OTs.
fn cell(plan: &CellPlan) {
    let (shape, cots) = (plan.shape(), plan.cots());
    let parts: Vec<String> = plan.part_bits().map(|(_, bits)| bits.to_string()).collect();
    let sum = |bytes: &dyn Fn(usize) -> usize| (0..plan.rounds()).map(bytes).sum::<usize>() * 8 / shape.units;
    println!(
        "| {} | {} | {:?} | {} | {} | {} | {} | {} | {} |",
        shape.gate_ell,
        plan.state_ell(),
        plan.mode(),
        parts.join(" | "),
        plan.offline_bytes() * 8 / shape.units,
        sum(&|round| plan.client_bytes(round)),
        sum(&|round| plan.server_bytes(round)),
        plan.rounds(),
        (cots.client_receives + cots.server_receives) / shape.units,
    );
}

fn row(plan: &StepPlan) -> Result<(), Box<dyn Error>> {
    let sum = |role| (0..plan.rounds()).map(|round| plan.bits(role, round)).sum::<usize>();
    let cots = plan.cots();
    let times = block(plan)?;
    println!(
        "| {} | {:?} | {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} |",
        plan.shape().ell,
        plan.mode(),
        plan.offline_bits(),
        sum(Role::Client),
        sum(Role::Server),
        plan.total_bits(),
        plan.rounds(),
        (cots.client_receives + cots.server_receives) / COUNT,
        times.condense.as_secs_f64(),
        times.prepare.as_secs_f64(),
        times.client.as_secs_f64(),
        times.server.as_secs_f64(),
    );
    Ok(())
}

/// Runs a block on random shares (of zero) and times its parts.
fn block(plan: &StepPlan) -> Result<Times, Box<dyn Error>> {
    let mut times = Times::default();
    let mut rng = Prg::from_block(Block::new(1));
    let mask = (1_u32 << plan.shape().ell) - 1;
    let c: Vec<u32> = (0..plan.input_values()).map(|_| rng.next_u32() & mask).collect();
    let s: Vec<u32> = c.iter().map(|c| c.wrapping_neg() & mask).collect();
    let (client_received, server_sent) = material(plan, Role::Client, &mut rng, &mut times.condense)?;
    let (server_received, client_sent) = material(plan, Role::Server, &mut rng, &mut times.condense)?;
    let start = Instant::now();
    let (offline, mut client) = Step::prepare_client(plan, client_received, client_sent, &c)?;
    let server = ServerOffline::prepare(plan, server_received, server_sent, &offline)?;
    times.prepare = start.elapsed();
    let start = Instant::now();
    let mut server = server.start(&s)?;
    times.server += start.elapsed();
    for _ in 0..plan.rounds() {
        let start = Instant::now();
        let from_client = client.outgoing()?;
        times.client += start.elapsed();
        let start = Instant::now();
        let from_server = server.outgoing()?;
        server.incoming(&from_client)?;
        times.server += start.elapsed();
        let start = Instant::now();
        client.incoming(&from_server)?;
        times.client += start.elapsed();
    }
    let (y0, y1) = (client.finish()?, server.finish()?);
    let out = (1_u32 << plan.shape().out_ell) - 1;
    assert!(y0.iter().zip(&y1).all(|(a, b)| a.wrapping_add(*b) & out == 0), "zeros give zeros");
    Ok(times)
}

/// Material of one direction from ideal correlated OTs; adds the time that both parties take to
/// condense them to `time`.
fn material(
    plan: &StepPlan,
    receiver: Role,
    rng: &mut Prg,
    time: &mut Duration,
) -> Result<(ReceivedMaterial, SentMaterial), Box<dyn Error>> {
    let hash_root = HashRoot::new(&[1; 32]);
    let mut received = ReceivedCondenser::new(plan, &hash_root, 0, receiver);
    let delta = rng.block().with_lsb(true);
    let mut sent = SentCondenser::new(plan, &hash_root, 0, receiver, delta);
    while received.needed() > 0 {
        let count = received.needed().min(1 << 18);
        let mut keys = vec![Block::ZERO; count];
        rng.fill_blocks(&mut keys);
        let choices = BitVec::random(count, rng);
        let macs: Vec<Block> =
            keys.iter().zip(choices.iter()).map(|(key, choice)| *key ^ Block::mask(choice) & delta).collect();
        let start = Instant::now();
        received.absorb(&macs, &choices)?;
        sent.absorb(&keys)?;
        *time += start.elapsed();
    }
    Ok((received.finish()?, sent.finish()?))
}
