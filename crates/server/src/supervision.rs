//! The thread that speaks with whoever runs the server: the admin port, and the service manager
//! (systemd, by `sd_notify`).

use std::sync::Arc;
use std::thread;

use tokio::runtime::Builder;
use tokio::time::interval;
use tracing::{info, warn};
use transport::tcp::Reserved;

use crate::admin::{self, AdminError};
use crate::vitals::Vitals;

/// Starts to answer on the admin port, if there is one, and to tell a service manager that the
/// server lives, if one wants to hear it. It goes on until the program ends.
///
/// # Errors
/// [`AdminError`] if the port cannot be had, or no thread.
pub fn start(admin: Option<Reserved>, vitals: &Arc<Vitals>) -> Result<(), AdminError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let admin = {
        let _inside = runtime.enter();
        let listener = admin.map(Reserved::listen).transpose();
        listener.map_err(|error| AdminError::Listen(error.to_string()))?
    };
    if let Some(listener) = &admin {
        info!(admin = %listener.local_addr()?, "answers /livez, /readyz and /metrics");
    }
    let vitals = Arc::clone(vitals);
    let run = move || {
        runtime.block_on(async {
            let answering = async {
                match admin {
                    Some(listener) => admin::answer(listener, Arc::clone(&vitals)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::join!(answering, watchdog(&vitals))
        })
    };
    thread::Builder::new().name("supervision".into()).spawn(run)?;
    Ok(())
}

/// Tells the service manager again and again that the server lives, for as long as it does.
async fn watchdog(vitals: &Vitals) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval((patience / 3).max(std::time::Duration::from_millis(10)));
    loop {
        ticks.tick().await;
        if vitals.health.is_alive() {
            tell(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}

/// What a service manager is told.
#[derive(Clone, Copy, Debug)]
pub enum News {
    /// Clients are served.
    Ready,
    /// Files are read again; [`News::Ready`] follows.
    Reloading,
    /// The server was told to stop.
    Stopping,
}

/// Tells the service manager, if there is one.
pub fn notify(news: News) {
    match news {
        News::Ready => tell(&[sd_notify::NotifyState::Ready]),
        News::Stopping => tell(&[sd_notify::NotifyState::Stopping]),
        News::Reloading => match sd_notify::NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[sd_notify::NotifyState::Reloading, now]),
            Err(error) => warn!(%error, "the service manager is not told of the reload"),
        },
    }
}

fn tell(news: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(news) {
        warn!(%error, "the service manager cannot be told");
    }
}
