//! A batch and its links under any order of operations that a correct embedder may do, sensible or not: tokens come late,
//! links are asked too early and too late and after they are done, the gateway answers at any moment or never, the
//! caller stops in the midst of it. Whatever happens, each slot settles once and the invariant holds; and when reason
//! returns, the batch finishes.
//!
//! Four bytes are the configuration, and every four after them an operation, so that any bytes mean something, and bytes
//! that are nearly the same mean nearly the same.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

mod checks;
mod gateway;

use bellpush::batch::{Backoff, Batch, Config, InDoubt, Settled, Stop};
use bellpush::binary::{Confirm, Link, LinkState, Timing};
use bellpush::notification::{Notification, Payload};
use bellpush::outcome::Reason;

use crate::sent::{PAYLOAD, Sent, push_texts, take_frame, token_text};

/// Milliseconds; the expiration, where there is one, comes during the operations.
const BEGINNING: u64 = 1_400_000_000_000;

/// A configuration, as [`run`] reads it.
pub type Configuration = [u8; 4];

/// An operation: which (see [`op`]), on which connection (0: the newest), how, how much.
pub type Operation = [u8; 4];

/// The first byte of an [`Operation`], modulo [`op::COUNT`].
pub mod op {
    /// Up to seven tokens, as the third byte says, or about a hundred; one in eight times the last is malformed.
    pub const PUSH: u8 = 0;
    /// One in eight times.
    pub const CLOSE_INPUT: u8 = 1;
    /// One in eight times.
    pub const STOP: u8 = 2;
    pub const WAIT: u8 = 3;
    pub const OPEN: u8 = 4;
    /// All that the link has.
    pub const WRITE: u8 = 5;
    /// About so many bytes.
    pub const WRITE_LITTLE: u8 = 6;
    /// All that was written leaves.
    pub const SEND: u8 = 7;
    /// A part of it, of 255.
    pub const SEND_PART: u8 = 8;
    /// The gateway accepts so many.
    pub const PROCESS: u8 = 9;
    /// It accepts some, and refuses the next.
    pub const REFUSE: u8 = 10;
    /// It accepts some, and names the last of them.
    pub const SHUT_DOWN: u8 = 11;
    /// It says something that fits nothing it got.
    pub const SAY_STRANGE: u8 = 12;
    /// The connection ends.
    pub const CLOSE: u8 = 13;
    /// The link looks at the clock; or the gateway refuses the certificate.
    pub const TICK: u8 = 14;
    /// A new connection, on which all is written and leaves.
    pub const ROUND: u8 = 15;
    /// The gateway says something about what it got that is not so.
    pub const LIE: u8 = 16;
    /// The host gives the connection up.
    pub const LEAVE: u8 = 17;
    pub const COUNT: u8 = 18;
}

struct Connection {
    link: Link,
    /// What the link has written, frame by frame, and where each ends.
    frames: Vec<(Sent, u64)>,
    written: u64,
    /// Bytes that have left the host.
    sent: u64,
    /// Frames that the gateway has processed.
    processed: usize,
    /// The gateway has said its last word, or was never there.
    over: bool,
}

impl Connection {
    fn unsent(&self) -> u64 {
        self.written - self.sent
    }

    /// The next frame that the gateway can process, if it is there as a whole.
    fn next(&self) -> Option<&Sent> {
        let (frame, end) = self.frames.get(self.processed)?;
        (!self.over && *end <= self.sent).then_some(frame)
    }
}

/// What is known about a slot without the core.
#[derive(Default)]
struct Truth {
    malformed: bool,
    accepted: u32,
    /// The statuses with which the gateway refused it, each on a connection of its own.
    refused: Vec<u8>,
    /// Where it was written: on which connections, and where its frame ends there.
    places: Vec<(usize, u64)>,
    /// A gateway has lied about it: nothing but that it settles once can be expected.
    lied_about: bool,
    settled: Option<Settled>,
}

struct World {
    batch: Batch,
    config: Config,
    timing: Timing,
    confirm: Confirm,
    /// The host knows what has not left yet; otherwise it calls nothing unsent.
    knows_unsent: bool,
    notification: Notification,
    connections: Vec<Connection>,
    now: u64,
    slots: Vec<Truth>,
    /// The input has been closed: no more tokens.
    closed: bool,
}

/// Does all that these bytes say.
pub fn run_bytes(bytes: &[u8]) {
    let mut fours = bytes.chunks_exact(4).filter_map(|four| four.first_chunk::<4>().copied());
    let configuration = fours.next().unwrap_or_default();
    run(configuration, fours);
}

/// Does one thing after the other, and then sees the batch through.
pub fn run([size, attempts, breaker, times]: Configuration, operations: impl IntoIterator<Item = Operation>) {
    let soon = (BEGINNING / 1_000) as u32 + 2;
    let config = Config {
        max_in_flight: one_of(&[65_536, 6, 1, 2, 40], size),
        max_attempts: attempts & 3,
        retry: Backoff { first: one_of(&[500, 0, 7], size / 16), longest: one_of(&[30_000, 0, 3], size / 64) },
        in_doubt: if attempts & 8 == 0 { InDoubt::Report } else { InDoubt::Resend },
        breaker: one_of(&[u32::MAX, 2, 20, 1, 0], breaker),
        list_accepted: true,
        expiration: one_of(&[None, Some(soon), Some(0), Some(1)], times),
    };
    let timing = Timing {
        linger: one_of(&[100, 0, u64::MAX], times / 4),
        answer: one_of(&[1_000, 1, u64::MAX], times / 16),
        round_trip: one_of(&[2, 0, 50], times / 64),
    };
    let quiet = one_of(&[50, 1], attempts / 64);
    let confirm = if attempts & 32 == 0 { Confirm::Sentinel } else { Confirm::Quiet(quiet) };
    let mut world = World::new(config, timing, confirm, attempts & 16 == 0);
    world.batch.set_links(one_of(&[1, 2, 8], size / 5));
    for operation in operations {
        world.operate(operation);
    }
    world.finish();
}

fn one_of<T: Copy>(choices: &[T], which: u8) -> T {
    *choices.get(usize::from(which) % choices.len()).expect("below its length")
}

impl World {
    fn new(config: Config, timing: Timing, confirm: Confirm, knows_unsent: bool) -> Self {
        let payload = Payload::parse(PAYLOAD, Payload::BINARY_LIMIT).expect("an object");
        Self {
            batch: Batch::new(config),
            config,
            timing,
            confirm,
            knows_unsent,
            notification: Notification { payload, expiration: None, priority: None },
            connections: Vec::new(),
            now: BEGINNING,
            slots: Vec::new(),
            closed: false,
        }
    }

    fn operate(&mut self, operation: Operation) {
        let [kind, which, how, much] = operation;
        match kind % op::COUNT {
            op::PUSH if how < 224 => self.push(u32::from(how % 8), much.is_multiple_of(8)),
            op::PUSH => self.push(u32::from(how - 128), much.is_multiple_of(8)),
            op::CLOSE_INPUT if how.is_multiple_of(8) => self.close_input(),
            op::STOP if how.is_multiple_of(8) => self.batch.stop(Stop::Caller, self.now),
            op::WAIT => self.now += u64::from(how) * u64::from(much % 8),
            op::OPEN => self.open(),
            op::ROUND => {
                self.open();
                let index = self.connections.len() - 1;
                self.write(index, usize::MAX);
                self.send(index, 255);
            }
            _ if self.connections.is_empty() => self.open(),
            kind => {
                let index = self.connections.len() - 1 - usize::from(which) % self.connections.len();
                self.operate_link(index, kind, how, much);
            }
        }
        self.check();
        let _ = self.batch.has_work(self.now);
        self.check();
    }

    /// Tokens are pushed until the input is closed, and only as many as there is room for.
    fn push(&mut self, count: u32, with_malformed: bool) {
        if self.closed {
            return;
        }
        let first = self.slots.len() as u32;
        let count = count.min(self.batch.room());
        let mut texts: Vec<String> = (first..first + count).map(token_text).collect();
        self.slots.extend(texts.iter().map(|_| Truth::default()));
        if let (Some(text), Some(slot)) = (texts.last_mut(), self.slots.last_mut())
            && with_malformed
        {
            text.push('x');
            slot.malformed = true;
        }
        assert_eq!(push_texts(&mut self.batch, &texts, self.now), count);
    }

    fn close_input(&mut self) {
        self.closed = true;
        self.batch.close_input();
    }

    fn open(&mut self) {
        let link = Link::new(&self.notification, self.now).with_timing(self.timing).with_confirm(self.confirm);
        self.connections.push(Connection { link, frames: Vec::new(), written: 0, sent: 0, processed: 0, over: false });
    }

    fn connection(&mut self, index: usize) -> &mut Connection {
        self.connections.get_mut(index).expect("it is there")
    }

    fn slot(&mut self, slot: u32) -> &mut Truth {
        self.slots.get_mut(slot as usize).expect("it was pushed")
    }

    fn operate_link(&mut self, index: usize, kind: u8, how: u8, much: u8) {
        let now = self.now;
        let unsent = self.told_unsent(index);
        let connection = self.connections.get_mut(index).expect("it is there");
        match kind {
            op::WRITE => self.write(index, usize::MAX),
            op::WRITE_LITTLE => self.write(index, usize::from(how)),
            op::SEND => self.send(index, 255),
            op::SEND_PART => self.send(index, how),
            op::PROCESS => self.process(index, usize::from(how % 8)),
            op::REFUSE => {
                self.process(index, usize::from(much % 4));
                self.refuse(index, how);
            }
            op::SHUT_DOWN => {
                self.process(index, usize::from(how % 4));
                self.shut_down(index, usize::from(much % 7));
            }
            op::SAY_STRANGE => self.say_strange(index, how, usize::from(much % 7)),
            op::CLOSE => connection.link.closed(&mut self.batch, unsent, Reason::CLOSED_WITHOUT_ANSWER, now),
            op::LIE => self.lie(index, how, much),
            op::LEAVE => connection.link.closed(&mut self.batch, unsent, Reason::ABANDONED, now),
            _ if how.is_multiple_of(4) && connection.processed == 0 && !connection.over => {
                connection.link.refused(&mut self.batch, now);
                connection.over = true;
            }
            _ => self.tick(index),
        }
    }

    fn tick(&mut self, index: usize) {
        let unsent = self.told_unsent(index);
        let connection = self.connections.get_mut(index).expect("it is there");
        connection.link.tick(&mut self.batch, unsent, self.now);
    }

    /// What the host tells the link.
    fn told_unsent(&mut self, index: usize) -> u64 {
        if self.knows_unsent { self.connection(index).unsent() } else { 0 }
    }

    fn write(&mut self, index: usize, max_bytes: usize) {
        let resends = self.resends();
        let connection = self.connections.get_mut(index).expect("it is there");
        let was_done = connection.link.state() == LinkState::Done;
        let mut out = connection.link.write(&mut self.batch, max_bytes, self.now).to_vec();
        assert!(!was_done || out.is_empty(), "a link that is done writes nothing");
        let waits = max_bytes > 0 && out.is_empty() && connection.link.state() == LinkState::Open;
        let left_alone = waits && self.batch.has_work(self.now) && connection.link.deadline().is_none();
        assert!(!left_alone, "a link leaves work alone for ever");
        while let Some(frame) = take_frame(&mut out) {
            connection.written += frame.length as u64;
            let end = connection.written;
            connection.frames.push((frame.clone(), end));
            assert_eq!(frame.identifier as usize, connection.frames.len());
            if let Some(number) = frame.slot {
                let slot = self.slots.get_mut(number as usize).expect("it was pushed");
                assert!(!slot.malformed, "slot {number} has no token, and is sent");
                assert_eq!(slot.settled, None, "slot {number} is sent again after it settled");
                let again = slot.accepted > 0 && !slot.lied_about;
                assert!(!again || resends, "slot {number} is sent again after it was accepted");
                slot.places.push((index, end));
            }
        }
        assert!(out.is_empty(), "half a frame");
    }

    /// So much of what was written leaves, of 255. What a link that is done has left unsent was thrown away.
    fn send(&mut self, index: usize, part: u8) {
        let now = self.now;
        let connection = self.connection(index);
        if connection.link.state() == LinkState::Done || connection.unsent() == 0 {
            return;
        }
        connection.sent += connection.unsent() * u64::from(part) / 255;
        if connection.unsent() == 0 {
            connection.link.left(now);
        }
    }

    fn resends(&self) -> bool {
        self.config.in_doubt == InDoubt::Resend
    }

    /// Lets a link write and an honest gateway answer, until it is done; it may wait between.
    fn see_through(&mut self, index: usize) {
        for _ in 0..10 + self.slots.len() {
            self.write(index, usize::MAX);
            self.send(index, 255);
            self.process(index, usize::MAX);
            self.check();
            let link = &self.connection(index).link;
            if link.state() == LinkState::Done {
                return;
            }
            let Some(time) = link.deadline() else { return };
            self.now = self.now.max(time);
            self.tick(index);
        }
    }

    /// Every connection ends, and then an honest gateway takes all that is left.
    fn finish(&mut self) {
        self.close_input();
        for connection in &mut self.connections {
            let unsent = if self.knows_unsent { connection.unsent() } else { 0 };
            connection.link.closed(&mut self.batch, unsent, Reason::CLOSED_WITHOUT_ANSWER, self.now);
            connection.over = true;
        }
        self.check();
        // Each round settles something, or takes one of a slot's few attempts.
        for _ in 0..10 + 10 * self.slots.len() {
            if self.batch.has_work(self.now) {
                self.open();
                self.see_through(self.connections.len() - 1);
            } else if let Some(time) = self.batch.next_wakeup() {
                self.now = self.now.max(time);
            }
            self.check();
            if self.batch.is_finished() {
                break;
            }
        }
        assert!(self.batch.is_finished(), "{:?} of {}", self.batch.counts(), self.slots.len());
        for (number, slot) in self.slots.iter().enumerate() {
            let settled = slot.settled.unwrap_or_else(|| unreachable!("slot {number} never settled"));
            // A gateway may have accepted it after it settled.
            self.check_outcome(settled);
        }
    }
}
