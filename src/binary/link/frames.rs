//! The bytes that a link writes: its notifications' frames, and its sentinel.

use crate::batch::Tokens;
use crate::binary::frame::{Command, item, put_item};
use crate::notification::{DeviceToken, Notification};

/// What one write writes, in a buffer that every write uses again.
///
/// The tokens of a batch have nearly always one length, and so have their frames. These are laid out once, at the
/// beginning of the buffer, and stay there: what follows writes only the token and the identifier of each over those
/// before. Nothing is allocated once the buffer is as long as the longest write.
#[derive(Debug)]
pub(super) struct Frames {
    /// From the payload item up to the identifier's value.
    middle: Vec<u8>,
    /// From behind the identifier to the end.
    tail: Vec<u8>,
    /// The length of a frame with the longest token, so that as many surely fit.
    pub(super) longest_length: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are this write's.
    used: usize,
    /// Bytes at the beginning of the buffer that are whole frames for tokens of `laid_out_for` bytes.
    laid_out: usize,
    laid_out_for: usize,
}

/// Where the token's bytes are in a frame: behind the command, the frame's length, the item's number and length.
const TOKEN_AT: usize = 1 + 4 + 1 + 2;

/// Bytes of nearly all tokens. Copying as many as are known beforehand takes a few instructions.
const USUAL: usize = 32;

impl Frames {
    pub(super) fn new(notification: &Notification) -> Self {
        let payload = notification.payload.as_bytes();
        let mut middle = Vec::with_capacity(payload.len() + 6);
        // A payload is limited to a few thousand bytes when it is parsed.
        put_item(&mut middle, item::PAYLOAD, payload.len() as u16, payload);
        middle.push(item::IDENTIFIER);
        middle.extend_from_slice(&4_u16.to_be_bytes());
        let mut tail = Vec::with_capacity(11);
        if let Some(expiration) = notification.expiration {
            put_item(&mut tail, item::EXPIRATION, 4, &expiration.to_be_bytes());
        }
        if let Some(priority) = notification.priority {
            put_item(&mut tail, item::PRIORITY, 1, &[priority.0]);
        }
        let buffer = Vec::new();
        let mut frames = Self { middle, tail, longest_length: 0, buffer, used: 0, laid_out: 0, laid_out_for: 0 };
        frames.longest_length = frames.length(DeviceToken::MAX_BYTES);
        frames
    }

    /// The length of a frame with a token of this length.
    pub(super) fn length(&self, token_length: usize) -> usize {
        TOKEN_AT + token_length + self.middle.len() + 4 + self.tail.len()
    }

    /// A new write begins.
    pub(super) fn begin(&mut self) {
        self.used = 0;
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.used).unwrap_or_default()
    }

    /// Appends the frames of some notifications; identifiers count from the first one's.
    pub(super) fn put(&mut self, tokens: Tokens<'_>, first_identifier: u32) {
        let length = self.length(tokens.length);
        let start = self.used;
        self.used += tokens.slots.len() as usize * length;
        self.lay_out(start, tokens.length);
        let identifier_at = length - self.tail.len() - 4;
        let frames = self.buffer.get_mut(start..self.used).unwrap_or_default().chunks_exact_mut(length);
        let frames = frames.zip(first_identifier..).filter_map(|(frame, identifier)| {
            let (token, rest) = frame.get_mut(TOKEN_AT..)?.split_at_mut_checked(tokens.length)?;
            *rest.get_mut(identifier_at - TOKEN_AT - tokens.length..)?.first_chunk_mut()? = identifier.to_be_bytes();
            Some(token)
        });
        if tokens.length == USUAL {
            let usual = frames.filter_map(|place| place.first_chunk_mut::<USUAL>());
            usual.zip(tokens.bytes.as_chunks().0).for_each(|(place, token)| *place = *token);
        } else {
            frames.zip(tokens.bytes.chunks_exact(tokens.length)).for_each(|(place, token)| place.copy_from_slice(token));
        }
    }

    /// Sees to it that the buffer has frames for tokens of this length from `start` up to where this write ends, with any
    /// token and identifier.
    fn lay_out(&mut self, start: usize, token_length: usize) {
        let continues = self.laid_out > 0
            && self.laid_out_for == token_length
            && start <= self.laid_out
            && start.is_multiple_of(self.length(token_length));
        let model = if continues {
            // What is behind them was another write's.
            self.buffer.truncate(self.laid_out);
            0
        } else {
            self.buffer.truncate(start);
            self.laid_out = self.laid_out.min(start);
            self.put_frame(token_length);
            start
        };
        while self.buffer.len() < self.used {
            let (have, lack) = (self.buffer.len() - model, self.used - self.buffer.len());
            self.buffer.extend_from_within(model..model + have.min(lack));
        }
        if model == 0 {
            (self.laid_out, self.laid_out_for) = (self.buffer.len(), token_length);
        }
    }

    fn put_frame(&mut self, token_length: usize) {
        let items = self.length(token_length) - 1 - 4;
        self.buffer.push(Command::Items as u8);
        self.buffer.extend_from_slice(&(items as u32).to_be_bytes());
        // A token in a batch has at most 100 bytes.
        put_item(&mut self.buffer, item::TOKEN, token_length as u16, &vec![0; token_length]);
        self.buffer.extend_from_slice(&self.middle);
        self.buffer.extend_from_slice(&[0; 4]);
        self.buffer.extend_from_slice(&self.tail);
    }

    /// Appends a notification that no gateway can accept: a token of one byte and no payload. Its identifier comes first,
    /// so that a gateway that stops at the first bad item has read it. Not an empty token, though: that was seen to be
    /// answered with identifier 0 and status 2, which a gateway that loses track of another notification says as well.
    pub(super) fn put_sentinel(&mut self, identifier: u32) {
        self.buffer.truncate(self.used);
        self.laid_out = self.laid_out.min(self.used);
        self.buffer.push(Command::Items as u8);
        self.buffer.extend_from_slice(&14_u32.to_be_bytes());
        put_item(&mut self.buffer, item::IDENTIFIER, 4, &identifier.to_be_bytes());
        put_item(&mut self.buffer, item::TOKEN, 1, &[0]);
        put_item(&mut self.buffer, item::PAYLOAD, 0, &[]);
        self.used = self.buffer.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::SlotRange;
    use crate::binary::frame::Decoder;
    use crate::notification::{Payload, Priority};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// What a write is asked to write: tokens of a length and how many of them; a sentinel where there is none.
    type Asked = (usize, u32);

    fn check(frames: &mut Frames, asked: &[Asked], identifier: &mut u32) {
        frames.begin();
        let mut expected = Vec::new();
        for (length, count) in asked.iter().copied() {
            if count == 0 {
                frames.put_sentinel(*identifier);
                expected.push((*identifier, vec![0], &b""[..]));
                continue;
            }
            // Each byte of each token tells whose it is and where.
            let bytes: Vec<u8> = (0..length * count as usize).map(|at| at as u8 ^ *identifier as u8).collect();
            let slots = SlotRange { start: 7, end: 7 + count };
            frames.put(Tokens { slots, length, bytes: &bytes }, *identifier);
            for token in bytes.chunks_exact(length) {
                expected.push((*identifier, token.to_vec(), &b"{\"aps\":{}}"[..]));
                *identifier += 1;
            }
        }
        let mut decoder = Decoder::new(1_000);
        decoder.push(frames.bytes());
        for expected in expected {
            let frame = decoder.next_frame().expect("well-formed").expect("whole");
            let found = (frame.identifier.expect("there is one"), frame.token.to_vec(), frame.payload.as_ref());
            assert_eq!(found, expected, "of {asked:?}");
        }
        assert_eq!((decoder.pending(), frames.len()), (0, frames.bytes().len()), "of {asked:?}");
    }

    #[test]
    fn every_write_has_its_own_frames_whatever_was_written_before() {
        let payload = Payload::parse(b"{\"aps\":{}}", 256).expect("an object");
        for (expiration, priority) in [(None, None), (Some(7), Some(Priority(5)))] {
            let mut frames = Frames::new(&Notification { payload: payload.clone(), expiration, priority });
            let mut identifier = 1;
            // A linear congruential generator: every short sequence of lengths and counts comes up.
            let mut seed = 1_u32;
            let mut random = |below: u32| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 16) % below
            };
            for _ in 0..3_000 {
                let puts = random(4);
                let length = |kind| [32, 32, 32, 1, 100, 31][kind as usize];
                let mut asked: Vec<Asked> = (0..puts).map(|_| (length(random(6)), random(4) + 1)).collect();
                if random(3) == 0 {
                    asked.push((0, 0));
                }
                check(&mut frames, &asked, &mut identifier);
            }
        }
    }
}
