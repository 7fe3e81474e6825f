//! The progress bar: layers done, and an estimate of what is left, on standard error.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::meter::Phase;
use protocol::progress::{Observer, Progress};
use startup::output::say;

/// A progress bar that vanishes when the result is there.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A new bar; a `hidden` one shows nothing, nor does any where standard error is no terminal.
    #[must_use]
    pub fn new(hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg} (about {eta} left)");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    /// Shows that the server is being called.
    pub fn connecting(&self) {
        self.bar.set_prefix("connecting");
    }

    /// Says that the client waits for the server, on standard error also where no bar shows.
    pub fn waiting(&self, reason: &str, pause: Duration) {
        self.bar.suspend(|| {
            say(&format!("pp-client: {reason}; the next attempt is in {:.0} s", pause.as_secs_f64()));
        });
        self.bar.set_prefix("waiting");
    }

    /// Starts the bar anew for a segment.
    pub fn segment(&self, number: usize, of: usize) {
        self.bar.reset();
        self.bar.set_prefix(if of > 1 { format!("segment {number} of {of}") } else { "classifying".into() });
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// What the session reports to: the offline phase is the first half of the bar. What is
    /// prepared for another segment while this one is classified does not show.
    #[must_use]
    pub fn observer(&self) -> Observer {
        let bar = self.bar.clone();
        Arc::new(move |Progress { phase, layer, done, total }: Progress| {
            let classifying = bar.position() > total as u64;
            if phase == Phase::Offline && classifying {
                return;
            }
            bar.set_length(2 * total as u64);
            let before = if phase == Phase::Online { total } else { 0 };
            bar.set_position((before + done) as u64);
            bar.set_message(format!("{} {layer}", phase.name()));
        })
    }
}
