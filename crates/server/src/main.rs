//! `pp-server`: loads a model and serves private inference until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};
use protocol::method::{Backend, Reveal};
use protocol::server::Service;
use server::accounts::book::{Book, system_clock};
use server::accounts::books::Books;
use server::accounts::store::Loss;
use server::accounts::{Accounts, command, control};
use server::admin;
use server::certs::{self, Certs};
use server::cli::{Cli, Command, Look};
use server::config::{Config, Flags, TEMPLATE};
use server::live::Live;
use server::preflight;
use server::reload::{self, Failure, Reload};
use server::serve::serve;
use server::supervision::{self, News};
use server::vitals::Vitals;
use startup::{environment, log, output};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_subscriber::filter::LevelFilter;
use transport::tcp::Reserved;
use transport::tls::server::ServerTls;

fn main() -> ExitCode {
    let Cli { command, flags, print_config } = Cli::parse();
    match command {
        Some(Command::Certs(arguments)) => return ended(make_certificates(&arguments)),
        Some(Command::Config(Look::Check(flags))) => return ended(check_configuration(*flags)),
        Some(Command::Quota(arguments)) => return ended(print(command::quota(arguments))),
        Some(Command::Audit(arguments)) => return ended(print(command::audit(&arguments))),
        None => {}
    }
    if print_config {
        output::print(TEMPLATE);
        return ExitCode::SUCCESS;
    }
    ended(run(flags))
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::try_to_say(format!("pp-server: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn print(text: Result<String, Failure>) -> Result<(), Failure> {
    output::print(&text?);
    Ok(())
}

fn make_certificates(arguments: &Certs) -> Result<(), Failure> {
    for line in certs::run(arguments)? {
        output::print(&format!("{line}\n"));
    }
    Ok(())
}

fn check_configuration(flags: Flags) -> Result<(), Failure> {
    let config = Config::load(flags)?;
    output::print(&config.to_toml()?);
    let mut problems = unknown_variables();
    problems.extend(preflight::problems(&config));
    for problem in &problems {
        output::say(&format!("pp-server: {problem}"));
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(format!("problems found: {count}").into()),
    }
}

fn unknown_variables() -> Vec<String> {
    let unknown = environment::unknown(&Cli::command(), "PP_SERVER_").into_iter();
    unknown.map(|name| format!("{name} is set, and is no setting of this program")).collect()
}

fn run(flags: Flags) -> Result<(), Failure> {
    let config = Config::load(flags)?;
    let log = log::open(LevelFilter::INFO, config.log_format);
    for problem in unknown_variables() {
        warn!("{problem}");
    }
    let vitals = Vitals::new();
    vitals.metrics.watch(log.counts());
    // What is quick to find wrong is found before the model is read.
    let reserved = Reserved::new(config.listen, config.may_leave_loopback())?;
    let admin = config.admin.map(|address| admin::reserve(address, config.admin_beyond_loopback));
    supervision::start(admin.transpose()?, &vitals)?;
    let tls = reload::tls(&config)?;
    say_who_can_listen(&config, tls.as_ref());
    if let Some(threads) = config.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let service = reload::service(&config)?;
    info!(model = %config.model.display(), reveal = %service.reveal(), "model prepared");
    say_what_answers_cost(&service);
    let backends: Vec<Backend> = config.backends.iter().copied().map(Into::into).collect();
    for backend in backends {
        let megabytes = service.session_bytes(backend) / 1_000_000;
        info!(%backend, megabytes, "memory reckoned with for a session");
    }
    let books = keep_accounts(&config)?;
    let live = Arc::new(Live::new(service, tls, Arc::clone(&books) as Arc<dyn Accounts>).seen_in(vitals));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(listen(config, reserved, live, books))
}

/// Opens the counts of clients, and says where they are.
fn keep_accounts(config: &Config) -> Result<Arc<Books>, Failure> {
    match &config.accounts {
        Some(place) => info!(folder = %place.folder.display(), "counts of clients are kept"),
        None => {
            info!("counts of clients are in memory: they end with this program; set `state` to keep them");
        }
    }
    let limits = config.rules.limits;
    info!(
        inferences_per_hour = %limits.inferences_per_hour,
        inferences_per_day = %limits.inferences_per_day,
        preparations_per_day = %limits.preparations_per_day,
        "a client may have"
    );
    let book = Book::open(config.accounts.clone(), Loss::Refuse, config.rules, system_clock())?;
    Ok(Books::start(book)?)
}

/// Who on the way can read and change what travels, and who may be a client.
fn say_who_can_listen(config: &Config, tls: Option<&ServerTls>) {
    match tls {
        Some(tls) if tls.asks_clients() => info!("TLS 1.3; every client must show a certificate"),
        Some(_) => warn!("TLS 1.3, but anyone may be a client: client-ca is not set"),
        None if config.insecure => warn!(
            "INSECURE: plain TCP is neither encrypted nor authenticated. Everyone on the way can read and \
             change what travels, and anyone may be a client. Set tls-cert and tls-key, and take \
             --insecure away"
        ),
        None => {}
    }
}

/// What the policy costs in privacy, and what clients miss.
fn say_what_answers_cost(service: &Service) {
    let bits = service.answer_bits();
    if service.reveal() == Reveal::Scores {
        warn!(
            "clients get scores: up to {bits:.0} bits of the weights an answer; `--reveal label` tells a \
             twentieth"
        );
    } else if service.architecture().confidence().is_none() {
        warn!(
            "labels come without a level of confidence: `deepcardio confidence` measures it for this model"
        );
    } else {
        info!("an answer tells a client at most {bits:.0} bits");
    }
}

async fn listen(
    config: Config,
    reserved: Reserved,
    live: Arc<Live>,
    books: Arc<Books>,
) -> Result<(), Failure> {
    let config = Arc::new(config);
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = reserved.listen()?;
    info!(address = %listener.local_addr()?, "listening");
    let stop = CancellationToken::new();
    let (told, vitals, delay) = (stop.clone(), Arc::clone(live.vitals()), config.leave_delay);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        info!("told to stop; a second signal leaves at once");
        // First nobody is sent here any more; then nobody is let in; then those that work end.
        vitals.health.leave();
        supervision::notify(News::Stopping);
        tokio::spawn(async move {
            sleep(delay).await;
            told.cancel();
        });
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        warn!("told twice to stop");
        std::process::exit(1);
    });
    if let Some(place) = &config.accounts {
        let registry = Arc::clone(live.registry());
        let changed = move |client: &str| registry.ask_client_to_leave(client);
        if let Err(error) = control::listen(&place.folder, Arc::clone(&books), changed) {
            warn!(%error, "`pp-server quota` cannot ask while this server runs");
        }
    }
    let mut reload = Reload::new(Arc::clone(&config), Arc::clone(&live));
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            supervision::notify(News::Reloading);
            reload.run().await;
            supervision::notify(News::Ready);
        }
    });
    supervision::notify(News::Ready);
    let cut = serve(listener, live, config.bounds(), stop).await;
    // What was noted last is kept before the program ends.
    let _kept = books.ask(|_| Ok(())).await;
    match cut {
        0 => Ok(()),
        cut => Err(format!("{cut} sessions were cut off; a longer drain-timeout lets them end").into()),
    }
}
