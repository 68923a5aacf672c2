//! What became of a slot, and why.

use std::fmt;

/// How a slot settled. Once settled it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Apple took it. Whether a phone rang, nobody can tell.
    Accepted = 0,
    /// Apple refused it for good.
    Rejected = 1,
    /// Apple failed to process it as often as the configuration lets us try.
    Exhausted = 2,
    /// Its expiration was past before it could be sent.
    Expired = 3,
    /// It was sent, and nobody can know whether it was processed.
    InDoubt = 4,
    /// The batch was stopped before it was sent, or the gateway surely did not process it before the stop.
    NotSent = 5,
}

impl Outcome {
    /// Every outcome, in the order of its number.
    pub const ALL: [Outcome; 6] = [
        Outcome::Accepted,
        Outcome::Rejected,
        Outcome::Exhausted,
        Outcome::Expired,
        Outcome::InDoubt,
        Outcome::NotSent,
    ];
}

/// Why a slot settled as it did. A newtype with constants and no closed enum: a code that is new to us must survive.
///
/// 0 to 255 are the statuses of the binary protocol as they came, from 256 on they are our own, from 512 on those of
/// HTTP/2 that we know ([`HTTP2`]), and from 49,152 on those that a batch has come across and we don't
/// ([`crate::batch::Batch::foreign_reason`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reason(pub u16);

impl Reason {
    /// Status 8: the token is not known, or not to this application or environment.
    pub const INVALID_TOKEN: Reason = Reason(8);
    /// Our own: the text was no device token, so nothing was sent.
    pub const MALFORMED_TOKEN: Reason = Reason(256);
    /// Our own: the connection ended without an answer about it.
    pub const CLOSED_WITHOUT_ANSWER: Reason = Reason(257);
    /// Our own: the gateway named an identifier that we never used on that connection.
    pub const UNKNOWN_IDENTIFIER: Reason = Reason(258);
    /// Our own: the gateway did not answer in time.
    pub const NO_ANSWER: Reason = Reason(259);
    /// Our own: bytes came that are no error response.
    pub const UNREADABLE_ANSWER: Reason = Reason(260);
    /// Our own: whoever embeds the core gave up on the connection.
    pub const ABANDONED: Reason = Reason(261);
    /// Our own: the caller stopped the batch.
    pub const STOPPED: Reason = Reason(262);
    /// Our own: the expiration is past.
    pub const EXPIRATION_PAST: Reason = Reason(263);
    /// Our own: it was written behind one that was refused, so the gateway threw it away.
    pub const DISCARDED: Reason = Reason(264);
    /// Our own: the peer broke the rules of HTTP/2, or ended the stream without an answer, with this in flight.
    pub const STREAM_BROKEN: Reason = Reason(265);
    /// HTTP/2: the token is not one of this environment, or none at all.
    pub const BAD_DEVICE_TOKEN: Reason = Reason(514);
    /// HTTP/2: the provider token was made too long ago.
    pub const EXPIRED_PROVIDER_TOKEN: Reason = Reason(530);
    /// The first of those that a batch has come across and that have no number of their own.
    pub const FIRST_FOREIGN: Reason = Reason(0xc000);
    /// Nothing to explain (an accepted notification).
    pub const NONE: Reason = Reason(u16::MAX);

    /// The status of the binary protocol, where this is one.
    #[must_use]
    pub fn status(self) -> Option<u8> {
        u8::try_from(self.0).ok()
    }

    /// The HTTP status that Apple's document gives this reason, where it is one of HTTP/2's.
    #[must_use]
    pub fn http_status(self) -> Option<u16> {
        self.http2().map(|(status, _)| *status)
    }

    /// The reason as one word, or `None` for a code without a name of its own.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let ours = NAMES.iter().find(|(reason, _)| *reason == self).map(|(_, name)| *name);
        ours.or_else(|| self.http2().map(|(_, name)| *name))
    }

    /// The reason of HTTP/2 with this name.
    #[must_use]
    pub fn http2_named(name: &[u8]) -> Option<Reason> {
        let at = HTTP2.iter().position(|(_, known)| known.as_bytes() == name)?;
        Some(Reason(FIRST_HTTP2 + at as u16))
    }

    fn http2(self) -> Option<&'static (u16, &'static str)> {
        HTTP2.get(usize::from(self.0.checked_sub(FIRST_HTTP2)?))
    }
}

const FIRST_HTTP2: u16 = 512;

/// HTTP/2's reasons with their statuses, numbered from 512 on in this order. Source: Apple, "Handling notification
/// responses from APNs".
pub const HTTP2: [(u16, &str); 35] = [
    (400, "BadCollapseId"),
    (400, "BadExpirationDate"),
    (400, "BadDeviceToken"),
    (400, "BadMessageId"),
    (400, "BadPriority"),
    (400, "BadTopic"),
    (400, "DeviceTokenNotForTopic"),
    (400, "DuplicateHeaders"),
    (400, "IdleTimeout"),
    (400, "InvalidPushType"),
    (400, "MissingDeviceToken"),
    (400, "MissingTopic"),
    (400, "PayloadEmpty"),
    (400, "TopicDisallowed"),
    (403, "BadCertificate"),
    (403, "BadCertificateEnvironment"),
    (403, "BadEnvironmentKeyIdInToken"),
    (403, "Forbidden"),
    (403, "ExpiredProviderToken"),
    (403, "InvalidProviderToken"),
    (403, "MissingProviderToken"),
    (403, "UnrelatedKeyIdInToken"),
    (404, "BadPath"),
    (405, "MethodNotAllowed"),
    (410, "ExpiredToken"),
    (410, "Unregistered"),
    (413, "PayloadTooLarge"),
    (429, "TooManyProviderTokenUpdates"),
    (429, "TooManyRequests"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (503, "Shutdown"),
    // Of broadcast channels.
    (400, "BadChannelId"),
    (400, "ChannelNotRegistered"),
    (400, "FeatureNotEnabled"),
];

/// The words for the codes. Statuses: Apple, "Binary Provider API", table "Codes in error-response packet"; 10 and 128
/// by name from the same text.
pub const NAMES: [(Reason, &str); 22] = [
    (Reason(0), "NoError"),
    (Reason(1), "ProcessingError"),
    (Reason(2), "MissingDeviceToken"),
    (Reason(3), "MissingTopic"),
    (Reason(4), "MissingPayload"),
    (Reason(5), "InvalidTokenSize"),
    (Reason(6), "InvalidTopicSize"),
    (Reason(7), "InvalidPayloadSize"),
    (Reason::INVALID_TOKEN, "InvalidToken"),
    (Reason(10), "Shutdown"),
    (Reason(128), "ProtocolError"),
    (Reason(255), "Unknown"),
    (Reason::MALFORMED_TOKEN, "MalformedToken"),
    (Reason::CLOSED_WITHOUT_ANSWER, "ClosedWithoutAnswer"),
    (Reason::UNKNOWN_IDENTIFIER, "UnknownIdentifier"),
    (Reason::NO_ANSWER, "NoAnswer"),
    (Reason::UNREADABLE_ANSWER, "UnreadableAnswer"),
    (Reason::ABANDONED, "Abandoned"),
    (Reason::STOPPED, "Stopped"),
    (Reason::EXPIRATION_PAST, "ExpirationPast"),
    (Reason::DISCARDED, "Discarded"),
    (Reason::STREAM_BROKEN, "StreamBroken"),
];

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name}({})", self.0),
            None => write!(f, "Reason({})", self.0),
        }
    }
}
