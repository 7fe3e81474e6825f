//! Speed of the primitives and of one role of each extension, with prerecorded messages of the other.
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::{Domain, Hasher, KeyDeriver, StreamHasher};
use oblivious_transfer::silent::{PART_COTS, SilentReceiver, SilentReceiverSetup, SilentSender};
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

fn hashing(c: &mut Criterion) {
    let mut group = c.benchmark_group("hash");
    let mut blocks = vec![Block::ONE; 1024];
    group.throughput(Throughput::Elements(blocks.len() as u64));
    let hasher = Hasher::new(Block::ZERO);
    group.bench_function("one key", |b| b.iter(|| hasher.hash_in_place(&mut blocks)));
    let deriver = KeyDeriver::new(b"bench");
    let stream = StreamHasher::new(&deriver, Domain::ClientReceives, 0);
    group.bench_function("re-keyed stream", |b| b.iter(|| stream.hash_at(0, &mut blocks)));
    group.finish();
}

fn softspoken_pair() -> (CotSender, CotReceiver) {
    let mut rng = ChaCha20Rng::seed_from_u64(0);
    let (receiver, first) = ReceiverSetup::start(b"bench", &mut rng);
    let (sender, second) = SenderSetup::start(b"bench", Block::ONE, &first, &mut rng).unwrap();
    let (receiver, third) = receiver.finish(&second, &mut rng).unwrap();
    (sender.finish(&third).unwrap(), receiver)
}

fn softspoken(c: &mut Criterion) {
    let mut group = c.benchmark_group("softspoken");
    for count in [2048, 1 << 18] {
        let (mut sender, mut receiver) = softspoken_pair();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("receiver", count), |b| {
            b.iter(|| receiver.extend_random(count))
        });
        let (_, message) = receiver.extend_random(count);
        group.bench_function(BenchmarkId::new("sender", count), |b| {
            b.iter(|| sender.extend_random(count, &message).unwrap());
        });
    }
    group.bench_function("set-up", |b| b.iter(softspoken_pair));
    group.finish();
}

fn silent_pair() -> (SilentSender, SilentReceiver) {
    let (mut sender, mut receiver) = softspoken_pair();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (setup, request) = SilentReceiverSetup::start(b"bench", &mut receiver);
    let (sender, reply) = SilentSender::new(b"bench", &mut sender, &request, &mut rng).unwrap();
    (sender, setup.finish(&reply).unwrap())
}

fn silent(c: &mut Criterion) {
    let mut group = c.benchmark_group("silent");
    group.throughput(Throughput::Elements(PART_COTS as u64));
    let (mut sender, mut receiver) = silent_pair();
    // What a part says does not change its cost, so one message serves for all.
    let (_, message) = sender.extend(|_, _| ());
    group.bench_function("sender, one part", |b| b.iter(|| sender.extend(|_, _| ())));
    group.bench_function("receiver, one part", |b| b.iter(|| receiver.extend(&message, |_, _| ()).unwrap()));
    group.bench_function("set-up", |b| b.iter(silent_pair));
    group.finish();
}

criterion_group!(benches, hashing, softspoken, silent);
criterion_main!(benches);
