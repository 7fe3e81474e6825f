//! The tools from outside: import and quantisation against Keras and NumPy, and the program.

mod import;
mod program;
