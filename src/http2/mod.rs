//! The client's side of HTTP/2 (RFC 9113), as far as Apple's provider API needs it, for any number of batches at once.
//!
//! [`Connection`] is one connection: it claims slots from the batches that it serves, turns them into requests, and turns
//! the answers into verdicts. It does no I/O and reads no clock. What it does not do: servers, pushes (refused), priorities
//! (ignored), and requests that are not a `POST` of a payload.
//!
//! Every bound that a peer could break has its constant: [`frame::MAX_PAYLOAD`] for a frame, [`MAX_HEADER_BLOCK`] and
//! [`MAX_HEADER_FRAMES`] for a header block, [`MAX_HEADER_LIST`] for the fields in it, [`hpack::DEFAULT_TABLE_BYTES`] for
//! the fields that are remembered, [`answer::MAX_BODY`] for the body of an answer, [`MAX_PENDING_CONTROL`] for what has to
//! be answered at once, [`MAX_REFUSED`] for streams that are refused in a row, [`MAX_STREAMS`] for those that are open.

pub mod answer;
mod connection;
mod date;
mod error;
pub mod frame;
pub mod hpack;
mod request;
mod streams;

use crate::batch::Batch;

pub use connection::{Blocked, Config, Connection, Ending, EndingKind, Timing};
pub use error::{ErrorCode, Fault, Found, Problem};
pub use request::{Request, RequestError};

/// The bytes of one header block, compressed.
pub const MAX_HEADER_BLOCK: usize = 16_384;
/// The frames of one header block: CONTINUATIONs without end, or without content, are an attack.
pub const MAX_HEADER_FRAMES: u32 = 16;
/// The bytes of the fields of one header block, counted as RFC 9113, section 6.5.2 does; the peer is told.
pub const MAX_HEADER_LIST: usize = 16_384;
/// Bytes of acknowledgements that wait to be written: a peer that asks without reading is told to be calm.
pub const MAX_PENDING_CONTROL: usize = 16_384;
/// Streams refused in a row, none of them answered, before the connection is given up.
pub const MAX_REFUSED: u32 = 4_096;
/// Streams open at once, whatever the peer allows.
pub const MAX_STREAMS: usize = 4_096;

/// Which batch: the number that [`Connection::serve`] gave it.
pub type Key = u32;

/// The batches that a connection serves, by the keys that it gave them.
pub trait Batches {
    /// Does something with one of them; `None`: it is not there any more.
    fn with<R>(&mut self, key: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R>;
}
