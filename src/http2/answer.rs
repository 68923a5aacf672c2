//! An answer of the gateway: the fields of its headers that matter, and what its body says.

use crate::batch::Id;

use super::date::http_date;

/// Of the body of an answer so many bytes are read; Apple's have about a hundred.
pub const MAX_BODY: usize = 1024;

/// The longest that a gateway may want to be left alone, in milliseconds: an hour.
const LONGEST_WAIT: u64 = 3_600_000;

/// The fields of an answer's headers that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// `:status`; 0: none came.
    pub(super) status: u16,
    /// `apns-id`.
    pub(super) id: Option<Id>,
    /// `Retry-After`.
    retry_after: RetryAfter,
    /// `date` of a refusal, in milliseconds since 1970: the clock that a date in `Retry-After` goes by.
    date: Option<u64>,
    /// Something that makes it no answer (RFC 9113, section 8.1.1).
    pub(super) malformed: Option<&'static str>,
    /// A field that is no pseudo-header came.
    fields: bool,
}

/// RFC 9110, section 10.2.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RetryAfter {
    /// None came, or it says nothing that can be read.
    #[default]
    Unsaid,
    /// So many milliseconds.
    For(u64),
    /// Until then, in milliseconds since 1970.
    Until(u64),
}

impl Answer {
    /// How long the gateway wants to be left alone, in milliseconds; 0: it does not say so. `now`: milliseconds since 1970,
    /// for gateways that do not say what time it is with them.
    pub(super) fn wait(&self, now: u64) -> u64 {
        let wait = match self.retry_after {
            RetryAfter::Unsaid => 0,
            RetryAfter::For(milliseconds) => milliseconds,
            RetryAfter::Until(time) => time.saturating_sub(self.date.unwrap_or(now)),
        };
        wait.min(LONGEST_WAIT)
    }

    /// Takes one field more.
    pub(super) fn take(&mut self, name: &[u8], value: &[u8], wants_id: bool) {
        match name {
            b":status" if self.status != 0 || self.fields => self.malformed = Some("two :status, or a late one"),
            b":status" => match status(value) {
                Some(status) => self.status = status,
                None => self.malformed = Some("a :status that is no number of three digits"),
            },
            [b':', ..] => self.malformed = Some("a pseudo-header that is no answer's"),
            // Section 8.2.2.
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
                self.malformed = Some("a field that is about the connection");
            }
            b"apns-id" if wants_id => self.id = uuid(value),
            b"retry-after" => self.retry_after = retry_after(value),
            b"date" if self.status != 200 => self.date = http_date(value),
            // Section 8.2.1.
            name if name.is_empty() || name.iter().any(u8::is_ascii_uppercase) => {
                self.malformed = Some("a field's name in capitals, or none");
            }
            _ => {}
        }
        self.fields |= name.first() != Some(&b':');
    }
}

fn status(value: &[u8]) -> Option<u16> {
    match value {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

#[cold]
fn retry_after(value: &[u8]) -> RetryAfter {
    if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
        // More digits than fit are a long time.
        return RetryAfter::For(whole_number(value).unwrap_or(LONGEST_WAIT).saturating_mul(1000));
    }
    http_date(value).map_or(RetryAfter::Unsaid, RetryAfter::Until)
}

/// The bytes of a UUID in its usual text, in any case.
fn uuid(text: &[u8]) -> Option<Id> {
    let mut id = Id::default();
    let mut digits = 0;
    for (at, byte) in text.iter().enumerate() {
        let digit = match byte {
            b'-' if matches!(at, 8 | 13 | 18 | 23) => continue,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        let place = id.get_mut(digits / 2)?;
        *place = *place << 4 | digit;
        digits += 1;
    }
    (digits == 32 && text.len() == 36).then_some(id)
}

/// What a body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Apple's word for it; empty: none was said.
    pub(super) reason: String,
    /// When the token died, in milliseconds since 1970.
    pub(super) timestamp: Option<u64>,
}

/// Reads a body: one JSON object. What is none, or does not say a reason as Apple does, says nothing.
///
/// Not with serde: the reasons are words, the timestamp is a whole number, and deserializing two fields that may be of any
/// type costs more code than all frames together.
pub(super) fn said(body: &[u8]) -> Said {
    let mut said = Said::default();
    let mut depth = 0_u32;
    let mut rest = body;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let Some((text, behind)) = text(rest) else { return said };
                rest = behind;
                let value = rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
                match (depth, text, value) {
                    (1, b"reason", Some([b'"', value @ ..])) => {
                        let reason = self::text(value).map(|(reason, _)| String::from_utf8_lossy(reason).into_owned());
                        said.reason = reason.unwrap_or_default();
                    }
                    (1, b"timestamp", Some(value)) => said.timestamp = whole_number(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    said
}

/// What is in a text whose first quotation mark is gone, as it is written, and what follows it.
fn text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        match rest.get(at)? {
            b'"' => return Some((rest.get(..at)?, rest.get(at + 1..)?)),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn whole_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.clone().try_fold(0_u64, |sum, byte| sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')));
    number.filter(|_| digits.count() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn answer(fields: &[(&str, &str)]) -> Answer {
        let mut answer = Answer::default();
        for (name, value) in fields {
            answer.take(name.as_bytes(), value.as_bytes(), true);
        }
        answer
    }

    #[test]
    fn an_answer_is_its_status_its_id_and_how_long_to_wait() {
        let id = "EC1BF194-B3B2-424A-89D7-b7c4e3f9d0a1";
        let good = answer(&[(":status", "503"), ("apns-id", id), ("retry-after", "7"), ("date", "x")]);
        assert_eq!((good.status, good.wait(0), good.malformed), (503, 7_000, None));
        assert_eq!(good.id.map(|id| id[..3].to_vec()), Some(vec![0xec, 0x1b, 0xf1]));
    }

    /// Tue, 24 Nov 2026 09:00:00 GMT.
    const NINE: u64 = 1_795_510_800_000;

    #[test]
    fn a_date_in_retry_after_goes_by_our_clock_unless_the_gateway_says_its_time() {
        let until_nine = ("retry-after", "Tue, 24 Nov 2026 09:00:00 GMT");
        assert_eq!(answer(&[until_nine]).wait(NINE - 5_000), 5_000);
        assert_eq!(answer(&[until_nine]).wait(NINE + 1), 0, "it is past");
        let date = ("date", "Tue, 24 Nov 2026 08:59:20 GMT");
        for fields in [[until_nine, date], [date, until_nine]] {
            assert_eq!(answer(&fields).wait(NINE + 86_400_000), 40_000, "whatever our clock says");
        }
    }

    #[test]
    fn no_gateway_makes_us_wait_for_ever() {
        let far = ["99999999999999999999999", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"];
        for text in far {
            assert_eq!(answer(&[("retry-after", text)]).wait(NINE), LONGEST_WAIT, "{text}");
        }
        for text in ["", "-1", "1.5", "soon", "Tue, 24 Nov 2026", "7 seconds"] {
            assert_eq!(answer(&[("retry-after", text)]).wait(NINE), 0, "{text}");
        }
    }

    #[test]
    fn an_id_that_is_no_uuid_is_none() {
        for id in ["", "ec1bf194", "ec1bf194-b3b2-424a-89d7-b7c4e3f9d0a", "ec1bf194-b3b2-424a-89d7-b7c4e3f9d0ag"] {
            assert_eq!(answer(&[("apns-id", id)]).id, None, "{id}");
        }
        assert_eq!(answer(&[("apns-id", "ec1bf194b3b2424a89d7b7c4e3f9d0a1")]).id, None);
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let cases: [&[(&str, &str)]; 7] = [
            &[(":status", "200"), (":status", "200")],
            &[("date", "x"), (":status", "200")],
            &[(":status", "20")],
            &[(":status", "099")],
            &[(":path", "/")],
            &[(":status", "200"), ("Date", "x")],
            &[(":status", "200"), ("connection", "close")],
        ];
        for fields in cases {
            assert!(answer(fields).malformed.is_some(), "{fields:?}");
        }
    }

    #[test]
    fn a_body_that_says_nothing_is_no_error() {
        let unregistered = said(br#"{"reason":"Unregistered","timestamp":1454948015990}"#);
        assert_eq!(unregistered, Said { reason: "Unregistered".into(), timestamp: Some(1_454_948_015_990) });
        assert_eq!(said(br#"{"reason":"BadTopic","more":[1]}"#).reason, "BadTopic");
        assert_eq!(
            said(br#" { "timestamp" : 7 , "more":{"reason":"no"}, "reason" : "Bad\"Moon" } "#).reason,
            "Bad\\\"Moon"
        );
        let silent = [
            "",
            "<html>",
            "[]",
            r#"{"reason":7}"#,
            r#"{"timestamp":-1}"#,
            r#"{"reason":"cut"#,
            r#"{"a":{"reason":"b"}}"#,
        ];
        for body in silent.into_iter().chain([r#"["reason","a"]"#, r#"{"timestamp":99999999999999999999}"#, "{\"\\"]) {
            assert_eq!(said(body.as_bytes()), Said::default(), "{body}");
        }
    }
}
