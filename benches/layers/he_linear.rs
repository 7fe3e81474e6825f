//! The homomorphic half of every layer, role by role: the client encrypts and opens, the server
//! applies the weights.

use std::cell::OnceCell;

use benches::dealt::{residues, rng};
use benches::layers::{Layer, layers};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use he_linear::{InputHolder, LinearPlan, PublicKey, WeightHolder};

use crate::brief;

/// A layer with both parties' keys and the recorded messages of both.
struct Recorded {
    plan: LinearPlan,
    client: InputHolder,
    key: PublicKey,
    server: WeightHolder,
    input_mask: Vec<u32>,
    output_mask: Vec<u32>,
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Recorded {
    fn new(layer: &Layer) -> Self {
        let mut rng = rng(300 + layer.number as u64);
        let plan = layer.linear_plan().unwrap();
        let client = InputHolder::generate(&mut rng);
        let key = PublicKey::from_bytes(client.public_key()).unwrap();
        let server = WeightHolder::prepare(&plan, &layer.weights).unwrap();
        let input_mask = residues(&mut rng, plan.shape().input_len(), plan.ell());
        let output_mask = residues(&mut rng, plan.shape().output_len(), plan.ell());
        let request = client.encrypt(&plan, &input_mask, &mut rng).unwrap();
        let response = server.apply(&key, &request, &output_mask, &mut rng).unwrap();
        Self { plan, client, key, server, input_mask, output_mask, request, response }
    }
}

fn he_linear(c: &mut Criterion) {
    for layer in layers().unwrap() {
        bench_layer(c, &layer);
    }
}

fn bench_layer(c: &mut Criterion, layer: &Layer) {
    let recorded = OnceCell::new();
    let recorded = || recorded.get_or_init(|| Recorded::new(layer));
    let mut rng = rng(399);
    let id = layer.linear_id();
    let linear = layer.computed.linear;

    let mut group = c.benchmark_group("he_linear");
    group.sample_size(10);
    group.throughput(Throughput::Elements(linear.input().count() as u64));
    group.bench_function(BenchmarkId::new("encrypt", &id), |b| {
        let Recorded { plan, client, input_mask, .. } = recorded();
        b.iter(|| client.encrypt(plan, input_mask, &mut rng).unwrap());
    });
    group.throughput(Throughput::Elements(linear.multiply_accumulates()));
    group.bench_function(BenchmarkId::new("apply", &id), |b| {
        let Recorded { server, key, request, output_mask, .. } = recorded();
        b.iter(|| server.apply(key, request, output_mask, &mut rng).unwrap());
    });
    group.throughput(Throughput::Elements(linear.output().count() as u64));
    group.bench_function(BenchmarkId::new("open", &id), |b| {
        let Recorded { plan, client, response, .. } = recorded();
        b.iter(|| client.open(plan, response).unwrap());
    });
    group.finish();
}

fn keys(c: &mut Criterion) {
    let mut rng = rng(398);
    let client = InputHolder::generate(&mut rng);
    let mut group = c.benchmark_group("he_linear");
    group.bench_function("generate-keys", |b| b.iter(|| InputHolder::generate(&mut rng)));
    group.bench_function("read-public-key", |b| {
        b.iter(|| PublicKey::from_bytes(client.public_key()).unwrap());
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = he_linear, keys }
