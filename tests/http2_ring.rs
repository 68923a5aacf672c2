//! The invariant, over HTTP/2, under every fault that we can make: each slot settles exactly once; no slot that the gateway
//! accepted is sent again; no slot is reported accepted that was not; and it always ends.
//!
//! The simulation checks that at every step, and holds the core to the rules of HTTP/2. The tests here choose what happens.

#![allow(clippy::indexing_slicing, reason = "a test that reaches beyond what is there fails, as it should")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod http2_simulation;

use bellpush::outcome::{Outcome, Reason};

use chance::Chance;
use http2_simulation::gateway::{Character, Token};
use http2_simulation::{Setting, run};

#[test]
fn a_calm_gateway_accepts_everything_once() {
    let report = run(&Setting::calm(&[500, 3, 1, 40]));
    assert_eq!(report.count(Outcome::Accepted), 544);
    assert_eq!(report.connections, 1);
}

#[test]
fn small_batches_do_not_wait_for_a_large_one() {
    let mut setting = Setting::calm(&[2_000, 3, 3]);
    setting.character.streams = 20;
    setting.latency = 10;
    let report = run(&setting);
    let last = |batch: usize| report.settled[batch].iter().map(|end| end.at).max();
    assert!(last(1) < report.settled[0].iter().map(|end| end.at).nth(1_000), "in turn, and not behind it");
    assert!(last(2) < report.settled[0].iter().map(|end| end.at).nth(1_000));
}

#[test]
fn dead_tokens_are_dead_at_once_and_bad_ones_when_another_connection_says_so_too() {
    let nature = |_, slot| match slot % 10 {
        3 => Token::Dead,
        7 => Token::Bad,
        _ => Token::Good,
    };
    let report = run(&Setting { nature, ..Setting::calm(&[100]) });
    assert_eq!((report.count(Outcome::Accepted), report.count(Outcome::Rejected)), (80, 20));
    assert_eq!(report.settled[0].iter().filter(|end| end.dead).count(), 20);
    assert_eq!(report.connections, 2, "one more, for the second opinions");
}

#[test]
fn windows_that_hold_no_payload_only_slow_it_down() {
    for window in [1, 7, 28, 29, 30] {
        for grudging in [0, 1, 50] {
            let character = Character { window, grudging, ..Character::CALM };
            let report = run(&Setting { character, ..Setting::calm(&[40, 5]) });
            assert_eq!(report.count(Outcome::Accepted), 45, "window {window}, {grudging}");
        }
    }
    let used_up = Character { grudging: 300, ..Character::CALM };
    let report = run(&Setting { character: used_up, ..Setting::calm(&[3_000]) });
    assert_eq!(report.count(Outcome::Accepted), 3_000, "65,535 bytes are 2,259 payloads and a part of one");
}

#[test]
fn what_a_goaway_returns_goes_out_again_and_nothing_is_lost() {
    let character = Character { goes_away: 10, ..Character::CALM };
    for seed in 0..40 {
        let report = run(&Setting { character: character.clone(), seed, ..Setting::calm(&[300, 20]) });
        assert_eq!(report.count(Outcome::Accepted), 320, "seed {seed}: nothing in doubt, nothing lost");
        assert!(report.connections > 3);
    }
}

#[test]
fn refused_streams_go_out_again_free() {
    let character = Character { refuses: 2, ..Character::CALM };
    let report = run(&Setting { character, ..Setting::calm(&[300]) });
    assert_eq!(report.count(Outcome::Accepted), 300, "more often than max_attempts");
}

#[test]
fn a_silent_stream_is_in_doubt_and_the_others_go_on() {
    let character = Character { silent: 20, ..Character::CALM };
    let report = run(&Setting { character, ..Setting::calm(&[400]) });
    assert!(report.count(Outcome::InDoubt) > 0);
    assert_eq!(report.count(Outcome::InDoubt) + report.count(Outcome::Accepted), 400);
    assert!(report.settled[0].iter().all(|end| [Reason::NONE, Reason::NO_ANSWER].contains(&end.reason)));
}

#[test]
fn an_authorization_that_expires_is_asked_for_again_and_costs_no_slot() {
    let report = run(&Setting { expires: 40, latency: 5, ..Setting::calm(&[2_000]) });
    assert_eq!(report.count(Outcome::Accepted), 2_000);
}

#[test]
fn passing_failures_are_tried_again() {
    let character = Character { fails: 10, ..Character::CALM };
    let report = run(&Setting { character, ..Setting::calm(&[500]) });
    assert_eq!(report.count(Outcome::Accepted) + report.count(Outcome::Exhausted), 500);
    assert!(report.count(Outcome::Accepted) > 490);
}

#[test]
fn every_fault_at_once_and_by_chance() {
    let runs = if cfg!(target_arch = "wasm32") { 80 } else { 400 };
    for seed in 0..runs {
        run(&by_chance(seed));
    }
}

fn by_chance(seed: u64) -> Setting {
    let mut chance = Chance(seed);
    let mut once_in = |least: usize, most: usize| match chance.below(3) {
        0 => 0,
        _ => least + chance.below(most),
    };
    let character = Character {
        refuses: once_in(2, 30),
        resets: once_in(5, 60),
        silent: once_in(10, 60),
        fails: once_in(2, 30),
        goes_away: once_in(5, 60),
        loses: once_in(10, 100),
        changes: once_in(2, 30),
        streams: chance.one_of(&[1, 2, 5, 100, 1_000]),
        window: chance.one_of(&[0, 1, 7, 29, 100, 65_535]).max(1),
        grudging: chance.one_of(&[0, 1, 30, 500]),
        slowest: chance.one_of(&[1, 5, 60]),
    };
    let batches = (0..=chance.below(4)).map(|_| 1 + chance.below(80) as u32).collect();
    let natures: [fn(u8, u32) -> Token; 3] = [
        |_, _| Token::Good,
        |_, slot| if slot % 9 == 4 { Token::Dead } else { Token::Good },
        |batch, slot| match (slot + u32::from(batch)) % 11 {
            0 => Token::Bad,
            5 => Token::Dead,
            _ => Token::Good,
        },
    ];
    Setting {
        batches,
        nature: chance.one_of(&natures),
        character,
        connections: 1 + chance.below(3),
        latency: 1 + chance.below(20) as u64,
        piece: chance.one_of(&[1, 3, 9, 50, 1 << 16]),
        max_bytes: chance.one_of(&[1, 200, 1 << 16]),
        expires: chance.one_of(&[0, 0, 100]),
        seed,
        ..Setting::calm(&[])
    }
}
