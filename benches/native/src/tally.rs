//! What was accepted, by the tokens' numbers: one bit each, so that "none lost, none twice" is counted and not believed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Numbers that it tells apart.
const NUMBERS: usize = 1 << 24;

pub struct Tally {
    seen: Vec<AtomicU64>,
    dead_every: AtomicU64,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    malformed: AtomicU64,
    connections: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            seen: (0..NUMBERS / 64).map(|_| AtomicU64::new(0)).collect(),
            dead_every: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }
}

impl Tally {
    pub fn reset(&self, dead_every: u64) {
        self.dead_every.store(dead_every, Relaxed);
        let counts = [&self.accepted, &self.duplicates, &self.rejected, &self.malformed, &self.connections];
        for count in counts.into_iter().chain(&self.seen) {
            count.store(0, Relaxed);
        }
    }

    pub fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub fn dead_every(&self) -> u64 {
        self.dead_every.load(Relaxed)
    }

    /// Notes that a token was accepted; returns whether it had been before.
    pub fn note(&self, number: u32) -> bool {
        let number = number as usize % NUMBERS;
        let bit = 1 << (number % 64);
        self.seen[number / 64].fetch_or(bit, Relaxed) & bit != 0
    }

    /// Counts what a chunk of bytes brought: cheaper than one by one.
    pub fn add(&self, accepted: u64, duplicates: u64) {
        self.accepted.fetch_add(accepted, Relaxed);
        self.duplicates.fetch_add(duplicates, Relaxed);
    }

    pub fn refused(&self, malformed: bool) {
        if malformed { &self.malformed } else { &self.rejected }.fetch_add(1, Relaxed);
    }

    pub fn report(&self) -> String {
        let [accepted, duplicates, rejected, malformed, connections] =
            [&self.accepted, &self.duplicates, &self.rejected, &self.malformed, &self.connections]
                .map(|count| count.load(Relaxed));
        let distinct = accepted - duplicates;
        format!(
            r#"{{"accepted":{accepted},"distinct":{distinct},"duplicates":{duplicates},"rejected":{rejected},"malformed":{malformed},"connections":{connections}}}"#
        )
    }
}
