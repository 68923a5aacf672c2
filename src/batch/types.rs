//! What a batch is told and what it tells: limits, outcomes, counts.

use crate::outcome::{Outcome, Reason};

use super::Slot;

/// What a batch may do. Every limit is here.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many slots, from the oldest unsettled one on, are held at once. Bounds the memory, whatever the audience.
    pub max_in_flight: u32,
    /// How often a slot is sent when the gateway fails for a passing cause, or, with [`InDoubt::Resend`], when nobody can
    /// know; then it is [`Outcome::Exhausted`] or [`Outcome::InDoubt`].
    pub max_attempts: u8,
    /// How long it waits before each of them.
    pub retry: Backoff,
    /// What becomes of slots of which nobody can know whether they were accepted.
    pub in_doubt: InDoubt,
    /// So many refused tokens, and more refused than accepted, stop the batch: the environment or the app is wrong. So
    /// many refusals for a passing cause in a row stop it, too: the gateway is out of order.
    pub breaker: u32,
    /// Whether [`Batch::take_settled`] lists accepted slots too, and not only counts them.
    pub list_accepted: bool,
    /// Unix seconds from which on nothing is sent any more; `None` or `Some(0)`: no such time.
    pub expiration: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_in_flight: 131_072,
            max_attempts: 3,
            retry: Backoff { first: 500, longest: 30_000 },
            in_doubt: InDoubt::Report,
            breaker: 20,
            list_accepted: false,
            expiration: None,
        }
    }
}

/// How long to wait before something is tried again, in milliseconds: doubled each time, up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try.
    pub first: u32,
    /// Before any.
    pub longest: u32,
}

impl Backoff {
    /// What slot number `slot` waits after its `failures`th failure: between half of the time and all of it, so that what
    /// failed together does not come back together.
    #[must_use]
    pub fn delay(self, failures: u8, slot: Slot) -> u64 {
        let doubled = u64::from(self.first) << u32::from(failures.saturating_sub(1)).min(16);
        let full = doubled.min(u64::from(self.longest));
        // A multiplicative hash (Knuth): the core has no source of chance, and needs none to spread things.
        let spread = u64::from(slot.wrapping_mul(2_654_435_761) >> 16) * (full / 2) / 65_536;
        full - full / 2 + spread
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
    /// The breaker: the gateway fails to process anything, for this reason.
    Failing(Reason),
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
    /// Since when it is dead, in milliseconds since 1970, where the gateway said so.
    pub died_at: Option<u64>,
    /// What the gateway calls the notification, where the link was to keep that.
    pub id: Option<Id>,
    /// When, in the milliseconds of the embedder's clock.
    pub at: u64,
}

/// A notification's name at the gateway: the 16 bytes of a UUID.
pub type Id = [u8; 16];

/// What a gateway said when it refused a notification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// The connection that it said it on: a second opinion is asked on another one. 0: one that is over.
    pub(crate) connection: u32,
    /// Milliseconds that it wants to be left alone.
    pub(crate) retry_after: u64,
    /// Milliseconds since 1970 at which the token died.
    pub(crate) died_at: Option<u64>,
    pub(crate) id: Option<Id>,
    /// Each notification has an answer of its own: what those say that links have may outweigh this one. Where one answer
    /// speaks for all before it, there is nothing to wait for.
    pub(crate) one_by_one: bool,
}

impl Refusal {
    /// For this reason, and that is all it said, on a connection that is over.
    pub(crate) fn new(reason: Reason) -> Self {
        Self { reason, connection: 0, retry_after: 0, died_at: None, id: None, one_by_one: false }
    }
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

    pub(super) fn add(&mut self, outcome: Outcome, more: u64) {
        if let Some(count) = self.0.get_mut(outcome as usize) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_delay_grows_and_is_capped_and_never_nothing() {
        let backoff = Backoff { first: 500, longest: 30_000 };
        for slot in [0, 1, 77, u32::MAX] {
            for failures in 1..=255 {
                let delay = backoff.delay(failures, slot);
                let full = (500 << u32::from(failures - 1).min(16)).min(30_000);
                assert!((full / 2..=full).contains(&delay), "{failures} failures, slot {slot}: {delay} ms");
            }
        }
    }
}
