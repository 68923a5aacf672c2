//! Silence taken for success: when it is, and what comes of a refusal that comes before, or too late.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod hand;
mod sent;

use bellpush::binary::{Confirm, Link, LinkState, Timing};
use bellpush::outcome::Reason;

use hand::{accepted, batch_of, ends, link, listing, rejected, says, slots, write};

const QUIET: u64 = 100;

fn quiet_link() -> Link {
    link(0).with_confirm(Confirm::Quiet(QUIET))
}

#[test]
fn silence_is_success_after_a_while_and_no_sentinel_is_written() {
    let mut batch = batch_of(3, listing());
    let mut link = quiet_link();
    assert_eq!(slots(&write(&mut link, &mut batch, 0)), [Some(0), Some(1), Some(2)]);
    link.left(10);
    assert_eq!(link.deadline(), Some(10 + QUIET));
    link.tick(&mut batch, 0, 9 + QUIET);
    assert_eq!(ends(&mut batch), []);
    link.tick(&mut batch, 0, 10 + QUIET);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1), accepted(2)]);
    assert!(batch.is_finished());
    assert_eq!((link.state(), link.deadline()), (LinkState::Open, None), "it can still hear");
}

#[test]
fn where_silence_is_success_it_is_never_death() {
    let mut batch = batch_of(1, listing());
    let mut link = quiet_link().with_timing(Timing { answer: QUIET / 10, ..Timing::default() });
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.tick(&mut batch, 0, QUIET - 1);
    assert_eq!((link.deadline(), ends(&mut batch)), (Some(QUIET), vec![]));
    link.tick(&mut batch, 0, QUIET);
    assert_eq!(ends(&mut batch), [accepted(0)]);
}

#[test]
fn bytes_that_have_not_left_are_no_silence() {
    let mut batch = batch_of(1, listing());
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.tick(&mut batch, 0, 10 * QUIET);
    assert_eq!(ends(&mut batch), []);
}

#[test]
fn a_refusal_in_time_is_a_refusal() {
    let mut batch = batch_of(3, listing());
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.read(&mut batch, &says(2, 2), 0, QUIET - 1);
    assert_eq!(ends(&mut batch), [accepted(0), rejected(1, 2)]);
    assert_eq!(link.take_late(), []);
    assert!(batch.has_work(QUIET), "the third goes out again");
}

#[test]
fn a_refusal_that_comes_late_is_told_with_all_that_was_discarded_behind_it() {
    let mut batch = batch_of(4, listing());
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.tick(&mut batch, 0, QUIET);
    link.read(&mut batch, &says(8, 3), 0, QUIET + 1);
    assert_eq!(link.take_late(), [(2, Reason(8)), (3, Reason::DISCARDED)]);
    assert_eq!(link.take_late(), [], "told once");
    assert_eq!(link.state(), LinkState::Done);
}

#[test]
fn a_late_shutdown_names_the_last_that_was_accepted() {
    let mut batch = batch_of(3, listing());
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.tick(&mut batch, 0, QUIET);
    link.read(&mut batch, &says(10, 2), 0, QUIET + 1);
    assert_eq!(link.take_late(), [(2, Reason::DISCARDED)]);
}

#[test]
fn what_is_in_flight_when_a_refusal_comes_late_goes_out_again() {
    let mut batch = bellpush::batch::Batch::new(listing());
    hand::push(&mut batch, 0..2, 0);
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.tick(&mut batch, 0, QUIET);
    hand::push(&mut batch, 2..4, QUIET);
    batch.close_input();
    assert_eq!(slots(&write(&mut link, &mut batch, QUIET)), [Some(2), Some(3)]);
    link.read(&mut batch, &says(8, 1), 0, QUIET + 1);
    assert_eq!(link.take_late(), [(0, Reason(8)), (1, Reason::DISCARDED)]);
    assert_eq!(ends(&mut batch), [accepted(0), accepted(1)]);
    let mut next = quiet_link();
    assert_eq!(slots(&write(&mut next, &mut batch, QUIET + 1)), [Some(2), Some(3)]);
}

#[test]
fn a_refusal_that_has_begun_is_no_silence() {
    let answer = says(2, 2);
    for begun in 1..answer.len() {
        let (first, rest) = answer.split_at(begun);
        let begin = || {
            let mut batch = batch_of(3, listing());
            let mut link = quiet_link().with_timing(Timing { answer: 5 * QUIET, ..Timing::default() });
            write(&mut link, &mut batch, 0);
            link.left(0);
            link.read(&mut batch, first, 0, 1);
            link.tick(&mut batch, 0, 2 * QUIET);
            assert_eq!(ends(&mut batch), [], "{begun} bytes of it have come");
            (batch, link)
        };
        let (mut batch, mut link) = begin();
        link.read(&mut batch, rest, 0, 2 * QUIET);
        assert_eq!(ends(&mut batch), [accepted(0), rejected(1, 2)]);

        let (mut batch, mut link) = begin();
        link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, 2 * QUIET);
        assert_eq!(ends(&mut batch), [0, 1, 2].map(|slot| hand::in_doubt(slot, Reason::CLOSED_WITHOUT_ANSWER)));

        let (mut batch, mut link) = begin();
        let deadline = link.deadline().expect("it is not waited for without end");
        assert!(deadline > 5 * QUIET);
        link.tick(&mut batch, 0, deadline);
        assert_eq!(ends(&mut batch), [0, 1, 2].map(|slot| hand::in_doubt(slot, Reason::NO_ANSWER)));
    }
}

#[test]
fn a_close_before_the_silence_is_long_enough_leaves_it_in_doubt() {
    let mut batch = batch_of(1, listing());
    let mut link = quiet_link();
    write(&mut link, &mut batch, 0);
    link.left(0);
    link.closed(&mut batch, 0, Reason::CLOSED_WITHOUT_ANSWER, QUIET - 1);
    assert_eq!(ends(&mut batch), [hand::in_doubt(0, Reason::CLOSED_WITHOUT_ANSWER)]);
}

#[test]
fn a_silence_shorter_than_a_round_trip_does_not_stop_a_link_for_ever() {
    let mut batch = batch_of(100, listing());
    let mut first = quiet_link();
    write(&mut first, &mut batch, 0);
    first.left(0);
    first.read(&mut batch, &says(8, 3), 0, 1);
    let mut second = quiet_link().with_timing(Timing { round_trip: 3 * QUIET, ..Timing::default() });
    assert!(slots(&write(&mut second, &mut batch, 1)).len() < 90);
    second.left(1);
    second.tick(&mut batch, 0, 1 + QUIET);
    assert!(batch.has_work(1 + QUIET));
    assert_eq!(second.deadline(), Some(1 + 3 * QUIET), "it has more to write then");
}

#[test]
fn of_a_long_run_the_last_are_remembered() {
    let mut batch = batch_of(70_000, listing());
    let mut link = quiet_link();
    while !write(&mut link, &mut batch, 0).is_empty() {}
    link.left(0);
    link.tick(&mut batch, 0, QUIET);
    assert_eq!(batch.counts().total(), 70_000);
    link.read(&mut batch, &says(8, 69_990), 0, QUIET + 1);
    assert_eq!(link.take_late().len(), 11);
}

#[test]
fn status_0_leaves_what_is_in_flight_in_doubt_as_ever() {
    let mut batch = batch_of(20, listing());
    let mut link = quiet_link();
    link.write(&mut batch, 10, 0);
    link.left(0);
    link.tick(&mut batch, 0, QUIET);
    let before = batch.counts().total();
    assert!((1..20).contains(&before));
    write(&mut link, &mut batch, QUIET);
    link.read(&mut batch, &says(0, 1), 0, QUIET + 1);
    assert_eq!(batch.counts().total(), 20, "none goes out again");
}
