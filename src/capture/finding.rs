//! What can be found in a capture: a code, and the numbers that its words need. The words are the reader's.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::outcome::Reason;

/// Something that a person who looks for a fault should know. `entry` is the index of a part of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the words of the finding need, and are called so")]
pub enum Finding {
    /// TLS: nothing can be read.
    Encrypted,
    /// HTTP/2: what became of its requests.
    Http2 { accepted: usize, rejected: usize, unanswered: usize },
    /// A request over HTTP/2 was refused; `reason` is the number of a [`crate::outcome::Reason`].
    Refused { entry: usize, response: usize, stream: u32, status: u16, reason: Option<u16> },
    /// The gateway ended a stream of HTTP/2.
    Reset { entry: usize, response: usize, stream: u32, code: u32 },
    /// The gateway ends a connection of HTTP/2: streams behind the last one were not processed.
    GoAway { response: usize, last: u32, code: u32, unprocessed: usize },
    /// Nothing of this protocol.
    NotUnderstood,
    /// The capture began later than the connection.
    Midway { direction: usize },
    /// Bytes are missing in the capture.
    Missing { direction: usize, offset: u64, length: u64 },
    /// There was no room for them.
    LeftOut { direction: usize, bytes: u64 },
    /// Segments came again with other bytes.
    Contradicted { direction: usize, segments: u64 },
    /// A length in a frame is wrong.
    WrongLength {
        entry: usize,
        token: bool,
        declared: u16,
        actual: u16,
        identifier: Option<u32>,
        /// What the gateway answered to that.
        status: Option<u16>,
        /// The payload has as many characters as it says bytes.
        characters: bool,
    },
    /// Bytes that are nothing.
    Unreadable { entry: usize, direction: usize, offset: u64, length: usize, first: u8, status: Option<u16> },
    /// The stream ends inside of a part.
    Cut { entry: usize, direction: usize, length: usize },
    /// A payload is longer than its command allows.
    PayloadTooLong { entry: usize, identifier: Option<u32>, bytes: u32, limit: usize },
    /// One identifier for several notifications of a connection.
    IdentifierTwice { entry: usize, identifier: u32 },
    /// A notification was rejected.
    Rejected {
        entry: usize,
        response: usize,
        identifier: u32,
        status: u8,
        before: usize,
        discarded: usize,
        first: Option<u32>,
        last: Option<u32>,
        again: usize,
    },
    /// The sentinel was rejected, as it must be: everything before it was accepted.
    Sentinel { entry: usize, response: usize, identifier: u32, before: usize },
    /// The gateway shut down.
    Shutdown {
        entry: Option<usize>,
        response: usize,
        identifier: u32,
        before: usize,
        discarded: usize,
        first: Option<u32>,
        last: Option<u32>,
        again: usize,
    },
    /// An answer that names no notification of this capture.
    UnknownIdentifier { response: usize, identifier: u32, status: u8 },
    /// The connection was cut without an answer.
    CutOff { sent: usize, reset: bool },
    /// No answer: success, if the connection stayed open.
    Silence { sent: usize },
    /// A feedback tuple lost bytes (or has too many).
    FeedbackLost { entry: usize, offset: u64, lost: i32 },
    /// Tuples of dead tokens.
    Feedback { tuples: usize },
}

/// As an object of its code and numbers: true is 1, what is not known null. By hand, because a derived one is some ten
/// thousand bytes of WebAssembly.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, numbers) = self.told();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", code)?;
        map.serialize_entry("name", &self.reason().and_then(Reason::name))?;
        for (name, number) in numbers {
            map.serialize_entry(name, &Some(number).filter(|number| !number.is_nan()))?;
        }
        map.end()
    }
}

/// Not inlined: it is called once for every kind of finding.
#[inline(never)]
fn told(code: &'static str, numbers: &[(&'static str, f64)]) -> (&'static str, Vec<(&'static str, f64)>) {
    (code, numbers.to_vec())
}

fn or_none(number: Option<u64>) -> f64 {
    number.map_or(f64::NAN, |number| number as f64)
}

impl Finding {
    /// The reason that it names.
    fn reason(&self) -> Option<Reason> {
        match self {
            Finding::WrongLength { status, .. } | Finding::Unreadable { status, .. } => status.map(Reason),
            Finding::Rejected { status, .. } | Finding::UnknownIdentifier { status, .. } => {
                Some(Reason((*status).into()))
            }
            Finding::Refused { reason, .. } => reason.map(Reason),
            _ => None,
        }
    }

    #[inline(never)]
    fn told(&self) -> (&'static str, Vec<(&'static str, f64)>) {
        match self {
            Finding::Encrypted => told("encrypted", &[]),
            Finding::Http2 { accepted, rejected, unanswered } => told(
                "http2",
                &[("accepted", *accepted as f64), ("rejected", *rejected as f64), ("unanswered", *unanswered as f64)],
            ),
            Finding::Refused { entry, response, stream, status, reason } => told(
                "refused",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("stream", f64::from(*stream)),
                    ("status", f64::from(*status)),
                    ("reason", or_none(reason.map(u64::from))),
                ],
            ),
            Finding::Reset { entry, response, stream, code } => told(
                "reset",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("stream", f64::from(*stream)),
                    ("error", f64::from(*code)),
                ],
            ),
            Finding::GoAway { response, last, code, unprocessed } => told(
                "go-away",
                &[
                    ("response", *response as f64),
                    ("last", f64::from(*last)),
                    ("error", f64::from(*code)),
                    ("unprocessed", *unprocessed as f64),
                ],
            ),
            Finding::NotUnderstood => told("not-understood", &[]),
            Finding::Midway { direction } => told("midway", &[("direction", *direction as f64)]),
            Finding::Missing { direction, offset, length } => told(
                "missing",
                &[("direction", *direction as f64), ("offset", *offset as f64), ("length", *length as f64)],
            ),
            Finding::LeftOut { direction, bytes } => {
                told("left-out", &[("direction", *direction as f64), ("bytes", *bytes as f64)])
            }
            Finding::Contradicted { direction, segments } => {
                told("contradicted", &[("direction", *direction as f64), ("segments", *segments as f64)])
            }
            Finding::WrongLength { entry, token, declared, actual, identifier, status, characters } => told(
                "wrong-length",
                &[
                    ("entry", *entry as f64),
                    ("token", f64::from(u8::from(*token))),
                    ("declared", f64::from(*declared)),
                    ("actual", f64::from(*actual)),
                    ("identifier", or_none(identifier.map(u64::from))),
                    ("status", or_none(status.map(u64::from))),
                    ("characters", f64::from(u8::from(*characters))),
                ],
            ),
            Finding::Unreadable { entry, direction, offset, length, first, status } => told(
                "unreadable",
                &[
                    ("entry", *entry as f64),
                    ("direction", *direction as f64),
                    ("offset", *offset as f64),
                    ("length", *length as f64),
                    ("first", f64::from(*first)),
                    ("status", or_none(status.map(u64::from))),
                ],
            ),
            Finding::Cut { entry, direction, length } => {
                told("cut", &[("entry", *entry as f64), ("direction", *direction as f64), ("length", *length as f64)])
            }
            Finding::PayloadTooLong { entry, identifier, bytes, limit } => told(
                "payload-too-long",
                &[
                    ("entry", *entry as f64),
                    ("identifier", or_none(identifier.map(u64::from))),
                    ("bytes", f64::from(*bytes)),
                    ("limit", *limit as f64),
                ],
            ),
            Finding::IdentifierTwice { entry, identifier } => {
                told("identifier-twice", &[("entry", *entry as f64), ("identifier", f64::from(*identifier))])
            }
            Finding::Rejected { entry, response, identifier, status, before, discarded, first, last, again } => told(
                "rejected",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("status", f64::from(*status)),
                    ("before", *before as f64),
                    ("discarded", *discarded as f64),
                    ("first", or_none(first.map(u64::from))),
                    ("last", or_none(last.map(u64::from))),
                    ("again", *again as f64),
                ],
            ),
            Finding::Sentinel { entry, response, identifier, before } => told(
                "sentinel",
                &[
                    ("entry", *entry as f64),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("before", *before as f64),
                ],
            ),
            Finding::Shutdown { entry, response, identifier, before, discarded, first, last, again } => told(
                "shutdown",
                &[
                    ("entry", or_none(entry.map(|entry| entry as u64))),
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("before", *before as f64),
                    ("discarded", *discarded as f64),
                    ("first", or_none(first.map(u64::from))),
                    ("last", or_none(last.map(u64::from))),
                    ("again", *again as f64),
                ],
            ),
            Finding::UnknownIdentifier { response, identifier, status } => told(
                "unknown-identifier",
                &[
                    ("response", *response as f64),
                    ("identifier", f64::from(*identifier)),
                    ("status", f64::from(*status)),
                ],
            ),
            Finding::CutOff { sent, reset } => {
                told("cut-off", &[("sent", *sent as f64), ("reset", f64::from(u8::from(*reset)))])
            }
            Finding::Silence { sent } => told("silence", &[("sent", *sent as f64)]),
            Finding::FeedbackLost { entry, offset, lost } => told(
                "feedback-lost",
                &[("entry", *entry as f64), ("offset", *offset as f64), ("lost", f64::from(*lost))],
            ),
            Finding::Feedback { tuples } => told("feedback", &[("tuples", *tuples as f64)]),
        }
    }
}
