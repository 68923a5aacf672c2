//! A gateway of HTTP/2 as the RFC and Apple's text describe it, with faults by chance. It was written from them and not
//! from the core (but for HPACK, which has tests of its own), holds the core to the rules, and knows what it accepted.

use std::collections::BTreeMap;

use bellpush::http2::hpack::Decoder;

use crate::chance::Chance;

/// What a gateway may do wrong, each once in so many times (0: never), and what it allows.
#[derive(Clone, Debug)]
pub struct Character {
    pub streams: u32,
    pub window: u32,
    /// Bytes that the connection's window grows by whenever it is used up; 0: at once by what was used.
    pub grudging: u32,
    pub refuses: usize,
    pub resets: usize,
    pub silent: usize,
    pub fails: usize,
    pub goes_away: usize,
    pub loses: usize,
    pub changes: usize,
    /// The longest time that an answer takes, in milliseconds.
    pub slowest: u64,
}

impl Character {
    pub const CALM: Character = Character {
        streams: 100,
        window: 65_535,
        grudging: 0,
        refuses: 0,
        resets: 0,
        silent: 0,
        fails: 0,
        goes_away: 0,
        loses: 0,
        changes: 0,
        slowest: 3,
    };
}

/// What really became of a slot.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub accepted: u32,
    /// Statuses that it was refused with, and on which connection.
    pub refused: Vec<(u32, u16)>,
}

/// By batch and slot.
pub type Truths = BTreeMap<(u8, u32), Truth>;

/// What is true of a token whatever connection it comes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Good,
    /// 410.
    Dead,
    /// 400 BadDeviceToken.
    Bad,
}

/// What the token of a slot is.
pub type Nature = fn(u8, u32) -> Token;

#[derive(Debug)]
struct Open {
    batch: u8,
    slot: u32,
    token: String,
    body: usize,
    window: i64,
    complete: bool,
    due: u64,
}

/// The gateway's side of one connection.
#[derive(Debug)]
pub struct Peer {
    pub number: u32,
    character: Character,
    chance: Chance,
    input: Vec<u8>,
    begun: bool,
    out: Vec<u8>,
    decoder: Decoder,
    open: BTreeMap<u32, Open>,
    last: u32,
    highest_accepted: u32,
    /// Limits that the client has acknowledged, and those that it has not yet.
    allowed: u32,
    announced: Vec<u32>,
    window: i64,
    initial: u32,
    /// Streams above it are ignored.
    gone: Option<u32>,
    pub lost: bool,
    answered: u32,
}

impl Peer {
    pub fn new(number: u32, character: Character, seed: u64) -> Self {
        let mut peer = Self {
            number,
            chance: Chance(seed),
            input: Vec::new(),
            begun: false,
            out: Vec::new(),
            decoder: Decoder::new(1 << 16),
            open: BTreeMap::new(),
            last: 0,
            highest_accepted: 0,
            allowed: u32::MAX,
            announced: Vec::new(),
            window: 65_535,
            initial: 65_535,
            gone: None,
            lost: false,
            answered: 0,
            character,
        };
        let (streams, window) = (peer.character.streams, peer.character.window);
        peer.announce(streams, window);
        peer
    }

    fn announce(&mut self, streams: u32, window: u32) {
        let mut payload = vec![0, 3];
        payload.extend(streams.to_be_bytes());
        payload.extend([0, 4]);
        payload.extend(window.to_be_bytes());
        payload.extend([0, 1]);
        payload.extend(self.chance.one_of(&[0_u32, 100, 4096, 8192]).to_be_bytes());
        payload.extend([0x1a, 0x1a, 1, 2, 3, 4]); // nobody knows this one
        self.frame(4, 0, 0, &payload);
        self.announced.push(streams);
        // The client reckons with the new window from when it reads this on; so do we, in the order of what we say.
        let change = i64::from(window) - i64::from(self.initial);
        for open in self.open.values_mut() {
            open.window += change;
        }
        self.initial = window;
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = (payload.len() as u32).to_be_bytes();
        self.out.extend(&length[1..]);
        self.out.extend([kind, flags]);
        self.out.extend(stream.to_be_bytes());
        self.out.extend(payload);
    }

    /// What it says, since it was last asked.
    pub fn says(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// When it answers next.
    pub fn due(&self) -> Option<u64> {
        self.open.values().filter(|open| open.complete).map(|open| open.due).min()
    }

    pub fn read(&mut self, bytes: &[u8], truths: &mut Truths, now: u64) {
        self.input.extend(bytes);
        if !self.begun {
            let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
            if self.input.len() < preface.len() {
                return;
            }
            assert_eq!(self.input.drain(..preface.len()).collect::<Vec<_>>(), preface);
            self.begun = true;
        }
        while self.input.len() >= 9 {
            let length = u32::from_be_bytes([0, self.input[0], self.input[1], self.input[2]]) as usize;
            assert!(length <= 16_384);
            if self.input.len() < 9 + length {
                return;
            }
            let frame: Vec<u8> = self.input.drain(..9 + length).collect();
            let stream = u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]]);
            self.take(frame[3], frame[4], stream, &frame[9..], truths, now);
        }
    }

    fn take(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8], truths: &Truths, now: u64) {
        match kind {
            0 => self.take_data(flags, stream, payload, now),
            1 => self.take_headers(flags, stream, payload, truths),
            3 => drop(self.open.remove(&stream)),
            4 if flags & 1 != 0 => self.allowed = self.announced.remove(0),
            4 => self.frame(4, 1, 0, &[]),
            6 if flags & 1 == 0 => self.frame(6, 1, 0, payload),
            6 => {}
            7 => assert_eq!(&payload[4..8], [0; 4], "we broke no rule: {}", String::from_utf8_lossy(payload)),
            8 => {}
            _ => unreachable!("a client has no frame of kind {kind} for us"),
        }
    }

    fn take_headers(&mut self, flags: u8, stream: u32, block: &[u8], truths: &Truths) {
        assert_eq!(flags, 4, "END_HEADERS");
        assert!(stream % 2 == 1 && stream > self.last, "stream {stream} behind {}", self.last);
        self.last = stream;
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
        self.decoder.decode(block, |name, value| fields.push((text(name), text(value)))).expect("a header block");
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        assert_eq!(field(":method").as_deref(), Some("POST"));
        assert_eq!(field(":scheme").as_deref(), Some("https"));
        assert_eq!(field(":authority").as_deref(), Some("gateway.test"));
        let path = field(":path").expect("a path");
        let token = path.strip_prefix("/3/device/").expect("a device");
        let batch = u8::from_str_radix(&token[..2], 16).expect("a batch");
        let slot = u32::from_str_radix(&token[2..10], 16).expect("a slot");
        assert_eq!(field("apns-topic"), Some(format!("topic-{batch}")), "each batch has its own");
        assert!(self.open.len() < self.allowed.max(1) as usize || self.announced.len() > 1, "no more than we allowed");
        let truth = truths.get(&(batch, slot)).cloned().unwrap_or_default();
        assert_eq!(truth.accepted, 0, "batch {batch}, slot {slot} was accepted and is sent again");
        if self.gone.is_some_and(|last| stream > last) {
            return;
        }
        let token = field("authorization").expect("an authorization");
        let window = i64::from(self.initial);
        self.open.insert(stream, Open { batch, slot, token, body: 0, window, complete: false, due: 0 });
    }

    fn take_data(&mut self, flags: u8, stream: u32, payload: &[u8], now: u64) {
        self.window -= payload.len() as i64;
        assert!(self.window >= 0, "more than the connection's window");
        if self.character.grudging == 0 && !payload.is_empty() {
            self.window += payload.len() as i64;
            let bytes = (payload.len() as u32).to_be_bytes();
            self.frame(8, 0, 0, &bytes);
        } else if self.window == 0 {
            self.window += i64::from(self.character.grudging);
            let bytes = self.character.grudging.to_be_bytes();
            self.frame(8, 0, 0, &bytes);
        }
        let slowest = self.character.slowest as usize;
        let Some(open) = self.open.get_mut(&stream) else { return };
        open.window -= payload.len() as i64;
        open.body += payload.len();
        open.complete = flags & 1 != 0;
        open.due = now + 1 + self.chance.below(slowest) as u64;
        if open.complete {
            assert_eq!(open.body, super::PAYLOAD.len(), "a payload is whole");
        } else if open.window <= 0 {
            // Grown a little, as soon as it is used up.
            let growth = 1 + self.chance.below(40) as u32;
            open.window += i64::from(growth);
            self.frame(8, 0, stream, &growth.to_be_bytes());
        }
    }

    /// Answers what is due.
    pub fn answer(&mut self, truths: &mut Truths, nature: Nature, current: u64, now: u64) {
        let due: Vec<u32> =
            self.open.iter().filter(|(_, open)| open.complete && open.due <= now).map(|(id, _)| *id).collect();
        for id in due {
            if self.lost {
                return;
            }
            let Some(open) = self.open.get(&id) else { continue };
            let (batch, slot) = (open.batch, open.slot);
            let number: u64 = open.token.strip_prefix("bearer ").and_then(|text| text.parse().ok()).expect("a number");
            let valid = number + 1 >= current;
            let once = |chance: &mut Chance, times| times > 0 && chance.once_in(times);
            self.answered += 1;
            if once(&mut self.chance, self.character.silent) {
                self.open.get_mut(&id).expect("looked at").due = u64::MAX;
                continue;
            }
            if once(&mut self.chance, self.character.loses) {
                // Perhaps it was accepted, and nobody hears of it.
                if self.chance.once_in(2) && valid && nature(batch, slot) == Token::Good {
                    truths.entry((batch, slot)).or_default().accepted += 1;
                }
                self.lost = true;
                return;
            }
            self.open.remove(&id);
            if once(&mut self.chance, self.character.refuses) {
                self.frame(3, 0, id, &7_u32.to_be_bytes());
                continue;
            }
            if once(&mut self.chance, self.character.resets) {
                if self.chance.once_in(2) && valid && nature(batch, slot) == Token::Good {
                    truths.entry((batch, slot)).or_default().accepted += 1;
                    self.highest_accepted = self.highest_accepted.max(id);
                }
                self.frame(3, 0, id, &2_u32.to_be_bytes());
                continue;
            }
            self.judge(id, (batch, slot), truths, nature, valid);
            if once(&mut self.chance, self.character.changes) {
                let streams = self.chance.one_of(&[0, 1, 1, 2, 5, 100]);
                let window = self.chance.one_of(&[0, 1, 7, 65_535]).max(self.character.window.min(7));
                self.announce(streams, window);
                if streams == 0 {
                    self.announce(1, window);
                }
            }
            if once(&mut self.chance, self.character.goes_away) {
                self.take_leave();
            }
        }
    }

    fn judge(&mut self, id: u32, key: (u8, u32), truths: &mut Truths, nature: Nature, valid: bool) {
        let truth = truths.entry(key).or_default();
        let failing = self.character.fails > 0 && self.chance.once_in(self.character.fails);
        let (status, body) = match nature(key.0, key.1) {
            _ if !valid => (403, r#"{"reason":"ExpiredProviderToken"}"#),
            _ if failing => self.chance.one_of(&[
                (503, r#"{"reason":"ServiceUnavailable"}"#),
                (429, r#"{"reason":"TooManyRequests"}"#),
                (500, ""),
            ]),
            Token::Good => (200, ""),
            Token::Dead => (410, r#"{"reason":"Unregistered","timestamp":1400000000000}"#),
            Token::Bad => (400, r#"{"reason":"BadDeviceToken"}"#),
        };
        if status == 200 {
            truth.accepted += 1;
            self.highest_accepted = self.highest_accepted.max(id);
        } else {
            truth.refused.push((self.number, status));
        }
        let mut block = match status {
            200 => vec![0x88],
            400 => vec![0x8c],
            500 => vec![0x8e],
            _ => [vec![0x08, 0x03], status.to_string().into_bytes()].concat(),
        };
        // `apns-id`, sometimes to be remembered, sometimes not.
        block.extend([self.chance.one_of(&[0x40, 0x00, 0x10]), 7]);
        block.extend(b"apns-id");
        block.push(36);
        block.extend(format!("{:08x}-0000-0000-0000-{:012x}", key.0, key.1).bytes());
        let last = if body.is_empty() { 1 } else { 0 };
        if self.chance.once_in(5) {
            let middle = self.chance.below(block.len());
            self.frame(1, last, id, &block[..middle]);
            self.frame(9, 4, id, &block[middle..]);
        } else {
            self.frame(1, last | 4, id, &block);
        }
        if !body.is_empty() {
            let padded = [&[3], body.as_bytes(), &[0, 0, 0]].concat();
            self.frame(0, 8, id, &padded);
            self.frame(0, 1, id, &[]);
        }
    }

    /// GOAWAY, and perhaps another one that says less. What is above is never processed.
    fn take_leave(&mut self) {
        for _ in 0..=self.chance.below(2) {
            let most = self.gone.unwrap_or(self.last).max(self.highest_accepted);
            let last =
                self.highest_accepted + 2 * self.chance.below((most - self.highest_accepted) as usize / 2 + 1) as u32;
            self.gone = Some(last);
            self.open.retain(|id, _| *id <= last);
            let mut payload = last.to_be_bytes().to_vec();
            payload.extend([0; 4]);
            payload.extend(br#"{"reason":"Shutdown"}"#);
            self.frame(7, 0, 0, &payload);
        }
    }
}
