//! HTTP/2 against bytes that nobody meant, from seeds: what must hold stands in `http2_decoding`. A fuzzer that looks for
//! them by coverage is in fuzz/.

#![allow(clippy::indexing_slicing, reason = "a test that reaches beyond what is there fails, as it should")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod http2_decoding;
mod http2_hand;

use chance::Chance;
use http2_decoding::{a_connection_ends_the_same_wherever_its_bytes_are_cut, fields_are_bounded_or_named};
use http2_hand::{accepts, frame, refuses};

const RUNS: u64 = if cfg!(target_arch = "wasm32") { 1_000 } else { 5_000 };

#[test]
fn frames_by_chance_with_a_few_wrong_bytes() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let mut bytes = Vec::new();
        for _ in 0..1 + chance.below(8) {
            let stream = chance.one_of(&[0, 1, 1, 3, 5, 7, 2]);
            bytes.extend(match chance.below(6) {
                0 => accepts(stream),
                1 => refuses(stream, chance.one_of(&[400, 403, 410, 429, 503]), "BadDeviceToken"),
                _ => {
                    let (kind, flags) = (chance.below(11) as u8, chance.one_of(&[0, 1, 4, 5, 8, 0x2d]));
                    let length = chance.one_of(&[0, 4, 5, 6, 8, 20]);
                    frame(kind, flags, stream, &chance.bytes(length))
                }
            });
        }
        if chance.once_in(2) {
            let at = chance.below(bytes.len());
            bytes[at] = chance.number() as u8;
        }
        let longest = chance.one_of(&[1, 9, 30]);
        a_connection_ends_the_same_wherever_its_bytes_are_cut(&bytes, &chance.pieces(&bytes, longest));
    }
}

#[test]
fn header_blocks_by_chance() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let length = chance.below(200);
        let mut bytes = chance.bytes(length);
        for byte in &mut bytes {
            // What means something somewhere: numbers, sizes, short texts.
            if chance.once_in(2) {
                *byte = chance.one_of(&[0, 1, 2, 5, 0x20, 0x3f, 0x40, 0x82, 0x88, 0xbe, 0xbf, 0xff]);
            }
        }
        fields_are_bounded_or_named(&bytes);
    }
}
