//! A configuration as a file that says the same.

use super::{Config, File, MEGABYTE};

impl Config {
    /// The text of a configuration file with every setting as it holds.
    ///
    /// # Errors
    /// If a path is no text.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(&File::from(self))
    }
}

impl From<&Config> for File {
    fn from(config: &Config) -> Self {
        let tls = config.tls.clone();
        Self {
            model: Some(config.model.clone()),
            listen: Some(config.listen),
            threads: config.threads,
            max_sessions: Some(config.max_sessions),
            sessions_per_client: Some(config.sessions_per_client),
            memory_mb: config.memory.map(|bytes| bytes / MEGABYTE),
            backends: Some(config.backends.clone()),
            prepared_per_session: Some(config.prepared_per_session),
            reveal: Some(config.reveal),
            step_timeout: Some(config.step_timeout.as_secs()),
            idle_timeout: Some(config.idle_timeout.as_secs()),
            session_timeout: Some(config.session_timeout.as_secs()),
            drain_timeout: Some(config.drain_timeout.as_secs()),
            leave_delay: Some(config.leave_delay.as_secs()),
            admin: config.admin,
            admin_beyond_loopback: config.admin_beyond_loopback,
            log_format: Some(config.log_format),
            state: config.accounts.as_ref().map(|place| place.folder.clone()),
            witness: config.accounts.as_ref().and_then(|place| place.witness.clone()),
            inferences_per_hour: Some(config.rules.limits.inferences_per_hour),
            inferences_per_day: Some(config.rules.limits.inferences_per_day),
            preparations_per_day: Some(config.rules.limits.preparations_per_day),
            audit_days: Some(config.rules.audit_days),
            tls_cert: tls.as_ref().map(|files| files.certificate.clone()),
            tls_key: tls.as_ref().map(|files| files.key.clone()),
            client_ca: tls.as_ref().and_then(|files| files.client_ca.clone()),
            revocations: tls.and_then(|files| files.revocations),
            insecure: config.insecure,
        }
    }
}
