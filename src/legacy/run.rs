//! Notifications in a row that differ in their tokens only: what one batch carries.

use bytes::Bytes;

use crate::notification::Priority;

/// What the notifications of a run have in common, and where they are among the connection's.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) payload: Bytes,
    pub(super) expiration: Option<u32>,
    pub(super) priority: Option<Priority>,
    /// The position of its first notification.
    pub(super) start: u64,
    /// Behind its last one.
    pub(super) end: u64,
    /// Slots given out.
    pub(super) slots: u32,
    /// Up to this position all that were to be accepted are.
    pub(super) accepted_to: u64,
    /// Nothing more is added.
    pub(super) closed: bool,
}

/// What the notifications of a run have in common: payload, expiration in Unix seconds, priority.
pub type Begins = (Bytes, Option<u32>, Option<Priority>);

/// Tokens to add to one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The run's number, from 0 on, never less than before.
    pub run: u32,
    /// Where this is a run's first segment.
    pub begins: Option<Begins>,
    /// Hexadecimal digits of each of its tokens.
    pub digits: usize,
    /// How many tokens.
    pub count: usize,
}

/// What received bytes came to.
#[derive(Debug, Default)]
pub struct Intake {
    /// In order.
    pub segments: Vec<Segment>,
    /// All the segments' tokens in hexadecimal, one behind the other.
    pub text: Vec<u8>,
}

/// Reckoned and not looked up, so that the compiler does many at once.
fn digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

impl Intake {
    /// Empties it, to be filled again.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.text.clear();
    }

    /// Adds a token to a run, which begins with it where `begins` says what it is.
    pub(super) fn add(&mut self, run: u32, token: &[u8], begins: Option<Begins>) {
        let digits = 2 * token.len();
        match self.segments.last_mut() {
            Some(last) if begins.is_none() && last.run == run && last.digits == digits => last.count += 1,
            _ => self.segments.push(Segment { run, begins, digits, count: 1 }),
        }
        let start = self.text.len();
        self.text.resize(start + digits, 0);
        let (pairs, _) = self.text.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(token) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
    }
}
