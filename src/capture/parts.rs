//! The parts of one direction: frames, error responses, tuples, and what cannot be read between them.

use serde::Serialize;

use crate::binary::ErrorResponse;
use crate::binary::frame::{Decoder, Frame};
use crate::notification::DeviceToken;

use super::classify::{Kind, begins_frame};
use super::http2::Headers;
use super::repair::{Repair, repaired};
use super::stream::Direction;

/// Attempts, in one direction, to make sense of what is damaged.
const MAX_EFFORTS: usize = 2_000;

/// Parts that are listed of one direction.
pub const MAX_PARTS: usize = 2_000_000;

/// Bytes that a decoder gets at a time.
const FEED: usize = 65_536;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A notification.
    Frame,
    /// An error response.
    ErrorResponse,
    /// A feedback tuple.
    Tuple,
    /// A frame of HTTP/2.
    Http2,
    /// Bytes that are none of these.
    Unreadable,
}

/// One part, by its place.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Index of its first byte in the bytes of its direction.
    pub at: usize,
    /// Offset of its first byte in the stream, missing bytes counted.
    pub offset: u64,
    /// Bytes.
    pub length: usize,
    /// A frame's, where it has one; an error response's; the stream of a frame of HTTP/2.
    pub identifier: Option<u32>,
    /// An error response's status; a frame's command; the kind of a frame of HTTP/2.
    pub code: u8,
    /// Bytes of a frame's payload.
    pub payload: u32,
    /// The same for frames with the same token and payload, and for requests with the same path; 0: it is neither.
    pub key: u64,
    /// Where the unpacked headers of a frame of HTTP/2 are.
    pub text: (u32, u32),
    /// A length that is wrong in it.
    pub repair: Option<Repair>,
    /// So many bytes are missing inside of it (a tuple), or too many are there (negative).
    pub lost: i32,
    /// It goes on after the last byte that is there.
    pub cut: bool,
}

impl Part {
    pub(super) fn new(kind: PartKind, at: usize, length: usize) -> Part {
        let (identifier, repair) = (None, None);
        Part {
            kind,
            at,
            offset: 0,
            length,
            identifier,
            code: 0,
            payload: 0,
            key: 0,
            text: (0, 0),
            repair,
            lost: 0,
            cut: false,
        }
    }

    /// Whether it asks a gateway to notify a device.
    #[must_use]
    pub fn is_notification(&self) -> bool {
        self.kind == PartKind::Frame || self.kind == PartKind::Http2 && self.key != 0
    }

    /// Its unpacked headers, out of those of its direction.
    #[must_use]
    pub fn headers<'a>(&self, all: Option<&'a Vec<u8>>) -> &'a [u8] {
        let (start, end) = self.text;
        all.and_then(|all| all.get(start as usize..end as usize)).unwrap_or_default()
    }

    pub(super) fn of_frame(frame: &Frame, at: usize, length: usize) -> Part {
        Part {
            identifier: frame.identifier,
            code: frame.command as u8,
            payload: frame.payload.len() as u32,
            key: key(&frame.token, &frame.payload),
            ..Part::new(PartKind::Frame, at, length)
        }
    }
}

fn key(token: &[u8], payload: &[u8]) -> u64 {
    hash(token.iter().chain([&0]).chain(payload))
}

/// FNV-1a.
pub(super) fn hash<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The parts of a direction, in order, and the unpacked headers of its HTTP/2.
#[must_use]
pub fn parts(direction: &Direction, kind: Kind) -> (Vec<Part>, Vec<u8>) {
    let mut reading = Reading { parts: Vec::new(), efforts: MAX_EFFORTS };
    let mut headers = Headers::default();
    for (index, run) in direction.runs.iter().enumerate() {
        let end = direction.runs.get(index + 1).map_or(direction.bytes.len(), |next| next.at);
        let bytes = direction.bytes.get(run.at..end).unwrap_or_default();
        let first = reading.parts.len();
        let aligned = index == 0 && !direction.midway;
        match kind {
            Kind::Frames => reading.frames(bytes, aligned),
            Kind::ErrorResponses => reading.responses(bytes),
            Kind::Feedback => reading.tuples(bytes, aligned),
            Kind::Http2 => headers.frames(bytes, aligned, &mut reading.parts, MAX_PARTS),
            _ => {}
        }
        for part in reading.parts.iter_mut().skip(first) {
            part.offset = run.offset + part.at as u64;
            part.at += run.at;
        }
    }
    (reading.parts, headers.text)
}

struct Reading {
    parts: Vec<Part>,
    efforts: usize,
}

impl Reading {
    fn add(&mut self, part: Part) {
        if part.length > 0 && self.parts.len() < MAX_PARTS {
            self.parts.push(part);
        }
    }

    /// Whether there is still an effort to make.
    fn effort(&mut self) -> bool {
        self.efforts = self.efforts.saturating_sub(1);
        self.efforts > 0
    }

    fn frames(&mut self, run: &[u8], aligned: bool) {
        let mut from = 0;
        if !aligned && sound_frame(run).is_none() {
            from = self.unreadable(run, 0);
        }
        while let Some(rest) = run.get(from..).filter(|rest| !rest.is_empty()) {
            from += self.frames_until_trouble(rest, from);
            let Some(rest) = run.get(from..).filter(|rest| !rest.is_empty()) else { break };
            match repaired(rest).filter(|_| self.effort()) {
                Some((mut part, length)) => {
                    part.at = from;
                    self.add(part);
                    from += length;
                }
                None => from = self.unreadable(run, from),
            }
        }
    }

    /// Reads frames from `rest`, which begins at `base`, until one is not sound; gives how far it came.
    fn frames_until_trouble(&mut self, rest: &[u8], base: usize) -> usize {
        let mut decoder = Decoder::new(Decoder::LONGEST_FRAME);
        for piece in rest.chunks(FEED) {
            decoder.push(piece);
            loop {
                let start = decoder.offset() as usize;
                match decoder.next_frame() {
                    Ok(Some(frame)) => {
                        let length = decoder.offset() as usize - start;
                        let odd =
                            !is_object(&frame.payload) && repaired(rest.get(start..).unwrap_or_default()).is_some();
                        if odd && self.efforts > 0 {
                            return start;
                        }
                        self.add(Part::of_frame(&frame, base + start, length));
                    }
                    Ok(None) => break,
                    Err(_) => return start,
                }
            }
        }
        decoder.offset() as usize
    }

    /// From `from` on nothing can be read: up to the next frame that is sound. Gives where that begins.
    fn unreadable(&mut self, run: &[u8], from: usize) -> usize {
        let rest = run.get(from..).unwrap_or_default();
        let cut = begins_frame(rest) && rest.len() < Decoder::LONGEST_FRAME;
        let mut next = run.len();
        for at in from + 1..run.len() {
            let candidate = run.get(at..).unwrap_or_default();
            if candidate.len() > 11 && begins_frame(candidate) {
                if !self.effort() {
                    break;
                }
                if sound_frame(candidate).is_some() {
                    next = at;
                    break;
                }
            }
        }
        let part = Part::new(PartKind::Unreadable, from, next - from);
        self.add(Part { cut: cut && next == run.len(), code: *rest.first().unwrap_or(&0), ..part });
        next
    }

    fn responses(&mut self, run: &[u8]) {
        for (index, six) in run.chunks(ErrorResponse::LENGTH).enumerate() {
            let at = index * ErrorResponse::LENGTH;
            match six {
                [ErrorResponse::COMMAND, status, a, b, c, d] => self.add(Part {
                    identifier: Some(u32::from_be_bytes([*a, *b, *c, *d])),
                    code: *status,
                    ..Part::new(PartKind::ErrorResponse, at, ErrorResponse::LENGTH)
                }),
                [first, ..] => {
                    let cut = *first == ErrorResponse::COMMAND;
                    let part = Part::new(PartKind::Unreadable, at, run.len() - at);
                    return self.add(Part { cut, ..part });
                }
                [] => {}
            }
        }
    }

    fn tuples(&mut self, run: &[u8], aligned: bool) {
        let mut from = 0;
        let mut usual = None;
        if !aligned && tuple_length(run, None).is_none() {
            from = self.next_tuple(run, 0, None);
        }
        while from < run.len() {
            let rest = run.get(from..).unwrap_or_default();
            let Some(length) = tuple_length(rest, usual) else {
                from = self.next_tuple(run, from, usual);
                continue;
            };
            let whole = length.min(rest.len());
            self.add(Part { cut: whole < length, ..Part::new(PartKind::Tuple, from, whole) });
            usual = usual.or(Some(length));
            from += whole;
        }
    }

    /// At `from` there should be a tuple, and is none: where the next one begins. If that is near, the tuple before has
    /// lost bytes, or has too many.
    fn next_tuple(&mut self, run: &[u8], from: usize, usual: Option<usize>) -> usize {
        let is_tuple = |at: usize| {
            let rest = run.get(at..)?;
            let length = tuple_length(rest, usual)?;
            let behind = rest.get(length..).unwrap_or_default();
            (rest.len() >= length && (behind.is_empty() || tuple_length(behind, usual).is_some())).then_some(())
        };
        let last = self.parts.last().copied().filter(|part| part.kind == PartKind::Tuple && part.lost == 0);
        for shift in 1..=8 {
            let Some(part) = last.filter(|part| from > part.at + 6 + shift) else { break };
            if is_tuple(from - shift).is_some() {
                self.parts.pop();
                self.add(Part { length: part.length - shift, lost: shift as i32, ..part });
                return from - shift;
            }
        }
        let found = (from + 1..run.len()).take(FEED).find(|at| is_tuple(*at).is_some() && self.efforts > 0);
        self.efforts = self.efforts.saturating_sub(1);
        let next = found.unwrap_or(run.len());
        let lost = if last.is_some() && next - from <= 8 { -((next - from) as i32) } else { 0 };
        let cut = next == run.len() && next - from < 6;
        self.add(Part { lost, cut, ..Part::new(PartKind::Unreadable, from, next - from) });
        next
    }
}

/// The length of the tuple that begins here, if one does: its time is later than the service is old, its token has a
/// length that tokens have, and where others were seen, theirs.
fn tuple_length(bytes: &[u8], usual: Option<usize>) -> Option<usize> {
    let [time, _, _, _, high, low] = *bytes.first_chunk::<6>()?;
    let token = usize::from(u16::from_be_bytes([high, low]));
    let length = 6 + token;
    let fits = (1..=DeviceToken::MAX_BYTES).contains(&token);
    (fits && (0x49..0x90).contains(&time) && usual.is_none_or(|usual| usual == length)).then_some(length)
}

/// Whether a payload may be a JSON object; an empty one asks for a refusal, and is right where it stands.
fn is_object(payload: &[u8]) -> bool {
    matches!(payload, [] | [b'{', .., b'}'])
}

/// The length of the frame that begins here, if it is whole and its payload an object.
fn sound_frame(bytes: &[u8]) -> Option<usize> {
    let mut decoder = Decoder::new(8_192);
    decoder.push(bytes.get(..8_192).unwrap_or(bytes));
    let frame = decoder.next_frame().ok()??;
    (matches!(frame.payload.as_ref(), [b'{', .., b'}']) && !frame.token.is_empty()).then(|| decoder.offset() as usize)
}
