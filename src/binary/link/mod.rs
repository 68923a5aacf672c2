//! One connection to a gateway: claimed slots become frames, error responses become verdicts.
//!
//! Success is silence in this protocol, and a rejection ends the connection. So a link ends what it has sent with a
//! *sentinel*: a knowingly bad notification. The gateway reads in order; when it refuses the sentinel, it has accepted
//! everything before. For gateways that cannot be asked so there is [`Confirm::Quiet`]: silence is taken for success after
//! a while, and a refusal that comes later is told by [`Link::take_late`].
//!
//! How to drive it: while the connection takes bytes, send what [`Link::write`] gives; hand received bytes to
//! [`Link::read`]; call [`Link::tick`] at [`Link::deadline`]; when the connection has ended for whatever reason, call
//! [`Link::closed`]. As soon as [`Link::state`] is [`LinkState::Done`], close the connection: nothing that the gateway
//! says afterwards matters, and what it did not accept is already back in the batch.
//!
//! How far it writes ahead: everything behind a refused notification is written in vain. While none is refused, there is
//! no limit but the connection's own. As soon as some are, it writes what will probably hold a few of them, then gives
//! the gateway a round trip's time to answer before it writes more.

mod frames;
mod in_flight;
mod presumed;

use crate::batch::{Batch, Refusal, Slot, SlotRange};
use crate::notification::Notification;
use crate::outcome::Reason;

use super::error_response::{Decoder, ErrorResponse};

use frames::Frames;
use in_flight::{InFlight, Run};
use presumed::Presumed;

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

/// A link that has accused a token is done: whoever asks for one that was accused is another.
const NEVER_AN_ACCUSER: u32 = u32::MAX;

/// The status of the sentinel's defect that no other notification can have.
const MISSING_PAYLOAD: u8 = 4;

/// How a link waits. [`u64::MAX`]: for ever.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Milliseconds that a link with unconfirmed notifications waits for more tokens before it writes its sentinel.
    pub linger: u64,
    /// Milliseconds without any progress after which the gateway is taken for dead, where nothing is in flight. Each
    /// notification in flight gives it [`Timing::EACH`] more.
    pub answer: u64,
    /// Milliseconds that an answer takes, probably: the time for the bytes to the gateway and back.
    pub round_trip: u64,
}

impl Timing {
    /// Milliseconds for a gateway to process one notification. The buffers of two kernels take everything at once, and
    /// nothing comes back until the last was processed: a slow gateway looks like a dead one for as long.
    pub const EACH: u64 = 2;
}

impl Default for Timing {
    fn default() -> Self {
        Self { linger: 250, answer: 30_000, round_trip: 2 }
    }
}

/// How a link learns that what it has sent was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// It asks: its sentinel's rejection proves all before it.
    Sentinel,
    /// It presumes so after this many milliseconds of silence.
    Quiet(u64),
}

/// Why a link claims no more for now.
enum Claims {
    BytesUsedUp,
    NothingLeft,
    /// The other links' share is what is left.
    ShareTaken,
    /// As much is on its way as makes sense before the gateway has had time to answer.
    FarAhead,
}

/// One connection. See the [module](self).
#[derive(Debug)]
pub struct Link {
    frames: Frames,
    timing: Timing,
    confirm: Confirm,
    state: LinkState,
    in_flight: InFlight,
    next_identifier: u32,
    /// The sentinel's identifier, once it is written.
    sentinel: Option<u32>,
    /// Bytes given out by `write`.
    written: u64,
    answers: Decoder,
    /// When bytes last went out or came in, or could have.
    progress_at: u64,
    /// When it first found nothing to send, since it last sent something.
    idle_since: Option<u64>,
    /// Of what `write` gave, not everything is known to have left.
    leaving: bool,
    /// Notifications written since it last waited for an answer.
    ahead: u64,
    /// Notifications in flight that the gateway has had the time to refuse, and did not.
    unopposed: u64,
    /// It waits for an answer and writes nothing before this time.
    waits_until: Option<u64>,
    /// It knows what became of something that it wrote.
    has_learnt: bool,
    /// Accepted by silence.
    presumed: Presumed,
    /// What was presumed wrongly, until it is taken.
    late: Vec<(Slot, Reason)>,
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
            frames: Frames::new(notification),
            timing: Timing::default(),
            confirm: Confirm::Sentinel,
            state: LinkState::Open,
            in_flight: InFlight::default(),
            next_identifier: Self::FIRST_IDENTIFIER,
            sentinel: None,
            written: 0,
            answers: Decoder::default(),
            progress_at: now,
            idle_since: None,
            leaving: false,
            ahead: 0,
            unopposed: 0,
            waits_until: None,
            has_learnt: false,
            presumed: Presumed::default(),
            late: Vec::new(),
        }
    }

    /// Changes how it waits.
    #[must_use]
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Changes how it learns what was accepted.
    #[must_use]
    pub fn with_confirm(mut self, confirm: Confirm) -> Self {
        self.confirm = confirm;
        self
    }

    /// Slots that settled as accepted for the gateway's silence and were refused afterwards, or discarded behind one that
    /// was. The batch does not change its mind; nobody should be left to believe it.
    #[must_use]
    pub fn take_late(&mut self) -> Vec<(Slot, Reason)> {
        std::mem::take(&mut self.late)
    }

    /// Where it is on its way.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// Whether it has been asked to carry anything.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.written > 0
    }

    /// Whether it has learnt what became of something that it wrote: from an answer that can be understood, or from
    /// silence where that is an answer. A connection that teaches nothing was made in vain.
    #[must_use]
    pub fn has_learnt(&self) -> bool {
        self.has_learnt
    }

    /// How many notifications it has written that have no verdict yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.in_flight.len()
    }

    /// What is to be sent next, about `max_bytes`: it begins no frame beyond them but the ones that end the link. Nothing:
    /// there is nothing to send now; call again when the batch has got tokens, or at [`Link::deadline`]. The next call
    /// writes over these bytes.
    pub fn write(&mut self, batch: &mut Batch, max_bytes: usize, now: u64) -> &[u8] {
        self.frames.begin();
        self.wake(now);
        if self.state == LinkState::Open && self.waits_until.is_none() {
            let claims = self.write_claimed(batch, max_bytes, now);
            let wrote = self.frames.len() > 0;
            if wrote {
                self.progress_at = now;
                self.idle_since = None;
            }
            match claims {
                Claims::BytesUsedUp => {}
                Claims::FarAhead => self.waits_until = Some(now.saturating_add(self.timing.round_trip)),
                Claims::NothingLeft => self.write_ending(batch, wrote, false, now),
                Claims::ShareTaken => self.write_ending(batch, wrote, true, now),
            }
        }
        self.frames.bytes()
    }

    /// Ends the wait for an answer when its time has come, whether or not the connection takes anything then. The wait
    /// was its own wish, so what a gateway may be silent for begins now.
    fn wake(&mut self, now: u64) {
        if self.waits_until.is_some_and(|time| now >= time) {
            self.waits_until = None;
            self.progress_at = now;
            self.ahead = 0;
            self.unopposed = self.in_flight.len();
        }
    }

    /// Writes what it can claim, up to about `end` bytes.
    fn write_claimed(&mut self, batch: &mut Batch, end: usize, now: u64) -> Claims {
        let (write_ahead, share) = (batch.write_ahead(self.unopposed), batch.share());
        while self.frames.len() < end {
            let fitting = ((end - self.frames.len()) / self.frames.longest_length).max(1) as u64;
            let ahead = write_ahead.saturating_sub(self.ahead);
            let share = share.saturating_sub(self.in_flight.len());
            let numbers = u64::from(Self::LAST_IDENTIFIER - self.next_identifier);
            if share == 0 {
                return Claims::ShareTaken;
            }
            if ahead == 0 {
                return Claims::FarAhead;
            }
            let max = fitting.min(ahead).min(share).min(numbers);
            let Some(slots) = batch.claim(u32::try_from(max).unwrap_or(u32::MAX), now) else {
                return Claims::NothingLeft;
            };
            self.ahead += u64::from(slots.len());
            self.write_slots(batch, slots);
        }
        Claims::BytesUsedUp
    }

    /// Writes the frames of claimed slots.
    fn write_slots(&mut self, batch: &Batch, slots: SlotRange) {
        for tokens in batch.tokens(slots) {
            let (identifier, frame_length) = (self.next_identifier, self.frames.length(tokens.length) as u64);
            self.frames.put(tokens, identifier);
            self.in_flight.push(Run { slots: tokens.slots, identifier, start: self.written, frame_length });
            self.next_identifier += tokens.slots.len();
            self.written += u64::from(tokens.slots.len()) * frame_length;
            self.leaving = true;
        }
    }

    /// Nothing is left to claim, or its share is taken. A token that needs a second opinion ends the link at once: its
    /// refusal proves what the sentinel's would. Otherwise the sentinel is written as soon as no more tokens can be
    /// expected.
    fn write_ending(&mut self, batch: &mut Batch, wrote: bool, share_taken: bool, now: u64) {
        // It lingers from the first time that it is asked in vain: until then its bytes may still wait to leave.
        if !wrote {
            self.idle_since.get_or_insert(now);
        }
        let suspect = batch.claim_suspect(NEVER_AN_ACCUSER, now);
        if let Some(slot) = suspect {
            self.write_slots(batch, SlotRange::one(slot));
            self.progress_at = now;
        }
        if self.confirm != Confirm::Sentinel {
            return;
        }
        let lingered = self.lingers_until().is_some_and(|time| now >= time);
        let full = share_taken || self.next_identifier >= Self::LAST_IDENTIFIER;
        if self.in_flight.is_empty() || !(suspect.is_some() || batch.is_draining() || lingered || full) {
            return;
        }
        let before = self.frames.len();
        self.frames.put_sentinel(self.next_identifier);
        self.written += (self.frames.len() - before) as u64;
        self.sentinel = Some(self.next_identifier);
        self.state = LinkState::Confirming;
        self.progress_at = now;
    }

    /// Everything that [`Link::write`] gave has left. Only with [`Confirm::Quiet`] need this be said: silence begins then.
    pub fn left(&mut self, now: u64) {
        self.leaving = false;
        self.progress_at = now;
    }

    /// Takes received bytes. Only the first error response of a connection counts: it ends it. Of what [`Link::write`]
    /// gave, the last `unsent` bytes surely have not left yet: whatever the answer leaves open, they are not in doubt,
    /// unless it names one of them.
    pub fn read(&mut self, batch: &mut Batch, bytes: &[u8], unsent: u64, now: u64) {
        self.progress_at = now;
        for byte in bytes {
            if self.state == LinkState::Done {
                return;
            }
            match self.answers.push(*byte) {
                Ok(None) => {}
                Ok(Some(response)) => self.answer(batch, response, unsent, now),
                Err(_) => self.finish_in_doubt(batch, unsent, Reason::UNREADABLE_ANSWER, now),
            }
        }
    }

    /// The connection has ended. What was sent whole is in doubt, for the reason given; `unsent` as for [`Link::read`].
    pub fn closed(&mut self, batch: &mut Batch, unsent: u64, reason: Reason, now: u64) {
        self.finish_in_doubt(batch, unsent, reason, now);
    }

    /// The gateway surely processed nothing that was written on this connection: it refused our certificate.
    pub fn refused(&mut self, batch: &mut Batch, now: u64) {
        self.finish_returned(batch, now);
    }

    /// When [`Link::tick`] or [`Link::write`] has something to do by time alone.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        if self.state == LinkState::Done {
            return None;
        }
        if self.in_flight.is_empty() {
            // What it waits for an answer to may have been taken for accepted meanwhile; there is more to write then.
            return self.waits_until;
        }
        let own = match (self.confirm, self.state) {
            (Confirm::Quiet(quiet), _) if self.is_silent() => Some(self.progress_at.saturating_add(quiet)),
            (Confirm::Sentinel, LinkState::Open) => self.lingers_until().max(self.waits_until),
            _ => None,
        };
        let times = [Some(self.dead_at()), own, self.waits_until];
        times.into_iter().flatten().min()
    }

    /// When it writes its sentinel, if no more tokens come.
    fn lingers_until(&self) -> Option<u64> {
        self.idle_since.map(|since| since.saturating_add(self.timing.linger))
    }

    /// When silence means that the gateway is dead. As long as the link itself waits, for more tokens or to give an
    /// answer its time, nothing has been asked; and where silence is success, it is never death. What is in flight takes
    /// its time to be processed, too.
    fn dead_at(&self) -> u64 {
        let asked_at = match (self.confirm, self.state) {
            (Confirm::Quiet(_), _) if self.is_silent() => return u64::MAX,
            (Confirm::Sentinel, LinkState::Open) => self.lingers_until().max(self.waits_until),
            _ => None,
        };
        let processing = self.in_flight.len().saturating_mul(Timing::EACH);
        self.progress_at.max(asked_at.unwrap_or(0)).saturating_add(self.timing.answer).saturating_add(processing)
    }

    /// Time has passed. Where the gateway has been silent and has taken no bytes for too long, what it was sent is in
    /// doubt; `unsent` as for [`Link::read`].
    pub fn tick(&mut self, batch: &mut Batch, unsent: u64, now: u64) {
        self.wake(now);
        if let (Confirm::Quiet(quiet), true, LinkState::Open) = (self.confirm, self.is_silent(), self.state)
            && now >= self.progress_at.saturating_add(quiet)
        {
            self.presume(batch, now);
        }
        if self.state != LinkState::Done && !self.in_flight.is_empty() && now >= self.dead_at() {
            self.closed(batch, unsent, Reason::NO_ANSWER, now);
        }
    }

    /// All that was written has left, and no answer has begun: one that has is a refusal, whatever it will name.
    fn is_silent(&self) -> bool {
        !self.leaving && self.answers.pending() == 0
    }

    fn presume(&mut self, batch: &mut Batch, now: u64) {
        while let Some((identifier, slots)) = self.in_flight.take_run() {
            self.has_learnt = true;
            batch.accept(slots, now);
            self.presumed.push(identifier, slots);
        }
        if self.next_identifier >= Self::LAST_IDENTIFIER {
            self.state = LinkState::Done;
        }
    }

    fn answer(&mut self, batch: &mut Batch, response: ErrorResponse, unsent: u64, now: u64) {
        let ErrorResponse { status, identifier } = response;
        let shutdown = status == ErrorResponse::SHUTDOWN;
        if self.presumed.contains(identifier) {
            let named = (!shutdown && status != 0).then_some(Reason(u16::from(status)));
            self.has_learnt = true;
            self.late = self.presumed.take_from(identifier, named);
            if status == 0 {
                // What is in flight was discarded as well, or perhaps not: see below.
                self.finish_in_doubt(batch, unsent, Reason(0), now);
            } else {
                // It was discarded as well, and goes out again.
                self.finish_returned(batch, now);
            }
        } else if self.end_of(identifier).is_some_and(|end| end > self.written.saturating_sub(unsent)) {
            // It names what has not left. Whose answer this is, or what has left after all, nobody can know.
            self.finish_in_doubt(batch, 0, Reason::UNKNOWN_IDENTIFIER, now);
        } else if self.is_sentinel(response, unsent) {
            self.finish_accepted(batch, now);
        } else if shutdown && self.accept_below(batch, identifier, now) {
            // It names the last that was accepted, so it is accepted as well.
            if let Some(slot) = self.in_flight.take_first() {
                batch.accept(SlotRange::one(slot), now);
            }
            self.finish_returned(batch, now);
        } else if status == 0 && self.accept_below(batch, identifier, now) {
            // "No error" names a notification and discards the rest, or perhaps not: nobody has documented it.
            self.finish_in_doubt(batch, unsent, Reason(0), now);
        } else if self.accept_below(batch, identifier, now) {
            let failed = self.in_flight.take_first();
            self.finish_returned(batch, now);
            if let Some(slot) = failed {
                batch.refuse(slot, Refusal::new(Reason(u16::from(status))), now);
            }
        } else {
            self.finish_in_doubt(batch, unsent, Reason::UNKNOWN_IDENTIFIER, now);
        }
    }

    /// Whether this answers the sentinel. Its identifier says so whatever the status (a shutdown that names it as the
    /// last one accepted says the same of all before it). Where the identifier was not read, only "missing payload" says
    /// so: no other notification of a link lacks one, whereas a gateway may dislike the size of a token or of a payload,
    /// or lose track of a token, before it has read whose it is.
    fn is_sentinel(&self, response: ErrorResponse, unsent: u64) -> bool {
        let is_named = self.sentinel == Some(response.identifier);
        let has_left = self.sentinel.is_some() && unsent == 0;
        is_named || (has_left && response == ErrorResponse { status: MISSING_PAYLOAD, identifier: 0 })
    }

    /// Where the frame that carries this identifier ends in the stream of written bytes; the sentinel's is the last one.
    fn end_of(&self, identifier: u32) -> Option<u64> {
        if self.sentinel == Some(identifier) { Some(self.written) } else { self.in_flight.end_of(identifier) }
    }

    /// Accepts everything that was written before `identifier`; what carries it is then the first in flight. False,
    /// with nothing done, where nothing in flight carries it.
    fn accept_below(&mut self, batch: &mut Batch, identifier: u32, now: u64) -> bool {
        if self.in_flight.end_of(identifier).is_none() {
            return false;
        }
        self.has_learnt = true;
        while let Some(slots) = self.in_flight.take_before(identifier) {
            batch.accept(slots, now);
        }
        true
    }

    fn finish_accepted(&mut self, batch: &mut Batch, now: u64) {
        self.state = LinkState::Done;
        self.has_learnt = true;
        while let Some((_, slots)) = self.in_flight.take_run() {
            batch.accept(slots, now);
        }
    }

    fn finish_returned(&mut self, batch: &mut Batch, now: u64) {
        self.state = LinkState::Done;
        while let Some((_, slots)) = self.in_flight.take_run() {
            batch.give_back(slots, now);
        }
    }

    /// What has left whole is in doubt; what has left in part, or not at all, cannot have been processed.
    fn finish_in_doubt(&mut self, batch: &mut Batch, unsent: u64, reason: Reason, now: u64) {
        let sent = self.written.saturating_sub(unsent);
        while let Some(slots) = self.in_flight.take_within(sent) {
            batch.doubt(slots, reason, now);
        }
        self.finish_returned(batch, now);
    }
}
