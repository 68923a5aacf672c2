//! The retry state machine: one notification, many slots (a token's place in the batch), each settled exactly once.
//!
//! It knows no protocol and no connection. Links ([`crate::binary::Link`] is one) claim slots from it and bring back
//! verdicts; several links can serve one batch at once. Whoever embeds it:
//!
//! * feeds it with [`Batch::push_hex`], never more than [`Batch::room`], and ends with [`Batch::close_input`];
//! * opens a connection and a link for it while [`Batch::has_work`], again at [`Batch::next_wakeup`];
//! * empties [`Batch::take_settled`] after each call of a link, until [`Batch::is_finished`].
//!
//! The invariant, whatever links and callers do: a slot settles once; a slot that was accepted is never claimed again;
//! nothing settles as accepted that a link did not call so.

mod ledger;
mod policy;
mod ranges;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::notification;
use crate::outcome::{Outcome, Reason};

use ledger::{Ledger, State};
use policy::Consequence;
use ranges::SlotSet;

pub use ranges::SlotRange;

/// The number of a slot: the first token pushed is 0, and so on. A batch has at most 2³² − 1 of them.
pub type Slot = u32;

/// What a batch may do. Every limit is here.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many slots, from the oldest unsettled one on, are held at once. Bounds the memory, whatever the audience.
    pub max_in_flight: u32,
    /// How often a slot is sent when the gateway fails for a passing cause, or, with [`InDoubt::Resend`], when nobody can
    /// know; then it is [`Outcome::Exhausted`] or [`Outcome::InDoubt`].
    pub max_attempts: u8,
    /// What becomes of slots of which nobody can know whether they were accepted.
    pub in_doubt: InDoubt,
    /// So many refused tokens, and more refused than accepted, stop the batch: the environment or the app is wrong.
    pub breaker: u32,
    /// Whether [`Batch::take_settled`] lists accepted slots too, and not only counts them.
    pub list_accepted: bool,
    /// Unix seconds from which on nothing is sent any more; `None` or `Some(0)`: no such time.
    pub expiration: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_in_flight: 65_536,
            max_attempts: 3,
            in_doubt: InDoubt::Report,
            breaker: 20,
            list_accepted: false,
            expiration: None,
        }
    }
}

/// The choice where nobody can know whether a notification was accepted: a phone that rings twice, or perhaps not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDoubt {
    /// Never twice: it settles as [`Outcome::InDoubt`].
    Report,
    /// Better twice than never: it is sent again, [`Config::max_attempts`] times in all.
    Resend,
}

/// Why a batch was stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The embedder wanted it.
    Caller,
    /// The gateway refused what every notification of the batch shares.
    Refused(Reason),
    /// The breaker: most tokens were refused.
    MostlyRefused,
}

/// A slot's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub slot: Slot,
    /// How.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The policy holds the token for dead: it may be removed where tokens are kept.
    pub dead: bool,
    /// When, in the milliseconds of the embedder's clock.
    pub at: u64,
}

/// How many slots settled, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Outcome::ALL.len()]);

impl Counts {
    /// How many settled with this outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(outcome as usize).copied().unwrap_or_default()
    }

    /// How many settled.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn add(&mut self, outcome: Outcome) {
        if let Some(count) = self.0.get_mut(outcome as usize) {
            *count += 1;
        }
    }
}

/// One notification's way to many tokens. See the [module](self).
#[derive(Debug)]
pub struct Batch {
    config: Config,
    ledger: Ledger,
    /// Slots in [`State::Waiting`].
    waiting: SlotSet,
    /// Slots in [`State::Delayed`], by the time at which they may go out again.
    delayed: BinaryHeap<Reverse<(u64, Slot)>>,
    /// Slots in [`State::Suspect`].
    suspects: SlotSet,
    input_open: bool,
    stopped: Option<Stop>,
    counts: Counts,
    /// Tokens that were refused at least once, for themselves and not for a passing cause.
    refused: u64,
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
            suspects: SlotSet::default(),
            input_open: true,
            stopped: None,
            counts: Counts::default(),
            refused: 0,
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
        for line in text.split(|byte| *byte == b'\n') {
            let slot = self.ledger.next();
            if self.ledger.push(|arena| notification::parse_hex(line, arena)).is_err() {
                self.waiting.insert(SlotRange { start: good, end: slot });
                good = slot + 1;
                self.settle(slot, Outcome::Rejected, Reason::MALFORMED_TOKEN, false, now);
            }
        }
        self.waiting.insert(SlotRange { start: good, end: self.ledger.next() });
        if self.stopped.is_some() {
            self.stop_unsent(now);
        }
        self.ledger.slide();
        self.ledger.next() - start
    }

    /// No more tokens will come.
    pub fn close_input(&mut self) {
        self.input_open = false;
    }

    /// Nothing more is claimed: what has not been sent settles as [`Outcome::NotSent`], now or as links return it, and
    /// what has been sent gets its verdict as ever.
    pub fn stop(&mut self, why: Stop, now: u64) {
        if self.stopped.is_none() {
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

    /// Whether a link that is new, or has nothing to do, would find a slot to send.
    #[must_use]
    pub fn has_work(&mut self, now: u64) -> bool {
        self.wake(now);
        self.expire(now);
        !self.waiting.is_empty() || !self.suspects.is_empty()
    }

    /// When [`Batch::has_work`] may become true by time alone.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<u64> {
        self.delayed.peek().map(|Reverse((time, _))| *time)
    }

    /// Whether every slot there will ever be has settled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.input_open && self.ledger.len() == 0
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

    // ---- for links ----

    /// Whether a link that finds nothing to claim should make firm what it has sent: no new token can come until then.
    pub(crate) fn is_draining(&self) -> bool {
        !self.input_open || self.stopped.is_some() || self.room() == 0
    }

    /// Hands out up to `max` consecutive slots, lowest numbers first: what was returned goes before what is fresh.
    pub(crate) fn claim(&mut self, max: u32, now: u64) -> Option<SlotRange> {
        self.wake(now);
        self.expire(now);
        let range = self.waiting.take_front(max)?;
        self.ledger.set(range, State::Claimed);
        Some(range)
    }

    /// Hands out one slot whose token was called invalid once, when nothing else is left to send. A link sends it last:
    /// if it is refused again, nothing that was sent behind it is lost, and all before it is known to be accepted.
    pub(crate) fn claim_suspect(&mut self, now: u64) -> Option<Slot> {
        self.expire(now);
        if !self.waiting.is_empty() {
            return None;
        }
        let range = self.suspects.take_front(1)?;
        self.ledger.set(range, State::Confirming);
        Some(range.start)
    }

    /// The token of a slot that is not settled.
    pub(crate) fn token(&self, slot: Slot) -> &[u8] {
        self.ledger.token(slot)
    }

    /// Verdict: the gateway accepted these.
    pub(crate) fn accept(&mut self, range: SlotRange, now: u64) {
        for slot in range.start..range.end {
            self.settle(slot, Outcome::Accepted, Reason::NONE, false, now);
        }
        self.ledger.slide();
    }

    /// Verdict: the gateway refused this one. The policy says what follows.
    pub(crate) fn refuse(&mut self, slot: Slot, reason: Reason, now: u64) {
        let stopped = self.stopped.is_some();
        match policy::consequence(reason) {
            Consequence::StopBatch => {
                self.settle(slot, Outcome::Rejected, reason, false, now);
                self.stop(Stop::Refused(reason), now);
            }
            Consequence::SecondOpinion if self.ledger.state(slot) == State::Confirming => {
                self.settle(slot, Outcome::Rejected, reason, true, now);
            }
            Consequence::SecondOpinion if !stopped => {
                self.ledger.set(SlotRange::one(slot), State::Suspect);
                self.suspects.insert(SlotRange::one(slot));
                self.count_refused(now);
            }
            Consequence::Retry => {
                let failures = self.ledger.count_failure(slot);
                if stopped {
                    self.settle(slot, Outcome::NotSent, Reason::STOPPED, false, now);
                } else if failures >= self.config.max_attempts {
                    self.settle(slot, Outcome::Exhausted, reason, false, now);
                } else {
                    self.ledger.set(SlotRange::one(slot), State::Delayed);
                    self.delayed.push(Reverse((now + policy::retry_delay(failures, slot), slot)));
                }
            }
            Consequence::Reject | Consequence::SecondOpinion => {
                self.settle(slot, Outcome::Rejected, reason, false, now);
                self.count_refused(now);
            }
        }
        self.ledger.slide();
    }

    /// Verdict: the gateway surely did not process these. They go out again, first in order.
    pub(crate) fn give_back(&mut self, range: SlotRange, now: u64) {
        for slot in range.start..range.end {
            match self.ledger.state(slot) {
                State::Claimed => {
                    self.ledger.set(SlotRange::one(slot), State::Waiting);
                    self.waiting.insert(SlotRange::one(slot));
                }
                State::Confirming => {
                    self.ledger.set(SlotRange::one(slot), State::Suspect);
                    self.suspects.insert(SlotRange::one(slot));
                }
                // Not a link's to give back; a slot that is settled stays so.
                State::Waiting | State::Delayed | State::Suspect | State::Settled => {}
            }
        }
        if self.stopped.is_some() {
            self.stop_unsent(now);
            self.ledger.slide();
        }
    }

    /// Verdict: nobody can know about these.
    pub(crate) fn doubt(&mut self, range: SlotRange, reason: Reason, now: u64) {
        for slot in range.start..range.end {
            let resend = self.config.in_doubt == InDoubt::Resend
                && self.stopped.is_none()
                && self.ledger.count_failure(slot) < self.config.max_attempts;
            if resend {
                self.ledger.note_doubt(slot, reason);
                self.give_back(SlotRange::one(slot), now);
            } else {
                self.settle(slot, Outcome::InDoubt, reason, false, now);
            }
        }
        self.ledger.slide();
    }

    // ---- inside ----

    /// The only way into [`State::Settled`], and it does nothing for a slot that is there already.
    fn settle(&mut self, slot: Slot, outcome: Outcome, reason: Reason, dead: bool, now: u64) {
        let again = self.ledger.state(slot) == State::Settled;
        debug_assert!(!again, "slot {slot} settles twice");
        if again {
            return;
        }
        // Once in doubt, it is in doubt until the gateway says what it is: no failure to send it again settles that.
        let (outcome, reason) = match (outcome, self.ledger.doubt(slot)) {
            (Outcome::NotSent | Outcome::Expired | Outcome::Exhausted, Some(doubt)) => (Outcome::InDoubt, doubt),
            (outcome, _) => (outcome, reason),
        };
        self.ledger.set(SlotRange::one(slot), State::Settled);
        self.counts.add(outcome);
        if outcome != Outcome::Accepted || self.config.list_accepted {
            self.settled.push(Settled { slot, outcome, reason, dead, at: now });
        }
    }

    fn wake(&mut self, now: u64) {
        while let Some(Reverse((time, slot))) = self.delayed.peek().copied() {
            if time > now {
                break;
            }
            self.delayed.pop();
            self.ledger.set(SlotRange::one(slot), State::Waiting);
            self.waiting.insert(SlotRange::one(slot));
        }
    }

    /// Apple, "Binary Provider API": an expiration of 0 means that Apple does not store it, so it is no time to miss.
    fn expire(&mut self, now: u64) {
        let past = self.config.expiration.is_some_and(|time| time != 0 && now / 1000 >= u64::from(time));
        if past {
            self.settle_unsent(Outcome::Expired, Reason::EXPIRATION_PAST, now);
            self.ledger.slide();
        }
    }

    fn stop_unsent(&mut self, now: u64) {
        self.settle_unsent(Outcome::NotSent, Reason::STOPPED, now);
    }

    /// Settles all that no link has. What was called invalid once keeps that for an outcome.
    fn settle_unsent(&mut self, outcome: Outcome, reason: Reason, now: u64) {
        for range in self.waiting.drain() {
            for slot in range.start..range.end {
                self.settle(slot, outcome, reason, false, now);
            }
        }
        for range in self.suspects.drain() {
            for slot in range.start..range.end {
                self.settle(slot, Outcome::Rejected, Reason::INVALID_TOKEN, false, now);
            }
        }
        for Reverse((_, slot)) in std::mem::take(&mut self.delayed) {
            self.settle(slot, outcome, reason, false, now);
        }
    }

    fn count_refused(&mut self, now: u64) {
        self.refused += 1;
        let accepted = self.counts.of(Outcome::Accepted);
        if self.refused >= u64::from(self.config.breaker) && self.refused > accepted {
            self.stop(Stop::MostlyRefused, now);
        }
    }
}
