//! What is fuzzed: each target takes bytes, does something with the core, and panics where anything is not as it must
//! be. The files in fuzz_targets/ hand them to libFuzzer; tests/seeds.rs replays and mutates the seeds without it.
//!
//! What must be is shared with the core's own tests: `decoding`, `operating` and `conversing` are theirs.

#[path = "../../tests/conversing/mod.rs"]
mod conversing;
#[path = "../../tests/decoding/mod.rs"]
mod decoding;
#[path = "../../tests/http2_decoding/mod.rs"]
mod http2_decoding;
#[path = "../../tests/http2_hand/mod.rs"]
mod http2_hand;
#[path = "../../tests/operating/mod.rs"]
mod operating;
#[path = "../../tests/reading/mod.rs"]
mod reading;
pub mod seeds;
#[path = "../../tests/sent/mod.rs"]
mod sent;
#[path = "../../tests/traffic/mod.rs"]
mod traffic;
#[path = "../../tests/viewing/mod.rs"]
mod viewing;

/// A target's name, which is that of its file and of its folder of seeds, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("frames", frames),
    ("error_responses", error_responses),
    ("feedback", feedback),
    ("explain", explain),
    ("tokens", tokens),
    ("payload", payload),
    ("captures", captures),
    ("operations", operations),
    ("http2", http2),
    ("hpack", hpack),
    ("conversation", conversation),
];

/// Frames, and a gateway's answers to them. The bytes begin with how they are cut, see [`cut`].
pub fn frames(data: &[u8]) {
    let (stream, pieces) = cut(data);
    decoding::frames_are_the_same_wherever_they_are_cut(stream, &pieces);
}

/// What a gateway says.
pub fn error_responses(data: &[u8]) {
    decoding::error_responses_are_what_came(data);
}

/// What the feedback service says. The bytes begin with how they are cut, see [`cut`].
pub fn feedback(data: &[u8]) {
    let (stream, pieces) = cut(data);
    decoding::feedback_is_the_same_wherever_it_is_cut(stream, &pieces);
}

/// The explanation of any bytes, whatever they are taken for.
pub fn explain(data: &[u8]) {
    decoding::an_explanation_covers_every_byte_it_understood(data);
}

/// Captures, and streams by themselves. The bytes begin with how they are cut, see [`cut`].
pub fn captures(data: &[u8]) {
    let (file, pieces) = cut(data);
    viewing::a_capture_is_the_same_wherever_it_is_cut(file, &pieces);
}

/// Tokens as text: one, and a line each.
pub fn tokens(data: &[u8]) {
    decoding::a_token_is_read_or_named(data);
    decoding::each_line_has_a_slot(data);
}

/// A payload as text.
pub fn payload(data: &[u8]) {
    decoding::a_payload_is_an_object_or_named(data);
}

/// A batch, its links and their gateways: four bytes of configuration, and four for each thing that happens.
pub fn operations(data: &[u8]) {
    operating::run_bytes(data);
}

/// What a gateway says over HTTP/2 when three requests are on their way. The bytes begin with how they are cut, see [`cut`].
pub fn http2(data: &[u8]) {
    let (stream, pieces) = cut(data);
    http2_decoding::a_connection_ends_the_same_wherever_its_bytes_are_cut(stream, &pieces);
}

/// Header blocks, each behind its length.
pub fn hpack(data: &[u8]) {
    http2_decoding::fields_are_bounded_or_named(data);
}

/// A stream, and the pieces in which it comes. The first byte says how many lengths of pieces follow it (0 to 4); they
/// are used one after the other, again and again, and where there is none, the bytes come one by one.
fn cut(data: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((count, rest)) = data.split_first() else { return (data, Vec::new()) };
    let (lengths, stream) = rest.split_at(usize::from(count % 5).min(rest.len()));
    let mut lengths = lengths.iter().cycle();
    let mut pieces = Vec::new();
    let mut left = stream;
    while !left.is_empty() {
        let length = usize::from(lengths.next().copied().unwrap_or_default()).clamp(1, left.len());
        let (piece, behind) = left.split_at(length);
        pieces.push(piece);
        left = behind;
    }
    (stream, pieces)
}

/// An old client, two connections of it at a time, and what Apple says of its notifications: four bytes for each thing
/// that happens.
pub fn conversation(data: &[u8]) {
    conversing::converse(data);
}
