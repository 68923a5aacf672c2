//! A gateway of the binary protocol: it reads frames, accepts them in silence, and refuses the dead ones as Apple does.
//!
//! `gateway CERT.pem KEY.pem CA.pem`; see `server` for what it prints and obeys.

use std::error::Error;

use bellpush_benches::frames::Frames;
use bellpush_benches::server;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key, authority] = arguments.as_slice() else {
        return Err("usage: gateway CERT.pem KEY.pem CA.pem".into());
    };
    server::run([certificate, key, authority], &[], Frames::new)
}
