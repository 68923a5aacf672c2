//! How a connection ends, and what becomes of its streams then.

use crate::batch::SlotRange;
use crate::outcome::Reason;

use super::super::frame::go_away::{self, GoAway};
use super::super::frame::reset;
use super::super::streams::{State as StreamState, Stream};
use super::{Batches, Connection, ErrorCode, Fault, State};

/// Why a connection takes no more slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// In a word.
    pub kind: EndingKind,
    /// What was said, by the peer or by us.
    pub code: ErrorCode,
    /// In words.
    pub message: String,
}

impl Ending {
    pub(super) fn new(kind: EndingKind, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into() }
    }
}

/// Why a connection takes no more slots, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndingKind {
    /// The peer said GOAWAY.
    GoAway,
    /// The peer broke the rules, or a bound.
    Fault,
    /// The peer is silent.
    Timeout,
    /// Stream ids ran out.
    Exhausted,
    /// We wanted it.
    Closed,
}

impl Connection {
    /// Takes no more slots; the first reason counts.
    #[cold]
    pub(super) fn drain(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
        if self.state == State::Open {
            self.state = State::Draining;
        }
        self.end_if_drained();
    }

    /// A stream has ended, or the connection drains: nothing is left to wait for?
    pub(super) fn end_if_drained(&mut self) {
        if self.state == State::Draining && self.streams.is_empty() {
            self.state = State::Done;
            let fault = self.ending.as_ref().filter(|ending| ending.kind == EndingKind::Fault);
            let (code, words) = fault.map_or((ErrorCode::NO_ERROR, ""), |fault| (fault.code, fault.message.as_str()));
            go_away::encode(code, words, &mut self.control);
        }
    }

    /// The peer takes leave (RFC 9113, section 6.8): what it has not processed is returned. It may come again, with a
    /// lower stream.
    #[cold]
    pub(super) fn go_away<B: Batches>(&mut self, batches: &mut B, go_away: &GoAway, now: u64) {
        for id in self.streams.ids(|stream| stream.id > go_away.last_stream) {
            self.end_unprocessed(batches, id, now);
        }
        let said = if go_away.text.is_empty() { String::new() } else { format!(": {}", go_away.text) };
        let message = format!("the peer took leave with {}{said}", go_away.code);
        self.drain(Ending::new(EndingKind::GoAway, go_away.code, message));
    }

    /// The peer broke the rules. It is told so; what was on its way is in doubt.
    #[cold]
    pub(super) fn fail<B: Batches>(&mut self, batches: &mut B, fault: &Fault, now: u64) {
        let message = fault.to_string();
        self.ending.get_or_insert(Ending::new(EndingKind::Fault, fault.code, message.clone()));
        go_away::encode(fault.code, &message, &mut self.control);
        self.finish(batches, Some(Reason::STREAM_BROKEN), 0, now);
    }

    /// Every stream gets its verdict at once. `doubt`: why those are in doubt that have left whole; `None`: none is, the
    /// peer has processed nothing.
    #[cold]
    pub(super) fn finish<B: Batches>(&mut self, batches: &mut B, doubt: Option<Reason>, unsent: u64, now: u64) {
        let sent = self.written.saturating_sub(unsent);
        for id in self.streams.ids(|_| true) {
            let Some(stream) = self.streams.get(id).copied() else { continue };
            match (stream.state, doubt) {
                (StreamState::Waiting, Some(reason)) if stream.end <= sent => {
                    self.end_in_doubt(batches, id, reason, now);
                }
                _ => self.end_unprocessed(batches, id, now),
            }
        }
        self.state = State::Done;
    }

    /// The stream ends, and its slot, if it has no verdict yet, was surely not processed: it is returned.
    #[cold]
    pub(super) fn end_unprocessed<B: Batches>(&mut self, batches: &mut B, id: u32, now: u64) {
        let Some(stream) = self.end_stream(id, now) else { return };
        match stream.state {
            StreamState::Sending | StreamState::Waiting => {
                give_back(batches, &stream, now);
            }
            StreamState::Accepted => {}
            StreamState::Refused => self.refuse(batches, &stream, now),
        }
    }

    /// The stream ends, and nobody can know what became of its slot.
    #[cold]
    pub(super) fn end_in_doubt<B: Batches>(&mut self, batches: &mut B, id: u32, reason: Reason, now: u64) {
        if let Some(stream) = self.end_stream(id, now) {
            batches.with(stream.key, |batch| batch.doubt(SlotRange::one(stream.slot), reason, now));
        }
    }

    /// Stops a stream: the peer need not answer it any more.
    pub(super) fn reset(&mut self, id: u32, code: ErrorCode) {
        reset::encode(id, code, &mut self.control);
    }

    /// A stream is over.
    pub(super) fn end_stream(&mut self, id: u32, now: u64) -> Option<Stream> {
        let stream = self.streams.remove(id)?;
        if stream.state == StreamState::Sending || !self.partial.is_empty() {
            self.partial.retain(|partial| partial.id != id);
        }
        self.release(stream.key);
        if self.streams.is_empty() {
            self.idle_since = Some(now);
        }
        Some(stream)
    }
}

/// Verdict: the peer surely did not process it.
#[cold]
pub(super) fn give_back<B: Batches>(batches: &mut B, stream: &Stream, now: u64) {
    batches.with(stream.key, |batch| batch.give_back(SlotRange::one(stream.slot), now));
}
