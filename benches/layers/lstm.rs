//! One position of the LSTM, role by role: condensing of the correlated OTs, unit vectors and
//! preparation offline, turns online. A classification takes one for every window.

use std::cell::OnceCell;

use benches::recurrent::{RecordedCell, cell};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use shares::Role;

use crate::brief;

fn lstm(c: &mut Criterion) {
    let plan = cell().unwrap();
    let shape = plan.shape();
    let cots = plan.cots();
    let id = format!(
        "{} units ell={} f={} C={} P={} turns={} cots={}",
        shape.units,
        shape.gate_ell,
        shape.gate_shift,
        shape.cell_bits,
        plan.state_ell(),
        plan.rounds(),
        cots.client_receives + cots.server_receives
    );
    let recorded = OnceCell::new();
    let step = || recorded.get_or_init(|| RecordedCell::record(plan.clone()).unwrap());

    let mut group = c.benchmark_group("lstm");
    group.sample_size(10).throughput(Throughput::Elements(shape.units as u64));
    group.bench_function(BenchmarkId::new("offline-client", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_client().unwrap());
    });
    group.bench_function(BenchmarkId::new("offline-server", &id), |b| {
        b.iter_with_large_drop(|| step().prepare_server().unwrap());
    });
    group.bench_function(BenchmarkId::new("online-client", &id), |b| {
        let ready = || step().start_client(step().prepare_client().unwrap().1).unwrap();
        b.iter_batched(ready, |cell| step().run(Role::Client, cell).unwrap(), BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("online-server", &id), |b| {
        let ready = || step().start_server().unwrap();
        b.iter_batched(ready, |cell| step().run(Role::Server, cell).unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = lstm }
