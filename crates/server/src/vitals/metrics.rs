//! What a server counts, and the text in which Prometheus reads it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};
use protocol::messages::NEWEST_VERSION;
use protocol::meter::{Ledger, Phase};
use protocol::server::Given;
use startup::log::Counts;

use super::refusal::{Outcome, Refusal};
use crate::expiry::Expiry;

/// What names of metrics begin with.
const PREFIX: &str = "pp_server";
const PHASES: [Phase; 3] = [Phase::Setup, Phase::Offline, Phase::Online];

type Labels<const N: usize> = [(&'static str, &'static str); N];
type Seconds = Counter<f64, AtomicU64>;

/// All counts of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    ready: Gauge,
    running: [Gauge; 3],
    refused: Family<Labels<1>, Counter>,
    ended: Family<Labels<1>, Counter>,
    given: [Counter; 3],
    bytes: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Seconds>,
    reloads: Family<Labels<2>, Counter>,
    model: Family<[(&'static str, String); 2], Gauge>,
    days_left: Family<Labels<1>, Gauge>,
    log: [Counter; 2],
    seen: Mutex<Seen>,
}

/// What is looked at when somebody asks.
#[derive(Default)]
struct Seen {
    certificates: Vec<Expiry>,
    log: Option<Counts>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}

/// What there may be several of at one time.
#[derive(Clone, Copy, Debug)]
pub enum Running {
    /// Connections that have not ended their set-up.
    SetUp,
    /// Clients that wait for a place.
    Queued,
    /// Sessions with a place.
    Session,
}

/// One of those that run, until this is dropped.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let to = &mut registry;
        let build =
            vec![("version", env!("CARGO_PKG_VERSION").into()), ("protocol", NEWEST_VERSION.to_string())];
        to.register("build", "Version of the program and newest of the protocol", Info::new(build));
        Self {
            ready: add(to, "ready", "Whether clients should come: 1 or 0"),
            running: [
                add(to, "connections_in_set_up", "Connections that have not ended their set-up"),
                add(to, "clients_queued", "Clients that wait for a place"),
                add(to, "sessions", "Sessions with a place"),
            ],
            refused: add(to, "refused", "Clients that were not served, by reason"),
            ended: add(to, "sessions_ended", "Sessions that ended, by outcome"),
            given: [
                add(to, "preparations", "Offline phases begun"),
                add(to, "inferences", "Labels of segments or score vectors given"),
                add(to, "record_labels", "Labels of records given"),
            ],
            bytes: add(to, "session_bytes", "Bytes of sessions with a place, by phase and direction"),
            seconds: add(to, "session_seconds", "Seconds of work of sessions with a place, by phase"),
            reloads: add(to, "reloads", "Files read again, by what and result"),
            model: add(
                to,
                "model_info",
                "The model that is served: BLAKE3 digest of its file, and what clients learn",
            ),
            days_left: add(
                to,
                "certificate_days_left",
                "Whole days until the first certificate of a file ends",
            ),
            log: [
                add(to, "log_lines_lost", "Lines lost because the log's target was too slow"),
                add(to, "log_lines_left_out", "Lines left out because there were too many of their kind"),
            ],
            seen: Mutex::default(),
            registry,
        }
        .begun()
    }
}

fn add<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

impl Metrics {
    /// A count that has not begun is 0, so that its growth is seen from the first on.
    fn begun(self) -> Self {
        for reason in Refusal::ALL {
            drop(self.refused.get_or_create(&[("reason", reason.name())]));
        }
        for outcome in Outcome::ALL {
            drop(self.ended.get_or_create(&[("outcome", outcome.name())]));
        }
        self.spent(&Ledger::default(), Given::default());
        self
    }

    /// Counts one more of those that run.
    #[must_use]
    pub fn one(&self, what: Running) -> Counted {
        let [set_up, queued, session] = &self.running;
        let gauge = match what {
            Running::SetUp => set_up,
            Running::Queued => queued,
            Running::Session => session,
        };
        gauge.inc();
        Counted(gauge.clone())
    }

    /// A client was not served.
    pub fn refused(&self, reason: Refusal) {
        self.refused.get_or_create(&[("reason", reason.name())]).inc();
    }

    /// A session ended.
    pub fn ended(&self, outcome: Outcome) {
        self.ended.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    /// A session has cost and given so much more.
    pub fn spent(&self, ledger: &Ledger, given: Given) {
        let [preparations, inferences, record_labels] = &self.given;
        preparations.inc_by(given.preparations);
        inferences.inc_by(given.inferences);
        record_labels.inc_by(given.record_labels);
        for phase in PHASES {
            let spent = ledger.total(|scope| scope.phase == phase);
            let label = ("phase", phase.name());
            self.bytes.get_or_create(&[label, ("direction", "sent")]).inc_by(spent.sent);
            self.bytes.get_or_create(&[label, ("direction", "received")]).inc_by(spent.received);
            self.seconds.get_or_create(&[label]).inc_by(spent.time.as_secs_f64());
        }
    }

    /// `what` was read again.
    pub fn reloaded(&self, what: &'static str, is_new: bool) {
        let result = if is_new { "done" } else { "failed" };
        self.reloads.get_or_create(&[("what", what), ("result", result)]).inc();
    }

    /// This model is served from now on.
    pub fn serves(&self, digest: &str, reveal: &dyn fmt::Display) {
        self.model.clear();
        self.model.get_or_create(&[("digest", digest.to_owned()), ("reveal", reveal.to_string())]).set(1);
    }

    /// These certificates are used from now on.
    pub fn uses(&self, certificates: Vec<Expiry>) {
        self.seen().certificates = certificates;
    }

    /// The lines that `log` does not write are counted here too.
    pub fn watch(&self, log: Counts) {
        self.seen().log = Some(log);
    }

    /// The counts as Prometheus reads them (the OpenMetrics text format).
    #[must_use]
    pub fn text(&self, is_ready: bool) -> String {
        self.ready.set(is_ready.into());
        let seen = self.seen();
        self.days_left.clear();
        for expiry in &seen.certificates {
            self.days_left.get_or_create(&[("certificate", expiry.purpose)]).set(expiry.days_left());
        }
        if let Some(log) = &seen.log {
            for (counter, lines) in self.log.iter().zip([log.lost(), log.left_out()]) {
                counter.inner().store(lines, Ordering::Relaxed);
            }
        }
        drop(seen);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _written = encode(&mut text, &self.registry);
        text
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(metrics: &Metrics, line: &str) -> bool {
        metrics.text(true).lines().any(|written| written == line)
    }

    #[test]
    fn counts_begin_at_zero_and_grow() {
        let metrics = Metrics::default();
        assert!(has(&metrics, "pp_server_refused_total{reason=\"busy\"} 0"), "{}", metrics.text(true));
        metrics.refused(Refusal::Busy);
        assert!(has(&metrics, "pp_server_refused_total{reason=\"busy\"} 1"));
        metrics.ended(Outcome::InOrder);
        assert!(has(&metrics, "pp_server_sessions_ended_total{outcome=\"in-order\"} 1"));
        metrics.spent(&Ledger::default(), Given { preparations: 3, inferences: 2, record_labels: 1 });
        assert!(
            has(&metrics, "pp_server_preparations_total 3") && has(&metrics, "pp_server_inferences_total 2")
        );
        assert!(has(&metrics, "pp_server_session_bytes_total{phase=\"online\",direction=\"sent\"} 0"));
    }

    #[test]
    fn those_that_run_are_counted_while_they_do() {
        let metrics = Metrics::default();
        let (one, two) = (metrics.one(Running::Session), metrics.one(Running::Session));
        assert!(has(&metrics, "pp_server_sessions 2"));
        drop((one, two));
        assert!(has(&metrics, "pp_server_sessions 0"));
    }

    #[test]
    fn one_model_is_served_at_a_time() {
        let metrics = Metrics::default();
        metrics.serves(&"ab".repeat(32), &"label");
        metrics.serves(&"01".repeat(32), &"scores");
        let text = metrics.text(false);
        let digest = "01".repeat(32);
        assert!(
            text.contains(&format!("pp_server_model_info{{digest=\"{digest}\",reveal=\"scores\"}} 1")),
            "{text}"
        );
        assert!(!text.contains("abab") && text.contains("pp_server_ready 0"), "{text}");
    }
}
