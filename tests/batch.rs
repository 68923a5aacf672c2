//! What becomes of a slot: one behaviour a test. Answers are about the policy, so the links are driven by hand.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod hand;
mod sent;

use bellpush::batch::{Batch, Config, InDoubt, Settled, Stop};
use bellpush::binary::LinkState;
use bellpush::outcome::{Outcome, Reason};

use hand::{
    accepted, batch_of, ends, expired, in_doubt, link, listing, not_sent, patient, push, rejected, says, slots, write,
};

// ---- second opinion ----

#[test]
fn a_token_called_invalid_falsely_is_accepted_when_it_is_sent_again() {
    let mut batch = batch_of(3, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(8, 2), 0, 1);
    assert_eq!(ends(&mut batch), [accepted(0)], "slot 1 is only suspect");
    assert!(batch.has_work(1));

    let mut second = link(1);
    let frames = write(&mut second, &mut batch, 1);
    assert_eq!(slots(&frames), [Some(2), Some(1), None], "the suspect comes last");
    second.read(&mut batch, &says(4, 3), 0, 2);
    assert_eq!(ends(&mut batch), [accepted(1), accepted(2)]);
    assert!(batch.is_finished());
}

#[test]
fn a_token_called_invalid_by_two_connections_is_rejected_and_dead() {
    let mut batch = batch_of(1, listing());
    for _ in 0..2 {
        assert!(!batch.is_finished());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(8, 1), 0, 7);
    }
    assert_eq!(
        batch.take_settled(),
        [Settled {
            slot: 0,
            outcome: Outcome::Rejected,
            reason: Reason(8),
            dead: true,
            died_at: None,
            id: None,
            at: 7
        }]
    );
    assert!(batch.is_finished());
}

#[test]
fn a_suspect_waits_until_nothing_else_is_left_and_ends_its_link() {
    let mut batch = batch_of(4, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(8, 1), 0, 0);

    // A link that gets only part of what waits leaves the suspect alone.
    let mut second = link(0);
    let mut out = second.write(&mut batch, 1, 0).to_vec();
    let frame = sent::take_frame(&mut out).expect("one frame");
    assert_eq!((frame.slot, out.len()), (Some(1), 0));
    assert_eq!(second.state(), LinkState::Open);

    let mut third = link(0);
    assert_eq!(slots(&write(&mut third, &mut batch, 0)), [Some(2), Some(3), Some(0), None]);
    assert_eq!(third.state(), LinkState::Confirming);
}

#[test]
fn one_suspect_a_link_so_that_its_refusal_discards_nothing() {
    let mut batch = batch_of(2, listing());
    for _ in 0..2 {
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(8, 1), 0, 0);
    }
    let (mut one, mut other) = (link(0), link(0));
    assert_eq!(slots(&write(&mut one, &mut batch, 0)), [Some(0), None]);
    assert_eq!(slots(&write(&mut other, &mut batch, 0)), [Some(1), None]);
}

#[test]
fn a_suspect_that_comes_back_is_still_suspect() {
    let mut batch = batch_of(1, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(8, 1), 0, 0);

    let mut second = link(0);
    let length: usize = write(&mut second, &mut batch, 0).iter().map(|frame| frame.length).sum();
    second.closed(&mut batch, length as u64, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert_eq!(ends(&mut batch), [], "it never left");

    let mut third = link(0);
    write(&mut third, &mut batch, 0);
    third.read(&mut batch, &says(8, 1), 0, 0);
    assert_eq!(ends(&mut batch), [rejected(0, 8)]);
}

// ---- passing causes ----

#[test]
fn a_processing_error_is_tried_again_after_a_while_and_exhausted_at_the_limit() {
    for status in [1, 255] {
        let mut batch = batch_of(1, listing());
        let mut now = 0;
        for attempt in 1..=3 {
            assert!(batch.has_work(now), "attempt {attempt}");
            let mut link = link(now);
            assert_eq!(slots(&write(&mut link, &mut batch, now)), [Some(0), None]);
            link.read(&mut batch, &says(status, 1), 0, now);
            if attempt < 3 {
                let wakeup = batch.next_wakeup().expect("a time for the next attempt");
                assert!(wakeup > now && !batch.has_work(wakeup - 1));
                assert!(!batch.is_finished());
                now = wakeup;
            }
        }
        let exhausted = (0, Outcome::Exhausted, Reason(u16::from(status)));
        assert_eq!(ends(&mut batch), [exhausted]);
        assert_eq!(batch.next_wakeup(), None);
        assert!(batch.is_finished());
    }
}

#[test]
fn what_was_returned_is_no_attempt() {
    let config = Config { max_attempts: 1, ..listing() };
    let mut batch = batch_of(2, config);
    for _ in 0..10 {
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.refused(&mut batch, 0);
    }
    assert_eq!(ends(&mut batch), []);
    let mut last = link(0);
    write(&mut last, &mut batch, 0);
    last.read(&mut batch, &says(4, 3), 0, 0);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1)]);
}

// ---- refusals ----

#[test]
fn a_refusal_for_what_all_share_stops_the_batch() {
    for status in [3, 4, 6, 7] {
        let mut batch = batch_of(4, listing());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(status, 2), 0, 0);
        let status = u16::from(status);
        assert_eq!(ends(&mut batch), [accepted(0), rejected(1, status), not_sent(2), not_sent(3)]);
        assert_eq!(batch.stopped(), Some(Stop::Refused(Reason(status))));
        assert!(batch.is_finished() && !batch.has_work(0));
    }
}

#[test]
fn a_refusal_of_one_notification_is_about_that_one() {
    for status in [2, 5, 77, 128, 254] {
        let mut batch = batch_of(3, listing());
        let mut first = link(0);
        write(&mut first, &mut batch, 0);
        first.read(&mut batch, &says(status, 2), 0, 0);
        assert_eq!(ends(&mut batch), [accepted(0), rejected(1, u16::from(status))]);

        let mut second = link(0);
        assert_eq!(slots(&write(&mut second, &mut batch, 0)), [Some(2), None]);
        second.read(&mut batch, &says(4, 2), 0, 0);
        assert_eq!(ends(&mut batch), [accepted(2)]);
    }
}

#[test]
fn status_10_names_the_last_that_was_accepted() {
    let mut batch = batch_of(4, listing());
    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(10, 2), 0, 0);
    assert_eq!(first.state(), LinkState::Done);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1)]);
    assert_eq!(slots(&write(&mut link(0), &mut batch, 0)), [Some(2), Some(3), None], "the rest goes out again");
}

#[test]
fn status_10_about_the_sentinel_says_that_all_were_accepted() {
    let mut batch = batch_of(2, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &says(10, 3), 0, 0);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1)]);
}

#[test]
fn nobody_knows_what_status_0_says_of_what_it_names_and_what_follows() {
    let mut batch = batch_of(3, listing());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &says(0, 2), 0, 0);
    assert_eq!(ends(&mut batch), [accepted(0), in_doubt(1, Reason(0)), in_doubt(2, Reason(0))]);
}

// ---- breaker ----

#[test]
fn when_most_tokens_are_refused_the_batch_stops_and_no_token_is_held_for_dead() {
    let mut batch = batch_of(30, Config::default());
    for refused in 1..=20 {
        assert_eq!(batch.stopped(), None, "after {} refusals", refused - 1);
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(8, 1), 0, 0);
    }
    assert_eq!(batch.stopped(), Some(Stop::MostlyRefused));
    let settled = batch.take_settled();
    assert!(settled.iter().all(|settled| !settled.dead));
    assert_eq!(batch.counts().of(Outcome::Rejected), 20);
    assert_eq!(batch.counts().of(Outcome::NotSent), 10);
    assert!(batch.is_finished());
}

#[test]
fn refused_tokens_stop_nothing_while_more_are_accepted() {
    let mut batch = batch_of(60, Config::default());
    for _ in 0..25 {
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(8, 2), 0, 0); // one accepted, one refused
    }
    assert_eq!(batch.stopped(), None);
}

#[test]
fn dead_tokens_at_the_front_do_not_keep_the_others_from_being_sent() {
    let mut batch = batch_of(1_000, Config::default());
    let mut now = 0;
    for connection in 0.. {
        assert!(connection < 200, "it comes to an end");
        let mut link = link(now);
        let mut sent = Vec::new();
        let bad = loop {
            now += 10;
            sent.extend(write(&mut link, &mut batch, now));
            let bad = sent.iter().position(|frame| frame.slot.is_none_or(|slot| slot < 50));
            if let Some(bad) = bad {
                break bad;
            }
        };
        link.read(&mut batch, &says(8, bad as u32 + 1), 0, now);
        if batch.is_finished() {
            break;
        }
    }
    assert_eq!(batch.stopped(), None);
    assert_eq!(batch.counts().of(Outcome::Accepted), 950);
    assert_eq!(batch.counts().of(Outcome::Rejected), 50);
}

#[test]
fn a_gateway_that_fails_to_process_anything_is_given_up() {
    let config = Config { max_attempts: 255, breaker: 7, ..listing() };
    let mut batch = batch_of(30, config);
    for connection in 0..7 {
        assert_eq!(batch.stopped(), None, "after {connection} failures");
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(1, 1), 0, 0);
    }
    assert_eq!(batch.stopped(), Some(Stop::Failing(Reason(1))));
    assert_eq!(batch.counts().of(Outcome::NotSent), 30);
}

#[test]
fn failures_with_something_accepted_between_them_stop_nothing() {
    let config = Config { max_attempts: 1, breaker: 2, ..listing() };
    let mut batch = batch_of(20, config);
    while batch.has_work(0) {
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.read(&mut batch, &says(1, 2), 0, 0); // one accepted, one not processed
    }
    assert_eq!((batch.stopped(), batch.counts().of(Outcome::Exhausted)), (None, 10));
}

#[test]
fn a_suspect_that_fails_for_a_passing_cause_is_a_suspect_still() {
    let mut batch = batch_of(2, listing());
    for (status, identifier, now) in [(8, 2, 0), (1, 1, 10), (8, 1, 10_000)] {
        let mut link = link(now);
        write(&mut link, &mut batch, now);
        link.read(&mut batch, &says(status, identifier), 0, now);
    }
    let dead: Vec<_> =
        batch.take_settled().into_iter().filter(|settled| settled.dead).map(|settled| settled.slot).collect();
    assert_eq!(dead, [1]);
}

#[test]
fn malformed_tokens_do_not_trip_the_breaker() {
    let mut batch = Batch::new(Config::default());
    batch.push_hex([b"nonsense".as_slice(); 50].join(&b'\n').as_slice(), 0);
    push(&mut batch, 50..51, 0);
    assert_eq!(batch.counts().of(Outcome::Rejected), 50);
    assert!(batch.stopped().is_none() && batch.has_work(0));
}

// ---- expiration ----

/// Unix seconds.
const EXPIRATION: u32 = 1_400_000_000;
const JUST_BEFORE: u64 = EXPIRATION as u64 * 1_000 - 1;
const PAST: u64 = EXPIRATION as u64 * 1_000;

fn perishable() -> Config {
    Config { expiration: Some(EXPIRATION), ..listing() }
}

#[test]
fn what_is_past_its_expiration_is_never_sent() {
    let mut batch = batch_of(2, perishable());
    assert!(batch.has_work(JUST_BEFORE));
    assert_eq!(slots(&write(&mut link(PAST), &mut batch, PAST)), []);
    assert_eq!(ends(&mut batch), [expired(0), expired(1)]);
    assert!(batch.is_finished());
}

#[test]
fn a_batch_that_expires_finishes_without_a_link() {
    let mut batch = batch_of(1, perishable());
    assert!(!batch.has_work(PAST));
    assert!(batch.is_finished());
}

#[test]
fn what_was_sent_before_the_expiration_gets_its_verdict_after_it() {
    let mut batch = batch_of(4, perishable());
    let mut link = link(JUST_BEFORE);
    write(&mut link, &mut batch, JUST_BEFORE);
    link.read(&mut batch, &says(2, 2), 0, PAST);
    assert!(!batch.has_work(PAST));
    assert_eq!(
        ends(&mut batch),
        [accepted(0), rejected(1, 2), expired(2), expired(3)],
        "what was returned is too late"
    );
}

#[test]
fn what_waits_for_another_attempt_can_expire() {
    let mut batch = batch_of(1, perishable());
    let mut link = link(JUST_BEFORE);
    write(&mut link, &mut batch, JUST_BEFORE);
    link.read(&mut batch, &says(1, 1), 0, JUST_BEFORE);
    let wakeup = batch.next_wakeup().expect("another attempt");
    assert!(!batch.has_work(wakeup));
    assert_eq!(ends(&mut batch), [expired(0)]);
}

#[test]
fn a_suspect_that_expires_is_rejected_but_not_dead() {
    let mut batch = batch_of(1, perishable());
    let mut link = link(JUST_BEFORE);
    write(&mut link, &mut batch, JUST_BEFORE);
    link.read(&mut batch, &says(8, 1), 0, JUST_BEFORE);
    assert!(!batch.has_work(PAST));
    let settled = batch.take_settled();
    assert_eq!(settled.len(), 1);
    assert!(settled.iter().all(|one| one.outcome == Outcome::Rejected && !one.dead));
}

#[test]
fn what_nobody_can_send_is_looked_at_when_it_expires() {
    let mut batch = batch_of(1, perishable());
    assert_eq!(batch.next_wakeup(), Some(PAST));
    write(&mut link(JUST_BEFORE), &mut batch, JUST_BEFORE);
    assert_eq!(batch.next_wakeup(), None, "a link has it");
}

#[test]
fn what_had_expired_before_a_stop_has_expired() {
    let mut batch = batch_of(2, perishable());
    batch.stop(Stop::Caller, PAST);
    assert_eq!(ends(&mut batch), [expired(0), expired(1)]);
}

#[test]
fn an_expiration_of_0_is_no_time_to_miss() {
    let config = Config { expiration: Some(0), ..listing() };
    let mut batch = batch_of(1, config);
    assert_eq!(batch.next_wakeup(), None);
    assert_eq!(slots(&write(&mut link(PAST), &mut batch, PAST)), [Some(0), None]);
}

// ---- stop ----

#[test]
fn after_a_stop_nothing_is_sent_and_what_was_sent_gets_its_verdict() {
    let mut batch = Batch::new(listing());
    push(&mut batch, 0..3, 0);
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    push(&mut batch, 3..5, 0);
    batch.stop(Stop::Caller, 1);
    assert_eq!(ends(&mut batch), [not_sent(3), not_sent(4)]);
    assert!(!batch.has_work(1));
    assert_eq!(slots(&write(&mut link, &mut batch, 1)), [None], "the sentinel, at once: no more tokens will be sent");
    link.read(&mut batch, &says(2, 2), 0, 2);
    assert_eq!(ends(&mut batch), [accepted(0), rejected(1, 2), not_sent(2)], "what was returned stays");
    push(&mut batch, 5..6, 3);
    assert_eq!(ends(&mut batch), [not_sent(5)]);
    batch.close_input();
    assert!(batch.is_finished());
    assert_eq!(batch.stopped(), Some(Stop::Caller));
}

#[test]
fn a_passing_cause_before_a_stop_or_after_it_comes_to_the_same() {
    let stop_and_answer = |stop_first: bool| {
        let mut batch = batch_of(1, listing());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        if stop_first {
            batch.stop(Stop::Caller, 0);
        }
        link.read(&mut batch, &says(1, 1), 0, 0);
        batch.stop(Stop::Caller, 0);
        assert!(batch.is_finished() && batch.next_wakeup().is_none());
        ends(&mut batch)
    };
    assert_eq!(stop_and_answer(false), [not_sent(0)]);
    assert_eq!(stop_and_answer(true), [not_sent(0)]);
}

#[test]
fn an_invalid_token_before_a_stop_or_after_it_is_rejected_and_not_dead() {
    for stop_first in [false, true] {
        let mut batch = batch_of(1, listing());
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        if stop_first {
            batch.stop(Stop::Caller, 0);
        }
        link.read(&mut batch, &says(8, 1), 0, 0);
        batch.stop(Stop::Caller, 0);
        let settled = batch.take_settled();
        let ends: Vec<_> = settled.iter().map(|one| (one.outcome, one.reason, one.dead)).collect();
        assert_eq!(ends, [(Outcome::Rejected, Reason(8), false)]);
    }
}

#[test]
fn the_first_stop_is_the_reason() {
    let mut batch = Batch::new(listing());
    batch.stop(Stop::Caller, 0);
    batch.stop(Stop::MostlyRefused, 1);
    assert_eq!(batch.stopped(), Some(Stop::Caller));
}

// ---- in doubt ----

#[test]
fn what_is_in_doubt_is_reported_or_resent_as_the_caller_chose() {
    for (choice, expected) in
        [(InDoubt::Report, vec![in_doubt(0, Reason::CLOSED_WITHOUT_ANSWER)]), (InDoubt::Resend, vec![])]
    {
        let config = Config { in_doubt: choice, ..listing() };
        let mut batch = batch_of(1, config);
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
        assert_eq!(ends(&mut batch), expected);
        assert_eq!(batch.has_work(0), choice == InDoubt::Resend);
    }
}

#[test]
fn what_is_in_doubt_is_resent_as_often_as_may_be_tried_and_then_reported() {
    let config = Config { in_doubt: InDoubt::Resend, max_attempts: 3, ..listing() };
    let mut batch = batch_of(1, config);
    for attempt in 1..=3 {
        assert!(batch.has_work(0), "attempt {attempt}");
        let mut link = link(0);
        write(&mut link, &mut batch, 0);
        link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
    }
    assert_eq!(ends(&mut batch), [in_doubt(0, Reason::CLOSED_WITHOUT_ANSWER)]);
    assert!(batch.is_finished());
}

#[test]
fn what_was_in_doubt_once_stays_so_until_the_gateway_says_more() {
    let resend = |expiration| Config { in_doubt: InDoubt::Resend, expiration, ..listing() };
    // It is on its way again when the batch is stopped, when it expires, and when the gateway fails too often.
    let in_doubt_and_again = |batch: &mut Batch| {
        let mut link = link(0);
        write(&mut link, batch, 0);
        link.closed(batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
        assert!(batch.has_work(0));
    };
    let mut stopped = batch_of(1, resend(None));
    in_doubt_and_again(&mut stopped);
    stopped.stop(Stop::Caller, 0);

    let mut late = batch_of(1, resend(Some(EXPIRATION)));
    in_doubt_and_again(&mut late);
    assert!(!late.has_work(PAST));

    let mut failing = batch_of(1, resend(None));
    in_doubt_and_again(&mut failing);
    while let Some(now) = failing.next_wakeup().or_else(|| failing.has_work(0).then_some(0)) {
        let mut link = link(now);
        write(&mut link, &mut failing, now);
        link.read(&mut failing, &says(1, 1), 0, now);
    }
    for mut batch in [stopped, late, failing] {
        assert_eq!(ends(&mut batch), [in_doubt(0, Reason::CLOSED_WITHOUT_ANSWER)]);
        assert!(batch.is_finished());
    }
}

#[test]
fn after_a_stop_what_is_in_doubt_is_not_resent() {
    let config = Config { in_doubt: InDoubt::Resend, ..listing() };
    let mut batch = batch_of(1, config);
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    batch.stop(Stop::Caller, 0);
    link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
    assert_eq!(ends(&mut batch), [in_doubt(0, Reason::CLOSED_WITHOUT_ANSWER)]);
}

// ---- feeding ----

#[test]
fn an_empty_batch_is_finished_when_its_input_closes() {
    let mut batch = Batch::new(listing());
    assert_eq!(batch.push_hex(b"", 0), 0);
    assert!(!batch.is_finished() && !batch.has_work(0));
    batch.close_input();
    assert!(batch.is_finished());
    assert_eq!(batch.counts().total(), 0);
}

#[test]
fn digits_are_pushed_up_to_the_first_text_that_is_anything_else() {
    let mut batch = Batch::new(listing());
    assert_eq!(batch.push_digits(b"0000000000000001", 8, 0), 2);
    assert_eq!(batch.push_digits(b"000000020000000x00000004", 8, 0), 1);
    let too_long = b"0".repeat(2 * 101);
    for (texts, digits) in [(&b""[..], 0), (b"00000003", 0), (b"000", 3), (b"0", 1), (&too_long, too_long.len())] {
        assert_eq!(batch.push_digits(texts, digits, 0), 0, "of {digits} digits");
    }
    batch.close_input();
    let mut link = link(0);
    assert_eq!(slots(&write(&mut link, &mut batch, 0)), [Some(0), Some(1), Some(2), None]);
}

#[test]
fn digits_that_are_pushed_into_a_batch_that_was_stopped_are_not_sent() {
    let mut batch = Batch::new(listing());
    batch.stop(Stop::Caller, 0);
    assert_eq!(batch.push_digits(b"0000000000000001", 8, 5), 2);
    batch.close_input();
    assert!(batch.is_finished());
    assert_eq!(batch.counts().of(Outcome::NotSent), 2);
}

#[test]
fn malformed_tokens_have_their_slots_and_settle_at_once() {
    let mut batch = Batch::new(listing());
    let pushed = batch.push_hex(b"00000000\nxyz\n\n<0000 0003>\r\nabc\n00000005", 9);
    assert_eq!(pushed, 6);
    let malformed = |slot| (slot, Outcome::Rejected, Reason::MALFORMED_TOKEN);
    let settled = batch.take_settled();
    assert!(settled.iter().all(|one| !one.dead && one.at == 9));
    let mut link = link(9);
    let frames = write(&mut link, &mut batch, 9);
    assert_eq!(slots(&frames), [Some(0), Some(3), Some(5)]);
    let identifiers: Vec<u32> = frames.iter().map(|frame| frame.identifier).collect();
    assert_eq!(identifiers, [1, 2, 3], "identifiers have no gaps, slots may");
    link.read(&mut batch, &says(8, 2), 0, 9);
    let mut ends = ends(&mut batch);
    ends.extend(settled.iter().map(|one| (one.slot, one.outcome, one.reason)));
    assert_eq!(ends, [accepted(0), malformed(1), malformed(2), malformed(4)]);
}

#[test]
fn a_batch_of_malformed_tokens_only_is_finished_at_once() {
    let mut batch = Batch::new(listing());
    batch.push_hex(b"x\ny\n\n", 0);
    batch.close_input();
    assert!(batch.is_finished() && !batch.has_work(0));
    assert_eq!(batch.counts().of(Outcome::Rejected), 4, "a break ends no line but begins one");
    assert_eq!(batch.first_unsettled(), 4);
}

#[test]
fn accepted_slots_are_only_counted_unless_they_are_to_be_listed() {
    let mut batch = batch_of(3, Config::default());
    let mut link = link(0);
    write(&mut link, &mut batch, 0);
    link.read(&mut batch, &says(4, 4), 0, 0);
    assert_eq!(batch.take_settled(), []);
    assert_eq!(batch.counts().of(Outcome::Accepted), 3);
    assert!(batch.is_finished());
}

#[test]
fn the_window_bounds_the_room_and_moves_with_the_oldest_slot() {
    let config = Config { max_in_flight: 4, ..listing() };
    let mut batch = Batch::new(config);
    assert_eq!(batch.room(), 4);
    batch.push_hex(b"00000000\n00000001\n00000002\n00000003", 0);
    assert_eq!(batch.room(), 0);

    let mut first = link(0);
    write(&mut first, &mut batch, 0);
    first.read(&mut batch, &says(1, 1), 0, 0); // the oldest waits for its next attempt, the others return
    let mut second = link(0);
    write(&mut second, &mut batch, 0);
    second.read(&mut batch, &says(4, 4), 0, 0);
    assert_eq!(batch.counts().of(Outcome::Accepted), 3);
    assert_eq!((batch.room(), batch.first_unsettled()), (0, 0), "the oldest holds the window");

    let wakeup = batch.next_wakeup().expect("another attempt");
    let mut third = link(wakeup);
    write(&mut third, &mut batch, wakeup);
    third.read(&mut batch, &says(4, 2), 0, wakeup);
    assert_eq!((batch.room(), batch.first_unsettled()), (4, 4));
}

#[test]
fn a_full_window_makes_the_link_confirm_at_once() {
    let config = Config { max_in_flight: 2, ..listing() };
    let mut batch = Batch::new(config);
    batch.push_hex(b"00000000", 0);
    let mut link = patient(10_000, 30_000);
    assert_eq!(slots(&write(&mut link, &mut batch, 0)), [Some(0)], "more can come");
    batch.push_hex(b"00000001", 1);
    assert_eq!(slots(&write(&mut link, &mut batch, 1)), [Some(1), None]);
    link.read(&mut batch, &says(4, 3), 0, 2);
    assert_eq!(batch.room(), 2);
}
