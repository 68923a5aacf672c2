//! The byte-exact frames on which independent clients agree, both ways and cut everywhere, and what is named where bytes
//! are no frame.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod reading;

use bytes::Bytes;
use serde_json::Value;

use bellpush::binary::ErrorResponse;
use bellpush::binary::error_response::NotAnErrorResponse;
use bellpush::binary::feedback::{self, FeedbackError, Tuple};
use bellpush::binary::frame::{Command, DecodeError, Decoder, Frame, Problem};
use bellpush::notification::{DeviceToken, Priority};

use reading::{every_cut, hex};

const ENOUGH: usize = Decoder::LONGEST_FRAME;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/binary.json")).expect("the vectors are JSON")
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector.get(key).and_then(Value::as_str).expect("text under this key")
}

fn number<T: TryFrom<u64>>(vector: &Value, key: &str) -> Option<T> {
    let number = vector.get(key)?.as_u64().expect("an unsigned number");
    T::try_from(number).ok()
}

fn list<'a>(vectors: &'a Value, key: &str) -> &'a [Value] {
    let list = vectors.get(key).and_then(Value::as_array).expect("a list under this key");
    assert!(!list.is_empty(), "there are {key}");
    list
}

/// The bytes of a vector: T and P stand for the token and the payload that all of them share.
fn bytes_of(vectors: &Value, vector: &Value) -> Vec<u8> {
    let shared = text(vector, "hex").replace('T', text(vectors, "T")).replace('P', text(vectors, "P"));
    hex(&shared)
}

fn frame_of(vectors: &Value, vector: &Value, bytes: &[u8]) -> Frame {
    Frame {
        command: match bytes.first() {
            Some(0) => Command::Simple,
            Some(1) => Command::Enhanced,
            _ => Command::Items,
        },
        identifier: number(vector, "identifier"),
        expiration: number(vector, "expiration"),
        priority: number(vector, "priority").map(Priority),
        token: hex(text(vectors, "T")).into(),
        payload: hex(text(vectors, "P")).into(),
    }
}

fn encoded(frame: &Frame) -> Vec<u8> {
    let mut out = vec![0xee];
    frame.encode(&mut out).expect("short enough");
    assert_eq!(out.remove(0), 0xee, "what was there before stays");
    out
}

/// The frames of the vectors with their bytes.
fn frame_vectors() -> Vec<(Frame, Vec<u8>)> {
    let vectors = vectors();
    list(&vectors, "frames")
        .iter()
        .map(|vector| {
            let bytes = bytes_of(&vectors, vector);
            (frame_of(&vectors, vector, &bytes), bytes)
        })
        .collect()
}

// ---- frames ----

#[test]
fn a_frame_is_encoded_to_exactly_these_bytes() {
    for (frame, bytes) in frame_vectors() {
        assert_eq!(encoded(&frame), bytes, "{frame:?}");
    }
}

#[test]
fn a_frame_is_decoded_to_exactly_these_values_wherever_it_is_cut() {
    for (frame, bytes) in frame_vectors() {
        for pieces in every_cut(&bytes) {
            let decoded = reading::frames(&pieces, bytes.len());
            assert_eq!(decoded, (vec![frame.clone()], Ok(0)));
        }
    }
}

#[test]
fn frames_of_all_commands_follow_each_other_wherever_the_stream_is_cut() {
    let (frames, bytes): (Vec<_>, Vec<_>) = frame_vectors().into_iter().unzip();
    let stream = bytes.concat();
    for pieces in every_cut(&stream) {
        assert_eq!(
            reading::frames(&pieces, ENOUGH),
            (frames.clone(), Ok(0)),
            "pieces of {:?} bytes",
            pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_frame_cut_short_is_awaited_and_no_error() {
    for (_, bytes) in frame_vectors() {
        for length in 0..bytes.len() {
            let cut = bytes.get(..length).expect("shorter than the whole");
            assert_eq!(reading::frames(&[cut], ENOUGH), (vec![], Ok(length)));
        }
    }
}

#[test]
fn the_items_of_command_2_come_in_any_order() {
    let (frame, bytes) =
        frame_vectors().into_iter().find(|(frame, _)| frame.priority.is_some()).expect("a vector with all items");
    let items = items_of(&bytes);
    assert_eq!(items.len(), 5);
    let orders = permutations(items.len());
    assert_eq!(orders.len(), 120);
    for order in orders {
        let mixed: Vec<&[u8]> = order.iter().filter_map(|index| items.get(*index).copied()).collect();
        let stream = command_2(&mixed.concat());
        for pieces in [vec![stream.as_slice()], stream.chunks(1).collect()] {
            assert_eq!(reading::frames(&pieces, ENOUGH), (vec![frame.clone()], Ok(0)), "items in the order {order:?}");
        }
    }
}

#[test]
fn an_absent_item_is_not_an_item_of_0() {
    let absent = one(&command_2(&hex("01 0001 aa 02 0002 7b7d")));
    assert_eq!((absent.identifier, absent.expiration, absent.priority), (None, None, None));
    let zero = one(&command_2(&hex("01 0001 aa 02 0002 7b7d 03 0004 00000000 04 0004 00000000 05 0001 00")));
    assert_eq!((zero.identifier, zero.expiration, zero.priority), (Some(0), Some(0), Some(Priority(0))));
}

#[test]
fn what_a_frame_lacks_is_empty_and_left_to_the_gateway_to_judge() {
    let nothing = one(&command_2(&[]));
    assert_eq!((nothing.token.len(), nothing.payload.len()), (0, 0));
    let simple = one(&hex("00 0000 0000"));
    assert_eq!((simple.command, simple.token, simple.payload), (Command::Simple, Bytes::new(), Bytes::new()));
}

#[test]
fn tokens_of_1_80_and_100_bytes_and_payloads_of_0_and_2048_go_both_ways() {
    for command in [Command::Simple, Command::Enhanced, Command::Items] {
        for token in [1, 32, 80, 100, 101, 65_535] {
            for payload in [0, 2, 256, 2_048, 4_096, 65_535] {
                let said = (command != Command::Simple).then_some(7);
                let frame = Frame {
                    command,
                    identifier: said,
                    expiration: said,
                    priority: (command == Command::Items).then_some(Priority(5)),
                    token: vec![0xab; token].into(),
                    payload: vec![b'x'; payload].into(),
                };
                let bytes = encoded(&frame);
                assert!(bytes.len() <= Decoder::LONGEST_FRAME);
                assert_eq!(reading::frames(&[&bytes], bytes.len()), (vec![frame], Ok(0)));
            }
        }
    }
}

#[test]
fn a_token_or_payload_of_65_536_bytes_is_not_written_and_nothing_else_either() {
    for command in [Command::Simple, Command::Enhanced, Command::Items] {
        for (token, payload) in [(65_536, 0), (0, 65_536)] {
            let frame = Frame {
                command,
                identifier: None,
                expiration: None,
                priority: None,
                token: vec![0; token].into(),
                payload: vec![0; payload].into(),
            };
            let mut out = vec![1, 2, 3];
            let error = frame.encode(&mut out).expect_err("too long");
            assert!(error.to_string().contains("65536 bytes"), "{error}");
            assert_eq!(out, [1, 2, 3]);
        }
    }
}

// ---- bytes that are no frame ----

/// What must be named: offset, problem, and the identifier as far as it was read.
fn assert_named(stream: &[u8], good_before: usize, expected: DecodeError) {
    for pieces in every_cut(stream) {
        let (frames, ended) = reading::frames(&pieces, 4_096);
        assert_eq!((frames.len(), ended), (good_before, Err(expected)), "in {stream:02x?}");
    }
}

#[test]
fn an_unknown_command_is_named_where_it_stands() {
    let good = hex("00 0001 aa 0002 7b7d");
    for command in [3, 8, 9, 0x16, 0x7b, 0xff] {
        let problem = Problem::UnknownCommand(command);
        let error = |offset| DecodeError { offset, identifier: 0, problem };
        assert_named(&[command, 0, 0], 0, error(0));
        assert_named(&[good.clone(), vec![command]].concat(), 1, error(good.len() as u64));
        let said = error(8).to_string();
        assert!(said.contains("byte 8") && said.contains(&format!("{command:02x}")), "{said}");
    }
}

#[test]
fn a_frame_that_misstates_a_length_is_named_with_its_identifier() {
    // The third column: offset within the frame. Each frame begins with `02` and its right length.
    let cases: [(&str, u32, u64, Problem); 13] = [
        ("01", 0, 5, Problem::ItemHeadCut { left: 1 }),
        ("01 00", 0, 5, Problem::ItemHeadCut { left: 2 }),
        ("03 0004 00000007 01 00", 7, 12, Problem::ItemHeadCut { left: 2 }),
        ("01 0001", 0, 6, Problem::ItemOverruns { id: 1, declared: 1, left: 0 }),
        ("03 0004 00000007 02 0003 7b7d", 7, 13, Problem::ItemOverruns { id: 2, declared: 3, left: 2 }),
        ("03 0004 000000", 0, 6, Problem::ItemOverruns { id: 3, declared: 4, left: 3 }),
        ("03 0003 000000", 0, 6, Problem::ItemLength { id: 3, expected: 4, found: 3 }),
        ("03 0004 00000007 04 0008 0000000000000000", 7, 13, Problem::ItemLength { id: 4, expected: 4, found: 8 }),
        ("03 0004 00000007 05 0002 000a", 7, 13, Problem::ItemLength { id: 5, expected: 1, found: 2 }),
        ("05 0000", 0, 6, Problem::ItemLength { id: 5, expected: 1, found: 0 }),
        ("03 0004 00000007 03 0004 00000008", 7, 12, Problem::ItemTwice(3)),
        ("01 0001 aa 03 0004 00000007 01 0001 aa", 7, 16, Problem::ItemTwice(1)),
        ("03 0004 00000007 02 0002 7b7d 02 0000", 7, 17, Problem::ItemTwice(2)),
    ];
    let good = command_2(&hex("01 0001 aa 02 0002 7b7d"));
    for (items, identifier, offset, problem) in cases {
        let bad = command_2(&hex(items));
        let error = |start: usize| DecodeError { offset: start as u64 + offset, identifier, problem };
        assert_named(&bad, 0, error(0));
        assert_named(&[good.clone(), bad, good.clone()].concat(), 1, error(good.len()));
    }
}

#[test]
fn an_item_that_is_not_1_to_5_is_named() {
    for id in [0, 6, 7, 0x7b, 0xff] {
        let bad = command_2(&[hex("03 0004 00000007"), vec![id, 0, 0]].concat());
        assert_named(&bad, 0, DecodeError { offset: 12, identifier: 7, problem: Problem::UnknownItem(id) });
    }
}

#[test]
fn a_frame_that_is_too_long_is_refused_as_soon_as_its_length_is_known() {
    // What has come when it is refused; identifier; offset of the length; what the lengths say so far.
    let cases: [(&str, u32, u64, usize); 5] = [
        ("02 00000ffc", 0, 1, 4_097),
        ("00 0ffc", 0, 1, 4_097),
        ("01 00000007 00000000 ffff", 7, 9, 65_535 + 13),
        ("00 0001 aa 0ffb", 0, 4, 4_097),
        ("01 00000007 00000000 0001 aa ffff", 7, 12, 65_535 + 14),
    ];
    for (head, identifier, offset, declared) in cases {
        let error = DecodeError { offset, identifier, problem: Problem::FrameTooLong { declared, limit: 4_096 } };
        assert_named(&hex(head), 0, error);
    }
}

#[test]
fn no_more_than_one_frame_of_the_limit_is_ever_held() {
    // A token that ends where the limit is leaves no place for a payload's length.
    let (limit, stream) = (13, hex("00 000a aaaaaaaaaaaaaaaaaaaa 0000"));
    let mut decoder = Decoder::new(limit);
    for byte in stream {
        decoder.push(&[byte]);
        if decoder.next_frame().is_err() {
            return;
        }
        assert!(decoder.pending() <= limit, "{} bytes", decoder.pending());
    }
    unreachable!("it was refused");
}

#[test]
fn a_frame_of_exactly_the_limit_is_taken() {
    for frame in ["02 00000008 01 0001 aa 02 0001 7b", "00 0004 aaaaaaaa 0004 7b202020"] {
        let bytes = hex(frame);
        assert_eq!(bytes.len(), 13);
        let (frames, ended) = reading::frames(&[&bytes], 13);
        assert_eq!((frames.len(), ended), (1, Ok(0)));
        let (frames, ended) = reading::frames(&[&bytes], 12);
        assert!(frames.is_empty() && ended.is_err());
    }
}

#[test]
fn the_longest_lengths_that_can_be_said_are_refused_and_overflow_nothing() {
    for length in [u32::MAX, u32::MAX - 4, u32::MAX - 5, 1 << 31] {
        let mut stream = vec![2];
        stream.extend(length.to_be_bytes());
        stream.extend([0; 64]);
        let (frames, ended) = reading::frames(&[&stream], ENOUGH);
        assert!(frames.is_empty());
        let error = ended.expect_err("much too long");
        assert_eq!(error.offset, 1);
        assert!(matches!(error.problem, Problem::FrameTooLong { limit: ENOUGH, .. }), "{error}");
    }
}

// ---- error responses ----

#[test]
fn an_error_response_goes_both_ways_in_six_bytes() {
    let vectors = vectors();
    for vector in list(&vectors, "error_responses") {
        let response = ErrorResponse {
            status: number(vector, "status").expect("a status"),
            identifier: number(vector, "identifier").expect("an identifier"),
        };
        let bytes = bytes_of(&vectors, vector);
        assert_eq!(response.encode().as_slice(), bytes);
        assert_eq!(reading::error_responses(&bytes), (vec![response], Ok(0)), "{vector}");
        for length in 0..bytes.len() {
            let cut = bytes.get(..length).expect("shorter than the whole");
            assert_eq!(reading::error_responses(cut), (vec![], Ok(length)));
        }
    }
}

#[test]
fn a_second_error_response_is_read_too_and_what_is_none_is_named() {
    let first = ErrorResponse { status: 8, identifier: 5 };
    let second = ErrorResponse { status: 77, identifier: 0x0808_0808 };
    let stream = [&first.encode()[..], &second.encode(), &[0x15, 3, 3]].concat();
    let error = NotAnErrorResponse { offset: 12, found: 0x15 };
    assert_eq!(reading::error_responses(&stream), (vec![first, second], Err(error)));
    assert_eq!(error.to_string(), "byte 12 of the answer: expected an error response (08), found 15");
}

// ---- feedback ----

#[test]
fn a_feedback_tuple_goes_both_ways_wherever_it_is_cut() {
    let vectors = vectors();
    for vector in list(&vectors, "feedback") {
        let token = DeviceToken::from_hex(text(&vectors, "T").as_bytes()).expect("a token");
        let time = number(vector, "time").expect("a time");
        let tuple = Tuple { time, token };
        let bytes = bytes_of(&vectors, vector);
        let mut out = Vec::new();
        tuple.encode(&mut out);
        assert_eq!(out, bytes);

        let thrice = [bytes.clone(), bytes.clone(), bytes.clone()].concat();
        let step = number(vector, "cut_every").expect("a step");
        for pieces in every_cut(&thrice).into_iter().chain([thrice.chunks(step).collect()]) {
            assert_eq!(reading::feedback(&pieces), (vec![tuple; 3], Ok(())));
        }
    }
}

#[test]
fn a_feedback_tuple_has_a_token_of_1_to_100_bytes() {
    let good = hex("536fe0f0 0001 aa");
    for length in [0_u16, 101, 256, 65_535] {
        let bad = [hex("536fe0f0"), length.to_be_bytes().to_vec(), vec![0; 8]].concat();
        let stream = [good.clone(), bad].concat();
        for pieces in every_cut(&stream) {
            let (tuples, ended) = reading::feedback(&pieces);
            assert_eq!(tuples.len(), 1, "the one before it is kept");
            assert_eq!(ended, Err(FeedbackError::TokenLength { offset: 11, found: length }));
        }
    }
    for length in [1, 80, 100] {
        let token = DeviceToken::from_bytes(&vec![0xcd; length]).expect("1 to 100 bytes");
        let tuple = Tuple { time: u32::MAX, token };
        let mut bytes = Vec::new();
        tuple.encode(&mut bytes);
        assert_eq!(reading::feedback(&[&bytes]), (vec![tuple], Ok(())));
    }
}

#[test]
fn feedback_that_is_none_stays_so() {
    let error = Err(FeedbackError::TokenLength { offset: 4, found: 0 });
    let mut decoder = feedback::Decoder::default();
    let mut tuples = 0;
    assert_eq!(decoder.push(&hex("536fe0f0 0000"), |_| tuples += 1), error);
    assert_eq!(decoder.push(&hex("536fe0f0 0001 aa"), |_| tuples += 1), error);
    assert_eq!((decoder.finish(), tuples), (error, 0));
}

#[test]
fn feedback_that_ends_inside_a_tuple_says_how_much_is_missing() {
    let whole = hex("536fe0f0 0003 aabbcc");
    for length in 1..whole.len() {
        let stream = [whole.as_slice(), whole.get(..length).expect("shorter")].concat();
        let (tuples, ended) = reading::feedback(&[&stream]);
        assert_eq!(tuples.len(), 1);
        // Until the token's length has come, a token of one byte is the least that is missing.
        let missing = if length < 6 { 7 } else { 9 } - length;
        assert_eq!(ended, Err(FeedbackError::Truncated { offset: (9 + length) as u64, missing }));
    }
    assert_eq!(reading::feedback(&[]), (vec![], Ok(())), "nothing is no error");
}

// ---- helpers ----

fn one(bytes: &[u8]) -> Frame {
    let (mut frames, ended) = reading::frames(&[bytes], ENOUGH);
    assert_eq!((frames.len(), ended), (1, Ok(0)));
    frames.remove(0)
}

/// A frame of command 2 around these items, with its right length.
fn command_2(items: &[u8]) -> Vec<u8> {
    let length = (items.len() as u32).to_be_bytes();
    [&[2], length.as_slice(), items].concat()
}

/// The items of a good frame of command 2, each with its head.
fn items_of(frame: &[u8]) -> Vec<&[u8]> {
    let mut rest = frame.get(5..).unwrap_or_default();
    let mut items = Vec::new();
    while let [_, high, low, ..] = rest {
        let length = 3 + usize::from(u16::from_be_bytes([*high, *low]));
        let (item, behind) = rest.split_at(length);
        items.push(item);
        rest = behind;
    }
    items
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    permutations(count - 1)
        .into_iter()
        .flat_map(|shorter| {
            (0..count).map(move |at| {
                let mut longer = shorter.clone();
                longer.insert(at, count - 1);
                longer
            })
        })
        .collect()
}
