//! Header blocks and bodies of answers to verdicts.

use crate::batch::{Id, Refusal};
use crate::outcome::Reason;

use super::super::answer::{Answer, MAX_BODY, said};
use super::super::error::{ErrorCode, Found, Problem};
use super::super::hpack;
use super::super::request::Ids;
use super::super::streams::{State as StreamState, Stream};
use super::ending::give_back;
use super::{Batches, Connection};

/// An answer that is no acceptance, until its body is there.
#[derive(Debug)]
pub(super) struct Refused {
    stream: u32,
    status: u16,
    retry_after: u64,
    id: Option<Id>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    /// A whole header block. It has to be decoded in any case: later blocks refer to it.
    pub(super) fn read_block<B: Batches>(
        &mut self,
        batches: &mut B,
        id: u32,
        end_stream: bool,
        block: &[u8],
        now: u64,
    ) -> Result<(), Problem> {
        let stream = self.streams.get(id).copied();
        let ids = stream.and_then(|stream| self.request(stream.key)).map_or(Ids::None, |request| request.keeps_ids);
        let mut answer = Answer::default();
        self.decoder.decode(block, |name, value| answer.take(name, value, ids)).map_err(compression_problem)?;
        let Some(stream) = stream else { return Ok(()) };
        match stream.state {
            StreamState::Sending | StreamState::Waiting => self.read_answer(batches, &stream, answer, end_stream, now),
            // Trailers: nothing in them matters but the stream's end.
            StreamState::Accepted | StreamState::Refused if end_stream => self.end_answered(batches, id, now),
            StreamState::Accepted | StreamState::Refused => {}
        }
        Ok(())
    }

    fn read_answer<B: Batches>(
        &mut self,
        batches: &mut B,
        stream: &Stream,
        answer: Answer,
        end_stream: bool,
        now: u64,
    ) {
        let informational = matches!(answer.status, 100..=199) && !end_stream;
        if answer.malformed.is_some()
            || answer.status == 0
            || matches!(answer.status, 100..=199 | 201..=299) && !informational
        {
            // Section 8.1.1: a stream error. 2xx that is not 200 is documented nowhere.
            self.reset(stream.id, ErrorCode::PROTOCOL_ERROR);
            return self.end_in_doubt(batches, stream.id, Reason::STREAM_BROKEN, now);
        }
        if informational {
            return;
        }
        self.has_learnt |= answer.status != 403;
        self.answered_at = now;
        self.refused_in_row = 0;
        self.learn_round_trip(now.saturating_sub(stream.sent_at));
        if answer.status == 200 {
            self.judge_credentials(stream, answer.status);
            if end_stream {
                self.end_whole(stream, now);
            } else {
                self.answered(stream, StreamState::Accepted);
            }
            batches.with(stream.key, |batch| batch.accept_as(stream.slot, answer.id, now));
            return;
        }
        let Answer { status, id, .. } = answer;
        let retry_after = answer.wait(now);
        self.refused.push(Refused { stream: stream.id, status, retry_after, id, body: Vec::new() });
        self.answered(stream, StreamState::Refused);
        if end_stream {
            self.end_answered(batches, stream.id, now);
        }
    }

    /// The gateway has said what it thinks of the authorization, or of everything.
    fn judge_credentials(&mut self, stream: &Stream, status: u16) {
        let credentials = &mut self.credentials;
        match status {
            // It is out of order: one stream at a time shows when it is back.
            500..=599 => credentials.proven = false,
            // What it says of an older one does not matter any more.
            403 => {}
            _ if stream.authorization == credentials.generation => {
                credentials.proven = true;
                credentials.accepted |= status == 200;
            }
            _ => credentials.proven |= credentials.authorization.is_none(),
        }
    }

    fn answered(&mut self, stream: &Stream, state: StreamState) {
        if stream.state == StreamState::Sending {
            // Answered before all of it was sent (section 8.1): the rest is not needed.
            self.partial.retain(|partial| partial.id != stream.id);
        }
        if let Some(stream) = self.streams.get_mut(stream.id) {
            stream.state = state;
        }
    }

    /// The peer has said all it has to say on this stream. Where we have not, we stop.
    fn end_whole(&mut self, stream: &Stream, now: u64) {
        if stream.end == Stream::UNFINISHED {
            self.reset(stream.id, ErrorCode::CANCEL);
        }
        self.end_stream(stream.id, now);
    }

    /// A part of a body.
    #[cold]
    pub(super) fn read_body<B: Batches>(
        &mut self,
        batches: &mut B,
        id: u32,
        part: &[u8],
        end_stream: bool,
        now: u64,
    ) -> Result<(), Problem> {
        let Some(stream) = self.streams.get(id).copied() else { return Ok(()) };
        if matches!(stream.state, StreamState::Sending | StreamState::Waiting) {
            // Section 8.1: an answer begins with its headers.
            self.reset(id, ErrorCode::PROTOCOL_ERROR);
            self.end_in_doubt(batches, id, Reason::STREAM_BROKEN, now);
            return Ok(());
        }
        let mut too_long = false;
        if let Some(refused) = self.refused.iter_mut().find(|refused| refused.stream == id) {
            let room = MAX_BODY - refused.body.len();
            too_long = part.len() > room;
            refused.body.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
        }
        if too_long && !end_stream {
            self.reset(id, ErrorCode::CANCEL);
        }
        if too_long || end_stream {
            self.end_answered(batches, id, now);
        }
        Ok(())
    }

    /// The stream's answer is whole.
    fn end_answered<B: Batches>(&mut self, batches: &mut B, id: u32, now: u64) {
        let Some(stream) = self.streams.get(id).copied() else { return };
        self.end_whole(&stream, now);
        if stream.state == StreamState::Refused {
            self.refuse(batches, &stream, now);
        }
    }

    /// The verdict of a refusal; what its body says, if it came, is the reason.
    #[cold]
    pub(super) fn refuse<B: Batches>(&mut self, batches: &mut B, stream: &Stream, now: u64) {
        let Some(at) = self.refused.iter().position(|refused| refused.stream == stream.id) else { return };
        let Refused { status, retry_after, id, body, .. } = self.refused.swap_remove(at);
        // Only now that the batch hears of it, too: what it refuses for all is not sent a thousand times meanwhile.
        self.judge_credentials(stream, status);
        let said = said(&body);
        let expired = Reason::http2_named(said.reason.as_bytes()) == Some(Reason::EXPIRED_PROVIDER_TOKEN);
        if expired && self.renew(stream) {
            return give_back(batches, stream, now);
        }
        let refusal = Refusal {
            connection: self.number,
            retry_after,
            died_at: said.timestamp,
            id,
            one_by_one: true,
            ..Refusal::new(Reason::NONE)
        };
        batches.with(stream.key, |batch| {
            let reason = batch.reason_for(status, said.reason.as_bytes());
            batch.refuse(stream.slot, Refusal { reason, ..refusal }, now);
        });
    }

    /// An authorization has expired. True: the request that it came with is to be sent again with a fresh one, which is
    /// there or has to be asked for. False: a fresh one was refused as well.
    #[cold]
    fn renew(&mut self, stream: &Stream) -> bool {
        let credentials = &mut self.credentials;
        if credentials.authorization.is_none() {
            return false;
        }
        if stream.authorization == credentials.generation {
            if credentials.renewed && !credentials.accepted {
                return false;
            }
            credentials.expired = true;
            credentials.proven = false;
        }
        true
    }
}

#[cold]
fn compression_problem(error: hpack::DecodeError) -> Problem {
    let (expected, found) = match error.problem {
        hpack::Problem::Cut => ("a whole field in the header block", Found::Words("its end, or a number without end")),
        hpack::Problem::UnknownNumber(number) => ("the number of a known header field", number.into()),
        hpack::Problem::NotHuffman => ("a text in Huffman's code", Found::Words("something else")),
        hpack::Problem::TableTooLarge(size) => ("a header table of at most 4096 bytes", size.into()),
        hpack::Problem::LateTableSize => {
            ("a change of the table's size at the header block's beginning", Found::Words("a later one"))
        }
        hpack::Problem::ListTooLarge(_) => ("header fields of at most 16384 bytes in all", Found::Words("more")),
    };
    let code = match error.problem {
        hpack::Problem::ListTooLarge(_) => ErrorCode::ENHANCE_YOUR_CALM,
        _ => ErrorCode::COMPRESSION_ERROR,
    };
    Problem::new(code, expected, found)
}
