//! Notification frames: commands 0, 1 and 2, their encoding and their streaming decoding.
//!
//! Framing only: a token of the wrong size or an empty payload is a well-formed frame here, because a gateway must be
//! able to answer it with the right status and identifier (see [`super::server`]).
//!
//! | frame | bytes |
//! | --- | --- |
//! | command 0 | `00` · token length 2 · token · payload length 2 · payload |
//! | command 1 | `01` · identifier 4 · expiration 4 · token length 2 · token · payload length 2 · payload |
//! | command 2 | `02` · frame length 4 · items, each: id 1 · length 2 · data |

use std::fmt;
use std::mem;

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use crate::notification::Priority;

/// The first byte of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Command {
    /// "Simple": no identifier, so no error response either; the gateway can only cut the connection.
    Simple = 0,
    /// "Enhanced".
    Enhanced = 1,
    /// Items in any order.
    Items = 2,
}

/// The items of a command 2 frame.
pub mod item {
    /// The device token.
    pub const TOKEN: u8 = 1;
    /// The payload.
    pub const PAYLOAD: u8 = 2;
    /// The identifier, 4 bytes.
    pub const IDENTIFIER: u8 = 3;
    /// The expiration in Unix seconds, 4 bytes.
    pub const EXPIRATION: u8 = 4;
    /// The priority, 1 byte.
    pub const PRIORITY: u8 = 5;

    /// What an item is called.
    #[must_use]
    pub fn name(id: u8) -> &'static str {
        match id {
            TOKEN => "token",
            PAYLOAD => "payload",
            IDENTIFIER => "identifier",
            EXPIRATION => "expiration",
            PRIORITY => "priority",
            _ => "unknown",
        }
    }

    /// The length an item must have, where there is only one.
    #[must_use]
    pub(crate) fn fixed_length(id: u8) -> Option<u16> {
        match id {
            IDENTIFIER | EXPIRATION => Some(4),
            PRIORITY => Some(1),
            _ => None,
        }
    }
}

/// One notification as it is on the wire. What the frame does not say is `None`, and an expiration that is not said is
/// not an expiration of 0.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which layout.
    pub command: Command,
    /// The sender's number for it; an error response names it.
    pub identifier: Option<u32>,
    /// Unix seconds.
    pub expiration: Option<u32>,
    /// How urgent; commands 0 and 1 cannot say, and mean [`Priority::IMMEDIATE`].
    pub priority: Option<Priority>,
    /// The device token as it came: of any length, empty where the frame has none.
    pub token: Bytes,
    /// The payload as it came: unchecked, empty where the frame has none.
    pub payload: Bytes,
}

/// A [`Frame`] whose token and payload lie where the decoder holds them: no byte of it is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FrameView<'a> {
    /// Which layout.
    pub command: Command,
    /// The sender's number for it.
    pub identifier: Option<u32>,
    /// Unix seconds.
    pub expiration: Option<u32>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// The device token as it came.
    pub token: &'a [u8],
    /// The payload as it came.
    pub payload: &'a [u8],
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("command", &self.command)
            .field("identifier", &self.identifier)
            .field("expiration", &self.expiration)
            .field("priority", &self.priority)
            .field("token_bytes", &self.token.len())
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

/// A frame that cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// Lengths are 16 bits on the wire.
    #[error("the {what} has {bytes} bytes, and a frame can say at most 65,535")]
    TooLong {
        /// `token` or `payload`.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
}

impl Frame {
    /// The frame, where it lies.
    #[must_use]
    pub fn view(&self) -> FrameView<'_> {
        let Self { command, identifier, expiration, priority, token, payload } = self;
        FrameView {
            command: *command,
            identifier: *identifier,
            expiration: *expiration,
            priority: *priority,
            token,
            payload,
        }
    }

    /// Appends the frame's bytes to `out`. Commands 0 and 1 leave out what they cannot say; command 1 writes 0 for what
    /// is not said, because its fields are always there.
    ///
    /// # Errors
    /// [`EncodeError`], with `out` as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let token_length = length_of("token", &self.token)?;
        let payload_length = length_of("payload", &self.payload)?;
        out.push(self.command as u8);
        match self.command {
            Command::Simple | Command::Enhanced => {
                if self.command == Command::Enhanced {
                    out.extend_from_slice(&self.identifier.unwrap_or(0).to_be_bytes());
                    out.extend_from_slice(&self.expiration.unwrap_or(0).to_be_bytes());
                }
                out.extend_from_slice(&token_length.to_be_bytes());
                out.extend_from_slice(&self.token);
                out.extend_from_slice(&payload_length.to_be_bytes());
                out.extend_from_slice(&self.payload);
            }
            Command::Items => {
                let length_at = out.len();
                out.extend_from_slice(&[0; 4]);
                put_item(out, item::TOKEN, token_length, &self.token);
                put_item(out, item::PAYLOAD, payload_length, &self.payload);
                if let Some(identifier) = self.identifier {
                    put_item(out, item::IDENTIFIER, 4, &identifier.to_be_bytes());
                }
                if let Some(expiration) = self.expiration {
                    put_item(out, item::EXPIRATION, 4, &expiration.to_be_bytes());
                }
                if let Some(priority) = self.priority {
                    put_item(out, item::PRIORITY, 1, &[priority.0]);
                }
                let length = (out.len() - length_at - 4) as u32;
                if let Some(place) = out.get_mut(length_at..length_at + 4) {
                    place.copy_from_slice(&length.to_be_bytes());
                }
            }
        }
        Ok(())
    }
}

fn length_of(what: &'static str, data: &Bytes) -> Result<u16, EncodeError> {
    u16::try_from(data.len()).map_err(|_| EncodeError::TooLong { what, bytes: data.len() })
}

pub(super) fn put_item(out: &mut Vec<u8>, id: u8, length: u16, data: &[u8]) {
    out.push(id);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(data);
}

/// Bytes that are no frame: where, what was expected, what was found. Nothing after them can be read, since nothing
/// says where the next frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {problem}")]
pub struct DecodeError {
    /// Offset in the stream of the byte that is wrong.
    pub offset: u64,
    /// The identifier of the frame, where it had been read (0 otherwise): what an error response would name.
    pub identifier: u32,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Not 0, 1 or 2.
    #[error(
        "expected a command (00, 01 or 02), found {0:02x}: if frames before it were good, a length in the last one is wrong"
    )]
    UnknownCommand(u8),
    /// Longer than this decoder takes.
    #[error("the frame says that it has {declared} bytes, and {limit} are allowed here")]
    FrameTooLong {
        /// What the lengths in the frame add up to, as far as they are known.
        declared: usize,
        /// What the decoder takes.
        limit: usize,
    },
    /// An item's end lies outside of its frame.
    #[error("item {id} ({name}) says that it has {declared} bytes, {left} are left in its frame", name = item::name(*id))]
    ItemOverruns {
        /// Which.
        id: u8,
        /// What it says.
        declared: u16,
        /// What there is.
        left: usize,
    },
    /// Fewer than three bytes are left where an item should be.
    #[error("expected an item (3 bytes and its data), found {left} bytes at the end of the frame")]
    ItemHeadCut {
        /// What there is.
        left: usize,
    },
    /// Not 1 to 5.
    #[error("expected an item from 1 to 5, found {0}")]
    UnknownItem(u8),
    /// The same item again.
    #[error("item {0} ({name}) comes twice in one frame", name = item::name(*.0))]
    ItemTwice(u8),
    /// An item with one possible length has another.
    #[error("item {id} ({name}) must have {expected} bytes, it says {found}", name = item::name(*id))]
    ItemLength {
        /// Which.
        id: u8,
        /// Its only length.
        expected: u16,
        /// What it says.
        found: u16,
    },
}

/// Puts frames together from pieces of any size. What it holds between two calls is bounded by `max_frame`.
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    /// Offset in the stream of the first byte in `buffer`.
    offset: u64,
    max_frame: usize,
    /// Bytes at the beginning of `buffer` that the last view looked at.
    viewed: usize,
    failed: Option<DecodeError>,
}

impl Decoder {
    /// The longest frame that the lengths of the protocol can say: a token and a payload of 65,535 bytes.
    pub const LONGEST_FRAME: usize = 5 + 2 * (3 + 65_535) + 2 * (3 + 4) + (3 + 1);

    /// A decoder that refuses frames of more than `max_frame` bytes as soon as their lengths are known.
    #[must_use]
    pub fn new(max_frame: usize) -> Self {
        Self { buffer: BytesMut::new(), offset: 0, max_frame, viewed: 0, failed: None }
    }

    /// Adds received bytes. Call [`Decoder::next_frame`] until it has no more.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// How many bytes of an unfinished frame are held.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.viewed
    }

    /// Offset in the stream of the next frame's first byte.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame, or `None` until more bytes have come.
    ///
    /// # Errors
    /// [`DecodeError`], the same again at each further call.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        let offset = self.offset;
        let Some(Extent { command, frame_length }) = self.measure_next()? else { return Ok(None) };
        self.viewed = 0;
        let bytes = self.buffer.split_to(frame_length).freeze();
        let read = read(&bytes, command, offset).map(|view| Frame {
            command,
            identifier: view.identifier,
            expiration: view.expiration,
            priority: view.priority,
            token: bytes.slice_ref(view.token),
            payload: bytes.slice_ref(view.payload),
        });
        self.failed = read.as_ref().err().copied();
        read.map(Some)
    }

    /// Like [`Decoder::next_frame`], for whoever is done with the frame before the next call.
    ///
    /// # Errors
    /// [`DecodeError`], the same again at each further call.
    pub fn next_view(&mut self) -> Result<Option<FrameView<'_>>, DecodeError> {
        let offset = self.offset;
        let Some(Extent { command, frame_length }) = self.measure_next()? else { return Ok(None) };
        let read = read(self.buffer.get(..frame_length).unwrap_or_default(), command, offset);
        self.failed = read.as_ref().err().copied();
        read.map(Some)
    }

    /// Lets go of the last view, and makes sure that the next frame is whole. Then it counts as viewed.
    fn measure_next(&mut self) -> Result<Option<Extent>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.buffer.advance(mem::take(&mut self.viewed));
        let measured = measure(&self.buffer, self.offset, self.max_frame);
        self.failed = measured.as_ref().err().copied();
        let whole = measured?.filter(|extent| self.buffer.len() >= extent.frame_length);
        if let Some(extent) = &whole {
            self.viewed = extent.frame_length;
            self.offset += extent.frame_length as u64;
        }
        Ok(whole)
    }
}

/// What the first bytes of a frame say about it.
struct Extent {
    command: Command,
    frame_length: usize,
}

/// How long the frame at the beginning of `bytes` is, as soon as that can be known.
fn measure(bytes: &[u8], offset: u64, max_frame: usize) -> Result<Option<Extent>, DecodeError> {
    let Some(first) = bytes.first() else {
        return Ok(None);
    };
    let (command, head) = match first {
        0 => (Command::Simple, 1),
        1 => (Command::Enhanced, 9),
        2 => (Command::Items, 5),
        other => {
            return Err(DecodeError { offset, identifier: 0, problem: Problem::UnknownCommand(*other) });
        }
    };
    let identifier = if command == Command::Enhanced { u32_at(bytes, 1).unwrap_or(0) } else { 0 };
    let checked = |declared: usize, at: usize| {
        let problem = Problem::FrameTooLong { declared, limit: max_frame };
        let error = DecodeError { offset: offset + at as u64, identifier, problem };
        if declared > max_frame { Err(error) } else { Ok(declared) }
    };
    if command == Command::Items {
        let Some(items) = u32_at(bytes, 1) else {
            return Ok(None);
        };
        // A usize may have 32 bits, and the sum more.
        let frame_length = checked((items as usize).saturating_add(head), 1)?;
        return Ok(Some(Extent { command, frame_length }));
    }
    let Some(token) = u16_at(bytes, head) else {
        return Ok(None);
    };
    let payload_at = head + 2 + usize::from(token);
    checked(payload_at + 2, head)?;
    let Some(payload) = u16_at(bytes, payload_at) else {
        return Ok(None);
    };
    let frame_length = checked(payload_at + 2 + usize::from(payload), payload_at)?;
    Ok(Some(Extent { command, frame_length }))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|raw| u16::from_be_bytes(*raw))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|raw| u32::from_be_bytes(*raw))
}

/// Reads a whole frame; `offset` is where its first byte stands in the stream.
fn read(bytes: &[u8], command: Command, offset: u64) -> Result<FrameView<'_>, DecodeError> {
    match command {
        Command::Items => read_items(bytes, offset),
        plain => Ok(read_plain(bytes, plain)),
    }
}

/// The first `length` bytes, or all where there are fewer, and what is behind them.
fn cut(bytes: &[u8], length: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(length).unwrap_or((bytes, &[]))
}

/// Reads a whole frame of command 0 or 1; `measure` has made sure that it is whole.
fn read_plain(bytes: &[u8], command: Command) -> FrameView<'_> {
    let (identifier, expiration, head) =
        if command == Command::Enhanced { (u32_at(bytes, 1), u32_at(bytes, 5), 9) } else { (None, None, 1) };
    let length_at = |at| usize::from(u16_at(bytes, at).unwrap_or(0));
    let (token, _) = cut(bytes.get(head + 2..).unwrap_or_default(), length_at(head));
    let behind = head + 2 + token.len();
    let (payload, _) = cut(bytes.get(behind + 2..).unwrap_or_default(), length_at(behind));
    FrameView { command, identifier, expiration, priority: None, token, payload }
}

/// Reads a whole frame of command 2.
fn read_items(whole: &[u8], offset: u64) -> Result<FrameView<'_>, DecodeError> {
    let (_, mut rest) = cut(whole, 5);
    let mut frame = FrameView {
        command: Command::Items,
        identifier: None,
        expiration: None,
        priority: None,
        token: &[],
        payload: &[],
    };
    let mut seen = [false; 6];
    while !rest.is_empty() {
        let at = offset + (whole.len() - rest.len()) as u64;
        let fail =
            |past: u64, problem| DecodeError { offset: at + past, identifier: frame.identifier.unwrap_or(0), problem };
        let [id, high, low, items @ ..] = rest else {
            return Err(fail(0, Problem::ItemHeadCut { left: rest.len() }));
        };
        let (id, length) = (*id, u16::from_be_bytes([*high, *low]));
        match seen.get_mut(usize::from(id)) {
            Some(twice) if id != 0 => {
                if *twice {
                    return Err(fail(0, Problem::ItemTwice(id)));
                }
                *twice = true;
            }
            _ => return Err(fail(0, Problem::UnknownItem(id))),
        }
        if let Some(expected) = item::fixed_length(id).filter(|expected| *expected != length) {
            return Err(fail(1, Problem::ItemLength { id, expected, found: length }));
        }
        let Some((data, behind)) = items.split_at_checked(usize::from(length)) else {
            return Err(fail(1, Problem::ItemOverruns { id, declared: length, left: items.len() }));
        };
        match id {
            item::TOKEN => frame.token = data,
            item::PAYLOAD => frame.payload = data,
            item::IDENTIFIER => frame.identifier = u32_at(data, 0),
            item::EXPIRATION => frame.expiration = u32_at(data, 0),
            _ => frame.priority = data.first().map(|priority| Priority(*priority)),
        }
        rest = behind;
    }
    Ok(frame)
}
