//! The slots that are not settled yet: their tokens, their states, what went wrong with them.
//!
//! A window that slides: slots enter at its end, and its beginning moves on as soon as the oldest slot has settled.
//! What has left the window is known to be settled, so nothing of it need be remembered.
//!
//! A broadcast has a million slots that have nothing to tell: the same length, the same state. So each has a byte for its
//! state and the bytes of its token, lengths are kept by runs, and what went wrong is noted for those with which
//! something did.

use std::collections::VecDeque;
use std::ops::Range;

use crate::notification;
use crate::outcome::Reason;

use super::sliding::Sliding;
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

/// What went wrong with a slot.
#[derive(Clone, Copy, Debug, Default)]
struct Note {
    /// How often it was sent in vain: refused for a passing cause, or in doubt and to be sent again.
    failures: u8,
    /// Its token was called invalid once: by which connection, and in which word.
    accused: Option<(u32, Reason)>,
    /// Why it was in doubt, if it ever was: it may have been accepted then, whatever comes later.
    doubt: Option<Reason>,
}

/// Slots in a row whose tokens have one length: up to the next run, or to the window's end.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: Slot,
    /// Offset of the first token's first byte in the stream of all token bytes, modulo 2³².
    start: u32,
    /// Bytes of a token, at most 255; none where the text was no token.
    length: u8,
}

/// The tokens of some slots in a row, all of one length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) slots: SlotRange,
    /// Bytes of each, never 0.
    pub(crate) length: usize,
    /// One behind the other.
    pub(crate) bytes: &'a [u8],
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The number of the window's first slot.
    first: Slot,
    /// The states of the slots from there on.
    states: Sliding<State>,
    /// How many of them are [`State::Claimed`].
    claimed: u64,
    /// What went wrong with the slots from there on, up to the last one with which anything did.
    notes: Sliding<Note>,
    /// The tokens of these slots.
    bytes: Sliding<u8>,
    /// Offset of the first of these bytes in the stream of all token bytes, modulo 2³².
    bytes_at: u32,
    /// By their slots. The first one begins with the window.
    runs: VecDeque<Run>,
}

impl Ledger {
    /// The number that the next slot will get.
    pub(super) fn next(&self) -> Slot {
        self.first + self.states.len() as Slot
    }

    /// The oldest slot that is not settled (the next one, where all are).
    pub(super) fn first(&self) -> Slot {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Adds a slot whose token `parse` appends and returns the length of (at most 255).
    pub(super) fn push<E>(&mut self, parse: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>) -> Result<Slot, E> {
        let (slot, start) = (self.next(), self.bytes.len());
        let length = parse(self.bytes.end());
        self.begin_run(start, *length.as_ref().unwrap_or(&0) as u8);
        self.states.end().push(State::Waiting);
        length.map(|_| slot)
    }

    /// Adds a slot for each of the texts, which have `digits` characters each, up to the first one that is anything but a
    /// token's digits. Returns how many those are.
    pub(super) fn push_digits(&mut self, texts: &[u8], digits: usize) -> u32 {
        let start = self.bytes.len();
        let count = notification::parse_digits(texts, digits, self.bytes.end());
        if count > 0 {
            self.begin_run(start, (digits / 2) as u8);
            self.states.grow(self.states.len() + count, State::Waiting);
        }
        count as u32
    }

    /// What is pushed next has tokens of this length; the first one begins at this index of the bytes.
    fn begin_run(&mut self, start: usize, length: u8) {
        if self.runs.back().is_none_or(|last| last.length != length) {
            self.runs.push_back(Run { first: self.next(), start: self.bytes_at.wrapping_add(start as u32), length });
        }
    }

    /// The state of a slot; one that has left the window is settled.
    pub(super) fn state(&self, slot: Slot) -> State {
        let index = slot.checked_sub(self.first);
        index.and_then(|index| self.states.live().get(index as usize)).copied().unwrap_or(State::Settled)
    }

    pub(super) fn set(&mut self, range: SlotRange, state: State) {
        let states = self.states_mut(range);
        let before = count(states, State::Claimed);
        let after = if state == State::Claimed { states.len() as u64 } else { 0 };
        states.fill(state);
        self.claimed = self.claimed + after - before;
    }

    /// How many slots links have.
    pub(super) fn claimed(&self) -> u64 {
        self.claimed
    }

    /// Settles all of a range that are not settled yet; returns how many those are.
    pub(super) fn settle(&mut self, range: SlotRange) -> u64 {
        let states = self.states_mut(range);
        let open = states.len() as u64 - count(states, State::Settled);
        let claimed = count(states, State::Claimed);
        states.fill(State::Settled);
        self.claimed -= claimed;
        open
    }

    /// The tokens of a range's slots, in order. One that has left the window, or was no token, has none.
    pub(super) fn tokens(&self, range: SlotRange) -> impl Iterator<Item = Tokens<'_>> {
        let (start, end) = (range.start.max(self.first), range.end.min(self.next()));
        let at = self.runs.partition_point(|run| run.first <= start).saturating_sub(1);
        let nexts = self.runs.iter().skip(at + 1).map(|next| next.first).chain([Slot::MAX]);
        let runs = self.runs.iter().skip(at).zip(nexts).take_while(move |(run, _)| run.first < end);
        runs.filter_map(move |(run, next)| {
            let slots = SlotRange { start: run.first.max(start), end: next.min(end) };
            let length = usize::from(run.length);
            if slots.is_empty() || length == 0 {
                return None;
            }
            let first = run.start.wrapping_sub(self.bytes_at) as usize + (slots.start - run.first) as usize * length;
            let bytes = self.bytes.live().get(first..first + slots.len() as usize * length)?;
            Some(Tokens { slots, length, bytes })
        })
    }

    /// Counts a time that it was sent in vain; returns how many there have been.
    pub(super) fn count_failure(&mut self, slot: Slot) -> u8 {
        self.note_mut(slot).map_or(u8::MAX, |note| {
            note.failures = note.failures.saturating_add(1);
            note.failures
        })
    }

    /// Remembers that its token was called invalid, by which connection and in which word.
    pub(super) fn accuse(&mut self, slot: Slot, connection: u32, reason: Reason) {
        if let Some(note) = self.note_mut(slot) {
            note.accused = Some((connection, reason));
        }
    }

    pub(super) fn accused(&self, slot: Slot) -> Option<(u32, Reason)> {
        self.note(slot).accused
    }

    /// Remembers that a slot that goes out again may have been accepted already.
    pub(super) fn note_doubt(&mut self, slot: Slot, reason: Reason) {
        if let Some(note) = self.note_mut(slot) {
            note.doubt = Some(reason);
        }
    }

    pub(super) fn doubt(&self, slot: Slot) -> Option<Reason> {
        self.note(slot).doubt
    }

    /// Lets go of the settled slots at the window's beginning.
    pub(super) fn slide(&mut self) {
        let settled = self.states.live().iter().take_while(|state| **state == State::Settled).count();
        if settled == 0 {
            return;
        }
        self.first += settled as Slot;
        self.states.let_go(settled);
        self.notes.let_go(settled);
        let dead = self.slide_runs();
        self.bytes.let_go(dead);
        self.bytes_at = self.bytes_at.wrapping_add(dead as u32);
    }

    /// Has the first run begin with the window. Returns how many bytes belong to slots before it.
    fn slide_runs(&mut self) -> usize {
        if self.states.len() == 0 {
            self.runs.clear();
            return self.bytes.len();
        }
        let over = self.runs.partition_point(|run| run.first <= self.first).saturating_sub(1);
        self.runs.drain(..over);
        let Some(run) = self.runs.front_mut() else { return 0 };
        run.start = run.start.wrapping_add((self.first - run.first).wrapping_mul(u32::from(run.length)));
        run.first = self.first;
        run.start.wrapping_sub(self.bytes_at) as usize
    }

    /// Those of a range that have left the window are not there.
    fn states_mut(&mut self, range: SlotRange) -> &mut [State] {
        let indices = self.indices(range);
        self.states.live_mut().get_mut(indices).unwrap_or_default()
    }

    /// Where the slots of a range lie in the window; those that have left it lie nowhere.
    fn indices(&self, range: SlotRange) -> Range<usize> {
        let index = |slot: Slot| (slot.saturating_sub(self.first) as usize).min(self.states.len());
        index(range.start)..index(range.end)
    }

    fn note(&self, slot: Slot) -> Note {
        let index = slot.checked_sub(self.first);
        index.and_then(|index| self.notes.live().get(index as usize)).copied().unwrap_or_default()
    }

    /// None for a slot that has left the window.
    fn note_mut(&mut self, slot: Slot) -> Option<&mut Note> {
        let index = slot.checked_sub(self.first)? as usize;
        if index >= self.states.len() {
            return None;
        }
        self.notes.grow(index + 1, Note::default());
        self.notes.live_mut().get_mut(index)
    }
}

fn count(states: &[State], state: State) -> u64 {
    states.iter().map(|other| u64::from(*other == state)).sum()
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
        ledger.tokens(SlotRange::one(slot)).next().expect("it has not left").bytes
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
    fn tokens_stay_readable_while_others_leave_and_their_offset_wraps() {
        let mut ledger = Ledger { bytes_at: u32::MAX - 100, ..Ledger::default() };
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
        let held = ledger.bytes.end().len();
        assert!(held <= 8 * 32, "{held} bytes are held for 3 tokens");
    }
}
