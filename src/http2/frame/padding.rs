//! Padding of DATA and HEADERS (RFC 9113, sections 6.1 and 6.2).

use super::{Head, flag};
use crate::http2::error::Problem;

/// The payload without its padding and, in HEADERS, without its deprecated priority.
pub fn stripped(head: Head, payload: &[u8], priority: bool) -> Result<&[u8], Problem> {
    let mut rest = payload;
    let mut padding = 0;
    let too_short = || Problem::size("a frame with all the fields of its flags", payload.len());
    if head.has(flag::PADDED) {
        let (length, behind) = rest.split_first().ok_or_else(too_short)?;
        padding = usize::from(*length);
        rest = behind;
    }
    if priority && head.has(flag::PRIORITY) {
        rest = rest.get(5..).ok_or_else(too_short)?;
    }
    // Section 6.1: padding that is as long as the payload or longer is a connection error PROTOCOL_ERROR.
    let end = rest.len().checked_sub(padding);
    let end = end.ok_or_else(|| Problem::protocol("padding that fits into its frame", padding.into()))?;
    Ok(rest.get(..end).unwrap_or_default())
}
