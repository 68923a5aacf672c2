//! HTTP/2 in a capture: the frames of one direction, their header blocks unpacked, and each explained field by field.
//!
//! Header blocks refer to those before them, so where bytes are missing in the capture the headers behind them stay packed.

use crate::binary::explain::{Field, hex};
use crate::http2::ErrorCode;
use crate::http2::frame::{HEAD_BYTES, Head, Kind, flag, padding};
use crate::http2::hpack::Decoder;

use super::parts::{Part, PartKind, hash};

/// How the side that opens the connection begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The code of the part that is the preface: no kind of frame has it.
pub const PREFACE_CODE: u8 = 0xff;

/// The longest frame that is believed in; the protocol allows 16 MiB.
const MAX_FRAME: usize = 1_048_576;

/// Bytes that a payload may have; 1,024 more for VoIP and for broadcast channels.
pub(super) const PAYLOAD_LIMIT: usize = 4_096;

/// Bytes of unpacked headers that are kept of one direction.
const MAX_TEXT: usize = 32 * 1_048_576;

/// Bytes of one header block, and of its fields.
const MAX_BLOCK: usize = 65_536;

/// The names of the kinds of frames (section 6), in order.
const KINDS: [&str; 10] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

/// The names of the settings (section 6.5.2), from 1 on.
const SETTINGS: [&str; 6] = [
    "HEADER_TABLE_SIZE",
    "ENABLE_PUSH",
    "MAX_CONCURRENT_STREAMS",
    "INITIAL_WINDOW_SIZE",
    "MAX_FRAME_SIZE",
    "MAX_HEADER_LIST_SIZE",
];

/// What is known between two frames of a direction.
pub(super) struct Headers {
    /// `None`: the headers from here on cannot be unpacked.
    decoder: Option<Decoder>,
    /// All that were unpacked: a line each, `name: value`.
    pub(super) text: Vec<u8>,
    /// A block that CONTINUATION frames go on with, and the index of the part that began it.
    open: Option<(Vec<u8>, usize)>,
}

impl Default for Headers {
    fn default() -> Self {
        Self { decoder: Some(Decoder::new(MAX_BLOCK)), text: Vec::new(), open: None }
    }
}

impl Headers {
    /// Reads the frames of a run; `aligned`: it is the beginning of the direction.
    pub(super) fn frames(&mut self, run: &[u8], aligned: bool, parts: &mut Vec<Part>, most: usize) {
        let mut at = 0;
        if aligned && run.starts_with(PREFACE) {
            parts.push(Part { code: PREFACE_CODE, ..Part::new(PartKind::Http2, 0, PREFACE.len()) });
            at = PREFACE.len();
        } else if !aligned {
            (self.decoder, self.open) = (None, None);
        }
        while let Some(rest) = run.get(at..).filter(|rest| !rest.is_empty() && parts.len() < most) {
            let head = rest.first_chunk().map(|bytes| Head::decode(*bytes));
            if head.is_some_and(|head| !plausible(head)) || (at == 0 && !aligned && !two_plausible(rest)) {
                let next = (1..rest.len()).find(|next| rest.get(*next..).is_some_and(two_plausible));
                let length = next.unwrap_or(rest.len());
                let code = *rest.first().unwrap_or(&0);
                parts.push(Part { code, ..Part::new(PartKind::Unreadable, at, length) });
                (self.decoder, self.open) = (None, None);
                at += length;
                continue;
            }
            let end = head.map(|head| HEAD_BYTES + head.length).filter(|end| *end <= rest.len());
            let mut part = Part::new(PartKind::Http2, at, end.unwrap_or(rest.len()));
            part.cut = end.is_none();
            if let Some(head) = head {
                part.code = head.kind.0;
                part.identifier = Some(head.stream).filter(|stream| *stream != 0);
            }
            parts.push(part);
            if let (Some(head), Some(body)) = (head, end.and_then(|end| rest.get(HEAD_BYTES..end))) {
                self.take(head, body, parts);
            }
            at += part.length;
        }
    }

    /// Takes a frame, the last of the parts.
    fn take(&mut self, head: Head, body: &[u8], parts: &mut [Part]) {
        let opener = match head.kind {
            Kind::HEADERS => {
                self.open = None;
                let Ok(block) = padding::stripped(head, body, true) else { return };
                self.open = Some((block.to_vec(), parts.len() - 1));
                true
            }
            Kind::CONTINUATION => match &mut self.open {
                Some((block, _)) if block.len() < MAX_BLOCK => {
                    block.extend_from_slice(body);
                    true
                }
                _ => false,
            },
            _ => false,
        };
        if !opener || !head.has(flag::END_HEADERS) {
            return;
        }
        let Some((block, index)) = self.open.take() else { return };
        let Some(part) = parts.get_mut(index) else { return };
        let start = self.text.len();
        let Some(decoder) = &mut self.decoder else { return };
        let text = &mut self.text;
        let done = decoder.decode(&block, |name, value| {
            if text.len() < MAX_TEXT {
                let line = [name, b": ", value].concat();
                // A line break inside would look like another field.
                text.extend(line.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
                text.push(b'\n');
            }
        });
        if done.is_err() {
            self.decoder = None;
        }
        part.text = (start as u32, self.text.len() as u32);
        if let Some(path) = value_of(self.text.get(start..).unwrap_or_default(), b":path") {
            part.key = hash(path.iter()).max(1);
        }
    }
}

/// The value of a field of unpacked headers.
pub(super) fn value_of<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name)?.strip_prefix(b": "))
}

/// Whether a frame may begin like this (section 6).
fn plausible(Head { length, kind, stream, .. }: Head) -> bool {
    let (connection, fits) = (stream == 0, length <= MAX_FRAME);
    match kind {
        Kind::DATA | Kind::HEADERS | Kind::PUSH_PROMISE | Kind::CONTINUATION => !connection && fits,
        Kind::PRIORITY => !connection && length == 5,
        Kind::RST_STREAM => !connection && length == 4,
        Kind::SETTINGS => connection && length % 6 == 0 && length < 600,
        Kind::PING => connection && length == 8,
        Kind::GOAWAY => connection && length >= 8 && fits,
        Kind::WINDOW_UPDATE => length == 4,
        Kind(other) => other < 0x20 && length <= 16_384,
    }
}

/// The same of two in a row, as far as they are there; with a kind that is known.
fn two_plausible(bytes: &[u8]) -> bool {
    let Some(head) = bytes.first_chunk().map(|bytes| Head::decode(*bytes)) else { return false };
    let known = usize::from(head.kind.0) < KINDS.len();
    let next = bytes.get(HEAD_BYTES + head.length..).and_then(<[u8]>::first_chunk);
    known && plausible(head) && next.is_none_or(|next| plausible(Head::decode(*next)))
}

/// The fields of a frame, and what it is in a line of English. `text`: its headers, unpacked.
pub(super) fn explain(raw: &[u8], part: &Part, text: &[u8]) -> (String, Vec<Field>) {
    let mut fields = Vec::new();
    let mut at = 0;
    let mut field = |name: &str, length: usize, value: String| {
        if length > 0 {
            fields.push(Field { name: name.into(), offset: at as u64, length, value });
            at += length;
        }
    };
    let head = raw.first_chunk().map(|bytes| Head::decode(*bytes)).filter(|_| part.code != PREFACE_CODE);
    let Some(head) = head else {
        field(if part.cut { "cut" } else { "preface" }, raw.len(), lossy(raw));
        return ("the connection's preface".into(), fields);
    };
    let name = KINDS.get(usize::from(head.kind.0)).copied().unwrap_or("unknown");
    field("length", 3, head.length.to_string());
    field("type", 1, format!("{} ({name})", head.kind.0));
    field("flags", 1, format!("{:#04x}", head.flags));
    field("stream", 4, head.stream.to_string());
    let body = raw.get(HEAD_BYTES..).unwrap_or_default();
    let number = |at: usize| body.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_be_bytes(*four));
    let code = |at: usize| format!("{} ({})", number(at), ErrorCode(number(at)));
    match head.kind {
        _ if part.cut => field("cut", body.len(), String::new()),
        Kind::HEADERS | Kind::CONTINUATION => field("headers", body.len(), lossy(text).trim_end().into()),
        Kind::DATA if !head.has(flag::PADDED) => field("payload", body.len(), lossy(body)),
        Kind::SETTINGS => {
            for setting in body.chunks(6) {
                let [high, low, a, b, c, d] = *setting else { break };
                let id = u16::from_be_bytes([high, low]);
                let name = usize::from(id).checked_sub(1).and_then(|at| SETTINGS.get(at)).unwrap_or(&"unknown");
                field("setting", 6, format!("{id} ({name}): {}", u32::from_be_bytes([a, b, c, d])));
            }
        }
        Kind::RST_STREAM => field("error code", body.len(), code(0)),
        Kind::GOAWAY => {
            field("last stream", 4, number(0).to_string());
            field("error code", 4, code(4));
            field("debug data", body.len().saturating_sub(8), lossy(body.get(8..).unwrap_or_default()));
        }
        Kind::WINDOW_UPDATE => field("increment", body.len(), number(0).to_string()),
        _ => field("data", body.len(), hex(body)),
    }
    let of = if head.stream == 0 { String::new() } else { format!(" on stream {}", head.stream) };
    let summary = match (value_of(text, b":method"), value_of(text, b":status")) {
        (Some(_), _) => format!("a request{of}"),
        (_, Some(status)) => format!("an answer{of}: status {}", lossy(status)),
        _ => format!("{name}{of}"),
    };
    (summary, fields)
}

fn lossy(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}
