//! One connection: claimed slots become requests, answers become verdicts.
//!
//! How to drive it: send what [`Connection::write`] gives, after every event, as long as the socket takes it; hand received
//! bytes to [`Connection::read`]; call [`Connection::tick`] at [`Connection::deadline`]; when the socket has ended for
//! whatever reason, call [`Connection::closed`]. When [`Connection::is_done`], every slot that it had has its verdict: send
//! what `write` still gives, then end the socket.
//!
//! A stream ends with one verdict: `accept` for status 200, `refuse` for any other, `give_back` where the peer surely did
//! not process it (GOAWAY, REFUSED_STREAM, a request that did not leave whole), `doubt` where nobody can know.

mod answers;
mod ending;
mod read;
mod serving;
mod time;
mod write;

use crate::outcome::Reason;

use super::error::{ErrorCode, Fault};
use super::frame::settings::{self, DEFAULT_WINDOW, Settings};
use super::hpack::{Decoder, Encoder};
use super::request::{Authorization, Request, RequestError, check_text};
use super::streams::Streams;
use super::{Batches, Key, MAX_HEADER_LIST, MAX_STREAMS};

use answers::Refused;
use read::Input;
use serving::Serving;
use write::Partial;

pub use ending::{Ending, EndingKind};

/// What a client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How a connection waits, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// From a request to its answer, and from a PING to its own.
    pub answer: u64,
    /// Of the peer's silence, until it is asked by a PING whether it is still there.
    pub ping: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { answer: 30_000, ping: 60_000 }
    }
}

/// What a connection is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own number, from 1 on: what one connection calls invalid is asked again on one with another number.
    pub number: u32,
    /// `:authority`.
    pub authority: String,
    /// The value of `authorization`; `None` where a client certificate speaks for us.
    pub authorization: Option<String>,
    /// How it waits.
    pub timing: Timing,
}

/// Why a connection claims nothing although there is something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// As many streams are open as the peer allows.
    Streams,
    /// The connection's window is used up.
    Window,
    /// It waits for a fresh authorization.
    Authorization,
    /// What is left this connection has called invalid itself: another one has to be asked.
    Suspects,
}

/// Where a connection is on its way.
///
/// ```text
/// Open ── GOAWAY, close(), no more ids ──▶ Draining ── the last stream has its verdict ──▶ Done
///   └──────────── a fault, silence, the socket's end ──────────────────────────────────────▶┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Draining,
    Done,
}

/// What is known of the authorization.
#[derive(Debug)]
struct Credentials {
    authorization: Option<Authorization>,
    /// Goes up with each authorization; a stream knows with which it was sent.
    generation: u32,
    /// The peer has answered a request with this authorization, and not for want of a valid one. Until then one stream at
    /// a time is open: Apple allows no more ("Establishing a token-based connection to APNs").
    proven: bool,
    /// It was accepted at least once.
    accepted: bool,
    /// It has expired, and nothing is claimed before there is a new one.
    expired: bool,
    /// It was made because the last one had expired.
    renewed: bool,
}

/// One connection. See the [module](self).
#[derive(Debug)]
pub struct Connection {
    number: u32,
    authority: String,
    timing: Timing,
    credentials: Credentials,
    state: State,
    ending: Option<Ending>,

    input: Input,
    decoder: Decoder,
    encoder: Encoder,
    /// What is to be written before anything else.
    control: Vec<u8>,
    peer: Settings,
    /// The peer's first SETTINGS have come.
    peer_known: bool,

    serving: Vec<Option<Serving>>,
    /// Whose turn it is.
    turn: usize,
    streams: Streams,
    next_stream: u32,
    /// Streams whose payloads wait for a window, in the order in which they were opened.
    partial: Vec<Partial>,
    /// What came of answers that are refusals; their bodies follow at once, as a rule, so there are few.
    refused: Vec<Refused>,
    refused_in_row: u32,

    /// Bytes of DATA that we may send.
    window: i64,
    /// Bytes of DATA that the peer may send.
    receive_window: i64,
    /// Bytes given out by `write`.
    written: u64,

    /// When anything last came.
    heard_at: u64,
    /// When the PING went out that has no answer yet.
    pinged_at: Option<u64>,
    /// No open stream was sent earlier.
    oldest_sent_at: u64,
    /// When a request was last answered or refused.
    answered_at: u64,
    /// Since when no stream is open and the peer lets none begin, although there is work.
    stalled_since: Option<u64>,
    idle_since: Option<u64>,
    round_trip: Option<u64>,
    blocked: Option<Blocked>,
    has_written: bool,
    has_learnt: bool,
}

impl Connection {
    /// The side of a fresh connection that speaks first.
    ///
    /// # Errors
    /// [`RequestError`], where the authority or the authorization can be no header field.
    #[cold]
    pub fn new(config: &Config, now: u64) -> Result<Self, RequestError> {
        check_text("authority", &config.authority)?;
        if config.authority.len() > 255 {
            return Err(RequestError::TooLarge { bytes: config.authority.len() });
        }
        let authorization = config.authorization.as_deref().map(Authorization::new).transpose()?;
        let mut control = PREFACE.to_vec();
        settings::encode(MAX_HEADER_LIST as u32, &mut control);
        Ok(Self {
            number: config.number,
            authority: config.authority.clone(),
            timing: config.timing,
            credentials: Credentials {
                proven: authorization.is_none(),
                authorization,
                generation: 0,
                accepted: false,
                expired: false,
                renewed: false,
            },
            state: State::Open,
            ending: None,
            input: Input::default(),
            decoder: Decoder::new(MAX_HEADER_LIST),
            encoder: Encoder::default(),
            control,
            peer: Settings::default(),
            peer_known: false,
            serving: Vec::new(),
            turn: 0,
            streams: Streams::default(),
            next_stream: 1,
            partial: Vec::new(),
            refused: Vec::new(),
            refused_in_row: 0,
            window: DEFAULT_WINDOW,
            receive_window: DEFAULT_WINDOW,
            written: 0,
            heard_at: now,
            pinged_at: None,
            oldest_sent_at: now,
            answered_at: now,
            stalled_since: None,
            idle_since: Some(now),
            round_trip: None,
            blocked: None,
            has_written: false,
            has_learnt: false,
        })
    }

    /// A fresh authorization, used from the next request on.
    ///
    /// # Errors
    /// [`RequestError`], where it can be no header field.
    #[cold]
    pub fn authorize(&mut self, authorization: &str) -> Result<(), RequestError> {
        let authorization = Some(Authorization::new(authorization)?);
        let expired = self.credentials.expired;
        self.credentials = Credentials {
            authorization,
            generation: self.credentials.generation.wrapping_add(1),
            proven: self.credentials.proven && !expired,
            accepted: false,
            expired: false,
            renewed: expired,
        };
        Ok(())
    }

    /// Takes no more slots. When every stream has its verdict, a GOAWAY ends the connection.
    pub fn close(&mut self) {
        self.drain(Ending::new(EndingKind::Closed, ErrorCode::NO_ERROR, "the connection was not needed any more"));
    }

    /// The socket has ended. Requests that have left whole and have no answer are in doubt, for the reason given; of what
    /// [`Connection::write`] gave, the last `unsent` bytes surely have not left.
    pub fn closed<B: Batches>(&mut self, batches: &mut B, unsent: u64, reason: Reason, now: u64) {
        self.finish(batches, Some(reason), unsent, now);
    }

    /// The peer surely processed nothing that was written on this connection: it refused our certificate.
    pub fn refused<B: Batches>(&mut self, batches: &mut B, now: u64) {
        self.finish(batches, None, 0, now);
    }

    // ---- how it stands ----

    /// Whether it takes slots.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether every slot that it had has its verdict, and it takes no more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Why it takes no more slots, where it doesn't.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Streams that are open.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Streams that may be open now.
    #[must_use]
    pub fn stream_limit(&self) -> usize {
        let most = (self.peer.max_concurrent_streams as usize).min(MAX_STREAMS);
        if self.peer_known && self.credentials.proven { most } else { most.min(1) }
    }

    /// Why the last [`Connection::write`] left something unclaimed.
    #[must_use]
    pub fn blocked(&self) -> Option<Blocked> {
        self.blocked
    }

    /// Whether it waits for [`Connection::authorize`].
    #[must_use]
    pub fn wants_authorization(&self) -> bool {
        self.credentials.expired
    }

    /// Since when no stream is open; `None`: some are.
    #[must_use]
    pub fn idle_since(&self) -> Option<u64> {
        self.idle_since
    }

    /// The quickest answer so far, in milliseconds.
    #[must_use]
    pub fn round_trip(&self) -> Option<u64> {
        self.round_trip
    }

    /// Whether it was asked to carry anything.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.has_written
    }

    /// Whether anything that it carried was answered, and not for want of a valid authorization. A connection that teaches
    /// nothing was made in vain.
    #[must_use]
    pub fn has_learnt(&self) -> bool {
        self.has_learnt
    }

    /// What it received and holds because more must follow, in bytes.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.input.pending() + self.refused.iter().map(|refused| refused.body.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{self, Batch};
    use crate::http2::frame::LAST_STREAM;
    use crate::notification::Payload;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    struct One(Batch);

    impl Batches for One {
        fn with<R>(&mut self, _: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R> {
            Some(act(&mut self.0))
        }
    }

    #[test]
    fn a_connection_whose_stream_ids_run_out_takes_leave() {
        let config =
            Config { number: 1, authority: "gateway.test".into(), authorization: None, timing: Timing::default() };
        let mut connection = Connection::new(&config, 0).expect("plain texts");
        let mut held = One(Batch::new(batch::Config::default()));
        held.0.push_hex(b"aa\nbb\ncc", 0);
        connection.serve(Request::new(Payload::parse(b"{}", 2).expect("an object"))).expect("plain texts");
        connection.next_stream = LAST_STREAM - 2;
        connection.read(&mut held, &[0, 0, 0, 4, 0, 0, 0, 0, 0], 0);
        let mut out = Vec::new();
        connection.write(&mut held, &mut out, 10_000, 0);
        assert_eq!(connection.streams(), 2, "two ids were left");
        assert!(!connection.is_open() && !connection.is_done());
        assert_eq!(connection.ending().map(|ending| ending.kind), Some(EndingKind::Exhausted));
        assert!(held.0.has_work(0), "the third goes out elsewhere");
        for id in [LAST_STREAM - 2, LAST_STREAM] {
            let [a, b, c, d] = id.to_be_bytes();
            connection.read(&mut held, &[0, 0, 1, 1, 5, a, b, c, d, 0x88], 0);
        }
        assert!(connection.is_done());
    }
}
