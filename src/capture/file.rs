//! pcap and pcapng files, read as they come: packets out of pieces of any size.
//!
//! Sources: the pcap and pcapng drafts of the IETF's opsawg (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Between
//! two calls less than one packet or block is held; blocks that say nothing about packets are passed over unread.

use serde::Serialize;
use thiserror::Error;

/// The longest packet that is read, in bytes: what Wireshark's own tools allow.
pub const MAX_PACKET: usize = 262_144;

/// The longest block of a pcapng file that has to be read whole: a packet, and options beside it.
const MAX_BLOCK: u32 = 2 * MAX_PACKET as u32;

/// More interfaces than any capture has.
const MAX_INTERFACES: usize = 4_096;

const MICROSECONDS: u64 = 1_000_000;

/// A packet as it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What its first bytes are: a number of the registry of link types.
    pub link: u32,
    /// Microseconds since 1970.
    pub time: u64,
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// Bytes of it that were not kept.
    pub cut: u32,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The classic one.
    Pcap,
    /// The next generation.
    Pcapng,
}

impl Format {
    /// The format that begins like this.
    #[must_use]
    pub fn of(start: [u8; 4]) -> Option<Format> {
        match start {
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Format::Pcapng),
            _ => pcap_magic(start).map(|_| Format::Pcap),
        }
    }
}

/// Why a file cannot be read further; what came before it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// Neither of the two.
    #[error("the file begins like no pcap and no pcapng")]
    NotACapture,
    /// A packet that says it is longer than any is.
    #[error("byte {offset}: a packet says that it has {declared} bytes, at most {MAX_PACKET} are read")]
    PacketTooLong {
        /// Where it begins in the file.
        offset: u64,
        /// What it says.
        declared: u32,
    },
    /// A block with an impossible length.
    #[error("byte {offset}: a block says that it has {declared} bytes")]
    BlockLength {
        /// Where it begins in the file.
        offset: u64,
        /// What it says.
        declared: u32,
    },
    /// A block that names an interface which nothing described, or is too short for what it must say.
    #[error("byte {offset}: a block cannot be understood")]
    Block {
        /// Where it begins in the file.
        offset: u64,
    },
    /// The file ends inside a packet or block.
    #[error("the file ends at byte {offset}, inside of a packet")]
    Truncated {
        /// Its length.
        offset: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u32,
    /// Parts of a second that its times count.
    per_second: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Start,
    Pcap { big: bool, interface: Interface },
    Pcapng { big: bool },
}

/// Packets out of the bytes of a file.
#[derive(Debug)]
pub struct Reader {
    state: State,
    buffer: Vec<u8>,
    /// Offset in the file of the first byte in `buffer`.
    offset: u64,
    /// Bytes to pass over.
    skip: u64,
    interfaces: Vec<Interface>,
    failed: Option<FileError>,
}

impl Default for Reader {
    fn default() -> Self {
        let (buffer, interfaces) = (Vec::new(), Vec::new());
        Self { state: State::Start, buffer, offset: 0, skip: 0, interfaces, failed: None }
    }
}

impl Reader {
    /// Takes bytes of the file and calls `each` with every packet that they complete.
    ///
    /// # Errors
    /// [`FileError`], after the packets before it, and the same again at each further call.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Packet<'_>)) -> Result<(), FileError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut used = 0;
        let outcome = loop {
            let rest = buffer.get(used..).unwrap_or_default();
            let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
            self.skip -= passed as u64;
            match self.step(rest.get(passed..).unwrap_or_default(), self.offset + (used + passed) as u64, &mut each) {
                Ok(0) => {
                    used += passed;
                    break Ok(());
                }
                Ok(length) => used += passed + length,
                Err(error) => break Err(error),
            }
        };
        self.offset += used as u64;
        buffer.drain(..used);
        if let Err(error) = outcome {
            self.failed = Some(error);
            buffer = Vec::new();
        }
        self.buffer = buffer;
        outcome
    }

    /// The file has ended.
    ///
    /// # Errors
    /// [`FileError::Truncated`] where it did so inside of a packet; what [`Reader::push`] failed with, where it did.
    pub fn finish(&self) -> Result<(), FileError> {
        match (self.failed, self.state) {
            (Some(error), _) => Err(error),
            (None, State::Start) => Err(FileError::NotACapture),
            _ if self.buffer.is_empty() && self.skip == 0 => Ok(()),
            _ => Err(FileError::Truncated { offset: self.offset + self.buffer.len() as u64 }),
        }
    }

    /// Reads one packet, block or header; 0: it is not all there.
    fn step(&mut self, rest: &[u8], offset: u64, each: &mut impl FnMut(Packet<'_>)) -> Result<usize, FileError> {
        match self.state {
            State::Start => self.start(rest),
            State::Pcap { big, interface } => {
                let (Some(seconds), Some(parts), Some(kept), Some(whole)) =
                    (u32_at(rest, 0, big), u32_at(rest, 4, big), u32_at(rest, 8, big), u32_at(rest, 12, big))
                else {
                    return Ok(0);
                };
                if kept as usize > MAX_PACKET {
                    return Err(FileError::PacketTooLong { offset, declared: kept });
                }
                let end = 16 + kept as usize;
                let Some(bytes) = rest.get(16..end) else { return Ok(0) };
                let time = microseconds(u64::from(parts), interface.per_second) + u64::from(seconds) * MICROSECONDS;
                each(Packet { link: interface.link, time, bytes, cut: whole.saturating_sub(kept) });
                Ok(end)
            }
            State::Pcapng { big } => self.block(rest, offset, big, each),
        }
    }

    fn start(&mut self, rest: &[u8]) -> Result<usize, FileError> {
        let Some(magic) = rest.first_chunk::<4>() else { return Ok(0) };
        match (Format::of(*magic), pcap_magic(*magic)) {
            (_, Some((big, per_second))) => {
                let Some(link) = u32_at(rest, 20, big) else { return Ok(0) };
                // The upper bits may say how long a frame check sequence is.
                self.state = State::Pcap { big, interface: Interface { link: link & 0xffff, per_second } };
                Ok(24)
            }
            (Some(_), None) => {
                // The byte order is the section header's own, which is read next.
                self.state = State::Pcapng { big: false };
                self.block(rest, 0, false, &mut |_| {})
            }
            _ => Err(FileError::NotACapture),
        }
    }

    fn block(
        &mut self,
        rest: &[u8],
        offset: u64,
        big: bool,
        each: &mut impl FnMut(Packet<'_>),
    ) -> Result<usize, FileError> {
        let Some(kind) = u32_at(rest, 0, big) else { return Ok(0) };
        let mut big = big;
        if kind == SECTION {
            let Some(order) = u32_at(rest, 8, true) else { return Ok(0) };
            big = match order {
                0x1a2b_3c4d => true,
                0x4d3c_2b1a => false,
                _ => return Err(FileError::Block { offset }),
            };
        }
        let Some(length) = u32_at(rest, 4, big) else { return Ok(0) };
        if length < 12 || length % 4 != 0 {
            return Err(FileError::BlockLength { offset, declared: length });
        }
        if ![SECTION, INTERFACE, ENHANCED, SIMPLE, OBSOLETE].contains(&kind) {
            self.skip = u64::from(length) - 8;
            return Ok(8);
        }
        if length > MAX_BLOCK {
            return Err(FileError::BlockLength { offset, declared: length });
        }
        let Some(block) = rest.get(..length as usize) else { return Ok(0) };
        let body = block.get(8..block.len() - 4).unwrap_or_default();
        match kind {
            SECTION => {
                self.interfaces.clear();
                self.state = State::Pcapng { big };
            }
            INTERFACE => {
                let link = u16_at(body, 0, big).ok_or(FileError::Block { offset })?;
                let interface = Interface { link: u32::from(link), per_second: resolution(body, big) };
                if self.interfaces.len() == MAX_INTERFACES {
                    return Err(FileError::Block { offset });
                }
                self.interfaces.push(interface);
            }
            _ => each(self.packet(kind, body, big).ok_or(FileError::Block { offset })?),
        }
        Ok(length as usize)
    }

    fn packet<'a>(&self, kind: u32, body: &'a [u8], big: bool) -> Option<Packet<'a>> {
        if kind == SIMPLE {
            let whole = u32_at(body, 0, big)?;
            let all = body.get(4..)?;
            let kept = (whole as usize).min(all.len());
            let link = self.interfaces.first()?.link;
            return Some(Packet { link, time: 0, bytes: all.get(..kept)?, cut: whole - kept as u32 });
        }
        let number = if kind == ENHANCED { u32_at(body, 0, big)? } else { u32::from(u16_at(body, 0, big)?) };
        let interface = self.interfaces.get(number as usize)?;
        let parts = u64::from(u32_at(body, 4, big)?) << 32 | u64::from(u32_at(body, 8, big)?);
        let (kept, whole) = (u32_at(body, 12, big)?, u32_at(body, 16, big)?);
        let bytes = body.get(20..)?.get(..kept as usize)?;
        let time = microseconds(parts, interface.per_second);
        Some(Packet { link: interface.link, time, bytes, cut: whole.saturating_sub(kept) })
    }
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OBSOLETE: u32 = 2;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;

/// Whether numbers are big-endian, and parts of a second that times count.
fn pcap_magic(start: [u8; 4]) -> Option<(bool, u64)> {
    match u32::from_be_bytes(start) {
        0xa1b2_c3d4 => Some((true, MICROSECONDS)),
        0xd4c3_b2a1 => Some((false, MICROSECONDS)),
        0xa1b2_3c4d => Some((true, 1_000 * MICROSECONDS)),
        0x4d3c_b2a1 => Some((false, 1_000 * MICROSECONDS)),
        _ => None,
    }
}

/// The option `if_tsresol` of an interface: 10 or 2 to the power of minus its value; microseconds where it says none.
fn resolution(body: &[u8], big: bool) -> u64 {
    let mut at = 8;
    while let (Some(code), Some(length)) = (u16_at(body, at, big), u16_at(body, at + 2, big)) {
        match (code, body.get(at + 4)) {
            (0, _) => break,
            (9, Some(value)) if length == 1 => {
                let (base, power) = if value & 0x80 == 0 { (10u64, *value) } else { (2, value & 0x7f) };
                return base.checked_pow(u32::from(power)).unwrap_or(MICROSECONDS);
            }
            _ => at += 4 + usize::from(length).div_ceil(4) * 4,
        }
    }
    MICROSECONDS
}

fn microseconds(parts: u64, per_second: u64) -> u64 {
    let (seconds, rest) = (parts / per_second, parts % per_second);
    // The rest is below `per_second`: less than a million microseconds, and exact enough in 53 bits.
    let rest = (rest as f64 * MICROSECONDS as f64 / per_second as f64) as u64;
    seconds.saturating_mul(MICROSECONDS).saturating_add(rest)
}

fn u16_at(bytes: &[u8], at: usize, big: bool) -> Option<u16> {
    let raw = *bytes.get(at..)?.first_chunk()?;
    Some(if big { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
}

fn u32_at(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let raw = *bytes.get(at..)?.first_chunk()?;
    Some(if big { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
}
