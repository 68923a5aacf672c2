//! Frames with a wrong length: the one that would be right is looked for, so that reading can go on behind it. A gateway
//! cannot do that, but a person wants to see the rest.

use crate::binary::frame::{self, item};
use crate::notification::DeviceToken;

use super::classify::begins_frame;
use super::parts::{Part, PartKind};

/// A length that is not what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Whether it is the token's length; the payload's otherwise.
    pub token: bool,
    /// Where the length stands, from the beginning of the frame.
    pub at: usize,
    /// What it says.
    pub declared: u16,
    /// How many bytes follow.
    pub actual: u16,
}

/// The frame that begins here if one of its lengths is not what it says, and how long it then is.
pub(super) fn repaired(bytes: &[u8]) -> Option<(Part, usize)> {
    let command = *bytes.first()?;
    let (token_at, payload_behind) = match command {
        0 => (1, 0),
        1 => (9, 0),
        2 => (items(bytes)?, 1),
        _ => return None,
    };
    let declared = u16_at(bytes, token_at)?;
    let token = token_at + 2;
    let nearest =
        (1..=DeviceToken::MAX_BYTES as u16).flat_map(|by| [declared.checked_sub(by), declared.checked_add(by)]);
    for actual in nearest.flatten().filter(|actual| (1..=DeviceToken::MAX_BYTES as u16).contains(actual)) {
        let payload_at = token + usize::from(actual) + payload_behind;
        if payload_behind == 1 && bytes.get(payload_at - 1) != Some(&item::PAYLOAD) {
            continue;
        }
        let Some(payload) = u16_at(bytes, payload_at).map(usize::from) else { continue };
        let body = bytes.get(payload_at + 2..payload_at + 2 + payload);
        if !body.is_some_and(|body| matches!(body, [b'{', .., b'}'])) {
            continue;
        }
        let end = end_of_items(bytes, command, payload_at + 2 + payload);
        if begins_frame(bytes.get(end..).unwrap_or_default()) {
            let repair = Repair { token: true, at: token_at, declared, actual };
            return Some((repaired_part(bytes, repair, end), end));
        }
    }
    let payload_at = token + usize::from(declared) + payload_behind;
    if payload_behind == 1 && bytes.get(payload_at - 1) != Some(&item::PAYLOAD) {
        return None;
    }
    let declared = u16_at(bytes, payload_at)?;
    let body = bytes.get(payload_at + 2..)?;
    let actual = end_of_object(body).filter(|actual| *actual != usize::from(declared))?;
    let end = end_of_items(bytes, command, payload_at + 2 + actual);
    let repair = Repair { token: false, at: payload_at, declared, actual: u16::try_from(actual).ok()? };
    begins_frame(bytes.get(end..)?).then(|| (repaired_part(bytes, repair, end), end))
}

/// In a frame of command 2: where the token's length stands.
fn items(bytes: &[u8]) -> Option<usize> {
    let mut at = 5;
    for _ in 0..5 {
        match *bytes.get(at)? {
            item::TOKEN => return Some(at + 1),
            id => at += 3 + usize::from(item::fixed_length(id)?),
        }
    }
    None
}

/// The items with a fixed length that stand behind the payload of command 2, passed over.
fn end_of_items(bytes: &[u8], command: u8, mut at: usize) -> usize {
    if command == 2 {
        while let Some(length) = bytes.get(at).and_then(|id| item::fixed_length(*id)) {
            let behind = at + 3 + usize::from(length);
            if u16_at(bytes, at + 1) != Some(length) || behind > bytes.len() {
                break;
            }
            at = behind;
        }
    }
    at
}

/// Bytes of the JSON object at the beginning.
fn end_of_object(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut text, mut escaped) = (0u32, false, false);
    for (index, byte) in bytes.iter().take(16_384).enumerate() {
        match (byte, text, escaped) {
            (_, true, true) => escaped = false,
            (b'\\', true, _) => escaped = true,
            (b'"', ..) => text = !text,
            (b'{' | b'[', false, _) => depth += 1,
            (b'}' | b']', false, _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

fn repaired_part(bytes: &[u8], repair: Repair, end: usize) -> Part {
    let mut part =
        Part { repair: Some(repair), code: *bytes.first().unwrap_or(&0), ..Part::new(PartKind::Frame, 0, end) };
    let whole = mended(bytes.get(..end).unwrap_or_default(), repair);
    let mut decoder = frame::Decoder::new(frame::Decoder::LONGEST_FRAME);
    decoder.push(&whole);
    if let Ok(Some(frame)) = decoder.next_frame() {
        part = Part { repair: part.repair, ..Part::of_frame(&frame, 0, end) };
    }
    part
}

/// The bytes of a frame with the length that would be right.
#[must_use]
pub fn mended(frame: &[u8], repair: Repair) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    if let Some(place) = bytes.get_mut(repair.at..repair.at + 2) {
        place.copy_from_slice(&repair.actual.to_be_bytes());
    }
    let items = (frame.len().saturating_sub(5) as u32).to_be_bytes();
    if let (Some(2), Some(place)) = (frame.first(), bytes.get_mut(1..5)) {
        place.copy_from_slice(&items);
    }
    bytes
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|raw| u16::from_be_bytes(*raw))
}
