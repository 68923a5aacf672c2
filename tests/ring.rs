//! The invariant, under every fault we can make: each slot settles exactly once; no slot that the gateway accepted is
//! sent again unless the caller chose it; no slot is reported accepted that was not; and it always ends.
//!
//! The simulation checks all of that at every step. The tests here choose what happens, and say what must come of it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod sent;
mod simulation;

use bellpush::batch::{InDoubt, Stop};
use bellpush::binary::Timing;
use bellpush::outcome::{Outcome, Reason};

use chance::Chance;
use simulation::gateway::Fault;
use simulation::{EPOCH, Report, Setting, run};

/// Longer than any frame of the simulation.
const LONGEST_FRAME: usize = 28;

/// Every fault, and every cut of those that cut.
fn every_fault() -> Vec<Fault> {
    let statuses = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 128, 255, 77];
    let late = [(1, 1), (8, 1), (8, 2), (8, 9)];
    let plain = [
        Fault::TwoAnswers { status: 8 },
        Fault::TwoAnswers { status: 2 },
        Fault::NoClose { status: 8 },
        Fault::NoClose { status: 1 },
        Fault::UnknownIdentifier,
        Fault::Gibberish,
        Fault::CloseBefore,
        Fault::CloseAfter,
        Fault::Stall,
    ];
    plain
        .into_iter()
        .chain(statuses.map(Fault::Status))
        .chain(late.map(|(status, frames)| Fault::Late { status, frames }))
        .chain((1..6).map(|first| Fault::CutAnswer { status: 8, first }))
        .chain((0..6).map(|first| Fault::LostAnswer { status: 8, first }))
        // Not 4: of a notification that has a payload no gateway can say that it lacks one.
        .chain([2, 5, 7, 8, 10].map(|status| Fault::IdentifierZero { status }))
        .chain((1..LONGEST_FRAME).map(|bytes| Fault::CloseWithin { bytes }))
        .collect()
}

/// One of each kind.
const EACH_KIND: [Fault; 18] = [
    Fault::Status(0),
    Fault::Status(1),
    Fault::Status(2),
    Fault::Status(4),
    Fault::Status(8),
    Fault::Status(10),
    Fault::Late { status: 8, frames: 2 },
    Fault::CutAnswer { status: 8, first: 3 },
    Fault::LostAnswer { status: 8, first: 3 },
    Fault::TwoAnswers { status: 8 },
    Fault::NoClose { status: 8 },
    Fault::UnknownIdentifier,
    Fault::IdentifierZero { status: 5 },
    Fault::Gibberish,
    Fault::CloseBefore,
    Fault::CloseAfter,
    Fault::CloseWithin { bytes: 9 },
    Fault::Stall,
];

/// How a batch is spread over connections, and how fast bytes leave.
fn every_pace(slots: u32) -> [Setting; 4] {
    let at_once = Setting::calm(slots);
    let slow = Setting { drain: 7, high_water: 60, max_bytes: 30, ..Setting::calm(slots) };
    let spread = |links| Setting { links, max_bytes: 30, high_water: 40, drain: 25, ..Setting::calm(slots) };
    [at_once, slow, spread(2), spread(3)]
}

/// What must come of a batch of live tokens in which one fault came to pass.
fn assert_fitting(report: &Report, fault: Fault, setting: &Setting) {
    let slots = setting.slots as usize;
    let accepted = report.count(Outcome::Accepted);
    let refused_once = |status| match status {
        // A passing cause, a false alarm, and a shutdown: all are accepted in the end.
        1 | 8 | 10 | 255 => accepted == slots,
        // About the notification of all: one rejected, the rest not sent, or sent on another connection.
        3 | 4 | 6 | 7 => {
            report.stopped == Some(Stop::Refused(Reason(status)))
                && report.count(Outcome::Rejected) == 1
                && accepted + 1 + report.count(Outcome::NotSent) == slots
        }
        0 => accepted + report.count(Outcome::InDoubt) == slots,
        _ => accepted + 1 == slots && report.count(Outcome::Rejected) == 1,
    };
    let fits = match fault {
        // Nobody's notification was refused, but the sentinel.
        _ if accepted == slots => true,
        Fault::Status(status)
        | Fault::Late { status, .. }
        | Fault::CutAnswer { status, .. }
        | Fault::TwoAnswers { status }
        | Fault::NoClose { status } => refused_once(u16::from(status)),
        // Nobody can know.
        Fault::LostAnswer { .. }
        | Fault::UnknownIdentifier
        | Fault::IdentifierZero { .. }
        | Fault::Gibberish
        | Fault::CloseBefore
        | Fault::CloseAfter
        | Fault::CloseWithin { .. }
        | Fault::Stall => accepted + report.count(Outcome::InDoubt) == slots,
    };
    assert!(fits, "{fault:?}: {report:?}\nof {setting:?}");
}

#[test]
fn every_fault_at_every_position_of_every_small_batch() {
    let faults = every_fault();
    let mut came_to_pass = 0;
    for slots in 1..=8 {
        for position in 0..=slots {
            for fault in &faults {
                for mut setting in every_pace(slots) {
                    setting.faults = vec![Some((position, *fault))];
                    let report = run(&setting);
                    came_to_pass += report.truth.faults;
                    assert_fitting(&report, *fault, &setting);
                }
            }
        }
    }
    assert!(came_to_pass > 5_000, "only {came_to_pass} faults came to pass");
}

#[test]
fn every_fault_is_followed_by_every_other_on_the_next_connection() {
    for first in EACH_KIND {
        for second in EACH_KIND {
            for (position, next_position) in [(0, 0), (0, 2), (2, 0), (2, 1), (4, 1)] {
                for links in [1, 2] {
                    run(&Setting {
                        faults: vec![Some((position, first)), Some((next_position, second))],
                        links,
                        max_bytes: 60,
                        drain: 40,
                        ..Setting::calm(4)
                    });
                }
            }
        }
    }
}

#[test]
fn whichever_tokens_are_dead_they_are_rejected_and_all_others_accepted() {
    for slots in 1..=7_u32 {
        for mask in 0..1_u32 << slots {
            let dead: Vec<u32> = (0..slots).filter(|slot| mask >> slot & 1 == 1).collect();
            for mut setting in every_pace(slots) {
                setting.dead.clone_from(&dead);
                let report = run(&setting);
                let rejected: Vec<u32> = report
                    .settled
                    .iter()
                    .filter(|settled| settled.dead && settled.reason == Reason(8))
                    .map(|settled| settled.slot)
                    .collect();
                assert_eq!(rejected, dead, "{setting:?}");
                assert_eq!(report.count(Outcome::Accepted), slots as usize - dead.len());
            }
        }
    }
}

#[test]
fn a_dead_token_costs_two_connections_and_nothing_else_does() {
    let report = run(&Setting { dead: vec![3, 50, 77], ..Setting::calm(100) });
    // The last second opinion ends the last link.
    assert_eq!(report.connections, 6);
}

#[test]
fn a_fault_with_a_dead_token_beside_it() {
    for fault in EACH_KIND {
        for position in 0..=4 {
            for dead in 0..4 {
                for on in 0..3 {
                    let mut faults = vec![None; on];
                    faults.push(Some((position, fault)));
                    run(&Setting { dead: vec![dead], faults, ..Setting::calm(4) });
                }
            }
        }
    }
}

#[test]
fn who_chose_to_resend_what_is_in_doubt_sends_it_again_but_not_for_ever() {
    for fault in EACH_KIND {
        for position in 0..=4 {
            let mut setting = Setting {
                // The same on every connection that will ever be.
                faults: vec![Some((position, fault)); 200],
                ..Setting::calm(4)
            };
            setting.config.in_doubt = InDoubt::Resend;
            let report = run(&setting);
            assert!(report.connections < 100, "{} connections for {fault:?} at {position}", report.connections);
        }
    }
}

#[test]
fn what_was_in_doubt_once_is_accepted_when_it_is_resent() {
    for fault in [Fault::CloseBefore, Fault::Gibberish, Fault::Stall, Fault::UnknownIdentifier] {
        let mut setting = Setting { faults: vec![Some((2, fault))], ..Setting::calm(5) };
        setting.config.in_doubt = InDoubt::Resend;
        let report = run(&setting);
        assert_eq!(report.count(Outcome::Accepted), 5, "{report:?}");
    }
}

#[test]
fn the_same_fault_on_every_connection_comes_to_an_end() {
    for fault in every_fault() {
        for position in 0..=3 {
            run(&Setting { faults: vec![Some((position, fault)); 200], ..Setting::calm(3) });
        }
    }
}

#[test]
fn large_batches_with_everything_at_once() {
    let runs = if cfg!(target_arch = "wasm32") { 60 } else { 200 };
    for seed in 0..runs {
        run(&anything(seed));
    }
}

/// A setting in which anything can happen.
fn anything(seed: u64) -> Setting {
    let mut chance = Chance(seed);
    let slots = 1 + chance.below(400) as u32;
    let faults = every_fault();
    let density = chance.one_of(&[1, 2, 5, 1_000]);
    let mut setting = Setting {
        links: 1 + chance.below(4),
        max_bytes: chance.one_of(&[1, 30, 200, 4_096, 65_536]),
        high_water: chance.one_of(&[1, 50, 1_000, 65_536]),
        drain: chance.one_of(&[5, 40, 333, 65_536]),
        latency: chance.one_of(&[0, 1, 20]),
        piece: chance.one_of(&[1, 7, 100, 65_536]),
        feed: chance.one_of(&[1, 10, 100, u32::MAX]),
        seed,
        timing: Timing { linger: chance.one_of(&[0, 1, 50]), answer: 1_000, round_trip: chance.one_of(&[0, 2, 20]) },
        ..Setting::calm(slots)
    };
    setting.dead = (0..slots).filter(|_| chance.once_in(density.max(2) * 4)).collect();
    setting.faults = (0..60)
        .map(|_| {
            let fault = chance.one_of(&faults);
            // What concerns the whole batch ends it: seldom.
            let ends_all = matches!(fault, Fault::Status(3 | 4 | 6 | 7));
            let here = chance.once_in(density) && (!ends_all || chance.once_in(10));
            here.then(|| (chance.below(slots as usize + 1).min(chance.below(60)) as u32, fault))
        })
        .collect();
    setting.config.max_in_flight = chance.one_of(&[1, 3, 50, 65_536]);
    setting.config.max_attempts = chance.one_of(&[0, 1, 3, 255]);
    setting.config.breaker = chance.one_of(&[5, u32::MAX, u32::MAX]);
    if chance.once_in(5) {
        setting.config.in_doubt = InDoubt::Resend;
    }
    if chance.once_in(5) {
        setting.stop_at = Some(chance.below(60) as u64);
    }
    if chance.once_in(5) {
        setting.config.expiration = Some((EPOCH / 1_000) as u32 + chance.below(2) as u32);
    }
    setting
}

#[test]
fn a_gateway_that_takes_500_a_second_of_a_full_window_is_slow_and_not_dead() {
    let slots = 65_536;
    let setting = Setting { reads: 13, timing: Timing::default(), piece: 1_000, ..Setting::calm(slots) };
    let report = run(&setting);
    assert_eq!(report.count(Outcome::Accepted), slots as usize);
    assert!(report.elapsed > 124_000, "{} ms", report.elapsed);
    assert_eq!(report.connections, 1);
}
