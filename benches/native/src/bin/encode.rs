//! How fast the core encodes a broadcast when no JavaScript is in the way.
//!
//! `encode PAYLOAD BATCHES < TOKENS` pushes the lines it reads, as many times as it is told, each time into a new batch,
//! and has a link write them in chunks of 64 KiB, each of which is copied out as the host's side gets it. It prints the
//! nanoseconds that one token takes, batch by batch.

use std::error::Error;
use std::io::Read;
use std::time::Instant;

use bellpush::batch::{Batch, Config};
use bellpush::binary::Link;
use bellpush::notification::{Notification, Payload};

/// As the host does it (js/audience.js, js/binary/link.js).
const TOKENS_A_CHUNK: usize = 1024;
const BYTES_A_CHUNK: usize = 65_536;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [payload, batches] = arguments.as_slice() else {
        return Err("usage: encode PAYLOAD BATCHES < TOKENS".into());
    };
    let payload = Payload::parse(payload.as_bytes(), Payload::BINARY_LIMIT)?;
    let notification = Notification { payload, expiration: None, priority: None };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let lines: Vec<&str> = text.lines().collect();
    let chunks: Vec<String> = lines.chunks(TOKENS_A_CHUNK).map(|chunk| chunk.join("\n")).collect();
    for _ in 0..batches.parse()? {
        let start = Instant::now();
        let bytes = encode(&notification, &chunks, lines.len());
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / lines.len() as f64;
        println!("{nanoseconds:.2} {bytes}");
    }
    Ok(())
}

fn encode(notification: &Notification, chunks: &[String], tokens: usize) -> usize {
    let mut batch = Batch::new(Config { max_in_flight: tokens as u32, ..Config::default() });
    let mut link = Link::new(notification, 0);
    let mut out = Vec::new();
    let mut bytes = 0;
    for chunk in chunks {
        batch.push_hex(chunk.as_bytes(), 0);
        loop {
            out.clear();
            link.write(&mut batch, &mut out, BYTES_A_CHUNK, 0);
            if out.is_empty() {
                break;
            }
            bytes += std::hint::black_box(out.clone()).len();
        }
    }
    bytes
}
