//! OT extension, role by role: SoftSpoken for the input OTs of every garbled layer, silent OT part
//! by part.

use benches::dealt::rng;
use benches::layers::layers;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::{PART_BYTES, PART_COTS, SilentExtension, SilentRequested};
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup, random_bytes};
use shares::Role;

use crate::brief;

fn softspoken_pair() -> (CotSender, CotReceiver) {
    let mut rng = rng(400);
    let delta = Block::random(&mut rng).with_lsb(true);
    let (receiver, offer) = ReceiverSetup::start(b"bench", &mut rng);
    let (sender, reply) = SenderSetup::start(b"bench", delta, &offer, &mut rng).unwrap();
    let (receiver, seeds) = receiver.finish(&reply, &mut rng).unwrap();
    (sender.finish(&seeds).unwrap(), receiver)
}

fn silent_pair() -> [SilentExtension; 2] {
    let [(mut a_sends, mut b_receives), (mut b_sends, mut a_receives)] =
        [softspoken_pair(), softspoken_pair()];
    let (a, from_a) = SilentRequested::start(b"bench", Role::Client, &mut a_receives);
    let (b, from_b) = SilentRequested::start(b"bench", Role::Server, &mut b_receives);
    let (a, reply_of_a) = a.reply(&mut a_sends, &from_b, &mut rng(401)).unwrap();
    let (b, reply_of_b) = b.reply(&mut b_sends, &from_a, &mut rng(402)).unwrap();
    [a.finish(&reply_of_b).unwrap(), b.finish(&reply_of_a).unwrap()]
}

fn softspoken(c: &mut Criterion) {
    let [(mut sender, mut receiver), (_, mut alone)] = [softspoken_pair(), softspoken_pair()];
    let mut group = c.benchmark_group("softspoken");
    group.sample_size(10);
    group.bench_function("set-up of both", |b| b.iter(softspoken_pair));
    for layer in layers().unwrap() {
        let count = layer.garbled_plan().unwrap().input_cots();
        let id = format!("layer{} cots={count} bytes={}", layer.number, random_bytes(count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("receiver", &id), |b| {
            b.iter_with_large_drop(|| alone.extend_random(count));
        });
        group.bench_function(BenchmarkId::new("sender", &id), |b| {
            // The check ties a message to its place in the stream, so the peer goes on in step.
            let next = || receiver.extend_random(count).1;
            let extend = |message: Vec<u8>| sender.extend_random(count, &message).unwrap();
            b.iter_batched(next, extend, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn silent(c: &mut Criterion) {
    let [mut party, _] = silent_pair();
    // What a part says does not change its cost, so one message serves for all.
    let message = [0; PART_BYTES];
    let id = format!("part cots={} bytes={PART_BYTES}", 2 * PART_COTS);
    let mut group = c.benchmark_group("silent");
    group.sample_size(10);
    group.bench_function("set-up of both", |b| b.iter(silent_pair));
    group.throughput(Throughput::Elements(2 * PART_COTS as u64));
    group.bench_function(BenchmarkId::new("party", &id), |b| {
        b.iter(|| {
            party.announce(1);
            party.extend(&message, |_, _, _| ()).unwrap()
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = softspoken, silent }
