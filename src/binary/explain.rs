//! Bytes of the binary protocol, explained field by field, for people who look at a capture.
//!
//! A cold path: it favours words over speed.

use serde::Serialize;

use crate::notification::DeviceToken;
use crate::outcome::Reason;

use super::error_response::{self, ErrorResponse};
use super::feedback;
use super::frame::{self, item};

/// What a run of bytes is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Frames, from a provider to a gateway.
    Frames,
    /// Error responses, from a gateway.
    ErrorResponses,
    /// Tuples, from the feedback service.
    Feedback,
}

impl Kind {
    /// The kind of this name, as it is serialized.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "frames" => Some(Kind::Frames),
            "error-responses" => Some(Kind::ErrorResponses),
            "feedback" => Some(Kind::Feedback),
            _ => None,
        }
    }
}

/// The explanation of a run of bytes.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// What it was taken for.
    pub kind: Kind,
    /// Its frames, error responses or tuples.
    pub parts: Vec<Part>,
    /// What could not be read, and where.
    pub problem: Option<Trouble>,
}

/// One frame, error response or tuple.
#[derive(Debug, Serialize)]
pub struct Part {
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: usize,
    /// What it is and means, in a line.
    pub summary: String,
    /// Its bytes from the first to the last, without a gap.
    pub fields: Vec<Field>,
}

/// A field of a part.
#[derive(Debug, Serialize)]
pub struct Field {
    /// What it is called.
    pub name: String,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: usize,
    /// Its value in words and numbers.
    pub value: String,
}

/// Where reading ended before the last byte.
#[derive(Debug, Serialize)]
pub struct Trouble {
    /// Offset.
    pub offset: u64,
    /// What was expected and what was found.
    pub message: String,
}

/// Explains bytes, as `kind` or as what they look like.
#[must_use]
pub fn explain(bytes: &[u8], kind: Option<Kind>) -> Explanation {
    let kind = kind.unwrap_or_else(|| guess(bytes));
    let (parts, problem) = match kind {
        Kind::Frames => explain_frames(bytes),
        Kind::ErrorResponses => explain_error_responses(bytes),
        Kind::Feedback => explain_feedback(bytes),
    };
    Explanation { kind, parts, problem }
}

/// The first byte tells them apart: a frame begins with 0, 1 or 2, an error response with 8, and a tuple with the
/// highest byte of a time, which has been at least 0x49 since the service exists (2009).
fn guess(bytes: &[u8]) -> Kind {
    match bytes {
        [ErrorResponse::COMMAND, ..] => Kind::ErrorResponses,
        [0x49..=0xff, _, _, _, 0, 1..=100, ..] => Kind::Feedback,
        _ => Kind::Frames,
    }
}

/// Walks over the bytes of one part, so that its fields lie without a gap.
struct Walk<'a> {
    bytes: &'a [u8],
    start: usize,
    at: usize,
    fields: Vec<Field>,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, start, at: start, fields: Vec::new() }
    }

    fn field(&mut self, name: &str, length: usize, value: impl FnOnce(&'a [u8]) -> String) {
        let raw = self.bytes.get(self.at..self.at + length).unwrap_or_default();
        self.fields.push(Field { name: name.into(), offset: self.at as u64, length, value: value(raw) });
        self.at += length;
    }

    fn number(&mut self, name: &str, length: usize) -> u32 {
        let mut number = 0;
        self.field(name, length, |raw| {
            number = big_endian(raw);
            number.to_string()
        });
        number
    }

    fn part(self, summary: String) -> Part {
        Part { offset: self.start as u64, length: self.at - self.start, summary, fields: self.fields }
    }
}

fn explain_frames(bytes: &[u8]) -> (Vec<Part>, Option<Trouble>) {
    let mut decoder = frame::Decoder::new(frame::Decoder::LONGEST_FRAME);
    decoder.push(bytes);
    let mut parts = Vec::new();
    loop {
        let start = decoder.offset() as usize;
        match decoder.next_frame() {
            Ok(Some(frame)) => {
                let end = decoder.offset() as usize;
                parts.push(explain_frame(bytes, start, end, &frame));
            }
            Ok(None) if decoder.pending() == 0 => return (parts, None),
            Ok(None) => {
                let message = format!("the frame that begins here is cut: {} bytes of it are there", decoder.pending());
                return (parts, Some(Trouble { offset: start as u64, message }));
            }
            Err(error) => {
                let message = error.problem.to_string();
                return (parts, Some(Trouble { offset: error.offset, message }));
            }
        }
    }
}

fn explain_frame(bytes: &[u8], start: usize, end: usize, frame: &frame::Frame) -> Part {
    let mut walk = Walk::new(bytes, start);
    let command = match frame.command {
        frame::Command::Simple => "0 (simple)",
        frame::Command::Enhanced => "1 (enhanced)",
        frame::Command::Items => "2 (items)",
    };
    walk.field("command", 1, |_| command.into());
    if frame.command == frame::Command::Items {
        walk.number("frame length", 4);
        while walk.at < end {
            let id = *bytes.get(walk.at).unwrap_or(&0);
            let name = item::name(id);
            walk.field("item", 1, |_| format!("{id} ({name})"));
            let length = walk.number("length", 2) as usize;
            walk.field(name, length, |raw| item_value(id, raw));
        }
    } else {
        if frame.command == frame::Command::Enhanced {
            walk.number("identifier", 4);
            walk.field("expiration", 4, |raw| item_value(item::EXPIRATION, raw));
        }
        let token = walk.number("token length", 2) as usize;
        walk.field("token", token, |raw| item_value(item::TOKEN, raw));
        let payload = walk.number("payload length", 2) as usize;
        walk.field("payload", payload, |raw| item_value(item::PAYLOAD, raw));
    }
    let whose = frame.identifier.map_or("without an identifier".into(), |number| format!("with identifier {number}"));
    let (token, payload) = (frame.token.len(), frame.payload.len());
    walk.part(format!("a notification {whose}: a token of {token} bytes, a payload of {payload} bytes"))
}

fn item_value(id: u8, raw: &[u8]) -> String {
    match id {
        item::PAYLOAD => String::from_utf8_lossy(raw).into_owned(),
        item::EXPIRATION if big_endian(raw) == 0 => "0 (try once, do not store)".into(),
        item::EXPIRATION => time(big_endian(raw)),
        item::IDENTIFIER => big_endian(raw).to_string(),
        item::PRIORITY => match raw {
            [10] => "10 (at once)".into(),
            [5] => "5 (when it suits the battery)".into(),
            _ => big_endian(raw).to_string(),
        },
        _ => hex(raw),
    }
}

fn explain_error_responses(bytes: &[u8]) -> (Vec<Part>, Option<Trouble>) {
    let mut parts = Vec::new();
    let mut decoder = error_response::Decoder::default();
    for (index, byte) in bytes.iter().enumerate() {
        match decoder.push(*byte) {
            Ok(None) => {}
            Ok(Some(response)) => {
                parts.push(explain_error_response(bytes, index + 1 - ErrorResponse::LENGTH, response))
            }
            Err(error) => {
                let message = format!("expected an error response (08), found {:02x}", error.found);
                return (parts, Some(Trouble { offset: error.offset, message }));
            }
        }
    }
    let trouble = (decoder.pending() > 0).then(|| Trouble {
        offset: (bytes.len() - decoder.pending()) as u64,
        message: format!("an error response has 6 bytes, {} are there", decoder.pending()),
    });
    (parts, trouble)
}

fn explain_error_response(bytes: &[u8], start: usize, response: ErrorResponse) -> Part {
    let ErrorResponse { status, identifier } = response;
    let name = Reason(u16::from(status)).name().unwrap_or("a status that Apple never documented");
    let mut walk = Walk::new(bytes, start);
    walk.field("command", 1, |_| "8 (error response)".into());
    walk.field("status", 1, |_| format!("{status} ({name})"));
    walk.number("identifier", 4);
    let summary = match (status, identifier) {
        (ErrorResponse::SHUTDOWN, _) => format!(
            "the gateway shuts down: the notification with identifier {identifier} was the last that it accepted; send \
             again what came after it"
        ),
        (_, 0) => format!(
            "status {status} ({name}) with identifier 0: the gateway had not read the identifier, or the sender gives none"
        ),
        _ => format!(
            "the notification with identifier {identifier} was refused: status {status} ({name}); all before it were \
             accepted, all after it were discarded and must be sent again"
        ),
    };
    walk.part(summary)
}

fn explain_feedback(bytes: &[u8]) -> (Vec<Part>, Option<Trouble>) {
    let mut parts = Vec::new();
    let mut decoder = feedback::Decoder::default();
    let mut at = 0;
    let pushed = decoder.push(bytes, |tuple| {
        let mut walk = Walk::new(bytes, at);
        walk.field("time", 4, |raw| time(big_endian(raw)));
        walk.number("token length", 2);
        walk.field("token", tuple.token.as_bytes().len(), hex);
        at = walk.at;
        parts.push(walk.part(format!(
            "a dead token since {}: delete it unless it was registered again after that",
            time(tuple.time)
        )));
    });
    let trouble = pushed.and_then(|()| decoder.finish()).err().map(|error| match error {
        feedback::FeedbackError::TokenLength { offset, .. } | feedback::FeedbackError::Truncated { offset, .. } => {
            Trouble { offset, message: error.to_string() }
        }
    });
    (parts, trouble)
}

/// A token that is longer than tokens are is shown whole all the same: this is for looking at bytes.
pub(crate) fn hex(raw: &[u8]) -> String {
    match DeviceToken::from_bytes(raw) {
        Ok(token) => token.to_string(),
        Err(_) => raw.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn big_endian(raw: &[u8]) -> u32 {
    raw.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Unix seconds as a number and as a date (UTC), by the civil calendar: days since 0000-03-01 make the leap day the
/// last of its year.
fn time(seconds: u32) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{seconds} ({year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC)")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_time_is_a_date() {
        for (seconds, text) in [
            (0, "0 (1970-01-01 00:00:00 UTC)"),
            (951_782_400, "951782400 (2000-02-29 00:00:00 UTC)"),
            (1_399_841_008, "1399841008 (2014-05-11 20:43:28 UTC)"),
            (u32::MAX, "4294967295 (2106-02-07 06:28:15 UTC)"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }
}
