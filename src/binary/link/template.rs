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

/// Everything of a command 2 frame but the token and the identifier, ready to be copied.
#[derive(Debug)]
pub(super) struct Template {
    /// From the payload item up to the identifier's value.
    middle: Vec<u8>,
    /// From behind the identifier to the end.
    tail: Vec<u8>,
    /// The length of a frame with the longest token, so that as many surely fit.
    pub(super) longest_length: usize,
}

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
        let longest_length = 5 + 3 + DeviceToken::MAX_BYTES + middle.len() + 4 + tail.len();
        Self { middle, tail, longest_length }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, identifier: u32, token: &[u8]) {
        let items = 3 + token.len() + self.middle.len() + 4 + self.tail.len();
        out.push(Command::Items as u8);
        out.extend_from_slice(&(items as u32).to_be_bytes());
        // A token in a batch has at most 100 bytes.
        put_item(out, item::TOKEN, token.len() as u16, token);
        out.extend_from_slice(&self.middle);
        out.extend_from_slice(&identifier.to_be_bytes());
        out.extend_from_slice(&self.tail);
    }
}
