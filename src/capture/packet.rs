//! From a captured packet to a TCP segment: link layer, IP, TCP. What is none is said to be something else.

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Its address; of IPv4 as IPv6 writes it (`::ffff:a.b.c.d`).
    pub address: [u8; 16],
    /// Its port.
    pub port: u16,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub from: Endpoint,
    /// To whom.
    pub to: Endpoint,
    /// Number of its first byte; of the SYN where it is one.
    pub sequence: u32,
    /// The flags.
    pub flags: u8,
    /// Its data, as far as it was captured.
    pub data: &'a [u8],
    /// How many bytes of data it had on the wire.
    pub length: usize,
}

impl Segment<'_> {
    /// The flag of a segment that is the last of its direction.
    pub const FIN: u8 = 1;
    /// The flag of a segment that begins its direction.
    pub const SYN: u8 = 2;
    /// The flag of a segment that ends the connection.
    pub const RST: u8 = 4;
    /// The flag of a segment that acknowledges.
    pub const ACK: u8 = 16;
}

/// Why a packet holds no TCP segment that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The link type is not known here.
    LinkType,
    /// It is not IP, or not TCP.
    Other,
    /// It is a fragment of an IP packet: they are not put together here.
    Fragment,
    /// It ends inside of its headers, or they contradict themselves.
    Malformed,
}

/// Link types of the registry that are read.
mod link {
    pub const NULL: u32 = 0;
    pub const ETHERNET: u32 = 1;
    pub const RAW: u32 = 101;
    pub const LOOP: u32 = 108;
    pub const LINUX_COOKED: u32 = 113;
    pub const IPV4: u32 = 228;
    pub const IPV6: u32 = 229;
    pub const LINUX_COOKED_2: u32 = 276;
}

/// Reads the segment in a packet.
///
/// # Errors
/// [`Skipped`].
pub fn segment(link: u32, packet: &[u8]) -> Result<Segment<'_>, Skipped> {
    let ip = match link {
        // The family's number differs between systems; the first half-byte of IP says its version.
        link::NULL | link::LOOP => packet.get(4..),
        link::ETHERNET => return behind_type(packet, 12),
        link::LINUX_COOKED => return behind_type(packet, 14),
        link::LINUX_COOKED_2 => match u16_at(packet, 0).ok_or(Skipped::Malformed)? {
            0x0800 | 0x86dd => packet.get(20..),
            _ => return Err(Skipped::Other),
        },
        // 12 and 14 are what raw IP is called on some systems.
        12 | 14 | link::RAW | link::IPV4 | link::IPV6 => Some(packet),
        _ => return Err(Skipped::LinkType),
    };
    internet(ip.ok_or(Skipped::Malformed)?)
}

/// What follows an EtherType at `at`, behind any VLAN tags.
fn behind_type(packet: &[u8], mut at: usize) -> Result<Segment<'_>, Skipped> {
    for _ in 0..4 {
        match u16_at(packet, at).ok_or(Skipped::Malformed)? {
            0x0800 | 0x86dd => return internet(packet.get(at + 2..).unwrap_or_default()),
            0x8100 | 0x88a8 | 0x9100 => at += 4,
            _ => break,
        }
    }
    Err(Skipped::Other)
}

fn internet(ip: &[u8]) -> Result<Segment<'_>, Skipped> {
    match ip.first().ok_or(Skipped::Malformed)? >> 4 {
        4 => ipv4(ip),
        6 => ipv6(ip),
        _ => Err(Skipped::Other),
    }
}

const TCP: u8 = 6;

fn ipv4(ip: &[u8]) -> Result<Segment<'_>, Skipped> {
    let head = ip.first_chunk::<20>().ok_or(Skipped::Malformed)?;
    let [version, _, total_high, total_low, _, _, flags, fragment, _, protocol, _, _, a, b, c, d, e, f, g, h] = *head;
    if u16::from_be_bytes([flags, fragment]) & 0x3fff != 0 {
        return Err(Skipped::Fragment);
    }
    if protocol != TCP {
        return Err(Skipped::Other);
    }
    let length = usize::from(version & 15) * 4;
    let total = match usize::from(u16::from_be_bytes([total_high, total_low])) {
        // A packet that the network card cuts up later.
        0 => ip.len(),
        total => total,
    };
    let body = total.checked_sub(length).filter(|_| length >= 20).ok_or(Skipped::Malformed)?;
    let address = |[a, b, c, d]: [u8; 4]| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d];
    let (from, to) = (address([a, b, c, d]), address([e, f, g, h]));
    transport(from, to, ip.get(length..).unwrap_or_default(), body)
}

fn ipv6(ip: &[u8]) -> Result<Segment<'_>, Skipped> {
    let head = ip.first_chunk::<40>().ok_or(Skipped::Malformed)?;
    let address = |at: usize| {
        let raw = head.get(at..).and_then(<[u8]>::first_chunk::<16>);
        raw.copied().ok_or(Skipped::Malformed)
    };
    let (from, to) = (address(8)?, address(24)?);
    let mut rest = ip.get(40..).unwrap_or_default();
    let mut length = match usize::from(u16::from_be_bytes([head[4], head[5]])) {
        0 => rest.len(),
        length => length,
    };
    let mut next = head[6];
    // Hop-by-hop options, routing and destination options; more than a few are nobody's.
    for _ in 0..8 {
        match next {
            TCP => return transport(from, to, rest, length),
            44 => return Err(Skipped::Fragment),
            0 | 43 | 60 => {
                let [following, eights] = *rest.first_chunk::<2>().ok_or(Skipped::Malformed)?;
                let header = 8 + usize::from(eights) * 8;
                next = following;
                rest = rest.get(header..).ok_or(Skipped::Malformed)?;
                length = length.checked_sub(header).ok_or(Skipped::Malformed)?;
            }
            _ => break,
        }
    }
    Err(Skipped::Other)
}

/// `length`: bytes of header and data on the wire; `tcp` may be shorter (not all was captured) or longer (padding).
fn transport(from: [u8; 16], to: [u8; 16], tcp: &[u8], length: usize) -> Result<Segment<'_>, Skipped> {
    let head = tcp.first_chunk::<20>().ok_or(Skipped::Malformed)?;
    let [a, b, c, d, e, f, g, h, _, _, _, _, offset, flags, ..] = *head;
    let header = usize::from(offset >> 4) * 4;
    let length = length.checked_sub(header).filter(|_| header >= 20).ok_or(Skipped::Malformed)?;
    let data = tcp.get(header..).unwrap_or_default();
    Ok(Segment {
        from: Endpoint { address: from, port: u16::from_be_bytes([a, b]) },
        to: Endpoint { address: to, port: u16::from_be_bytes([c, d]) },
        sequence: u32::from_be_bytes([e, f, g, h]),
        flags,
        data: data.get(..length).unwrap_or(data),
        length,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|raw| u16::from_be_bytes(*raw))
}
