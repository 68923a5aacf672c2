//! SETTINGS (RFC 9113, section 6.5): what each side allows the other, changed whenever it likes.

use super::{Head, Kind, LAST_STREAM, MAX_PAYLOAD, flag};
use crate::http2::error::{ErrorCode, Problem};

/// The window of a connection and of a stream where nothing else was said (section 6.9.2).
pub const DEFAULT_WINDOW: i64 = 65_535;

mod id {
    pub(super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(super) const ENABLE_PUSH: u16 = 2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(super) const MAX_FRAME_SIZE: u16 = 5;
    pub(super) const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// What the peer allows us. Its `MAX_HEADER_LIST_SIZE` is advice (section 6.5.2), and our headers are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of the table that our encoder may use.
    pub header_table_size: u32,
    /// Streams at once.
    pub max_concurrent_streams: u32,
    /// The window of a new stream.
    pub initial_window_size: u32,
    /// The longest payload of a frame.
    pub max_frame_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_table_size: 4096,
            max_concurrent_streams: u32::MAX,
            initial_window_size: DEFAULT_WINDOW as u32,
            max_frame_size: MAX_PAYLOAD,
        }
    }
}

impl Settings {
    /// Takes what a frame changes, in its order; settings that we don't know are ignored.
    pub fn update(&mut self, payload: &[u8]) -> Result<(), Problem> {
        let (settings, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(Problem::size("SETTINGS of 6 bytes each", payload.len()));
        }
        for (index, [high, low, a, b, c, d]) in settings.iter().enumerate() {
            let value = u32::from_be_bytes([*a, *b, *c, *d]);
            self.set(u16::from_be_bytes([*high, *low]), value)
                .map_err(|problem| Problem { at: index * 6, ..problem })?;
        }
        Ok(())
    }

    fn set(&mut self, id: u16, value: u32) -> Result<(), Problem> {
        match id {
            id::HEADER_TABLE_SIZE => self.header_table_size = value,
            // A server has nothing else to say here.
            id::ENABLE_PUSH if value != 0 => {
                return Err(Problem::protocol("0 for ENABLE_PUSH from a server", value.into()));
            }
            id::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = value,
            id::INITIAL_WINDOW_SIZE if value > LAST_STREAM => {
                let expected = "an INITIAL_WINDOW_SIZE of at most 2147483647";
                return Err(Problem::new(ErrorCode::FLOW_CONTROL_ERROR, expected, value.into()));
            }
            id::INITIAL_WINDOW_SIZE => self.initial_window_size = value,
            id::MAX_FRAME_SIZE if !(16_384..=16_777_215).contains(&value) => {
                return Err(Problem::protocol("a MAX_FRAME_SIZE of 16384 to 16777215", value.into()));
            }
            id::MAX_FRAME_SIZE => self.max_frame_size = value as usize,
            _ => {}
        }
        Ok(())
    }
}

/// Appends ours: no pushes, and headers of at most so many bytes; for all else the RFC's values do.
pub fn encode(header_list_size: u32, out: &mut Vec<u8>) {
    let settings = [(id::ENABLE_PUSH, 0), (id::MAX_HEADER_LIST_SIZE, header_list_size)];
    Head { length: settings.len() * 6, kind: Kind::SETTINGS, flags: 0, stream: 0 }.encode(out);
    for (id, value) in settings {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends an acknowledgement.
pub fn encode_ack(out: &mut Vec<u8>) {
    Head { length: 0, kind: Kind::SETTINGS, flags: flag::ACK, stream: 0 }.encode(out);
}
