//! What comes in: frames become notifications of runs, or are settled at once.

use std::mem;

use bytes::Bytes;

use crate::binary::frame::{Command, Decoder, FrameView};
use crate::binary::server;

use super::super::entry::{Entry, State};
use super::super::run::{Begins, Run};
use super::super::{Content, Intake, Memory, Verdict};
use super::{Conversation, Fault};

impl Conversation {
    /// Takes bytes; what is to be sent of them is added to `out`. What the client's memory knows is swallowed. Behind a
    /// refused notification everything is thrown away, as the protocol has it.
    pub fn read(&mut self, memory: &mut Memory, bytes: &[u8], now: u64, out: &mut Intake) {
        if let Some(first) = bytes.first() {
            self.wordless.get_or_insert(*first == Command::Simple as u8);
        }
        if self.is_deaf() {
            return;
        }
        // Frames are looked at where it holds them, so it is not held by the conversation meanwhile.
        let mut decoder = mem::replace(&mut self.decoder, Decoder::new(self.limits.frame));
        decoder.push(bytes);
        while !self.deaf {
            let offset = decoder.offset();
            match decoder.next_view() {
                Ok(None) => break,
                Ok(Some(frame)) => self.take(memory, &frame, offset, now, out),
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
        self.decoder = decoder;
        self.advance();
    }

    fn take(&mut self, memory: &mut Memory, frame: &FrameView<'_>, offset: u64, now: u64, out: &mut Intake) {
        self.received += 1;
        let has_none = frame.command == Command::Simple || self.wordless == Some(true);
        let identifier = (!has_none).then(|| frame.identifier.unwrap_or(0));
        if let Some(identifier) = identifier {
            self.first_identifier.get_or_insert(identifier);
        }
        let content = self.contents.frame(frame, now);
        if let Err(answer) = server::judge(frame, self.limits.payload) {
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
        let begins = self.continue_run(frame);
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
        out.add(number, frame.token, begins);
    }

    /// Makes sure that the last run is one for this frame. Something: it has just begun, with that.
    fn continue_run(&mut self, frame: &FrameView<'_>) -> Option<Begins> {
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
        let payload = Bytes::copy_from_slice(frame.payload);
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
}
