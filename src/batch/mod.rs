//! The retry state machine: one notification, many slots (a token's place in the batch), each settled exactly once.
//!
//! It knows no protocol and no connection. Links ([`crate::binary::Link`], [`crate::http2::Connection`]) claim slots from
//! it and bring back verdicts; several links can serve one batch at once. Whoever embeds it:
//!
//! * feeds it with [`Batch::push_hex`], never more than [`Batch::room`], and ends with [`Batch::close_input`];
//! * opens a connection and a link for it while [`Batch::has_work`], again at [`Batch::next_wakeup`];
//! * empties [`Batch::take_settled`] after each call of anything, until [`Batch::is_finished`];
//! * gives `now` in milliseconds since 1970, never less than before: expirations are compared with it.
//!
//! A link's claims are its own until it brings their verdicts, so a link is never dropped before it is done.
//!
//! The invariant, whatever links and callers do: a slot settles once; a slot that was accepted is never claimed again;
//! nothing settles as accepted that a link did not call so.

mod claims;
mod foreign;
mod ledger;
mod policy;
mod ranges;
mod sliding;
mod types;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use memchr::memchr;

use crate::notification;
use crate::outcome::{Outcome, Reason};

use foreign::ForeignReasons;
use ledger::{Ledger, State};
use ranges::SlotSet;

pub(crate) use ledger::Tokens;
pub(crate) use ranges::SlotRange;
pub(crate) use types::Refusal;
pub use types::{Backoff, Config, Counts, Id, InDoubt, Settled, Stop};

/// The number of a slot: the first token pushed is 0, and so on. A batch has at most 2³² − 1 of them.
pub type Slot = u32;

/// One notification's way to many tokens. See the [module](self).
#[derive(Debug)]
pub struct Batch {
    config: Config,
    ledger: Ledger,
    /// Slots in [`State::Waiting`].
    waiting: SlotSet,
    /// Slots in [`State::Delayed`], by the time at which they may go out again.
    delayed: BinaryHeap<Reverse<(u64, Slot)>>,
    /// Slots in [`State::Suspect`], by the connection that called their tokens invalid. No set is empty.
    suspects: Vec<(u32, SlotSet)>,
    input_open: bool,
    /// Links that are meant to serve it at once.
    links: u32,
    stopped: Option<Stop>,
    counts: Counts,
    /// Tokens that were refused at least once, for themselves and not for a passing cause.
    refused: u64,
    /// Refusals for a passing cause since anything else happened; where many come together because much was in flight
    /// when the gateway fell ill, they count as one.
    failing: u32,
    /// A slot was claimed since a refusal for a passing cause was last counted.
    claimed_since_failing: bool,
    /// The gateway is left alone until then; 0: it is not.
    paused_until: u64,
    foreign: ForeignReasons,
    settled: Vec<Settled>,
}

impl Batch {
    /// An empty batch, open for tokens.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            ledger: Ledger::default(),
            waiting: SlotSet::default(),
            delayed: BinaryHeap::new(),
            suspects: Vec::new(),
            input_open: true,
            links: 1,
            stopped: None,
            counts: Counts::default(),
            refused: 0,
            failing: 0,
            claimed_since_failing: true,
            paused_until: 0,
            foreign: ForeignReasons::default(),
            settled: Vec::new(),
        }
    }

    // ---- for whoever feeds it ----

    /// How many more tokens it takes now.
    #[must_use]
    pub fn room(&self) -> u32 {
        let held = self.ledger.len() as u32;
        let numbers = Slot::MAX - self.ledger.next();
        self.config.max_in_flight.saturating_sub(held).min(numbers)
    }

    /// Adds a slot for every line of `text`, each a token as [`notification::parse_hex`] reads it, and returns how many
    /// there were; an empty text has none. A line that is no token has its slot too, rejected at once and never sent.
    pub fn push_hex(&mut self, text: &[u8], now: u64) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let start = self.ledger.next();
        let mut good = start; // the first slot of a run of good ones that is not in `waiting` yet
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = memchr(b'\n', text);
            let line = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
            rest = end.and_then(|at| text.get(at + 1..));
            let slot = self.ledger.next();
            if self.ledger.push(|bytes| notification::parse_hex(line, bytes)).is_err() {
                self.waiting.insert(SlotRange { start: good, end: slot });
                good = slot + 1;
                self.settle(slot, Outcome::Rejected, Reason::MALFORMED_TOKEN, false, now);
            }
        }
        self.pushed(SlotRange { start: good, end: self.ledger.next() }, now);
        self.ledger.next() - start
    }

    /// Adds a slot for each of the texts, which are the `digits` hexadecimal digits of a token, with nothing between
    /// them, up to the first one that is anything else. Returns how many there were.
    pub fn push_digits(&mut self, texts: &[u8], digits: usize, now: u64) -> u32 {
        let start = self.ledger.next();
        let count = self.ledger.push_digits(texts, digits);
        self.pushed(SlotRange { start, end: start + count }, now);
        count
    }

    fn pushed(&mut self, good: SlotRange, now: u64) {
        self.waiting.insert(good);
        if self.stopped.is_some() {
            self.stop_unsent(now);
        }
        self.ledger.slide();
    }

    /// No more tokens will come.
    pub fn close_input(&mut self) {
        self.input_open = false;
    }

    /// Nothing more is claimed: what has not been sent settles as [`Outcome::NotSent`], now or as links return it, and
    /// what has been sent gets its verdict as ever. What had expired by then has expired.
    pub fn stop(&mut self, why: Stop, now: u64) {
        if self.stopped.is_none() {
            self.expire(now);
            self.stopped = Some(why);
            self.stop_unsent(now);
            self.ledger.slide();
        }
    }

    /// Why it was stopped, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    // ---- for whoever drives it ----

    /// Says how many links are meant to serve it at once (1 unless said), so that each leaves the others their share.
    pub fn set_links(&mut self, links: u32) {
        self.links = links;
    }

    /// How many tokens were refused at least once, for themselves and not for a passing cause.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether a link that is new, or has nothing to do, would find a slot to send.
    #[must_use]
    pub fn has_work(&mut self, now: u64) -> bool {
        self.wake(now);
        self.expire(now);
        now >= self.paused_until && self.has_ready()
    }

    fn has_ready(&self) -> bool {
        !self.waiting.is_empty() || !self.suspects.is_empty()
    }

    /// When [`Batch::has_work`] may become true by time alone, or what is unsent expires.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<u64> {
        let delayed = self.delayed.peek().map(|Reverse((time, _))| (*time).max(self.paused_until));
        let paused = (self.paused_until > 0 && self.has_ready()).then_some(self.paused_until);
        let expires = if delayed.is_some() || self.has_ready() { self.expires_at() } else { None };
        [delayed, paused, expires].into_iter().flatten().min()
    }

    /// When what is unsent by then has expired. Apple, "Binary Provider API": an expiration of 0 means that Apple does
    /// not store it, so it is no time to miss.
    fn expires_at(&self) -> Option<u64> {
        self.config.expiration.filter(|time| *time != 0).map(|time| u64::from(time) * 1_000)
    }

    /// Whether every slot there will ever be has settled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.input_open && self.ledger.len() == 0
    }

    /// The HTTP status and the text of a reason that this batch came across and no list has.
    #[must_use]
    pub fn foreign_reason(&self, reason: Reason) -> Option<(u16, &str)> {
        self.foreign.get(reason)
    }

    /// How many slots settled so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The slots below this one have all settled.
    #[must_use]
    pub fn first_unsettled(&self) -> Slot {
        self.ledger.first()
    }

    /// The slots that settled since the last call, in the order in which they did; accepted ones only where
    /// [`Config::list_accepted`] says so.
    #[must_use]
    pub fn take_settled(&mut self) -> Vec<Settled> {
        std::mem::take(&mut self.settled)
    }

    /// The only way into [`State::Settled`], and it does nothing for a slot that is there already.
    fn settle(&mut self, slot: Slot, outcome: Outcome, reason: Reason, dead: bool, now: u64) {
        self.settle_as(Settled { slot, outcome, reason, dead, died_at: None, id: None, at: now });
    }

    fn settle_as(&mut self, mut end: Settled) {
        let slot = end.slot;
        let again = self.ledger.state(slot) == State::Settled;
        debug_assert!(!again, "slot {slot} settles twice");
        if again {
            return;
        }
        // Once in doubt, it is in doubt until the gateway says what it is: no failure to send it again settles that.
        if let (Outcome::NotSent | Outcome::Expired | Outcome::Exhausted, Some(doubt)) =
            (end.outcome, self.ledger.doubt(slot))
        {
            (end.outcome, end.reason) = (Outcome::InDoubt, doubt);
        }
        self.ledger.set(SlotRange::one(slot), State::Settled);
        self.counts.add(end.outcome, 1);
        if end.outcome != Outcome::Accepted || self.config.list_accepted {
            self.settled.push(end);
        }
    }

    #[inline(never)]
    fn wake(&mut self, now: u64) {
        if now >= self.paused_until {
            self.paused_until = 0;
        }
        while let Some(Reverse((time, slot))) = self.delayed.peek().copied() {
            if time > now {
                break;
            }
            self.delayed.pop();
            self.put_back(slot);
        }
    }

    /// Makes a slot ready to be claimed: among the suspects, where its token was called invalid once.
    fn put_back(&mut self, slot: Slot) {
        let slots = SlotRange::one(slot);
        let Some((connection, _)) = self.ledger.accused(slot) else {
            self.ledger.set(slots, State::Waiting);
            return self.waiting.insert(slots);
        };
        self.ledger.set(slots, State::Suspect);
        match self.suspects.iter_mut().find(|(accuser, _)| *accuser == connection) {
            Some((_, set)) => set.insert(slots),
            None => {
                let mut set = SlotSet::default();
                set.insert(slots);
                self.suspects.push((connection, set));
            }
        }
    }

    #[inline(never)]
    fn expire(&mut self, now: u64) {
        if self.expires_at().is_some_and(|time| now >= time) {
            self.settle_unsent(Outcome::Expired, Reason::EXPIRATION_PAST, now);
            self.ledger.slide();
        }
    }

    fn stop_unsent(&mut self, now: u64) {
        self.settle_unsent(Outcome::NotSent, Reason::STOPPED, now);
    }

    /// Settles all that no link has. What was called invalid once keeps that for an outcome.
    #[cold]
    fn settle_unsent(&mut self, outcome: Outcome, reason: Reason, now: u64) {
        let suspects = std::mem::take(&mut self.suspects).into_iter().flat_map(|(_, mut set)| set.drain());
        let ready = self.waiting.drain().chain(suspects).flat_map(|range| range.start..range.end);
        let delayed = std::mem::take(&mut self.delayed).into_iter().map(|Reverse((_, slot))| slot);
        for slot in ready.chain(delayed) {
            if let Some((_, reason)) = self.ledger.accused(slot) {
                self.settle(slot, Outcome::Rejected, reason, false, now);
            } else {
                self.settle(slot, outcome, reason, false, now);
            }
        }
    }

    /// The breaker for tokens: see [`Config::breaker`].
    fn count_refused(&mut self, one_by_one: bool, now: u64) {
        self.refused += 1;
        self.failing = 0;
        let pending = if one_by_one { self.ledger.claimed() } else { 0 };
        if self.mostly_refused(self.config.breaker, pending) {
            self.stop(Stop::MostlyRefused, now);
        }
    }

    /// The breaker for a gateway that is out of order: see [`Config::breaker`].
    fn count_failing(&mut self, reason: Reason, now: u64) {
        self.failing += 1;
        if self.failing >= self.config.breaker {
            self.stop(Stop::Failing(reason), now);
        }
    }

    /// Those of which nothing is known yet get the benefit of the doubt.
    fn mostly_refused(&self, at_least: u32, pending: u64) -> bool {
        self.refused >= u64::from(at_least) && self.refused > self.counts.of(Outcome::Accepted) + pending
    }
}
