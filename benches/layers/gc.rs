//! The non-linear half of every layer by garbled circuits, role by role: the server garbles, the
//! client evaluates.
//!
//! A block's tables are a hundred megabytes, so one layer is recorded at a time, and only if it is
//! benched at all.

use std::cell::OnceCell;

use benches::garbled::GarbledStep;
use benches::layers::{Layer, layers};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};

use crate::brief;

fn gc(c: &mut Criterion) {
    for layer in layers().unwrap() {
        bench_layer(c, &layer);
    }
}

fn bench_layer(c: &mut Criterion, layer: &Layer) {
    let recorded = OnceCell::new();
    let step = || recorded.get_or_init(|| GarbledStep::record(layer).unwrap());
    let plan = layer.garbled_plan().unwrap();
    let id = format!("{} half_gates={}", layer.nonlinear_id(), plan.ciphertexts_per_output());

    let mut group = c.benchmark_group("gc");
    group.sample_size(10).throughput(Throughput::Elements(plan.shape().count as u64));
    group.bench_function(BenchmarkId::new("prepare-client", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_evaluator().unwrap());
    });
    group.bench_function(BenchmarkId::new("prepare-server", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_garbler().unwrap());
    });
    group.bench_function(BenchmarkId::new("garble", &id), |b| {
        let ready = || step().prepare_garbler().unwrap();
        b.iter_batched(ready, |garbler| step().garble(garbler).unwrap(), BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("evaluate", &id), |b| {
        let ready = || step().prepare_evaluator().unwrap().1;
        b.iter_batched(ready, |evaluator| step().evaluate(evaluator).unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = gc }
