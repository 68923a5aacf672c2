//! Sets of slots as sorted, disjoint ranges: a broadcast's slots come and go in long runs, so a set of a million of
//! them is usually one pair of numbers.

use std::collections::VecDeque;

use super::Slot;

/// The slots from `start` up to, and without, `end`. Never empty where one is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRange {
    /// The first.
    pub start: Slot,
    /// One past the last.
    pub end: Slot,
}

impl SlotRange {
    /// The range of one slot.
    #[must_use]
    pub fn one(slot: Slot) -> Self {
        Self { start: slot, end: slot + 1 }
    }

    /// How many slots.
    #[must_use]
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// Invariant: the ranges are sorted, none is empty, no two overlap or touch.
#[derive(Debug, Default)]
pub(super) struct SlotSet {
    ranges: VecDeque<SlotRange>,
}

impl SlotSet {
    /// Adds slots that are not in the set yet.
    pub(super) fn insert(&mut self, range: SlotRange) {
        if range.is_empty() {
            return;
        }
        let at = self.ranges.partition_point(|other| other.end < range.start);
        // Fresh slots touch the last range, returned ones the first: both find their neighbour without a search.
        let joins_left = self.ranges.get(at).is_some_and(|left| left.end == range.start);
        let right = if joins_left { at + 1 } else { at };
        let joins_right = self.ranges.get(right).is_some_and(|next| next.start == range.end);
        match (joins_left, joins_right) {
            (true, true) => {
                let end = self.ranges.remove(right).map_or(range.end, |next| next.end);
                if let Some(left) = self.ranges.get_mut(at) {
                    left.end = end;
                }
            }
            (true, false) => {
                if let Some(left) = self.ranges.get_mut(at) {
                    left.end = range.end;
                }
            }
            (false, true) => {
                if let Some(next) = self.ranges.get_mut(right) {
                    next.start = range.start;
                }
            }
            (false, false) => self.ranges.insert(at, range),
        }
    }

    /// Takes up to `max` slots off the front, those with the lowest numbers, as one run.
    pub(super) fn take_front(&mut self, max: u32) -> Option<SlotRange> {
        let first = self.ranges.front_mut()?;
        let taken = SlotRange { start: first.start, end: first.start + first.len().min(max) };
        first.start = taken.end;
        if first.is_empty() {
            self.ranges.pop_front();
        }
        (!taken.is_empty()).then_some(taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Takes all there is, in order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = SlotRange> + use<> {
        std::mem::take(&mut self.ranges).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn range(start: Slot, end: Slot) -> SlotRange {
        SlotRange { start, end }
    }

    #[test]
    fn neighbours_become_one_range() {
        let mut set = SlotSet::default();
        for part in [range(10, 20), range(30, 40), range(0, 5), range(20, 30), range(7, 10), range(5, 7)] {
            set.insert(part);
        }
        assert_eq!(set.drain().collect::<Vec<_>>(), [range(0, 40)]);
    }

    #[test]
    fn slots_leave_in_order_whatever_the_order_they_came_in() {
        let mut set = SlotSet::default();
        for slot in [9, 3, 7, 1, 2, 8] {
            set.insert(SlotRange::one(slot));
        }
        assert_eq!(set.take_front(2), Some(range(1, 3)));
        assert_eq!(set.take_front(9), Some(range(3, 4)), "a run ends where the next number is missing");
        assert_eq!(set.take_front(0), None);
        assert_eq!(set.take_front(9), Some(range(7, 10)));
        assert_eq!(set.take_front(9), None);
        assert!(set.is_empty());
    }
}
