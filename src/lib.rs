//! The I/O-free core of Bellpush: it turns one notification and many device tokens into bytes for Apple's push
//! service, turns the bytes that come back into verdicts, and settles every token exactly once.
//!
//! What it is not: it opens no socket, reads no clock (time is an argument, in milliseconds), calls no JavaScript and
//! keeps no thread. Whoever embeds it owns those, and drives it like this:
//!
//! ```
//! use bellpush::batch::{Batch, Config};
//! use bellpush::binary::Link;
//! use bellpush::notification::{Notification, Payload};
//! use bellpush::outcome::Outcome;
//!
//! let payload = Payload::parse(br#"{"aps":{"alert":"Ding dong"}}"#, Payload::BINARY_LIMIT)?;
//! let notification = Notification { payload, expiration: None, priority: None };
//! let mut batch = Batch::new(Config::default());
//! batch.push_hex(b"00ff11ee 22dd33cc\nAABBCCDD", 0); // tokens, as people store them, one a line
//! batch.close_input();
//!
//! let mut link = Link::new(&notification, 0); // one link is one connection
//! let bytes = link.write(&mut batch, 65_536, 0); // … the embedder sends `bytes` …
//! // Behind both notifications went a sentinel with identifier 3; its rejection proves that they were accepted.
//! link.read(&mut batch, &[8, 5, 0, 0, 0, 3], 0, 40); // … and hands over what it receives.
//! assert!(batch.is_finished());
//! assert_eq!(batch.counts().of(Outcome::Accepted), 2);
//! # Ok::<(), bellpush::notification::PayloadError>(())
//! ```
//!
//! A panic in here is a bug, whatever the input was.

pub mod batch;
pub mod binary;
pub mod capture;
mod hex;
pub mod http2;
pub mod legacy;
pub mod notification;
pub mod outcome;

#[cfg(target_arch = "wasm32")]
mod wasm;
