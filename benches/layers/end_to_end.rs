//! Whole sessions of one classification: both parties over loopback TCP.

use benches::session::{Stage, Way};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};

use crate::brief;

fn end_to_end(c: &mut Criterion) {
    let stage = Stage::new().unwrap();
    let id = format!("windows={}", stage.windows());
    for (name, way) in Way::FIXED {
        let mut group = c.benchmark_group(format!("end_to_end/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(stage.windows() as u64));
        group.bench_function(BenchmarkId::new("loopback-tcp", &id), |b| {
            b.iter_with_large_drop(|| stage.run(way).unwrap());
        });
        group.finish();
    }
}

criterion_group! { name = benches; config = brief(); targets = end_to_end }
