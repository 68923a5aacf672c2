//! The bytes that a link writes: its notifications' frames from a template, and its sentinel.

use crate::notification::{DeviceToken, Notification};

use crate::binary::frame::{Command, item, put_item};

/// A notification that no gateway can accept: a token of one byte and no payload. Its identifier comes first, so that a
/// gateway that stops at the first bad item has read it. Not an empty token, though: that was seen to be answered with
/// identifier 0 and status 2, which a gateway that loses track of another notification says as well.
pub(super) fn put_sentinel(out: &mut Vec<u8>, identifier: u32) {
    out.push(Command::Items as u8);
    out.extend_from_slice(&14_u32.to_be_bytes());
    put_item(out, item::IDENTIFIER, 4, &identifier.to_be_bytes());
    put_item(out, item::TOKEN, 1, &[0]);
    put_item(out, item::PAYLOAD, 0, &[]);
}

/// A command 2 frame without a token and an identifier, ready to be copied and filled in.
///
/// The tokens of a batch have nearly always one length, and so have their frames: a run of them is copied at once from a
/// model, and then only the token and the identifier of each are written over. Nothing is allocated once the model is
/// as long as the longest run.
#[derive(Debug)]
pub(super) struct Template {
    /// From the payload item up to the identifier's value.
    middle: Vec<u8>,
    /// From behind the identifier to the end.
    tail: Vec<u8>,
    /// The length of a frame with the longest token, so that as many surely fit.
    pub(super) longest_length: usize,
    /// Frames for tokens of `model_token_length`, one behind the other, with whatever token and identifier.
    model: Vec<u8>,
    model_token_length: usize,
}

/// Where the token's bytes are in a frame: behind the command, the frame's length, the item's number and length.
const TOKEN_AT: usize = 1 + 4 + 1 + 2;

impl Template {
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
        let mut template = Self { middle, tail, longest_length: 0, model: Vec::new(), model_token_length: 0 };
        template.longest_length = template.length(DeviceToken::MAX_BYTES);
        template
    }

    /// The length of a frame with a token of this length.
    pub(super) fn length(&self, token_length: usize) -> usize {
        TOKEN_AT + token_length + self.middle.len() + 4 + self.tail.len()
    }

    /// Appends the frames of `tokens`, of which there are `count`, all of this length; identifiers count from the first.
    pub(super) fn put_run<'a>(
        &mut self,
        out: &mut Vec<u8>,
        first_identifier: u32,
        token_length: usize,
        count: usize,
        tokens: impl Iterator<Item = &'a [u8]>,
    ) {
        let length = self.length(token_length);
        let identifier_at = length - self.tail.len() - 4;
        let before = out.len();
        out.extend_from_slice(self.model(token_length, count * length));
        let frames = out.get_mut(before..).unwrap_or_default().chunks_exact_mut(length);
        for ((frame, token), identifier) in frames.zip(tokens).zip(first_identifier..) {
            // Both lie within a frame by its length.
            if let Some(place) = frame.get_mut(TOKEN_AT..TOKEN_AT + token_length) {
                copy_token(place, token);
            }
            if let Some(place) = frame.get_mut(identifier_at..identifier_at + 4) {
                place.copy_from_slice(&identifier.to_be_bytes());
            }
        }
    }

    /// The first `bytes` of the model, which is made or grown for them: a whole number of frames.
    fn model(&mut self, token_length: usize, bytes: usize) -> &[u8] {
        if self.model_token_length != token_length {
            self.model.clear();
            self.model_token_length = token_length;
        }
        if self.model.is_empty() {
            let items = self.length(token_length) - 1 - 4;
            self.model.push(Command::Items as u8);
            self.model.extend_from_slice(&(items as u32).to_be_bytes());
            // A token in a batch has at most 100 bytes.
            put_item(&mut self.model, item::TOKEN, token_length as u16, &vec![0; token_length]);
            self.model.extend_from_slice(&self.middle);
            self.model.extend_from_slice(&[0; 4]);
            self.model.extend_from_slice(&self.tail);
        }
        while self.model.len() < bytes {
            self.model.extend_from_within(..(bytes - self.model.len()).min(self.model.len()));
        }
        self.model.get(..bytes).unwrap_or_default()
    }
}

/// Copies a token; the length that nearly all have is known beforehand, which makes it a few instructions.
fn copy_token(to: &mut [u8], from: &[u8]) {
    match (<&mut [u8; 32]>::try_from(&mut *to), <&[u8; 32]>::try_from(from)) {
        (Ok(to), Ok(from)) => *to = *from,
        _ => to.copy_from_slice(from),
    }
}
