//! How long a silent server is waited for.

use std::time::Duration;

use protocol::channel::Timeouts;

/// A client waits as long inside an inference as between two.
pub(crate) fn timeouts(silence: Duration) -> Timeouts {
    Timeouts { progress: silence, idle: silence }
}
