//! A host and a gateway on a virtual clock: the host drives a batch and its links as their documentation says, the
//! network between the two delays and cuts, and every step is held against what really happened.
//!
//! It is small on purpose: no sockets, no threads, no time but a number.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

pub mod gateway;

use std::collections::VecDeque;

use bellpush::batch::{Batch, Config, InDoubt, Settled, Stop};
use bellpush::binary::{Link, LinkState, Timing};
use bellpush::notification::{Notification, Payload};
use bellpush::outcome::{Outcome, Reason};

use crate::chance::Chance;
use crate::sent::{PAYLOAD, take_frame, token_text};
use gateway::{Event, Fault, Peer, Truth};

/// Milliseconds since 1970 at which each simulation begins.
pub const EPOCH: u64 = 1_400_000_000_000;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Setting {
    pub slots: u32,
    /// Slots whose token is dead.
    pub dead: Vec<u32>,
    /// By connection, in the order in which they were opened: at which of its notifications, and what.
    pub faults: Vec<Option<(u32, Fault)>>,
    /// Connections at once.
    pub links: usize,
    pub config: Config,
    pub timing: Timing,
    /// What `Link::write` is asked for.
    pub max_bytes: usize,
    /// Bytes that a socket takes at once; while it holds as many, nothing is written.
    pub high_water: usize,
    /// Bytes that leave a socket each millisecond.
    pub drain: usize,
    /// Bytes that the gateway reads each millisecond, of those that its kernel has taken.
    pub reads: usize,
    /// Milliseconds from one side to the other.
    pub latency: u64,
    /// The longest piece that arrives at once.
    pub piece: usize,
    /// The most tokens that are pushed in a millisecond.
    pub feed: u32,
    /// Milliseconds after the beginning at which the caller stops the batch.
    pub stop_at: Option<u64>,
    pub seed: u64,
}

impl Setting {
    /// Nothing goes wrong, and everything is quick.
    pub fn calm(slots: u32) -> Self {
        Self {
            slots,
            dead: Vec::new(),
            faults: Vec::new(),
            links: 1,
            config: Config { list_accepted: true, breaker: u32::MAX, ..Config::default() },
            timing: Timing { linger: 50, answer: 1_000, round_trip: 2 },
            max_bytes: 1 << 16,
            high_water: 1 << 16,
            drain: 1 << 16,
            reads: usize::MAX,
            latency: 1,
            piece: 1 << 16,
            feed: u32::MAX,
            stop_at: None,
            seed: 1,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub struct Report {
    /// The end of each slot.
    pub settled: Vec<Settled>,
    pub truth: Truth,
    pub stopped: Option<Stop>,
    /// Connections that were opened.
    pub connections: usize,
    /// Milliseconds that it took.
    pub elapsed: u64,
}

impl Report {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.settled.iter().filter(|settled| settled.outcome == outcome).count()
    }
}

/// What must be true, with everything that is needed to see it again.
macro_rules! must {
    ($world:expr, $truth:expr, $($words:tt)+) => {
        assert!($truth, "{}\nat {} ms of {:?}", format_args!($($words)+), $world.now - EPOCH, $world.setting)
    };
}

/// The host's side of one connection, and the network behind it.
struct Connection {
    number: usize,
    link: Link,
    /// What the host's socket holds.
    unsent: VecDeque<u8>,
    /// Bytes that have left the host.
    sent: u64,
    /// Bytes that the link has written.
    written: u64,
    frames: u32,
    sentinel: bool,
    to_gateway: VecDeque<(u64, Vec<u8>)>,
    to_host: VecDeque<(u64, Event)>,
    peer: Peer,
    over: bool,
}

struct World<'a> {
    setting: &'a Setting,
    now: u64,
    chance: Chance,
    notification: Notification,
    batch: Batch,
    dead: Vec<bool>,
    pushed: u32,
    connections: Vec<Connection>,
    opened: usize,
    truth: Truth,
    settled: Vec<Option<Settled>>,
    /// Where each slot was written: on which connections, and where its frame ends there.
    written: Vec<Vec<(usize, u64)>>,
    /// How many bytes of each connection had left the host.
    sent: Vec<u64>,
}

/// Runs it to its end and checks the invariant all the way.
pub fn run(setting: &Setting) -> Report {
    let mut world = World::new(setting);
    // Every step does something or waits for something, so a batch needs but a few for each frame and byte.
    let bound = 20_000 + 400 * u64::from(setting.slots);
    for _ in 0..bound {
        world.step();
        if world.is_over() {
            return world.report();
        }
    }
    must!(world, false, "it does not end: {bound} steps, {:?}", world.batch.counts());
    unreachable!("it ended or failed")
}

impl<'a> World<'a> {
    fn new(setting: &'a Setting) -> Self {
        let slots = setting.slots as usize;
        let payload = Payload::parse(PAYLOAD, Payload::BINARY_LIMIT).expect("an object");
        let mut dead = vec![false; slots];
        for slot in &setting.dead {
            *dead.get_mut(*slot as usize).expect("a slot of this batch") = true;
        }
        let mut batch = Batch::new(setting.config);
        batch.set_links(setting.links as u32);
        Self {
            setting,
            now: EPOCH,
            chance: Chance(setting.seed),
            notification: Notification { payload, expiration: setting.config.expiration, priority: None },
            batch,
            dead,
            pushed: 0,
            connections: Vec::new(),
            opened: 0,
            truth: Truth::new(setting.slots),
            settled: vec![None; slots],
            written: vec![Vec::new(); slots],
            sent: Vec::new(),
        }
    }

    /// All that is to be done now; then the clock goes on to the next thing that is.
    fn step(&mut self) {
        self.feed();
        if self.setting.stop_at.is_some_and(|time| self.now >= EPOCH + time) {
            self.batch.stop(Stop::Caller, self.now);
            self.collect();
        }
        self.open();
        for index in 0..self.connections.len() {
            self.write(index);
            self.drain(index);
            self.arrive_at_gateway(index);
            self.arrive_at_host(index);
            self.tick(index);
        }
        self.connections.retain_mut(|connection| !connection.over);
        self.now = self.next_time().max(self.now + 1);
    }

    fn feed(&mut self) {
        let count = (self.setting.slots - self.pushed).min(self.setting.feed).min(self.batch.room());
        if count > 0 {
            let lines: Vec<String> = (self.pushed..self.pushed + count).map(token_text).collect();
            let added = self.batch.push_hex(lines.join("\n").as_bytes(), self.now);
            must!(self, added == count, "{added} slots for {count} tokens");
            self.pushed += count;
            self.collect();
        }
        if self.pushed == self.setting.slots {
            self.batch.close_input();
        }
        let held = self.pushed - self.batch.first_unsettled();
        must!(self, held <= self.setting.config.max_in_flight, "{held} slots held");
    }

    fn open(&mut self) {
        while self.connections.len() < self.setting.links && self.batch.has_work(self.now) {
            let number = self.opened;
            self.opened += 1;
            self.sent.push(0);
            let fault = self.setting.faults.get(number).copied().flatten();
            let link = Link::new(&self.notification, self.now).with_timing(self.setting.timing);
            self.connections.push(Connection {
                number,
                link,
                unsent: VecDeque::new(),
                sent: 0,
                written: 0,
                frames: 0,
                sentinel: false,
                to_gateway: VecDeque::new(),
                to_host: VecDeque::new(),
                peer: Peer::new(number, fault),
                over: false,
            });
        }
        self.collect(); // `has_work` settles what has expired
    }

    fn connection(&mut self, index: usize) -> &mut Connection {
        self.connections.get_mut(index).expect("it is there")
    }

    fn write(&mut self, index: usize) {
        let connection = self.connections.get_mut(index).expect("it is there");
        if connection.over || connection.unsent.len() >= self.setting.high_water {
            return;
        }
        let mut out = connection.link.write(&mut self.batch, self.setting.max_bytes, self.now).to_vec();
        connection.unsent.extend(&out);
        while let Some(frame) = take_frame(&mut out) {
            let connection = self.connection(index);
            connection.frames += 1;
            connection.written += frame.length as u64;
            let (frames, after_sentinel) = (connection.frames, connection.sentinel);
            connection.sentinel |= frame.slot.is_none();
            let place = (connection.number, connection.written);
            must!(self, frame.identifier == frames, "identifier {} for frame {frames}", frame.identifier);
            must!(self, !after_sentinel, "{frame:?} behind the sentinel");
            if let Some(slot) = frame.slot {
                self.note_written(slot, place);
            }
        }
        must!(self, out.is_empty(), "half a frame was written: {out:?}");
        self.collect();
    }

    fn note_written(&mut self, slot: u32, place: (usize, u64)) {
        let at = slot as usize;
        let settled = self.settled.get(at).copied().flatten();
        must!(self, settled.is_none(), "sent again after it settled: {settled:?}");
        let accepted = self.truth.accepted.get(at).copied().unwrap_or(1);
        must!(self, accepted == 0 || self.resends(), "slot {slot} was accepted and is sent again");
        self.written.get_mut(at).expect("a slot of this batch").push(place);
    }

    fn drain(&mut self, index: usize) {
        let (now, latency, drain) = (self.now, self.setting.latency, self.setting.drain);
        let connection = self.connections.get_mut(index).expect("it is there");
        let on_the_way: usize = connection.to_gateway.iter().map(|(_, piece)| piece.len()).sum();
        // A gateway that reads nothing lets the pipe fill up.
        if connection.over || (connection.peer.is_stalled() && on_the_way >= 64) {
            return;
        }
        let count = drain.min(connection.unsent.len());
        let leaving: Vec<u8> = connection.unsent.drain(..count).collect();
        connection.sent += count as u64;
        if let Some(sent) = self.sent.get_mut(connection.number) {
            *sent = connection.sent;
        }
        for piece in self.chance.pieces(&leaving, self.setting.piece) {
            let before = connection.to_gateway.back().map_or(0, |(time, _)| *time);
            let arrival = before.max(now + latency) + (piece.len() / self.setting.reads) as u64;
            connection.to_gateway.push_back((arrival, piece.to_vec()));
        }
    }

    fn arrive_at_gateway(&mut self, index: usize) {
        let connection = self.connections.get_mut(index).expect("it is there");
        if connection.peer.is_stalled() {
            return;
        }
        let mut events = Vec::new();
        let (now, truth, dead) = (self.now, &mut self.truth, &self.dead);
        while connection.to_gateway.front().is_some_and(|(time, _)| *time <= now || connection.over) {
            let (_, piece) = connection.to_gateway.pop_front().expect("looked at");
            events.extend(connection.peer.read(&piece, now, truth, dead));
        }
        if connection.peer.deadline().is_some_and(|time| time <= now) {
            events.extend(connection.peer.read(&[], now, truth, dead));
        }
        let arrival = now + self.setting.latency;
        for event in events {
            match event {
                Event::Bytes(bytes) => {
                    for piece in self.chance.pieces(&bytes, self.setting.piece) {
                        let event = Event::Bytes(piece.to_vec());
                        connection.to_host.push_back((arrival, event));
                    }
                }
                Event::End => connection.to_host.push_back((arrival, Event::End)),
            }
        }
    }

    fn arrive_at_host(&mut self, index: usize) {
        let now = self.now;
        loop {
            let connection = self.connections.get_mut(index).expect("it is there");
            if connection.over || connection.to_host.front().is_none_or(|(time, _)| *time > now) {
                return;
            }
            let (_, event) = connection.to_host.pop_front().expect("looked at");
            match event {
                Event::Bytes(bytes) => {
                    let unsent = connection.unsent.len() as u64;
                    connection.link.read(&mut self.batch, &bytes, unsent, now);
                }
                Event::End => {
                    let unsent = connection.unsent.len() as u64;
                    let reason = Reason::CLOSED_WITHOUT_ANSWER;
                    connection.link.closed(&mut self.batch, unsent, reason, now);
                }
            }
            self.after_verdict(index);
        }
    }

    fn tick(&mut self, index: usize) {
        let now = self.now;
        let connection = self.connections.get_mut(index).expect("it is there");
        if !connection.over && connection.link.deadline().is_some_and(|time| time <= now) {
            let unsent = connection.unsent.len() as u64;
            connection.link.tick(&mut self.batch, unsent, now);
            self.after_verdict(index);
        }
    }

    /// A link that is done is closed at once: what the socket holds is thrown away, what is on its way still arrives.
    fn after_verdict(&mut self, index: usize) {
        self.collect();
        let connection = self.connection(index);
        if connection.link.state() == LinkState::Done {
            connection.over = true;
            let (in_flight, deadline) = (connection.link.in_flight(), connection.link.deadline());
            must!(self, in_flight == 0 && deadline.is_none(), "a link is done with {in_flight} in flight");
            self.arrive_at_gateway(index);
        }
    }

    fn collect(&mut self) {
        for settled in self.batch.take_settled() {
            let at = settled.slot as usize;
            must!(self, settled.at == self.now, "{settled:?} is not of now");
            let before = self.settled.get(at).copied();
            must!(self, before == Some(None), "{settled:?} after {before:?}");
            let accepted = self.truth.accepted.get(at).copied().unwrap_or_default();
            match settled.outcome {
                Outcome::Accepted => must!(self, accepted > 0, "{settled:?}, which the gateway did not accept"),
                Outcome::InDoubt => self.check_doubt(settled),
                // It may have been accepted when it was in doubt, and refused when it was sent again.
                Outcome::Rejected if self.resends() => {}
                _ => must!(self, accepted == 0, "{settled:?}, which the gateway accepted"),
            }
            *self.settled.get_mut(at).expect("looked at") = Some(settled);
        }
    }

    /// In doubt can be only what has left the host whole, the last time it was sent, or any time if it was sent again
    /// for being in doubt.
    fn check_doubt(&self, settled: Settled) {
        let places = self.written.get(settled.slot as usize).map(Vec::as_slice).unwrap_or_default();
        let before = if self.resends() { 0 } else { places.len().saturating_sub(1) };
        let left_whole = |(number, end): &(usize, u64)| self.sent.get(*number).is_some_and(|sent| end <= sent);
        must!(
            self,
            places.iter().skip(before).any(left_whole),
            "{settled:?}, which never left: {places:?} of {:?}",
            self.sent
        );
    }

    fn resends(&self) -> bool {
        self.setting.config.in_doubt == InDoubt::Resend
    }

    fn is_over(&self) -> bool {
        let idle = |connection: &Connection| connection.link.in_flight() == 0;
        self.batch.is_finished() && self.connections.iter().all(idle)
    }

    fn next_time(&mut self) -> u64 {
        let moving = |one: &Connection| !one.unsent.is_empty() && !one.peer.is_stalled();
        let takes_slots =
            |one: &Connection| one.link.state() == LinkState::Open && one.unsent.len() < self.setting.high_water;
        let can_serve = self.connections.len() < self.setting.links || self.connections.iter().any(takes_slots);
        if self.connections.iter().any(moving)
            || (self.pushed < self.setting.slots && self.batch.room() > 0)
            || (can_serve && self.batch.has_work(self.now))
        {
            return self.now + 1;
        }
        let times = self.connections.iter().flat_map(|connection| {
            let piece = connection.to_gateway.front().map(|(time, _)| *time);
            [
                piece.filter(|_| !connection.peer.is_stalled()),
                connection.to_host.front().map(|(time, _)| *time),
                connection.peer.deadline(),
                connection.link.deadline(),
            ]
        });
        let stop = self.setting.stop_at.map(|time| EPOCH + time);
        times
            .chain([self.batch.next_wakeup(), stop.filter(|time| *time > self.now)])
            .flatten()
            .min()
            .unwrap_or(self.now + 1)
    }

    /// What must be true in the end.
    fn report(self) -> Report {
        let counts = self.batch.counts();
        let mut ends = Vec::with_capacity(self.settled.len());
        for (slot, settled) in self.settled.iter().enumerate() {
            must!(self, settled.is_some(), "slot {slot} never settled");
            ends.extend(*settled);
        }
        for outcome in Outcome::ALL {
            let listed = ends.iter().filter(|settled| settled.outcome == outcome).count() as u64;
            must!(self, counts.of(outcome) == listed, "{outcome:?}: {} counted, {listed} listed", counts.of(outcome));
        }
        for settled in &ends {
            self.check_end(*settled);
        }
        Report {
            settled: ends,
            stopped: self.batch.stopped(),
            connections: self.opened,
            elapsed: self.now - EPOCH,
            truth: self.truth,
        }
    }

    fn check_end(&self, settled: Settled) {
        let at = settled.slot as usize;
        let accepted = self.truth.accepted.get(at).copied().unwrap_or_default();
        let refused = self.truth.refused.get(at).map(Vec::as_slice).unwrap_or_default();
        let resend = self.resends();
        must!(self, accepted <= 1 || resend, "{settled:?}, accepted {accepted} times");
        must!(
            self,
            accepted <= u32::from(self.setting.config.max_attempts).max(1),
            "{settled:?}, accepted {accepted} times"
        );
        if matches!(settled.outcome, Outcome::Rejected | Outcome::Exhausted) {
            let status = settled.reason.status();
            must!(self, refused.iter().any(|(_, said)| Some(*said) == status), "{settled:?}, refused with {refused:?}");
        }
        if settled.dead {
            let mut connections: Vec<usize> =
                refused.iter().filter(|(_, status)| *status == 8).map(|(connection, _)| *connection).collect();
            connections.dedup();
            must!(self, connections.len() >= 2, "{settled:?}, refused with {refused:?}");
        }
        if settled.outcome == Outcome::Exhausted {
            let passing = refused.iter().filter(|(_, status)| [1, 255].contains(status)).count();
            must!(
                self,
                passing == usize::from(self.setting.config.max_attempts).max(1) || resend,
                "{settled:?}, refused with {refused:?}"
            );
        }
    }
}
