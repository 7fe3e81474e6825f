//! Checks of the source itself: no import circle between files of one crate, and no arrow from a
//! lower to a higher layer, no comment and no document that is too wide.
//!
//! An *edge* leads from a file to another file that defines an item which the first one uses. A use
//! through a re-export leads to the file that defines the item. Statements `mod` and `pub use` are
//! no uses, and neither is anything under `#[cfg(test)]` or in the folders `tests/` and `benches/`
//! of a package.
//!
//! A *circle* is a set of files of one target that reach one another along edges. An *upward arrow*
//! is an edge, or a dependency in a manifest, to a package that does not stand lower in the list of
//! layers in `ARCHITECTURE.md`.
//!
//! | module | what |
//! |---|---|
//! | [`workspace`] | the packages, their roots and their dependencies, from the manifests |
//! | [`order`] | the list of layers, from `ARCHITECTURE.md` |
//! | `marks` | which attributes and visibilities count |
//! | [`tree`] | modules of a target, and the names that each defines or imports |
//! | [`uses`] | the paths that a file uses |
//! | [`resolve`] | from a path to the files that define what it names |
//! | [`graph`] | edges and circles |
//! | [`report`] | circles and arrows of one workspace |
//! | [`width`] | lines of prose that are too long |
//! | [`claims`] | the tests that the pages on security name |
//!
//! # What it does not see
//! A method call `value.method()` names no path, so it is no edge; the type of `value` is one
//! wherever it is written. Names inside macro calls are read as paths of at least two segments, or
//! as one capitalised word.

pub mod claims;
pub mod graph;
mod marks;
pub mod order;
pub mod report;
pub mod resolve;
pub mod tree;
pub mod uses;
pub mod width;
pub mod workspace;

#[cfg(test)]
mod planted;
