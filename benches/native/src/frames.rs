//! Frames from a stream of bytes, in place: commands 0, 1 and 2, one after the other, without allocating for any.

use crate::tally::Tally;
use crate::tls::Protocol;

/// No frame that a client of these benchmarks sends is longer.
const LONGEST_FRAME: usize = 8192;
/// A shorter token has no number, and Apple had none.
const SHORTEST_TOKEN: usize = 8;

/// The error response that ends a connection. `None` for the identifier: command 0, which is cut without a word.
struct Answer {
    status: u8,
    identifier: Option<u32>,
}

struct Frame<'a> {
    identifier: Option<u32>,
    token: &'a [u8],
    has_payload: bool,
}

/// The stream of one connection.
pub struct Frames {
    /// The beginning of a frame whose rest is still to come.
    unfinished: Vec<u8>,
}

impl Protocol for Frames {
    fn take(&mut self, bytes: &[u8], tally: &Tally, answers: &mut Vec<u8>) -> bool {
        let Some(Answer { status, identifier }) = self.read(bytes, tally) else { return false };
        if let Some(identifier) = identifier {
            answers.extend([8, status]);
            answers.extend(identifier.to_be_bytes());
        }
        true
    }
}

impl Frames {
    /// At its beginning.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "nobody makes one but a gateway")]
    pub fn new() -> Self {
        Self { unfinished: Vec::with_capacity(2 * LONGEST_FRAME) }
    }

    /// Reads on; an answer ends the stream.
    fn read(&mut self, mut bytes: &[u8], tally: &Tally) -> Option<Answer> {
        let mut judge = Judge { tally, dead_every: tally.dead_every(), accepted: 0, duplicates: 0 };
        if !self.unfinished.is_empty() {
            // Enough to finish the frame that has begun: how many of them it takes, its parser says.
            let before = self.unfinished.len();
            self.unfinished.extend_from_slice(&bytes[..bytes.len().min(LONGEST_FRAME)]);
            match split(&self.unfinished) {
                Ok(Some((frame, length))) => {
                    if let Some(answer) = judge.judge(&frame) {
                        return Some(answer);
                    }
                    bytes = &bytes[length - before..];
                    self.unfinished.clear();
                }
                Ok(None) if self.unfinished.len() < LONGEST_FRAME => return None,
                Ok(None) => return Some(judge.refuse(Answer { status: 128, identifier: Some(0) })),
                Err(answer) => return Some(judge.refuse(answer)),
            }
        }
        loop {
            match split(bytes) {
                Ok(Some((frame, length))) => {
                    if let Some(answer) = judge.judge(&frame) {
                        return Some(answer);
                    }
                    bytes = &bytes[length..];
                }
                Ok(None) => break,
                Err(answer) => return Some(judge.refuse(answer)),
            }
        }
        self.unfinished.extend_from_slice(bytes);
        None
    }
}

struct Judge<'a> {
    tally: &'a Tally,
    dead_every: u64,
    accepted: u64,
    duplicates: u64,
}

impl Judge<'_> {
    fn judge(&mut self, frame: &Frame) -> Option<Answer> {
        let identifier = frame.identifier;
        if frame.token.len() < SHORTEST_TOKEN {
            return Some(self.refuse(Answer { status: 5, identifier }));
        }
        if !frame.has_payload {
            return Some(self.refuse(Answer { status: 4, identifier }));
        }
        let number = number(&frame.token[frame.token.len() - 4..]);
        if self.dead_every > 0 && u64::from(number) % self.dead_every == self.dead_every / 2 {
            self.tally.refused(false);
            return Some(Answer { status: 8, identifier });
        }
        self.accepted += 1;
        self.duplicates += u64::from(self.tally.note(number));
        None
    }

    fn refuse(&self, answer: Answer) -> Answer {
        self.tally.refused(true);
        answer
    }
}

impl Drop for Judge<'_> {
    fn drop(&mut self) {
        self.tally.add(self.accepted, self.duplicates);
    }
}

/// The first frame and its length; nothing: it is not there whole.
fn split(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Answer> {
    match bytes.first() {
        None => Ok(None),
        Some(0) => Ok(split_legacy(bytes, 1, None)),
        Some(1) => Ok(bytes.get(1..5).and_then(|identifier| split_legacy(bytes, 9, Some(number(identifier))))),
        Some(2) => split_items(bytes),
        Some(_) => Err(Answer { status: 128, identifier: Some(0) }),
    }
}

/// Commands 0 and 1, whose token begins at `at`.
fn split_legacy(bytes: &[u8], at: usize, identifier: Option<u32>) -> Option<(Frame<'_>, usize)> {
    let (token, rest) = split_counted(bytes.get(at..)?)?;
    let (payload, rest) = split_counted(rest)?;
    Some((Frame { identifier, token, has_payload: !payload.is_empty() }, bytes.len() - rest.len()))
}

fn split_items(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, Answer> {
    let Some(length) = bytes.get(1..5).map(|length| number(length) as usize) else {
        return Ok(None);
    };
    let mut frame = Frame { identifier: Some(0), token: &[], has_payload: false };
    if length > LONGEST_FRAME - 5 {
        return Err(Answer { status: 128, identifier: frame.identifier });
    }
    let Some(mut items) = bytes.get(5..5 + length) else {
        return Ok(None);
    };
    while let [id, counted @ ..] = items {
        let Some((data, rest)) = split_counted(counted) else {
            return Err(Answer { status: 128, identifier: frame.identifier });
        };
        match (id, data.len()) {
            (1, _) => frame.token = data,
            (2, length) => frame.has_payload = length > 0,
            (3, 4) => frame.identifier = Some(number(data)),
            _ => {}
        }
        items = rest;
    }
    Ok(Some((frame, 5 + length)))
}

/// What stands behind a length of two bytes, and the rest.
fn split_counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(2)?;
    rest.split_at_checked(usize::from(u16::from_be_bytes([length[0], length[1]])))
}

/// Four bytes, big-endian.
fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
