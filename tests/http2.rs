//! One connection of HTTP/2: what it writes and when, what answers mean, and what a peer cannot make it do.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that reaches beyond what is there fails, as it should"
)]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod http2_hand;

use bellpush::batch::Stop;
use bellpush::http2::hpack::Decoder;
use bellpush::http2::{
    self, Blocked, Connection, EndingKind, ErrorCode, MAX_HEADER_FRAMES, MAX_PENDING_CONTROL, MAX_REFUSED, Request,
    RequestError,
};
use bellpush::outcome::{Outcome, Reason};

use http2_hand::{Hand, SETTINGS, accepts, config, frame, frames, refuses, request};

fn with_token() -> http2::Config {
    http2::Config { authorization: Some("bearer secret".into()), ..config() }
}

/// Streams of the requests in what was written.
fn requests(bytes: &[u8]) -> Vec<u32> {
    frames(bytes).iter().filter(|(kind, ..)| *kind == 1).map(|(_, stream, _)| *stream).collect()
}

/// A peer's setting.
fn setting(id: u16, value: u32) -> Vec<u8> {
    frame(4, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
}

// ---- what it writes ----

#[test]
fn first_come_the_preface_and_the_settings() {
    let mut hand = Hand::new(0, &config());
    let bytes = hand.says();
    assert!(bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    let settings = vec![0, 2, 0, 0, 0, 0, 0, 6, 0, 0, 0x40, 0];
    assert_eq!(frames(&bytes), [(4, 0, settings)], "no pushes; 16,384 bytes of headers");
    assert!(hand.says().is_empty());
}

#[test]
fn a_request_is_what_apple_wants() {
    let mut hand = Hand::new(2, &with_token());
    let mut wanted = request();
    wanted.topic = Some("com.example.doorbell".into());
    wanted.push_type = Some("background".into());
    wanted.priority = Some(bellpush::notification::Priority::CONSERVE_POWER);
    wanted.expiration = Some(1_700_000_000);
    wanted.collapse_id = Some("ding".into());
    wanted.id = Some("ec1bf194-b3b2-424a-89d7-b7c4e3f9d0a1".into());
    hand.connection = Connection::new(&with_token(), 0).expect("plain texts");
    hand.connection.serve(wanted).expect("plain texts");
    let mut decoder = Decoder::new(10_000);
    let mut lengths = Vec::new();
    for slot in 0..2 {
        let bytes = hand.says();
        let [.., (1, stream, block), (0, data_stream, payload)] = &frames(&bytes)[..] else { panic!("{bytes:?}") };
        assert_eq!((*stream, *data_stream, payload.as_slice()), (2 * slot + 1, 2 * slot + 1, http2_hand::PAYLOAD));
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
        decoder.decode(block, |name, value| fields.push(format!("{}: {}", text(name), text(value)))).expect("a block");
        let path = format!(":path: /3/device/{slot:064x}");
        let wanted = [
            ":method: POST",
            ":scheme: https",
            ":authority: gateway.test",
            &path,
            "authorization: bearer secret",
            "apns-topic: com.example.doorbell",
            "apns-push-type: background",
            "apns-priority: 5",
            "apns-expiration: 1700000000",
            "apns-collapse-id: ding",
            "apns-id: ec1bf194-b3b2-424a-89d7-b7c4e3f9d0a1",
        ];
        assert_eq!(fields, wanted);
        lengths.push(block.len());
        hand.hears(&[&SETTINGS[..], &accepts(stream.to_owned())].concat());
    }
    assert!(lengths[1] < 110, "what repeats is numbers the second time: {lengths:?}");
}

#[test]
fn with_a_token_one_stream_is_open_until_it_is_proven_and_then_as_many_as_the_peer_allows() {
    let mut hand = Hand::new(50, &with_token());
    assert_eq!(requests(&hand.says()), [1]);
    hand.hears(&[SETTINGS.to_vec(), setting(3, 20)].concat());
    assert!(requests(&hand.says()).is_empty());
    assert_eq!(hand.connection.blocked(), Some(Blocked::Streams));
    hand.hears(&accepts(1));
    assert_eq!(requests(&hand.says()).len(), 20);
    hand.hears(&setting(3, 1));
    for stream in (3..41).step_by(2) {
        hand.hears(&accepts(stream));
        assert!(requests(&hand.says()).is_empty(), "a fall of the limit to 1 is obeyed");
    }
    hand.hears(&accepts(41));
    assert_eq!(requests(&hand.says()), [43]);
}

#[test]
fn with_a_certificate_it_waits_for_the_peers_settings_only() {
    let mut hand = Hand::new(50, &config());
    assert_eq!(requests(&hand.says()), [1]);
    hand.hears(&SETTINGS);
    assert_eq!(requests(&hand.says()).len(), 49);
}

#[test]
fn what_cannot_be_a_header_field_is_named() {
    let mut connection = Connection::new(&config(), 0).expect("plain texts");
    let mut serve = |topic: &str| connection.serve(Request { topic: Some(topic.into()), ..request() });
    assert_eq!(serve("a\r\nb"), Err(RequestError::Control { what: "topic", at: 2 }));
    assert_eq!(serve(""), Err(RequestError::Blank { what: "topic" }));
    assert_eq!(serve(" a"), Err(RequestError::Blank { what: "topic" }));
    assert_eq!(serve(&"a".repeat(5_000)), Err(RequestError::TooLarge { bytes: 5_010 }));
    assert_eq!(connection.serve(Request { path: "3/device/".into(), ..request() }), Err(RequestError::Path));
    assert!(Connection::new(&http2::Config { authorization: Some("a\nb".into()), ..config() }, 0).is_err());
}

#[test]
fn an_authorization_shows_nowhere() {
    let connection = Connection::new(&with_token(), 0).expect("plain texts");
    let shown = format!("{connection:?}");
    assert!(shown.contains("Authorization(…)") && !shown.contains("secret"), "{shown}");
}

// ---- what answers mean ----

#[test]
fn a_gateway_that_is_out_of_order_is_left_alone_as_long_as_it_says_and_then_asked_once() {
    let mut hand = Hand::of_three();
    let busy = frame(1, 5, 1, &[&[0x08, 3][..], b"503", &[0x0f, 0x26, 2], b"10"].concat());
    hand.hears(&[busy, accepts(3), accepts(5)].concat());
    assert!(requests(&hand.says()).is_empty());
    assert_eq!(hand.batch().next_wakeup(), Some(10_000), "Retry-After: 10");
    hand.now = 10_000;
    assert_eq!(requests(&hand.says()), [7]);
}

#[test]
fn after_a_wave_of_failures_one_request_shows_whether_the_gateway_is_back() {
    let mut hand = Hand::new(100, &config());
    hand.hears(&[SETTINGS.to_vec(), setting(3, 50)].concat());
    assert_eq!(requests(&hand.says()).len(), 50);
    for stream in (1..100).step_by(2) {
        hand.hears(&refuses(stream, 503, "ServiceUnavailable"));
    }
    assert_eq!(requests(&hand.says()), [101], "one, and the batch is not stopped by fifty failures that are one");
    assert_eq!(hand.batch().stopped(), None);
    hand.hears(&accepts(101));
    assert_eq!(requests(&hand.says()).len(), 49, "those that failed wait for their times");
}

#[test]
fn one_tokens_limit_does_not_stop_the_others() {
    let mut hand = Hand::new(10, &config());
    hand.hears(&[SETTINGS.to_vec(), setting(3, 1)].concat());
    hand.says();
    for stream in (1..19).step_by(2) {
        hand.hears(&refuses(stream, 429, "TooManyRequests"));
        assert_eq!(requests(&hand.says()), [stream + 2]);
    }
    assert_eq!(hand.batch().stopped(), None);
}

#[test]
fn an_expired_token_is_renewed_once_and_costs_nothing() {
    let mut hand = Hand::new(30, &with_token());
    hand.hears(&SETTINGS);
    hand.says();
    hand.hears(&accepts(1));
    hand.says();
    hand.hears(&refuses(3, 403, "ExpiredProviderToken"));
    assert!(hand.connection.wants_authorization() && hand.ends().len() == 1);
    assert!(requests(&hand.says()).is_empty());
    assert_eq!(hand.connection.blocked(), Some(Blocked::Authorization));
    hand.connection.authorize("bearer fresh").expect("a plain text");
    for stream in (5..61).step_by(2) {
        hand.hears(&refuses(stream, 403, "ExpiredProviderToken"));
    }
    assert!(!hand.connection.wants_authorization(), "those were sent with the old one");
    assert_eq!(requests(&hand.says()), [61], "the new one has to prove itself");
    hand.hears(&refuses(61, 403, "ExpiredProviderToken"));
    assert!(!hand.connection.wants_authorization(), "it is asked for once");
    assert_eq!(hand.batch().stopped(), Some(Stop::Refused(Reason::EXPIRED_PROVIDER_TOKEN)));
    assert_eq!(
        (hand.count(Outcome::Accepted), hand.count(Outcome::Rejected), hand.count(Outcome::NotSent)),
        (1, 1, 28)
    );
}

#[test]
fn a_bad_token_is_asked_about_on_another_connection_only() {
    let mut hand = Hand::new(1, &config());
    hand.hears(&SETTINGS);
    hand.says();
    hand.hears(&refuses(1, 400, "BadDeviceToken"));
    assert!(requests(&hand.says()).is_empty());
    assert_eq!(hand.connection.blocked(), Some(Blocked::Suspects));
    hand.connection = Connection::new(&http2::Config { number: 2, ..config() }, 0).expect("plain texts");
    hand.connection.serve(request()).expect("plain texts");
    assert_eq!(requests(&hand.says()), [1]);
    hand.hears(&[&SETTINGS[..], &refuses(1, 400, "BadDeviceToken")].concat());
    let [end] = hand.ends()[..] else { panic!("one slot") };
    assert_eq!((end.outcome, end.reason, end.dead), (Outcome::Rejected, Reason::BAD_DEVICE_TOKEN, true));
}

#[test]
fn dead_tokens_that_are_answered_first_do_not_outnumber_those_that_are_still_to_be_answered() {
    let mut hand = Hand::new(60, &config());
    hand.hears(&SETTINGS);
    hand.says();
    for stream in (1..60).step_by(2) {
        hand.hears(&refuses(stream, 400, "BadDeviceToken"));
    }
    assert_eq!(hand.batch().stopped(), None, "30 are refused, and 30 may be accepted");
    for stream in (61..120).step_by(2) {
        hand.hears(&accepts(stream));
    }
    assert_eq!((hand.batch().stopped(), hand.count(Outcome::Accepted)), (None, 30));
}

#[test]
fn those_that_another_connection_has_under_way_are_waited_for_as_well() {
    let mut hand = Hand::new(60, &config());
    hand.hears(&[SETTINGS.to_vec(), setting(3, 30)].concat());
    hand.says();
    let other = Connection::new(&http2::Config { number: 2, ..config() }, 0).expect("plain texts");
    let first = std::mem::replace(&mut hand.connection, other);
    hand.connection.serve(request()).expect("plain texts");
    hand.hears(&SETTINGS);
    assert_eq!(requests(&hand.says()).len(), 30);
    let second = std::mem::replace(&mut hand.connection, first);
    for stream in (1..60).step_by(2) {
        hand.hears(&refuses(stream, 400, "BadDeviceToken"));
    }
    assert_eq!(hand.batch().stopped(), None, "30 are refused, and 30 may be accepted elsewhere");
    hand.connection = second;
    for stream in (1..60).step_by(2) {
        hand.hears(&accepts(stream));
    }
    assert_eq!((hand.batch().stopped(), hand.count(Outcome::Accepted)), (None, 30));
}

#[test]
fn mostly_bad_tokens_stop_the_batch_and_none_is_held_for_dead() {
    let mut hand = Hand::new(60, &config());
    hand.hears(&SETTINGS);
    hand.says();
    for stream in (1..=60).step_by(2) {
        hand.hears(&refuses(stream, 400, "BadDeviceToken"));
    }
    hand.hears(&refuses(61, 400, "BadDeviceToken"));
    assert_eq!(hand.batch().stopped(), Some(Stop::MostlyRefused));
    for stream in (63..120).step_by(2) {
        hand.hears(&refuses(stream, 400, "BadDeviceToken"));
    }
    assert!(hand.batch().is_finished());
    let ends = hand.ends();
    assert_eq!(ends.iter().filter(|end| end.outcome == Outcome::Rejected && !end.dead).count(), 60);
}

#[test]
fn an_answer_that_comes_before_all_was_sent_stops_the_rest() {
    let mut hand = Hand::new(1, &config());
    hand.hears(&[SETTINGS.to_vec(), setting(4, 5)].concat());
    let written = frames(&hand.says());
    assert!(matches!(&written[..], [.., (1, 1, _), (0, 1, part)] if part.len() == 5), "{written:?}");
    hand.hears(&refuses(1, 413, "PayloadTooLarge"));
    assert_eq!(frames(&hand.says()), [(3, 1, vec![0, 0, 0, 8])], "CANCEL");
    assert_eq!(hand.batch().stopped().map(|stop| matches!(stop, Stop::Refused(_))), Some(true));
}

#[test]
fn a_payload_larger_than_a_frame_goes_out_in_several() {
    let payload = [&br#"{"aps":{"alert":""#[..], &[b'x'; 20_000], br#""}}"#].concat();
    let mut hand = Hand::new(2, &config());
    hand.connection = Connection::new(&config(), 0).expect("plain texts");
    let payload = bellpush::notification::Payload::parse(&payload, 30_000).expect("an object");
    hand.connection.serve(Request::new(payload.clone())).expect("plain texts");
    hand.hears(&SETTINGS);
    let bytes = [hand.says(), hand.says()].concat();
    for stream in [1, 3] {
        let parts: Vec<Vec<u8>> = frames(&bytes)
            .into_iter()
            .filter(|(kind, of, _)| (*kind, *of) == (0, stream))
            .map(|(.., part)| part)
            .collect();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= 16_384), "of stream {stream}");
        assert_eq!(parts.concat(), payload.as_bytes());
    }
}

// ---- how it ends ----

#[test]
fn a_lost_connection_leaves_in_doubt_only_what_left_whole() {
    let mut hand = Hand::of_three();
    let length = 2; // of the last request, two bytes have not left
    hand.connection.closed(&mut hand.held, length, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert_eq!(hand.count(Outcome::InDoubt), 2);
    assert!(hand.batch().has_work(0), "the third goes out again");
    let mut partial = Hand::new(1, &config());
    partial.hears(&[SETTINGS.to_vec(), setting(4, 5)].concat());
    partial.says();
    partial.connection.closed(&mut partial.held, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert!(partial.batch().has_work(0), "its payload waited for a window");
}

#[test]
fn a_refused_certificate_leaves_nothing_in_doubt() {
    let mut hand = Hand::of_three();
    hand.connection.refused(&mut hand.held, 0);
    assert!(hand.connection.is_done() && hand.batch().has_work(0) && hand.ends().is_empty());
}

#[test]
fn an_answer_that_does_not_come_in_time_is_in_doubt_and_its_stream_is_cancelled() {
    let mut hand = Hand::of_three();
    hand.now = 900;
    hand.hears(&accepts(3));
    assert_eq!(hand.connection.deadline(), Some(1_000));
    hand.now = 1_000;
    hand.connection.tick(&mut hand.held, 1_000);
    assert_eq!(frames(&hand.says()), [(4, 0, vec![]), (3, 1, vec![0, 0, 0, 8]), (3, 5, vec![0, 0, 0, 8])][1..]);
    assert_eq!((hand.count(Outcome::InDoubt), hand.count(Outcome::Accepted)), (2, 1));
    hand.hears(&accepts(1));
    assert_eq!(hand.count(Outcome::Accepted), 1, "too late");
    assert!(hand.connection.is_open());
}

#[test]
fn a_peer_that_answers_no_request_in_time_gets_no_more_of_them() {
    let mut hand = Hand::new(5, &config());
    hand.hears(&frame(4, 0, 0, &[0, 3, 0, 0, 0, 2]));
    hand.says();
    hand.hears(&accepts(1));
    hand.now = 500;
    hand.says(); // stream 5, in the place of stream 1
    hand.now = 1_000;
    hand.connection.tick(&mut hand.held, 1_000);
    assert!(!hand.connection.is_open() && !hand.connection.is_done(), "stream 5 still has time");
    assert!(frames(&hand.says()).iter().all(|(kind, ..)| *kind != 1), "nothing goes out on it any more");
    hand.hears(&accepts(5));
    assert!(hand.connection.is_done() && hand.batch().has_work(1_000));
    assert_eq!((hand.count(Outcome::InDoubt), hand.count(Outcome::Accepted)), (1, 2));
    assert_eq!(hand.connection.ending().map(|ending| ending.kind), Some(EndingKind::Timeout));
}

#[test]
fn a_peer_that_lets_no_request_begin_is_left_after_the_time_of_an_answer() {
    let mut hand = Hand::new(2, &config());
    hand.hears(&frame(4, 0, 0, &[0, 3, 0, 0, 0, 0]));
    hand.now = 100;
    assert!(frames(&hand.says()).iter().all(|(kind, ..)| *kind != 1));
    assert_eq!((hand.connection.blocked(), hand.connection.deadline()), (Some(Blocked::Streams), Some(1_100)));
    hand.now = 1_099;
    hand.connection.tick(&mut hand.held, 1_099);
    hand.says();
    assert!(hand.connection.is_open());
    hand.now = 1_100;
    hand.connection.tick(&mut hand.held, 1_100);
    assert!(hand.connection.is_done() && hand.batch().has_work(1_100));
    assert_eq!(hand.connection.ending().map(|ending| ending.kind), Some(EndingKind::Timeout));
}

#[test]
fn a_peer_that_lets_requests_begin_again_in_time_is_not_left() {
    let mut hand = Hand::new(2, &config());
    hand.hears(&frame(4, 0, 0, &[0, 3, 0, 0, 0, 0]));
    hand.says();
    hand.now = 900;
    hand.hears(&frame(4, 0, 0, &[0, 3, 0, 0, 0, 1]));
    hand.says();
    hand.now = 1_100;
    hand.connection.tick(&mut hand.held, 1_100);
    assert_eq!((hand.connection.is_open(), hand.connection.streams()), (true, 1));
}

#[test]
fn with_a_token_nothing_more_goes_out_before_the_body_of_a_refusal_says_why() {
    let mut hand = Hand::new(50, &with_token());
    hand.hears(&SETTINGS);
    hand.says();
    let refusal = refuses(1, 400, "BadTopic");
    let headers = 9 + usize::from(refusal[2]);
    hand.hears(&refusal[..headers]);
    assert!(hand.says().is_empty());
    hand.hears(&refusal[headers..]);
    assert!(hand.says().is_empty() && hand.batch().stopped().is_some());
}

#[test]
fn what_a_proxy_got_no_answer_for_is_in_doubt() {
    let mut hand = Hand::of_three();
    hand.hears(&[refuses(1, 502, ""), refuses(3, 504, "<html>"), accepts(5)].concat());
    assert_eq!((hand.count(Outcome::InDoubt), hand.count(Outcome::Accepted)), (2, 1));
    assert!(hand.batch().is_finished());
}

#[test]
fn that_an_authorization_is_refused_teaches_nothing_of_the_connection() {
    let mut hand = Hand::of_three();
    hand.hears(&refuses(1, 403, "ExpiredProviderToken"));
    assert!(!hand.connection.has_learnt());
    hand.hears(&accepts(3));
    assert!(hand.connection.has_learnt());
}

#[test]
fn a_silent_peer_is_asked_whether_it_is_there_and_then_given_up() {
    let mut hand = Hand::new(0, &config());
    hand.hears(&SETTINGS);
    hand.says();
    assert_eq!(hand.connection.deadline(), Some(2_000));
    hand.now = 2_000;
    hand.connection.tick(&mut hand.held, 2_000);
    let ping = frames(&hand.says());
    assert!(matches!(&ping[..], [(6, 0, _)]), "{ping:?}");
    hand.now = 2_030;
    hand.hears(&frame(6, 1, 0, &ping[0].2));
    assert_eq!((hand.connection.round_trip(), hand.connection.deadline()), (Some(30), Some(4_030)));
    hand.connection.tick(&mut hand.held, 4_030);
    hand.connection.tick(&mut hand.held, 5_029);
    assert!(hand.connection.is_open());
    hand.connection.tick(&mut hand.held, 5_030);
    assert!(hand.connection.is_done());
    assert_eq!(hand.connection.ending().map(|ending| ending.kind), Some(EndingKind::Timeout));
}

#[test]
fn when_it_is_closed_it_waits_for_its_answers_and_takes_leave() {
    let mut hand = Hand::of_three();
    hand.connection.close();
    assert!(!hand.connection.is_open() && !hand.connection.is_done());
    hand.hears(&[accepts(1), accepts(3)].concat());
    assert!(hand.says().is_empty());
    hand.hears(&accepts(5));
    assert!(hand.connection.is_done());
    assert_eq!(frames(&hand.says()), [(7, 0, vec![0; 8])]);
    assert_eq!(hand.count(Outcome::Accepted), 3);
}

#[test]
fn a_batch_that_is_forgotten_gets_its_verdicts_and_its_key_is_free_afterwards() {
    let mut hand = Hand::of_three();
    hand.connection.forget(0);
    assert_eq!(hand.connection.serve(request()), Ok(1), "0 is in use");
    hand.hears(&[accepts(1), accepts(3), accepts(5)].concat());
    assert!(hand.batch().is_finished());
    assert_eq!(hand.connection.serve(request()), Ok(0));
}

// ---- what a peer cannot make it do ----

/// How the connection ended, and that the peer was told.
fn fault(hand: &mut Hand) -> Option<ErrorCode> {
    let ending = hand.connection.ending().filter(|ending| ending.kind == EndingKind::Fault)?.clone();
    let written = frames(&hand.says());
    let (kind, stream, payload) = written.last().expect("a GOAWAY is last");
    assert_eq!((*kind, *stream), (7, 0), "{written:?}");
    assert_eq!(payload[4..8], ending.code.0.to_be_bytes());
    assert!(ending.message.starts_with(std::str::from_utf8(&payload[8..]).expect("a text")));
    Some(ending.code)
}

#[test]
fn answers_that_nobody_reads_are_bounded() {
    for (kind, payload) in [(6, &[7; 8][..]), (4, &[])] {
        let mut hand = Hand::of_three();
        let mut asked = 0;
        while hand.connection.is_open() {
            hand.hears(&frame(kind, 0, 0, payload));
            asked += 1;
            assert!(asked <= MAX_PENDING_CONTROL);
        }
        assert_eq!(fault(&mut hand), Some(ErrorCode::ENHANCE_YOUR_CALM));
        let mut read = Hand::of_three();
        for _ in 0..2 * asked {
            read.hears(&frame(kind, 0, 0, payload));
            assert_eq!(frames(&read.says()).len(), 1, "answered, one by one");
        }
    }
}

#[test]
fn a_header_block_without_end_is_bounded() {
    for content in [&[][..], &[0; 8_000]] {
        let mut hand = Hand::of_three();
        hand.hears(&frame(1, 1, 1, content));
        for _ in 0..MAX_HEADER_FRAMES {
            assert!(hand.connection.pending() <= http2::MAX_HEADER_BLOCK + http2::frame::MAX_PAYLOAD);
            hand.hears(&frame(9, 0, 1, content));
        }
        assert_eq!(fault(&mut hand), Some(ErrorCode::ENHANCE_YOUR_CALM));
    }
}

#[test]
fn the_body_of_an_answer_is_bounded() {
    let mut hand = Hand::of_three();
    hand.hears(&[frame(1, 4, 1, &[0x8c]), frame(0, 0, 1, &[b' '; 1_000])].concat());
    assert!(hand.connection.pending() <= http2::answer::MAX_BODY);
    hand.hears(&frame(0, 0, 1, &[b' '; 1_000]));
    assert_eq!(frames(&hand.says()), [(3, 1, vec![0, 0, 0, 8])], "CANCEL");
    assert_eq!(hand.ends().len(), 1, "refused, for what its status says");
    assert_eq!(hand.connection.pending(), 0);
}

#[test]
fn what_the_peer_sends_is_bounded_by_the_window_that_it_has() {
    let mut hand = Hand::of_three();
    hand.hears(&frame(1, 4, 1, &[0x88]));
    let mut updates = 0;
    for _ in 0..100 {
        hand.hears(&frame(0, 0, 1, &[0; 16_000]));
        updates += frames(&hand.says()).iter().filter(|(kind, stream, _)| (*kind, *stream) == (8, 0)).count();
    }
    assert!(hand.connection.is_open() && updates >= 30, "{updates}");
}

#[test]
fn streams_that_are_refused_for_ever_end_the_connection() {
    let mut hand = Hand::new(1, &config());
    hand.hears(&[&SETTINGS[..], &frame(8, 0, 0, &(1_u32 << 24).to_be_bytes())].concat());
    for count in 0..=MAX_REFUSED {
        assert_eq!(requests(&hand.says()), [2 * count + 1]);
        hand.hears(&frame(3, 0, 2 * count + 1, &7_u32.to_be_bytes()));
    }
    assert_eq!(fault(&mut hand), Some(ErrorCode::ENHANCE_YOUR_CALM));
    assert!(hand.batch().has_work(0), "and the slot goes out again elsewhere");
}

#[test]
fn something_else_than_http_2_is_named() {
    let mut hand = Hand::new(1, &config());
    hand.says();
    hand.hears(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(fault(&mut hand), Some(ErrorCode::FRAME_SIZE_ERROR));
    let mut first = Hand::new(1, &config());
    first.hears(&accepts(1));
    assert_eq!(fault(&mut first), Some(ErrorCode::PROTOCOL_ERROR));
}
