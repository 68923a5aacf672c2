//! A batch and its links under any order of operations, sensible or not: tokens come late, links are asked too early and
//! too late and after they are done, the gateway answers at any moment or never, the caller stops in the midst of it.
//! Whatever happens, each slot settles once and the invariant holds; and when reason returns, the batch finishes.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod sent;

use bellpush::batch::{Batch, Config, InDoubt, Settled, Stop};
use bellpush::binary::{Link, LinkState, Timing};
use bellpush::notification::{Notification, Payload};
use bellpush::outcome::{Outcome, Reason};

use chance::Chance;
use sent::{PAYLOAD, Sent, take_frame, token_text};

/// One operation: which, on which link, and how.
type Operation = [u8; 4];

/// Milliseconds; the expiration, where there is one, comes during the operations.
const BEGINNING: u64 = 1_400_000_000_000;

struct Connection {
    link: Link,
    /// What the link has written, frame by frame.
    frames: Vec<Sent>,
    written: u64,
    /// Bytes that have reached the gateway.
    delivered: u64,
    /// Frames that the gateway has processed.
    processed: usize,
    /// The gateway has said its last word, or was never there.
    over: bool,
}

impl Connection {
    fn unsent(&self) -> u64 {
        self.written - self.delivered
    }

    /// The next frame that the gateway can process, if it is there as a whole.
    fn next(&self) -> Option<Sent> {
        let end: usize = self.frames.iter().take(self.processed + 1).map(|frame| frame.length).sum();
        let frame = self.frames.get(self.processed)?;
        (!self.over && end as u64 <= self.delivered).then(|| frame.clone())
    }
}

struct World {
    batch: Batch,
    config: Config,
    notification: Notification,
    connections: Vec<Connection>,
    now: u64,
    pushed: u32,
    accepted: Vec<u32>,
    settled: Vec<Option<Settled>>,
}

impl World {
    fn new(config: Config) -> Self {
        let payload = Payload::parse(PAYLOAD, Payload::BINARY_LIMIT).expect("an object");
        Self {
            batch: Batch::new(config),
            config,
            notification: Notification { payload, expiration: None, priority: None },
            connections: Vec::new(),
            now: BEGINNING,
            pushed: 0,
            accepted: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn operate(&mut self, operation: Operation) {
        let [kind, which, how, much] = operation;
        match kind % 16 {
            0 => self.push(u32::from(how % 8), much.is_multiple_of(8)),
            1 if how.is_multiple_of(8) => self.batch.close_input(),
            2 if how.is_multiple_of(8) => self.batch.stop(Stop::Caller, self.now),
            3 => self.now += u64::from(how) * u64::from(much % 8),
            4 => self.open(),
            15 => assert!(self.batch.next_wakeup().is_none() || !self.batch.is_finished()),
            _ if self.connections.is_empty() => self.open(),
            kind => {
                let index = usize::from(which) % self.connections.len();
                self.operate_link(index, kind, how, much);
            }
        }
        let _ = self.batch.has_work(self.now);
        self.check();
    }

    fn push(&mut self, count: u32, with_malformed: bool) {
        let count = count.min(self.batch.room());
        let mut lines: Vec<String> = (self.pushed..self.pushed + count).map(token_text).collect();
        if let Some(last) = lines.last_mut().filter(|_| with_malformed) {
            last.push('x');
        }
        assert_eq!(self.batch.push_hex(lines.join("\n").as_bytes(), self.now), count);
        self.pushed += count;
        self.accepted.resize(self.pushed as usize, 0);
        self.settled.resize(self.pushed as usize, None);
    }

    fn open(&mut self) {
        let timing = Timing { linger: 100, answer: 1_000, round_trip: 3 };
        let link = Link::new(&self.notification, self.now).with_timing(timing);
        self.connections.push(Connection {
            link,
            frames: Vec::new(),
            written: 0,
            delivered: 0,
            processed: 0,
            over: false,
        });
    }

    fn operate_link(&mut self, index: usize, kind: u8, how: u8, much: u8) {
        let now = self.now;
        let connection = self.connections.get_mut(index).expect("it is there");
        let unsent = connection.unsent();
        match kind {
            5 | 6 => self.write(index, usize::from(how) * usize::from(much % 4)),
            7 | 8 => {
                // What a link that is done has left unsent was thrown away.
                if connection.link.state() != LinkState::Done {
                    connection.delivered += unsent * u64::from(how) / 255;
                }
            }
            9 => self.process(index, usize::from(how % 8)),
            10 => self.refuse(index, how),
            11 => {
                // It has processed some, says so, and goes.
                self.process(index, usize::from(how % 4));
                let connection = self.connections.get_mut(index).expect("it is there");
                let last = connection.frames.get(connection.processed.wrapping_sub(1)).map(|frame| frame.identifier);
                if let Some(last) = last.filter(|_| !connection.over) {
                    self.say(index, &answer(10, last), usize::from(much % 7));
                }
            }
            12 => {
                let strange = [b"?".to_vec(), answer(8, 0), answer(2, 0), answer(10, u32::MAX), answer(77, 1 << 31)];
                let strange = strange.get(usize::from(how) % strange.len()).expect("one of them");
                if !connection.over {
                    self.say(index, strange, usize::from(much % 7));
                }
            }
            13 => {
                connection.link.closed(&mut self.batch, unsent, Reason::CLOSED_WITHOUT_ANSWER, now);
            }
            _ if how.is_multiple_of(4) && connection.processed == 0 && !connection.over => {
                connection.link.refused(&mut self.batch, now);
                connection.over = true;
            }
            _ => connection.link.tick(&mut self.batch, unsent, now),
        }
    }

    fn write(&mut self, index: usize, max_bytes: usize) {
        let connection = self.connections.get_mut(index).expect("it is there");
        let resends = self.config.in_doubt == InDoubt::Resend;
        let was_done = connection.link.state() == LinkState::Done;
        let mut out = Vec::new();
        connection.link.write(&mut self.batch, &mut out, max_bytes, self.now);
        assert!(!was_done || out.is_empty(), "a link that is done writes nothing");
        connection.written += out.len() as u64;
        while let Some(frame) = take_frame(&mut out) {
            connection.frames.push(frame.clone());
            assert_eq!(frame.identifier as usize, connection.frames.len());
            if let Some(slot) = frame.slot {
                let at = slot as usize;
                assert_eq!(self.settled.get(at), Some(&None), "slot {slot} is sent again after it settled");
                let accepted = self.accepted.get(at).copied().unwrap_or(1);
                assert!(accepted == 0 || resends, "slot {slot} is sent again after it was accepted");
            }
        }
    }

    /// The gateway processes so many frames, if they are there; it refuses the sentinel.
    fn process(&mut self, index: usize, count: usize) {
        for _ in 0..count {
            let connection = self.connections.get_mut(index).expect("it is there");
            let Some(frame) = connection.next() else { return };
            match frame.slot {
                Some(slot) => {
                    connection.processed += 1;
                    *self.accepted.get_mut(slot as usize).expect("it was pushed") += 1;
                }
                None => self.say(index, &answer(4, frame.identifier), 0),
            }
        }
    }

    fn refuse(&mut self, index: usize, how: u8) {
        let connection = self.connections.get_mut(index).expect("it is there");
        let statuses = [8, 8, 8, 1, 2, 5, 255, 0, 77, 4];
        let status = *statuses.get(usize::from(how) % statuses.len()).expect("one of them");
        if let Some(frame) = connection.next() {
            self.say(index, &answer(status, frame.identifier), usize::from(how % 7));
        }
    }

    /// The gateway's last words, in two pieces.
    fn say(&mut self, index: usize, words: &[u8], cut: usize) {
        let connection = self.connections.get_mut(index).expect("it is there");
        connection.over = true;
        let (left, right) = words.split_at(cut.min(words.len()));
        connection.link.read(&mut self.batch, left, 0, self.now);
        connection.link.read(&mut self.batch, right, 0, self.now);
    }

    fn resends(&self) -> bool {
        self.config.in_doubt == InDoubt::Resend
    }

    fn check(&mut self) {
        for settled in self.batch.take_settled() {
            let place = self.settled.get_mut(settled.slot as usize).expect("it was pushed");
            assert_eq!(*place, None, "{settled:?} again");
            *place = Some(settled);
            self.check_outcome(settled);
        }
        let counted = self.settled.iter().flatten().count() as u64;
        assert_eq!(self.batch.counts().total(), counted);
    }

    fn check_outcome(&self, settled: Settled) {
        let accepted = self.accepted.get(settled.slot as usize).copied().unwrap_or_default();
        match settled.outcome {
            Outcome::Accepted => assert!(accepted > 0, "{settled:?}, which was not accepted"),
            Outcome::InDoubt => {}
            Outcome::Rejected if self.resends() => {}
            _ => assert_eq!(accepted, 0, "{settled:?}, which was accepted"),
        }
        let most = if self.resends() { u32::from(self.config.max_attempts).max(1) } else { 1 };
        assert!(accepted <= most, "{settled:?}, accepted {accepted} times");
    }

    /// Lets a link write and an honest gateway answer, until it is done; it may wait for answers between.
    fn see_through(&mut self, index: usize) {
        for _ in 0..10 + self.pushed {
            self.write(index, usize::MAX);
            let connection = self.connections.get_mut(index).expect("it was opened");
            connection.delivered = connection.written;
            self.process(index, usize::MAX);
            let link = &self.connections.get(index).expect("it was opened").link;
            if link.state() == LinkState::Done {
                return;
            }
            self.now = self.now.max(link.deadline().expect("a link that is not done waits for a time"));
        }
    }

    /// Every connection ends, and then an honest gateway takes all that is left.
    fn finish(&mut self) {
        self.batch.close_input();
        for connection in &mut self.connections {
            let unsent = connection.unsent();
            connection.link.closed(&mut self.batch, unsent, Reason::CLOSED_WITHOUT_ANSWER, self.now);
            connection.over = true;
        }
        self.check();
        // Each round settles something, or takes one of a slot's few attempts.
        for _ in 0..10 + 10 * self.pushed {
            if self.batch.has_work(self.now) {
                self.open();
                let index = self.connections.len() - 1;
                self.see_through(index);
            } else if let Some(time) = self.batch.next_wakeup() {
                self.now = self.now.max(time);
            }
            self.check();
            if self.batch.is_finished() {
                break;
            }
        }
        assert!(self.batch.is_finished(), "{:?} of {}", self.batch.counts(), self.pushed);
        for (slot, settled) in self.settled.iter().enumerate() {
            assert!(settled.is_some(), "slot {slot} never settled");
        }
        for settled in self.settled.iter().flatten() {
            self.check_outcome(*settled);
        }
    }
}

fn answer(status: u8, identifier: u32) -> Vec<u8> {
    let mut bytes = vec![8, status];
    bytes.extend(identifier.to_be_bytes());
    bytes
}

fn run(configuration: u8, operations: &[Operation]) {
    let mut world = World::new(Config {
        max_in_flight: if configuration & 1 == 0 { 6 } else { 65_536 },
        max_attempts: configuration >> 1 & 3,
        in_doubt: if configuration & 8 == 0 { InDoubt::Report } else { InDoubt::Resend },
        breaker: if configuration & 48 == 0 { 2 } else { u32::MAX },
        list_accepted: true,
        expiration: (configuration & 192 == 0).then_some((BEGINNING / 1_000) as u32 + 2),
    });
    for operation in operations {
        world.operate(*operation);
    }
    world.finish();
}

#[test]
fn any_order_of_operations_from_a_seed() {
    let runs = if cfg!(target_arch = "wasm32") { 3_000 } else { 6_000 };
    for seed in 0..runs {
        let mut chance = Chance(seed);
        let operations: Vec<Operation> =
            (0..chance.below(150)).map(|_| (chance.number() as u32).to_be_bytes()).collect();
        run(chance.number() as u8, &operations);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod shrinking {
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_order_of_operations(configuration: u8, operations in vec(any::<[u8; 4]>(), 0..150)) {
            super::run(configuration, &operations);
        }
    }
}
