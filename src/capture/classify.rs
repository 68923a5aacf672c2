//! What the bytes of one direction are, by how they begin.

use serde::Serialize;

use crate::binary::ErrorResponse;
use crate::notification::DeviceToken;

/// What a direction carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing.
    Empty,
    /// Frames of the binary protocol, from a provider.
    Frames,
    /// Error responses, from a gateway.
    ErrorResponses,
    /// Tuples, from the feedback service.
    Feedback,
    /// TLS records: encrypted.
    Tls,
    /// HTTP/2, from the side that begins it or the other.
    Http2,
    /// Nothing that is known here.
    Other,
}

impl Kind {
    /// So many bytes of a direction tell what it is.
    pub const ENOUGH: usize = 24;

    /// Whether the bytes are worth keeping.
    #[must_use]
    pub fn is_read(self) -> bool {
        !matches!(self, Kind::Tls | Kind::Other)
    }
}

/// The first 16 bytes of the preface of HTTP/2 (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// Classifies a direction by its first bytes; `midway`: they need not be the beginning of anything.
#[must_use]
pub fn classify(bytes: &[u8], midway: bool) -> Kind {
    match bytes {
        [] => Kind::Empty,
        [20..=23, 3, 0..=4, ..] => Kind::Tls,
        _ if bytes.starts_with(PREFACE) => Kind::Http2,
        // SETTINGS on stream 0, with whole settings: how the server begins.
        [0, 0, length, 4, 0, 0, 0, 0, 0, ..] if length % 6 == 0 => Kind::Http2,
        [ErrorResponse::COMMAND, ..] if bytes.len() <= 4 * ErrorResponse::LENGTH => Kind::ErrorResponses,
        [0x49..=0xff, _, _, _, 0, 1..=100, ..] => Kind::Feedback,
        _ if begins_frame(bytes) => Kind::Frames,
        // What is damaged or begins in the middle may hold frames further on.
        [0..=2, ..] => Kind::Frames,
        _ if midway && holds_frame(bytes) => Kind::Frames,
        [0x49..=0xff, ..] if bytes.len() < 6 => Kind::Feedback,
        _ => Kind::Other,
    }
}

/// Whether a frame may begin here: a command, and a first length that a notification can have. Fewer bytes than that
/// takes may be anything.
#[must_use]
pub fn begins_frame(bytes: &[u8]) -> bool {
    let length_at = |at: usize| {
        let raw = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>);
        raw.is_none_or(|raw| (1..=DeviceToken::MAX_BYTES).contains(&usize::from(u16::from_be_bytes(*raw))))
    };
    match bytes {
        [] => true,
        [0, ..] => length_at(1),
        [1, ..] => length_at(9),
        [2, 0, 0..=1, _, _, id, ..] => (1..=5).contains(id),
        [2, rest @ ..] => rest.len() < 5 && rest.first().is_none_or(|byte| *byte == 0),
        _ => false,
    }
}

fn holds_frame(bytes: &[u8]) -> bool {
    bytes.windows(11).take(8_192).any(|window| matches!(window, [0..=2, ..]) && begins_frame(window))
}
