//! The signal check of a whole recording, before anything is sent.

use ecg::quality::{Examination, examine};
use ecg::{EcgError, Recording, Signal};

/// One segment of a recording, and what the signal check says of it.
pub struct Checked {
    /// Where it begins, in seconds of the recording.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// Heart rate and findings.
    pub examination: Examination,
}

impl Checked {
    /// Whether there is something to classify.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.examination.unreadable().is_none()
    }
}

/// Examines every segment that `signal` makes of a recording.
///
/// # Errors
/// As [`ecg::spans`].
pub fn check(recording: &Recording, signal: &Signal) -> Result<Vec<Checked>, EcgError> {
    let rate = recording.rate_hz();
    let checked = |span: std::ops::Range<usize>| Checked {
        from_s: span.start as f64 / rate,
        to_s: span.end as f64 / rate,
        examination: examine(recording, span),
    };
    Ok(ecg::spans(recording, signal)?.into_iter().map(checked).collect())
}

/// Whether no segment can be read, by the segments of 30 s that networks of this kind take. This is
/// asked before a server is called; what the server's network takes is not known then.
///
/// # Errors
/// As [`ecg::spans`].
pub fn nothing_to_send(recording: &Recording) -> Result<Option<Vec<Checked>>, EcgError> {
    let checked = check(recording, &Signal::deepcardio(8, 1.0))?;
    Ok((!checked.iter().any(Checked::is_readable)).then_some(checked))
}
