//! A gateway as Apple's archived text and the field describe it, with faults on demand. Written from the protocol and
//! not from the core, and it knows the truth about every notification.

use crate::sent::{Sent, take_frame};

/// What goes wrong at a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with this status, and the connection is closed. Status 10 accepts it, and refuses what follows.
    Status(u8),
    /// It is refused, but the answer leaves only after so many more frames, or when no more come.
    Late { status: u8, frames: u32 },
    /// It is refused, and the answer comes in two pieces, this many bytes in the first.
    CutAnswer { status: u8, first: usize },
    /// It is refused, and of the answer only this many bytes arrive before the connection is closed. None: the reset
    /// that overtakes the answer.
    LostAnswer { status: u8, first: usize },
    /// It is refused, and the answer is followed by one about the next.
    TwoAnswers { status: u8 },
    /// It is refused, and the connection stays open; what follows is discarded.
    NoClose { status: u8 },
    /// It is refused as if it were another that was never sent.
    UnknownIdentifier,
    /// It is refused for its token, without its identifier (seen for an empty token).
    IdentifierZero { status: u8 },
    /// Bytes that are no answer come, and the connection is closed.
    Gibberish,
    /// The connection is closed without a word before it was processed.
    CloseBefore,
    /// The connection is closed without a word when it has been accepted.
    CloseAfter,
    /// The connection is closed when so many bytes of it have come.
    CloseWithin { bytes: usize },
    /// Neither it nor anything behind it is read, and nothing is said.
    Stall,
}

/// What a gateway does on a connection, and how long after it was asked to (milliseconds).
#[derive(Clone, Debug)]
pub enum Event {
    Bytes(Vec<u8>),
    End,
}

/// What really became of every notification, by slot.
#[derive(Debug)]
pub struct Truth {
    /// How often it was accepted.
    pub accepted: Vec<u32>,
    /// With what it was refused, and on which connection.
    pub refused: Vec<Vec<(usize, u8)>>,
    /// How many faults came to pass.
    pub faults: u32,
}

impl Truth {
    pub fn new(slots: u32) -> Self {
        Self { accepted: vec![0; slots as usize], refused: vec![Vec::new(); slots as usize], faults: 0 }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Mood {
    Reading,
    /// Something was refused: what comes is discarded. The answer leaves after so many frames, or at a time.
    Discarding {
        frames: u32,
        due: u64,
        answers: Vec<Vec<u8>>,
        close: bool,
    },
    /// Answered, and everything that comes is discarded.
    Answered,
    Stalled,
    Closed,
}

/// The gateway's side of one connection.
#[derive(Debug)]
pub struct Peer {
    number: usize,
    fault: Option<(u32, Fault)>,
    input: Vec<u8>,
    frames: u32,
    mood: Mood,
}

/// Milliseconds without a frame after which a late answer leaves all the same.
const LATE: u64 = 40;

impl Peer {
    /// `fault`: at the how manieth notification of this connection (from 0), and which.
    pub fn new(number: usize, fault: Option<(u32, Fault)>) -> Self {
        Self { number, fault, input: Vec::new(), frames: 0, mood: Mood::Reading }
    }

    /// When it does something by time alone.
    pub fn deadline(&self) -> Option<u64> {
        match self.mood {
            Mood::Discarding { due, .. } => Some(due),
            _ => None,
        }
    }

    /// Whether it takes no bytes, so that they pile up on their way.
    pub fn is_stalled(&self) -> bool {
        self.mood == Mood::Stalled
    }

    /// Takes bytes (or none: time has passed), and says what it does.
    pub fn read(&mut self, bytes: &[u8], now: u64, truth: &mut Truth, dead: &[bool]) -> Vec<Event> {
        let mut events = Vec::new();
        self.input.extend(bytes);
        while self.step(&mut events, now, truth, dead) {}
        if let Mood::Discarding { frames, due, answers, close } = &mut self.mood {
            if *frames > 0 && now < *due {
                return events;
            }
            events.extend(std::mem::take(answers).into_iter().map(Event::Bytes));
            if *close {
                events.push(Event::End);
                self.mood = Mood::Closed;
            } else {
                self.mood = Mood::Answered;
            }
        }
        events
    }

    /// Reads one frame, or does what is to be done in the midst of one. False: more bytes are needed.
    fn step(&mut self, events: &mut Vec<Event>, now: u64, truth: &mut Truth, dead: &[bool]) -> bool {
        if !matches!(self.mood, Mood::Reading | Mood::Discarding { .. }) {
            return false;
        }
        let fault = match self.fault {
            Some((position, fault)) if position == self.frames && self.mood == Mood::Reading => Some(fault),
            _ => None,
        };
        if let Some(Fault::CloseWithin { bytes }) = fault
            && self.input.len() >= bytes
        {
            truth.faults += 1;
            events.push(Event::End);
            self.mood = Mood::Closed;
            return false;
        }
        let Some(frame) = take_frame(&mut self.input) else {
            return false;
        };
        self.frames += 1;
        if let Mood::Discarding { frames, due, .. } = &mut self.mood {
            *frames = frames.saturating_sub(1);
            *due = now + LATE;
            return true;
        }
        assert_eq!(frame.identifier, self.frames, "identifiers count from 1 on each connection, and 0 is none");
        match fault {
            None | Some(Fault::CloseWithin { .. }) => {
                let status = natural_status(&frame, dead);
                match status {
                    None => self.accept(&frame, truth),
                    Some(status) => self.refuse(&frame, status, truth, now),
                }
            }
            Some(fault) => {
                truth.faults += 1;
                self.fail(&frame, fault, events, truth, now);
            }
        }
        true
    }

    fn accept(&self, frame: &Sent, truth: &mut Truth) {
        // A sentinel that a fault accepts is nobody's.
        if let Some(count) = frame.slot.and_then(|slot| truth.accepted.get_mut(slot as usize)) {
            *count += 1;
        }
    }

    fn note_refusal(&self, frame: &Sent, status: u8, truth: &mut Truth) {
        if let Some(refusals) = frame.slot.and_then(|slot| truth.refused.get_mut(slot as usize)) {
            refusals.push((self.number, status));
        }
    }

    fn refuse(&mut self, frame: &Sent, status: u8, truth: &mut Truth, now: u64) {
        self.note_refusal(frame, status, truth);
        self.discard(0, vec![answer(status, frame.identifier)], true, now);
    }

    fn discard(&mut self, frames: u32, answers: Vec<Vec<u8>>, close: bool, now: u64) {
        self.mood = Mood::Discarding { frames, due: now + LATE, answers, close };
    }

    fn fail(&mut self, frame: &Sent, fault: Fault, events: &mut Vec<Event>, truth: &mut Truth, now: u64) {
        let identifier = frame.identifier;
        match fault {
            Fault::Status(10) => {
                self.accept(frame, truth);
                self.discard(0, vec![answer(10, identifier)], true, now);
            }
            Fault::Status(status) => self.refuse(frame, status, truth, now),
            Fault::Late { status, frames } => {
                self.note_refusal(frame, status, truth);
                self.discard(frames, vec![answer(status, identifier)], true, now);
            }
            Fault::CutAnswer { status, first } => {
                self.note_refusal(frame, status, truth);
                let (left, right) = {
                    let whole = answer(status, identifier);
                    let (left, right) = whole.split_at(first);
                    (left.to_vec(), right.to_vec())
                };
                self.discard(0, vec![left, right], true, now);
            }
            Fault::LostAnswer { status, first } => {
                self.note_refusal(frame, status, truth);
                let arrives = answer(status, identifier).into_iter().take(first).collect();
                self.discard(0, vec![arrives], true, now);
            }
            Fault::TwoAnswers { status } => {
                self.note_refusal(frame, status, truth);
                let answers = vec![answer(status, identifier), answer(status, identifier + 1)];
                self.discard(0, answers, true, now);
            }
            Fault::NoClose { status } => {
                self.note_refusal(frame, status, truth);
                self.discard(0, vec![answer(status, identifier)], false, now);
            }
            Fault::UnknownIdentifier => {
                self.discard(0, vec![answer(8, 0xdead_beef)], true, now);
            }
            Fault::IdentifierZero { status } => self.discard(0, vec![answer(status, 0)], true, now),
            Fault::Gibberish => self.discard(0, vec![b"HTTP/1.1 400".to_vec()], true, now),
            Fault::CloseBefore => self.discard(0, vec![], true, now),
            Fault::CloseAfter => {
                self.accept(frame, truth);
                self.discard(0, vec![], true, now);
            }
            Fault::Stall => self.mood = Mood::Stalled,
            // Was looked at before the frame was whole.
            Fault::CloseWithin { .. } => events.push(Event::End),
        }
    }
}

fn answer(status: u8, identifier: u32) -> Vec<u8> {
    let mut bytes = vec![8, status];
    bytes.extend(identifier.to_be_bytes());
    bytes
}

/// What an honest gateway says to a frame; `None`: nothing, it is accepted.
fn natural_status(frame: &Sent, dead: &[bool]) -> Option<u8> {
    match frame.slot {
        // Only a sentinel has a token without a slot, and no payload.
        None => Some(4),
        Some(slot) => dead.get(slot as usize).copied().unwrap_or_default().then_some(8),
    }
}
