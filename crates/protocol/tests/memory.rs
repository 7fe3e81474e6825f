//! The memory that a prepared inference takes is what the plan says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deepcardio::testkit::{ModelSpec, random_lstm_model, random_model};
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession};
use protocol::method::{Backend, Comparison, Reveal};
use protocol::server::{Service, serve};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use shares::Role;
use transport::memory::{Line, pair};

/// Counts the bytes that are allocated and not yet freed.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory that it
// manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PREPARED: u16 = 4;

/// Live bytes that each prepared inference adds, both parties together, and what they say it is.
async fn of_both(service: &Service, backend: Backend) -> (u64, u64) {
    let (near, far) = pair(Line::INSTANT, Line::INSTANT);
    let near = Channel::new(near.stream, Role::Server, Timeouts::default());
    let far = Channel::new(far.stream, Role::Client, Timeouts::default());
    let config = ClientConfig { comparison: Some(Comparison::Tree), ..ClientConfig::new(backend) };
    let client = async {
        let mut session = ClientSession::connect(near, config).await.unwrap();
        // The first one lets the buffers of the session grow.
        let mut held = vec![session.prepare().await.unwrap()];
        let before = settled().await;
        for _ in 1..PREPARED {
            held.push(session.prepare().await.unwrap());
        }
        let after = settled().await;
        let stated = session.prepared_bytes() + service.prepared_bytes(backend);
        drop(held);
        session.finish().await.unwrap();
        (after.saturating_sub(before) as u64 / u64::from(PREPARED - 1), stated)
    };
    let (seen, served) = tokio::join!(client, serve(far, service));
    served.unwrap();
    seen
}

/// Live bytes, once the server is through with what it was sent.
async fn settled() -> usize {
    tokio::time::sleep(Duration::from_secs(2)).await;
    LIVE.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_says_what_is_allocated() {
    let mut rng = ChaCha20Rng::seed_from_u64(61);
    let convolutions = random_model(&mut rng, &ModelSpec::small(16, 256, 8, 2));
    let lstm = random_lstm_model(&mut rng, 12, 64);
    for (name, model) in [("convolutions", convolutions), ("lstm", lstm)] {
        for &backend in Backend::ALL {
            let service =
                Service::new(model.clone(), Reveal::Label).unwrap().with_prepared_per_session(PREPARED);
            let (live, stated) = of_both(&service, backend).await;
            println!("{name} {backend}: {live} bytes live, {stated} stated");
            // An LSTM's cells hold their operands beside what is counted.
            let part = if name == "lstm" { 1 } else { 10 };
            assert!(live <= stated + stated / part, "{name} {backend}: {live} live, {stated} stated");
            assert!(stated <= live + live / part, "{name} {backend}: {live} live, {stated} stated");
        }
    }
}
