//! A gateway of HTTP/2: it answers every request as Apple does, 200 and an `apns-id`, or 400 to a dead token.
//!
//! `http2-gateway CERT.pem KEY.pem CA.pem STREAMS WINDOW GOAWAY`: so many streams at once, so many bytes in the connection's
//! window (0: no limit), a GOAWAY after so many streams (0: none); see `server` for what it prints and obeys.

use std::error::Error;

use bellpush_benches::http2::{Limits, Requests};
use bellpush_benches::server;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key, authority, streams, window, goaway] = arguments.as_slice() else {
        return Err("usage: http2-gateway CERT.pem KEY.pem CA.pem STREAMS WINDOW GOAWAY".into());
    };
    let limits = Limits { streams: streams.parse()?, window: window.parse()?, goaway: goaway.parse()? };
    server::run([certificate, key, authority], &[b"h2"], move || Requests::new(limits))
}
