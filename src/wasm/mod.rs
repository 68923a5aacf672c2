//! The only code that knows JavaScript. It translates and decides nothing.
//!
//! What is crossed often is crossed once a chunk and as packed numbers or bytes ([`batch`], [`link`], [`frames`]); what
//! is crossed rarely takes the comfortable way through objects ([`tools`]). Every byte array that leaves is a copy: a
//! view of this memory would die when the memory grows.

mod batch;
mod capture;
mod failure;
mod frames;
mod link;
mod tools;

/// A time from JavaScript, in milliseconds. Not finite or negative is 0; `as` saturates.
fn milliseconds(time: f64) -> u64 {
    time as u64
}
