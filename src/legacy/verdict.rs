//! What became of a notification over HTTP/2, in the words of the old protocol: a table to read aloud.

use crate::outcome::{Outcome, Reason};

/// What became of one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted, or nobody can know (then it must not be sent again): silence, and a resend is swallowed.
    Accepted,
    /// Nothing rang and nothing ever will, and the old protocol has no word for it: silence.
    Dropped,
    /// An error response with this status, and the connection's end. [`SHUTDOWN`] names the one before it.
    Refused(u8),
}

/// "Processing error": once more may help.
pub const PROCESSING_ERROR: u8 = 1;
/// "Missing topic", which is what the old protocol knows of topics and certificates.
pub const MISSING_TOPIC: u8 = 3;
/// "Missing payload".
pub const MISSING_PAYLOAD: u8 = 4;
/// "Invalid payload size".
pub const INVALID_PAYLOAD_SIZE: u8 = 7;
/// "Invalid token": old clients remove it.
pub const INVALID_TOKEN: u8 = 8;
/// "Shutdown": the identifier is that of the last notification that was accepted, everything behind it is to be sent again.
pub const SHUTDOWN: u8 = 10;
/// "Unknown".
pub const UNKNOWN: u8 = 255;

/// Reasons of HTTP/2 and what the old client hears. An old client removes the token for 8 (and some for 5), drops the
/// notification for 2 to 7, and sends again for 1, 10 and most of what it does not know; so the question at each row is
/// which of the three helps.
const TABLE: [(&str, u8); 35] = [
    // The token.
    ("BadDeviceToken", INVALID_TOKEN), // the same in other words
    // Of another app: for this one it is invalid, and was status 8 in the old gateway, too.
    ("DeviceTokenNotForTopic", INVALID_TOKEN),
    ("MissingDeviceToken", 2), // the same in other words
    // The payload.
    ("PayloadTooLarge", INVALID_PAYLOAD_SIZE), // the same in other words
    ("PayloadEmpty", MISSING_PAYLOAD),         // the same in other words
    // The topic, which the old client said by its certificate. Nothing that it can send helps; it is not the token.
    ("MissingTopic", MISSING_TOPIC),
    ("BadTopic", MISSING_TOPIC),
    ("TopicDisallowed", MISSING_TOPIC),
    // What this gateway has written itself, out of what the frame said: this notification will never do, so it must not
    // be 1 or 10, which would bring it back for ever, and not 8, which would cost a token. 255 says no more than that.
    ("BadCollapseId", UNKNOWN),
    ("BadExpirationDate", UNKNOWN),
    ("BadMessageId", UNKNOWN),
    ("BadPriority", UNKNOWN),
    ("DuplicateHeaders", UNKNOWN),
    ("InvalidPushType", UNKNOWN),
    ("BadPath", UNKNOWN),
    ("MethodNotAllowed", UNKNOWN),
    ("BadChannelId", UNKNOWN),
    ("ChannelNotRegistered", UNKNOWN),
    ("FeatureNotEnabled", UNKNOWN),
    // This gateway's credentials: all that comes is as good as before, once somebody has put them right.
    ("BadCertificate", SHUTDOWN),
    ("BadCertificateEnvironment", SHUTDOWN),
    ("BadEnvironmentKeyIdInToken", SHUTDOWN),
    ("Forbidden", SHUTDOWN),
    ("ExpiredProviderToken", SHUTDOWN),
    ("InvalidProviderToken", SHUTDOWN),
    ("MissingProviderToken", SHUTDOWN),
    ("UnrelatedKeyIdInToken", SHUTDOWN),
    ("TooManyProviderTokenUpdates", SHUTDOWN),
    // Apple itself, or the way to it.
    ("IdleTimeout", SHUTDOWN),
    ("ServiceUnavailable", SHUTDOWN),
    ("Shutdown", SHUTDOWN),
    ("InternalServerError", PROCESSING_ERROR), // about this one, and once more may help
    ("TooManyRequests", PROCESSING_ERROR),     // about this token: all others go on
    // Gone since a time that Apple names. The old gateway accepted such tokens and told the feedback service: no row here
    // is ever asked for, see `verdict`.
    ("ExpiredToken", INVALID_TOKEN),
    ("Unregistered", INVALID_TOKEN),
];

/// A reason that is in no list goes by its HTTP status.
fn by_http_status(status: u16) -> u8 {
    match status {
        403 => SHUTDOWN,
        413 => INVALID_PAYLOAD_SIZE,
        429 => PROCESSING_ERROR,
        500 => PROCESSING_ERROR,
        501..=599 => SHUTDOWN,
        _ => UNKNOWN,
    }
}

/// The status for a reason, with the HTTP status that it came with where it is in no list (0: none).
#[must_use]
pub fn status_of(reason: Reason, http_status: u16) -> u8 {
    let row = reason.name().and_then(|name| TABLE.iter().find(|(known, _)| *known == name));
    match row {
        Some((_, status)) => *status,
        None if reason == Reason::STOPPED => SHUTDOWN,
        None => by_http_status(http_status),
    }
}

/// What a slot's end means for an old client. `dead`: Apple has said since when the token is dead.
#[must_use]
pub fn verdict(outcome: Outcome, reason: Reason, http_status: u16) -> Verdict {
    match outcome {
        // In doubt: the old protocol cannot say it, and to have it sent again might ring twice.
        Outcome::Accepted | Outcome::InDoubt => Verdict::Accepted,
        Outcome::Expired => Verdict::Dropped,
        Outcome::Rejected if is_gone(reason) => Verdict::Dropped,
        Outcome::Rejected | Outcome::Exhausted => Verdict::Refused(status_of(reason, http_status)),
        // Nobody has looked at it: everything from here on is to be sent again.
        Outcome::NotSent => Verdict::Refused(SHUTDOWN),
    }
}

/// Whether a reason is for the feedback service, and not for the connection.
#[must_use]
pub fn is_gone(reason: Reason) -> bool {
    matches!(reason.name(), Some("ExpiredToken" | "Unregistered"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::HTTP2;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_reason_that_has_a_number_has_a_row_and_no_row_is_for_another() {
        for (_, name) in HTTP2 {
            assert_eq!(TABLE.iter().filter(|(known, _)| *known == name).count(), 1, "{name}");
        }
        assert_eq!(TABLE.len(), HTTP2.len());
    }

    #[test]
    fn the_ones_that_the_old_protocol_has_words_for_keep_them() {
        let said = |name: &[u8]| {
            let reason = Reason::http2_named(name).expect("it has a number");
            verdict(Outcome::Rejected, reason, 0)
        };
        assert_eq!(said(b"BadDeviceToken"), Verdict::Refused(8));
        assert_eq!(said(b"PayloadTooLarge"), Verdict::Refused(7));
        assert_eq!(said(b"MissingTopic"), Verdict::Refused(3));
        assert_eq!(said(b"PayloadEmpty"), Verdict::Refused(4));
        assert_eq!(said(b"Shutdown"), Verdict::Refused(10));
        assert_eq!(said(b"Unregistered"), Verdict::Dropped);
    }

    #[test]
    fn what_nobody_has_heard_of_goes_by_its_http_status() {
        let new = Reason(Reason::FIRST_FOREIGN.0);
        assert_eq!(verdict(Outcome::Rejected, new, 400), Verdict::Refused(255));
        assert_eq!(verdict(Outcome::Exhausted, new, 503), Verdict::Refused(10));
        assert_eq!(verdict(Outcome::Exhausted, new, 429), Verdict::Refused(1));
    }
}
