//! Received bytes to frames, and each frame to whoever it is for.

use crate::outcome::Reason;

use super::super::error::{ErrorCode, Fault, Found, Problem};
use super::super::frame::go_away::GoAway;
use super::super::frame::padding::stripped;
use super::super::frame::settings::{self, Settings};
use super::super::frame::{HEAD_BYTES, Head, Kind, MAX_PAYLOAD, flag, ping, reset, window_update};
use super::super::streams::State as StreamState;
use super::super::{MAX_HEADER_BLOCK, MAX_HEADER_FRAMES, MAX_PENDING_CONTROL, MAX_REFUSED};
use super::{Batches, Connection, Ending, EndingKind, State};

/// What was received and is not dealt with yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// The beginning of a frame whose rest has not come: at most a head and [`MAX_PAYLOAD`].
    partial: Vec<u8>,
    /// Offset of the next frame's first byte in everything received.
    offset: u64,
    /// The header block whose rest has not come.
    block: Option<Block>,
}

#[derive(Debug)]
struct Block {
    stream: u32,
    end_stream: bool,
    frames: u32,
    bytes: Vec<u8>,
}

impl Input {
    /// Bytes that it holds.
    pub(super) fn pending(&self) -> usize {
        self.partial.len() + self.block.as_ref().map_or(0, |block| block.bytes.len())
    }
}

/// A frame's head, its payload, and what follows it.
type Whole<'a> = (Head, &'a [u8], &'a [u8]);

/// The first frame of `bytes`, if it is whole.
fn split(bytes: &[u8]) -> Result<Option<Whole<'_>>, Problem> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
    let head = Head::decode(*head);
    if head.length > MAX_PAYLOAD {
        return Err(Problem::size("a frame of at most 16384 bytes", head.length));
    }
    Ok(rest.split_at_checked(head.length).map(|(payload, rest)| (head, payload, rest)))
}

impl Connection {
    /// Takes received bytes. A peer that breaks the rules is told so by what [`Connection::write`] gives next, and
    /// [`Connection::ending`] says what it did.
    pub fn read<B: Batches>(&mut self, batches: &mut B, bytes: &[u8], now: u64) {
        if self.state == State::Done {
            return;
        }
        self.heard(now);
        if let Err(problem) = self.read_frames(batches, bytes, now) {
            let Problem { code, at, expected, found } = problem;
            let fault = Fault { code, offset: self.input.offset + at as u64, expected, found };
            self.fail(batches, &fault, now);
        }
        self.end_if_drained();
    }

    fn read_frames<B: Batches>(&mut self, batches: &mut B, mut bytes: &[u8], now: u64) -> Result<(), Problem> {
        while !self.input.partial.is_empty() {
            // No more of the new bytes than belong to the frame that has begun.
            let mut partial = std::mem::take(&mut self.input.partial);
            let wanted = match partial.first_chunk::<HEAD_BYTES>() {
                Some(head) => HEAD_BYTES + Head::decode(*head).length,
                None => HEAD_BYTES,
            };
            let (taken, rest) = bytes.split_at(bytes.len().min(wanted - partial.len()));
            partial.extend_from_slice(taken);
            bytes = rest;
            match split(&partial)? {
                Some((head, payload, _)) => self.read_frame(batches, head, payload, now)?,
                None => self.input.partial = partial,
            }
            if taken.is_empty() {
                return Ok(());
            }
        }
        while let Some((head, payload, rest)) = split(bytes)? {
            self.read_frame(batches, head, payload, now)?;
            bytes = rest;
        }
        self.input.partial.extend_from_slice(bytes);
        Ok(())
    }

    fn read_frame<B: Batches>(&mut self, batches: &mut B, head: Head, payload: &[u8], now: u64) -> Result<(), Problem> {
        if self.state == State::Done {
            return Ok(());
        }
        // RFC 9113, section 3.4: the peer's first frame is its SETTINGS.
        if !self.peer_known && (head.kind != Kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Problem::protocol("the peer's SETTINGS first", Found::Frame(head.kind.0, head.stream)));
        }
        if let Some(block) = &self.input.block
            && (head.kind != Kind::CONTINUATION || head.stream != block.stream)
        {
            let expected = "a CONTINUATION of the header block that has begun";
            return Err(Problem::protocol(expected, Found::Frame(head.kind.0, head.stream)));
        }
        if head.kind == Kind::HEADERS {
            self.read_headers(batches, head, payload, now)?;
        } else {
            self.read_other(batches, head, payload, now)?;
        }
        self.input.offset += (HEAD_BYTES + payload.len()) as u64;
        Ok(())
    }

    /// Any frame but HEADERS, which are nearly all that comes.
    #[cold]
    fn read_other<B: Batches>(&mut self, batches: &mut B, head: Head, payload: &[u8], now: u64) -> Result<(), Problem> {
        // The place of what a payload's decoder finds is behind the head.
        let behind = |problem: Problem| Problem { at: problem.at + HEAD_BYTES, ..problem };
        match head.kind {
            Kind::DATA => self.read_data(batches, head, payload, now),
            Kind::CONTINUATION => self.read_continuation(batches, head, payload, now),
            Kind::WINDOW_UPDATE => self.read_window(head, window_update::decode(payload).map_err(behind)?),
            Kind::RST_STREAM => {
                self.expect_opened(head)?;
                self.read_reset(batches, head.stream, reset::decode(payload).map_err(behind)?, now)
            }
            Kind::SETTINGS => self.read_settings(head, payload).map_err(behind),
            Kind::PING if head.has(flag::ACK) => {
                self.pong(ping::decode(head, payload)?, now);
                Ok(())
            }
            Kind::PING => {
                ping::encode(ping::decode(head, payload)?, true, &mut self.control);
                self.expect_calm()
            }
            Kind::GOAWAY => {
                self.go_away(batches, &GoAway::decode(head, payload)?, now);
                Ok(())
            }
            Kind::PUSH_PROMISE => Err(Problem::protocol("no PUSH_PROMISE, which we refused", Found::Words("one"))),
            // PRIORITY is deprecated, and what we don't know is ignored (section 4.1).
            _ => Ok(()),
        }
    }

    /// A peer that asks for acknowledgements and does not read them makes us hold them.
    fn expect_calm(&self) -> Result<(), Problem> {
        if self.control.len() <= MAX_PENDING_CONTROL {
            return Ok(());
        }
        let expected = "answers to be read before more than 16384 bytes of them wait";
        Err(Problem::new(ErrorCode::ENHANCE_YOUR_CALM, expected, self.control.len().into()))
    }

    /// That its stream is one that we opened, now or once.
    fn expect_opened(&self, head: Head) -> Result<(), Problem> {
        if head.stream % 2 == 1 && head.stream < self.next_stream {
            return Ok(());
        }
        Err(Problem::protocol("a stream that we have opened", Found::Frame(head.kind.0, head.stream)))
    }

    #[cold]
    fn read_settings(&mut self, head: Head, payload: &[u8]) -> Result<(), Problem> {
        head.expect_connection()?;
        if head.has(flag::ACK) {
            return if payload.is_empty() {
                Ok(())
            } else {
                Err(Problem::size("a SETTINGS ACK of 0 bytes", payload.len()))
            };
        }
        let Settings { header_table_size, initial_window_size, .. } = self.peer;
        self.peer.update(payload)?;
        self.peer_known = true;
        if self.peer.header_table_size != header_table_size {
            self.encoder.limit(self.peer.header_table_size as usize);
        }
        // Section 6.9.2: what changes is every stream's window, and it may fall below 0.
        let change = i64::from(self.peer.initial_window_size) - i64::from(initial_window_size);
        for partial in &mut self.partial {
            partial.window += change;
            expect_window(partial.window)?;
        }
        settings::encode_ack(&mut self.control);
        self.expect_calm()
    }

    fn read_window(&mut self, head: Head, increment: i64) -> Result<(), Problem> {
        if head.stream == 0 {
            self.window += increment;
            return expect_window(self.window);
        }
        self.expect_opened(head)?;
        match self.partial.iter_mut().find(|partial| partial.id == head.stream) {
            Some(partial) => {
                partial.window += increment;
                expect_window(partial.window)
            }
            None => Ok(()),
        }
    }

    #[cold]
    fn read_reset<B: Batches>(&mut self, batches: &mut B, id: u32, code: ErrorCode, now: u64) -> Result<(), Problem> {
        let Some(stream) = self.streams.get(id).copied() else { return Ok(()) };
        let untouched = stream.state == StreamState::Sending
            || (stream.state == StreamState::Waiting && code == ErrorCode::REFUSED_STREAM);
        self.answered_at = now;
        if untouched {
            self.refused_in_row += 1;
        }
        if untouched || stream.state != StreamState::Waiting {
            self.end_unprocessed(batches, id, now);
        } else {
            self.end_in_doubt(batches, id, Reason::STREAM_BROKEN, now);
        }
        if self.refused_in_row > MAX_REFUSED {
            // Nothing is wrong with what is open.
            let message = "the peer refused more than 4096 streams in a row";
            self.drain(Ending::new(EndingKind::Fault, ErrorCode::ENHANCE_YOUR_CALM, message));
        }
        Ok(())
    }

    fn read_headers<B: Batches>(
        &mut self,
        batches: &mut B,
        head: Head,
        payload: &[u8],
        now: u64,
    ) -> Result<(), Problem> {
        self.expect_opened(head)?;
        let fragment = stripped(head, payload, true)?;
        let end_stream = head.has(flag::END_STREAM);
        if head.has(flag::END_HEADERS) {
            return self.read_block(batches, head.stream, end_stream, fragment, now);
        }
        let block = Block { stream: head.stream, end_stream, frames: 1, bytes: fragment.to_vec() };
        self.input.block = Some(block);
        Ok(())
    }

    #[cold]
    fn read_continuation<B: Batches>(
        &mut self,
        batches: &mut B,
        head: Head,
        payload: &[u8],
        now: u64,
    ) -> Result<(), Problem> {
        let Some(mut block) = self.input.block.take() else {
            return Err(Problem::protocol("a header block before CONTINUATION", Found::Words("none")));
        };
        block.frames += 1;
        block.bytes.extend_from_slice(payload);
        if block.frames > MAX_HEADER_FRAMES || block.bytes.len() > MAX_HEADER_BLOCK {
            let (expected, found) = match block.frames {
                frames if frames > MAX_HEADER_FRAMES => ("a header block of at most 16 frames", frames.into()),
                _ => ("a header block of at most 16384 bytes", block.bytes.len().into()),
            };
            return Err(Problem::new(ErrorCode::ENHANCE_YOUR_CALM, expected, found));
        }
        if head.has(flag::END_HEADERS) {
            return self.read_block(batches, block.stream, block.end_stream, &block.bytes, now);
        }
        self.input.block = Some(block);
        Ok(())
    }

    fn read_data<B: Batches>(&mut self, batches: &mut B, head: Head, payload: &[u8], now: u64) -> Result<(), Problem> {
        self.expect_opened(head)?;
        // Section 6.9.1: all of the payload counts, padding too, whatever becomes of its stream.
        self.receive_window -= payload.len() as i64;
        if self.receive_window < 0 {
            let expected = "DATA that fits into the connection's window";
            return Err(Problem::new(ErrorCode::FLOW_CONTROL_ERROR, expected, payload.len().into()));
        }
        if self.receive_window < settings::DEFAULT_WINDOW / 2 {
            let used = settings::DEFAULT_WINDOW - self.receive_window;
            window_update::encode(0, used as u32, &mut self.control);
            self.receive_window = settings::DEFAULT_WINDOW;
            self.expect_calm()?;
        }
        let body = stripped(head, payload, false)?;
        self.read_body(batches, head.stream, body, head.has(flag::END_STREAM), now)
    }
}

fn expect_window(window: i64) -> Result<(), Problem> {
    if window <= window_update::LARGEST {
        return Ok(());
    }
    let expected = "a window of at most 2147483647";
    Err(Problem::new(ErrorCode::FLOW_CONTROL_ERROR, expected, Found::Number(window)))
}

// The words above name these.
const _: () = assert!(MAX_PAYLOAD == 16_384 && MAX_PENDING_CONTROL == 16_384 && MAX_REFUSED == 4_096);
const _: () = assert!(MAX_HEADER_FRAMES == 16 && MAX_HEADER_BLOCK == 16_384);
