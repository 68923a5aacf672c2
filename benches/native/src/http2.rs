//! Requests of HTTP/2 from a stream of bytes, in place: each is answered as soon as it is whole. What is no request for a
//! token with a payload, or overruns the connection's window, is counted as malformed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bellpush::http2::hpack::Decoder;

use crate::tally::Tally;
use crate::tls::Protocol;

/// The client's first bytes, before its frames.
const PREFACE: usize = 24;
const HEAD: usize = 9;
/// Of all fields of a request.
const LONGEST_LIST: usize = 16 * 1024;
/// A window that shall not limit anything; it is filled up again when half of it is used.
const WIDE: u32 = 0x7fff_ffff;
/// The connection's window before anything was said about it.
const FIRST_WINDOW: u32 = 65_535;
/// What a request asks for, before the token.
const PATH: &[u8] = b"/3/device/";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// How many there have been.
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// What a dead token's answer says.
const BAD_TOKEN: &[u8] = br#"{"reason":"BadDeviceToken"}"#;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// What the gateway allows.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Streams at once.
    pub streams: u32,
    /// Bytes in the connection's window, 65,535 at least; 0: no limit.
    pub window: u32,
    /// Streams after which a GOAWAY ends the connection; 0: never.
    pub goaway: u32,
}

impl Limits {
    fn window(self) -> u32 {
        if self.window == 0 { WIDE } else { self.window.max(FIRST_WINDOW) }
    }
}

/// What no client of these benchmarks does, or may do: it is counted as malformed, and ends the connection.
struct Malformed;

/// A stream whose DATA are still to come.
struct Open {
    stream: u32,
    token: u32,
    has_payload: bool,
}

/// The requests of one connection.
pub struct Requests {
    limits: Limits,
    decoder: Decoder,
    /// The beginning of a frame whose rest is still to come.
    unfinished: Vec<u8>,
    begun: bool,
    /// One at most, where HEADERS and DATA follow each other.
    open: Vec<Open>,
    opened: u32,
    /// The GOAWAY's; what comes after it is not processed.
    last_stream: u32,
    /// Bytes that the client may still send.
    window: u32,
    /// The last `apns-id`, of those that no other connection gives.
    id: u64,
}

impl Protocol for Requests {
    fn take(&mut self, bytes: &[u8], tally: &Tally, answers: &mut Vec<u8>) -> bool {
        let mut counts = Counts { tally, dead_every: tally.dead_every(), accepted: 0, duplicates: 0 };
        let mut whole = std::mem::take(&mut self.unfinished);
        let bytes = if whole.is_empty() {
            bytes
        } else {
            whole.extend_from_slice(bytes);
            &whole
        };
        match self.read(bytes, &mut counts, answers) {
            Ok(Some(rest)) => {
                self.unfinished.extend_from_slice(rest);
                self.widen(answers);
                false
            }
            Ok(None) => true,
            Err(Malformed) => {
                tally.refused(true);
                true
            }
        }
    }
}

impl Requests {
    /// Of a connection that begins.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            decoder: Decoder::new(LONGEST_LIST),
            unfinished: Vec::new(),
            begun: false,
            open: Vec::new(),
            opened: 0,
            last_stream: u32::MAX,
            window: FIRST_WINDOW,
            id: CONNECTIONS.fetch_add(1, Relaxed) << 32,
        }
    }

    /// Reads whole frames; returns the rest, or nothing where the client took leave.
    fn read<'a>(
        &mut self,
        mut bytes: &'a [u8],
        counts: &mut Counts,
        answers: &mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, Malformed> {
        if !self.begun {
            if bytes.len() < PREFACE {
                return Ok(Some(bytes));
            }
            bytes = &bytes[PREFACE..];
            self.begun = true;
            self.greet(answers);
        }
        while let Some(head) = bytes.get(..HEAD) {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some(payload) = bytes.get(HEAD..HEAD + length) else { break };
            let (kind, flags, stream) = (head[3], head[4], number(&head[5..]));
            bytes = &bytes[HEAD + length..];
            match kind {
                HEADERS => self.open(stream, flags, payload)?,
                DATA => self.data(stream, flags, length as u32, counts, answers)?,
                SETTINGS if flags & ACK == 0 => answers.extend([0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0]),
                PING if flags & ACK == 0 => {
                    answers.extend([0, 0, 8, PING, ACK, 0, 0, 0, 0]);
                    answers.extend(payload);
                }
                GOAWAY => return Ok(None),
                CONTINUATION => return Err(Malformed),
                _ => {}
            }
        }
        Ok(Some(bytes))
    }

    fn greet(&mut self, answers: &mut Vec<u8>) {
        answers.extend([0, 0, 12, SETTINGS, 0, 0, 0, 0, 0, 0, 3]);
        answers.extend(self.limits.streams.to_be_bytes());
        answers.extend([0, 4]);
        answers.extend(0x10_0000_u32.to_be_bytes());
        self.widen(answers);
    }

    /// Gives back what was used of the connection's window: at once where it is narrow, so that only its size limits.
    fn widen(&mut self, answers: &mut Vec<u8>) {
        let size = self.limits.window();
        let used = size - self.window;
        if used > if size == WIDE { WIDE / 2 } else { 0 } {
            answers.extend([0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 0]);
            answers.extend(used.to_be_bytes());
            self.window = size;
        }
    }

    fn open(&mut self, stream: u32, flags: u8, payload: &[u8]) -> Result<(), Malformed> {
        if flags & (PADDED | END_HEADERS | END_STREAM) != END_HEADERS {
            return Err(Malformed);
        }
        let start = if flags & PRIORITY != 0 { 5 } else { 0 };
        let mut token = None;
        let read = |name: &[u8], value: &[u8]| {
            if name == b":path" {
                token = value.strip_prefix(PATH).and_then(|token| hexadecimal(token.last_chunk()?));
            }
        };
        self.decoder.decode(payload.get(start..).ok_or(Malformed)?, read).map_err(|_| Malformed)?;
        if stream > self.last_stream {
            return Ok(());
        }
        self.opened += 1;
        if self.opened == self.limits.goaway {
            self.last_stream = stream;
        }
        self.open.push(Open { stream, token: token.ok_or(Malformed)?, has_payload: false });
        Ok(())
    }

    fn data(
        &mut self,
        stream: u32,
        flags: u8,
        length: u32,
        counts: &mut Counts,
        answers: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        self.window = self.window.checked_sub(length).ok_or(Malformed)?;
        if stream > self.last_stream {
            return Ok(());
        }
        let at = self.open.iter().rposition(|open| open.stream == stream).ok_or(Malformed)?;
        self.open[at].has_payload |= length > 0;
        if flags & END_STREAM == 0 {
            return Ok(());
        }
        let Open { token, has_payload, .. } = self.open.swap_remove(at);
        if !has_payload {
            return Err(Malformed);
        }
        self.answer(stream, token, counts, answers);
        if stream == self.last_stream {
            answers.extend([0, 0, 8, GOAWAY, 0, 0, 0, 0, 0]);
            answers.extend(stream.to_be_bytes());
            answers.extend([0; 4]);
        }
        Ok(())
    }

    fn answer(&mut self, stream: u32, token: u32, counts: &mut Counts, answers: &mut Vec<u8>) {
        if counts.is_dead(token) {
            answers.extend([0, 0, 1, HEADERS, END_HEADERS]);
            answers.extend(stream.to_be_bytes());
            answers.push(0x8c); // :status 400
            answers.extend([0, 0, BAD_TOKEN.len() as u8, DATA, END_STREAM]);
            answers.extend(stream.to_be_bytes());
            answers.extend(BAD_TOKEN);
        } else {
            counts.accept(token);
            answers.extend([0, 0, 47, HEADERS, END_STREAM | END_HEADERS]);
            answers.extend(stream.to_be_bytes());
            answers.extend(b"\x88\x00\x07apns-id\x24EC1BF194-B3B2-424A-89D7-");
            self.id += 1;
            for place in (0..12).rev() {
                answers.push(b"0123456789ABCDEF"[(self.id >> (4 * place) & 15) as usize]);
            }
        }
    }
}

/// A token's last eight digits.
fn hexadecimal(digits: &[u8; 8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// What a chunk of bytes brought.
struct Counts<'a> {
    tally: &'a Tally,
    dead_every: u64,
    accepted: u64,
    duplicates: u64,
}

impl Counts<'_> {
    fn is_dead(&self, token: u32) -> bool {
        let dead = self.dead_every > 0 && u64::from(token) % self.dead_every == self.dead_every / 2;
        if dead {
            self.tally.refused(false);
        }
        dead
    }

    fn accept(&mut self, token: u32) {
        self.accepted += 1;
        self.duplicates += u64::from(self.tally.note(token));
    }
}

impl Drop for Counts<'_> {
    fn drop(&mut self) {
        self.tally.add(self.accepted, self.duplicates);
    }
}
