//! What time does to a connection: answers that do not come, a peer that is silent.

use crate::outcome::Reason;

use super::super::frame::ping;
use super::super::streams::State as StreamState;
use super::{Batches, Connection, Ending, EndingKind, ErrorCode, State};

/// Said in every PING of ours; only one is on its way at a time.
const PING: ping::Payload = *b"bellpush";

impl Connection {
    /// When [`Connection::tick`] has something to do, or looks whether it has.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        if self.state == State::Done {
            return None;
        }
        let answer = (!self.streams.is_empty()).then(|| self.oldest_sent_at.saturating_add(self.timing.answer));
        let stalled = self.stalled_since.map(|since| since.saturating_add(self.timing.answer));
        answer.into_iter().chain(stalled).chain([self.silent_at()]).min()
    }

    /// When the peer's silence asks for something.
    fn silent_at(&self) -> u64 {
        match self.pinged_at {
            Some(time) => time.max(self.heard_at).saturating_add(self.timing.answer),
            None => self.heard_at.saturating_add(self.timing.ping),
        }
    }

    /// Time has passed.
    pub fn tick<B: Batches>(&mut self, batches: &mut B, now: u64) {
        if self.state == State::Done {
            return;
        }
        let late = now.checked_sub(self.timing.answer);
        if let Some(late) = late.filter(|late| *late >= self.oldest_sent_at && !self.streams.is_empty()) {
            self.cancel_sent_by(batches, late, now);
        }
        if self.stalled_since.zip(late).is_some_and(|(since, late)| since <= late) {
            let message = "the peer let no request begin in time: it allows no streams, or gives no window";
            self.drain(Ending::new(EndingKind::Timeout, ErrorCode::NO_ERROR, message));
        }
        if self.state == State::Done || now < self.silent_at() {
            return;
        }
        if self.pinged_at.is_some() {
            let message = "the peer is silent, and did not answer a PING";
            self.ending = Some(Ending::new(EndingKind::Timeout, ErrorCode::NO_ERROR, message));
            self.finish(batches, Some(Reason::NO_ANSWER), 0, now);
        } else {
            self.pinged_at = Some(now);
            ping::encode(PING, false, &mut self.control);
        }
    }

    /// Ends the streams that were sent so long ago. One whose payload never got a window was not processed: it is returned,
    /// and the connection is no good. Nor is one on which nothing at all was answered for half as long: what went out on it
    /// next would be in doubt, too.
    #[cold]
    fn cancel_sent_by<B: Batches>(&mut self, batches: &mut B, late: u64, now: u64) {
        let mut stuck = false;
        let mut unanswered = false;
        for id in self.streams.ids(|stream| stream.sent_at <= late) {
            self.reset(id, ErrorCode::CANCEL);
            let state = self.streams.get(id).map(|stream| stream.state);
            if state == Some(StreamState::Waiting) {
                unanswered = now.saturating_sub(self.answered_at) >= self.timing.answer / 2;
                self.end_in_doubt(batches, id, Reason::NO_ANSWER, now);
            } else {
                stuck |= state == Some(StreamState::Sending);
                self.end_unprocessed(batches, id, now);
            }
        }
        self.oldest_sent_at = self.streams.iter().map(|stream| stream.sent_at).min().unwrap_or(now);
        if stuck {
            let message = "the peer gave no window for a payload in time";
            self.drain(Ending::new(EndingKind::Timeout, ErrorCode::NO_ERROR, message));
        } else if unanswered {
            let message = "the peer answered no request in time";
            self.drain(Ending::new(EndingKind::Timeout, ErrorCode::NO_ERROR, message));
        }
        self.end_if_drained();
    }

    /// Something came: whoever speaks is there.
    pub(super) fn heard(&mut self, now: u64) {
        self.heard_at = now;
    }

    /// The answer to a PING of ours, or to something that looks like one.
    pub(super) fn pong(&mut self, payload: ping::Payload, now: u64) {
        if payload == PING
            && let Some(sent_at) = self.pinged_at.take()
        {
            self.learn_round_trip(now.saturating_sub(sent_at));
        }
    }

    pub(super) fn learn_round_trip(&mut self, milliseconds: u64) {
        self.round_trip = Some(self.round_trip.map_or(milliseconds, |quickest| quickest.min(milliseconds)));
    }
}
