//! What is pushed and to whom: device tokens, payloads, priorities.
//!
//! Each type can only be made by parsing, so that whoever holds one holds a valid one. Nothing here knows a protocol.

use std::fmt;

use bytes::Bytes;
use serde::de::IgnoredAny;
use thiserror::Error;

use crate::hex;

/// A notification without its audience: the same for every device token of a batch.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The JSON object that the application on the phone receives.
    pub payload: Payload,
    /// Unix seconds at which Apple stops trying to hand it over. `Some(0)`: try once, store nothing. `None`: not said.
    pub expiration: Option<u32>,
    /// How urgent it is; `None` leaves it to the gateway, which takes it as [`Priority::IMMEDIATE`].
    pub priority: Option<Priority>,
}

/// The address of one application on one device: 1 to 100 opaque bytes.
///
/// Apple's older text says 32 bytes, its last says "up to 100 bytes", and 80 have been seen: nothing here assumes 32.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceToken {
    length: u8,
    bytes: [u8; DeviceToken::MAX_BYTES],
}

impl DeviceToken {
    /// The longest token, in bytes ("Binary Provider API": "device tokens … up to 100 bytes").
    pub const MAX_BYTES: usize = 100;

    /// Takes a token as raw bytes.
    ///
    /// # Errors
    /// [`TokenError::Empty`] and [`TokenError::TooLong`].
    pub fn from_bytes(raw: &[u8]) -> Result<Self, TokenError> {
        if raw.is_empty() {
            return Err(TokenError::Empty);
        }
        let mut bytes = [0; Self::MAX_BYTES];
        let Some(target) = bytes.get_mut(..raw.len()) else {
            return Err(TokenError::TooLong { bytes: raw.len() });
        };
        target.copy_from_slice(raw);
        // At most 100 (checked just above), so it fits.
        Ok(Self { length: raw.len() as u8, bytes })
    }

    /// Reads a token from hexadecimal text as people store it: any case, spaces anywhere, a pair of angle brackets
    /// around it (what `NSData`'s description looks like).
    ///
    /// # Errors
    /// Every [`TokenError`]; positions count characters from 1.
    pub fn from_hex(text: &[u8]) -> Result<Self, TokenError> {
        let mut bytes = Vec::with_capacity(text.len() / 2);
        parse_hex(text, &mut bytes)?;
        Self::from_bytes(&bytes)
    }

    /// The raw bytes, 1 to 100 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// Lower-case hexadecimal, without spaces: the canonical text of a token.
impl fmt::Display for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Shortened, because debug output ends in logs and a token is an address.
impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceToken(")?;
        self.as_bytes().iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "… {} bytes)", self.length)
    }
}

/// Why a text is not a device token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// No digit in it.
    #[error("the device token is empty")]
    Empty,
    /// A character that is neither a hexadecimal digit nor something people put between digits.
    #[error("the device token is not hexadecimal: found {found:?} at character {at}")]
    NotHex {
        /// Position in the text, from 1.
        at: usize,
        /// The character, or U+FFFD where the text is not UTF-8.
        found: char,
    },
    /// Half a byte is missing.
    #[error("the device token has an odd number of hexadecimal digits ({digits}): one was lost or added")]
    OddDigits {
        /// How many digits there are.
        digits: usize,
    },
    /// More than [`DeviceToken::MAX_BYTES`].
    #[error("the device token has {bytes} bytes, and the longest there is has {max}", max = DeviceToken::MAX_BYTES)]
    TooLong {
        /// How many bytes there are.
        bytes: usize,
    },
}

/// What each byte of a token's text means: a digit's value, [`SKIP`] or [`BAD`].
const DIGITS: [u8; 256] = digit_table();
const SKIP: u8 = 0xfe;
const BAD: u8 = 0xff;

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn digit_table() -> [u8; 256] {
    let mut table = [BAD; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            b' ' | b'\t' | b'\r' => SKIP,
            _ => BAD,
        };
        byte += 1;
    }
    table
}

fn digit(byte: u8) -> u8 {
    DIGITS.get(usize::from(byte)).copied().unwrap_or(BAD)
}

/// Appends the bytes of one token's text to `out`, without allocating for it; on an error `out` is as it was.
/// Returns how many bytes came (1 to 100).
///
/// # Errors
/// Every [`TokenError`].
pub fn parse_hex(text: &[u8], out: &mut Vec<u8>) -> Result<usize, TokenError> {
    let start = out.len();
    let outcome = if hex::append(text, out) { Ok(()) } else { append_decorated(text, out) };
    let length = out.len() - start;
    let outcome = match (outcome, length) {
        (Err(error), _) => Err(error),
        (Ok(()), 0) => Err(TokenError::Empty),
        (Ok(()), 1..=DeviceToken::MAX_BYTES) => Ok(length),
        (Ok(()), bytes) => Err(TokenError::TooLong { bytes }),
    };
    if outcome.is_err() {
        out.truncate(start);
    }
    outcome
}

/// Appends the bytes of tokens whose texts have `digits` characters each, with nothing between them, up to the first one
/// that has anything but digits in it, be it a token for [`parse_hex`] or none. Returns how many those are.
pub(crate) fn parse_digits(texts: &[u8], digits: usize, out: &mut Vec<u8>) -> usize {
    let fits = (1..=DeviceToken::MAX_BYTES).contains(&(digits / 2));
    if fits { hex::append_each(texts, digits, out) } else { 0 }
}

/// Digits with spaces between them and perhaps angle brackets around them. A line break is a space around a token, and
/// inside of one it is none: there it stands between two.
fn append_decorated(text: &[u8], out: &mut Vec<u8>) -> Result<(), TokenError> {
    let is_space = |byte: &&u8| digit(**byte) == SKIP || **byte == b'\n';
    let left = text.iter().take_while(is_space).count();
    let right = text.iter().rev().take_while(is_space).count();
    let mut inner = text.get(left..text.len().saturating_sub(right)).unwrap_or_default();
    let mut offset = left;
    if let [b'<', between @ .., b'>'] = inner {
        inner = between;
        offset += 1;
    }
    let mut digits = 0;
    let mut high = 0;
    for (index, byte) in inner.iter().enumerate() {
        match digit(*byte) {
            SKIP => {}
            BAD => return Err(not_hex(text, offset + index)),
            value if digits % 2 == 0 => {
                high = value;
                digits += 1;
            }
            value => {
                out.push(high << 4 | value);
                digits += 1;
            }
        }
    }
    if digits % 2 == 1 { Err(TokenError::OddDigits { digits }) } else { Ok(()) }
}

fn not_hex(text: &[u8], index: usize) -> TokenError {
    let before = text.get(..index).unwrap_or_default();
    let at = String::from_utf8_lossy(before).chars().count() + 1;
    let rest = text.get(index..).unwrap_or_default();
    let window = rest.get(..rest.len().min(4)).unwrap_or_default();
    let found = String::from_utf8_lossy(window).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
    TokenError::NotHex { at, found }
}

/// The JSON object that an application receives, checked: UTF-8, an object, no larger than its channel takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    /// What commands 0 and 1 take, in bytes ("Legacy Notification Format").
    pub const LEGACY_LIMIT: usize = 256;
    /// What command 2 takes, in bytes ("Binary Provider API").
    pub const BINARY_LIMIT: usize = 2048;

    /// Checks `text` and keeps a copy.
    ///
    /// # Errors
    /// Every [`PayloadError`].
    pub fn parse(text: &[u8], limit: usize) -> Result<Self, PayloadError> {
        if text.len() > limit {
            return Err(PayloadError::TooLarge { bytes: text.len(), limit });
        }
        let valid = std::str::from_utf8(text).map_err(|error| PayloadError::NotUtf8 { at: error.valid_up_to() })?;
        serde_json::from_str::<IgnoredAny>(valid)
            .map_err(|error| PayloadError::NotJson { line: error.line(), column: error.column() })?;
        match valid.trim_start().chars().next() {
            Some('{') => Ok(Self(Bytes::copy_from_slice(text))),
            found => Err(PayloadError::NotObject { found: found.unwrap_or(' ') }),
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why a text is not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// More bytes than the channel takes.
    #[error("the payload has {bytes} bytes, {over} more than the {limit} that this channel takes", over = bytes - limit)]
    TooLarge {
        /// The payload's size.
        bytes: usize,
        /// The channel's limit.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the payload is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// Not JSON.
    #[error("the payload is not JSON: something is wrong at line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("the payload must be a JSON object, and it begins with {found:?}")]
    NotObject {
        /// Its first character.
        found: char,
    },
}

/// How urgent a notification is. A newtype and no enum: a value that is new to us must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority(pub u8);

impl Priority {
    /// At once.
    pub const IMMEDIATE: Priority = Priority(10);
    /// When it suits the battery of the phone.
    pub const CONSERVE_POWER: Priority = Priority(5);
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_token_is_read_in_every_form_people_store_it() {
        let expected = DeviceToken::from_bytes(&[0x00, 0xff, 0xa1, 0x2b]).expect("four bytes");
        for text in ["00ffa12b", "00FFA12B", "<00ffa12b>", "<00ff a12b>", " 00 ff a1 2b\r", " <00ffa12b> "] {
            assert_eq!(DeviceToken::from_hex(text.as_bytes()), Ok(expected), "{text:?}");
        }
        assert_eq!(expected.to_string(), "00ffa12b");
    }

    #[test]
    fn a_token_has_any_length_from_1_to_100() {
        for length in 1..=DeviceToken::MAX_BYTES {
            let text = "ab".repeat(length);
            assert_eq!(DeviceToken::from_hex(text.as_bytes()).expect(&text).as_bytes().len(), length);
        }
        assert_eq!(DeviceToken::from_hex("ab".repeat(101).as_bytes()), Err(TokenError::TooLong { bytes: 101 }));
    }

    #[test]
    fn a_malformed_token_is_named_with_its_place() {
        let cases: [(&str, TokenError); 8] = [
            ("", TokenError::Empty),
            ("  ", TokenError::Empty),
            ("<>", TokenError::Empty),
            ("abc", TokenError::OddDigits { digits: 3 }),
            ("ab c", TokenError::OddDigits { digits: 3 }),
            ("abxg", TokenError::NotHex { at: 3, found: 'x' }),
            ("abé0", TokenError::NotHex { at: 3, found: 'é' }),
            ("ab>0", TokenError::NotHex { at: 3, found: '>' }),
        ];
        for (text, error) in cases {
            let mut out = vec![7];
            assert_eq!(parse_hex(text.as_bytes(), &mut out), Err(error), "{text:?}");
            assert_eq!(out, [7], "nothing of {text:?} stays behind");
        }
    }

    #[test]
    fn a_token_is_shortened_in_debug_output() {
        let token = DeviceToken::from_bytes(&[0xab; 32]).expect("32 bytes");
        assert_eq!(format!("{token:?}"), "DeviceToken(abababab… 32 bytes)");
    }

    #[test]
    fn a_payload_is_a_json_object_in_utf_8_within_its_limit() {
        assert!(Payload::parse("{\"aps\":{\"alert\":\"Grüezi\"}}".as_bytes(), 256).is_ok());
        assert!(Payload::parse(b" \n{}", 4).is_ok());
        assert_eq!(Payload::parse(b"{}   ", 4), Err(PayloadError::TooLarge { bytes: 5, limit: 4 }));
        assert_eq!(Payload::parse(b"{\"a\":\"\xff\"}", 99), Err(PayloadError::NotUtf8 { at: 6 }));
        assert_eq!(Payload::parse(b"{\"a\":}", 99), Err(PayloadError::NotJson { line: 1, column: 6 }));
        assert_eq!(Payload::parse(b"{} {}", 99), Err(PayloadError::NotJson { line: 1, column: 4 }));
        assert_eq!(Payload::parse(b"", 99), Err(PayloadError::NotJson { line: 1, column: 0 }));
        assert_eq!(Payload::parse(b"[1]", 99), Err(PayloadError::NotObject { found: '[' }));
    }

    #[test]
    fn a_deeply_nested_payload_is_an_error_and_no_overflow() {
        let text = "[".repeat(100_000);
        assert!(matches!(Payload::parse(text.as_bytes(), text.len()), Err(PayloadError::NotJson { .. })));
    }
}
