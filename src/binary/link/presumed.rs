//! What a link took for accepted because the gateway was silent: remembered for a while, since a refusal may come late.

use std::collections::VecDeque;

use crate::batch::{Slot, SlotRange};
use crate::outcome::Reason;

/// So many are remembered. A late refusal of an older one tells nothing of it, but of all these that they were discarded.
const MOST: u64 = 65_536;

#[derive(Debug, Default)]
pub(super) struct Presumed {
    /// Runs of slots, each with the identifier of its first, in the order of writing.
    runs: VecDeque<(u32, SlotRange)>,
    count: u64,
}

impl Presumed {
    pub(super) fn push(&mut self, identifier: u32, slots: SlotRange) {
        self.count += u64::from(slots.len());
        self.runs.push_back((identifier, slots));
        // The oldest go one by one: a whole push is often one run.
        while let Some(over @ 1..) = self.count.checked_sub(MOST) {
            let Some((identifier, oldest)) = self.runs.front_mut() else { break };
            let gone = over.min(u64::from(oldest.len())) as u32;
            (oldest.start, *identifier) = (oldest.start + gone, *identifier + gone);
            if oldest.is_empty() {
                self.runs.pop_front();
            }
            self.count -= u64::from(gone);
        }
    }

    /// Whether what carries this identifier was taken for accepted, be it forgotten since: all before the last was.
    pub(super) fn contains(&self, identifier: u32) -> bool {
        let end = self.runs.back().map_or(0, |(first, slots)| first + slots.len());
        identifier != 0 && identifier < end
    }

    /// Takes out what carries this identifier and all after it, each with what became of it: the named one is `named`
    /// (`None`: it was accepted, as it seemed), those after it were discarded.
    pub(super) fn take_from(&mut self, identifier: u32, named: Option<Reason>) -> Vec<(Slot, Reason)> {
        let mut late = Vec::new();
        for (first, slots) in std::mem::take(&mut self.runs) {
            for (slot, carried) in (slots.start..slots.end).zip(first..) {
                match named {
                    _ if carried > identifier => late.push((slot, Reason::DISCARDED)),
                    Some(reason) if carried == identifier => late.push((slot, reason)),
                    _ => {}
                }
            }
        }
        self.count = 0;
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn of_a_run_that_is_too_long_the_last_are_remembered() {
        let mut presumed = Presumed::default();
        presumed.push(1, SlotRange { start: 0, end: 70_000 });
        presumed.push(70_001, SlotRange { start: 70_000, end: 70_010 });
        assert_eq!(presumed.count, MOST);
        assert!(presumed.contains(70_010) && !presumed.contains(70_011) && !presumed.contains(0));
        assert_eq!(presumed.take_from(69_990, Some(Reason(8))).len(), 21);
    }

    #[test]
    fn what_was_forgotten_and_is_refused_tells_of_all_that_are_remembered() {
        let mut presumed = Presumed::default();
        presumed.push(1, SlotRange { start: 0, end: 70_000 });
        assert!(presumed.contains(7));
        let late = presumed.take_from(7, Some(Reason(8)));
        assert_eq!(late.len() as u64, MOST);
        assert!(late.iter().all(|(_, reason)| *reason == Reason::DISCARDED));
    }
}
