//! Time and bytes of one block's activation, each role alone on one thread: `cargo run --release
//! --example throughput`. Times are those of the fastest chunk, scaled to the block: a busy machine
//! only makes the others slower.

use shares::{Share, StepShape};
use std::time::{Duration, Instant};

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler, CHUNK, HashRoot, SentCots, StepError, StepPlan};
use oblivious_transfer::aes;
use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot::deal;
use oblivious_transfer::prg::Prg;

/// Runs `work` and keeps the least time so far.
fn timed<T>(least: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *least = start.elapsed().min(*least);
    result
}

fn measure(shape: StepShape) -> Result<(), StepError> {
    let plan = StepPlan::new(shape)?;
    let mut rng = Prg::from_block(Block::ONE);
    let delta = Block::random(&mut rng).with_lsb(true);
    let (keys, received_inputs) = deal(delta, BitVec::random(plan.input_cots(), &mut rng), &mut rng);
    let sent_inputs = SentCots { delta, keys };
    let (keys, received_outputs) = deal(delta, BitVec::random(plan.output_cots(), &mut rng), &mut rng);
    let sent_outputs = SentCots { delta, keys };
    let shares = Share::random(plan.input_values(), shape.ell, &mut rng);
    let hash_root = HashRoot::new(&[1; 32]);

    let [
        mut client_offline,
        mut server_offline,
        mut garbling,
        mut evaluating,
        mut client_end,
        mut server_end,
    ] = [Duration::MAX; 6];
    let (corrections, mut client) = timed(&mut client_offline, || {
        ActivationEvaluator::prepare(&plan, &hash_root, 0, shares.residues(), received_inputs, sent_outputs)
    })?;
    let server = timed(&mut server_offline, || {
        ActivationGarbler::prepare(&plan, &hash_root, 0, sent_inputs, &corrections, received_outputs)
    })?;
    for chunk in 0..plan.chunks() {
        let message = timed(&mut garbling, || server.garble_chunk(chunk, shares.residues()))?;
        timed(&mut evaluating, || client.evaluate_chunk(&message))?;
    }
    let (_, answer) = timed(&mut client_end, || client.finish())?;
    timed(&mut server_end, || server.finish(&answer))?;

    let ands = (shape.count * plan.ciphertexts_per_output()) as f64 / 2e6;
    let StepShape { ell, bits, shift, count, .. } = shape;
    println!("{count} outputs, ell {ell}, bits {bits}, shift {shift}, pool {}:", shape.pool);
    println!(
        "  {} ANDs, {} bytes garbled an output",
        ands * 1e6 / count as f64,
        plan.garbled_bytes() / count
    );
    let chunks = shape.count as f64 / CHUNK as f64;
    for (role, [before, chunk, end]) in [
        ("server", [server_offline, garbling, server_end]),
        ("client", [client_offline, evaluating, client_end]),
    ] {
        let [before, chunk, end] = [before, chunk, end].map(|time| time.as_secs_f64() * 1e3);
        let rate = ands / (chunk * chunks) * 1e3;
        println!(
            "  {role}: prepare {before:.1} ms, chunks {:.1} ms ({rate:.0} million ANDs/s), finish {end:.1} ms",
            chunk * chunks
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    println!("AES backend: {}", aes::backend_name());
    let shape = StepShape { count: 51_200, ell: 18, shift: 7, bits: 6, pool: true, out_ell: 18 };
    measure(shape)?;
    measure(StepShape { bits: 8, ..shape })?;
    measure(StepShape { bits: 8, ell: 20, ..shape })?;
    Ok(measure(StepShape { pool: false, ..shape })?)
}
