//! A host, its connections and their gateways on a virtual clock: the host drives batches and connections as their
//! documentation says, the network delays and cuts, and every step is held against what really happened.

pub mod gateway;

use std::collections::VecDeque;

use bellpush::batch::{Batch, Config, Settled};
use bellpush::http2::{self, Batches, Blocked, Connection, Ids, Key, Request, Timing};
use bellpush::notification::Payload;
use bellpush::outcome::{Outcome, Reason};

use crate::chance::Chance;
use gateway::{Character, Nature, Peer, Token, Truth, Truths};

pub const PAYLOAD: &[u8] = br#"{"aps":{"alert":"Ding dong"}}"#;
const EPOCH: u64 = 1_700_000_000_000;

#[derive(Clone, Debug)]
pub struct Setting {
    /// Slots of each batch.
    pub batches: Vec<u32>,
    pub nature: Nature,
    pub character: Character,
    pub connections: usize,
    pub latency: u64,
    pub piece: usize,
    pub max_bytes: usize,
    /// Milliseconds after which the gateway calls the authorization expired, again and again; 0: never.
    pub expires: u64,
    pub config: Config,
    pub seed: u64,
}

impl Setting {
    pub fn calm(batches: &[u32]) -> Self {
        Self {
            batches: batches.to_vec(),
            nature: |_, _| Token::Good,
            character: Character::CALM,
            connections: 1,
            latency: 1,
            piece: 1 << 16,
            max_bytes: 1 << 16,
            expires: 0,
            config: Config { list_accepted: true, breaker: u32::MAX, max_attempts: 4, ..Config::default() },
            seed: 1,
        }
    }
}

/// How it ended: each batch's slots.
pub struct Report {
    pub settled: Vec<Vec<Settled>>,
    pub connections: u32,
}

impl Report {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.settled.iter().flatten().filter(|settled| settled.outcome == outcome).count()
    }
}

/// The batches; each connection knows them by the same keys.
struct Held(Vec<Batch>);

impl Batches for Held {
    fn with<R>(&mut self, key: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R> {
        self.0.get_mut(key as usize).map(act)
    }
}

struct Line {
    connection: Connection,
    peer: Peer,
    to_gateway: VecDeque<(u64, Vec<u8>)>,
    to_host: VecDeque<(u64, Option<Vec<u8>>)>,
    over: bool,
}

pub fn token(batch: usize, slot: u32) -> String {
    format!("{batch:02x}{slot:08x}{}", "ab".repeat(27))
}

struct World<'a> {
    setting: &'a Setting,
    now: u64,
    chance: Chance,
    held: Held,
    lines: Vec<Line>,
    opened: u32,
    truths: Truths,
    settled: Vec<Vec<Option<Settled>>>,
}

pub fn run(setting: &Setting) -> Report {
    let mut world = World {
        setting,
        now: EPOCH,
        chance: Chance(setting.seed),
        held: Held(Vec::new()),
        lines: Vec::new(),
        opened: 0,
        truths: Truths::new(),
        settled: Vec::new(),
    };
    for (number, slots) in setting.batches.iter().enumerate() {
        let mut batch = Batch::new(setting.config);
        let lines: Vec<String> = (0..*slots).map(|slot| token(number, slot)).collect();
        batch.push_hex(lines.join("\n").as_bytes(), EPOCH);
        batch.close_input();
        world.held.0.push(batch);
        world.settled.push(vec![None; *slots as usize]);
    }
    for _ in 0..200_000 {
        world.step();
        if world.held.0.iter().all(Batch::is_finished) {
            return world.report();
        }
    }
    unreachable!("it does not end: {setting:?}, {:?}", world.held.0.iter().map(Batch::counts).collect::<Vec<_>>());
}

impl World<'_> {
    fn step(&mut self) {
        self.open();
        for at in 0..self.lines.len() {
            self.exchange(at);
            self.host(at);
            self.write(at);
        }
        self.collect();
        self.lines.retain(|line| !line.over);
        self.now = self.next_time().max(self.now + 1);
    }

    /// The number of the authorization that is made now. The gateway takes the one before it, too.
    fn authorization(&self) -> u64 {
        (self.now - EPOCH).checked_div(self.setting.expires).unwrap_or(0)
    }

    fn open(&mut self) {
        let open = self.lines.iter().filter(|line| line.connection.is_open()).count();
        let suspects = self.lines.iter().any(|line| line.connection.blocked() == Some(Blocked::Suspects));
        let now = self.now;
        let has_work = self.held.0.iter_mut().any(|batch| batch.has_work(now));
        let wanted = self.setting.connections.max(if suspects { 2 } else { 1 });
        if !has_work || open >= wanted || self.lines.len() > 20 {
            return;
        }
        self.opened += 1;
        let config = http2::Config {
            number: self.opened,
            authority: "gateway.test".into(),
            authorization: Some(format!("bearer {}", self.authorization())),
            timing: Timing { answer: 200, ping: 300 },
        };
        let mut connection = Connection::new(&config, now).expect("plain texts");
        for number in 0..self.held.0.len() {
            let payload = Payload::parse(PAYLOAD, 4096).expect("an object");
            let topic = Some(format!("topic-{number}"));
            let request = Request { topic, keeps_ids: Ids::All, ..Request::new(payload) };
            assert_eq!(connection.serve(request), Ok(number as Key));
        }
        let peer = Peer::new(self.opened, self.setting.character.clone(), self.chance.number());
        let (to_gateway, to_host) = (VecDeque::new(), VecDeque::new());
        self.lines.push(Line { connection, peer, to_gateway, to_host, over: false });
    }

    fn write(&mut self, at: usize) {
        let line = &mut self.lines[at];
        let mut out = Vec::new();
        line.connection.write(&mut self.held, &mut out, self.setting.max_bytes, self.now);
        let arrival = self.now + self.setting.latency;
        let pieces = self.chance.pieces(&out, self.setting.piece);
        line.to_gateway.extend(pieces.into_iter().map(|piece| (arrival, piece.to_vec())));
    }

    /// What arrives at the gateway, and what it says to it.
    fn exchange(&mut self, at: usize) {
        let valid = self.authorization();
        let (now, line) = (self.now, &mut self.lines[at]);
        while line.to_gateway.front().is_some_and(|(time, _)| *time <= now) && !line.peer.lost {
            let (_, piece) = line.to_gateway.pop_front().expect("looked at");
            line.peer.read(&piece, &mut self.truths, now);
        }
        let was_lost = line.peer.lost;
        line.peer.answer(&mut self.truths, self.setting.nature, valid, now);
        let says = line.peer.says();
        let arrival = now + self.setting.latency;
        for piece in self.chance.pieces(&says, self.setting.piece) {
            line.to_host.push_back((arrival, Some(piece.to_vec())));
        }
        if line.peer.lost && !was_lost {
            line.to_host.push_back((arrival, None));
        }
    }

    /// What arrives at the host, and what time does there.
    fn host(&mut self, at: usize) {
        let (now, line) = (self.now, &mut self.lines[at]);
        while line.to_host.front().is_some_and(|(time, _)| *time <= now) {
            match line.to_host.pop_front().expect("looked at") {
                (_, Some(bytes)) => line.connection.read(&mut self.held, &bytes, now),
                (_, None) => line.connection.closed(&mut self.held, 0, Reason::CLOSED_WITHOUT_ANSWER, now),
            }
        }
        if line.connection.deadline().is_some_and(|time| time <= now) {
            line.connection.tick(&mut self.held, now);
        }
        if line.connection.wants_authorization() {
            let number = (now - EPOCH) / self.setting.expires;
            assert!(number > 0, "the first does not expire before the second is made");
            line.connection.authorize(&format!("bearer {number}")).expect("a plain text");
        }
        if line.connection.is_done() {
            assert_eq!((line.connection.streams(), line.connection.deadline()), (0, None));
            let kind = line.connection.ending().map(|ending| ending.kind);
            assert_ne!(kind, Some(http2::EndingKind::Fault), "{:?}", line.connection.ending());
            line.over = true;
        }
    }

    fn collect(&mut self) {
        for (number, batch) in self.held.0.iter_mut().enumerate() {
            for settled in batch.take_settled() {
                let place = &mut self.settled[number][settled.slot as usize];
                assert_eq!(*place, None, "settles twice");
                *place = Some(settled);
                let truth = self.truths.entry((number as u8, settled.slot)).or_default();
                check(settled, truth, number, self.setting);
            }
        }
    }

    fn next_time(&mut self) -> u64 {
        let now = self.now;
        let mut times = vec![now + 100];
        for line in &self.lines {
            times.extend(line.to_gateway.front().filter(|_| !line.peer.lost).map(|(time, _)| *time));
            times.extend(line.to_host.front().map(|(time, _)| *time));
            times.extend(line.peer.due().filter(|_| !line.peer.lost));
            times.extend(line.connection.deadline());
        }
        for batch in &mut self.held.0 {
            times.extend(batch.next_wakeup());
            if batch.has_work(now) && self.lines.is_empty() {
                times.push(now + 1);
            }
        }
        times.into_iter().min().unwrap_or(now + 1)
    }

    fn report(mut self) -> Report {
        self.collect();
        let whole = |ends: Vec<Option<Settled>>| ends.into_iter().map(|end| end.expect("each slot settles")).collect();
        Report { settled: self.settled.into_iter().map(whole).collect(), connections: self.opened }
    }
}

/// What must be true of a slot's end.
fn check(settled: Settled, truth: &Truth, batch: usize, setting: &Setting) {
    match settled.outcome {
        Outcome::Accepted => {
            assert_eq!(truth.accepted, 1, "{settled:?} of {setting:?}");
            let id = settled.id.expect("an id");
            assert_eq!((id[3], id[15]), (batch as u8, settled.slot as u8), "its own id and nobody else's");
        }
        Outcome::InDoubt => assert!(truth.accepted <= 1),
        _ => assert_eq!(truth.accepted, 0, "{settled:?} of {setting:?}"),
    }
    if settled.dead && settled.reason == Reason::BAD_DEVICE_TOKEN {
        let mut accusers: Vec<u32> =
            truth.refused.iter().filter(|(_, status)| *status == 400).map(|(number, _)| *number).collect();
        accusers.dedup();
        assert!(accusers.len() >= 2, "{settled:?}: two connections must have said so, {truth:?}");
    } else if settled.dead {
        assert_eq!(settled.died_at, Some(1_400_000_000_000));
    }
    if settled.outcome == Outcome::Exhausted {
        let passing = truth.refused.iter().filter(|(_, status)| *status >= 429).count();
        assert_eq!(passing, usize::from(setting.config.max_attempts), "{settled:?}: {truth:?}");
    }
}
