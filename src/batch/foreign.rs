//! Reasons that came over HTTP/2 and are in no list: kept as they came, because new ones appear and somebody has to read
//! them.

use crate::outcome::Reason;

use super::policy::{self, Consequence};

/// So many different ones are kept in a batch; those behind them are all [`ForeignReasons::MORE`].
const MOST: usize = 32;
/// So many bytes of each.
const LONGEST: usize = 64;

/// Reasons by their number: the first is [`Reason::FIRST_FOREIGN`].
#[derive(Debug, Default)]
pub(super) struct ForeignReasons {
    reasons: Vec<(u16, String)>,
}

impl ForeignReasons {
    /// What stands for all that are too many.
    const MORE: &'static str = "OneOfManyMore";

    /// The number of a reason, new or not. A text that is empty is `Status` and the number of the status.
    #[cold]
    pub(super) fn reason(&mut self, status: u16, text: &[u8]) -> Reason {
        let mut text = printable(text);
        if text.is_empty() {
            text = format!("Status{status}");
        }
        let mut key = (status, text);
        if self.reasons.len() >= MOST && !self.reasons.contains(&key) {
            key = (status, Self::MORE.to_string());
        }
        let at = self.reasons.iter().position(|known| *known == key).unwrap_or_else(|| {
            // One entry of `MORE` a status: they are three-digit numbers, and there the list ends in any case.
            if self.reasons.len() < MOST + 900 {
                self.reasons.push(key);
            }
            self.reasons.len() - 1
        });
        Reason(Reason::FIRST_FOREIGN.0 + at as u16)
    }

    pub(super) fn get(&self, reason: Reason) -> Option<(u16, &str)> {
        let at = usize::from(reason.0.checked_sub(Reason::FIRST_FOREIGN.0)?);
        self.reasons.get(at).map(|(status, text)| (*status, text.as_str()))
    }

    /// What it means: by its name, where that is known and only its status is not the one we know; else by its status.
    pub(super) fn consequence(&self, reason: Reason) -> Option<Consequence> {
        let (status, text) = self.get(reason)?;
        let known = Reason::http2_named(text.as_bytes());
        Some(known.map_or_else(|| policy::by_status(status), policy::consequence))
    }
}

/// What can be shown of it without harm: letters, digits, spaces and signs of ASCII; anything else is a question mark.
fn printable(text: &[u8]) -> String {
    let shown = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' };
    text.iter().take(LONGEST).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_reason_keeps_its_number_its_status_and_its_text() {
        let mut foreign = ForeignReasons::default();
        let first = foreign.reason(400, b"BadMoon");
        let second = foreign.reason(503, b"BadMoon");
        assert_eq!((first, second), (Reason(0xc000), Reason(0xc001)));
        assert_eq!(foreign.reason(400, b"BadMoon"), first);
        assert_eq!(foreign.get(second), Some((503, "BadMoon")));
        assert_eq!(foreign.consequence(first), Some(Consequence::Reject));
        assert_eq!(foreign.consequence(second), Some(Consequence::LeaveAlone));
        let known_by_name = foreign.reason(400, b"Unregistered");
        assert_eq!(foreign.consequence(known_by_name), Some(Consequence::Dead));
    }

    #[test]
    fn what_a_peer_can_make_us_keep_is_bounded() {
        let mut foreign = ForeignReasons::default();
        for number in 0..100_000_u32 {
            foreign.reason(400 + (number % 200) as u16, format!("{number:080}").as_bytes());
        }
        assert!(foreign.reasons.len() <= MOST + 900);
        assert_eq!(foreign.get(Reason(0xc000)).map(|(_, text)| text.len()), Some(LONGEST));
        let strange = foreign.reason(400, b"\xff\n");
        assert_eq!(foreign.get(strange), Some((400, "OneOfManyMore")));
        assert_eq!(printable(b"a\xff\n"), "a??");
    }
}
