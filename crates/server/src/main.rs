//! `pp-server`: loads a model and serves private inference until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use deepcardio::model::Model;
use protocol::method::{Backend, Reveal};
use protocol::server::Service;
use server::config::{Config, Flags, TEMPLATE};
use server::serve::serve;
use startup::log;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_subscriber::filter::LevelFilter;
use transport::tcp::{Listener, require_loopback};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let flags = Flags::parse();
    if flags.print_config {
        print!("{TEMPLATE}");
        return ExitCode::SUCCESS;
    }
    log::open(LevelFilter::INFO);
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pp-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags) -> Result<(), Failure> {
    let config = Config::load(flags)?;
    require_loopback(config.listen, config.insecure)?;
    if let Some(threads) = config.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let model = Model::load(&config.model).map_err(|error| format!("{}: {error}", config.model.display()))?;
    let backends: Vec<Backend> = config.backends.iter().copied().map(Into::into).collect();
    let service = Arc::new(
        Service::new(model, config.reveal.into())?
            .with_prepared_per_session(config.prepared_per_session)
            .with_backends(backends.clone()),
    );
    info!(model = %config.model.display(), reveal = %service.reveal(), "model prepared");
    say_what_answers_cost(&service);
    for backend in backends {
        info!(%backend, megabytes = service.session_bytes(backend) / 1_000_000, "memory reckoned with for a session");
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(listen(config, service))
}

/// What the policy costs in privacy, and what clients miss.
fn say_what_answers_cost(service: &Service) {
    let bits = service.answer_bits();
    if service.reveal() == Reveal::Scores {
        warn!(
            "clients get scores: up to {bits:.0} bits of the weights an answer; `--reveal label` tells a twentieth"
        );
    } else if service.architecture().confidence().is_none() {
        warn!(
            "labels come without a level of confidence: `deepcardio confidence` measures it for this model"
        );
    } else {
        info!("an answer tells a client at most {bits:.0} bits");
    }
}

async fn listen(config: Config, service: Arc<Service>) -> Result<(), Failure> {
    let listener = Listener::bind(config.listen, config.insecure).await?;
    info!(address = %listener.local_addr()?, "listening");
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        info!("told to stop; a second signal leaves at once");
        told.cancel();
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        warn!("told twice to stop");
        std::process::exit(1);
    });
    match serve(listener, service, config.bounds(), stop).await {
        0 => Ok(()),
        cut => Err(format!("{cut} sessions were cut off; a longer drain-timeout lets them end").into()),
    }
}
