//! RST_STREAM (RFC 9113, section 6.4): a stream ends at once.

use super::{Head, Kind, four_bytes};
use crate::http2::error::{ErrorCode, Problem};

/// Reads its code.
pub fn decode(payload: &[u8]) -> Result<ErrorCode, Problem> {
    four_bytes(payload).map(ErrorCode)
}

/// Appends it.
pub fn encode(stream: u32, code: ErrorCode, out: &mut Vec<u8>) {
    Head { length: 4, kind: Kind::RST_STREAM, flags: 0, stream }.encode(out);
    out.extend_from_slice(&code.0.to_be_bytes());
}
