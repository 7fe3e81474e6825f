//! A session of one classification over loopback TCP, both parties in this process.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use deepcardio::architecture::Architecture;
use deepcardio::model::Model;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::meter::Ledger;
use protocol::method::{Backend, Comparison, Reveal};
use protocol::server::{Service, serve};
use rand_core::Rng;
use shares::Role;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use transport::tcp::{Listener, connect};

use crate::Result;
use crate::dealt::rng;
use crate::layers::model;

/// A peer that is silent for so long has stopped.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time-outs that only a bench that hangs meets.
pub const TIMEOUTS: Timeouts = Timeouts { progress: PATIENCE, idle: PATIENCE };

/// How the non-linear steps are computed.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Which protocol.
    pub backend: Backend,
    /// The shape of comparisons from oblivious transfer; `None` leaves the choice to the client.
    pub comparison: Option<Comparison>,
}

impl Way {
    /// Every way with nothing left to choose, so that a recorded peer does what the other party
    /// expects; with its name.
    pub const FIXED: [(&'static str, Self); 3] = [
        ("gc", Self { backend: Backend::Gc, comparison: None }),
        ("ot-ripple", Self { backend: Backend::Ot, comparison: Some(Comparison::Ripple) }),
        ("ot-tree", Self { backend: Backend::Ot, comparison: Some(Comparison::Tree) }),
    ];

    /// What a client does by default with this backend.
    #[must_use]
    pub fn by_default(backend: Backend) -> Self {
        Self { backend, comparison: None }
    }
}

/// A server, a runtime for both parties, and an ECG segment.
pub struct Stage {
    runtime: Runtime,
    service: Arc<Service>,
    segment: Segment,
    windows: usize,
}

/// The books of both parties of one session.
pub struct Books {
    /// As the client saw it.
    pub client: Ledger,
    /// As the server saw it.
    pub server: Ledger,
}

impl Stage {
    /// Prepares the bundled model and a seeded segment.
    ///
    /// # Errors
    /// If the model cannot be served or the system gives no threads.
    pub fn new() -> Result<Self> {
        Self::of(model()?)
    }

    /// Prepares `model` and a seeded segment.
    ///
    /// # Errors
    /// If the model cannot be served or the system gives no threads.
    pub fn of(model: Model) -> Result<Self> {
        let segment = segment(model.architecture());
        Self::on(model, segment)
    }

    /// Prepares `model` and a segment.
    ///
    /// # Errors
    /// If the model cannot be served or the system gives no threads.
    pub fn on(model: Model, segment: Segment) -> Result<Self> {
        let windows = model.architecture().signal().windows();
        let service = Arc::new(Service::new(model, Reveal::Scores)?);
        Ok(Self { runtime: Builder::new_multi_thread().enable_all().build()?, service, segment, windows })
    }

    /// Windows of the segment.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// One session over loopback TCP, from the connection to the scores.
    ///
    /// # Errors
    /// If either party fails.
    pub fn run(&self, way: Way) -> Result<Books> {
        self.run_many(way, 1)
    }

    /// One session over loopback TCP that classifies the segment `segments` times.
    ///
    /// # Errors
    /// If either party fails.
    pub fn run_many(&self, way: Way, segments: usize) -> Result<Books> {
        self.runtime.block_on(self.over_tcp(way, segments))
    }

    /// So many sessions over loopback TCP at the same time, of `segments` classifications each.
    ///
    /// # Errors
    /// If a party fails.
    pub fn run_side_by_side(self: &Arc<Self>, way: Way, sessions: usize, segments: usize) -> Result<()> {
        self.runtime.block_on(async {
            let start = |_| {
                let stage = Arc::clone(self);
                tokio::spawn(async move { stage.over_tcp(way, segments).await.map(drop) })
            };
            for session in (0..sessions).map(start).collect::<Vec<_>>() {
                session.await??;
            }
            Ok(())
        })
    }

    async fn over_tcp(&self, way: Way, segments: usize) -> Result<Books> {
        let (client, server) = self.sockets().await?;
        self.both(Channel::new(client, Role::Server, TIMEOUTS), server, way, segments).await
    }

    async fn sockets(&self) -> Result<(TcpStream, TcpStream)> {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false).await?;
        let client = connect(listener.local_addr()?, false).await?;
        let server = listener.accept().await?;
        Ok((client.stream, server.stream))
    }

    async fn both(&self, client: Channel, server: TcpStream, way: Way, segments: usize) -> Result<Books> {
        let channel = Channel::new(server, Role::Client, TIMEOUTS);
        let service = Arc::clone(&self.service);
        let server = tokio::spawn(async move { serve(channel, &service).await });
        let client = self.client(client, way, segments).await?;
        Ok(Books { client, server: server.await??.ledger })
    }

    async fn client(&self, channel: Channel, way: Way, segments: usize) -> Result<Ledger> {
        let config = ClientConfig { comparison: way.comparison, ..ClientConfig::new(way.backend) };
        let mut session = ClientSession::connect(channel, config).await?;
        for _ in 0..segments {
            let prepared = session.prepare().await?;
            if let Outcome::Scores(scores) = session.infer(prepared, &self.segment).await? {
                std::hint::black_box(scores);
            }
        }
        let ledger = session.take_ledger();
        session.finish().await?;
        Ok(ledger)
    }
}

/// Seeded samples over the whole input width.
fn segment(architecture: &Architecture) -> Segment {
    let signal = architecture.signal();
    let mut rng = rng(200);
    let unused_bits = 32 - signal.input_bits;
    let samples = (0..signal.segment_samples).map(|_| rng.next_u32().cast_signed() >> unused_bits);
    Segment::new(samples.collect())
}
