//! What each status of the binary protocol and each reason of HTTP/2 means: for the slot, for its token, for the batch.
//! Two tables to read aloud.

use crate::outcome::Reason;

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// This notification is refused for good; the others go on.
    Reject,
    /// The token may be dead. Apple has been seen to say so falsely (32 of 100,000, all fine when sent again), so a
    /// second connection is asked before it is believed and the token may be removed.
    SecondOpinion,
    /// The token is dead, and the gateway has said since when: there is nothing to confirm. It says nothing about the
    /// environment or the application, which the token once belonged to.
    Dead,
    /// It failed for a passing cause: again later, up to a limit.
    Retry,
    /// The gateway itself is out of order or wants to be left alone: again later, up to a limit, and nothing else before.
    LeaveAlone,
    /// This token had too much lately: again later, up to a limit, and the others go on.
    RetryToken,
    /// Somebody between us and the gateway has no answer of it, which may have processed this one: nobody can know. It is
    /// left alone as well.
    Doubt,
    /// What was refused is the same for every notification of the batch: stop at the first.
    StopBatch,
}

/// Statuses without a row are about their own notification only. Statuses: Apple, "Binary Provider API". Status 10 is no row:
/// it names the last notification that was accepted, and 0 is none either: nobody knows what it means in an answer.
const BINARY: [(u8, Consequence); 8] = [
    (1, Consequence::Retry),         // processing error
    (2, Consequence::Reject),        // missing device token: about this one only
    (3, Consequence::StopBatch),     // missing topic
    (4, Consequence::StopBatch),     // missing payload
    (6, Consequence::StopBatch),     // invalid topic size
    (7, Consequence::StopBatch),     // invalid payload size
    (8, Consequence::SecondOpinion), // invalid token
    (255, Consequence::Retry),       // unknown, says Apple: as good as a processing error
];

/// Reasons without a row stop the batch: what they find fault with is the same for every notification. Reasons: Apple,
/// "Handling notification responses from APNs". ExpiredProviderToken comes here only when a fresh token was refused, too.
const HTTP2: [(&str, Consequence); 13] = [
    ("BadDeviceToken", Consequence::SecondOpinion),
    ("DeviceTokenNotForTopic", Consequence::Reject), // the token is another app's, or the topic is: the breaker tells
    ("MissingDeviceToken", Consequence::Reject),
    ("ChannelNotRegistered", Consequence::Reject),
    ("BadChannelId", Consequence::Reject),
    ("ExpiredToken", Consequence::Dead),
    ("Unregistered", Consequence::Dead),
    ("TooManyRequests", Consequence::RetryToken), // to the same device token
    ("TooManyProviderTokenUpdates", Consequence::LeaveAlone),
    ("IdleTimeout", Consequence::LeaveAlone),
    ("InternalServerError", Consequence::LeaveAlone),
    ("ServiceUnavailable", Consequence::LeaveAlone),
    ("Shutdown", Consequence::LeaveAlone),
];

/// What a reason means. One that is in neither table nor in HTTP/2's list is about its own notification only.
#[must_use]
pub fn consequence(reason: Reason) -> Consequence {
    if reason.http_status().is_some() {
        let row = HTTP2.iter().find(|(known, _)| reason.name() == Some(*known));
        return row.map_or(Consequence::StopBatch, |(_, consequence)| *consequence);
    }
    BINARY
        .iter()
        .find(|(status, _)| reason.status() == Some(*status))
        .map_or(Consequence::Reject, |(_, consequence)| *consequence)
}

/// What an HTTP status means whose reason was never heard of. A new reason of status 400 or 410 may be about one token: if
/// it is not, the breaker stops the batch. 502 and 504 (RFC 9110, sections 15.6.3 and 15.6.5) are no status of Apple's, but
/// that of a proxy whose request to the gateway got no answer. Any other is the same for every notification: it comes from
/// a server that is no gateway, or wants something that we cannot do.
#[must_use]
pub fn by_status(status: u16) -> Consequence {
    match status {
        400 | 410 => Consequence::Reject,
        429 => Consequence::RetryToken,
        502 | 504 => Consequence::Doubt,
        500..=599 => Consequence::LeaveAlone,
        _ => Consequence::StopBatch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_status_nobody_knows_is_about_its_own_notification() {
        assert_eq!(consequence(Reason(77)), Consequence::Reject);
        assert_eq!(consequence(Reason::NO_ANSWER), Consequence::Reject);
    }

    #[test]
    fn a_status_without_a_reason_of_apples_is_about_all_unless_it_can_be_about_one() {
        let all = [301, 302, 401, 403, 404, 405, 407, 413, 415, 421, 426, 431, 451];
        assert!(all.into_iter().all(|status| by_status(status) == Consequence::StopBatch));
        assert_eq!([400, 410].map(by_status), [Consequence::Reject; 2]);
        assert_eq!([500, 503].map(by_status), [Consequence::LeaveAlone; 2]);
        assert_eq!([502, 504].map(by_status), [Consequence::Doubt; 2]);
    }

    #[test]
    fn every_row_of_http_2_is_a_reason_that_has_a_number() {
        for (name, meaning) in HTTP2 {
            let reason = Reason::http2_named(name.as_bytes()).expect(name);
            assert_eq!((reason.name(), consequence(reason)), (Some(name), meaning));
        }
        assert_eq!(Reason::http2_named(b"BadDeviceToken"), Some(Reason::BAD_DEVICE_TOKEN));
        assert_eq!(Reason::http2_named(b"ExpiredProviderToken"), Some(Reason::EXPIRED_PROVIDER_TOKEN));
        assert_eq!(Reason::http2_named(b"Shutdown").map(consequence), Some(Consequence::LeaveAlone));
        assert_eq!(Reason::http2_named(b"BadTopic").map(consequence), Some(Consequence::StopBatch));
    }
}
