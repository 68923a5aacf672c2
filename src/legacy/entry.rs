//! One notification of an old connection, from its frame to its verdict.

use super::{Content, Verdict};

/// Where it is on its way.
///
/// ```text
/// (frame) ─┬─ Open ── verdict ─▶ Settled
///          └─ swallowed, malformed ─▶ Settled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its verdict is to come.
    Open,
    /// Its verdict is there.
    Settled(Verdict),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// `None`: command 0, which has none.
    pub(super) identifier: Option<u32>,
    pub(super) content: Content,
    /// Its number in its run; of one that is in no slot, the number of the next that is.
    pub(super) slot: u32,
    pub(super) state: State,
}
