//! Every decoder against bytes that nobody meant, from seeds: what must hold stands in `decoding`. A fuzzer that looks
//! for them by coverage is in fuzz/.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod decoding;
mod reading;

use bellpush::binary::feedback::Tuple;
use bellpush::binary::frame::{Command, Frame};
use bellpush::notification::{DeviceToken, Priority};

use chance::Chance;
use decoding::{
    a_payload_is_an_object_or_named, a_token_is_read_or_named, an_explanation_covers_every_byte_it_understood,
    each_line_has_a_slot, encoded, error_responses_are_what_came,
};

const RUNS: u64 = if cfg!(target_arch = "wasm32") { 2_000 } else { 5_000 };

fn frames_are_the_same_wherever_they_are_cut(bytes: &[u8], chance: &mut Chance) {
    let longest = chance.one_of(&[1, 3, 40]);
    decoding::frames_are_the_same_wherever_they_are_cut(bytes, &chance.pieces(bytes, longest));
}

fn feedback_is_the_same_wherever_it_is_cut(bytes: &[u8], chance: &mut Chance) {
    let longest = chance.one_of(&[1, 7, 38]);
    decoding::feedback_is_the_same_wherever_it_is_cut(bytes, &chance.pieces(bytes, longest));
}

// ---- bytes that come again with their seed ----

#[test]
fn streams_of_frames_with_a_few_wrong_bytes() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let bytes = spoiled(&mut chance, |chance| encoded(&any_frame(chance)));
        frames_are_the_same_wherever_they_are_cut(&bytes, &mut chance);
        an_explanation_covers_every_byte_it_understood(&bytes);
    }
}

#[test]
fn streams_of_error_responses_with_a_few_wrong_bytes() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let bytes = spoiled(&mut chance, |chance| [&[8], chance.bytes(5).as_slice()].concat());
        error_responses_are_what_came(&bytes);
        an_explanation_covers_every_byte_it_understood(&bytes);
    }
}

#[test]
fn streams_of_feedback_with_a_few_wrong_bytes() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let bytes = spoiled(&mut chance, |chance| {
            let length = 1 + chance.below(100);
            let token = DeviceToken::from_bytes(&chance.bytes(length)).expect("1 to 100 bytes");
            let mut out = Vec::new();
            Tuple { time: chance.number() as u32, token }.encode(&mut out);
            out
        });
        feedback_is_the_same_wherever_it_is_cut(&bytes, &mut chance);
        an_explanation_covers_every_byte_it_understood(&bytes);
    }
}

#[test]
fn bytes_without_any_sense() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let length = chance.below(60);
        let mut bytes = chance.bytes(length);
        // Small numbers look like commands, items and lengths.
        for byte in &mut bytes {
            if !chance.once_in(4) {
                *byte %= 9;
            }
        }
        frames_are_the_same_wherever_they_are_cut(&bytes, &mut chance);
        error_responses_are_what_came(&bytes);
        feedback_is_the_same_wherever_it_is_cut(&bytes, &mut chance);
        an_explanation_covers_every_byte_it_understood(&bytes);
        a_token_is_read_or_named(&bytes);
        each_line_has_a_slot(&bytes);
        a_payload_is_an_object_or_named(&bytes);
    }
}

#[test]
fn texts_that_are_nearly_tokens() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let alphabet = ["0", "9", "a", "F", "b7", " ", "\t", "\r", "<", ">", "é", "\u{1f514}", "x", "\u{feff}"];
        let letters = alphabet.get(..chance.one_of(&[4, 5, 8, 14])).expect("no more than there are");
        let length = chance.one_of(&[3, 20, 70, 210]);
        let mut text: Vec<u8> = (0..chance.below(length)).flat_map(|_| chance.one_of(letters).bytes()).collect();
        if chance.once_in(5) {
            text.push(0xff);
        }
        if chance.once_in(3) {
            text.insert(0, b'<');
            text.push(b'>');
        }
        a_token_is_read_or_named(&text);
    }
}

#[test]
fn texts_that_are_nearly_payloads() {
    for seed in 0..RUNS {
        let mut chance = Chance(seed);
        let text = spoiled(&mut chance, |chance| {
            chance
                .one_of(&[
                    r#"{"aps":{"alert":"Ding \ud83d\udd14","badge":-1.5e3}}"#,
                    r#" {"a":[true,null,{}],"é":""} "#,
                    r#"[1,"2"]"#,
                    "{}",
                    "1e999",
                ])
                .into()
        });
        a_payload_is_an_object_or_named(&text);
    }
}

fn any_frame(chance: &mut Chance) -> Frame {
    let command = chance.one_of(&[Command::Simple, Command::Enhanced, Command::Items]);
    let (token, payload) = (chance.one_of(&[0, 1, 32, 100]), chance.one_of(&[0, 2, 60]));
    let said = |chance: &mut Chance| match command {
        Command::Simple => None,
        Command::Enhanced => Some(chance.number() as u32),
        Command::Items => (!chance.once_in(3)).then(|| chance.number() as u32),
    };
    Frame {
        command,
        identifier: said(chance),
        expiration: said(chance),
        priority: said(chance).filter(|_| command == Command::Items).map(|number| Priority(number as u8)),
        token: chance.bytes(token).into(),
        payload: chance.bytes(payload).into(),
    }
}

/// A few of these, one after the other, mostly with a byte or two changed, lost or added.
fn spoiled(chance: &mut Chance, one: impl Fn(&mut Chance) -> Vec<u8>) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..chance.below(4)).flat_map(|_| one(chance)).collect();
    for _ in 0..chance.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = chance.below(bytes.len());
        match chance.below(4) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..=at, [chance.number() as u8])),
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, chance.below(9) as u8),
        }
    }
    bytes
}

// ---- bytes that shrink to the least that fails ----

#[cfg(not(target_arch = "wasm32"))]
mod shrinking {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Small numbers look like commands, items and lengths.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![3 => 0..9_u8, 1 => any::<u8>()], 0..80)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_confuse_a_decoder(bytes in bytes(), seed: u64) {
            let mut chance = Chance(seed);
            frames_are_the_same_wherever_they_are_cut(&bytes, &mut chance);
            error_responses_are_what_came(&bytes);
            feedback_is_the_same_wherever_it_is_cut(&bytes, &mut chance);
            an_explanation_covers_every_byte_it_understood(&bytes);
        }

        #[test]
        fn no_items_confuse_a_decoder(
            items in vec((0..7_u8, vec(any::<u8>(), 0..6), prop_oneof![9 => Just(0_u16), 1 => 0..3_u16]), 0..6),
            seed: u64,
        ) {
            let mut stream = Vec::new();
            for (id, data, lie) in items {
                stream.push(id);
                stream.extend((data.len() as u16 + lie).to_be_bytes());
                stream.extend(data);
            }
            let length = (stream.len() as u32).to_be_bytes();
            stream.splice(0..0, [2].into_iter().chain(length));
            frames_are_the_same_wherever_they_are_cut(&stream, &mut Chance(seed));
            an_explanation_covers_every_byte_it_understood(&stream);
        }

        #[test]
        fn no_text_confuses_the_parsers(text in ".{0,60}", hex in "[0-9a-fA-F<> \t]{0,220}") {
            a_token_is_read_or_named(text.as_bytes());
            a_token_is_read_or_named(hex.as_bytes());
            a_payload_is_an_object_or_named(text.as_bytes());
        }
    }
}
