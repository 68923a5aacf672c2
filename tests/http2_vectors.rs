//! What a gateway says over HTTP/2, cut everywhere, and what becomes of the slots; and the examples of HPACK's text.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that reaches beyond what is there fails, as it should"
)]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod http2_hand;
mod reading;

use serde_json::Value;

use bellpush::http2::hpack::Decoder;
use bellpush::http2::{EndingKind, MAX_HEADER_LIST};
use bellpush::outcome::{Outcome, Reason};

use http2_hand::Hand;
use reading::{every_cut, hex};

fn vectors(key: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("vectors/http2.json")).expect("the vectors are JSON");
    vectors[key].as_array().expect("a list").clone()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_string()).collect()
}

#[test]
fn the_examples_of_hpack() {
    for example in vectors("hpack") {
        let mut decoder = Decoder::new(MAX_HEADER_LIST);
        for block in example["blocks"].as_array().expect("a list") {
            let mut fields = Vec::new();
            let bytes = hex(block["hex"].as_str().expect("a text"));
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
            decoder
                .decode(&bytes, |name, value| fields.push(format!("{}: {}", text(name), text(value))))
                .unwrap_or_else(|error| panic!("{}: {error}", example["source"]));
            assert_eq!(fields, texts(&block["fields"]), "{}", example["source"]);
        }
    }
}

#[test]
fn what_a_gateway_says_means_the_same_wherever_it_is_cut() {
    for vector in vectors("conversations") {
        let bytes = hex(vector["hex"].as_str().expect("a text"));
        for pieces in every_cut(&bytes) {
            let mut hand = Hand::of_three();
            for piece in pieces {
                hand.hears(piece);
            }
            let ending = hand.connection.ending().cloned();
            hand.connection.closed(&mut hand.held, 0, Reason::CLOSED_WITHOUT_ANSWER, 0);
            assert_eq!(ends(&mut hand), texts(&vector["ends"]), "{}", vector["name"]);
            let ending = ending.map(|ending| (word(ending.kind), u64::from(ending.code.0), ending.message));
            let wanted = vector.get("ending").map(|ending| {
                let text = |key: &str| ending[key].as_str().expect("a text");
                (text("why"), ending["code"].as_u64().expect("a number"), text("message").to_string())
            });
            assert_eq!(ending, wanted, "{}", vector["name"]);
        }
    }
}

fn word(kind: EndingKind) -> &'static str {
    match kind {
        EndingKind::GoAway => "goaway",
        EndingKind::Fault => "fault",
        EndingKind::Timeout => "timeout",
        EndingKind::Exhausted => "exhausted",
        EndingKind::Closed => "closed",
    }
}

/// The three slots' ends as the vectors write them.
fn ends(hand: &mut Hand) -> Vec<String> {
    let mut ends = vec!["waiting".to_string(); 3];
    for end in hand.ends() {
        let foreign = hand.held.0[0].foreign_reason(end.reason);
        let (status, name) = match foreign {
            Some((status, text)) => (Some(status), text.to_string()),
            None => (end.reason.http_status(), end.reason.name().unwrap_or_default().to_string()),
        };
        let words = [
            Some(outcome(end.outcome).to_string()),
            (!name.is_empty()).then_some(name),
            status.map(|status| status.to_string()),
            end.dead.then(|| "dead".to_string()),
            end.died_at.map(|time| time.to_string()),
        ];
        ends[end.slot as usize] = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    ends
}

fn outcome(outcome: Outcome) -> &'static str {
    ["accepted", "rejected", "exhausted", "expired", "inDoubt", "notSent"][outcome as usize]
}
