//! What makes two notifications of an old client the same one.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::binary::frame::FrameView;
use crate::notification::Priority;

/// What a resend is recognised by: token, payload and priority, as a hash, and the expiration. The identifier is not among
/// them: most clients number anew when they send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Of token, payload and priority: 64 bits, so that among a hundred thousand remembered ones a new notification is
    /// taken for one of them once in 10¹⁴ times.
    pub hash: u64,
    /// Unix seconds, where the frame said so.
    pub expiration: Option<u32>,
    /// When it came, in milliseconds.
    pub at: u64,
}

/// Milliseconds by which clocks and roundings may differ.
const SLACK: u64 = 2_000;

impl Content {
    /// Whether this, which came later, can be that sent again. A client that reckons the expiration anew from its clock,
    /// as tutorials do, adds to it the time that has passed, and no more.
    #[must_use]
    pub fn is_again(&self, earlier: &Content) -> bool {
        if self.hash != earlier.hash {
            return false;
        }
        match (self.expiration, earlier.expiration) {
            (now, before) if now == before => true,
            (Some(now), Some(before)) if before > 0 && now > before => {
                u64::from(now - before) * 1000 <= self.at.saturating_sub(earlier.at) + SLACK
            }
            _ => false,
        }
    }
}

/// Makes [`Content`]s; hashes a payload once that many frames in a row have.
#[derive(Debug, Default)]
pub(super) struct ContentOf {
    payload: Vec<u8>,
    priority: Option<Priority>,
    hasher: DefaultHasher,
}

impl ContentOf {
    pub(super) fn frame(&mut self, frame: &FrameView<'_>, now: u64) -> Content {
        if self.payload != frame.payload || self.priority != frame.priority || self.payload.is_empty() {
            self.payload.clear();
            self.payload.extend_from_slice(frame.payload);
            self.priority = frame.priority;
            self.hasher = DefaultHasher::new();
            frame.payload.hash(&mut self.hasher);
            frame.priority.map(|priority| priority.0).hash(&mut self.hasher);
        }
        let mut hasher = self.hasher.clone();
        frame.token.hash(&mut hasher);
        Content { hash: hasher.finish(), expiration: frame.expiration, at: now }
    }
}
