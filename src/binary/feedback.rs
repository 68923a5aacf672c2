//! The feedback service: which tokens are dead, and since when.
//!
//! `time 4 (Unix seconds) · token length 2 · token`, one after the other, until the service closes. Reading clears the
//! list on Apple's side, so whoever reads it keeps it first and acts on it afterwards.

use thiserror::Error;

use crate::notification::DeviceToken;

/// One dead token. Delete it only where it was not registered again after `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Unix seconds at which Apple found that the application is gone from the device.
    pub time: u32,
    /// The token.
    pub token: DeviceToken,
}

impl Tuple {
    /// Appends the tuple's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let token = self.token.as_bytes();
        out.extend_from_slice(&self.time.to_be_bytes());
        // A token has at most 100 bytes.
        out.extend_from_slice(&(token.len() as u16).to_be_bytes());
        out.extend_from_slice(token);
    }
}

/// Why bytes are no feedback tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FeedbackError {
    /// A length that no token has: bytes were lost or added before it.
    #[error(
        "byte {offset} of the feedback: expected a token length of 1 to {max}, found {found}: bytes were lost or added before it",
        max = DeviceToken::MAX_BYTES
    )]
    TokenLength {
        /// Offset of the length in the stream.
        offset: u64,
        /// What stands there.
        found: u16,
    },
    /// The stream ended inside a tuple.
    #[error("the feedback ended at byte {offset}, {missing} bytes before the end of a tuple")]
    Truncated {
        /// Length of the stream.
        offset: u64,
        /// At least so many bytes are missing.
        missing: usize,
    },
}

const HEAD: usize = 6;

/// Puts tuples together from pieces of any size. Holds less than one tuple between two calls.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Vec<u8>,
    /// Offset in the stream of the first byte in `partial`.
    offset: u64,
    failed: Option<FeedbackError>,
}

impl Decoder {
    /// Takes bytes and calls `each` with every tuple that they complete.
    ///
    /// # Errors
    /// [`FeedbackError::TokenLength`], after the tuples before it, and the same again at each further call: what follows
    /// means nothing, and nothing of it is held.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Tuple)) -> Result<(), FeedbackError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.partial.extend_from_slice(bytes);
        let mut used = 0;
        let outcome = loop {
            let rest = self.partial.get(used..).unwrap_or_default();
            match split_tuple(rest, self.offset + used as u64) {
                Ok(Some((tuple, length))) => {
                    each(tuple);
                    used += length;
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.partial.drain(..used);
        self.offset += used as u64;
        if let Err(error) = outcome {
            self.failed = Some(error);
            self.partial = Vec::new();
        }
        outcome
    }

    /// The service has closed.
    ///
    /// # Errors
    /// [`FeedbackError::Truncated`] where it did so inside a tuple; what [`Decoder::push`] failed with, where it did.
    pub fn finish(&self) -> Result<(), FeedbackError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.partial.as_slice() {
            [] => Ok(()),
            rest => {
                let token = match rest {
                    [_, _, _, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
                    _ => 1,
                };
                Err(FeedbackError::Truncated {
                    offset: self.offset + rest.len() as u64,
                    missing: (HEAD + token).saturating_sub(rest.len()),
                })
            }
        }
    }
}

/// The tuple at the beginning of `bytes` and its length, or `None` where it is not all there.
fn split_tuple(bytes: &[u8], offset: u64) -> Result<Option<(Tuple, usize)>, FeedbackError> {
    let Some(([a, b, c, d, high, low], rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let found = u16::from_be_bytes([*high, *low]);
    let length = usize::from(found);
    let bad_length = FeedbackError::TokenLength { offset: offset + 4, found };
    if length == 0 || length > DeviceToken::MAX_BYTES {
        return Err(bad_length);
    }
    let Some(raw) = rest.get(..length) else {
        return Ok(None);
    };
    let token = DeviceToken::from_bytes(raw).map_err(|_| bad_length)?;
    Ok(Some((Tuple { time: u32::from_be_bytes([*a, *b, *c, *d]), token }, HEAD + length)))
}
