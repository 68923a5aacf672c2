//! The slots that are not settled yet: their tokens, their states, how often each was tried.
//!
//! A window that slides: slots enter at its end, and its beginning moves on as soon as the oldest slot has settled.
//! What has left the window is known to be settled, so nothing of it need be remembered.

use std::collections::VecDeque;
use std::ops::Range;

use crate::outcome::Reason;

use super::{Slot, SlotRange};

/// Where a slot is on its way. It is settled exactly once, and `Settled` leads nowhere.
///
/// ```text
///             ┌────────── returned ───────────┐
///             ▼                               │
/// (pushed) ─ Waiting ──── claimed by a link ─ Claimed ── accepted, in doubt, rejected for good ─▶ Settled
///             ▲                               │  │
///             └── its time has come ─ Delayed ◀┘  │ called invalid once
///                                                 ▼
///                                               Suspect ── claimed again, last on its link ─▶ Claimed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Ready for the next link.
    Waiting,
    /// A link has it: it may have been sent.
    Claimed,
    /// Refused for a passing cause; waits for its time.
    Delayed,
    /// Called invalid once; waits to be claimed for a second opinion.
    Suspect,
    /// Done.
    Settled,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Offset of the token's first byte in the stream of all token bytes, modulo 2³².
    token_at: u32,
    token_length: u8,
    state: State,
    /// How often it was sent in vain: refused for a passing cause, or in doubt and to be sent again.
    failures: u8,
    /// Its token was called invalid once: by which connection, and in which word.
    accused: Option<(u32, Reason)>,
    /// Why it was in doubt, if it ever was: it may have been accepted then, whatever comes later.
    doubt: Option<Reason>,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    /// How many of them are [`State::Claimed`].
    claimed: u64,
    /// The number of the first entry.
    first: Slot,
    /// The token bytes of the entries (and some of settled ones before them, until they are worth compacting away).
    arena: Vec<u8>,
    /// Offset of the arena's first byte in the stream of all token bytes, modulo 2³².
    arena_at: u32,
}

impl Ledger {
    /// The number that the next slot will get.
    pub(super) fn next(&self) -> Slot {
        self.first + self.entries.len() as Slot
    }

    /// The oldest slot that is not settled (the next one, where all are).
    pub(super) fn first(&self) -> Slot {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a slot whose token `parse` appends to the arena and returns the length of (at most 255).
    pub(super) fn push<E>(&mut self, parse: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>) -> Result<Slot, E> {
        let slot = self.next();
        let token_at = self.arena_at.wrapping_add(self.arena.len() as u32);
        let length = parse(&mut self.arena);
        let token_length = *length.as_ref().unwrap_or(&0) as u8;
        self.entries.push_back(Entry {
            token_at,
            token_length,
            state: State::Waiting,
            failures: 0,
            accused: None,
            doubt: None,
        });
        length.map(|_| slot)
    }

    /// The state of a slot; one that has left the window is settled.
    pub(super) fn state(&self, slot: Slot) -> State {
        self.entry(slot).map_or(State::Settled, |entry| entry.state)
    }

    pub(super) fn set(&mut self, range: SlotRange, state: State) {
        let (mut before, mut after) = (0, 0);
        for entry in self.entries_mut(range) {
            before += u64::from(entry.state == State::Claimed);
            after += u64::from(state == State::Claimed);
            entry.state = state;
        }
        self.claimed = self.claimed + after - before;
    }

    /// How many slots links have.
    pub(super) fn claimed(&self) -> u64 {
        self.claimed
    }

    /// Settles all of a range that are not settled yet; returns how many those are.
    pub(super) fn settle(&mut self, range: SlotRange) -> u64 {
        let (mut count, mut claimed) = (0, 0);
        for entry in self.entries_mut(range) {
            count += u64::from(entry.state != State::Settled);
            claimed += u64::from(entry.state == State::Claimed);
            entry.state = State::Settled;
        }
        self.claimed -= claimed;
        count
    }

    /// The tokens of a range's slots, in order. One that has left the window has none.
    pub(super) fn tokens(&self, range: SlotRange) -> impl Iterator<Item = &[u8]> {
        let range = self.indices(range);
        self.entries.range(range).map(|entry| self.token_of(entry))
    }

    /// Counts a time that it was sent in vain; returns how many there have been.
    pub(super) fn count_failure(&mut self, slot: Slot) -> u8 {
        self.entry_mut(slot).map_or(u8::MAX, |entry| {
            entry.failures = entry.failures.saturating_add(1);
            entry.failures
        })
    }

    /// Remembers that its token was called invalid, by which connection and in which word.
    pub(super) fn accuse(&mut self, slot: Slot, connection: u32, reason: Reason) {
        if let Some(entry) = self.entry_mut(slot) {
            entry.accused = Some((connection, reason));
        }
    }

    pub(super) fn accused(&self, slot: Slot) -> Option<(u32, Reason)> {
        self.entry(slot).and_then(|entry| entry.accused)
    }

    /// Remembers that a slot that goes out again may have been accepted already.
    pub(super) fn note_doubt(&mut self, slot: Slot, reason: Reason) {
        if let Some(entry) = self.entry_mut(slot) {
            entry.doubt = Some(reason);
        }
    }

    pub(super) fn doubt(&self, slot: Slot) -> Option<Reason> {
        self.entry(slot).and_then(|entry| entry.doubt)
    }

    /// Lets go of the settled slots at the window's beginning.
    pub(super) fn slide(&mut self) {
        let settled = self.entries.iter().take_while(|entry| entry.state == State::Settled).count();
        self.entries.drain(..settled);
        self.first += settled as Slot;
        let dead = match self.entries.front() {
            Some(entry) => entry.token_at.wrapping_sub(self.arena_at) as usize,
            None => self.arena.len(),
        };
        // Moving what lives costs no more than what was let go of had cost: amortised, nothing a token.
        if dead * 2 >= self.arena.len() {
            self.arena.drain(..dead);
            self.arena_at = self.arena_at.wrapping_add(dead as u32);
        }
    }

    fn token_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.token_at.wrapping_sub(self.arena_at) as usize;
        self.arena.get(start..start + usize::from(entry.token_length)).unwrap_or_default()
    }

    /// Where the slots of a range lie among the entries; those that have left the window lie nowhere.
    fn indices(&self, range: SlotRange) -> Range<usize> {
        let index = |slot: Slot| (slot.saturating_sub(self.first) as usize).min(self.entries.len());
        index(range.start)..index(range.end)
    }

    fn entries_mut(&mut self, range: SlotRange) -> impl Iterator<Item = &mut Entry> {
        let range = self.indices(range);
        self.entries.range_mut(range)
    }

    fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot.checked_sub(self.first)? as usize)
    }

    fn entry_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.entries.get_mut(slot.checked_sub(self.first)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn push(ledger: &mut Ledger, token: &[u8]) -> Slot {
        let pushed: Result<Slot, ()> = ledger.push(|arena| {
            arena.extend_from_slice(token);
            Ok(token.len())
        });
        pushed.expect("cannot fail")
    }

    fn token(ledger: &Ledger, slot: Slot) -> &[u8] {
        ledger.tokens(SlotRange::one(slot)).next().expect("it has not left")
    }

    #[test]
    fn the_window_slides_over_settled_slots_only() {
        let mut ledger = Ledger::default();
        for byte in 0..6 {
            push(&mut ledger, &[byte; 3]);
        }
        ledger.set(SlotRange { start: 1, end: 4 }, State::Settled);
        ledger.slide();
        assert_eq!((ledger.first(), ledger.len()), (0, 6), "slot 0 holds it");
        ledger.set(SlotRange::one(0), State::Settled);
        ledger.slide();
        assert_eq!((ledger.first(), ledger.next()), (4, 6));
        assert_eq!(ledger.state(2), State::Settled, "what has left is settled");
        assert_eq!(token(&ledger, 4), [4; 3]);
        assert_eq!(token(&ledger, 5), [5; 3]);
    }

    #[test]
    fn tokens_stay_readable_while_the_arena_is_compacted_and_its_offset_wraps() {
        let mut ledger = Ledger { arena_at: u32::MAX - 100, ..Ledger::default() };
        for round in 0..100_u32 {
            let token = [round as u8; 32];
            let slot = push(&mut ledger, &token);
            assert_eq!(self::token(&ledger, slot), token);
            if round >= 3 {
                let oldest = ledger.first();
                assert_eq!(self::token(&ledger, oldest), [(round - 3) as u8; 32]);
                ledger.set(SlotRange::one(oldest), State::Settled);
                ledger.slide();
            }
        }
        assert!(ledger.arena.len() <= 8 * 32, "the arena holds {} bytes for 3 tokens", ledger.arena.len());
    }
}
