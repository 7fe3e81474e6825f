//! What a command leaves behind.

use std::error::Error;

/// What a command prints, or why it failed.
pub(super) type Outcome = Result<String, Box<dyn Error>>;
