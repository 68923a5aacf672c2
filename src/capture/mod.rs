//! Captures: from the bytes of a pcap or pcapng file (or of a stream itself) to connections, their parts, and a
//! diagnosis.
//!
//! What it is not: it opens no file and decrypts nothing, and it puts no IP fragments together. Whoever embeds it hands
//! over the bytes as they come ([`Capture::push`]), says when they end ([`Capture::finish`]) and then asks.
//!
//! What is held is bounded: [`MAX_CONNECTIONS`], [`MAX_BYTES`] of streams, [`stream::MAX_HELD`] of each direction while a
//! segment is missing. What is left out because of that is counted.

mod answers;
pub mod classify;
pub mod diagnosis;
pub mod file;
pub mod finding;
pub mod http2;
pub mod packet;
pub mod parts;
pub mod repair;
mod requests;
pub mod stream;
pub mod view;

use std::collections::BTreeMap;

use classify::{Kind, classify};
use file::{FileError, Format, Reader};
use packet::{Endpoint, Segment, Skipped};
use stream::{Direction, Piece};

/// Connections that are followed; segments of further ones are counted.
pub const MAX_CONNECTIONS: usize = 4_096;

/// Bytes of streams that are kept, of all together.
pub const MAX_BYTES: usize = 256 * 1_048_576;

/// Packets that were not read, by the reason why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passed {
    /// A link type that is not known here.
    pub link_type: u32,
    /// Not TCP over IP.
    pub other: u32,
    /// Fragments.
    pub fragments: u32,
    /// Cut inside of their headers, or contradictory.
    pub malformed: u32,
    /// Of a connection more than are followed.
    pub connections: u32,
    /// Cut inside of their data by the limit of the capture.
    pub cut: u32,
}

/// A TCP connection, or a stream by itself.
#[derive(Debug)]
pub struct Connection {
    /// Both ends, who opened it first as far as that is known; none of a stream by itself.
    pub ends: Option<[Endpoint; 2]>,
    /// From the first end to the second, and back.
    pub directions: [Direction; 2],
    /// What they carry.
    pub kinds: [Kind; 2],
    /// Number of its first packet in the file.
    pub packet: u32,
    /// Time of that packet, microseconds since 1970.
    pub time: u64,
    opened: bool,
}

impl Connection {
    fn new(ends: Option<[Endpoint; 2]>, packet: u32, time: u64) -> Connection {
        let (directions, kinds) = (Default::default(), [Kind::Empty; 2]);
        Connection { ends, directions, kinds, packet, time, opened: false }
    }

    fn direction_from(&mut self, sender: Endpoint) -> &mut Direction {
        let [there, back] = &mut self.directions;
        if self.ends.is_some_and(|[first, _]| first != sender) { back } else { there }
    }
}

#[derive(Debug)]
enum Source {
    /// The first bytes, too few to know.
    Unknown(Vec<u8>),
    File(Box<Reader>),
    Stream,
}

/// A capture that is being read.
#[derive(Debug)]
pub struct Capture {
    source: Source,
    /// What kind of file it is; `None`: a stream by itself.
    pub format: Option<Format>,
    /// What keeps it from being read further.
    pub failure: Option<FileError>,
    /// Packets so far.
    pub packets: u32,
    /// Bytes of the file so far.
    pub bytes: u64,
    /// Packets that were not read.
    pub passed: Passed,
    /// The connections, by their first packet.
    pub connections: Vec<Connection>,
    /// The latest connection between two ends, by [`key_of`] them.
    latest: BTreeMap<u64, u64>,
    room: usize,
}

impl Default for Capture {
    fn default() -> Self {
        Self::with_room(MAX_BYTES)
    }
}

impl Capture {
    /// A capture that keeps at most so many bytes of streams.
    #[must_use]
    pub fn with_room(room: usize) -> Capture {
        Capture {
            source: Source::Unknown(Vec::new()),
            format: None,
            failure: None,
            packets: 0,
            bytes: 0,
            passed: Passed::default(),
            connections: Vec::new(),
            latest: BTreeMap::new(),
            room,
        }
    }

    /// Takes bytes of the file, in pieces of any size. After a failure further bytes are only counted.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Source::Unknown(start) = &mut self.source {
            start.extend_from_slice(bytes);
            let Some(magic) = start.first_chunk::<4>() else { return };
            self.format = Format::of(*magic);
            let start = std::mem::take(start);
            self.source = match self.format {
                Some(_) => Source::File(Box::default()),
                None => Source::Stream,
            };
            self.feed(&start);
        } else {
            self.feed(bytes);
        }
    }

    /// The file has ended: what is held back is taken as it is, and every direction is classified.
    pub fn finish(&mut self) {
        match std::mem::replace(&mut self.source, Source::Stream) {
            Source::Unknown(start) => self.feed(&start),
            Source::File(reader) => self.failure = reader.finish().err(),
            Source::Stream => {}
        }
        for Connection { directions, kinds, .. } in &mut self.connections {
            for (direction, kind) in directions.iter_mut().zip(kinds.iter_mut()) {
                direction.finish(&mut self.room);
                *kind = classify(&direction.bytes, direction.midway);
            }
            // What each side is can show in the other: what HTTP/2 answers may look like a frame.
            match *kinds {
                [Kind::Http2, ref mut other] | [ref mut other, Kind::Http2] if *other != Kind::Empty => {
                    *other = Kind::Http2;
                }
                _ => {}
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        match std::mem::replace(&mut self.source, Source::Stream) {
            Source::File(mut reader) => {
                let read = reader.push(bytes, |packet| {
                    self.packets = self.packets.saturating_add(1);
                    if packet.cut > 0 {
                        self.passed.cut += 1;
                    }
                    match packet::segment(packet.link, packet.bytes) {
                        Ok(segment) => self.segment(segment, packet.time),
                        Err(Skipped::LinkType) => self.passed.link_type += 1,
                        Err(Skipped::Other) => self.passed.other += 1,
                        Err(Skipped::Fragment) => self.passed.fragments += 1,
                        Err(Skipped::Malformed) => self.passed.malformed += 1,
                    }
                });
                self.failure = read.err();
                self.source = Source::File(reader);
            }
            _ => self.stream(bytes),
        }
    }

    /// Bytes of a stream by itself.
    fn stream(&mut self, bytes: &[u8]) {
        if self.connections.is_empty() {
            let mut connection = Connection::new(None, 0, 0);
            let _ = connection.directions[0].begin(u32::MAX, &mut self.room);
            self.connections.push(connection);
        }
        let Some(Connection { directions: [direction, _], .. }) = self.connections.first_mut() else { return };
        let sequence = direction.length() as u32;
        direction.take(Piece { sequence, bytes, packet: 0, time: 0 }, &mut self.room);
    }

    fn segment(&mut self, segment: Segment<'_>, time: u64) {
        let Segment { from, to, sequence, flags, data, length } = segment;
        let has = |flag: u8| flags & flag != 0;
        let key = key_of(from, to);
        let opens = has(Segment::SYN);
        let first_of_all = opens && !has(Segment::ACK);
        let mut index = self.latest.get(&key).map(|index| *index as usize);
        if let Some(connection) = index.and_then(|index| self.connections.get_mut(index)) {
            let direction = connection.direction_from(from);
            // The same ends again, with another first number: the port was used again.
            if opens && !direction.begin(sequence, &mut self.room) {
                index = None;
            }
        }
        let index = match index {
            Some(index) => index,
            None if self.connections.len() >= MAX_CONNECTIONS => {
                self.passed.connections += 1;
                return;
            }
            None => {
                let ends = if opens && !first_of_all { [to, from] } else { [from, to] };
                self.connections.push(Connection::new(Some(ends), self.packets, time));
                self.latest.insert(key, self.connections.len() as u64 - 1);
                self.connections.len() - 1
            }
        };
        let packet = self.packets;
        let Some(connection) = self.connections.get_mut(index) else { return };
        if first_of_all && !connection.opened {
            connection.opened = true;
            // Its answer was captured before it.
            if connection.ends.is_some_and(|ends| ends[0] != from) {
                connection.ends = Some([from, to]);
                connection.directions.reverse();
            }
        }
        let direction = connection.direction_from(from);
        let sequence = if opens {
            let _ = direction.begin(sequence, &mut self.room);
            sequence.wrapping_add(1)
        } else {
            sequence
        };
        let unread = direction.bytes.len() >= Kind::ENOUGH && !classify(&direction.bytes, direction.midway).is_read();
        let mut none = 0;
        let room = if unread { &mut none } else { &mut self.room };
        direction.take(Piece { sequence, bytes: data, packet, time }, room);
        if has(Segment::FIN) {
            direction.close(sequence.wrapping_add(length as u32));
        }
        direction.reset |= has(Segment::RST);
    }
}

/// The same number for both directions between two ends.
fn key_of(from: Endpoint, to: Endpoint) -> u64 {
    let hash = |end: Endpoint| parts::hash(end.address.iter().chain(&end.port.to_be_bytes()));
    hash(from) ^ hash(to)
}
