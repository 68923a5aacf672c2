//! What the requests of a batch have in common, and the bytes that are copied for each.

use std::fmt;

use thiserror::Error;

use crate::notification::{DeviceToken, Payload, Priority};

use super::frame::{HEAD_BYTES, Head, Kind, flag};
use super::hpack::{Encoder, Indexing};

/// Of which answers the `apns-id` is kept: to read one costs more than all the rest of an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Of none.
    None,
    /// Of refusals.
    Refused,
    /// Of all.
    All,
}

/// A notification without its audience, as HTTP/2 carries it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The JSON object that the application on the phone receives.
    pub payload: Payload,
    /// What comes before the token in `:path`: `/3/device/`.
    pub path: String,
    /// `apns-topic`.
    pub topic: Option<String>,
    /// `apns-push-type`.
    pub push_type: Option<String>,
    /// `apns-priority`.
    pub priority: Option<Priority>,
    /// `apns-expiration`: Unix seconds.
    pub expiration: Option<u32>,
    /// `apns-collapse-id`.
    pub collapse_id: Option<String>,
    /// `apns-id`, the same for every token: for a batch of one.
    pub id: Option<String>,
    /// Of which answers the `apns-id` is kept.
    pub keeps_ids: Ids,
}

impl Request {
    /// Apple's path for device tokens ("Sending notification requests to APNs").
    pub const DEVICE_PATH: &'static str = "/3/device/";
    /// The headers of a request have at most so many bytes, names and token not counted, so that they always fit into one
    /// frame.
    pub const MAX_HEADER_BYTES: usize = 4096;

    /// A notification to device tokens, of which nothing else is said.
    #[must_use]
    pub fn new(payload: Payload) -> Self {
        Self {
            payload,
            path: Self::DEVICE_PATH.to_string(),
            topic: None,
            push_type: None,
            priority: None,
            expiration: None,
            collapse_id: None,
            id: None,
            keeps_ids: Ids::None,
        }
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("path", Some(&self.path)),
            ("topic", self.topic.as_ref()),
            ("push type", self.push_type.as_ref()),
            ("collapse id", self.collapse_id.as_ref()),
            ("apns-id", self.id.as_ref()),
        ]
        .into_iter()
        .filter_map(|(what, text)| text.map(|text| (what, text.as_str())))
    }

    /// That its texts can be header fields.
    pub(super) fn check(&self) -> Result<(), RequestError> {
        let mut bytes = 0;
        for (what, text) in self.texts() {
            check_text(what, text)?;
            bytes += text.len();
        }
        if !self.path.starts_with('/') {
            return Err(RequestError::Path);
        }
        if bytes > Self::MAX_HEADER_BYTES {
            return Err(RequestError::TooLarge { bytes });
        }
        Ok(())
    }
}

/// Fields that can be written: RFC 9110, section 5.5, and no spaces at the ends. Text that is not ASCII is left to the
/// gateway to judge: it goes as the bytes of its UTF-8.
pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), RequestError> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.trim_ascii() != bytes {
        return Err(RequestError::Blank { what });
    }
    match bytes.iter().position(u8::is_ascii_control) {
        Some(at) => Err(RequestError::Control { what, at: at + 1 }),
        None => Ok(()),
    }
}

/// Why something cannot be a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Nothing, or spaces at an end.
    #[error("the {what} is empty or has a space at an end")]
    Blank {
        /// Of what.
        what: &'static str,
    },
    /// A line break, for instance.
    #[error("the {what} has a control character at byte {at}")]
    Control {
        /// Of what.
        what: &'static str,
        /// Position, from 1.
        at: usize,
    },
    /// The path is none.
    #[error("the path must begin with /")]
    Path,
    /// More than [`Request::MAX_HEADER_BYTES`].
    #[error("the headers have {bytes} bytes, and at most {max} are sent", max = Request::MAX_HEADER_BYTES)]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
}

/// Who we are: the value of `authorization`. It shows nowhere.
#[derive(Clone)]
pub(super) struct Authorization(Box<[u8]>);

impl Authorization {
    pub(super) fn new(text: &str) -> Result<Self, RequestError> {
        check_text("authorization", text)?;
        match text.len() {
            bytes @ 0..=Request::MAX_HEADER_BYTES => {
                debug_assert!(bytes > 0, "checked above");
                Ok(Self(text.as_bytes().into()))
            }
            bytes => Err(RequestError::TooLarge { bytes }),
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(…)")
    }
}

/// What all requests of a connection have in common.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) authority: &'a str,
    pub(super) authorization: Option<&'a Authorization>,
    /// Which authorization it is.
    pub(super) generation: u32,
}

/// The frames of a request, HEADERS and DATA, ready to be copied: only the stream's id and the token are written into the
/// copy. Good for tokens of one length, and as long as the encoder's table is as it was.
#[derive(Debug, Default)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where the token's text begins.
    token_at: usize,
    token_bytes: usize,
    /// Where DATA begins.
    data_at: usize,
    /// The encoder's version and the authorization's, when it was made.
    made_of: Option<(u64, u32)>,
}

impl Template {
    /// Makes it anew, if it must be.
    pub(super) fn prepare(&mut self, request: &Request, sender: Sender<'_>, encoder: &mut Encoder, token_bytes: usize) {
        let made_of = Some((encoder.version(), sender.generation));
        if self.made_of != made_of || self.token_bytes != token_bytes {
            self.make(request, sender, encoder, token_bytes);
        }
    }

    #[cold]
    fn make(&mut self, request: &Request, sender: Sender<'_>, encoder: &mut Encoder, token_bytes: usize) {
        let Sender { authority, authorization, generation } = sender;
        let out = &mut self.bytes;
        out.clear();
        out.resize(HEAD_BYTES, 0);
        let before = encoder.version();
        encoder.begin(out);
        encoder.field(out, b":method", b"POST", Indexing::Whole);
        encoder.field(out, b":scheme", b"https", Indexing::Whole);
        encoder.field(out, b":authority", authority.as_bytes(), Indexing::Whole);
        encoder.begin_field(out, b":path", request.path.len() + 2 * token_bytes);
        out.extend_from_slice(request.path.as_bytes());
        self.token_at = out.len();
        self.token_bytes = token_bytes;
        out.resize(out.len() + 2 * token_bytes, b'0');
        if let Some(Authorization(value)) = authorization {
            encoder.field(out, b"authorization", value, Indexing::Without);
        }
        let priority = request.priority.map(|priority| priority.0.to_string());
        let expiration = request.expiration.map(|seconds| seconds.to_string());
        let fields = [
            ("apns-topic", &request.topic, Indexing::Whole),
            ("apns-push-type", &request.push_type, Indexing::Whole),
            ("apns-priority", &priority, Indexing::Whole),
            ("apns-expiration", &expiration, Indexing::Name),
            ("apns-collapse-id", &request.collapse_id, Indexing::Name),
            ("apns-id", &request.id, Indexing::Name),
        ];
        for (name, value, indexing) in fields {
            if let Some(value) = value {
                encoder.field(out, name.as_bytes(), value.as_bytes(), indexing);
            }
        }
        self.data_at = out.len();
        let head = |length, kind, flags, at: &mut [u8]| {
            let mut bytes = Vec::with_capacity(HEAD_BYTES);
            Head { length, kind, flags, stream: 0 }.encode(&mut bytes);
            at.copy_from_slice(&bytes);
        };
        if let Some(at) = out.get_mut(..HEAD_BYTES) {
            head(self.data_at - HEAD_BYTES, Kind::HEADERS, flag::END_HEADERS, at);
        }
        let payload = request.payload.as_bytes();
        Head { length: payload.len(), kind: Kind::DATA, flags: flag::END_STREAM, stream: 0 }.encode(out);
        out.extend_from_slice(payload);
        // Where fields entered the table by these very bytes, they may go out once only.
        self.made_of = (encoder.version() == before).then_some((before, generation));
    }

    /// The length of a whole request.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends a whole request, or only its HEADERS.
    pub(super) fn put(&self, out: &mut Vec<u8>, stream: u32, token: &[u8], whole: bool) {
        let start = out.len();
        let end = if whole { self.bytes.len() } else { self.data_at };
        out.extend_from_slice(self.bytes.get(..end).unwrap_or_default());
        let Some(copy) = out.get_mut(start..) else { return };
        put_id(copy, 0, stream);
        if whole {
            put_id(copy, self.data_at, stream);
        }
        if let Some(text) = copy.get_mut(self.token_at..) {
            let (pairs, _) = text.as_chunks_mut::<2>();
            for (pair, byte) in pairs.iter_mut().zip(token) {
                *pair = HEX.get(usize::from(*byte)).copied().unwrap_or_default();
            }
        }
    }
}

/// Writes the stream's id into a frame's head.
fn put_id(bytes: &mut [u8], frame_at: usize, stream: u32) {
    if let Some(id) = bytes.get_mut(frame_at + 5..frame_at + HEAD_BYTES) {
        id.copy_from_slice(&stream.to_be_bytes());
    }
}

/// The two digits of each byte.
static HEX: [[u8; 2]; 256] = hex();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn hex() -> [[u8; 2]; 256] {
    let digits = *b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
}

const _: () = assert!(DeviceToken::MAX_BYTES * 2 + 2 * Request::MAX_HEADER_BYTES + 1024 < super::frame::MAX_PAYLOAD);
