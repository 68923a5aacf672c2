//! GOAWAY (RFC 9113, section 6.8): no more streams, and which were not processed.

use super::{Head, Kind, LAST_STREAM, code_of};
use crate::http2::error::{ErrorCode, Problem};

/// So many bytes of its debug data are kept: Apple puts its reason there.
pub const MAX_TEXT: usize = 256;

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// Streams above this one were not processed and never will be.
    pub last_stream: u32,
    /// Why.
    pub code: ErrorCode,
    /// The first [`MAX_TEXT`] bytes of its debug data; what is no printable ASCII shows as `?`.
    pub text: String,
}

impl GoAway {
    /// Reads it.
    pub fn decode(head: Head, payload: &[u8]) -> Result<Self, Problem> {
        head.expect_connection()?;
        let (Some((last_stream, rest)), Some(code)) =
            (payload.split_first_chunk::<4>(), payload.get(4..).and_then(code_of))
        else {
            return Err(Problem::size("a GOAWAY of 8 bytes or more", payload.len()));
        };
        let debug = rest.get(4..).unwrap_or_default();
        let shown = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' };
        Ok(Self {
            last_stream: u32::from_be_bytes(*last_stream) & LAST_STREAM,
            code,
            text: debug.iter().take(MAX_TEXT).map(shown).collect(),
        })
    }
}

/// Appends ours: the peer has opened no streams, so the last one is 0.
pub fn encode(code: ErrorCode, text: &str, out: &mut Vec<u8>) {
    let text = text.as_bytes().get(..text.len().min(MAX_TEXT)).unwrap_or_default();
    Head { length: 8 + text.len(), kind: Kind::GOAWAY, flags: 0, stream: 0 }.encode(out);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&code.0.to_be_bytes());
    out.extend_from_slice(text);
}
