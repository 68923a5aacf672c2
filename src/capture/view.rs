//! A capture and its diagnosis as whoever looks at it asks for them: an overview, parts by the page, a search.

use serde::Serialize;

use crate::binary::explain::{self, Field};
use crate::http2::frame::Kind;

use super::classify::Kind as StreamKind;
use super::diagnosis::{Diagnosis, Entry, Fate, diagnose, payload_limit};
use super::file::{FileError, Format};
use super::finding::Finding;
use super::parts::PartKind;
use super::repair::mended;
use super::{Capture, Connection, Passed, http2};

/// A capture that was read to its end.
#[derive(Debug)]
pub struct View {
    capture: Capture,
    diagnoses: Vec<Diagnosis>,
}

/// What is in a capture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// What kind of file it is; `None`: a stream by itself.
    pub format: Option<Format>,
    /// What kept it from being read further.
    #[serde(serialize_with = "as_text")]
    pub failure: Option<FileError>,
    /// Packets.
    pub packets: u32,
    /// Bytes of the file.
    pub bytes: u64,
    /// Packets that were not read.
    pub passed: Passed,
    /// Its connections, by their first packet.
    pub connections: Vec<Summary>,
}

/// A connection in the overview.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Both ends, who opened it first: 16 bytes of address (see [`super::packet::Endpoint`]) and 2 of port, in hexadecimal.
    pub ends: Option<[String; 2]>,
    /// What each direction carries.
    pub kinds: [StreamKind; 2],
    /// Bytes of each direction.
    pub lengths: [u64; 2],
    /// Bytes of each direction that came again.
    pub again: [u64; 2],
    /// Segments of each direction that came after later ones.
    pub disordered: [u64; 2],
    /// Milliseconds since 1970.
    pub time: f64,
    /// How many parts it has.
    pub parts: usize,
    /// Notifications by their fate: unknown, accepted, rejected, discarded.
    pub fates: [usize; 4],
    /// What was found.
    pub findings: Vec<Finding>,
}

/// A part, explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    /// Its index in the connection.
    pub index: usize,
    /// 0: from the first end, 1: from the second.
    pub direction: usize,
    /// What it is.
    pub kind: PartKind,
    /// Offset in the stream of its direction.
    pub offset: u64,
    /// Where its bytes are, for [`View::bytes`].
    pub at: usize,
    /// Bytes.
    pub length: usize,
    /// Milliseconds since 1970; 0 where it is not known.
    pub time: f64,
    /// Number of its packet in the file; 0 where there is none.
    pub packet: u32,
    /// A frame's, where it has one; an error response's.
    pub identifier: Option<u32>,
    /// An error response's; a frame's, where it was rejected.
    pub status: Option<u16>,
    /// A frame's, a request's.
    pub fate: Option<Fate>,
    /// Bytes that a frame's payload may have.
    pub payload_limit: Option<usize>,
    /// What it is and means, in a line of English.
    pub summary: String,
    /// Its bytes, field by field; offsets from its own first byte.
    pub fields: Vec<Field>,
}

/// What to look for; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// A part of a token.
    pub token: Option<Vec<u8>>,
    /// A frame's or an error response's.
    pub identifier: Option<u32>,
    /// An error response's, or what a frame was rejected with.
    pub status: Option<u16>,
}

impl View {
    /// The view of a capture whose bytes have all been pushed.
    #[must_use]
    pub fn new(mut capture: Capture) -> View {
        capture.finish();
        let diagnoses = diagnose(&capture);
        View { capture, diagnoses }
    }

    /// What is in it.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let Capture { format, failure, packets, bytes, passed, .. } = self.capture;
        let connections = self.capture.connections.iter().zip(&self.diagnoses).map(summary).collect();
        Overview { format, failure, packets, bytes, passed, connections }
    }

    /// Some parts of a connection, explained.
    #[must_use]
    pub fn parts(&self, connection: usize, from: usize, count: usize) -> Vec<PartView> {
        let last = from.saturating_add(count);
        (from..last).map_while(|index| self.part(connection, index)).collect()
    }

    /// Bytes of one direction of a connection.
    #[must_use]
    pub fn bytes(&self, connection: usize, direction: usize, at: usize, length: usize) -> &[u8] {
        let direction = self.capture.connections.get(connection).and_then(|found| found.directions.get(direction));
        direction.and_then(|found| found.bytes.get(at..at.saturating_add(length))).unwrap_or_default()
    }

    /// The parts of a connection, by their index, that a query asks for; at most `most`.
    #[must_use]
    pub fn find(&self, connection: usize, query: &Query, most: usize) -> Vec<u32> {
        let entries = self.diagnoses.get(connection).map(|diagnosis| diagnosis.entries.as_slice()).unwrap_or_default();
        let found = entries.iter().enumerate().filter(|(_, entry)| {
            let part = &entry.part;
            let status = status_of(entry);
            query.identifier.is_none_or(|wanted| part.identifier == Some(wanted))
                && query.status.is_none_or(|wanted| status == Some(wanted))
                && query.token.as_ref().is_none_or(|wanted| match part.kind {
                    PartKind::Frame | PartKind::Tuple => {
                        contains(self.bytes(connection, entry.direction, part.at, part.length), wanted)
                    }
                    // In the path it is text.
                    PartKind::Http2 => contains(self.headers(connection, entry), explain::hex(wanted).as_bytes()),
                    _ => false,
                })
        });
        found.map(|(index, _)| index as u32).take(most).collect()
    }

    /// The unpacked headers of a part of HTTP/2.
    fn headers(&self, connection: usize, entry: &Entry) -> &[u8] {
        let texts = self.diagnoses.get(connection).map(|diagnosis| &diagnosis.texts);
        entry.part.headers(texts.and_then(|texts| texts.get(entry.direction)))
    }

    fn part(&self, connection: usize, index: usize) -> Option<PartView> {
        let entry = self.diagnoses.get(connection)?.entries.get(index)?;
        let part = &entry.part;
        let raw = self.bytes(connection, entry.direction, part.at, part.length);
        let kind = match part.kind {
            PartKind::Frame => Some(explain::Kind::Frames),
            PartKind::ErrorResponse => Some(explain::Kind::ErrorResponses),
            PartKind::Tuple if part.lost == 0 && !part.cut => Some(explain::Kind::Feedback),
            PartKind::Tuple | PartKind::Unreadable | PartKind::Http2 => None,
        };
        let whole = part.repair.map_or_else(|| raw.to_vec(), |repair| mended(raw, repair));
        let explained = kind.map(|kind| explain::explain(&whole, Some(kind)));
        let (summary, mut fields) = match explained.and_then(|explained| explained.parts.into_iter().next()) {
            Some(found) => (found.summary, found.fields),
            None if part.kind == PartKind::Http2 => http2::explain(raw, part, self.headers(connection, entry)),
            None => {
                let length = raw.len();
                let field = Field { name: "unreadable".into(), offset: 0, length, value: String::new() };
                (String::new(), vec![field])
            }
        };
        if let Some(repair) = part.repair {
            for field in fields.iter_mut().filter(|field| field.offset == repair.at as u64) {
                field.value = format!("{} ({} follow)", repair.declared, repair.actual);
            }
        }
        Some(PartView {
            index,
            direction: entry.direction,
            kind: part.kind,
            offset: part.offset,
            at: part.at,
            length: part.length,
            time: entry.time as f64 / 1_000.0,
            packet: entry.packet,
            identifier: part.identifier,
            status: status_of(entry),
            fate: part.is_notification().then_some(entry.fate),
            payload_limit: match part.kind {
                PartKind::Frame => Some(payload_limit(part.code)),
                PartKind::Http2
                    if part.code == Kind::DATA.0 && self.bytes(connection, entry.direction, 0, 3) == b"PRI" =>
                {
                    Some(http2::PAYLOAD_LIMIT)
                }
                _ => None,
            },
            summary,
            fields,
        })
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn status_of(entry: &Entry) -> Option<u16> {
    if entry.part.kind == PartKind::ErrorResponse { Some(entry.part.code.into()) } else { entry.status }
}

/// Why a file cannot be read further, in English.
fn as_text<S: serde::Serializer>(failure: &Option<FileError>, serializer: S) -> Result<S::Ok, S::Error> {
    failure.map(|error| error.to_string()).serialize(serializer)
}

fn summary((connection, diagnosis): (&Connection, &Diagnosis)) -> Summary {
    let [first, second] = &connection.directions;
    let mut fates = [0; 4];
    for entry in diagnosis.entries.iter().filter(|entry| entry.part.is_notification()) {
        if let Some(count) = fates.get_mut(entry.fate as usize) {
            *count += 1;
        }
    }
    let text = |end: super::packet::Endpoint| explain::hex(&[end.address.as_slice(), &end.port.to_be_bytes()].concat());
    Summary {
        ends: connection.ends.map(|ends| ends.map(text)),
        kinds: connection.kinds,
        lengths: [first.length(), second.length()],
        again: [first.again, second.again],
        disordered: [first.disordered, second.disordered],
        time: connection.time as f64 / 1_000.0,
        parts: diagnosis.entries.len(),
        fates,
        findings: diagnosis.findings.clone(),
    }
}
