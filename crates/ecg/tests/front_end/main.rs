//! The front end from outside: its reader, its filter against SciPy, its segments, the samples and
//! the synthesiser.

mod csv;
mod quality;
mod samples;
mod scipy;
mod segments;
mod synthetic;
