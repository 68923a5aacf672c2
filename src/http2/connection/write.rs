//! What a connection writes: what has to be answered, payloads that waited for a window, and new requests, batch by batch.

use crate::batch::{Slot, SlotRange};

use super::super::frame::{Head, Kind, LAST_STREAM, flag};
use super::super::request::Sender;
use super::super::streams::{State as StreamState, Stream};
use super::{Batches, Blocked, Connection, Ending, EndingKind, ErrorCode, Key, State};

/// Slots claimed from one batch before the next has its turn.
const TURN: u32 = 64;

/// What a request's headers may take, before it is known, in bytes.
const FIRST_HEADERS: usize = 512;

/// The rest of a payload.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) id: u32,
    key: Key,
    /// Bytes that were given out.
    sent: usize,
    /// The stream's own window.
    pub(super) window: i64,
}

impl Connection {
    /// Appends what is to be sent next to `out`, about `max_bytes`: it begins no request beyond them. Nothing: there is
    /// nothing to send now; call again after the next event.
    pub fn write<B: Batches>(&mut self, batches: &mut B, out: &mut Vec<u8>, max_bytes: usize, now: u64) {
        let start = out.len();
        let end = start.saturating_add(max_bytes);
        out.append(&mut self.control);
        self.blocked = None;
        if self.state != State::Done && !self.partial.is_empty() {
            self.write_partial(out, start, end);
        }
        if self.state == State::Open {
            self.write_requests(batches, out, start, end, now);
        }
        self.stalled_since = match self.blocked {
            Some(Blocked::Streams | Blocked::Window) if self.streams.is_empty() => self.stalled_since.or(Some(now)),
            _ => None,
        };
        // Draining may have begun just now.
        out.append(&mut self.control);
        self.written += (out.len() - start) as u64;
    }

    /// Payloads that waited, in their order, each as far as the windows reach.
    #[cold]
    fn write_partial(&mut self, out: &mut Vec<u8>, start: usize, end: usize) {
        let mut partials = std::mem::take(&mut self.partial);
        partials.retain_mut(|partial| {
            let Some(Some(serving)) = self.serving.get(partial.key as usize) else { return false };
            let payload = serving.request.payload.as_bytes();
            while self.window > 0 && partial.window > 0 && out.len() < end {
                let rest = payload.get(partial.sent..).unwrap_or_default();
                let fits = self.window.min(partial.window).min(self.peer.max_frame_size as i64) as usize;
                let part = rest.get(..fits.min(rest.len())).unwrap_or_default();
                let last = part.len() == rest.len();
                let flags = if last { flag::END_STREAM } else { 0 };
                Head { length: part.len(), kind: Kind::DATA, flags, stream: partial.id }.encode(out);
                out.extend_from_slice(part);
                self.window -= part.len() as i64;
                partial.window -= part.len() as i64;
                partial.sent += part.len();
                if last {
                    if let Some(stream) = self.streams.get_mut(partial.id) {
                        stream.state = StreamState::Waiting;
                        stream.end = self.written + (out.len() - start) as u64;
                    }
                    return false;
                }
            }
            true
        });
        self.partial = partials;
    }

    /// New requests, a few of each batch in turn, as long as there is anything of everything.
    fn write_requests<B: Batches>(&mut self, batches: &mut B, out: &mut Vec<u8>, start: usize, end: usize, now: u64) {
        let count = self.serving.len();
        let mut idle = 0; // batches in a row that had nothing
        while idle < count && out.len() < end {
            if let Some(blocked) = self.blocked_by() {
                if (0..count).any(|at| self.has_work(batches, at, now)) {
                    self.blocked = Some(blocked);
                }
                return;
            }
            let at = self.turn % count;
            self.turn = (at + 1) % count;
            let wrote = self.write_turn(batches, out, start, end, at, now);
            idle = if wrote { 0 } else { idle + 1 };
        }
    }

    fn blocked_by(&mut self) -> Option<Blocked> {
        if self.next_stream > LAST_STREAM {
            let message = "the connection has used all its stream ids";
            self.drain(Ending::new(EndingKind::Exhausted, ErrorCode::NO_ERROR, message));
            return Some(Blocked::Streams);
        }
        if self.credentials.expired {
            return Some(Blocked::Authorization);
        }
        if self.streams.len() >= self.stream_limit() {
            return Some(Blocked::Streams);
        }
        (self.window <= 0).then_some(Blocked::Window)
    }

    fn has_work<B: Batches>(&self, batches: &mut B, at: usize, now: u64) -> bool {
        let serves = matches!(self.serving.get(at), Some(Some(serving)) if !serving.forgotten);
        serves && batches.with(at as Key, |batch| batch.has_work(now)).unwrap_or(false)
    }

    /// One batch's turn. False: it has nothing to send.
    fn write_turn<B: Batches>(
        &mut self,
        batches: &mut B,
        out: &mut Vec<u8>,
        start: usize,
        end: usize,
        at: usize,
        now: u64,
    ) -> bool {
        let free = self.stream_limit() - self.streams.len();
        let Some(Some(serving)) = self.serving.get(at) else { return false };
        if serving.forgotten {
            return false;
        }
        let payload = serving.request.payload.as_bytes().len() as i64;
        // A payload that the windows or one frame do not hold goes out in parts, one stream at a time.
        let holds = self.window.min(i64::from(self.peer.initial_window_size)).min(self.peer.max_frame_size as i64);
        let whole = payload <= holds;
        let max = if whole {
            let length = match serving.template.len() {
                0 => payload as usize + FIRST_HEADERS,
                length => length,
            };
            let bytes = (end - out.len()) / length;
            let ids = ((LAST_STREAM - self.next_stream) / 2 + 1) as usize;
            free.min(bytes.max(1)).min(ids).min((self.window / payload.max(1)) as usize).min(TURN as usize) as u32
        } else {
            1
        };
        let key = at as Key;
        let slots = batches
            .with(key, |batch| {
                let suspect = |slot| SlotRange::one(slot);
                let slots = batch.claim(max, now).or_else(|| batch.claim_suspect(self.number, now).map(suspect));
                if slots.is_none() && batch.needs_another(self.number) {
                    self.blocked = Some(Blocked::Suspects);
                }
                let slots = slots?;
                for tokens in batch.tokens(slots) {
                    for (slot, token) in (tokens.slots.start..).zip(tokens.bytes.chunks_exact(tokens.length)) {
                        self.write_request(out, start, key, slot, token, whole, now);
                    }
                }
                Some(slots)
            })
            .flatten();
        if slots.is_some() && !whole {
            self.write_partial(out, start, end.max(out.len() + 1));
        }
        slots.is_some()
    }

    #[allow(clippy::too_many_arguments, reason = "what one request is made of")]
    fn write_request(
        &mut self,
        out: &mut Vec<u8>,
        start: usize,
        key: Key,
        slot: Slot,
        token: &[u8],
        whole: bool,
        now: u64,
    ) {
        let Some(Some(serving)) = self.serving.get_mut(key as usize) else { return };
        let generation = self.credentials.generation;
        let authorization = self.credentials.authorization.as_ref();
        let sender = Sender { authority: &self.authority, authorization, generation };
        serving.template.prepare(&serving.request, sender, &mut self.encoder, token.len());
        let id = self.next_stream;
        self.next_stream += 2;
        serving.template.put(out, id, token, whole);
        serving.streams += 1;
        let payload = serving.request.payload.as_bytes().len() as i64;
        let (state, end) = if whole {
            self.window -= payload;
            (StreamState::Waiting, self.written + (out.len() - start) as u64)
        } else {
            let window = i64::from(self.peer.initial_window_size);
            self.partial.push(Partial { id, key, sent: 0, window });
            (StreamState::Sending, Stream::UNFINISHED)
        };
        if self.streams.is_empty() {
            self.oldest_sent_at = now;
            self.idle_since = None;
        }
        self.streams.insert(Stream { id, key, slot, state, authorization: generation, sent_at: now, end });
        self.has_written = true;
    }
}
