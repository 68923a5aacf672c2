//! a2, with so many notifications in flight: `a2 CERT.pem KEY.pem TOKENS PAYLOAD TOPIC IN_FLIGHT`, and `GATEWAY` and
//! `GATEWAY_CA` in the environment (see hyper-rustls).
//!
//! TOKENS is a file of tokens, a line each. For each line of its standard input it pushes to all of them, and prints how
//! many were accepted and the seconds that it took. It ends with its standard input.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use a2::request::payload::PayloadLike;
use a2::{Client, ClientConfig, NotificationOptions, PushType};
use futures_util::StreamExt;
use futures_util::stream::iter;

/// A payload that is written already.
#[derive(Debug, serde::Serialize)]
struct Ready<'a> {
    text: &'a str,
    token: &'a str,
    #[serde(skip)]
    options: &'a NotificationOptions<'a>,
}

impl PayloadLike for Ready<'_> {
    fn to_json_string(&self) -> Result<String, a2::Error> {
        Ok(self.text.into())
    }

    fn get_device_token(&self) -> &str {
        self.token
    }

    fn get_options(&self) -> &NotificationOptions<'_> {
        self.options
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key, tokens, payload, topic, in_flight] = arguments.as_slice() else {
        return Err("usage: a2 CERT.pem KEY.pem TOKENS PAYLOAD TOPIC IN_FLIGHT".into());
    };
    let in_flight = in_flight.parse()?;
    let tokens = fs::read_to_string(tokens)?;
    let options = NotificationOptions {
        apns_topic: Some(topic),
        apns_push_type: Some(PushType::Alert),
        ..NotificationOptions::default()
    };
    let client = Client::certificate_parts(&fs::read(certificate)?, &fs::read(key)?, ClientConfig::default())?;
    // The client has one core: a second thread would only take it from the first.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let accepted = runtime.block_on(async {
            let pushes = iter(tokens.lines()).map(|token| {
                let notification = Ready { text: payload, token, options: &options };
                async { u64::from(client.send(notification).await.is_ok()) }
            });
            pushes.buffer_unordered(in_flight).fold(0, async |sum, one| sum + one).await
        });
        let seconds = start.elapsed().as_secs_f64();
        println!(r#"{{"accepted":{accepted},"seconds":{seconds}}}"#);
        io::stdout().flush()?;
    }
    Ok(())
}
