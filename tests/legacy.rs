//! One old connection: what it is told, and what is remembered for its client.

mod legacy_model;

use bellpush::binary::frame::Command;
use bellpush::legacy::{Answer, Content, Conversation, Intake, Memory, Verdict};
use legacy_model::{Fate, LIMITS, World, frame};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ENHANCED: Command = Command::Enhanced;

/// A connection that has read notifications 1 to `count`, tokens as the identifiers, all with one payload.
fn told(memory: &mut Memory, count: u32) -> Conversation {
    let mut conversation = Conversation::new(LIMITS);
    read(&mut conversation, memory, &(1..=count).flat_map(|n| frame(ENHANCED, n, n as u8, 1)).collect::<Vec<u8>>());
    conversation
}

fn read(conversation: &mut Conversation, memory: &mut Memory, bytes: &[u8]) -> usize {
    let mut intake = Intake::default();
    conversation.read(memory, bytes, 0, &mut intake);
    intake.segments.iter().map(|segment| segment.count).sum()
}

#[test]
fn a_refusal_is_told_when_all_before_it_is_settled_and_nothing_behind_it_is_open() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 5);
    conversation.settle(0, 2, Verdict::Refused(8));
    assert!(conversation.is_refused() && !conversation.is_decided());
    conversation.accept_below(0, 3);
    assert!(conversation.is_decided());
    assert_eq!(conversation.answer(), None, "4 and 5 are on their way");
    conversation.accept_below(0, 5);
    assert_eq!(conversation.answer(), Some(Answer { status: 8, identifier: 3 }));
    assert!(conversation.leave(&mut memory, 0).is_some());
    assert_eq!(memory.len(), 2);
}

#[test]
fn of_several_refusals_the_first_is_told_and_the_others_are_found_again() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 6);
    for slot in [4, 1, 2] {
        conversation.settle(0, slot, Verdict::Refused(8));
    }
    conversation.accept_below(0, 6);
    assert_eq!(conversation.answer(), Some(Answer { status: 8, identifier: 2 }));
    conversation.leave(&mut memory, 0);
    assert_eq!(memory.len(), 2, "4 and 6 were accepted behind it");
}

#[test]
fn what_is_sent_again_is_swallowed_once_and_what_is_sent_twice_is_sent() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 2);
    conversation.settle(0, 0, Verdict::Refused(8));
    conversation.accept_below(0, 2);
    conversation.leave(&mut memory, 0);
    let mut again = Conversation::new(LIMITS);
    assert_eq!(read(&mut again, &mut memory, &frame(ENHANCED, 77, 2, 1)), 0);
    assert_eq!(read(&mut again, &mut memory, &frame(ENHANCED, 78, 2, 1)), 1);
    assert_eq!(again.counts(), (2, 1));
}

#[test]
fn another_payload_or_token_is_another_notification() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 2);
    conversation.settle(0, 0, Verdict::Refused(8));
    conversation.accept_below(0, 2);
    conversation.leave(&mut memory, 0);
    let mut again = Conversation::new(LIMITS);
    assert_eq!(read(&mut again, &mut memory, &frame(ENHANCED, 3, 2, 9)), 1);
    assert_eq!(read(&mut again, &mut memory, &frame(ENHANCED, 3, 3, 1)), 1);
    assert_eq!(memory.len(), 1);
}

#[test]
fn what_was_swallowed_behind_a_refusal_is_remembered_again() {
    let mut memory = Memory::new(100);
    let mut first = told(&mut memory, 3);
    first.settle(0, 0, Verdict::Refused(8));
    first.accept_below(0, 3);
    first.leave(&mut memory, 0);
    assert_eq!(memory.len(), 2);
    let mut second = Conversation::new(LIMITS);
    let bytes = [frame(ENHANCED, 9, 9, 1), frame(ENHANCED, 2, 2, 1), frame(ENHANCED, 3, 3, 1)].concat();
    assert_eq!(read(&mut second, &mut memory, &bytes), 1);
    assert_eq!(memory.len(), 0);
    second.settle(0, 0, Verdict::Refused(8));
    second.accept_below(0, 1);
    assert_eq!(second.answer(), Some(Answer { status: 8, identifier: 9 }));
    second.leave(&mut memory, 0);
    assert_eq!(memory.len(), 2);
}

#[test]
fn status_10_names_the_last_accepted_one_and_where_there_is_none_the_one_before_the_first() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 3);
    conversation.accept_below(0, 2);
    conversation.settle(0, 2, Verdict::Refused(10));
    assert_eq!(conversation.answer(), Some(Answer { status: 10, identifier: 2 }));
    let mut nothing = told(&mut memory, 1);
    nothing.settle(0, 0, Verdict::Refused(10));
    assert_eq!(nothing.answer(), Some(Answer { status: 10, identifier: 0 }));
}

#[test]
fn a_farewell_names_the_last_one_and_says_nothing_to_who_never_gave_a_name() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 3);
    assert_eq!(conversation.farewell(), None, "they are on their way");
    conversation.accept_below(0, 3);
    assert_eq!(conversation.farewell(), Some(Answer { status: 10, identifier: 3 }));
    assert_eq!(Conversation::new(LIMITS).farewell(), None);
}

#[test]
fn a_token_that_is_gone_is_no_reason_to_end_anything() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 3);
    conversation.settle(0, 1, Verdict::Dropped);
    conversation.accept_below(0, 3);
    assert_eq!((conversation.answer(), conversation.is_refused()), (None, false));
    assert_eq!(conversation.room(), LIMITS.window);
}

#[test]
fn command_0_is_cut_without_a_word_and_what_comes_behind_is_sent() {
    let mut memory = Memory::new(100);
    let mut conversation = Conversation::new(LIMITS);
    let bytes: Vec<u8> = (1..=3).flat_map(|n| frame(Command::Simple, 0, n, 1)).collect();
    assert_eq!(read(&mut conversation, &mut memory, &bytes), 3);
    conversation.settle(0, 0, Verdict::Refused(8));
    assert!(conversation.is_cut() && !conversation.is_refused());
    assert_eq!(read(&mut conversation, &mut memory, &frame(Command::Simple, 0, 4, 1)), 1);
    conversation.accept_below(0, 4);
    assert_eq!((conversation.answer(), conversation.farewell()), (None, None));
    assert_eq!(memory.len(), 0, "it cannot know what to send again");
}

#[test]
fn whoever_began_with_command_0_cannot_be_told_whatever_comes_later() {
    let mut memory = Memory::new(100);
    let mut conversation = Conversation::new(LIMITS);
    let bytes = [frame(Command::Simple, 0, 1, 1), frame(ENHANCED, 2, 2, 1), frame(ENHANCED, 3, 3, 1)].concat();
    assert_eq!(read(&mut conversation, &mut memory, &bytes), 3);
    conversation.settle(0, 1, Verdict::Refused(8));
    assert!(!conversation.is_refused());
    assert_eq!(read(&mut conversation, &mut memory, &frame(ENHANCED, 4, 4, 1)), 1);
    conversation.settle(0, 0, Verdict::Refused(8));
    conversation.accept_below(0, 4);
    assert!(conversation.is_cut());
    assert_eq!((conversation.answer(), conversation.farewell()), (None, None));
}

#[test]
fn a_command_0_among_others_neither_ends_the_connection_nor_hides_the_last_accepted_one() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 2);
    let bytes = [frame(Command::Simple, 0, 3, 1), frame(Command::Simple, 0, 4, 1)].concat();
    assert_eq!(read(&mut conversation, &mut memory, &bytes), 2);
    conversation.settle(1, 0, Verdict::Refused(8));
    conversation.accept_below(0, 2);
    conversation.accept_below(1, 2);
    assert!(!conversation.is_cut() && !conversation.is_refused());
    assert_eq!(conversation.farewell(), Some(Answer { status: 10, identifier: 2 }));
}

#[test]
fn bytes_that_are_no_frame_are_answered_in_their_turn() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 1);
    assert_eq!(read(&mut conversation, &mut memory, &[9, 9, 9]), 0);
    assert_eq!(conversation.answer(), None, "1 is on its way");
    conversation.accept_below(0, 1);
    assert_eq!(conversation.answer(), Some(Answer { status: 128, identifier: 0 }));
    let fault = conversation.fault().expect("it says what is wrong");
    assert!(fault.message.contains("found 09"), "{}", fault.message);
    assert_eq!(fault.offset, frame(ENHANCED, 1, 1, 1).len() as u64);
}

#[test]
fn a_frame_without_a_token_is_answered_and_what_follows_thrown_away() {
    let mut memory = Memory::new(100);
    let mut conversation = Conversation::new(LIMITS);
    let empty = [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2, b'{', b'}'];
    let bytes = [empty.as_slice(), &frame(ENHANCED, 8, 1, 1)].concat();
    assert_eq!(read(&mut conversation, &mut memory, &bytes), 0);
    assert_eq!(conversation.answer(), Some(Answer { status: 2, identifier: 7 }));
    assert_eq!(conversation.room(), 0);
}

#[test]
fn a_client_that_was_never_told_has_nothing_swallowed() {
    let mut memory = Memory::new(100);
    let mut conversation = told(&mut memory, 3);
    conversation.settle(0, 0, Verdict::Refused(8));
    conversation.accept_below(0, 3);
    let episode = conversation.leave(&mut memory, 0).expect("two were accepted");
    memory.withdraw(episode);
    assert!(memory.is_empty());
    assert_eq!(read(&mut Conversation::new(LIMITS), &mut memory, &frame(ENHANCED, 1, 2, 1)), 1);
}

fn content(hash: u64, expiration: u32, at: u64) -> Content {
    Content { hash, expiration: Some(expiration), at }
}

#[test]
fn an_expiration_that_was_reckoned_anew_is_the_same_one() {
    let mut memory = Memory::new(100);
    memory.remember([content(1, 5_000, 100_000)], 100_000);
    assert!(!memory.swallow(&content(1, 6_000, 110_000), 110_000), "ten seconds later, and a thousand more");
    assert!(!memory.swallow(&content(1, 4_000, 110_000), 110_000), "less");
    assert!(memory.swallow(&content(1, 5_010, 110_000), 110_000));
}

#[test]
fn of_many_that_are_alike_but_for_their_expiration_the_right_one_is_swallowed() {
    let mut memory = Memory::new(100_000);
    memory.remember((0..100_000).map(|at| content(1, 10_000 + at % 50_000, 1_000)), 1_000);
    assert!(!memory.swallow(&content(1, 9_999, 2_000), 2_000));
    assert!(!memory.swallow(&content(1, 60_003, 2_000), 2_000), "four seconds more, and one has passed");
    for _ in 0..2 {
        assert!(memory.swallow(&content(1, 20_000, 2_000), 2_000), "the very same");
    }
    assert!(memory.swallow(&content(1, 20_000, 2_000), 2_000), "one reckoned a little earlier");
    assert_eq!(memory.len(), 100_000 - 3);
}

#[test]
fn the_oldest_are_forgotten_first_and_counted() {
    let mut memory = Memory::new(3);
    memory.remember((0..5).map(|hash| content(hash, 0, 0)), 0);
    assert_eq!((memory.len(), memory.overrun()), (3, 2));
    assert!(!memory.swallow(&content(1, 0, 1), 1));
    assert!(memory.swallow(&content(2, 0, 1), 1));
}

#[test]
fn what_is_never_sent_again_is_forgotten_in_time() {
    let mut memory = Memory::new(100);
    memory.remember([content(1, 0, 0), content(2, 0, 0)], 0);
    assert!(memory.swallow(&content(1, 0, 299_000), 299_000));
    assert!(memory.swallow(&content(2, 0, 598_000), 598_000), "it was of use meanwhile");
    memory.remember([content(3, 0, 600_000)], 600_000);
    assert!(!memory.swallow(&content(3, 0, 900_000), 900_000));
    memory.expire(900_000);
    assert!(memory.is_empty());
}

#[test]
fn notifications_that_differ_in_their_tokens_only_make_one_run() {
    let mut memory = Memory::new(100);
    let mut conversation = Conversation::new(LIMITS);
    let bytes = [frame(ENHANCED, 1, 1, 1), frame(ENHANCED, 2, 2, 1), frame(ENHANCED, 3, 3, 2)].concat();
    let mut intake = Intake::default();
    conversation.read(&mut memory, &bytes, 0, &mut intake);
    let runs: Vec<(u32, usize)> = intake.segments.iter().map(|segment| (segment.run, segment.count)).collect();
    assert_eq!(runs, [(0, 2), (1, 1)]);
    assert_eq!(intake.text, b"010101010202020203030303");
}

#[test]
fn a_model_of_one_connection_agrees() {
    let notes = [(1, 1, Fate::Accepted), (2, 1, Fate::Refused), (3, 1, Fate::Accepted)];
    let mut memory = Memory::new(100);
    let mut world = World::new(&notes);
    world.read(&mut memory, &(1..=3).flat_map(|n| frame(ENHANCED, n, n as u8, 1)).collect::<Vec<u8>>(), 0);
    while world.send() {}
    while world.answer(2) {
        world.stop_if_decided();
    }
    assert_eq!(world.conversation.answer(), Some(Answer { status: 8, identifier: 2 }));
    assert_eq!(world.rung.len(), 2);
}
