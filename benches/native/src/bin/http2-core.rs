//! What a notification costs in the core over HTTP/2, when nothing else is in the way: one connection, a gateway that accepts
//! everything at once with an `apns-id`, a thousand streams.
//!
//! `http2 TOKENS ROUNDS` prints, round by round, the nanoseconds that one notification takes: its request written and
//! copied out, its answer read, its slot settled.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bellpush::batch::{Batch, Config};
use bellpush::http2::{self, Batches, Connection, Key, Request, Timing};
use bellpush::notification::Payload;
use bellpush::outcome::Outcome;

const TOKENS_A_CHUNK: u32 = 1024;
const BYTES_A_CHUNK: usize = 65_536;
const STREAMS: u32 = 1000;
const PAYLOAD: &[u8] =
    br#"{"aps":{"alert":{"title":"Front door","body":"Somebody is at the door"},"sound":"default"},"door":"1"}"#;

struct One(Batch);

impl Batches for One {
    fn with<R>(&mut self, _: Key, act: impl FnOnce(&mut Batch) -> R) -> Option<R> {
        Some(act(&mut self.0))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [tokens, rounds] = arguments[..] else { return Err("usage: http2 TOKENS ROUNDS".into()) };
    let chunks: Vec<String> = (0..tokens)
        .step_by(TOKENS_A_CHUNK as usize)
        .map(|first| {
            let lines = first..tokens.min(first + TOKENS_A_CHUNK);
            lines.map(|number| format!("{:064x}", u64::from(number) * 0x9e37_79b9)).collect::<Vec<_>>().join("\n")
        })
        .collect();
    for _ in 0..rounds {
        let start = Instant::now();
        let accepted = ring(&chunks)?;
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / f64::from(tokens);
        println!("{nanoseconds:.1} {accepted}");
    }
    Ok(())
}

fn ring(chunks: &[String]) -> Result<u64, Box<dyn Error>> {
    let config = http2::Config {
        number: 1,
        authority: "api.push.apple.com".into(),
        authorization: Some(format!("bearer {}", "a".repeat(200))),
        timing: Timing::default(),
    };
    let mut connection = Connection::new(&config, 0)?;
    let payload = Payload::parse(PAYLOAD, 4096)?;
    connection.serve(Request {
        topic: Some("com.example.doorbell".into()),
        keeps_ids: true,
        ..Request::new(payload)
    })?;
    let mut held = One(Batch::new(Config { list_accepted: true, ..Config::default() }));
    // SETTINGS with a thousand streams, and the largest window there is.
    let mut answers = vec![0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3];
    answers.extend(STREAMS.to_be_bytes());
    answers.extend([0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xfe, 0, 0]);
    let (mut out, mut stream) = (Vec::new(), 1_u32);
    for chunk in chunks {
        held.0.push_hex(chunk.as_bytes(), 0);
        loop {
            connection.read(&mut held, &answers, 0);
            answers.clear();
            out.clear();
            connection.write(&mut held, &mut out, BYTES_A_CHUNK, 0);
            let open = connection.streams();
            if open == 0 {
                break;
            }
            black_box(out.clone());
            for _ in 0..open {
                let [a, b, c, d] = stream.to_be_bytes();
                // Status 200, and `apns-id` with its name and value as they are.
                answers.extend([0, 0, 47, 1, 5, a, b, c, d, 0x88, 0x00, 7]);
                answers.extend(b"apns-id");
                answers.push(36);
                answers.extend(b"ec1bf194-b3b2-424a-89d7-b7c4e3f9d0a1");
                stream += 2;
            }
        }
        black_box(held.0.take_settled());
    }
    Ok(held.0.counts().of(Outcome::Accepted))
}
