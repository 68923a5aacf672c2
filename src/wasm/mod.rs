//! The only code that knows JavaScript. It translates and decides nothing.
//!
//! What is crossed often is crossed once a chunk and as packed numbers or bytes ([`batch`], [`link`], [`http2`],
//! [`frames`], [`gateway`]); what is crossed rarely takes the comfortable way through objects ([`codec`]). Every byte
//! array that leaves is a copy: a view of this memory would die when the memory grows.
//!
//! Four modules are built of it, so that nobody loads what is never used: `push` for whoever sends, `codec` for whoever
//! reads and checks bytes, `capture` for whoever looks at recorded traffic, `gateway` for whoever takes the old protocol
//! in. A feature of the crate each.

#[cfg(feature = "push")]
mod batch;
#[cfg(feature = "capture")]
mod capture;
#[cfg(feature = "codec")]
mod codec;
#[cfg(any(feature = "codec", feature = "gateway"))]
mod error_response;
#[cfg(any(feature = "push", feature = "codec", feature = "capture"))]
mod failure;
#[cfg(feature = "codec")]
mod frames;
#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "push")]
mod http2;
#[cfg(feature = "push")]
mod link;

/// A time from JavaScript, in milliseconds. Not finite or negative is 0; `as` saturates.
#[cfg(feature = "push")]
fn milliseconds(time: f64) -> u64 {
    time as u64
}
