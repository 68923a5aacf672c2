//! What the gateway of HTTP/2 counts: its figures are worth as much as this.

use bellpush_benches::http2::{Limits, Requests};
use bellpush_benches::tally::Tally;
use bellpush_benches::tls::Protocol;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FREE: Limits = Limits { streams: 1000, window: 0, goaway: 0 };
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length, &[kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

/// HEADERS whose `:path` is a literal that no table remembers.
fn headers(stream: u32, token: u32) -> Vec<u8> {
    let path = format!("/3/device/{token:064x}");
    frame(HEADERS, 4, stream, &[&[4, path.len() as u8], path.as_bytes()].concat())
}

fn data(stream: u32, payload: &[u8]) -> Vec<u8> {
    frame(DATA, 1, stream, payload)
}

fn request(stream: u32, token: u32) -> Vec<u8> {
    [headers(stream, token), data(stream, b"{}")].concat()
}

/// Accepted, twice, malformed; and whether the connection was ended.
type Found = (u64, u64, u64, bool);

/// Gives a connection bytes, piece by piece, and says what was counted and which frames were answered.
fn serve<'a>(limits: Limits, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Found, Vec<(u8, u32)>) {
    let (tally, mut requests, mut answers) = (Tally::default(), Requests::new(limits), Vec::new());
    let ended = pieces.into_iter().any(|piece| requests.take(piece, &tally, &mut answers));
    let report = tally.report();
    let count = |name: &str| {
        let (_, behind) = report.split_once(&format!("\"{name}\":")).unwrap();
        behind.split([',', '}']).next().unwrap().parse().unwrap()
    };
    let mut frames = Vec::new();
    let mut rest = answers.as_slice();
    while let [a, b, c, kind, _, i, j, k, l, behind @ ..] = rest {
        frames.push((*kind, u32::from_be_bytes([*i, *j, *k, *l])));
        rest = &behind[u32::from_be_bytes([0, *a, *b, *c]) as usize..];
    }
    ((count("accepted"), count("duplicates"), count("malformed"), ended), frames)
}

fn answered(frames: &[(u8, u32)]) -> Vec<u32> {
    frames.iter().filter(|(kind, _)| *kind == HEADERS).map(|(_, stream)| *stream).collect()
}

#[test]
fn a_token_that_comes_again_is_counted_as_accepted_twice() {
    let bytes = [PREFACE, &request(1, 7), &request(3, 8), &request(5, 7)].concat();
    let (found, frames) = serve(FREE, [bytes.as_slice()]);
    assert_eq!(found, (3, 1, 0, false));
    assert_eq!(answered(&frames), [1, 3, 5]);
}

#[test]
fn wherever_bytes_are_cut_the_same_is_counted() {
    let bytes = [PREFACE, &request(1, 7), &request(3, 8)].concat();
    for at in 0..=bytes.len() {
        assert_eq!(serve(FREE, [&bytes[..at], &bytes[at..]]).0, (2, 0, 0, false), "cut at {at}");
    }
}

#[test]
fn a_stream_is_answered_when_its_data_are_there_in_whatever_order() {
    let bytes = [PREFACE, &headers(1, 7), &headers(3, 8), &data(3, b"{}"), &data(1, b"{}")].concat();
    let (found, frames) = serve(FREE, [bytes.as_slice()]);
    assert_eq!(found, (2, 0, 0, false));
    assert_eq!(answered(&frames), [3, 1]);
}

#[test]
fn what_comes_after_the_last_stream_of_a_goaway_is_not_processed() {
    let limits = Limits { goaway: 2, ..FREE };
    let bytes = [PREFACE, &headers(1, 7), &request(3, 8), &request(5, 9), &data(1, b"{}")].concat();
    let (found, frames) = serve(limits, [bytes.as_slice()]);
    assert_eq!(found, (2, 0, 0, false));
    assert_eq!(answered(&frames), [3, 1]);
    assert!(frames.contains(&(GOAWAY, 0)));
}

#[test]
fn a_client_that_overruns_the_window_is_malformed() {
    let limits = Limits { window: 65_535, ..FREE };
    let full = [0; 16_384];
    let four = [PREFACE, &headers(1, 7), &frame(DATA, 0, 1, &full).repeat(4)].concat();
    assert_eq!(serve(limits, [four.as_slice()]).0, (0, 0, 1, true));
    // What was read is given back, so that the same in two parts is allowed.
    let (first, second) = four.split_at(four.len() - 9 - full.len());
    assert_eq!(serve(limits, [first, second, &data(1, b"{}")]).0, (1, 0, 0, false));
}

#[test]
fn what_is_no_request_for_a_token_with_a_payload_is_malformed() {
    let nameless = frame(HEADERS, 4, 1, &[4, 10, b'/', b'3', b'/', b'd', b'e', b'v', b'i', b'c', b'e', b'/']);
    let continued = frame(HEADERS, 0, 1, &[]);
    for wrong in [nameless, continued, data(1, b"{}"), [headers(1, 7), data(1, b"")].concat()] {
        assert_eq!(serve(FREE, [[PREFACE, &wrong].concat().as_slice()]).0, (0, 0, 1, true));
    }
}
