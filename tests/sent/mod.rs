//! What a link has written, read without the core's own decoder: frames of command 2 whose token begins with the number
//! of its slot, and sentinels.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use bellpush::batch::Batch;

/// A frame as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub identifier: u32,
    /// The number at the beginning of the token; none in a sentinel.
    pub slot: Option<u32>,
    pub length: usize,
}

/// Takes the first frame off, if it is whole.
pub fn take_frame(input: &mut Vec<u8>) -> Option<Sent> {
    let [command, a, b, c, d, ..] = input.as_slice() else {
        return None;
    };
    assert_eq!(*command, 2, "a link writes command 2 only");
    let length = 5 + u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    if input.len() < length {
        return None;
    }
    let frame: Vec<u8> = input.drain(..length).collect();
    let mut sent = Sent { identifier: 0, slot: None, length };
    let (mut token, mut payload): (&[u8], &[u8]) = (&[], &[]);
    let mut rest = frame.get(5..).unwrap_or_default();
    while let [id, high, low, behind @ ..] = rest {
        let (data, next) = behind.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        match (id, data) {
            (1, data) => token = data,
            (2, data) => payload = data,
            (3, [a, b, c, d]) => sent.identifier = u32::from_be_bytes([*a, *b, *c, *d]),
            (4, [_, _, _, _]) | (5, [_]) => {}
            _ => unreachable!("item {id} of {} bytes", data.len()),
        }
        rest = next;
    }
    match token {
        [a, b, c, d, ..] => {
            assert_eq!(payload, PAYLOAD);
            sent.slot = Some(u32::from_be_bytes([*a, *b, *c, *d]));
        }
        _ => assert!(payload.is_empty(), "a sentinel has no payload"),
    }
    Some(sent)
}

/// What every notification carries.
pub const PAYLOAD: &[u8] = b"{}";

/// The token of a slot: its number, and up to two bytes more, so that frames differ in length.
pub fn token_text(slot: u32) -> String {
    let more = ["", "aa", "aabb"];
    let padding = more.get(slot as usize / 2 % 3).copied().unwrap_or_default();
    format!("{slot:08x}{padding}")
}

/// Pushes as the host does: texts of one length as digits, and a text that is anything else as a line. Returns how many
/// slots there were.
pub fn push_texts(batch: &mut Batch, texts: &[String], now: u64) -> u32 {
    let mut rest = texts;
    let mut slots = 0;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|text| text.len() == first.len()).count();
        let digits = rest.get(..alike).unwrap_or_default().concat();
        let mut pushed = batch.push_digits(digits.as_bytes(), first.len(), now);
        let odd = rest.get(pushed as usize).filter(|_| (pushed as usize) < alike);
        pushed += odd.map_or(0, |text| batch.push_hex(text.as_bytes(), now));
        rest = rest.get(pushed as usize..).unwrap_or_default();
        slots += pushed;
    }
    slots
}
