//! One connection to a gateway: claimed slots become frames, error responses become verdicts.
//!
//! Success is silence in this protocol, and a rejection ends the connection. So a link ends what it has sent with a
//! *sentinel*: a knowingly bad notification. The gateway reads in order; when it refuses the sentinel, it has accepted
//! everything before.
//!
//! How to drive it: while the connection takes bytes, send what [`Link::write`] gives; hand received bytes to
//! [`Link::read`]; call [`Link::tick`] at [`Link::deadline`]; when the connection has ended for whatever reason, call
//! [`Link::closed`]. As soon as [`Link::state`] is [`LinkState::Done`], close the connection: nothing that the gateway
//! says afterwards matters, and what it did not accept is already back in the batch.

use std::collections::VecDeque;

use crate::batch::{Batch, SlotRange};
use crate::notification::{DeviceToken, Notification};
use crate::outcome::Reason;

use super::error_response::{Decoder, ErrorResponse};
use super::frame::{Command, item, put_item};

/// Where a link is on its way.
///
/// ```text
/// Open ── nothing left to send: the sentinel is written ──▶ Confirming
///   └───────── an answer, a close, a time-out ─────▶ Done ◀─────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It takes slots.
    Open,
    /// It has written its sentinel and waits for the answer; it takes no more slots.
    Confirming,
    /// Every slot it had has its verdict.
    Done,
}

/// Consecutive slots with frames of one length, with consecutive identifiers.
#[derive(Clone, Copy, Debug)]
struct Run {
    slots: SlotRange,
    /// The identifier of the first slot.
    identifier: u32,
    /// Where the first frame begins in the stream of written bytes.
    start: u64,
    frame_length: u64,
}

/// How a link waits. [`u64::MAX`]: for ever.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Milliseconds that a link with unconfirmed notifications waits for more tokens before it writes its sentinel.
    pub linger: u64,
    /// Milliseconds without any progress after which the gateway is taken for dead.
    pub answer: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { linger: 250, answer: 30_000 }
    }
}

/// One connection. See the [module](self).
#[derive(Debug)]
pub struct Link {
    template: Template,
    timing: Timing,
    state: LinkState,
    /// What has been written and has no verdict, in the order of writing.
    in_flight: VecDeque<Run>,
    next_identifier: u32,
    /// The sentinel's identifier, once it is written.
    sentinel: Option<u32>,
    /// Bytes given out by `write`.
    written: u64,
    answers: Decoder,
    /// When bytes last went out or came in.
    progress_at: u64,
    /// When it first found nothing to send, since it last sent something.
    idle_since: Option<u64>,
}

impl Link {
    /// The identifier of the first notification. Gateways were seen to answer with 0 where they could not read the
    /// identifier, so 0 is never used.
    const FIRST_IDENTIFIER: u32 = 1;
    /// Identifiers never wrap: a link that comes here takes no more slots. Two numbers remain, for a token that needs a
    /// second opinion and for the sentinel.
    const LAST_IDENTIFIER: u32 = u32::MAX - 1;

    /// A link for a fresh connection.
    #[must_use]
    pub fn new(notification: &Notification, now: u64) -> Self {
        Self {
            template: Template::new(notification),
            timing: Timing::default(),
            state: LinkState::Open,
            in_flight: VecDeque::new(),
            next_identifier: Self::FIRST_IDENTIFIER,
            sentinel: None,
            written: 0,
            answers: Decoder::default(),
            progress_at: now,
            idle_since: None,
        }
    }

    /// Changes how it waits.
    #[must_use]
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Where it is on its way.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// How many notifications it has written that have no verdict yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.in_flight.iter().map(|run| u64::from(run.slots.len())).sum()
    }

    /// Appends what is to be sent next to `out`, about `max_bytes`: it begins no frame beyond them but the ones that end
    /// the link. Nothing: there is nothing to send now; call again when the batch has got tokens, or at
    /// [`Link::deadline`].
    pub fn write(&mut self, batch: &mut Batch, out: &mut Vec<u8>, max_bytes: usize, now: u64) {
        if self.state != LinkState::Open {
            return;
        }
        let before = out.len();
        let all_claimed = self.write_claimed(batch, out, before.saturating_add(max_bytes), now);
        if out.len() > before {
            self.progress_at = now;
            self.idle_since = None;
        }
        if all_claimed {
            self.write_ending(batch, out, now);
        }
    }

    /// Writes what it can claim, until `out` has about `end` bytes. True: there is nothing more to claim.
    fn write_claimed(&mut self, batch: &mut Batch, out: &mut Vec<u8>, end: usize, now: u64) -> bool {
        while out.len() < end {
            let fitting = ((end - out.len()) / self.template.longest_length).max(1);
            let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
            let numbers = Self::LAST_IDENTIFIER - self.next_identifier;
            let Some(slots) = batch.claim(numbers.min(fitting), now) else {
                return true;
            };
            for slot in slots.start..slots.end {
                self.write_slot(batch, out, slot);
            }
        }
        false
    }

    fn write_slot(&mut self, batch: &Batch, out: &mut Vec<u8>, slot: u32) {
        let before = out.len();
        let identifier = self.next_identifier;
        self.next_identifier += 1;
        self.template.put(out, identifier, batch.token(slot));
        let start = self.written;
        let frame_length = (out.len() - before) as u64;
        self.written += frame_length;
        match self.in_flight.back_mut() {
            Some(last) if last.slots.end == slot && last.frame_length == frame_length => last.slots.end += 1,
            _ => self.in_flight.push_back(Run { slots: SlotRange::one(slot), identifier, start, frame_length }),
        }
    }

    /// Nothing is left to claim. A token that needs a second opinion ends the link at once: its refusal proves what the
    /// sentinel's would. Otherwise the sentinel is written as soon as no more tokens can be expected.
    fn write_ending(&mut self, batch: &mut Batch, out: &mut Vec<u8>, now: u64) {
        let idle_since = *self.idle_since.get_or_insert(now);
        let suspect = batch.claim_suspect(now);
        if let Some(slot) = suspect {
            self.write_slot(batch, out, slot);
        }
        let lingered = now >= idle_since.saturating_add(self.timing.linger);
        let full = self.next_identifier >= Self::LAST_IDENTIFIER;
        if self.in_flight.is_empty() || !(suspect.is_some() || batch.is_draining() || lingered || full) {
            return;
        }
        let before = out.len();
        put_sentinel(out, self.next_identifier);
        self.written += (out.len() - before) as u64;
        self.sentinel = Some(self.next_identifier);
        self.state = LinkState::Confirming;
        self.progress_at = now;
    }

    /// Takes received bytes. Only the first error response of a connection counts: it ends it.
    pub fn read(&mut self, batch: &mut Batch, bytes: &[u8], now: u64) {
        self.progress_at = now;
        for byte in bytes {
            if self.state == LinkState::Done {
                return;
            }
            match self.answers.push(*byte) {
                Ok(None) => {}
                Ok(Some(response)) => self.answer(batch, response, now),
                Err(_) => self.finish_in_doubt(batch, Reason::UNREADABLE_ANSWER, now),
            }
        }
    }

    /// The connection has ended, and of what [`Link::write`] gave, the last `unsent` bytes surely did not leave. What
    /// was sent whole is in doubt, for the reason given.
    pub fn closed(&mut self, batch: &mut Batch, unsent: u64, reason: Reason, now: u64) {
        let sent = self.written.saturating_sub(unsent);
        let mut sent_runs = VecDeque::new();
        for run in std::mem::take(&mut self.in_flight) {
            // A frame that left in part cannot have been processed.
            let whole = (sent.saturating_sub(run.start) / run.frame_length).min(u64::from(run.slots.len())) as u32;
            let middle = run.slots.start + whole;
            if whole > 0 {
                sent_runs.push_back(Run { slots: SlotRange { start: run.slots.start, end: middle }, ..run });
            }
            batch.give_back(SlotRange { start: middle, end: run.slots.end }, now);
        }
        self.in_flight = sent_runs;
        self.finish_in_doubt(batch, reason, now);
    }

    /// The gateway surely processed nothing that was written on this connection: it refused our certificate.
    pub fn refused(&mut self, batch: &mut Batch, now: u64) {
        self.finish_returned(batch, now);
    }

    /// When [`Link::tick`] or [`Link::write`] has something to do by time alone.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        if self.state == LinkState::Done || self.in_flight.is_empty() {
            return None;
        }
        let answer = self.progress_at.saturating_add(self.timing.answer);
        let linger = match (self.state, self.idle_since) {
            (LinkState::Open, Some(since)) => since.saturating_add(self.timing.linger),
            _ => u64::MAX,
        };
        Some(answer.min(linger))
    }

    /// Time has passed. Where the gateway has been silent and has taken no bytes for too long, what it was sent is in
    /// doubt; `unsent` is as for [`Link::closed`].
    pub fn tick(&mut self, batch: &mut Batch, unsent: u64, now: u64) {
        if self.state != LinkState::Done
            && !self.in_flight.is_empty()
            && now >= self.progress_at.saturating_add(self.timing.answer)
        {
            self.closed(batch, unsent, Reason::NO_ANSWER, now);
        }
    }

    fn answer(&mut self, batch: &mut Batch, response: ErrorResponse, now: u64) {
        let ErrorResponse { status, identifier } = response;
        let shutdown = status == ErrorResponse::SHUTDOWN;
        if self.is_sentinel(response) {
            self.finish_accepted(batch, now);
        } else if shutdown && self.accept_below(batch, identifier, now) {
            // It names the last that was accepted, so it is accepted as well.
            if let Some(slot) = self.take_first() {
                batch.accept(SlotRange::one(slot), now);
            }
            self.finish_returned(batch, now);
        } else if status == 0 && self.accept_below(batch, identifier, now) {
            // "No error" names a notification and discards the rest, or perhaps not: nobody has documented it.
            self.finish_in_doubt(batch, Reason(0), now);
        } else if self.accept_below(batch, identifier, now) {
            let failed = self.take_first();
            self.finish_returned(batch, now);
            if let Some(slot) = failed {
                batch.refuse(slot, Reason(u16::from(status)), now);
            }
        } else {
            self.finish_in_doubt(batch, Reason::UNKNOWN_IDENTIFIER, now);
        }
    }

    /// Whether this answers the sentinel. Its identifier says so whatever the status (a shutdown that names it as the
    /// last one accepted says the same of all before it). Where the identifier was not read, only "missing payload" says
    /// so: no other notification of a link lacks one, whereas a gateway may dislike the size of a token or of a payload,
    /// or lose track of a token, before it has read whose it is.
    fn is_sentinel(&self, response: ErrorResponse) -> bool {
        self.sentinel.is_some_and(|sentinel| {
            response.identifier == sentinel || (response == ErrorResponse { status: MISSING_PAYLOAD, identifier: 0 })
        })
    }

    /// Accepts everything that was written before `identifier`; what carries it is then the first in flight. False,
    /// with nothing done, where nothing in flight carries it.
    fn accept_below(&mut self, batch: &mut Batch, identifier: u32, now: u64) -> bool {
        let known = self
            .in_flight
            .iter()
            .any(|run| identifier.checked_sub(run.identifier).is_some_and(|distance| distance < run.slots.len()));
        if !known {
            return false;
        }
        while let Some(run) = self.in_flight.front_mut() {
            let before = identifier.saturating_sub(run.identifier).min(run.slots.len());
            let accepted = SlotRange { start: run.slots.start, end: run.slots.start + before };
            run.slots.start += before;
            run.identifier += before;
            run.start += u64::from(before) * run.frame_length;
            let emptied = run.slots.is_empty();
            batch.accept(accepted, now);
            if !emptied {
                break;
            }
            self.in_flight.pop_front();
        }
        true
    }

    fn take_first(&mut self) -> Option<u32> {
        let run = self.in_flight.front_mut()?;
        let slot = run.slots.start;
        run.slots.start += 1;
        run.identifier += 1;
        run.start += run.frame_length;
        if run.slots.is_empty() {
            self.in_flight.pop_front();
        }
        Some(slot)
    }

    fn finish_accepted(&mut self, batch: &mut Batch, now: u64) {
        self.state = LinkState::Done;
        for run in self.in_flight.drain(..) {
            batch.accept(run.slots, now);
        }
    }

    fn finish_returned(&mut self, batch: &mut Batch, now: u64) {
        self.state = LinkState::Done;
        for run in self.in_flight.drain(..) {
            batch.give_back(run.slots, now);
        }
    }

    fn finish_in_doubt(&mut self, batch: &mut Batch, reason: Reason, now: u64) {
        self.state = LinkState::Done;
        for run in self.in_flight.drain(..) {
            batch.doubt(run.slots, reason, now);
        }
    }
}

/// The status of the sentinel's defect that no other notification can have.
const MISSING_PAYLOAD: u8 = 4;

/// A notification that no gateway can accept: a token of one byte and no payload. Its identifier comes first, so that a
/// gateway that stops at the first bad item has read it. Not an empty token, though: that was seen to be answered with
/// identifier 0 and status 2, which a gateway that loses track of another notification says as well.
fn put_sentinel(out: &mut Vec<u8>, identifier: u32) {
    out.push(Command::Items as u8);
    out.extend_from_slice(&14_u32.to_be_bytes());
    put_item(out, item::IDENTIFIER, 4, &identifier.to_be_bytes());
    put_item(out, item::TOKEN, 1, &[0]);
    put_item(out, item::PAYLOAD, 0, &[]);
}

/// Everything of a command 2 frame but the token and the identifier, ready to be copied.
#[derive(Debug)]
struct Template {
    /// From the payload item up to the identifier's value.
    middle: Vec<u8>,
    /// From behind the identifier to the end.
    tail: Vec<u8>,
    /// The length of a frame with the longest token, so that as many surely fit.
    longest_length: usize,
}

impl Template {
    fn new(notification: &Notification) -> Self {
        let payload = notification.payload.as_bytes();
        let mut middle = Vec::with_capacity(payload.len() + 6);
        // A payload is limited to a few thousand bytes when it is parsed.
        put_item(&mut middle, item::PAYLOAD, payload.len() as u16, payload);
        middle.push(item::IDENTIFIER);
        middle.extend_from_slice(&4_u16.to_be_bytes());
        let mut tail = Vec::with_capacity(11);
        if let Some(expiration) = notification.expiration {
            put_item(&mut tail, item::EXPIRATION, 4, &expiration.to_be_bytes());
        }
        if let Some(priority) = notification.priority {
            put_item(&mut tail, item::PRIORITY, 1, &[priority.0]);
        }
        let longest_length = 5 + 3 + DeviceToken::MAX_BYTES + middle.len() + 4 + tail.len();
        Self { middle, tail, longest_length }
    }

    fn put(&self, out: &mut Vec<u8>, identifier: u32, token: &[u8]) {
        let items = 3 + token.len() + self.middle.len() + 4 + self.tail.len();
        out.push(Command::Items as u8);
        out.extend_from_slice(&(items as u32).to_be_bytes());
        // A token in a batch has at most 100 bytes.
        put_item(out, item::TOKEN, token.len() as u16, token);
        out.extend_from_slice(&self.middle);
        out.extend_from_slice(&identifier.to_be_bytes());
        out.extend_from_slice(&self.tail);
    }
}
