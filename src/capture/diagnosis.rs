//! What went wrong, from both directions of every connection together. Findings are data; the words are the reader's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::binary::ErrorResponse;
use crate::notification::Payload;

use super::classify::Kind;
use super::parts::{self, Part, PartKind};
use super::{Capture, Connection};

/// What became of a notification, as far as the capture tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
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

/// Diagnoses every connection of a capture that is finished.
#[must_use]
pub fn diagnose(capture: &Capture) -> Vec<Diagnosis> {
    let mut all: Vec<Diagnosis> = capture.connections.iter().map(entries).collect();
    // The last time that each notification was sent: its packet and its connection.
    let mut sent: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
    for (number, Diagnosis { entries, .. }) in all.iter().enumerate() {
        for Entry { part, packet, .. } in entries.iter().filter(|entry| entry.part.kind == PartKind::Frame) {
            let last = sent.entry(part.key).or_default();
            *last = (*last).max((*packet, number));
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

fn entries(connection: &Connection) -> Diagnosis {
    let mut entries = Vec::new();
    for (direction, (stream, kind)) in connection.directions.iter().zip(connection.kinds).enumerate() {
        entries.extend(parts::parts(stream, kind).into_iter().map(|part| {
            let mark = stream.mark(part.at);
            let (packet, time) = (mark.packet, mark.time);
            Entry { direction, part, packet, time, fate: Fate::Unknown, status: None }
        }));
    }
    entries.sort_by_key(|entry| entry.packet);
    Diagnosis { entries, findings: Vec::new() }
}

struct Answers<'a> {
    number: usize,
    sent: &'a BTreeMap<u64, (u32, usize)>,
}

impl Answers<'_> {
    /// Reads the error responses and gives every notification its fate.
    fn read(&self, entries: &mut [Entry]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let responses: Vec<usize> =
            (0..entries.len()).filter(|at| kind_at(entries, *at) == Some(PartKind::ErrorResponse)).collect();
        let by_identifier: BTreeMap<u32, usize> = (entries.iter().enumerate().rev())
            .filter(|(_, entry)| entry.part.kind == PartKind::Frame)
            .filter_map(|(at, entry)| entry.part.identifier.map(|identifier| (identifier, at)))
            .collect();
        for response in responses.into_iter().take(MAX_ALIKE) {
            let Some(Entry { part, packet, .. }) = entries.get(response).copied() else { continue };
            let (status, identifier) = (part.code, part.identifier.unwrap_or(0));
            let named = by_identifier.get(&identifier).copied();
            if status == ErrorResponse::SHUTDOWN {
                let (before, behind) = self.split(entries, named, named.is_some(), packet);
                let Behind { discarded, first, last, again } = behind;
                let entry = named;
                findings.push(Finding::Shutdown { entry, response, identifier, before, discarded, first, last, again });
                continue;
            }
            // Where lengths are wrong, the gateway reads other identifiers than were meant, or none.
            let broken = entries
                .iter()
                .position(|entry| entry.direction == 0 && is_broken(&entry.part))
                .or_else(|| entries.iter().position(|entry| is_broken(&entry.part)));
            let Some(culprit) = named.filter(|_| identifier != 0).or(broken).or(named) else {
                findings.push(Finding::UnknownIdentifier { response, identifier, status });
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
                findings.push(if sentinel {
                    Finding::Sentinel { entry: culprit, response, identifier, before }
                } else {
                    let entry = culprit;
                    Finding::Rejected { entry, response, identifier, status, before, discarded, first, last, again }
                });
            }
        }
        findings
    }

    /// All notifications before `at` were accepted, all behind it discarded; `inclusive`: the one at `at` was accepted.
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
                behind.again += usize::from(again.is_some_and(|last| last.0 > answered && last.1 != self.number));
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

fn of_parts(connection: &Connection, entries: &[Entry], findings: &mut Vec<Finding>, room: &mut [usize; 4]) {
    let mut seen = BTreeMap::new();
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
            findings.push(Finding::Cut { entry, direction, length: part.length });
        }
        if let Some(repair) = part.repair.filter(|_| within(1)) {
            let frame =
                connection.directions.get(direction).and_then(|stream| stream.bytes.get(part.at..)).unwrap_or(&[]);
            let payload = frame.get(repair.at + 2..).and_then(|rest| rest.get(..usize::from(repair.actual)));
            let characters = payload.filter(|_| !repair.token).and_then(|raw| std::str::from_utf8(raw).ok());
            findings.push(Finding::WrongLength {
                entry,
                token: repair.token,
                declared: repair.declared,
                actual: repair.actual,
                identifier,
                status: *status,
                characters: characters.is_some_and(|text| text.chars().count() == usize::from(repair.declared)),
            });
        }
        if part.lost != 0 && within(1) {
            findings.push(Finding::FeedbackLost { entry, offset: part.offset, lost: part.lost });
        } else if part.kind == PartKind::Unreadable && !part.cut && within(2) {
            let (offset, length, first) = (part.offset, part.length, part.code);
            findings.push(Finding::Unreadable { entry, direction, offset, length, first, status: *status });
        }
        if part.kind == PartKind::Frame {
            let (bytes, limit) = (part.payload, payload_limit(part.code));
            if bytes as usize > limit && within(3) {
                findings.push(Finding::PayloadTooLong { entry, identifier, bytes, limit });
            }
            if let Some(identifier) = identifier.filter(|identifier| *identifier != 0) {
                let times = seen.entry(identifier).or_insert(0u32);
                *times += 1;
                if *times == 2 && within(3) {
                    findings.push(Finding::IdentifierTwice { entry, identifier });
                }
            }
        }
    }
}

fn of_connection(connection: &Connection, entries: &[Entry], findings: &mut Vec<Finding>) {
    let count = |kind: PartKind| entries.iter().filter(|entry| entry.part.kind == kind).count();
    let (sent, answers, tuples) = (count(PartKind::Frame), count(PartKind::ErrorResponse), count(PartKind::Tuple));
    if connection.kinds.contains(&Kind::Tls) {
        findings.push(Finding::Encrypted);
    } else if connection.kinds.contains(&Kind::Http2) {
        findings.push(Finding::Http2);
    } else if connection.kinds.contains(&Kind::Other) {
        findings.push(Finding::NotUnderstood);
    }
    if tuples > 0 {
        findings.push(Finding::Feedback { tuples });
    }
    if sent > 0 && answers == 0 && connection.ends.is_some() {
        let provider = usize::from(connection.kinds[0] != Kind::Frames);
        let [first, second] = &connection.directions;
        let gateway = if provider == 0 { second } else { first };
        let own = if provider == 0 { first } else { second };
        if gateway.reset || gateway.closed && !own.closed {
            findings.push(Finding::CutOff { sent, reset: gateway.reset });
        } else {
            findings.push(Finding::Silence { sent });
        }
    }
    for (direction, stream) in connection.directions.iter().enumerate() {
        if stream.midway && !stream.bytes.is_empty() {
            findings.push(Finding::Midway { direction });
        }
        let gaps = stream.gaps().take(MAX_ALIKE);
        findings.extend(gaps.map(|(offset, length)| Finding::Missing { direction, offset, length }));
        if stream.left_out > 0 && connection.kinds.get(direction).is_some_and(|kind| kind.is_read()) {
            findings.push(Finding::LeftOut { direction, bytes: stream.left_out });
        }
        if stream.contradicted > 0 {
            findings.push(Finding::Contradicted { direction, segments: stream.contradicted });
        }
    }
}
