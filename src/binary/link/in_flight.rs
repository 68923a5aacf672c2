//! What a link has written and has no verdict for, in the order of writing.
//!
//! A broadcast's slots follow each other, and so do their identifiers and their frames of one length: a million of them
//! are usually one run.

use std::collections::VecDeque;

use crate::batch::{Slot, SlotRange};

/// Consecutive slots with frames of one length, with consecutive identifiers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) slots: SlotRange,
    /// The identifier of the first slot.
    pub(super) identifier: u32,
    /// Where the first frame begins in the stream of written bytes.
    pub(super) start: u64,
    pub(super) frame_length: u64,
}

impl Run {
    /// Takes off the first `count` slots; there are as many.
    fn take_front(&mut self, count: u32) -> SlotRange {
        let taken = SlotRange { start: self.slots.start, end: self.slots.start + count };
        self.slots.start = taken.end;
        self.identifier += count;
        self.start += u64::from(count) * self.frame_length;
        taken
    }

    /// The position of what carries this identifier.
    fn position(&self, identifier: u32) -> Option<u32> {
        identifier.checked_sub(self.identifier).filter(|position| *position < self.slots.len())
    }
}

#[derive(Debug, Default)]
pub(super) struct InFlight {
    runs: VecDeque<Run>,
    count: u64,
}

impl InFlight {
    /// How many notifications.
    pub(super) fn len(&self) -> u64 {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A run was written: with the next identifiers, and its frames behind those before it.
    pub(super) fn push(&mut self, run: Run) {
        self.count += u64::from(run.slots.len());
        match self.runs.back_mut() {
            Some(last) if last.slots.end == run.slots.start && last.frame_length == run.frame_length => {
                last.slots.end = run.slots.end;
            }
            _ => self.runs.push_back(run),
        }
    }

    /// Where the frame that carries this identifier ends in the stream of written bytes.
    pub(super) fn end_of(&self, identifier: u32) -> Option<u64> {
        self.runs.iter().find_map(|run| Some(run.start + (u64::from(run.position(identifier)?) + 1) * run.frame_length))
    }

    /// Takes out the next run of those written before this identifier, which one of them carries.
    pub(super) fn take_before(&mut self, identifier: u32) -> Option<SlotRange> {
        let run = self.runs.front_mut()?;
        let taken = run.take_front(run.position(identifier).unwrap_or(run.slots.len()));
        self.taken(taken)
    }

    /// Takes out the first.
    pub(super) fn take_first(&mut self) -> Option<Slot> {
        let taken = self.runs.front_mut()?.take_front(1);
        self.taken(taken).map(|range| range.start)
    }

    /// Takes out the next run of those whose frames end within the first `sent` bytes of the stream.
    pub(super) fn take_within(&mut self, sent: u64) -> Option<SlotRange> {
        let run = self.runs.front_mut()?;
        let whole = sent.saturating_sub(run.start) / run.frame_length;
        let taken = run.take_front(whole.min(u64::from(run.slots.len())) as u32);
        self.taken(taken)
    }

    /// Takes out the next run, with the identifier of its first slot.
    pub(super) fn take_run(&mut self) -> Option<(u32, SlotRange)> {
        let identifier = self.runs.front()?.identifier;
        self.take_within(u64::MAX).map(|slots| (identifier, slots))
    }

    fn taken(&mut self, range: SlotRange) -> Option<SlotRange> {
        self.count -= u64::from(range.len());
        if self.runs.front().is_some_and(|run| run.slots.is_empty()) {
            self.runs.pop_front();
        }
        (!range.is_empty()).then_some(range)
    }
}
