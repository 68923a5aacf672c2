//! What every gateway does: it prints the port it listens on, then obeys its standard input, a command a line:
//!
//! * `reset EVERY`: a new count; from now on the tokens with number % EVERY == EVERY / 2 are dead (0: none is);
//! * `report`: prints the counts as JSON.
//!
//! The last four bytes of a token are its number. It ends with its standard input.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::tally::Tally;
use crate::tls::{self, Protocol};

/// Serves until the standard input ends: each connection with a protocol of its own, which `make` makes.
///
/// # Errors
/// Files that are not there, and commands that are none.
pub fn run<P: Protocol>(
    [certificate, key, authority]: [&str; 3],
    alpn: &[&[u8]],
    make: impl Fn() -> P + Copy + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let mut config = configure(certificate, key, authority)?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let config = Arc::new(config);
    let tally: &'static Tally = Box::leak(Box::default());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&listener.local_addr()?.port().to_string())?;
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // How a connection ends is the client's affair: the counts tell what there is to know.
            thread::spawn(move || tls::serve(socket, config, make(), tally).ok());
        }
    });
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("reset", every)) => tally.reset(every.parse()?),
            None if line == "report" => say(&tally.report())?,
            _ => return Err(format!("unknown command: {line}").into()),
        }
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// TLS 1.2 and 1.3 with session tickets; a client may show a certificate or none.
fn configure(certificate: &str, key: &str, authority: &str) -> Result<ServerConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![CertificateDer::from_pem_file(certificate)?], PrivateKeyDer::from_pem_file(key)?)?;
    config.ticketer = Ticketer::new()?;
    Ok(config)
}
