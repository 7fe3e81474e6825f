//! Tests of the whole system, against the exact integer reference.
//!
//! | file | what it shows |
//! |---|---|
//! | `networks` | private inference equals the reference, layer by layer, for networks of many shapes |
//! | `hostile` | flipped bits, cut connections, repeated and oversized messages end in typed errors, and others are served on |
//! | `flips` | a byte that is changed on the way never gives a result |
//! | `versions` | a client of the version before is served |
//! | `allowance` | what is refused a client does not get, and what was granted it keeps |
//! | `aborts` | what a server refuses does not depend on its weights |
//! | `overlap` | one inference is prepared while another one is classified, over a line with latency |
//! | `pool` | several prepared inferences of a session, each used once, dropped or refused |
//! | `leakage` | sizes tell nothing of weights or ECG, and nothing is used twice |
//! | `label_only` | a label-only client's whole view holds no score, nor what would complete one |
//! | `trips` | the round trips in the books are those that a clock counts |

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod aborts;
mod allowance;
mod flips;
mod hostile;
mod label_only;
mod leakage;
mod networks;
mod overlap;
mod pool;
mod relay;
mod session;
mod trips;
mod versions;
