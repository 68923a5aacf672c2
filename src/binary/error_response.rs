//! The error response: six bytes, the only thing that a gateway ever says.

use thiserror::Error;

/// `08 · status 1 · identifier 4`. Whether the gateway closes afterwards, and what the identifier means, depends on the
/// status: 10 names the last notification that was accepted, every other one names the one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// See [`crate::outcome::NAMES`]; any value may come.
    pub status: u8,
    /// What the notification carried (0 where the gateway did not get as far as to read it).
    pub identifier: u32,
}

impl ErrorResponse {
    /// The first byte.
    pub const COMMAND: u8 = 8;
    /// Bytes on the wire.
    pub const LENGTH: usize = 6;
    /// "Shutdown": the identifier names the last notification that was accepted.
    pub const SHUTDOWN: u8 = 10;

    /// The six bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LENGTH] {
        let [a, b, c, d] = self.identifier.to_be_bytes();
        [Self::COMMAND, self.status, a, b, c, d]
    }
}

/// What came is no error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {offset} of the answer: expected an error response (08), found {found:02x}")]
pub struct NotAnErrorResponse {
    /// Offset in the stream of received bytes.
    pub offset: u64,
    /// The byte in the place of the command.
    pub found: u8,
}

/// Puts error responses together from pieces of any size.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: [u8; ErrorResponse::LENGTH],
    filled: usize,
    /// Bytes taken so far.
    offset: u64,
}

impl Decoder {
    /// Takes one byte; gives a response with each sixth.
    ///
    /// # Errors
    /// [`NotAnErrorResponse`]; what follows then means nothing.
    pub fn push(&mut self, byte: u8) -> Result<Option<ErrorResponse>, NotAnErrorResponse> {
        if self.filled == 0 && byte != ErrorResponse::COMMAND {
            return Err(NotAnErrorResponse { offset: self.offset, found: byte });
        }
        self.offset += 1;
        if let Some(place) = self.partial.get_mut(self.filled) {
            *place = byte;
        }
        self.filled += 1;
        if self.filled < ErrorResponse::LENGTH {
            return Ok(None);
        }
        self.filled = 0;
        let [_, status, a, b, c, d] = self.partial;
        Ok(Some(ErrorResponse { status, identifier: u32::from_be_bytes([a, b, c, d]) }))
    }

    /// How many bytes of an unfinished response are held (0 to 5).
    #[must_use]
    pub fn pending(&self) -> usize {
        self.filled
    }
}
