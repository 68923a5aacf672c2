//! What must hold after each operation: against what the gateway really did, and against what the core can know.

use bellpush::batch::Settled;
use bellpush::binary::{Confirm, LinkState};
use bellpush::outcome::{Outcome, Reason};

use super::World;

impl World {
    fn attempts(&self) -> usize {
        usize::from(self.config.max_attempts).max(1)
    }

    pub(super) fn check(&mut self) {
        for settled in self.batch.take_settled() {
            assert_eq!(settled.at, self.now, "{settled:?} is not of now");
            let place = &mut self.slot(settled.slot).settled;
            assert_eq!(*place, None, "{settled:?} again");
            *place = Some(settled);
            self.check_outcome(settled);
            self.check_reason(settled);
        }
        let wakes = self.batch.next_wakeup().is_some();
        assert!(!wakes || !self.batch.is_finished(), "nothing is left to wake up for");
        let counted = self.slots.iter().filter(|slot| slot.settled.is_some()).count();
        assert_eq!(self.batch.counts().total(), counted as u64);
        let all = self.closed && counted == self.slots.len();
        assert_eq!(self.batch.is_finished(), all, "finished as soon as all have settled, and not before");
        let held = self.slots.len() as u32 - self.batch.first_unsettled();
        assert!(held <= self.config.max_in_flight, "{held} slots held");
        for connection in &self.connections {
            let (state, in_flight) = (connection.link.state(), connection.link.in_flight());
            assert!(state != LinkState::Done || in_flight == 0, "a link is done with {in_flight} in flight");
            assert!(in_flight == 0 || connection.link.deadline().is_some(), "a link waits for ever");
        }
    }

    /// Against what the gateway really did.
    pub(super) fn check_outcome(&self, settled: Settled) {
        let Some(slot) = self.slots.get(settled.slot as usize).filter(|slot| !slot.lied_about) else { return };
        match settled.outcome {
            // The gateway was silent about it, and may still refuse it.
            Outcome::Accepted if self.confirm != Confirm::Sentinel => {
                assert!(self.has_left(&slot.places), "{settled:?}, which never left");
            }
            Outcome::Accepted => assert!(slot.accepted > 0, "{settled:?}, which was not accepted"),
            Outcome::InDoubt => {}
            Outcome::Rejected if self.resends() => {}
            _ => assert_eq!(slot.accepted, 0, "{settled:?}, which was accepted"),
        }
        let most = if self.resends() { self.attempts() as u32 } else { 1 };
        assert!(slot.accepted <= most, "{settled:?}, accepted {} times", slot.accepted);
    }

    /// Against what the core can know, when it settles.
    fn check_reason(&self, settled: Settled) {
        let Settled { outcome, reason, dead, .. } = settled;
        let Some(slot) = self.slots.get(settled.slot as usize) else { return };
        assert_eq!(slot.malformed, reason == Reason::MALFORMED_TOKEN, "{settled:?}");
        assert!(!slot.malformed || (outcome == Outcome::Rejected && !dead), "{settled:?}, which has no token");
        if slot.malformed || slot.lied_about {
            return;
        }
        let refused_with = |statuses: &[u8]| slot.refused.iter().filter(|said| statuses.contains(said)).count();
        assert!(!dead || refused_with(&[8]) >= 2, "{settled:?}, refused with {:?}", slot.refused);
        match outcome {
            Outcome::Accepted | Outcome::InDoubt => {}
            Outcome::Rejected => {
                let status = reason.status().expect("a status");
                assert!(refused_with(&[status]) > 0, "{settled:?}, refused with {:?}", slot.refused);
            }
            Outcome::Exhausted => {
                let passing = refused_with(&[1, 255]);
                assert!(passing == self.attempts() || self.resends(), "{settled:?}, refused with {:?}", slot.refused);
            }
            Outcome::Expired => {
                let time = self.config.expiration.unwrap_or_default();
                assert!(time != 0 && self.now / 1_000 >= u64::from(time), "{settled:?}, before {time}");
            }
            Outcome::NotSent => assert!(self.batch.stopped().is_some(), "{settled:?}, and nobody stopped"),
        }
        if outcome == Outcome::InDoubt && self.knows_unsent {
            self.check_doubt(settled, &slot.places);
        }
    }

    /// In doubt can be only what has left the host whole, the last time it was written, or any time if it was sent again
    /// for being in doubt.
    fn check_doubt(&self, settled: Settled, places: &[(usize, u64)]) {
        let before = if self.resends() { 0 } else { places.len().saturating_sub(1) };
        let any = places.iter().skip(before).any(|place| self.has_left(std::slice::from_ref(place)));
        assert!(any, "{settled:?}, which never left: {places:?}");
    }

    /// Whether it has left the host whole, the last time it was written.
    fn has_left(&self, places: &[(usize, u64)]) -> bool {
        let there = places.last().and_then(|(index, end)| Some((self.connections.get(*index)?, *end)));
        there.is_some_and(|(connection, end)| end <= connection.sent)
    }
}
