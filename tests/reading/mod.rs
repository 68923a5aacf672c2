//! What tests read streams with: bytes from hexadecimal text, every way to cut them, what a decoder makes of the pieces.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use bellpush::binary::ErrorResponse;
use bellpush::binary::error_response::{self, NotAnErrorResponse};
use bellpush::binary::feedback::{self, FeedbackError, Tuple};
use bellpush::binary::frame::{self, DecodeError, Frame};

/// Bytes from hexadecimal text; spaces are for reading.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|letter| *letter != ' ')
        .map(|letter| letter.to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {text:?}");
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// The bytes whole, cut in two at each position, and one by one.
pub fn every_cut(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let in_two = (1..bytes.len()).map(|at| {
        let (left, right) = bytes.split_at(at);
        vec![left, right]
    });
    [vec![bytes], bytes.chunks(1).collect()].into_iter().chain(in_two).collect()
}

/// The frames of a stream that came in these pieces, and how it ended. Between two pieces the decoder holds no more
/// than one frame.
pub fn frames(pieces: &[&[u8]], max_frame: usize) -> (Vec<Frame>, Result<usize, DecodeError>) {
    let mut decoder = frame::Decoder::new(max_frame);
    let mut viewer = frame::Decoder::new(max_frame);
    let mut frames = Vec::new();
    let mut fed = 0;
    for piece in pieces {
        decoder.push(piece);
        viewer.push(piece);
        fed += piece.len();
        loop {
            let frame = decoder.next_frame();
            let same = frame.as_ref().map(|frame| frame.as_ref().map(Frame::view));
            assert!(viewer.next_view() == same.map_err(|error| *error), "the same, where it lies");
            match frame {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_frame(), Err(error), "the same again");
                    return (frames, Err(error));
                }
            }
        }
        assert_eq!((viewer.offset(), viewer.pending()), (decoder.offset(), decoder.pending()));
        let taken = decoder.offset() as usize;
        assert_eq!(taken + decoder.pending(), fed, "every byte is in a frame or waits");
        // A frame's length is known after at most five bytes.
        assert!(
            decoder.pending() <= max_frame.max(5),
            "{} bytes held where a frame has at most {max_frame}",
            decoder.pending()
        );
    }
    (frames, Ok(decoder.pending()))
}

/// The error responses of a stream that came in these pieces (a piece has no meaning here: bytes are taken one by one),
/// and how it ended.
pub fn error_responses(bytes: &[u8]) -> (Vec<ErrorResponse>, Result<usize, NotAnErrorResponse>) {
    let mut decoder = error_response::Decoder::default();
    let mut responses = Vec::new();
    for byte in bytes {
        match decoder.push(*byte) {
            Ok(response) => responses.extend(response),
            Err(error) => return (responses, Err(error)),
        }
        assert!(decoder.pending() < ErrorResponse::LENGTH);
    }
    (responses, Ok(decoder.pending()))
}

/// The feedback tuples of a stream that came in these pieces, and how it ended.
pub fn feedback(pieces: &[&[u8]]) -> (Vec<Tuple>, Result<(), FeedbackError>) {
    let mut decoder = feedback::Decoder::default();
    let mut tuples = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.push(piece, |tuple| tuples.push(tuple)) {
            return (tuples, Err(error));
        }
    }
    (tuples, decoder.finish())
}
