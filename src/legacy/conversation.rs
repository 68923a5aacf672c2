//! One old connection: frames in, runs out, verdicts back, and at most one answer.
//!
//! Its notifications have positions, in the order of their frames. Verdicts come in any order; what the client hears is
//! about the first refused position, when every position before it is settled, and when nothing behind it is on its way any
//! more: what was accepted behind it is then known, and remembered, before the client can send it again.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::binary::frame::{Command, Decoder, Frame};
use crate::binary::server;

use super::content::ContentOf;
use super::entry::{Entry, State};
use super::run::{Begins, Run};
use super::verdict::SHUTDOWN;
use super::{Content, Intake, Memory, Verdict};

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
    /// The client began with command 0: it cannot read an error response.
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

    // ---- in ----

    /// Takes bytes; what is to be sent of them is added to `out`. What the client's memory knows is swallowed. Behind a
    /// refused notification everything is thrown away, as the protocol has it.
    pub fn read(&mut self, memory: &mut Memory, bytes: &[u8], now: u64, out: &mut Intake) {
        if let Some(first) = bytes.first() {
            self.wordless.get_or_insert(*first == Command::Simple as u8);
        }
        if self.is_deaf() {
            return;
        }
        self.decoder.push(bytes);
        while !self.deaf {
            let offset = self.decoder.offset();
            match self.decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => self.take(memory, frame, offset, now, out),
                Err(error) => {
                    let answer = server::answer(&error);
                    self.fault = Some(Fault { offset: error.offset, message: error.problem.to_string() });
                    let identifier = (self.wordless != Some(true)).then_some(answer.identifier);
                    let content = Content { hash: 0, expiration: None, at: now };
                    self.deaf = true;
                    self.settle_at_once(identifier, content, Verdict::Refused(answer.status));
                }
            }
        }
        self.advance();
    }

    fn is_deaf(&self) -> bool {
        self.deaf || self.ended || self.refused
    }

    fn take(&mut self, memory: &mut Memory, frame: Frame, offset: u64, now: u64, out: &mut Intake) {
        self.received += 1;
        let identifier = match frame.command {
            Command::Simple => None,
            _ => Some(frame.identifier.unwrap_or(0)),
        };
        if let Some(identifier) = identifier {
            self.first_identifier.get_or_insert(identifier);
        }
        let content = self.contents.frame(&frame, now);
        if let Err(answer) = server::judge(&frame, self.limits.payload) {
            self.fault = Some(Fault {
                offset,
                message: format!(
                    "expected a token of 1 to 100 bytes and a payload of 1 to {}, found a token of {} and a payload of {}",
                    self.limits.payload,
                    frame.token.len(),
                    frame.payload.len()
                ),
            });
            // Of a client that cannot hear about it, the next ones may be good.
            self.deaf = identifier.is_some();
            return self.settle_at_once(identifier, content, Verdict::Refused(answer.status));
        }
        if !memory.is_empty() && memory.swallow(&content, now) {
            self.swallowed += 1;
            return self.settle_at_once(identifier, content, Verdict::Accepted);
        }
        let begins = self.continue_run(&frame);
        let number = self.first_run + self.runs.len() as u32 - 1;
        let position = self.first + self.entries.len() as u64 + 1;
        let slot = match self.runs.back_mut() {
            Some(run) => {
                run.end = position;
                run.slots += 1;
                run.slots - 1
            }
            None => 0, // there is one: it was just made sure of
        };
        self.entries.push_back(Entry { identifier, content, slot, state: State::Open });
        self.open += 1;
        out.add(number, &frame.token, begins);
    }

    /// Makes sure that the last run is one for this frame. Something: it has just begun, with that.
    fn continue_run(&mut self, frame: &Frame) -> Option<Begins> {
        let fits = self.runs.back().is_some_and(|run| {
            !run.closed
                && run.expiration == frame.expiration
                && run.priority == frame.priority
                && run.payload == frame.payload
        });
        if fits {
            return None;
        }
        self.end_run();
        let start = self.first + self.entries.len() as u64;
        // A copy: what was received would be held with it for as long as the run lasts.
        let payload = Bytes::copy_from_slice(&frame.payload);
        self.runs.push_back(Run {
            payload: payload.clone(),
            expiration: frame.expiration,
            priority: frame.priority,
            start,
            end: start,
            slots: 0,
            accepted_to: start,
            closed: false,
        });
        Some((payload, frame.expiration, frame.priority))
    }

    /// The run that was begun last takes no more: the next notification begins another.
    pub fn end_run(&mut self) {
        if let Some(run) = self.runs.back_mut() {
            run.closed = true;
        }
    }

    fn settle_at_once(&mut self, identifier: Option<u32>, content: Content, verdict: Verdict) {
        let slot = self.runs.back().map_or(0, |run| run.slots);
        self.entries.push_back(Entry { identifier, content, slot, state: State::Settled(verdict) });
        let end = self.first + self.entries.len() as u64;
        if let Some(run) = self.runs.back_mut().filter(|run| !run.closed) {
            run.end = end;
        }
        self.refused |= matches!(verdict, Verdict::Refused(_)) && identifier.is_some();
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
                State::Settled(Verdict::Accepted | Verdict::Dropped) => self.last_accepted = entry.identifier,
                // It has no identifier that an error response could name, and those behind it go on.
                State::Settled(Verdict::Refused(_)) if entry.identifier.is_none() => self.cut = true,
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
