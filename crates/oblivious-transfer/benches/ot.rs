//! Speed of the primitives and of one role of each extension, with prerecorded messages of the
//! other.
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::{Domain, Hasher, KeyDeriver, StreamHasher};
use oblivious_transfer::silent::{PART_BYTES, PART_COTS, SilentExtension, SilentRequested};
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use shares::Role;

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
        let (_, mut receiver) = softspoken_pair();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("receiver", count), |b| {
            b.iter(|| receiver.extend_random(count))
        });
        // The sender takes a message once, so each run has one of its own.
        let (mut sender, mut receiver) = softspoken_pair();
        group.bench_function(BenchmarkId::new("sender", count), |b| {
            b.iter_batched(
                || receiver.extend_random(count).1,
                |message| sender.extend_random(count, &message).unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("set-up", |b| b.iter(softspoken_pair));
    group.finish();
}

fn silent_pair() -> [SilentExtension; 2] {
    let [(mut a_sends, mut b_receives), (mut b_sends, mut a_receives)] =
        [softspoken_pair(), softspoken_pair()];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (a, from_a) = SilentRequested::start(b"bench", Role::Client, &mut a_receives);
    let (b, from_b) = SilentRequested::start(b"bench", Role::Server, &mut b_receives);
    let (a, reply_of_a) = a.reply(&mut a_sends, &from_b, &mut rng).unwrap();
    let (b, reply_of_b) = b.reply(&mut b_sends, &from_a, &mut rng).unwrap();
    [a.finish(&reply_of_b).unwrap(), b.finish(&reply_of_a).unwrap()]
}

fn silent(c: &mut Criterion) {
    let mut group = c.benchmark_group("silent");
    let [mut party, _] = silent_pair();
    // What a part says does not change its cost, so one message serves for all.
    let message = [0; PART_BYTES];
    group.bench_function("set-up of both", |b| b.iter(silent_pair));
    group.throughput(Throughput::Elements(2 * PART_COTS as u64));
    group.bench_function("one party, one part, both directions", |b| {
        b.iter(|| {
            party.announce(1);
            party.extend(&message, |_, _, _| ()).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, hashing, softspoken, silent);
criterion_main!(benches);
