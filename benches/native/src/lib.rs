//! The other end of the benchmarks: gateways that are faster than any client, and prove what they accepted by a bitmap.
//! They are no simulators: their only fault is the refusal of a dead token.

pub mod frames;
pub mod http2;
pub mod server;
pub mod tally;
pub mod tls;
