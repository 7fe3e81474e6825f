//! The homomorphic half of every layer, role by role: the client encrypts and opens, the server applies the weights.
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use benches::dealt::{residues, rng};
use benches::layers::{Layer, layers};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use he_linear::{InputHolder, LinearPlan, PublicKey, WeightHolder};

/// A layer with both parties' keys and the recorded messages of both.
struct Recorded {
    id: String,
    plan: LinearPlan,
    client: InputHolder,
    key: PublicKey,
    server: WeightHolder,
    input_mask: Vec<u32>,
    output_mask: Vec<u32>,
    request: Vec<u8>,
    response: Vec<u8>,
}

fn record(layer: &Layer) -> Recorded {
    let mut rng = rng(300 + layer.number as u64);
    let plan = layer.linear_plan().unwrap();
    let client = InputHolder::generate(&mut rng);
    let key = PublicKey::from_bytes(client.public_key()).unwrap();
    let server = WeightHolder::prepare(&plan, &layer.weights).unwrap();
    let input_mask = residues(&mut rng, plan.shape().input_len(), plan.ell());
    let output_mask = residues(&mut rng, plan.shape().output_len(), plan.ell());
    let request = client.encrypt(&plan, &input_mask, &mut rng).unwrap();
    let response = server.apply(&key, &request, &output_mask, &mut rng).unwrap();
    let id = layer.linear_id();
    Recorded { id, plan, client, key, server, input_mask, output_mask, request, response }
}

fn he_linear(c: &mut Criterion) {
    let layers = layers().unwrap();
    let recorded: Vec<Recorded> = layers.iter().map(record).collect();
    let mut rng = rng(399);

    let mut group = c.benchmark_group("he_linear/encrypt");
    group.sample_size(10);
    for layer in &recorded {
        group.throughput(Throughput::Elements(layer.input_mask.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(&layer.id), |b| {
            b.iter(|| layer.client.encrypt(&layer.plan, &layer.input_mask, &mut rng).unwrap());
        });
    }
    group.finish();

    let mut group = c.benchmark_group("he_linear/apply");
    group.sample_size(10);
    for (layer, recorded) in layers.iter().zip(&recorded) {
        group.throughput(Throughput::Elements(layer.stage.linear.multiply_accumulates()));
        group.bench_function(BenchmarkId::from_parameter(&recorded.id), |b| {
            b.iter(|| {
                recorded
                    .server
                    .apply(&recorded.key, &recorded.request, &recorded.output_mask, &mut rng)
                    .unwrap()
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("he_linear/open");
    group.sample_size(10);
    for layer in &recorded {
        group.throughput(Throughput::Elements(layer.output_mask.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(&layer.id), |b| {
            b.iter(|| layer.client.open(&layer.plan, &layer.response).unwrap());
        });
    }
    group.finish();
}

fn keys(c: &mut Criterion) {
    let mut rng = rng(398);
    let client = InputHolder::generate(&mut rng);
    let mut group = c.benchmark_group("he_linear/keys");
    group.bench_function("generate", |b| b.iter(|| InputHolder::generate(&mut rng)));
    group.bench_function("read", |b| b.iter(|| PublicKey::from_bytes(client.public_key()).unwrap()));
    group.finish();
}

criterion_group!(benches, he_linear, keys);
criterion_main!(benches);
