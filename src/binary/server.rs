//! The gateway's side of the protocol: which status answers which frame.
//!
//! It judges form only. Whether a token is alive, and which topic it belongs to, is not known here.

use crate::notification::DeviceToken;

use super::error_response::ErrorResponse;
use super::frame::{DecodeError, FrameView, Problem};

/// What a frame must have so that a gateway can pass it on; otherwise the answer that it gets.
///
/// # Errors
/// The [`ErrorResponse`] of Apple's table: 2 without a token, 5 for a token too long, 4 without a payload, 7 for a
/// payload of more than `payload_limit` bytes.
pub fn judge(frame: &FrameView<'_>, payload_limit: usize) -> Result<(), ErrorResponse> {
    let status = match (frame.token.len(), frame.payload.len()) {
        (0, _) => 2,
        (token, _) if token > DeviceToken::MAX_BYTES => 5,
        (_, 0) => 4,
        (_, payload) if payload > payload_limit => 7,
        _ => return Ok(()),
    };
    Err(ErrorResponse { status, identifier: frame.identifier.unwrap_or(0) })
}

/// The answer to bytes that are no frame. Afterwards the connection must close: nothing says where the next one begins.
#[must_use]
pub fn answer(error: &DecodeError) -> ErrorResponse {
    let status = match error.problem {
        Problem::FrameTooLong { .. } => 7,
        _ => 128,
    };
    ErrorResponse { status, identifier: error.identifier }
}
