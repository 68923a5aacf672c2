//! One old connection: frames in, runs out, verdicts back, and at most one answer.
//!
//! Its notifications have positions, in the order of their frames. Verdicts come in any order; what the client hears is
//! about the first refused position, when every position before it is settled, and when nothing behind it is on its way any
//! more: what was accepted behind it is then known, and remembered, before the client can send it again.

use std::collections::VecDeque;

use crate::binary::frame::Decoder;

use super::content::ContentOf;
use super::entry::{Entry, State};
use super::run::Run;
use super::verdict::SHUTDOWN;
use super::{Content, Memory, Verdict};

mod reading;

/// What a conversation takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a payload.
    pub payload: usize,
    /// Bytes of a frame.
    pub frame: usize,
    /// Notifications whose verdict is to come, or whose turn has not come. The bytes that were received together may
    /// go beyond it.
    pub window: usize,
}

/// What an error response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Apple's status.
    pub status: u8,
    /// The refused notification's; with status 10 the last accepted one's.
    pub identifier: u32,
}

/// Bytes that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Of the byte that is wrong, in the stream.
    pub offset: u64,
    /// What was expected, and what was found.
    pub message: String,
}

/// One old connection. See the [module](self).
#[derive(Debug)]
pub struct Conversation {
    limits: Limits,
    decoder: Decoder,
    contents: ContentOf,
    /// From the oldest one that is not settled in order.
    entries: VecDeque<Entry>,
    /// The position of the first entry.
    first: u64,
    runs: VecDeque<Run>,
    /// The number of the first run.
    first_run: u32,
    /// Entries that are open.
    open: usize,
    /// One of the entries was refused, with a word to be said about it.
    refused: bool,
    /// The client began with command 0: it cannot read an error response, whatever it may send later, so no
    /// notification of it has an identifier.
    wordless: Option<bool>,
    /// A notification of such a client was refused: its connection is to be ended without a word.
    cut: bool,
    /// Nothing more is read.
    deaf: bool,
    /// The client has said all that it will: all of it is carried to its end, whatever becomes of single ones.
    ended: bool,
    fault: Option<Fault>,
    /// The last one, in order, that the client may hold for accepted.
    last_accepted: Option<u32>,
    first_identifier: Option<u32>,
    received: u64,
    swallowed: u64,
}

impl Conversation {
    /// A connection on which nothing was said yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            decoder: Decoder::new(limits.frame),
            contents: ContentOf::default(),
            entries: VecDeque::new(),
            first: 0,
            runs: VecDeque::new(),
            first_run: 0,
            open: 0,
            refused: false,
            wordless: None,
            cut: false,
            deaf: false,
            ended: false,
            fault: None,
            last_accepted: None,
            first_identifier: None,
            received: 0,
            swallowed: 0,
        }
    }

    fn is_deaf(&self) -> bool {
        self.deaf || self.ended || self.refused
    }

    /// The client will say no more. From now on what was received is carried to its end, whatever becomes of single ones:
    /// a client that is gone cannot send the rest again.
    pub fn end_input(&mut self) {
        self.ended = true;
    }

    // ---- verdicts ----

    /// What became of one slot of a run.
    pub fn settle(&mut self, run: u32, slot: u32, verdict: Verdict) {
        let Some(at) = self.place_of(run, slot) else { return };
        let Some(entry) = self.entries.get_mut(at).filter(|entry| entry.state == State::Open) else { return };
        entry.state = State::Settled(verdict);
        self.refused |= matches!(verdict, Verdict::Refused(_)) && entry.identifier.is_some();
        self.open -= 1;
        self.advance();
    }

    /// All slots of a run below this one have settled: those of which nothing else was said were accepted.
    pub fn accept_below(&mut self, run: u32, slot: u32) {
        let Self { runs, entries, open, first, first_run, .. } = self;
        let Some(run) = run.checked_sub(*first_run).and_then(|at| runs.get_mut(at as usize)) else { return };
        let mut position = run.accepted_to.max(*first);
        while position < run.end {
            let Some(entry) = entries.get_mut((position - *first) as usize) else { break };
            if entry.slot >= slot {
                break;
            }
            if entry.state == State::Open {
                entry.state = State::Settled(Verdict::Accepted);
                *open -= 1;
            }
            position += 1;
        }
        run.accepted_to = position;
        self.advance();
    }

    /// Where among the entries a run's slot is: the last of those with its number, because what is in no slot has the
    /// number of the next one.
    fn place_of(&self, run: u32, slot: u32) -> Option<usize> {
        let run = self.runs.get(run.checked_sub(self.first_run)? as usize)?;
        let mut low = run.start.saturating_sub(self.first) as usize;
        let mut high = run.end.checked_sub(self.first)? as usize;
        let start = low;
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.entries.get(middle)?.slot <= slot {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let at = low.checked_sub(1).filter(|at| *at >= start)?;
        (self.entries.get(at)?.slot == slot).then_some(at)
    }

    /// Lets go of what is settled in order.
    fn advance(&mut self) {
        while let Some(entry) = self.entries.front() {
            match entry.state {
                State::Settled(Verdict::Accepted | Verdict::Dropped) => {
                    self.last_accepted = entry.identifier.or(self.last_accepted);
                }
                // It has no identifier that an error response could name, and those behind it go on: also where the
                // others of its connection have one, and could only be ended with it.
                State::Settled(Verdict::Refused(_)) if entry.identifier.is_none() => {
                    self.cut |= self.wordless == Some(true);
                }
                State::Settled(Verdict::Refused(_)) | State::Open => break,
            }
            self.entries.pop_front();
            self.first += 1;
        }
        while self.runs.front().is_some_and(|run| run.closed && run.end <= self.first) {
            self.runs.pop_front();
            self.first_run += 1;
        }
    }

    // ---- out ----

    /// The first refused notification, in order, is known: what is behind it and has not been sent need not be.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.entries.front().is_some_and(|entry| matches!(entry.state, State::Settled(Verdict::Refused(_))))
    }

    /// What the client is to be told, once nothing is on its way any more. Afterwards the connection must end.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        let front = self.entries.front().filter(|_| self.open == 0)?;
        match front.state {
            State::Settled(Verdict::Refused(SHUTDOWN)) => Some(self.shutdown()),
            State::Settled(Verdict::Refused(status)) => Some(Answer { status, identifier: front.identifier? }),
            _ => None,
        }
    }

    /// What a client is told whose connection is ended although nothing is wrong with it: nothing, where it has not sent
    /// anything that could be named.
    #[must_use]
    pub fn farewell(&self) -> Option<Answer> {
        let can_hear = self.first_identifier.is_some() && self.wordless != Some(true);
        (can_hear && self.open == 0).then(|| self.answer().unwrap_or_else(|| self.shutdown()))
    }

    /// Status 10 names the last notification that was accepted; where there is none, the one before the first.
    fn shutdown(&self) -> Answer {
        let before = || self.first_identifier.unwrap_or(0).wrapping_sub(1);
        Answer { status: SHUTDOWN, identifier: self.last_accepted.unwrap_or_else(before) }
    }

    /// The client was given its answer: remembers for it what it will send again although it was accepted. Something: what
    /// [`Memory::withdraw`] knows that by, where it turns out that it was not told.
    pub fn leave(&mut self, memory: &mut Memory, now: u64) -> Option<u64> {
        self.deaf = true;
        let behind = self.entries.iter().skip(1);
        let accepted: Vec<Content> = behind
            .filter(|entry| entry.state == State::Settled(Verdict::Accepted))
            .map(|entry| entry.content)
            .collect();
        self.entries.clear();
        (!accepted.is_empty()).then(|| memory.remember(accepted, now))
    }

    // ---- how it stands ----

    /// How many more notifications it should be given now.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.is_deaf() { 0 } else { self.limits.window.saturating_sub(self.entries.len()) }
    }

    /// Notifications whose verdict is to come.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open
    }

    /// A notification was refused, and the client will hear about one: what it sends now is thrown away.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// The connection is to be ended without a word. What the client still sends is taken nevertheless: it has no way to
    /// know from where on it would have to send again.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// What could not be read, where that ended it.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Notifications read, and those of them that were known to be sent again.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.received, self.swallowed)
    }
}
