//! The non-linear half of every layer from oblivious transfer, role by role: condensing of the
//! correlated OTs and preparation offline, exchanges online. The OTs themselves are benched in
//! `extension`.

use std::cell::OnceCell;

use benches::layers::{Layer, MODES, layers};
use benches::transferred::TransferredStep;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use ot_nonlinear::Mode;

use crate::brief;

fn ot(c: &mut Criterion) {
    for layer in layers().unwrap() {
        for mode in MODES {
            bench_layer(c, &layer, mode);
        }
    }
}

fn bench_layer(c: &mut Criterion, layer: &Layer, mode: Mode) {
    let recorded = OnceCell::new();
    let step = || recorded.get_or_init(|| TransferredStep::record(layer, mode).unwrap());
    let plan = layer.transferred_plan(mode).unwrap();
    let cots = plan.cots();
    let cots = (cots.client_receives + cots.server_receives) / plan.count();
    let id = format!("{} {mode:?} rounds={} cots={cots}", layer.nonlinear_id(), plan.rounds());

    let mut group = c.benchmark_group("ot");
    group.sample_size(10).throughput(Throughput::Elements(plan.count() as u64));
    group.bench_function(BenchmarkId::new("offline-client", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_client().unwrap());
    });
    group.bench_function(BenchmarkId::new("offline-server", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_server().unwrap());
    });
    group.bench_function(BenchmarkId::new("online-client", &id), |b| {
        let ready = || step().prepare_client().unwrap().1;
        b.iter_batched(ready, |client| step().run_client(client).unwrap(), BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("online-server", &id), |b| {
        let ready = || step().prepare_server().unwrap();
        b.iter_batched(ready, |server| step().run_server(server).unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = ot }
