//! What must hold of every decoder, whatever the bytes: none panics, where they are cut never matters, nothing beyond one
//! frame is held, and what was understood says exactly what came.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use serde_json::Value;

use bellpush::batch::{Batch, Config};
use bellpush::binary::explain::{Explanation, Kind, explain};
use bellpush::binary::frame::{Command, DecodeError, Decoder, Frame};
use bellpush::binary::server;
use bellpush::notification::{DeviceToken, Payload, PayloadError, TokenError, parse_hex};
use bellpush::outcome::{Outcome, Reason};

use crate::reading;

/// `pieces` are `bytes`, cut somewhere.
pub fn frames_are_the_same_wherever_they_are_cut(bytes: &[u8], pieces: &[&[u8]]) {
    for max_frame in [13, 200, Decoder::LONGEST_FRAME] {
        let whole = reading::frames(&[bytes], max_frame);
        assert_eq!(reading::frames(pieces, max_frame), whole, "{pieces:02x?}");

        let (frames, ended) = whole;
        if let Err(error) = ended {
            assert!(error.offset < bytes.len() as u64, "{error}");
            a_gateway_answers_what_is_no_frame(bytes, error);
        }
        let mut again = Vec::new();
        for frame in &frames {
            let one = encoded(frame);
            assert_eq!(reading::frames(&[&one], one.len()), (vec![frame.clone()], Ok(0)));
            a_gateway_passes_on_what_it_can(frame);
            again.extend(one);
        }
        // Items come in any order, and may be missing; the older commands have one form only.
        if frames.iter().all(|frame| frame.command != Command::Items) {
            assert!(bytes.starts_with(&again), "what was decoded and encoded is what came");
        }
    }
}

fn a_gateway_passes_on_what_it_can(frame: &Frame) {
    for limit in [Payload::LEGACY_LIMIT, Payload::BINARY_LIMIT] {
        let payload = frame.payload.len();
        let good = DeviceToken::from_bytes(&frame.token).is_ok() && payload > 0 && payload <= limit;
        match server::judge(&frame.view(), limit) {
            Ok(()) => assert!(good, "{frame:?} is passed on"),
            Err(response) => {
                assert!(!good, "{frame:?} is answered with {response:?}");
                assert!([2, 4, 5, 7].contains(&response.status), "{response:?} to {frame:?}");
                assert_eq!(response.identifier, frame.identifier.unwrap_or(0));
            }
        }
    }
}

fn a_gateway_answers_what_is_no_frame(bytes: &[u8], error: DecodeError) {
    let response = server::answer(&error);
    assert!([7, 128].contains(&response.status), "{response:?} to {error}");
    let named = response.identifier.to_be_bytes();
    assert!(named == [0; 4] || bytes.windows(4).any(|four| four == named), "{response:?} names what never came");
    assert_eq!(reading::error_responses(&response.encode()), (vec![response], Ok(0)));
}

pub fn error_responses_are_what_came(bytes: &[u8]) {
    let (responses, ended) = reading::error_responses(bytes);
    let again: Vec<u8> = responses.iter().flat_map(|response| response.encode()).collect();
    assert!(bytes.starts_with(&again));
    match ended {
        Ok(pending) => assert_eq!(again.len() + pending, bytes.len()),
        Err(error) => {
            assert_eq!(error.offset, again.len() as u64, "an answer is none by its first byte");
            assert_eq!(bytes.get(again.len()), Some(&error.found));
        }
    }
}

/// `pieces` are `bytes`, cut somewhere.
pub fn feedback_is_the_same_wherever_it_is_cut(bytes: &[u8], pieces: &[&[u8]]) {
    let (tuples, ended) = reading::feedback(&[bytes]);
    assert_eq!(reading::feedback(pieces), (tuples.clone(), ended));
    let mut again = Vec::new();
    for tuple in &tuples {
        tuple.encode(&mut again);
    }
    assert!(bytes.starts_with(&again));
    assert!(ended.is_err() || again.len() == bytes.len());
}

pub fn an_explanation_covers_every_byte_it_understood(bytes: &[u8]) {
    for kind in [None, Some(Kind::Frames), Some(Kind::ErrorResponses), Some(Kind::Feedback)] {
        let Explanation { kind, parts, problem } = explain(bytes, kind);
        let mut at = 0;
        for part in &parts {
            assert_eq!(part.offset, at, "parts lie without a gap in {kind:?}");
            for field in &part.fields {
                assert_eq!(field.offset, at, "fields lie without a gap in {part:?}");
                at += field.length as u64;
            }
            assert_eq!(at, part.offset + part.length as u64, "{part:?}");
        }
        match problem {
            None => assert_eq!(at, bytes.len() as u64, "all of it was understood"),
            Some(problem) => {
                assert!((at..=bytes.len() as u64).contains(&problem.offset), "{problem:?}");
                assert!(!problem.message.is_empty());
            }
        }
    }
}

pub fn a_token_is_read_or_named(text: &[u8]) {
    let mut out = vec![0xee];
    let length = parse_hex(text, &mut out);
    let token = DeviceToken::from_hex(text);
    assert_eq!(token.map(|token| token.as_bytes().len()), length);
    match token {
        Ok(token) => {
            assert_eq!(out.get(1..), Some(token.as_bytes()));
            assert_eq!(DeviceToken::from_hex(token.to_string().as_bytes()), Ok(token));
            assert_eq!(DeviceToken::from_bytes(token.as_bytes()), Ok(token));
        }
        Err(error) => {
            assert_eq!(out, [0xee], "nothing stays behind");
            if let TokenError::NotHex { at, found } = error {
                let characters: Vec<char> = String::from_utf8_lossy(text).chars().collect();
                assert_eq!(characters.get(at - 1), Some(&found), "{error} in {characters:?}");
            }
        }
    }
}

pub fn each_line_has_a_slot(text: &[u8]) {
    let lines: Vec<&[u8]> = if text.is_empty() { vec![] } else { text.split(|byte| *byte == b'\n').collect() };
    let mut batch = Batch::new(Config::default());
    assert_eq!(batch.push_hex(text, 1) as usize, lines.len());
    let rejected: Vec<usize> = batch.take_settled().iter().map(|settled| settled.slot as usize).collect();
    let malformed = lines.iter().enumerate().filter(|(_, line)| DeviceToken::from_hex(line).is_err());
    assert_eq!(rejected, malformed.map(|(slot, _)| slot).collect::<Vec<_>>());
    batch.stop(bellpush::batch::Stop::Caller, 2);
    batch.close_input();
    assert!(batch.is_finished());
    for settled in batch.take_settled() {
        assert_eq!((settled.outcome, settled.reason), (Outcome::NotSent, Reason::STOPPED));
    }
}

pub fn a_payload_is_an_object_or_named(text: &[u8]) {
    let parsed = serde_json::from_slice::<Value>(text);
    match Payload::parse(text, 200) {
        Ok(payload) => {
            assert_eq!(payload.as_bytes(), text);
            assert!(text.len() <= 200 && parsed.map_or(true, |value| value.is_object()));
        }
        Err(PayloadError::TooLarge { bytes, limit }) => {
            assert_eq!((bytes, limit, bytes > 200), (text.len(), 200, true))
        }
        Err(PayloadError::NotUtf8 { at }) => assert!(std::str::from_utf8(text).is_err() && at < text.len()),
        Err(PayloadError::NotJson { .. }) => assert!(parsed.is_err()),
        Err(PayloadError::NotObject { .. }) => assert!(!parsed.is_ok_and(|value| value.is_object())),
    }
}

pub fn encoded(frame: &Frame) -> Vec<u8> {
    let mut out = Vec::new();
    frame.encode(&mut out).expect("what was decoded can be encoded");
    out
}
