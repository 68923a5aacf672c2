//! What went wrong, from both directions of every connection together.

use std::collections::BTreeMap;

use crate::notification::Payload;

use super::answers::Answers;
use super::classify::Kind;
use super::finding::Finding;
use super::parts::{self, Part, PartKind};
use super::stream::{Direction, Mark};
use super::{Capture, Connection, requests};

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
    /// The status it was rejected with; that of an answer of HTTP/2.
    pub status: Option<u16>,
}

/// The diagnosis of one connection.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// Parts of both directions in the order of the capture.
    pub entries: Vec<Entry>,
    /// What was found, what matters most first.
    pub findings: Vec<Finding>,
    /// The unpacked headers of the HTTP/2 of both directions.
    pub texts: [Vec<u8>; 2],
}

/// Findings of one code that are listed of one connection.
pub(super) const MAX_ALIKE: usize = 100;

/// The only kind of map here: each kind is code of its own.
pub(super) type Numbers = BTreeMap<u64, u64>;

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
        let Diagnosis { entries, findings, texts } = diagnosis;
        let mut answers = Answers { number, sent: &sent }.read(entries);
        // A stream by itself has no other direction that an answer could be about.
        if connection.ends.is_none() {
            answers.retain(|answer| !matches!(answer, Finding::UnknownIdentifier { .. }));
        }
        // A row of findings of one kind says no more than its first hundred.
        let mut room = [MAX_ALIKE; 4];
        let mut others = Vec::new();
        of_parts(connection, entries, &mut others, &mut room);
        // What explains an answer comes before it.
        findings.extend(others);
        findings.extend(answers);
        if connection.kinds.contains(&Kind::Http2) {
            findings.extend(requests::read(connection, entries, texts));
        }
        of_connection(connection, entries, findings);
    }
    all
}

/// Not inlined: there are many callers, and speed is no matter.
#[inline(never)]
pub(super) fn add(findings: &mut Vec<Finding>, finding: Finding) {
    findings.push(finding);
}

#[inline(never)]
fn entries(connection: &Connection) -> Diagnosis {
    let [kind_there, kind_back] = connection.kinds;
    let [there, back] = &connection.directions;
    let read = |direction: usize, stream: &Direction, kind| {
        let (found, text) = parts::parts(stream, kind);
        let found = found.into_iter().map(|part| {
            let Mark { packet, time, .. } = stream.mark(part.at);
            Entry { direction, part, packet, time, fate: Fate::Unknown, status: None }
        });
        (found.collect::<Vec<_>>(), text)
    };
    let ((there, text_there), (back, text_back)) = (read(0, there, kind_there), read(1, back, kind_back));
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
    Diagnosis { entries, findings: Vec::new(), texts: [text_there, text_back] }
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
