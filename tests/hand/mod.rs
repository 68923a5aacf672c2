//! A batch and its links driven by hand: what was sent is read frame by frame, and answers are written down as bytes.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use std::ops::Range;

use bellpush::batch::{Batch, Config, Settled};
use bellpush::binary::{Link, Timing};
use bellpush::notification::{Notification, Payload};
use bellpush::outcome::{Outcome, Reason};

use crate::sent::{PAYLOAD, Sent, take_frame, token_text};

/// More than any test writes at once.
pub const PLENTY: usize = 1 << 16;

/// What a settled slot tells, without the time.
pub type End = (u32, Outcome, Reason);

pub fn listing() -> Config {
    Config { list_accepted: true, ..Config::default() }
}

/// A batch with this many good tokens, and no more to come.
pub fn batch_of(slots: u32, config: Config) -> Batch {
    let mut batch = Batch::new(config);
    push(&mut batch, 0..slots, 0);
    batch.close_input();
    batch
}

/// Pushes good tokens for these slots, which must be the next.
pub fn push(batch: &mut Batch, slots: Range<u32>, now: u64) {
    let count = slots.end - slots.start;
    let lines: Vec<String> = slots.map(token_text).collect();
    assert_eq!(batch.push_hex(lines.join("\n").as_bytes(), now), count);
}

pub fn link(now: u64) -> Link {
    let payload = Payload::parse(PAYLOAD, Payload::BINARY_LIMIT).expect("an object");
    let notification = Notification { payload, expiration: None, priority: None };
    Link::new(&notification, now)
}

pub fn patient(linger: u64, answer: u64) -> Link {
    link(0).with_timing(Timing { linger, answer, ..Timing::default() })
}

/// What the link writes now, frame by frame.
pub fn write(link: &mut Link, batch: &mut Batch, now: u64) -> Vec<Sent> {
    let mut out = link.write(batch, PLENTY, now).to_vec();
    let frames = std::iter::from_fn(|| take_frame(&mut out)).collect();
    assert!(out.is_empty(), "half a frame");
    frames
}

/// The slots of these frames; a sentinel is `None`.
pub fn slots(frames: &[Sent]) -> Vec<Option<u32>> {
    frames.iter().map(|frame| frame.slot).collect()
}

/// An error response.
pub fn says(status: u8, identifier: u32) -> Vec<u8> {
    let mut bytes = vec![8, status];
    bytes.extend(identifier.to_be_bytes());
    bytes
}

/// What settled since it was last asked, in the order of slots.
pub fn ends(batch: &mut Batch) -> Vec<End> {
    let mut ends: Vec<End> = batch.take_settled().iter().map(end).collect();
    ends.sort_by_key(|(slot, ..)| *slot);
    ends
}

fn end(settled: &Settled) -> End {
    (settled.slot, settled.outcome, settled.reason)
}

pub fn accepted(slot: u32) -> End {
    (slot, Outcome::Accepted, Reason::NONE)
}

pub fn rejected(slot: u32, status: u16) -> End {
    (slot, Outcome::Rejected, Reason(status))
}

pub fn not_sent(slot: u32) -> End {
    (slot, Outcome::NotSent, Reason::STOPPED)
}

pub fn in_doubt(slot: u32, reason: Reason) -> End {
    (slot, Outcome::InDoubt, reason)
}

pub fn expired(slot: u32) -> End {
    (slot, Outcome::Expired, Reason::EXPIRATION_PAST)
}
