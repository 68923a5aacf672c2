//! One batch and one connection driven by hand: what a gateway says is written down as frames.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use bellpush::batch::{Batch, Config, Settled};
use bellpush::http2::{self, Batches, Connection, Ids, Key, Request, Timing};
use bellpush::notification::Payload;
use bellpush::outcome::Outcome;

pub const PAYLOAD: &[u8] = br#"{"aps":{"alert":"Ding dong"}}"#;

/// The gateway's empty SETTINGS.
pub const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// The batches that a connection serves, keys in the order of serving.
pub struct Held(pub Vec<Batch>);

impl Batches for Held {
    fn with<R>(&mut self, key: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R> {
        self.0.get_mut(key as usize).map(act)
    }
}

pub fn request() -> Request {
    Request { keeps_ids: Ids::All, ..Request::new(Payload::parse(PAYLOAD, 4096).expect("an object")) }
}

pub fn config() -> http2::Config {
    http2::Config {
        number: 1,
        authority: "gateway.test".into(),
        authorization: None,
        timing: Timing { answer: 1_000, ping: 2_000 },
    }
}

/// A batch of this many tokens, its connection, and what both say and hear.
pub struct Hand {
    pub held: Held,
    pub connection: Connection,
    pub now: u64,
}

impl Hand {
    pub fn new(slots: u32, config: &http2::Config) -> Self {
        let mut batch = Batch::new(Config { list_accepted: true, ..Config::default() });
        let lines: Vec<String> = (0..slots).map(|slot| format!("{slot:064x}")).collect();
        batch.push_hex(lines.join("\n").as_bytes(), 0);
        batch.close_input();
        let mut connection = Connection::new(config, 0).expect("plain texts");
        assert_eq!(connection.serve(request()), Ok(0));
        Self { held: Held(vec![batch]), connection, now: 0 }
    }

    /// Three tokens on streams 1, 3 and 5, with a certificate.
    pub fn of_three() -> Self {
        let mut hand = Self::new(3, &config());
        hand.hears(&SETTINGS);
        hand.says();
        assert_eq!(hand.connection.streams(), 3);
        hand
    }

    pub fn says(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.connection.write(&mut self.held, &mut out, 1 << 16, self.now);
        out
    }

    pub fn hears(&mut self, bytes: &[u8]) {
        self.connection.read(&mut self.held, bytes, self.now);
    }

    pub fn batch(&mut self) -> &mut Batch {
        &mut self.held.0[0]
    }

    pub fn ends(&mut self) -> Vec<Settled> {
        let mut ends = self.batch().take_settled();
        ends.sort_by_key(|end| end.slot);
        ends
    }

    pub fn count(&mut self, outcome: Outcome) -> u64 {
        self.batch().counts().of(outcome)
    }
}

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// An answer that accepts.
pub fn accepts(stream: u32) -> Vec<u8> {
    frame(1, 5, stream, &[0x88])
}

/// An answer that does not.
pub fn refuses(stream: u32, status: u16, reason: &str) -> Vec<u8> {
    let block = [&[0x08, 3], status.to_string().as_bytes()].concat();
    let body = format!(r#"{{"reason":"{reason}"}}"#);
    [frame(1, 4, stream, &block), frame(0, 1, stream, body.as_bytes())].concat()
}

/// The frames of what was written: kind, stream, payload.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    bytes = bytes.strip_prefix(preface).unwrap_or(bytes);
    let mut frames = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let [a, b, c, kind, _, s @ ..] = *head;
        let (payload, rest) = rest.split_at(u32::from_be_bytes([0, a, b, c]) as usize);
        frames.push((kind, u32::from_be_bytes(s), payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame");
    frames
}
