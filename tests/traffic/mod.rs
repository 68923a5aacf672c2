//! Captures as files, written by hand: packets of TCP connections in any order, in every format that is read.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

/// The flags of a segment.
pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

pub const PROVIDER: u16 = 50_000;
pub const GATEWAY: u16 = 2_195;

/// A segment between two ports of one machine.
#[derive(Clone, Debug)]
pub struct Sent {
    pub from: u16,
    pub to: u16,
    pub sequence: u32,
    pub flags: u8,
    pub data: Vec<u8>,
}

pub fn sent(from: u16, to: u16, sequence: u32, flags: u8, data: &[u8]) -> Sent {
    Sent { from, to, sequence, flags, data: data.to_vec() }
}

/// A connection from a provider's port: its handshake, what the provider says, what the gateway answers.
pub fn connection(port: u16, said: &[u8], answered: &[u8]) -> Vec<Sent> {
    let mut packets = vec![sent(port, GATEWAY, 999, SYN, &[]), sent(GATEWAY, port, 4_999, SYN | ACK, &[])];
    for (index, piece) in said.chunks(1_400).enumerate() {
        packets.push(sent(port, GATEWAY, 1_000 + index as u32 * 1_400, ACK, piece));
    }
    if !answered.is_empty() {
        packets.push(sent(GATEWAY, port, 5_000, ACK, answered));
    }
    packets.push(sent(GATEWAY, port, 5_000 + answered.len() as u32, ACK | FIN, &[]));
    packets.push(sent(port, GATEWAY, 1_000 + said.len() as u32, ACK | FIN, &[]));
    packets
}

impl Sent {
    fn tcp(&self) -> Vec<u8> {
        let mut bytes = [self.from.to_be_bytes(), self.to.to_be_bytes()].concat();
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend(&self.data);
        bytes
    }

    pub fn ipv4(&self) -> Vec<u8> {
        let tcp = self.tcp();
        let mut bytes = vec![0x45, 0];
        bytes.extend((20 + tcp.len() as u16).to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        bytes.extend(tcp);
        bytes
    }

    pub fn ipv6(&self) -> Vec<u8> {
        let tcp = self.tcp();
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend((8 + tcp.len() as u16).to_be_bytes());
        // Destination options before TCP: six bytes of padding.
        bytes.extend([60, 64]);
        bytes.extend([[0; 15].as_slice(), &[1], &[0; 15], &[1]].concat());
        bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend(tcp);
        bytes
    }

    pub fn ethernet(&self) -> Vec<u8> {
        let mut bytes = [[2; 12].as_slice(), &[8, 0], &self.ipv4()].concat();
        bytes.resize(bytes.len().max(60), 0);
        bytes
    }
}

/// A pcap file, one millisecond between two packets.
pub struct Pcap {
    pub big: bool,
    pub nano: bool,
    pub link: u32,
}

pub const ETHERNET: Pcap = Pcap { big: false, nano: false, link: 1 };

impl Pcap {
    fn number(&self, number: u32) -> [u8; 4] {
        if self.big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub fn head(&self) -> Vec<u8> {
        let magic = if self.nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        [magic, if self.big { 0x0002_0004 } else { 0x0004_0002 }, 0, 0, 65_535, self.link]
            .map(|number| self.number(number))
            .concat()
    }

    pub fn record(&self, index: u32, packet: &[u8], whole: usize) -> Vec<u8> {
        let parts = index * if self.nano { 1_000_000 } else { 1_000 };
        let head = [1_600_000_000, parts, packet.len() as u32, whole as u32].map(|number| self.number(number)).concat();
        [head.as_slice(), packet].concat()
    }

    pub fn file(&self, packets: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.head();
        for (index, packet) in packets.iter().enumerate() {
            bytes.extend(self.record(index as u32, packet, packet.len()));
        }
        bytes
    }
}

pub fn ethernet_file(packets: &[Sent]) -> Vec<u8> {
    ETHERNET.file(&packets.iter().map(Sent::ethernet).collect::<Vec<_>>())
}

/// A block of a pcapng file.
pub fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let number = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = number((12 + body.len() + padding.len()) as u32);
    [&number(kind), &length, body, &padding, &length].concat()
}

/// A pcapng file with an interface that counts nanoseconds, and a block that nobody knows.
pub fn pcapng(big: bool, link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let number = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let short = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let section = [number(0x1a2b_3c4d).as_slice(), &short(1), &short(0), &[0xff; 8]].concat();
    let mut bytes = block(big, 0x0a0d_0d0a, &section);
    let resolution = [short(9).as_slice(), &short(1), &[9, 0, 0, 0], &short(0), &short(0)].concat();
    let interface = [short(link).as_slice(), &short(0), &number(0), &resolution].concat();
    bytes.extend(block(big, 1, &interface));
    bytes.extend(block(big, 0x0bad, b"nobody knows what this is"));
    for (index, packet) in packets.iter().enumerate() {
        let time = 1_600_000_000_000_000_000 + index as u64 * 1_000_000;
        let length = number(packet.len() as u32);
        let head = [number(0), number((time >> 32) as u32), number(time as u32), length, length].concat();
        bytes.extend(block(big, 6, &[head.as_slice(), packet].concat()));
    }
    bytes
}
