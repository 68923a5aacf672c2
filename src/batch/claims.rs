//! The batch's side towards links: what they claim from it, and the verdicts that they bring back.

use std::cmp::Reverse;

use crate::outcome::{Outcome, Reason};

use super::ledger::State;
use super::policy::{self, Consequence};
use super::{Batch, Id, InDoubt, Refusal, Settled, Slot, SlotRange, Stop, Tokens};

const WRITE_AHEAD_REFUSALS: u64 = 4;
const WRITE_AHEAD_LEAST: u64 = 32;
const SHARE_LEAST: u64 = 64;

impl Batch {
    /// Whether a link that finds nothing to claim should make firm what it has sent: no new token can come until then.
    pub(crate) fn is_draining(&self) -> bool {
        !self.input_open || self.stopped.is_some() || self.room() == 0
    }

    /// How many notifications a link should write before it gives the gateway time to answer: what will probably hold
    /// four refused ones, going by those so far, and by as many as are `unopposed` on the link, which could have been
    /// refused by now.
    pub(crate) fn write_ahead(&self, unopposed: u64) -> u64 {
        let judged = self.counts.of(Outcome::Accepted) + self.refused + unopposed;
        match self.refused {
            0 => u64::MAX,
            refused => (WRITE_AHEAD_REFUSALS * judged / refused).max(WRITE_AHEAD_LEAST),
        }
    }

    /// How many slots one link should have at once, so that the others have something to do.
    pub(crate) fn share(&self) -> u64 {
        match self.links {
            0 | 1 => u64::MAX,
            links => (self.ledger.len() as u64).div_ceil(u64::from(links)).max(SHARE_LEAST),
        }
    }

    /// Hands out up to `max` consecutive slots, lowest numbers first: what was returned goes before what is fresh.
    ///
    /// Half-way to the breaker it takes them from the other end: old tokens are often dead and often come first, and a
    /// batch that begins with twenty dead ones is no reason to let all the others wait for ever.
    pub(crate) fn claim(&mut self, max: u32, now: u64) -> Option<SlotRange> {
        self.wake(now);
        self.expire(now);
        if now < self.paused_until {
            return None;
        }
        let suspicious = self.mostly_refused(self.config.breaker.div_ceil(2), 0);
        let range = if suspicious { self.waiting.take_back(max) } else { self.waiting.take_front(max) }?;
        self.ledger.set(range, State::Claimed);
        self.claimed_since_failing = true;
        Some(range)
    }

    /// Hands out one slot whose token was called invalid once, on another connection than this, when nothing else is left
    /// to send. A link of the binary protocol sends it last: if it is refused again, nothing that was sent behind it is
    /// lost, and all before it is known to be accepted.
    pub(crate) fn claim_suspect(&mut self, connection: u32, now: u64) -> Option<Slot> {
        self.expire(now);
        if !self.waiting.is_empty() || now < self.paused_until {
            return None;
        }
        let at = self.suspects.iter().position(|(accuser, _)| *accuser != connection)?;
        let (_, set) = self.suspects.get_mut(at)?;
        let range = set.take_front(1)?;
        if set.is_empty() {
            self.suspects.remove(at);
        }
        self.ledger.set(range, State::Claimed);
        self.claimed_since_failing = true;
        Some(range.start)
    }

    /// Whether nothing is left to send but what this connection itself called invalid.
    pub(crate) fn needs_another(&self, connection: u32) -> bool {
        self.waiting.is_empty() && !self.suspects.is_empty() && self.suspects.iter().all(|(one, _)| *one == connection)
    }

    /// The tokens of slots that are not settled, in order, those of one length together.
    pub(crate) fn tokens(&self, range: SlotRange) -> impl Iterator<Item = Tokens<'_>> {
        self.ledger.tokens(range)
    }

    /// Verdict: the gateway accepted these.
    pub(crate) fn accept(&mut self, range: SlotRange, now: u64) {
        if !range.is_empty() {
            self.failing = 0;
        }
        if self.config.list_accepted {
            for slot in range.start..range.end {
                self.settle(slot, Outcome::Accepted, Reason::NONE, false, now);
            }
        } else {
            let count = self.ledger.settle(range);
            debug_assert_eq!(count, u64::from(range.len()), "a slot of {range:?} settles twice");
            self.counts.add(Outcome::Accepted, count);
        }
        self.ledger.slide();
    }

    /// Verdict: the gateway accepted this one, and calls it so.
    pub(crate) fn accept_as(&mut self, slot: Slot, id: Option<Id>, now: u64) {
        self.failing = 0;
        let (outcome, reason) = (Outcome::Accepted, Reason::NONE);
        self.settle_as(Settled { slot, outcome, reason, dead: false, died_at: None, id, at: now });
        self.ledger.slide();
    }

    /// The reason with this name, of HTTP/2's or of those that no list has; with the status that it came with.
    pub(crate) fn reason_for(&mut self, status: u16, name: &[u8]) -> Reason {
        let known = Reason::http2_named(name).filter(|reason| reason.http_status() == Some(status));
        known.unwrap_or_else(|| self.foreign.reason(status, name))
    }

    /// Verdict: the gateway refused this one. The policy says what follows.
    pub(crate) fn refuse(&mut self, slot: Slot, refusal: Refusal, now: u64) {
        let reason = refusal.reason;
        let stopped = self.stopped.is_some();
        let consequence = self.foreign.consequence(reason).unwrap_or_else(|| policy::consequence(reason));
        match consequence {
            Consequence::StopBatch => {
                self.reject(slot, refusal, false, now);
                self.stop(Stop::Refused(reason), now);
            }
            Consequence::SecondOpinion if self.ledger.accused(slot).is_some() => {
                self.reject(slot, refusal, true, now);
            }
            Consequence::SecondOpinion if !stopped => {
                self.ledger.accuse(slot, refusal.connection, reason);
                self.put_back(slot);
                self.count_refused(refusal.one_by_one, now);
            }
            Consequence::Dead => {
                self.reject(slot, refusal, true, now);
                self.failing = 0;
            }
            Consequence::Retry => {
                self.delay(slot, refusal, now);
                self.count_failing(reason, now);
            }
            Consequence::LeaveAlone | Consequence::Doubt => {
                if consequence == Consequence::Doubt {
                    self.doubt(SlotRange::one(slot), reason, now);
                } else {
                    self.delay(slot, refusal, now);
                }
                if std::mem::take(&mut self.claimed_since_failing) {
                    self.count_failing(reason, now);
                }
                // Once is no illness; one that is asked again and fails again gets longer and longer to recover.
                let again = self.failing.saturating_sub(1).min(255) as u8;
                let pause = if again > 0 { self.config.retry.delay(again, slot) } else { 0 };
                let pause = pause.max(refusal.retry_after);
                self.paused_until = self.paused_until.max(now.saturating_add(pause));
            }
            Consequence::RetryToken => self.delay(slot, refusal, now),
            Consequence::Reject | Consequence::SecondOpinion => {
                self.reject(slot, refusal, false, now);
                self.count_refused(refusal.one_by_one, now);
            }
        }
        self.ledger.slide();
    }

    fn reject(&mut self, slot: Slot, refusal: Refusal, dead: bool, now: u64) {
        let Refusal { reason, died_at, id, .. } = refusal;
        self.settle_as(Settled { slot, outcome: Outcome::Rejected, reason, dead, died_at, id, at: now });
    }

    /// It goes out again later, unless it was tried often enough.
    fn delay(&mut self, slot: Slot, refusal: Refusal, now: u64) {
        let failures = self.ledger.count_failure(slot);
        if self.stopped.is_some() {
            self.settle(slot, Outcome::NotSent, Reason::STOPPED, false, now);
        } else if failures >= self.config.max_attempts {
            self.settle(slot, Outcome::Exhausted, refusal.reason, false, now);
        } else {
            self.ledger.set(SlotRange::one(slot), State::Delayed);
            let wait = self.config.retry.delay(failures, slot).max(refusal.retry_after);
            self.delayed.push(Reverse((now.saturating_add(wait), slot)));
        }
    }

    /// Verdict: the gateway surely did not process these. They go out again, first in order.
    pub(crate) fn give_back(&mut self, range: SlotRange, now: u64) {
        for slot in range.start..range.end {
            // Nothing else is a link's to give back, and what is settled stays so.
            if self.ledger.state(slot) == State::Claimed {
                self.put_back(slot);
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
}
