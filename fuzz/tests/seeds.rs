//! The seeds without a fuzzer: each is replayed, and then changed a little, a number of times that is always the same.
//! It finds less than libFuzzer, which sees what the bytes reach, but any Rust can do it.

use std::fs;
use std::path::Path;

use bellpush_fuzz::{TARGETS, Target, seeds};

#[path = "../../tests/chance/mod.rs"]
mod chance;

use chance::Chance;

/// Changed inputs for each target.
const RUNS: u64 = 20_000;

/// Bytes that mean something somewhere: commands, items, lengths, statuses, digits.
const MEANINGFUL: [u8; 16] = [0, 1, 2, 3, 4, 5, 8, 10, 32, 100, 127, 128, 255, b'\n', b'<', b'"'];

#[test]
fn frames() {
    replay_and_mutate("frames");
}

#[test]
fn error_responses() {
    replay_and_mutate("error_responses");
}

#[test]
fn feedback() {
    replay_and_mutate("feedback");
}

#[test]
fn explain() {
    replay_and_mutate("explain");
}

#[test]
fn captures() {
    replay_and_mutate("captures");
}

#[test]
fn tokens() {
    replay_and_mutate("tokens");
}

#[test]
fn payload() {
    replay_and_mutate("payload");
}

#[test]
fn conversation() {
    replay_and_mutate("conversation");
}

#[test]
fn operations() {
    replay_and_mutate("operations");
}

#[test]
fn http2() {
    replay_and_mutate("http2");
}

#[test]
fn hpack() {
    replay_and_mutate("hpack");
}

#[test]
fn the_files_are_what_is_written_down() {
    for (name, _) in TARGETS {
        let files = files_of(name);
        for (file, bytes) in seeds::of(name) {
            let found = files.iter().find(|(there, _)| *there == file).map(|(_, bytes)| bytes);
            assert_eq!(found, Some(&bytes), "seeds/{name}/{file}: cargo run --example write-seeds");
        }
    }
}

fn replay_and_mutate(name: &str) {
    let target = TARGETS.into_iter().find(|(other, _)| *other == name).expect("a target");
    let seeds = files_of(name);
    assert!(!seeds.is_empty(), "there are no seeds for {name}");
    for (_, bytes) in &seeds {
        run(target, bytes);
    }
    for seed in 0..RUNS {
        run(target, &changed(&mut Chance(seed), &seeds));
    }
}

/// The seeds that are there as files, in the order of their names.
fn files_of(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut seeds: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let file = path.file_name().expect("a name").to_string_lossy().into_owned();
            (file, fs::read(&path).expect("a file"))
        })
        .collect();
    seeds.sort();
    seeds
}

fn run((name, target): Target, bytes: &[u8]) {
    let told = Told { name, bytes };
    target(bytes);
    std::mem::forget(told);
}

/// Where the target panics, says with which bytes.
struct Told<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let hex: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("the target {} panics with {hex}", self.name);
    }
}

/// One of the seeds with up to four changes.
fn changed(chance: &mut Chance, seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (_, bytes) = &seeds[chance.below(seeds.len())];
    let mut bytes = bytes.clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = bytes.len().min(at + 1 + chance.below(8));
        match chance.below(8) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, [chance.one_of(&MEANINGFUL)])),
            2 => drop(bytes.splice(at..end, chance.bytes(end - at))),
            3 => {
                // A part of it again, somewhere else.
                let part = bytes[at..end].to_vec();
                let place = chance.below(bytes.len() + 1);
                bytes.splice(place..place, part);
            }
            4 => {
                // Its beginning, and the end of another.
                let (_, other) = &seeds[chance.below(seeds.len())];
                bytes.truncate(at);
                bytes.extend(&other[at.min(other.len())..]);
            }
            kind => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = match kind {
                        5 => *byte ^ 1 << chance.below(8),
                        6 => chance.one_of(&MEANINGFUL),
                        _ => byte.wrapping_add(chance.one_of(&[1, 255])),
                    };
                }
            }
        }
    }
    bytes
}
