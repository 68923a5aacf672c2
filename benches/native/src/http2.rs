//! Requests of HTTP/2 from a stream of bytes, in place: each is answered as soon as it is whole.

use bellpush::http2::hpack::Decoder;

use crate::tally::Tally;
use crate::tls::Protocol;

/// The client's first bytes, before its frames.
const PREFACE: usize = 24;
const HEAD: usize = 9;
/// Of all fields of a request.
const LONGEST_LIST: usize = 16 * 1024;
/// Where a window that shall not limit anything is filled up again.
const WIDE: u32 = 0x7fff_ffff;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// What a dead token's answer says.
const BAD_TOKEN: &[u8] = br#"{"reason":"BadDeviceToken"}"#;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const PRIORITY: u8 = 32;

/// What the gateway allows.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Streams at once.
    pub streams: u32,
    /// Bytes in the connection's window; 0: no limit.
    pub window: u32,
    /// Streams after which a GOAWAY ends the connection; 0: never.
    pub goaway: u32,
}

/// The requests of one connection.
pub struct Requests {
    limits: Limits,
    decoder: Decoder,
    unfinished: Vec<u8>,
    begun: bool,
    /// The numbers of the tokens whose DATA are still to come, by stream, where HEADERS and DATA don't follow each other.
    open: Vec<(u32, u32)>,
    served: u32,
    /// Bytes taken out of the connection's window.
    used: u32,
    id: u64,
}

impl Protocol for Requests {
    fn take(&mut self, bytes: &[u8], tally: &Tally, answers: &mut Vec<u8>) -> bool {
        let mut counts = Counts { tally, dead_every: tally.dead_every(), accepted: 0, duplicates: 0 };
        if !self.unfinished.is_empty() {
            self.unfinished.extend_from_slice(bytes);
            let whole = std::mem::take(&mut self.unfinished);
            let Some(rest) = self.read(&whole, &mut counts, answers) else { return true };
            self.unfinished.extend_from_slice(rest);
        } else {
            let Some(rest) = self.read(bytes, &mut counts, answers) else { return true };
            self.unfinished.extend_from_slice(rest);
        }
        false
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
            served: 0,
            used: 0,
            id: 0,
        }
    }

    /// Reads whole frames; returns the rest, or nothing where the connection is to be ended.
    fn read<'a>(&mut self, mut bytes: &'a [u8], counts: &mut Counts, answers: &mut Vec<u8>) -> Option<&'a [u8]> {
        if !self.begun {
            if bytes.len() < PREFACE {
                return Some(bytes);
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
                HEADERS => self.open_stream(stream, flags, payload, counts, answers)?,
                DATA => {
                    self.consume(length as u32, answers);
                    if flags & END_STREAM != 0 {
                        let at = self.open.iter().rposition(|(open, _)| *open == stream)?;
                        let (_, token) = self.open.swap_remove(at);
                        self.answer(stream, token, counts, answers);
                    }
                }
                SETTINGS if flags & ACK == 0 => answers.extend([0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0]),
                PING if flags & ACK == 0 => {
                    answers.extend([0, 0, 8, PING, ACK, 0, 0, 0, 0]);
                    answers.extend(payload);
                }
                GOAWAY => return None,
                _ => {}
            }
        }
        Some(bytes)
    }

    fn greet(&self, answers: &mut Vec<u8>) {
        answers.extend([0, 0, 12, SETTINGS, 0, 0, 0, 0, 0, 0, 3]);
        answers.extend(self.limits.streams.to_be_bytes());
        answers.extend([0, 4]);
        answers.extend(0x10_0000_u32.to_be_bytes());
        if self.limits.window == 0 {
            fill(WIDE - 65_535, answers);
        }
    }

    fn consume(&mut self, bytes: u32, answers: &mut Vec<u8>) {
        self.used += bytes;
        let size = if self.limits.window == 0 { WIDE } else { self.limits.window };
        if self.used > size / 2 {
            fill(std::mem::take(&mut self.used), answers);
        }
    }

    fn open_stream(
        &mut self,
        stream: u32,
        flags: u8,
        payload: &[u8],
        counts: &mut Counts,
        answers: &mut Vec<u8>,
    ) -> Option<()> {
        // No client of these benchmarks pads.
        let (start, end) = (if flags & PRIORITY != 0 { 5 } else { 0 }, payload.len());
        let mut token = 0;
        let read = |name: &[u8], value: &[u8]| {
            if name == b":path" {
                let digits = value.last_chunk::<8>().and_then(|digits| std::str::from_utf8(digits).ok());
                token = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0);
            }
        };
        self.decoder.decode(payload.get(start..end)?, read).ok()?;
        if flags & END_STREAM != 0 {
            self.answer(stream, token, counts, answers);
        } else {
            self.open.push((stream, token));
        }
        Some(())
    }

    fn answer(&mut self, stream: u32, token: u32, counts: &mut Counts, answers: &mut Vec<u8>) {
        self.served += 1;
        if self.limits.goaway > 0 && self.served > self.limits.goaway {
            // What comes after the GOAWAY's last stream was not processed, and is not counted.
            return;
        }
        if counts.is_dead(token) {
            answers.extend([0, 0, 1, HEADERS, 4]);
            answers.extend(stream.to_be_bytes());
            answers.push(0x8c); // :status 400
            answers.extend([0, 0, BAD_TOKEN.len() as u8, DATA, END_STREAM]);
            answers.extend(stream.to_be_bytes());
            answers.extend(BAD_TOKEN);
        } else {
            counts.accept(token);
            answers.extend([0, 0, 47, HEADERS, END_STREAM | 4]);
            answers.extend(stream.to_be_bytes());
            answers.extend(b"\x88\x00\x07apns-id\x24EC1BF194-B3B2-424A-89D7-");
            self.id += 1;
            for place in (0..12).rev() {
                answers.push(b"0123456789ABCDEF"[(self.id >> (4 * place) & 15) as usize]);
            }
        }
        if self.served == self.limits.goaway {
            answers.extend([0, 0, 8, GOAWAY, 0, 0, 0, 0, 0]);
            answers.extend(stream.to_be_bytes());
            answers.extend([0; 4]);
        }
    }
}

/// Appends a WINDOW_UPDATE of the connection.
fn fill(bytes: u32, answers: &mut Vec<u8>) {
    answers.extend([0, 0, 4, WINDOW_UPDATE, 0, 0, 0, 0, 0]);
    answers.extend(bytes.to_be_bytes());
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
