//! What a link writes, when, and what it makes of answers, silence and the end of its connection.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod hand;
mod sent;

use bellpush::batch::{Batch, Config, InDoubt};
use bellpush::binary::frame::{Command, Decoder};
use bellpush::binary::{Link, LinkState, Timing, server};
use bellpush::notification::{Notification, Payload, Priority};
use bellpush::outcome::{Outcome, Reason};

use hand::{accepted, batch_of, ends, in_doubt, link, listing, patient, push, rejected, says, slots, write};

// ---- what is written ----

#[test]
fn identifiers_start_at_1_on_every_link_and_the_sentinel_has_the_next() {
    let mut batch = batch_of(3, listing());
    for _ in 0..2 {
        let mut link = link(0);
        let identifiers: Vec<u32> = write(&mut link, &mut batch, 0).iter().map(|frame| frame.identifier).collect();
        assert_eq!(identifiers, [1, 2, 3, 4]);
        link.refused(&mut batch, 0);
    }
}

#[test]
fn a_frame_says_what_the_notification_says_and_nothing_else() {
    for (expiration, priority) in [(None, None), (Some(0), Some(Priority(5))), (Some(7), None)] {
        let notification =
            Notification { payload: Payload::parse(b"{\"aps\":{}}", 256).expect("an object"), expiration, priority };
        let mut batch = Batch::new(listing());
        batch.push_hex(b"00ff", 0);
        let mut decoder = Decoder::new(1_000);
        decoder.push(Link::new(&notification, 0).write(&mut batch, 1, 0));
        let frame = decoder.next_frame().expect("well-formed").expect("whole");
        assert_eq!((frame.command, frame.identifier), (Command::Items, Some(1)));
        assert_eq!((frame.expiration, frame.priority), (expiration, priority));
        assert_eq!((frame.token.as_ref(), frame.payload.as_ref()), (&[0, 0xff][..], &b"{\"aps\":{}}"[..]));
        assert_eq!(decoder.pending(), 0);
    }
}

#[test]
fn what_a_link_writes_pleases_a_gateway_and_its_sentinel_does_not() {
    let mut batch = batch_of(2, listing());
    let mut link = link(0);
    let mut decoder = Decoder::new(1_000);
    decoder.push(link.write(&mut batch, hand::PLENTY, 0));
    for _ in 0..2 {
        let frame = decoder.next_frame().expect("well-formed").expect("whole");
        assert_eq!(server::judge(&frame.view(), Payload::BINARY_LIMIT), Ok(()));
    }
    let sentinel = decoder.next_frame().expect("well-formed").expect("whole");
    let answer = server::judge(&sentinel.view(), Payload::BINARY_LIMIT).expect_err("a sentinel is refused");
    assert_eq!(answer.identifier, 3);
    link.read(&mut batch, &answer.encode(), 0, 0);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1)]);
}

#[test]
fn a_link_writes_no_more_than_it_is_asked_for_and_a_frame() {
    let long = vec![b"ab".repeat(100); 1_000].join(&b'\n');
    let mut batch = Batch::new(listing());
    assert_eq!(batch.push_hex(&long, 0), 1_000);
    let mut link = link(0);
    let longest = 5 + 103 + 5 + 7;
    for max_bytes in [0, 1, longest, 1_000, 65_536] {
        let out = link.write(&mut batch, max_bytes, 0);
        assert!(out.len() < max_bytes + longest, "{} bytes where {max_bytes} were wanted", out.len());
        assert!(out.len() >= max_bytes);
    }
}

#[test]
fn a_link_that_may_write_without_end_writes_all_there_is() {
    let mut batch = batch_of(1_000, listing());
    let mut link = link(0);
    assert!(!link.write(&mut batch, usize::MAX, 0).is_empty());
    assert_eq!((link.in_flight(), link.state()), (1_000, LinkState::Confirming));
}

#[test]
fn a_link_that_is_asked_for_nothing_writes_nothing() {
    let mut batch = batch_of(1, listing());
    let mut link = link(0);
    assert!(link.write(&mut batch, 0, 0).is_empty() && link.state() == LinkState::Open);
}

#[test]
fn returned_slots_go_before_fresh_ones() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..3, 0);
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    push(&mut batch, 3..5, 0);
    first.read(&mut batch, &says(10, 1), 0, 0);
    assert_eq!(slots(&write(&mut link(0), &mut batch, 0)), [Some(1), Some(2), Some(3), Some(4)]);
}

// ---- when the sentinel is written ----

#[test]
fn a_link_with_open_input_lingers_for_more_tokens() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..2, 0);
    let mut link = patient(250, 30_000);
    assert_eq!(slots(&write(&mut link, &mut batch, 0)), [Some(0), Some(1)]);
    assert_eq!(link.deadline(), Some(30_004), "the bytes may still wait to leave");
    assert_eq!(slots(&write(&mut link, &mut batch, 100)), []);
    assert_eq!(link.deadline(), Some(350));
    assert_eq!(slots(&write(&mut link, &mut batch, 349)), []);

    push(&mut batch, 2..3, 349);
    assert_eq!(slots(&write(&mut link, &mut batch, 349)), [Some(2)], "the time begins anew");
    assert_eq!(slots(&write(&mut link, &mut batch, 350)), []);
    assert_eq!(link.deadline(), Some(600));
    assert_eq!(slots(&write(&mut link, &mut batch, 599)), []);
    assert_eq!(slots(&write(&mut link, &mut batch, 600)), [None]);
    assert_eq!(link.state(), LinkState::Confirming);
    assert_eq!(slots(&write(&mut link, &mut batch, 601)), [], "one sentinel, and nothing behind it");
}

#[test]
fn a_link_that_lingers_has_asked_for_no_answer_yet() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..1, 0);
    let mut link = patient(60_000, 30_000);
    write(&mut link, &mut batch, 0);
    write(&mut link, &mut batch, 0);
    assert_eq!(link.deadline(), Some(60_000));
    link.tick(&mut batch, 0, 60_000);
    assert_eq!((link.state(), ends(&mut batch)), (LinkState::Open, vec![]), "silence says nothing");
    assert_eq!(slots(&write(&mut link, &mut batch, 60_000)), [None]);
    assert_eq!(link.deadline(), Some(90_002), "now it has asked");
}

#[test]
fn a_link_that_gives_an_answer_its_time_does_not_take_the_silence_for_death() {
    let mut batch = batch_of(40, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(8, 1), 0, 0);
    let mut second = link(0).with_timing(Timing { linger: 0, answer: 10, round_trip: 50 });
    assert_eq!(slots(&write(&mut second, &mut batch, 0)), (1..33).map(Some).collect::<Vec<_>>());
    assert_eq!(standing(&second), (LinkState::Open, Some(50)));
    second.tick(&mut batch, 0, 50);
    assert_eq!(standing(&second), (LinkState::Open, Some(124)), "no time that is past");
    let rest: Vec<_> = (33..40).chain([0]).map(Some).chain([None]).collect();
    assert_eq!(slots(&write(&mut second, &mut batch, 50)), rest);
    assert_eq!(standing(&second), (LinkState::Confirming, Some(140)));
}

#[test]
fn a_link_that_lingers_and_then_gives_an_answer_its_time_asks_for_no_time_that_is_past() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..60, 0);
    let timing = Timing { linger: 10, answer: 30_000, round_trip: 500 };
    let mut lingers = link(0).with_timing(timing);
    write(&mut lingers, &mut batch, 0);
    assert_eq!(slots(&write(&mut lingers, &mut batch, 1)), []);
    assert_eq!(lingers.deadline(), Some(11));
    push(&mut batch, 60..61, 2);
    let mut refused = link(0).with_timing(timing);
    write(&mut refused, &mut batch, 2);
    refused.read(&mut batch, &says(2, 1), 0, 3);
    // Something was refused meanwhile: it is far ahead, and waits.
    push(&mut batch, 61..70, 4);
    assert_eq!(slots(&write(&mut lingers, &mut batch, 5)), []);
    assert_eq!(lingers.deadline(), Some(505));
}

fn standing(link: &Link) -> (LinkState, Option<u64>) {
    (link.state(), link.deadline())
}

#[test]
fn a_link_that_has_sent_nothing_writes_no_sentinel_and_waits_for_nothing() {
    let mut batch = Batch::new(listing());
    let mut link = patient(0, 10);
    assert_eq!(slots(&write(&mut link, &mut batch, 0)), []);
    batch.close_input();
    assert_eq!(slots(&write(&mut link, &mut batch, 1_000)), []);
    assert_eq!((link.deadline(), link.state()), (None, LinkState::Open));
    link.tick(&mut batch, 0, 1_000_000);
    assert_eq!(link.state(), LinkState::Open);
}

#[test]
fn a_link_serves_what_comes_late_to_a_closed_batch() {
    let mut batch = batch_of(2, listing());
    let (mut busy, mut idle) = (link(0), link(0));
    write(&mut busy, &mut batch, 0);
    assert_eq!(slots(&write(&mut idle, &mut batch, 0)), []);
    busy.read(&mut batch, &says(2, 1), 0, 0);
    assert_eq!(slots(&write(&mut idle, &mut batch, 0)), [Some(1), None]);
}

#[test]
fn times_without_end_are_times_without_end() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..1, 5);
    let mut link = link(5).with_timing(Timing { linger: u64::MAX, answer: u64::MAX, round_trip: u64::MAX });
    assert_eq!(slots(&write(&mut link, &mut batch, 5)), [Some(0)]);
    assert_eq!(slots(&write(&mut link, &mut batch, 1 << 50)), []);
    link.tick(&mut batch, 0, 1 << 50);
    assert_eq!((link.state(), ends(&mut batch)), (LinkState::Open, vec![]));
    assert_eq!(link.deadline(), Some(u64::MAX));
}

// ---- how far ahead it writes ----

/// A batch in which one token has been refused, and a link that knows it.
fn after_a_refusal(slots: u32) -> (Batch, Link) {
    let mut batch = batch_of(slots, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(5, 1), 0, 0);
    (batch, link(0))
}

#[test]
fn silence_lets_a_link_write_further_and_further_ahead() {
    let (mut batch, mut link) = after_a_refusal(60_000);
    let (mut now, mut waits) = (0, 0);
    while link.state() == LinkState::Open {
        if write(&mut link, &mut batch, now).is_empty() {
            now = link.deadline().expect("it waits for an answer");
            waits += 1;
        }
    }
    assert!(waits < 10, "one refused token made it wait {waits} times");
}

#[test]
fn a_link_that_cannot_write_when_its_wait_is_over_asks_for_no_time_again() {
    let (mut batch, mut link) = after_a_refusal(1000);
    write(&mut link, &mut batch, 0);
    let now = link.deadline().expect("it waits for an answer");
    assert!(now < 100, "which takes a round trip");
    link.tick(&mut batch, 0, now);
    assert!(link.deadline().is_some_and(|deadline| deadline >= 30_000), "the connection takes no bytes");
}

// ---- answers ----

#[test]
fn an_answer_in_pieces_is_one_answer() {
    for first in 1..6 {
        let mut batch = batch_of(2, listing());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        let answer = says(8, 2);
        let (left, right) = answer.split_at(first);
        link.read(&mut batch, left, 0, 1);
        assert_eq!(ends(&mut batch), []);
        link.read(&mut batch, right, 0, 2);
        assert_eq!(ends(&mut batch), [accepted(0)]);
        assert_eq!(link.state(), LinkState::Done);
    }
}

#[test]
fn only_the_first_answer_of_a_connection_counts() {
    let mut batch = batch_of(3, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    let both = [says(2, 1), says(2, 2)].concat();
    link.read(&mut batch, &both, 0, 0);
    link.read(&mut batch, &says(2, 3), 0, 0);
    assert_eq!(ends(&mut batch), [rejected(0, 2)]);
}

#[test]
fn an_answer_that_names_nothing_of_ours_leaves_all_in_doubt() {
    for (status, identifier) in [(8, 99), (8, 0), (2, 0), (5, 0), (7, 0), (10, 0), (10, 99), (0, 0)] {
        for with_sentinel in [false, true] {
            let mut batch = Batch::new(listing());
            push(&mut batch, 0..2, 0);
            if with_sentinel {
                batch.close_input();
            }
            let mut link = link(0);
            assert_eq!(write(&mut link, &mut batch, 0).len(), if with_sentinel { 3 } else { 2 });
            link.read(&mut batch, &says(status, identifier), 0, 0);
            let doubt = |slot| in_doubt(slot, Reason::UNKNOWN_IDENTIFIER);
            assert_eq!(ends(&mut batch), [doubt(0), doubt(1)], "{status} {identifier}");
        }
    }
}

#[test]
fn a_missing_payload_without_an_identifier_is_the_sentinels_once_it_is_written() {
    for (sentinel, expected) in [(true, accepted(0)), (false, in_doubt(0, Reason::UNKNOWN_IDENTIFIER))] {
        let mut batch = Batch::new(listing());
        push(&mut batch, 0..1, 0);
        if sentinel {
            batch.close_input();
        }
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(4, 0), 0, 0);
        assert_eq!(ends(&mut batch), [expected]);
    }
}

#[test]
fn a_frame_that_is_too_long_for_a_gateway_is_not_taken_for_the_sentinel() {
    // The gateway's decoder takes frames of 30 bytes; it answers before it has read the identifier.
    let mut batch = Batch::new(listing());
    batch.push_hex(&b"ab".repeat(80), 0);
    batch.close_input();
    let mut link = link(0);
    let mut decoder = Decoder::new(30);
    decoder.push(link.write(&mut batch, hand::PLENTY, 0));
    let error = decoder.next_frame().expect_err("too long");
    link.read(&mut batch, &server::answer(&error).encode(), 0, 0);
    assert_eq!(batch.counts().of(Outcome::Accepted), 0);
}

#[test]
fn bytes_that_are_no_answer_leave_all_in_doubt() {
    let mut batch = batch_of(1, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, b"HTTP/1.1 400 Bad Request", 0, 0);
    assert_eq!(ends(&mut batch), [in_doubt(0, Reason::UNREADABLE_ANSWER)]);
}

#[test]
fn what_a_link_has_learnt_is_more_than_that_something_was_said() {
    let cases: [(&[u8], bool); 6] = [
        (&says(8, 2), true),
        (&says(0, 1), true),
        (&says(4, 4), true),
        (&says(8, 77), false),
        (b"HTTP", false),
        (b"", false),
    ];
    for (bytes, expected) in cases {
        let (mut batch, mut link) = (batch_of(3, listing()), link(0));
        assert!(!link.has_written());
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, bytes, 0, 0);
        link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
        assert_eq!((link.has_written(), link.has_learnt()), (true, expected), "{bytes:?}");
    }
}

fn lengths_of_three_and_a_sentinel() -> [u64; 4] {
    let frames = write(&mut link(0), &mut batch_of(3, listing()), 0);
    let lengths: Vec<u64> = frames.iter().map(|frame| frame.length as u64).collect();
    lengths.try_into().expect("three and a sentinel")
}

#[test]
fn an_answer_that_names_what_has_not_left_is_nobodys_and_proves_nothing() {
    let [.., frame, sentinel] = lengths_of_three_and_a_sentinel();
    // Of the sentinel one byte, all of it, and with it the third notification.
    for (unsent, named) in [(1, 4), (sentinel, 4), (sentinel + 1, 3), (sentinel + frame, 3)] {
        for status in [2, 4, 8, 10, 0] {
            let mut batch = batch_of(3, listing());
            let mut link = link(0);
            write(&mut link, &mut batch, 0);
            link.read(&mut batch, &says(status, named), unsent, 0);
            let all_in_doubt = [0, 1, 2].map(|slot| in_doubt(slot, Reason::UNKNOWN_IDENTIFIER));
            assert_eq!(ends(&mut batch), all_in_doubt, "status {status} names {named}, {unsent} bytes unsent");
        }
    }
    // Without an identifier it may be about anything that has left.
    let mut batch = batch_of(3, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &says(4, 0), sentinel + frame, 0);
    assert_eq!(ends(&mut batch), [0, 1].map(|slot| in_doubt(slot, Reason::UNKNOWN_IDENTIFIER)));
    assert!(batch.has_work(0), "the third goes out again");
}

#[test]
fn an_answer_that_names_what_has_left_is_taken_though_more_waits() {
    let [.., sentinel] = lengths_of_three_and_a_sentinel();
    let mut batch = batch_of(3, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &says(2, 3), sentinel, 0);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1), rejected(2, 2)]);
}

// ---- the end of the connection ----

#[test]
fn what_left_whole_is_in_doubt_and_what_did_not_goes_out_again() {
    let mut whole = batch_of(4, listing());
    let lengths: Vec<usize> = write(&mut link(0), &mut whole, 0).iter().map(|frame| frame.length).collect();
    let total: usize = lengths.iter().sum();
    for unsent in 0..=total + 5 {
        let mut batch = batch_of(4, listing());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.closed(&mut batch, unsent as u64, Reason::CLOSED_WITHOUT_ANSWER, 0);
        let sent = total.saturating_sub(unsent);
        let left_whole = (1..=4).filter(|count| lengths.iter().take(*count).sum::<usize>() <= sent).count() as u32;
        let doubts: Vec<_> = (0..left_whole).map(|slot| in_doubt(slot, Reason::CLOSED_WITHOUT_ANSWER)).collect();
        assert_eq!(ends(&mut batch), doubts, "{unsent} of {total} bytes unsent");
        let again: Vec<_> = (left_whole..4).map(Some).collect();
        let mut rest = slots(&write(&mut hand::link(0), &mut batch, 0));
        assert_eq!(rest.pop(), (left_whole < 4).then_some(None), "a sentinel, where anything is sent");
        assert_eq!(rest, again);
    }
}

#[test]
fn what_the_caller_resends_goes_out_whole() {
    let config = Config { in_doubt: InDoubt::Resend, ..listing() };
    let mut batch = batch_of(4, config);
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.closed(&mut batch, 60, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert_eq!(slots(&write(&mut link(0), &mut batch, 0)), [Some(0), Some(1), Some(2), Some(3), None]);
}

#[test]
fn a_refused_connection_has_processed_nothing() {
    let mut batch = batch_of(2, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.refused(&mut batch, 0);
    assert_eq!((first.state(), ends(&mut batch)), (LinkState::Done, vec![]));
    assert_eq!(slots(&write(&mut link(0), &mut batch, 0)), [Some(0), Some(1), None]);
}

#[test]
fn a_gateway_that_is_silent_for_too_long_leaves_in_doubt_what_was_sent() {
    let mut batch = batch_of(2, listing());
    let mut link = patient(0, 1_000);
    let frames = write(&mut link, &mut batch, 50);
    let last_two: usize = frames.iter().skip(1).map(|frame| frame.length).sum();
    assert_eq!(link.deadline(), Some(1_054));
    link.tick(&mut batch, 0, 1_053);
    assert_eq!(link.state(), LinkState::Confirming);
    link.tick(&mut batch, last_two as u64, 1_054);
    assert_eq!(ends(&mut batch), [in_doubt(0, Reason::NO_ANSWER)]);
    assert!(batch.has_work(1_054), "slot 1 never left");
    assert_eq!(link.deadline(), None);
}

#[test]
fn a_gateway_has_more_time_the_more_it_has_to_process() {
    for slots in [1, 1_000] {
        let mut batch = batch_of(slots, listing());
        let mut link = patient(0, 1_000);
        write(&mut link, &mut batch, 0);
        assert_eq!(standing(&link), (LinkState::Confirming, Some(1_000 + 2 * u64::from(slots))));
    }
}

#[test]
fn a_byte_of_an_answer_is_a_sign_of_life() {
    let mut batch = batch_of(1, listing());
    let mut link = patient(0, 1_000);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &[8], 0, 900);
    assert_eq!(link.deadline(), Some(1_902));
    link.tick(&mut batch, 0, 1_901);
    assert_eq!(ends(&mut batch), []);
    link.tick(&mut batch, 0, 1_902);
    assert_eq!(ends(&mut batch), [in_doubt(0, Reason::NO_ANSWER)]);
}

#[test]
fn a_link_that_is_done_does_nothing_more() {
    let mut batch = batch_of(2, listing());
    let mut done = link(0);
    write(&mut done, &mut batch, 0);
    done.read(&mut batch, &says(2, 1), 0, 0);
    ends(&mut batch);
    assert_eq!(slots(&write(&mut done, &mut batch, 0)), []);
    done.read(&mut batch, &says(2, 2), 0, 1);
    done.read(&mut batch, b"rubbish", 0, 1);
    done.tick(&mut batch, 0, 1 << 40);
    done.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 2);
    done.refused(&mut batch, 3);
    assert_eq!((ends(&mut batch), done.state(), done.in_flight()), (vec![], LinkState::Done, 0));
    assert!(batch.has_work(3), "slot 1 waits for another link");
}

#[test]
fn a_link_that_never_was_used_can_be_closed() {
    let mut batch = batch_of(1, listing());
    let mut unused = link(0);
    unused.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert_eq!((unused.state(), ends(&mut batch)), (LinkState::Done, vec![]));
    assert!(batch.has_work(0));
}
