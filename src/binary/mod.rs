//! Apple's legacy binary provider protocol: frames to the gateway, error responses from it, the feedback service.
//!
//! All numbers on the wire are big-endian. Source of the rules: Apple, "Binary Provider API" and "Legacy Notification
//! Format" (archived). Apple shut its own gateway down on 2021-03-31; private gateways, old backends and captures
//! still speak it.

pub mod error_response;
pub mod explain;
pub mod feedback;
pub mod frame;
mod link;
pub mod server;

pub use error_response::ErrorResponse;
pub use frame::Frame;
pub use link::{Confirm, Link, LinkState, Timing};
