//! WINDOW_UPDATE (RFC 9113, section 6.9): so many bytes more may be sent.

use super::{Head, Kind, LAST_STREAM, four_bytes};
use crate::http2::error::{Found, Problem};

/// The largest window (section 6.9.1).
pub const LARGEST: i64 = LAST_STREAM as i64;

/// Reads its increment, which is not 0.
pub fn decode(payload: &[u8]) -> Result<i64, Problem> {
    match four_bytes(payload)? & LAST_STREAM {
        0 => Err(Problem::protocol("a window to grow by 1 or more", Found::Number(0))),
        increment => Ok(i64::from(increment)),
    }
}

/// Appends it.
pub fn encode(stream: u32, increment: u32, out: &mut Vec<u8>) {
    Head { length: 4, kind: Kind::WINDOW_UPDATE, flags: 0, stream }.encode(out);
    out.extend_from_slice(&increment.to_be_bytes());
}
