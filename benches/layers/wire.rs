//! Bytes on the wire: packing of residues at every layer's width, and the cost of a frame.

use benches::dealt::{residues, rng};
use benches::layers::layers;
use benches::session::TIMEOUTS;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use protocol::channel::Channel;
use protocol::messages::MAX_REASON;
use protocol::server::refuse;
use shares::Role;
use shares::{pack_residues, unpack_residues};
use tokio::runtime::Builder;

use crate::brief;

fn packing(c: &mut Criterion) {
    let mut group = c.benchmark_group("wire");
    for layer in layers().unwrap() {
        let (count, ell) = (layer.computed.linear.input().count(), layer.stage.ell);
        let values = residues(&mut rng(500), count, ell);
        let bytes = pack_residues(&values, ell);
        let id = format!("layer{} masked input, {count} residues ell={ell}", layer.number);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("pack", &id), |b| b.iter(|| pack_residues(&values, ell)));
        group.bench_function(BenchmarkId::new("unpack", &id), |b| {
            b.iter(|| unpack_residues(&bytes, count, ell).unwrap());
        });
    }
    group.finish();
}

/// The shortest thing that a server sends: one frame through a new channel, encoding and flushing
/// included.
fn frame(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let reason = "r".repeat(MAX_REASON);
    let mut group = c.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("frame", format!("refusal of {MAX_REASON} bytes")), |b| {
        b.iter(|| {
            let peer = tokio::io::join(tokio::io::empty(), tokio::io::sink());
            runtime.block_on(refuse(Channel::new(peer, Role::Client, TIMEOUTS), &reason));
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = brief(); targets = packing, frame }
