//! Whatever the order of Apple's answers and the cuts of the stream: each notification of an old client rings once.
#![cfg(not(target_arch = "wasm32"))]

mod legacy_model;

use legacy_model::{Fate, Note, expected, send_all};
use proptest::prelude::*;

fn fate(number: u8) -> Fate {
    match number % 8 {
        0 | 1 => Fate::Refused,
        2 => Fate::Gone,
        _ => Fate::Accepted,
    }
}

/// The same token and payload always have the same fate, and may come several times.
fn notes() -> impl Strategy<Value = Vec<Note>> {
    proptest::collection::vec((0..12u8, 0..3u8), 0..40).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(token, payload)| (token, payload, fate(token.wrapping_mul(7).wrapping_add(payload))))
            .collect()
    })
}

proptest! {
    #[test]
    fn none_is_lost_and_none_rings_twice(
        notes in notes(),
        choices in proptest::collection::vec(any::<u8>(), 1..200),
        renumbers: bool,
    ) {
        prop_assert_eq!(send_all(&notes, &choices, renumbers), expected(&notes));
    }
}

#[test]
fn every_small_case() {
    let fates = [Fate::Accepted, Fate::Refused, Fate::Gone];
    // Three tokens, a fate each, in every sequence of four, payloads alternating or not, under many orders of events.
    for combination in 0..27usize {
        let of = |token: usize| fates[combination / 3usize.pow(token as u32) % 3];
        for sequence in 0..81usize {
            for alternating in [false, true] {
                let notes: Vec<Note> = (0..4)
                    .map(|at| {
                        let token = sequence / 3usize.pow(at) % 3;
                        let payload = if alternating { (at % 2) as u8 } else { 0 };
                        (token as u8, payload, of(token))
                    })
                    .collect();
                for order in 0..6u8 {
                    let choices = [order, 0, order / 2, 1, 7 * order, 2, order / 3, 5, order, 3];
                    assert_eq!(send_all(&notes, &choices, false), expected(&notes), "{notes:?}, order {order}");
                }
            }
        }
    }
}
