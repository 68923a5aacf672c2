//! Error codes, and what a peer did wrong.

use std::fmt;

use thiserror::Error;

/// An error code (RFC 9113, section 7). A newtype and no enum: any value may come.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// Nothing is wrong.
    pub const NO_ERROR: ErrorCode = ErrorCode(0x0);
    /// The rules were broken.
    pub const PROTOCOL_ERROR: ErrorCode = ErrorCode(0x1);
    /// More came than the window held.
    pub const FLOW_CONTROL_ERROR: ErrorCode = ErrorCode(0x3);
    /// A frame of the wrong size.
    pub const FRAME_SIZE_ERROR: ErrorCode = ErrorCode(0x6);
    /// The peer has not processed the stream (section 8.7).
    pub const REFUSED_STREAM: ErrorCode = ErrorCode(0x7);
    /// The stream is not needed any more.
    pub const CANCEL: ErrorCode = ErrorCode(0x8);
    /// The header compression cannot go on.
    pub const COMPRESSION_ERROR: ErrorCode = ErrorCode(0x9);
    /// The peer makes us work for nothing.
    pub const ENHANCE_YOUR_CALM: ErrorCode = ErrorCode(0xb);

    /// Its name in the RFC.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(self.0 as usize).copied()
    }
}

const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What was found where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A number: a length, a value, a count.
    Number(i64),
    /// A frame of this kind, on this stream.
    Frame(u8, u32),
    /// In words.
    Words(&'static str),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Number(number) => write!(f, "{number}"),
            Found::Frame(kind, stream) => write!(f, "a frame of kind {kind} on stream {stream}"),
            Found::Words(words) => f.write_str(words),
        }
    }
}

impl From<usize> for Found {
    fn from(number: usize) -> Self {
        Found::Number(number as i64)
    }
}

impl From<u32> for Found {
    fn from(number: u32) -> Self {
        Found::Number(i64::from(number))
    }
}

/// What the peer did wrong: a connection cannot go on behind it (RFC 9113, section 5.4.1).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {offset} from the peer: expected {expected}, found {found}")]
pub struct Fault {
    /// What the peer is told.
    pub code: ErrorCode,
    /// Offset in all bytes received on this connection, from 0.
    pub offset: u64,
    /// What the rules want there.
    pub expected: &'static str,
    /// What is there.
    pub found: Found,
}

/// A fault whose place is known only within its frame yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// As in [`Fault`].
    pub code: ErrorCode,
    /// Offset in the frame, or in its payload.
    pub at: usize,
    /// As in [`Fault`].
    pub expected: &'static str,
    /// As in [`Fault`].
    pub found: Found,
}

impl Problem {
    #[cold]
    pub(super) fn new(code: ErrorCode, expected: &'static str, found: Found) -> Self {
        Self { code, at: 0, expected, found }
    }

    #[cold]
    pub(super) fn protocol(expected: &'static str, found: Found) -> Self {
        Self::new(ErrorCode::PROTOCOL_ERROR, expected, found)
    }

    /// The frame has another length than its kind has.
    #[cold]
    pub(super) fn size(expected: &'static str, found: usize) -> Self {
        Self::new(ErrorCode::FRAME_SIZE_ERROR, expected, found.into())
    }
}
