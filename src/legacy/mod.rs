//! The old protocol lives: what a gateway does that takes the legacy binary protocol in and sends HTTP/2 out.
//!
//! The old protocol is one ordered stream in which success is silence; HTTP/2 answers every notification, in any order.
//! A [`Conversation`] is one old connection: it makes runs of notifications that a batch can carry of the frames that
//! come, takes their verdicts in whatever order, and says which single answer the old client gets, and when. A [`Memory`]
//! is what one old client is remembered by: the notifications that were accepted behind the one it was told to be refused.
//! It sends them again, as it must, and they must not ring twice.
//!
//! What it is not: it opens no socket, reads no clock and knows nothing of batches; whoever embeds it carries runs to
//! batches and verdicts back.

mod content;
mod conversation;
mod entry;
mod memory;
mod run;
pub mod verdict;

pub use content::Content;
pub use conversation::{Answer, Conversation, Fault, Limits};
pub use memory::Memory;
pub use run::{Begins, Intake, Segment};
pub use verdict::Verdict;
