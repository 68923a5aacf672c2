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

/// What an HTTP status means whose reason was never heard of. A new reason of status 400 may be about one token: if it
/// is not, the breaker stops the batch.
#[must_use]
pub fn by_status(status: u16) -> Consequence {
    match status {
        403..=405 | 413 => Consequence::StopBatch,
        429 => Consequence::RetryToken,
        500..=599 => Consequence::LeaveAlone,
        _ => Consequence::Reject,
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
