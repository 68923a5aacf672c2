//! What went wrong, from both directions of every connection together. Findings are data; the words are the reader's.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::binary::ErrorResponse;
use crate::notification::Payload;

use super::classify::Kind;
use super::parts::{self, Part, PartKind};
use super::stream::{Direction, Mark};
use super::{Capture, Connection};

/// What became of a notification, as far as the capture tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Nothing tells.
    Unknown,
    /// An error response about a later one proves that it was accepted.
    Accepted,
    /// An error response names it.
    Rejected,
    /// It was written behind one that was rejected, and thrown away.
    Discarded,
}

/// A part in the order of the capture.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// 0: from the first end, 1: from the second.
    pub direction: usize,
    /// The part.
    pub part: Part,
    /// Number of the packet that brought its first byte.
    pub packet: u32,
    /// Time of that packet, microseconds since 1970.
    pub time: u64,
    /// A frame's fate.
    pub fate: Fate,
    /// The status it was rejected with.
    pub status: Option<u8>,
}

/// Something that a person who looks for a fault should know. `entry` is the index of a part of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the words of the finding need, and are called so")]
pub enum Finding {
    /// TLS: nothing can be read.
    Encrypted,
    /// HTTP/2, which is not decoded here.
    Http2,
    /// Nothing of this protocol.
    NotUnderstood,
    /// The capture began later than the connection.
    Midway { direction: usize },
    /// Bytes are missing in the capture.
    Missing { direction: usize, offset: u64, length: u64 },
    /// There was no room for them.
    LeftOut { direction: usize, bytes: u64 },
    /// Segments came again with other bytes.
    Contradicted { direction: usize, segments: u64 },
    /// A length in a frame is wrong.
    WrongLength {
        entry: usize,
        token: bool,
        declared: u16,
        actual: u16,
        identifier: Option<u32>,
        /// What the gateway answered to that.
        status: Option<u8>,
        /// The payload has as many characters as it says bytes.
        characters: bool,
    },
    /// Bytes that are nothing.
    Unreadable { entry: usize, direction: usize, offset: u64, length: usize, first: u8, status: Option<u8> },
    /// The stream ends inside of a part.
    Cut { entry: usize, direction: usize, length: usize },
    /// A payload is longer than its command allows.
    PayloadTooLong { entry: usize, identifier: Option<u32>, bytes: u32, limit: usize },
    /// One identifier for several notifications of a connection.
    IdentifierTwice { entry: usize, identifier: u32 },
    /// A notification was rejected.
    Rejected {
        entry: usize,
        response: usize,
        identifier: u32,
        status: u8,
        before: usize,
        discarded: usize,
        first: Option<u32>,
        last: Option<u32>,
        again: usize,
    },
    /// The sentinel was rejected, as it must be: everything before it was accepted.
    Sentinel { entry: usize, response: usize, identifier: u32, before: usize },
    /// The gateway shut down.
    Shutdown {
        entry: Option<usize>,
        response: usize,
        identifier: u32,
        before: usize,
        discarded: usize,
        first: Option<u32>,
        last: Option<u32>,
        again: usize,
    },
    /// An answer that names no notification of this capture.
    UnknownIdentifier { response: usize, identifier: u32, status: u8 },
    /// The connection was cut without an answer.
    CutOff { sent: usize, reset: bool },
    /// No answer: success, if the connection stayed open.
    Silence { sent: usize },
    /// A feedback tuple lost bytes (or has too many).
    FeedbackLost { entry: usize, offset: u64, lost: i32 },
    /// Tuples of dead tokens.
    Feedback { tuples: usize },
}

/// As an object of its code and numbers: true is 1, what is not known null. By hand, because a derived one is some ten
/// thousand bytes of WebAssembly.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, numbers) = self.told();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", code)?;
        for (name, number) in numbers {
            map.serialize_entry(name, &Some(number).filter(|number| !number.is_nan()))?;
        }
        map.end()
    }
}

/// Not inlined: it is called once for every kind of finding.
#[inline(never)]
fn told(code: &'static str, numbers: &[(&'static str, f64)]) -> (&'static str, Vec<(&'static str, f64)>) {
    (code, numbers.to_vec())
}

fn or_none(number: Option<u64>) -> f64 {
    number.map_or(f64::NAN, |number| number as f64)
}

impl Finding {
    #[inline(never)]
    fn told(&self) -> (&'static str, Vec<(&'static str, f64)>) {
        match self {
            Finding::Encrypted => told("encrypted", &[]),
            Finding::Http2 => told("http2", &[]),
            Finding::NotUnderstood => told("not-understood", &[]),
            Finding::Midway { direction } => told("midway", &[("direction", *direction as f64)]),
            Finding::Missing { direction, offset, length } => told(
                "missing",
                &[("direction", *direction as f64), ("offset", *offset as f64), ("length", *length as f64)],
            ),
            Finding::LeftOut { direction, bytes } => {
                told("left-out", &[("direction", *direction as f64), ("bytes", *bytes as f64)])
            }
            Finding::Contradicted { direction, segments } => {
                told("contradicted", &[("direction", *direction as f64), ("segments", *segments as f64)])
            }
            Finding::WrongLength { entry, token, declared, actual, identifier, status, characters } => told(
                "wrong-length",
                &[
                    ("entry", *entry as f64),
                    ("token", f64::from(u8::from(*token))),
                    ("declared", f64::from(*declared)),
                    ("actual", f64::from(*actual)),
                    ("identifier", or_none(identifier.map(u64::from))),
                    ("status", or_none(status.map(u64::from))),
                    ("characters", f64::from(u8::from(*characters))),
                ],
            ),
            Finding::Unreadable { entry, direction, offset, length, first, status } => told(
                "unreadable",
                &[
                    ("entry", *entry as f64),
                    ("direction", *direction as f64),
                    ("offset", *offset as f64),
                    ("length", *length as f64),
                    ("first", f64::from(*first)),
                    ("status", or_none(status.map(u64::from))),
                ],
            ),
            Finding::Cut { entry, direction, length } => {
                told("cut", &[("entry", *entry as f64), ("direction", *direction as f64), ("length", *length as f64)])
            }
            Finding::PayloadTooLong { entry, identifier, bytes, limit } => told(
                "payload-too-long",
                &[
                    ("entry", *entry as f64),
                    ("identifier", or_none(identifier.map(u64::from))),
                    ("bytes", f64::from(*bytes)),
                    ("limit", *limit as f64),
                ],
            ),
            Finding::IdentifierTwice { entry, identifier } => {
                told("identifier-twice", &[("entry", *entry as f64), ("identifier", f64::from(*identifier))])
            }
            Finding::Rejected { entry, response, identifier, status, before, discarded, first, last, again } => told(
                "rejected",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("status", f64::from(*status)),
                    ("before", *before as f64),
                    ("discarded", *discarded as f64),
                    ("first", or_none(first.map(u64::from))),
                    ("last", or_none(last.map(u64::from))),
                    ("again", *again as f64),
                ],
            ),
            Finding::Sentinel { entry, response, identifier, before } => told(
                "sentinel",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("before", *before as f64),
                ],
            ),
            Finding::Shutdown { entry, response, identifier, before, discarded, first, last, again } => told(
                "shutdown",
                &[
                    ("entry", or_none(entry.map(|entry| entry as u64))),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("before", *before as f64),
                    ("discarded", *discarded as f64),
                    ("first", or_none(first.map(u64::from))),
                    ("last", or_none(last.map(u64::from))),
                    ("again", *again as f64),
                ],
            ),
            Finding::UnknownIdentifier { response, identifier, status } => told(
                "unknown-identifier",
                &[
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("status", f64::from(*status)),
                ],
            ),
            Finding::CutOff { sent, reset } => {
                told("cut-off", &[("sent", *sent as f64), ("reset", f64::from(u8::from(*reset)))])
            }
            Finding::Silence { sent } => told("silence", &[("sent", *sent as f64)]),
            Finding::FeedbackLost { entry, offset, lost } => told(
                "feedback-lost",
                &[("entry", *entry as f64), ("offset", *offset as f64), ("lost", f64::from(*lost))],
            ),
            Finding::Feedback { tuples } => told("feedback", &[("tuples", *tuples as f64)]),
        }
    }
}

/// The diagnosis of one connection.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// Parts of both directions in the order of the capture.
    pub entries: Vec<Entry>,
    /// What was found, what matters most first.
    pub findings: Vec<Finding>,
}

/// Findings of one code that are listed of one connection.
const MAX_ALIKE: usize = 100;

/// The only kind of map here: each kind is code of its own.
type Numbers = BTreeMap<u64, u64>;

/// Diagnoses every connection of a capture that is finished.
#[must_use]
pub fn diagnose(capture: &Capture) -> Vec<Diagnosis> {
    let mut all: Vec<Diagnosis> = capture.connections.iter().map(entries).collect();
    // The last time that each notification was sent: its packet, and its connection in the lower half.
    let mut sent = Numbers::new();
    for (number, Diagnosis { entries, .. }) in all.iter().enumerate() {
        for Entry { part, packet, .. } in entries.iter().filter(|entry| entry.part.kind == PartKind::Frame) {
            let now = u64::from(*packet) << 32 | number as u64;
            let last = sent.get(&part.key).copied().unwrap_or(0);
            sent.insert(part.key, last.max(now));
        }
    }
    for (number, (diagnosis, connection)) in all.iter_mut().zip(&capture.connections).enumerate() {
        let Diagnosis { entries, findings } = diagnosis;
        let answers = Answers { number, sent: &sent }.read(entries);
        // A row of findings of one kind says no more than its first hundred.
        let mut room = [MAX_ALIKE; 4];
        let mut others = Vec::new();
        of_parts(connection, entries, &mut others, &mut room);
        // What explains an answer comes before it.
        findings.extend(others);
        findings.extend(answers);
        of_connection(connection, entries, findings);
    }
    all
}

/// Not inlined: there are many callers, and speed is no matter.
#[inline(never)]
fn add(findings: &mut Vec<Finding>, finding: Finding) {
    findings.push(finding);
}

#[inline(never)]
fn entries(connection: &Connection) -> Diagnosis {
    let [kind_there, kind_back] = connection.kinds;
    let [there, back] = &connection.directions;
    let read = |direction: usize, stream: &Direction, kind| {
        let found = parts::parts(stream, kind).into_iter().map(|part| {
            let Mark { packet, time, .. } = stream.mark(part.at);
            Entry { direction, part, packet, time, fate: Fate::Unknown, status: None }
        });
        found.collect::<Vec<_>>()
    };
    let (there, back) = (read(0, there, kind_there), read(1, back, kind_back));
    // Each is in order already.
    let mut entries = Vec::with_capacity(there.len() + back.len());
    let mut back = back.into_iter().peekable();
    for entry in there {
        while let Some(earlier) = back.next_if(|other| other.packet < entry.packet) {
            entries.push(earlier);
        }
        entries.push(entry);
    }
    entries.extend(back);
    Diagnosis { entries, findings: Vec::new() }
}

struct Answers<'a> {
    number: usize,
    sent: &'a Numbers,
}

impl Answers<'_> {
    /// Reads the error responses and gives every notification its fate.
    #[inline(never)]
    fn read(&self, entries: &mut [Entry]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let responses: Vec<usize> =
            (0..entries.len()).filter(|at| kind_at(entries, *at) == Some(PartKind::ErrorResponse)).collect();
        let mut by_identifier = Numbers::new();
        for (at, entry) in entries.iter().enumerate().rev().filter(|(_, entry)| entry.part.kind == PartKind::Frame) {
            if let Some(identifier) = entry.part.identifier {
                by_identifier.insert(u64::from(identifier), at as u64);
            }
        }
        for response in responses.into_iter().take(MAX_ALIKE) {
            let Some(Entry { part, packet, .. }) = entries.get(response).copied() else { continue };
            let (status, identifier) = (part.code, part.identifier.unwrap_or(0));
            let named = by_identifier.get(&u64::from(identifier)).map(|at| *at as usize);
            if status == ErrorResponse::SHUTDOWN {
                let (before, behind) = self.split(entries, named, named.is_some(), packet);
                let Behind { discarded, first, last, again } = behind;
                let entry = named;
                add(
                    &mut findings,
                    Finding::Shutdown { entry, response, identifier, before, discarded, first, last, again },
                );
                continue;
            }
            // Where lengths are wrong, the gateway reads other identifiers than were meant, or none.
            let broken = entries
                .iter()
                .position(|entry| entry.direction == 0 && is_broken(&entry.part))
                .or_else(|| entries.iter().position(|entry| is_broken(&entry.part)));
            let Some(culprit) = named.filter(|_| identifier != 0).or(broken).or(named) else {
                add(&mut findings, Finding::UnknownIdentifier { response, identifier, status });
                continue;
            };
            let (before, behind) = self.split(entries, Some(culprit), false, packet);
            let Behind { discarded, first, last, again } = behind;
            if let Some(entry) = entries.get_mut(culprit) {
                (entry.fate, entry.status) = (Fate::Rejected, Some(status));
                if is_broken(&entry.part) && named.is_none() {
                    // Said together with the length that is wrong.
                    if discarded == 0 {
                        continue;
                    }
                }
                let sentinel = entry.part.payload == 0 && entry.part.kind == PartKind::Frame && discarded == 0;
                add(
                    &mut findings,
                    if sentinel {
                        Finding::Sentinel { entry: culprit, response, identifier, before }
                    } else {
                        let entry = culprit;
                        Finding::Rejected { entry, response, identifier, status, before, discarded, first, last, again }
                    },
                );
            }
        }
        findings
    }

    /// All notifications before `at` were accepted, all behind it discarded; `inclusive`: the one at `at` was accepted.
    #[inline(never)]
    fn split(&self, entries: &mut [Entry], at: Option<usize>, inclusive: bool, answered: u32) -> (usize, Behind) {
        let mut before = 0;
        let mut behind = Behind::default();
        let Some(at) = at else { return (before, behind) };
        for (index, entry) in entries.iter_mut().enumerate().filter(|(_, entry)| entry.part.kind == PartKind::Frame) {
            if index < at || inclusive && index == at {
                if entry.fate == Fate::Unknown {
                    entry.fate = Fate::Accepted;
                }
                before += 1;
            } else if index > at {
                entry.fate = Fate::Discarded;
                behind.discarded += 1;
                behind.first = behind.first.or(entry.part.identifier);
                behind.last = entry.part.identifier.or(behind.last);
                let again = self.sent.get(&entry.part.key);
                behind.again += usize::from(
                    again.is_some_and(|last| last >> 32 > u64::from(answered) && *last as u32 as usize != self.number),
                );
            }
        }
        (before, behind)
    }
}

#[derive(Default)]
struct Behind {
    discarded: usize,
    first: Option<u32>,
    last: Option<u32>,
    again: usize,
}

fn kind_at(entries: &[Entry], at: usize) -> Option<PartKind> {
    entries.get(at).map(|entry| entry.part.kind)
}

fn is_broken(part: &Part) -> bool {
    part.repair.is_some() || part.kind == PartKind::Unreadable
}

/// What a payload of this command may have, in bytes.
#[must_use]
pub fn payload_limit(command: u8) -> usize {
    if command == 2 { Payload::BINARY_LIMIT } else { Payload::LEGACY_LIMIT }
}

#[inline(never)]
fn of_parts(connection: &Connection, entries: &[Entry], findings: &mut Vec<Finding>, room: &mut [usize; 4]) {
    let mut seen = Numbers::new();
    let mut within = |which: usize| match room.get_mut(which) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    for (entry, Entry { direction, part, status, .. }) in entries.iter().enumerate() {
        let (direction, identifier) = (*direction, part.identifier);
        if part.cut && within(0) {
            add(findings, Finding::Cut { entry, direction, length: part.length });
        }
        if let Some(repair) = part.repair.filter(|_| within(1)) {
            let frame =
                connection.directions.get(direction).and_then(|stream| stream.bytes.get(part.at..)).unwrap_or(&[]);
            let payload = frame.get(repair.at + 2..).and_then(|rest| rest.get(..usize::from(repair.actual)));
            let characters = payload.filter(|_| !repair.token).and_then(|raw| std::str::from_utf8(raw).ok());
            add(
                findings,
                Finding::WrongLength {
                    entry,
                    token: repair.token,
                    declared: repair.declared,
                    actual: repair.actual,
                    identifier,
                    status: *status,
                    characters: characters.is_some_and(|text| text.chars().count() == usize::from(repair.declared)),
                },
            );
        }
        if part.lost != 0 && within(1) {
            add(findings, Finding::FeedbackLost { entry, offset: part.offset, lost: part.lost });
        } else if part.kind == PartKind::Unreadable && !part.cut && within(2) {
            let (offset, length, first) = (part.offset, part.length, part.code);
            add(findings, Finding::Unreadable { entry, direction, offset, length, first, status: *status });
        }
        if part.kind == PartKind::Frame {
            let (bytes, limit) = (part.payload, payload_limit(part.code));
            if bytes as usize > limit && within(3) {
                add(findings, Finding::PayloadTooLong { entry, identifier, bytes, limit });
            }
            if let Some(identifier) = identifier.filter(|identifier| *identifier != 0) {
                let times = seen.get(&u64::from(identifier)).map_or(1, |times| times + 1);
                seen.insert(u64::from(identifier), times);
                if times == 2 && within(3) {
                    add(findings, Finding::IdentifierTwice { entry, identifier });
                }
            }
        }
    }
}

#[inline(never)]
fn of_connection(connection: &Connection, entries: &[Entry], findings: &mut Vec<Finding>) {
    let count = |kind: PartKind| entries.iter().filter(|entry| entry.part.kind == kind).count();
    let (sent, answers, tuples) = (count(PartKind::Frame), count(PartKind::ErrorResponse), count(PartKind::Tuple));
    if connection.kinds.contains(&Kind::Tls) {
        add(findings, Finding::Encrypted);
    } else if connection.kinds.contains(&Kind::Http2) {
        add(findings, Finding::Http2);
    } else if connection.kinds.contains(&Kind::Other) {
        add(findings, Finding::NotUnderstood);
    }
    if tuples > 0 {
        add(findings, Finding::Feedback { tuples });
    }
    if sent > 0 && answers == 0 && connection.ends.is_some() {
        let provider = usize::from(connection.kinds[0] != Kind::Frames);
        let [first, second] = &connection.directions;
        let gateway = if provider == 0 { second } else { first };
        let own = if provider == 0 { first } else { second };
        if gateway.reset || gateway.closed && !own.closed {
            add(findings, Finding::CutOff { sent, reset: gateway.reset });
        } else {
            add(findings, Finding::Silence { sent });
        }
    }
    for (direction, stream) in connection.directions.iter().enumerate() {
        if stream.midway && !stream.bytes.is_empty() {
            add(findings, Finding::Midway { direction });
        }
        let gaps = stream.gaps().take(MAX_ALIKE);
        findings.extend(gaps.map(|(offset, length)| Finding::Missing { direction, offset, length }));
        if stream.left_out > 0 && connection.kinds.get(direction).is_some_and(|kind| kind.is_read()) {
            add(findings, Finding::LeftOut { direction, bytes: stream.left_out });
        }
        if stream.contradicted > 0 {
            add(findings, Finding::Contradicted { direction, segments: stream.contradicted });
        }
    }
}
