//! PING (RFC 9113, section 6.7): is anybody there?

use super::{Head, Kind, flag};
use crate::http2::error::Problem;

/// Its payload comes back as it was.
pub type Payload = [u8; 8];

/// Reads it.
pub fn decode(head: Head, payload: &[u8]) -> Result<Payload, Problem> {
    head.expect_connection()?;
    payload.try_into().map_err(|_| Problem::size("a PING of 8 bytes", payload.len()))
}

/// Appends it.
pub fn encode(payload: Payload, ack: bool, out: &mut Vec<u8>) {
    let flags = if ack { flag::ACK } else { 0 };
    Head { length: payload.len(), kind: Kind::PING, flags, stream: 0 }.encode(out);
    out.extend_from_slice(&payload);
}
