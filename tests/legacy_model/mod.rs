//! An old client, a gateway and an Apple that answers in any order: what each notification comes to, whatever happens.

#![allow(dead_code, reason = "not every file of tests needs all of it")]
#![allow(clippy::indexing_slicing, reason = "a test that reaches beyond the end fails, as it should")]
use std::collections::{BTreeMap, VecDeque};

use bellpush::binary::Frame;
use bellpush::binary::frame::Command;
use bellpush::legacy::verdict::SHUTDOWN;
use bellpush::legacy::{Conversation, Intake, Limits, Memory, Verdict};

/// What Apple makes of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Accepted,
    Refused,
    Gone,
}

/// One notification of the old client: its token's only byte, its payload's last one, and its fate.
pub type Note = (u8, u8, Fate);

pub const LIMITS: Limits = Limits { payload: 4096, frame: 8192, window: 1000 };

pub fn frame(command: Command, identifier: u32, token: u8, payload: u8) -> Vec<u8> {
    let frame = Frame {
        command,
        identifier: (command != Command::Simple).then_some(identifier),
        expiration: (command != Command::Simple).then_some(0),
        priority: None,
        token: vec![token; 4].into(),
        payload: format!("{{\"n\":{payload}}}").into_bytes().into(),
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).expect("it is short");
    bytes
}

/// A slot on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Waiting(Note),
    Sent(Note),
    Settled,
}

/// A gateway with one connection, and the Apple behind it.
pub struct World {
    pub conversation: Conversation,
    runs: BTreeMap<u32, Vec<Slot>>,
    /// How often Apple accepted each, by token and payload.
    pub rung: BTreeMap<(u8, u8), usize>,
    fates: BTreeMap<(u8, u8), Fate>,
    payloads: BTreeMap<u32, u8>,
}

impl World {
    pub fn new(fates: &[Note]) -> Self {
        Self {
            conversation: Conversation::new(LIMITS),
            runs: BTreeMap::new(),
            rung: BTreeMap::new(),
            fates: fates.iter().map(|(token, payload, fate)| ((*token, *payload), *fate)).collect(),
            payloads: BTreeMap::new(),
        }
    }

    pub fn read(&mut self, memory: &mut Memory, bytes: &[u8], now: u64) {
        let mut intake = Intake::default();
        self.conversation.read(memory, bytes, now, &mut intake);
        let mut at = 0;
        for segment in intake.segments {
            if let Some((payload, ..)) = &segment.begins {
                let text = String::from_utf8_lossy(payload);
                let number = text.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("ours");
                self.payloads.insert(segment.run, number);
            }
            let payload = *self.payloads.get(&segment.run).expect("it has begun");
            for _ in 0..segment.count {
                let text = std::str::from_utf8(&intake.text[at..at + 2]).expect("digits");
                let token = u8::from_str_radix(text, 16).expect("digits");
                at += segment.digits;
                let fate = *self.fates.get(&(token, payload)).expect("known");
                self.runs.entry(segment.run).or_default().push(Slot::Waiting((token, payload, fate)));
            }
        }
    }

    fn slots(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<(u32, usize)> {
        let all = self.runs.iter().flat_map(|(run, slots)| slots.iter().enumerate().map(|(at, slot)| (*run, at, slot)));
        all.filter(|(.., slot)| wanted(slot)).map(|(run, at, _)| (run, at)).collect()
    }

    /// Something waits to be sent, or was sent and has no verdict.
    pub fn is_busy(&self) -> bool {
        !self.slots(|slot| *slot != Slot::Settled).is_empty()
    }

    /// Sends the first that waits.
    pub fn send(&mut self) -> bool {
        let Some((run, at)) = self.slots(|slot| matches!(slot, Slot::Waiting(_))).first().copied() else {
            return false;
        };
        let slot = &mut self.runs.get_mut(&run).expect("it is there")[at];
        let Slot::Waiting(note) = *slot else { return false };
        *slot = Slot::Sent(note);
        if note.2 == Fate::Accepted {
            *self.rung.entry((note.0, note.1)).or_default() += 1;
        }
        true
    }

    /// Apple's answer about one of those that were sent.
    pub fn answer(&mut self, choice: usize) -> bool {
        let sent = self.slots(|slot| matches!(slot, Slot::Sent(_)));
        let Some((run, at)) = (!sent.is_empty()).then(|| sent[choice % sent.len()]) else { return false };
        let Slot::Sent((.., fate)) = self.runs[&run][at] else { return false };
        let verdict = match fate {
            Fate::Accepted => None,
            Fate::Refused => Some(Verdict::Refused(8)),
            Fate::Gone => Some(Verdict::Dropped),
        };
        self.settle(run, at, verdict);
        true
    }

    fn settle(&mut self, run: u32, at: usize, verdict: Option<Verdict>) {
        let slots = self.runs.get_mut(&run).expect("it is there");
        slots[at] = Slot::Settled;
        if let Some(verdict) = verdict {
            self.conversation.settle(run, at as u32, verdict);
        }
        let below = slots.iter().take_while(|slot| **slot == Slot::Settled).count();
        self.conversation.accept_below(run, below as u32);
    }

    /// What the host does when it knows whom the answer will be about.
    pub fn stop_if_decided(&mut self) {
        if self.conversation.is_decided() {
            self.stop();
        }
    }

    pub fn stop(&mut self) {
        for (run, at) in self.slots(|slot| matches!(slot, Slot::Waiting(_))) {
            self.settle(run, at, Some(Verdict::Refused(SHUTDOWN)));
        }
    }
}

/// A client that sends a list over as many connections as it takes, and does what the old protocol wants: what comes
/// behind the one that is named, it sends again. `choices` say what happens next, over and over.
pub fn send_all(notes: &[Note], choices: &[u8], renumbers: bool) -> BTreeMap<(u8, u8), usize> {
    let mut memory = Memory::new(1000);
    let mut rung: BTreeMap<(u8, u8), usize> = BTreeMap::new();
    let mut choices = choices.iter().copied().cycle();
    let mut choose = move |from: usize| usize::from(choices.next().unwrap_or(0)) % from.max(1);
    let mut next = 0; // of the notes, the first that has to be sent
    let mut now = 0;
    for connection in 0.. {
        assert!(connection <= notes.len() + 1, "each connection but the last is for a refused one");
        let mut world = World::new(notes);
        let offset = if renumbers { next } else { 0 };
        let mut bytes: VecDeque<u8> = (next..notes.len())
            .flat_map(|at| frame(Command::Items, (at - offset) as u32 + 1, notes[at].0, notes[at].1))
            .collect();
        let answer = loop {
            now += 1;
            let happened = match choose(4) {
                0 if !bytes.is_empty() => {
                    let length = choose(120).clamp(1, bytes.len());
                    let chunk: Vec<u8> = bytes.drain(..length).collect();
                    world.read(&mut memory, &chunk, now);
                    true
                }
                1 => world.send(),
                2 => world.answer(choose(256)),
                _ => false,
            };
            if !happened && !world.send() && !world.answer(choose(256)) {
                let chunk: Vec<u8> = bytes.drain(..).collect();
                world.read(&mut memory, &chunk, now);
            }
            world.stop_if_decided();
            if let Some(answer) = world.conversation.answer() {
                break Some(answer);
            }
            if bytes.is_empty() && !world.is_busy() && world.conversation.open() == 0 {
                break None;
            }
        };
        assert!(!world.is_busy(), "an answer waits for all that are on their way");
        for (note, times) in world.rung {
            *rung.entry(note).or_default() += times;
        }
        let Some(answer) = answer else { break };
        world.conversation.leave(&mut memory, now);
        assert_eq!(answer.status, 8);
        let refused = answer.identifier as usize + offset - 1;
        assert_eq!(notes[refused].2, Fate::Refused, "the one that is named was refused");
        assert!(refused >= next);
        assert!(notes[next..refused].iter().all(|note| note.2 != Fate::Refused), "and is the first");
        next = refused + 1;
    }
    assert_eq!(memory.len(), 0, "what was remembered was all sent again");
    rung
}

/// How often each must have rung.
pub fn expected(notes: &[Note]) -> BTreeMap<(u8, u8), usize> {
    let mut expected: BTreeMap<(u8, u8), usize> = BTreeMap::new();
    for (token, payload, _) in notes.iter().filter(|(.., fate)| *fate == Fate::Accepted) {
        *expected.entry((*token, *payload)).or_default() += 1;
    }
    expected
}
