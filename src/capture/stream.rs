//! One direction of a TCP connection, put together again from segments in any order.
//!
//! What came first counts: a segment that comes again changes nothing. Bytes that never come are left out and said:
//! the stream then consists of several *runs*.

/// Bytes held back for an earlier segment that may still come; then it is taken for lost.
pub const MAX_HELD: usize = 1_048_576;

/// Segments held back at most.
const MAX_SEGMENTS: usize = 4_096;

/// Without a SYN, the first of so many segments in sequence begins the stream.
const MIDWAY_SEGMENTS: usize = 16;

/// From where on bytes follow one another without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Offset in the stream, missing bytes counted.
    pub offset: u64,
    /// Index in the bytes that are there.
    pub at: usize,
}

/// Which packet brought the bytes from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Index in the bytes that are there.
    pub at: usize,
    /// Number of the packet in the file, from 1.
    pub packet: u32,
    /// Microseconds since 1970.
    pub time: u64,
}

#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    packet: u32,
    time: u64,
}

/// One direction.
#[derive(Debug, Default)]
pub struct Direction {
    /// The number of the next byte, once the first one is known.
    next: Option<u32>,
    /// Offset in the stream of the next byte.
    end: u64,
    /// Where it was closed.
    closed_at: Option<u64>,
    /// Segments before the first byte is known.
    early: Vec<(u32, Held)>,
    /// Segments behind a gap, by their offset.
    held: Vec<(u64, Held)>,
    held_bytes: usize,
    /// Its bytes, without those that are missing.
    pub bytes: Vec<u8>,
    /// In order; the first one begins at 0.
    pub runs: Vec<Run>,
    /// In order.
    pub marks: Vec<Mark>,
    /// It was there before the capture began.
    pub midway: bool,
    /// The other end can expect no more: FIN.
    pub closed: bool,
    /// RST.
    pub reset: bool,
    /// Bytes that came again.
    pub again: u64,
    /// Segments that came after later ones.
    pub disordered: u64,
    /// Segments that came again with other bytes.
    pub contradicted: u64,
    /// Bytes that were not kept: there was no room.
    pub left_out: u64,
    /// Bytes missing at the end.
    pub missing_at_end: u64,
}

/// A segment as a direction takes it.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Number of its first byte.
    pub sequence: u32,
    /// Its data.
    pub bytes: &'a [u8],
    /// Number of the packet in the file.
    pub packet: u32,
    /// Microseconds since 1970.
    pub time: u64,
}

impl Direction {
    /// A SYN came: the stream begins behind it. False: it begins another stream than this one.
    #[must_use]
    pub fn begin(&mut self, sequence: u32, room: &mut usize) -> bool {
        let first = sequence.wrapping_add(1);
        match self.next {
            None => {
                self.next = Some(first);
                for (sequence, Held { bytes, packet, time }) in std::mem::take(&mut self.early) {
                    self.held_bytes -= bytes.len();
                    self.take(Piece { sequence, bytes: &bytes, packet, time }, room);
                }
                true
            }
            Some(next) => !self.midway && next.wrapping_sub(self.end as u32) == first,
        }
    }

    /// Takes a segment; `room` is what may still be kept, in bytes, of all directions together.
    pub fn take(&mut self, piece: Piece<'_>, room: &mut usize) {
        let Piece { sequence, bytes, packet, time } = piece;
        if bytes.is_empty() {
            return;
        }
        let Some(next) = self.next else {
            self.held_bytes += bytes.len();
            self.early.push((sequence, Held { bytes: bytes.to_vec(), packet, time }));
            if self.early.len() >= MIDWAY_SEGMENTS || self.held_bytes > MAX_HELD {
                self.begin_midway(room);
            }
            return;
        };
        // Between two segments of a connection lie less than 2^31 bytes, or one of them is not of this connection.
        let distance = sequence.wrapping_sub(next) as i32;
        if distance > 0 {
            self.disordered += 1;
            let offset = self.end + u64::from(distance.unsigned_abs());
            self.hold(offset, bytes, packet, time);
            while self.held_bytes > MAX_HELD || self.held.len() > MAX_SEGMENTS {
                self.pass_gap(room);
            }
            return;
        }
        let known = (distance.unsigned_abs() as usize).min(bytes.len());
        let (old, new) = bytes.split_at(known);
        self.again += old.len() as u64;
        self.compare(old, distance.unsigned_abs() as usize);
        if !new.is_empty() {
            self.append(new, packet, time, room);
            self.release(room);
        }
    }

    /// FIN: nothing comes from this number on.
    pub fn close(&mut self, sequence: u32) {
        self.closed = true;
        if let Some(next) = self.next {
            let distance = sequence.wrapping_sub(next) as i32;
            self.closed_at = Some(self.end + u64::from(distance.max(0).unsigned_abs()));
        }
    }

    /// The capture has ended: what is held back is taken as it is.
    pub fn finish(&mut self, room: &mut usize) {
        if self.next.is_none() {
            self.begin_midway(room);
        }
        while !self.held.is_empty() {
            self.pass_gap(room);
        }
        self.missing_at_end = self.closed_at.unwrap_or(0).saturating_sub(self.end);
    }

    /// Length of the stream, missing bytes counted.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.end
    }

    /// The gaps: offset in the stream, and bytes.
    pub fn gaps(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let between = self.runs.windows(2).filter_map(|pair| match pair {
            [before, after] => {
                let end = before.offset + (after.at - before.at) as u64;
                (after.offset > end).then_some((end, after.offset - end))
            }
            _ => None,
        });
        between.chain((self.missing_at_end > 0).then_some((self.end, self.missing_at_end)))
    }

    /// The packet that brought the byte at this index.
    #[must_use]
    pub fn mark(&self, at: usize) -> Mark {
        let behind = self.marks.partition_point(|mark| mark.at <= at);
        let first = Mark { at: 0, packet: 0, time: 0 };
        behind.checked_sub(1).and_then(|index| self.marks.get(index)).copied().unwrap_or(first)
    }

    fn begin_midway(&mut self, room: &mut usize) {
        let Some((some, _)) = self.early.first() else { return };
        let some = *some;
        let first = self.early.iter().map(|(sequence, _)| *sequence).min_by_key(|each| each.wrapping_sub(some) as i32);
        self.midway = true;
        let _ = self.begin(first.unwrap_or(some).wrapping_sub(1), room);
    }

    fn hold(&mut self, offset: u64, bytes: &[u8], packet: u32, time: u64) {
        let at = self.held.partition_point(|(other, _)| *other < offset);
        let new = Held { bytes: bytes.to_vec(), packet, time };
        match self.held.get_mut(at) {
            Some((other, there)) if *other == offset => {
                self.again += bytes.len().min(there.bytes.len()) as u64;
                if there.bytes.len() < bytes.len() {
                    self.held_bytes += bytes.len() - there.bytes.len();
                    *there = new;
                }
            }
            _ => {
                self.held_bytes += bytes.len();
                self.held.insert(at, (offset, new));
            }
        }
    }

    /// Takes what follows now without a gap.
    fn release(&mut self, room: &mut usize) {
        let mut taken = 0;
        let mut held = std::mem::take(&mut self.held);
        while let Some((offset, Held { bytes, packet, time })) = held.get(taken).filter(|(at, _)| *at <= self.end) {
            taken += 1;
            self.held_bytes -= bytes.len();
            let back = (self.end - offset) as usize;
            let (old, new) = bytes.split_at(back.min(bytes.len()));
            self.again += old.len() as u64;
            self.compare(old, back);
            if !new.is_empty() {
                self.append(new, *packet, *time, room);
            }
        }
        held.drain(..taken);
        self.held = held;
    }

    fn pass_gap(&mut self, room: &mut usize) {
        let Some((offset, _)) = self.held.first() else { return };
        let missing = offset.saturating_sub(self.end);
        self.end += missing;
        self.next = self.next.map(|next| next.wrapping_add(missing as u32));
        self.runs.push(Run { offset: self.end, at: self.bytes.len() });
        self.release(room);
    }

    fn append(&mut self, new: &[u8], packet: u32, time: u64, room: &mut usize) {
        if self.runs.is_empty() {
            self.runs.push(Run { offset: 0, at: 0 });
        }
        let kept = if self.left_out == 0 { new.len().min(*room) } else { 0 };
        *room -= kept;
        self.left_out += (new.len() - kept) as u64;
        if kept > 0 {
            self.marks.push(Mark { at: self.bytes.len(), packet, time });
            self.bytes.extend_from_slice(new.get(..kept).unwrap_or_default());
        }
        self.end += new.len() as u64;
        self.next = self.next.map(|next| next.wrapping_add(new.len() as u32));
    }

    /// Counts a repetition that says something else. `back`: so far before the end it begins.
    fn compare(&mut self, old: &[u8], back: usize) {
        // One byte may be a question whether the other end is still there; it says nothing.
        let in_run = self.runs.last().map_or(0, |run| self.bytes.len() - run.at);
        if old.len() < 2 || self.left_out > 0 || back > in_run {
            return;
        }
        let start = self.bytes.len() - back;
        if self.bytes.get(start..start + old.len()).is_some_and(|there| there != old) {
            self.contradicted += 1;
        }
    }
}
