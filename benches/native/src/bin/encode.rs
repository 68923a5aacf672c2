//! How fast the core encodes a broadcast when no JavaScript is in the way.
//!
//! `encode PAYLOAD BATCHES < TOKENS` reads tokens, one a line and all of one length. As many times as it is told it does
//! with them what the host does, as it does it: it puts the texts of a chunk together, pushes them into a batch, and has a
//! link write chunks of 64 KiB, each of which is copied out. It prints the nanoseconds that one token takes, batch by
//! batch.

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
    let tokens: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..batches.parse()? {
        let start = Instant::now();
        let bytes = encode(&notification, &tokens);
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / tokens.len() as f64;
        println!("{nanoseconds:.2} {bytes}");
    }
    Ok(())
}

fn encode(notification: &Notification, tokens: &[String]) -> usize {
    let mut batch = Batch::new(Config { max_in_flight: tokens.len() as u32, ..Config::default() });
    let mut link = Link::new(notification, 0);
    let digits = tokens.first().map_or(0, String::len);
    let mut text = String::new();
    let mut bytes = 0;
    for chunk in tokens.chunks(TOKENS_A_CHUNK) {
        text.clear();
        text.extend(chunk.iter().map(String::as_str));
        let pushed = batch.push_digits(text.as_bytes(), digits, 0) as usize;
        assert_eq!(pushed, chunk.len(), "a token has anything but digits in it, or another length");
        loop {
            let out = link.write(&mut batch, BYTES_A_CHUNK, 0);
            if out.is_empty() {
                break;
            }
            bytes += std::hint::black_box(out.to_vec()).len();
        }
    }
    bytes
}
