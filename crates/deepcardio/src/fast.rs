//! The same integers as [`crate::reference`], with vector instructions: for evaluation on many records.
