//! What must hold of a connection of HTTP/2 whatever a peer says: it ends the same wherever that is cut, holds little, and
//! settles each slot once.

use bellpush::batch::Settled;
use bellpush::http2::hpack::Decoder;
use bellpush::http2::{Ending, MAX_HEADER_BLOCK, MAX_HEADER_LIST, answer, frame};
use bellpush::outcome::Reason;

use crate::http2_hand::{Hand, frames};

/// What it may hold beside what it was made with: a frame, a header block, three bodies.
const LIMIT: usize = frame::HEAD_BYTES + frame::MAX_PAYLOAD + MAX_HEADER_BLOCK + 3 * answer::MAX_BODY;

/// How it ended: what became of the three slots, why the connection ends, and what it says at last.
#[derive(Debug, PartialEq)]
struct End {
    settled: Vec<Settled>,
    ending: Option<Ending>,
    streams: usize,
}

/// Three requests are on their way, and a peer says this.
pub fn a_connection_ends_the_same_wherever_its_bytes_are_cut(bytes: &[u8], pieces: &[&[u8]]) {
    assert_eq!(listen(&[bytes]), listen(pieces));
}

fn listen(pieces: &[&[u8]]) -> End {
    let mut hand = Hand::of_three();
    for piece in pieces {
        hand.hears(piece);
        assert!(hand.connection.pending() <= LIMIT, "{} bytes are held", hand.connection.pending());
    }
    let ending = hand.connection.ending().cloned();
    let streams = hand.connection.streams();
    // Whole frames, whatever was said; what is returned goes out on the same connection again, if that is open.
    frames(&hand.says());
    hand.connection.closed(&mut hand.held, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert!(hand.connection.is_done() && hand.connection.streams() == 0);
    let settled = hand.ends();
    assert!(
        settled.windows(2).all(|pair| matches!(pair, [one, next] if one.slot < next.slot)),
        "each once: {settled:?}"
    );
    End { settled, ending, streams }
}

/// Header blocks, one behind the other, each behind a byte that says how long it is.
pub fn fields_are_bounded_or_named(mut bytes: &[u8]) {
    let mut decoder = Decoder::new(MAX_HEADER_LIST);
    while let Some((length, rest)) = bytes.split_first() {
        let (block, behind) = rest.split_at(usize::from(*length).min(rest.len()));
        let mut sum = 0;
        let outcome = decoder.decode(block, |name, value| sum += name.len() + value.len() + 32);
        assert!(sum <= MAX_HEADER_LIST);
        if let Err(error) = outcome {
            assert!(error.at < block.len() && !error.to_string().is_empty());
            return;
        }
        bytes = behind;
    }
}
