//! Frames: what all kinds have in common (RFC 9113, section 4.1). Each kind has its file.

pub mod go_away;
pub mod padding;
pub mod ping;
pub mod reset;
pub mod settings;
pub mod window_update;

use super::error::{ErrorCode, Found, Problem};

/// Bytes before a frame's payload.
pub const HEAD_BYTES: usize = 9;
/// The longest payload that we take and, unless the peer allows more, write (section 6.5.2).
pub const MAX_PAYLOAD: usize = 16_384;
/// The last stream id (section 5.1.1).
pub const LAST_STREAM: u32 = 0x7fff_ffff;

/// What a frame is. A newtype and no enum: kinds that we don't know are ignored (section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    /// Section 6.1.
    pub const DATA: Kind = Kind(0);
    /// Section 6.2.
    pub const HEADERS: Kind = Kind(1);
    /// Section 6.3; deprecated, and ignored.
    pub const PRIORITY: Kind = Kind(2);
    /// Section 6.4.
    pub const RST_STREAM: Kind = Kind(3);
    /// Section 6.5.
    pub const SETTINGS: Kind = Kind(4);
    /// Section 6.6; refused.
    pub const PUSH_PROMISE: Kind = Kind(5);
    /// Section 6.7.
    pub const PING: Kind = Kind(6);
    /// Section 6.8.
    pub const GOAWAY: Kind = Kind(7);
    /// Section 6.9.
    pub const WINDOW_UPDATE: Kind = Kind(8);
    /// Section 6.10.
    pub const CONTINUATION: Kind = Kind(9);
}

/// Flags, by the kinds that have them.
pub mod flag {
    /// DATA, HEADERS: the sender's last on this stream.
    pub const END_STREAM: u8 = 0x1;
    /// SETTINGS, PING: an acknowledgement.
    pub const ACK: u8 = 0x1;
    /// HEADERS, CONTINUATION: the header block's last.
    pub const END_HEADERS: u8 = 0x4;
    /// DATA, HEADERS: padding follows.
    pub const PADDED: u8 = 0x8;
    /// HEADERS: a priority comes first.
    pub const PRIORITY: u8 = 0x20;
}

/// A frame's first nine bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes of payload.
    pub length: usize,
    /// What it is.
    pub kind: Kind,
    /// See [`flag`].
    pub flags: u8,
    /// Its stream; 0: the connection.
    pub stream: u32,
}

impl Head {
    /// Reads a head. Any nine bytes are one.
    #[must_use]
    pub fn decode(bytes: [u8; HEAD_BYTES]) -> Self {
        let [high, middle, low, kind, flags, a, b, c, d] = bytes;
        Self {
            length: u32::from_be_bytes([0, high, middle, low]) as usize,
            kind: Kind(kind),
            flags,
            stream: u32::from_be_bytes([a, b, c, d]) & LAST_STREAM,
        }
    }

    /// Appends it.
    #[inline(never)]
    pub fn encode(self, out: &mut Vec<u8>) {
        // Nothing that we write is longer than a payload of `MAX_PAYLOAD`.
        let [_, high, middle, low] = (self.length as u32).to_be_bytes();
        let [a, b, c, d] = self.stream.to_be_bytes();
        out.extend_from_slice(&[high, middle, low, self.kind.0, self.flags, a, b, c, d]);
    }

    /// Whether it has this flag.
    #[must_use]
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// That it is the connection's and not a stream's.
    pub(super) fn expect_connection(self) -> Result<(), Problem> {
        match self.stream {
            0 => Ok(()),
            stream => Err(Problem::protocol("a frame of this kind on stream 0", Found::Frame(self.kind.0, stream))),
        }
    }
}

/// A payload of exactly four bytes.
fn four_bytes(payload: &[u8]) -> Result<u32, Problem> {
    match payload {
        [a, b, c, d] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(Problem::size("a frame of this kind with 4 bytes", payload.len())),
    }
}

fn code_of(payload: &[u8]) -> Option<ErrorCode> {
    let bytes = payload.get(..4)?.try_into().ok()?;
    Some(ErrorCode(u32::from_be_bytes(bytes)))
}
