//! What an old client may send and Apple may answer, in any order, and what a conversation must then say: a model that
//! keeps every notification, and looks at all of them again whenever it is asked.

#![allow(clippy::indexing_slicing, reason = "a model that reaches beyond the end fails, as it should")]
use std::collections::BTreeMap;

use bellpush::binary::frame::{Command, Decoder};
use bellpush::binary::{Frame, server};
use bellpush::legacy::verdict::SHUTDOWN;
use bellpush::legacy::{Answer, Conversation, Intake, Limits, Memory, Verdict};

/// One thing that happens: which, on which connection, and two bytes that say more.
pub type Operation = [u8; 4];

/// The first bytes of operations.
pub mod op {
    /// A frame is written: its command, token and payload.
    pub const WRITE: u8 = 0;
    /// Bytes are written that may be anything.
    pub const WRITE_RAW: u8 = 1;
    /// So many of the bytes that were written arrive.
    pub const ARRIVE: u8 = 2;
    /// All of them.
    pub const ARRIVE_ALL: u8 = 3;
    /// A verdict on one of those that have none.
    pub const SETTLE: u8 = 4;
    /// Everything that has no verdict is accepted.
    pub const ACCEPT_ALL: u8 = 5;
    /// Nothing that has no verdict is sent any more.
    pub const STOP: u8 = 6;
    /// The run takes no more.
    pub const END_RUN: u8 = 7;
    /// The client has closed its side.
    pub const END_INPUT: u8 = 8;
    /// What was remembered last is withdrawn.
    pub const WITHDRAW: u8 = 9;
    /// How many there are.
    pub const COUNT: u8 = 10;
}

const LIMITS: Limits = Limits { payload: 64, frame: 300, window: 20 };
const MOST_REMEMBERED: usize = 200;

/// Token, payload and expiration.
type Key = (Vec<u8>, Vec<u8>, Option<u32>, Option<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In this slot of this run; the verdict where Apple has given one that the conversation cannot know yet.
    Open(u32, u32, Option<Verdict>),
    Settled(Verdict),
}

struct Entry {
    identifier: Option<u32>,
    key: Key,
    state: State,
}

/// One connection, twice: as it is, and as it must be.
struct Connection {
    conversation: Conversation,
    decoder: Decoder,
    written: Vec<u8>,
    entries: Vec<Entry>,
    /// Slots given out, by run.
    slots: BTreeMap<u32, u32>,
    wordless: Option<bool>,
    deaf: bool,
    ended: bool,
    received: u64,
    swallowed: u64,
}

/// A client with two connections at a time, and what is remembered for it.
struct World {
    connections: [Connection; 2],
    memory: Memory,
    remembered: BTreeMap<Key, usize>,
    last_episode: Option<(u64, Vec<Key>)>,
    identifier: u32,
}

/// Does what the bytes say.
///
/// # Panics
/// Where the conversation says anything else than the model.
pub fn converse(data: &[u8]) {
    let mut world = World {
        connections: [Connection::new(), Connection::new()],
        memory: Memory::new(MOST_REMEMBERED),
        remembered: BTreeMap::new(),
        last_episode: None,
        identifier: 0,
    };
    for operation in data.as_chunks::<4>().0.iter().take(2_000) {
        world.happen(*operation);
        assert!(world.memory.len() <= MOST_REMEMBERED);
        if world.memory.overrun() > 0 {
            return; // which were forgotten the model does not know
        }
        assert_eq!(world.memory.len(), world.remembered.values().sum::<usize>());
    }
}

impl World {
    fn happen(&mut self, [what, which, a, b]: Operation) {
        let at = usize::from(which % 2);
        let connection = &mut self.connections[at];
        match what % op::COUNT {
            op::WRITE => {
                self.identifier += 1;
                connection.written.extend(frame(self.identifier, a, b));
            }
            op::WRITE_RAW => connection.written.extend([a, b]),
            op::ARRIVE => self.arrive(at, usize::from(a)),
            op::ARRIVE_ALL => self.arrive(at, usize::MAX),
            op::SETTLE => connection.settle_one(usize::from(a), verdict(b)),
            op::ACCEPT_ALL => connection.settle_all(Verdict::Accepted),
            op::STOP => connection.settle_all(Verdict::Refused(SHUTDOWN)),
            op::END_RUN => connection.conversation.end_run(),
            op::END_INPUT => {
                connection.ended = true;
                connection.conversation.end_input();
            }
            _ => self.withdraw(),
        }
        self.connections[at].check();
        self.answer(at);
    }

    fn arrive(&mut self, at: usize, length: usize) {
        let connection = &mut self.connections[at];
        let length = length.min(connection.written.len());
        let bytes: Vec<u8> = connection.written.drain(..length).collect();
        let mut intake = Intake::default();
        connection.conversation.read(&mut self.memory, &bytes, 1, &mut intake);
        let wanted = connection.expect(&bytes, &mut self.remembered);
        connection.take(&intake, &wanted);
    }

    /// The host does as it is told; afterwards the client comes back on another connection.
    fn answer(&mut self, at: usize) {
        let connection = &mut self.connections[at];
        let answer = connection.conversation.answer();
        assert_eq!(answer, connection.answer());
        if answer.is_none() {
            return;
        }
        let behind = connection.entries.iter().skip(connection.settled_in_order() + 1);
        let left: Vec<Key> = behind
            .filter(|entry| entry.state == State::Settled(Verdict::Accepted))
            .map(|entry| entry.key.clone())
            .collect();
        let episode = connection.conversation.leave(&mut self.memory, 1);
        assert_eq!(episode.is_some(), !left.is_empty());
        for key in &left {
            *self.remembered.entry(key.clone()).or_default() += 1;
        }
        let mut again = Intake::default();
        connection.conversation.read(&mut self.memory, &frame(1, 1, 1), 1, &mut again);
        assert!(again.segments.is_empty(), "nothing is taken behind an answer");
        assert_eq!(connection.conversation.answer(), None, "there is one answer");
        *connection = Connection::new();
        self.last_episode = episode.map(|episode| (episode, left));
    }

    /// Only where nothing of it was swallowed is it known what is left of it.
    fn withdraw(&mut self) {
        let Some((episode, left)) = self.last_episode.take() else { return };
        let before = self.memory.len();
        self.memory.withdraw(episode);
        let gone = before - self.memory.len();
        assert!(gone <= left.len());
        if gone == left.len() {
            for key in left {
                *self.remembered.get_mut(&key).expect("it was remembered") -= 1;
            }
        } else {
            // Some had been sent again: the model goes on without any.
            self.memory = Memory::new(MOST_REMEMBERED);
            self.remembered.clear();
        }
    }
}

impl Connection {
    fn new() -> Self {
        Self {
            conversation: Conversation::new(LIMITS),
            decoder: Decoder::new(LIMITS.frame),
            written: Vec::new(),
            entries: Vec::new(),
            slots: BTreeMap::new(),
            wordless: None,
            deaf: false,
            ended: false,
            received: 0,
            swallowed: 0,
        }
    }

    fn is_deaf(&self) -> bool {
        let refused =
            |entry: &Entry| entry.identifier.is_some() && matches!(entry.state, State::Settled(Verdict::Refused(_)));
        self.deaf || self.ended || self.entries.iter().any(refused)
    }

    /// What bytes come to: the tokens that must be sent, with their payloads. Their slots are still to be named.
    fn expect(&mut self, bytes: &[u8], remembered: &mut BTreeMap<Key, usize>) -> Vec<(Vec<u8>, Vec<u8>)> {
        if let Some(first) = bytes.first() {
            self.wordless.get_or_insert(*first == 0);
        }
        let mut wanted = Vec::new();
        if self.is_deaf() {
            return wanted;
        }
        self.decoder.push(bytes);
        while !self.deaf {
            match self.decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    self.received += 1;
                    let can_hear = frame.command != Command::Simple && self.wordless == Some(false);
                    let identifier = can_hear.then(|| frame.identifier.unwrap_or(0));
                    let priority = frame.priority.map(|priority| priority.0);
                    let key = (frame.token.to_vec(), frame.payload.to_vec(), frame.expiration, priority);
                    let state = if let Err(answer) = server::judge(&frame.view(), LIMITS.payload) {
                        self.deaf = can_hear;
                        State::Settled(Verdict::Refused(answer.status))
                    } else if let Some(left) = remembered.get_mut(&key).filter(|left| **left > 0) {
                        *left -= 1;
                        self.swallowed += 1;
                        State::Settled(Verdict::Accepted)
                    } else {
                        wanted.push((key.0.clone(), key.1.clone()));
                        State::Open(u32::MAX, u32::MAX, None)
                    };
                    self.entries.push(Entry { identifier, key, state });
                }
                Err(error) => {
                    self.deaf = true;
                    let answer = server::answer(&error);
                    let identifier = (self.wordless == Some(false)).then_some(answer.identifier);
                    let key = (Vec::new(), Vec::new(), None, None);
                    self.entries.push(Entry {
                        identifier,
                        key,
                        state: State::Settled(Verdict::Refused(answer.status)),
                    });
                }
            }
        }
        wanted
    }

    /// What is to be sent is what was wanted, in order; its slots follow one another.
    fn take(&mut self, intake: &Intake, wanted: &[(Vec<u8>, Vec<u8>)]) {
        let mut wanted = wanted.iter();
        let mut text = intake.text.as_slice();
        let mut last = self.slots.keys().last().copied();
        let fresh = |entry: &Entry| entry.state == State::Open(u32::MAX, u32::MAX, None);
        for segment in &intake.segments {
            assert!(last.is_none_or(|last| segment.run >= last), "runs begin in order");
            assert_eq!(segment.begins.is_some(), last != Some(segment.run), "a run begins once");
            last = Some(segment.run);
            for _ in 0..segment.count {
                let (token, payload) = wanted.next().expect("nothing but what came is sent");
                let (digits, rest) = text.split_at(segment.digits);
                text = rest;
                let hex: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(digits, hex.as_bytes());
                if let Some((begun, ..)) = &segment.begins {
                    assert_eq!(begun, payload);
                }
                let slot = self.slots.entry(segment.run).or_default();
                let entry = self.entries.iter_mut().find(|entry| fresh(entry)).expect("it is one of them");
                entry.state = State::Open(segment.run, *slot, None);
                *slot += 1;
            }
        }
        assert!(wanted.next().is_none(), "all that came is sent");
        assert!(text.is_empty());
    }

    fn settle_one(&mut self, choice: usize, verdict: Verdict) {
        let open: Vec<usize> =
            (0..self.entries.len()).filter(|at| matches!(self.entries[*at].state, State::Open(.., None))).collect();
        if !open.is_empty() {
            self.settle(open[choice % open.len()], verdict);
        }
    }

    fn settle_all(&mut self, verdict: Verdict) {
        for at in 0..self.entries.len() {
            if matches!(self.entries[at].state, State::Open(.., None)) {
                self.settle(at, verdict);
            }
        }
    }

    /// As a batch tells it: what was not accepted one by one, what was accepted by the slot below which all have settled.
    fn settle(&mut self, at: usize, verdict: Verdict) {
        let State::Open(run, slot, None) = self.entries[at].state else { return };
        if verdict == Verdict::Accepted {
            self.entries[at].state = State::Open(run, slot, Some(verdict));
        } else {
            self.entries[at].state = State::Settled(verdict);
            self.conversation.settle(run, slot, verdict);
        }
        let waiting = self.entries.iter().filter_map(|entry| match entry.state {
            State::Open(of, slot, None) if of == run => Some(slot),
            _ => None,
        });
        let below = waiting.min().unwrap_or(self.slots[&run]);
        self.conversation.accept_below(run, below);
        for entry in &mut self.entries {
            if let State::Open(of, slot, Some(verdict)) = entry.state
                && of == run
                && slot < below
            {
                entry.state = State::Settled(verdict);
            }
        }
    }

    fn open(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.state, State::Open(..))).count()
    }

    /// How many from the first on are settled and no obstacle.
    fn settled_in_order(&self) -> usize {
        let passes = |entry: &&Entry| match entry.state {
            State::Settled(Verdict::Refused(_)) => entry.identifier.is_none(),
            State::Settled(_) => true,
            State::Open(..) => false,
        };
        self.entries.iter().take_while(passes).count()
    }

    fn answer(&self) -> Option<Answer> {
        let front = self.entries.get(self.settled_in_order())?;
        match (front.state, front.identifier) {
            _ if self.open() > 0 => None,
            (State::Settled(Verdict::Refused(SHUTDOWN)), _) => Some(self.shutdown()),
            (State::Settled(Verdict::Refused(status)), Some(identifier)) => Some(Answer { status, identifier }),
            _ => None,
        }
    }

    fn shutdown(&self) -> Answer {
        let passed = self.entries.iter().take(self.settled_in_order());
        let accepted = |entry: &&Entry| !matches!(entry.state, State::Settled(Verdict::Refused(_)));
        let last = passed.filter(accepted).filter_map(|entry| entry.identifier).next_back();
        let first = self.entries.iter().find_map(|entry| entry.identifier).unwrap_or(0);
        Answer { status: SHUTDOWN, identifier: last.unwrap_or(first.wrapping_sub(1)) }
    }

    fn check(&self) {
        let conversation = &self.conversation;
        assert_eq!(conversation.open(), self.open());
        assert_eq!(conversation.counts(), (self.received, self.swallowed));
        let passed = self.entries.iter().take(self.settled_in_order());
        let refused = passed.filter(|entry| matches!(entry.state, State::Settled(Verdict::Refused(_)))).count();
        assert_eq!(conversation.is_cut(), self.wordless == Some(true) && refused > 0);
        let room = LIMITS.window.saturating_sub(self.entries.len() - self.settled_in_order());
        assert_eq!(conversation.room(), if self.is_deaf() { 0 } else { room });
        let front = self.entries.get(self.settled_in_order());
        let decided = front.is_some_and(|entry| matches!(entry.state, State::Settled(_)));
        assert_eq!(conversation.is_decided(), decided);
    }
}

fn verdict(byte: u8) -> Verdict {
    match byte % 8 {
        0..=2 => Verdict::Accepted,
        3 => Verdict::Dropped,
        4 => Verdict::Refused(SHUTDOWN),
        5 => Verdict::Refused(1),
        _ => Verdict::Refused(8),
    }
}

fn frame(identifier: u32, a: u8, b: u8) -> Vec<u8> {
    let command = match a % 8 {
        0 => Command::Simple,
        1..=4 => Command::Items,
        _ => Command::Enhanced,
    };
    let says = command != Command::Simple && a & 0x80 == 0;
    let frame = Frame {
        command,
        // Some clients give all the same.
        identifier: says.then_some(if a & 0x40 == 0 { identifier } else { 0 }),
        // Not a few seconds apart: that would be one reckoned anew.
        expiration: (command != Command::Simple && a & 0x20 != 0).then_some(1_000 * u32::from(a >> 3 & 3)),
        priority: None,
        token: vec![b % 4; usize::from(b >> 2 & 7)].into(),
        payload: vec![b >> 5; usize::from(b >> 5) * 10].into(),
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).expect("it is short");
    bytes
}
