//! What the error responses of a connection say about its notifications: the fate of each.

use super::diagnosis::{Entry, Fate, MAX_ALIKE, Numbers, add};
use super::finding::Finding;
use super::parts::{Part, PartKind};
use crate::binary::ErrorResponse;

/// The answers on one connection.
pub(super) struct Answers<'a> {
    /// The number of the connection.
    pub(super) number: usize,
    /// The last time that each notification was sent: its packet, and its connection in the lower half.
    pub(super) sent: &'a Numbers,
}

impl Answers<'_> {
    /// Reads the error responses and gives every notification its fate.
    #[inline(never)]
    pub(super) fn read(&self, entries: &mut [Entry]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let responses: Vec<usize> =
            (0..entries.len()).filter(|at| kind_at(entries, *at) == Some(PartKind::ErrorResponse)).collect();
        let mut by_identifier = Numbers::new();
        for (at, entry) in entries.iter().enumerate().rev().filter(|(_, entry)| entry.part.kind == PartKind::Frame) {
            if let Some(identifier) = entry.part.identifier {
                by_identifier.insert(u64::from(identifier), at as u64);
            }
        }
        for response in responses.into_iter().take(MAX_ALIKE) {
            let Some(Entry { part, packet, .. }) = entries.get(response).copied() else { continue };
            let (status, identifier) = (part.code, part.identifier.unwrap_or(0));
            let named = by_identifier.get(&u64::from(identifier)).map(|at| *at as usize);
            if status == ErrorResponse::SHUTDOWN {
                let (before, behind) = self.split(entries, named, named.is_some(), packet);
                let Behind { discarded, first, last, again } = behind;
                let entry = named;
                add(
                    &mut findings,
                    Finding::Shutdown { entry, response, identifier, before, discarded, first, last, again },
                );
                continue;
            }
            // Where lengths are wrong, the gateway reads other identifiers than were meant, or none.
            let broken = entries
                .iter()
                .position(|entry| entry.direction == 0 && is_broken(&entry.part))
                .or_else(|| entries.iter().position(|entry| is_broken(&entry.part)));
            let Some(culprit) = named.filter(|_| identifier != 0).or(broken).or(named) else {
                add(&mut findings, Finding::UnknownIdentifier { response, identifier, status });
                continue;
            };
            let (before, behind) = self.split(entries, Some(culprit), false, packet);
            let Behind { discarded, first, last, again } = behind;
            if let Some(entry) = entries.get_mut(culprit) {
                (entry.fate, entry.status) = (Fate::Rejected, Some(u16::from(status)));
                if is_broken(&entry.part) && named.is_none() {
                    // Said together with the length that is wrong.
                    if discarded == 0 {
                        continue;
                    }
                }
                let sentinel = entry.part.payload == 0 && entry.part.kind == PartKind::Frame && discarded == 0;
                add(
                    &mut findings,
                    if sentinel {
                        Finding::Sentinel { entry: culprit, response, identifier, before }
                    } else {
                        let entry = culprit;
                        Finding::Rejected { entry, response, identifier, status, before, discarded, first, last, again }
                    },
                );
            }
        }
        findings
    }

    /// All notifications before `at` were accepted, all behind it discarded; `inclusive`: the one at `at` was accepted.
    #[inline(never)]
    fn split(&self, entries: &mut [Entry], at: Option<usize>, inclusive: bool, answered: u32) -> (usize, Behind) {
        let mut before = 0;
        let mut behind = Behind::default();
        let Some(at) = at else { return (before, behind) };
        for (index, entry) in entries.iter_mut().enumerate().filter(|(_, entry)| entry.part.kind == PartKind::Frame) {
            if index < at || inclusive && index == at {
                if entry.fate == Fate::Unknown {
                    entry.fate = Fate::Accepted;
                }
                before += 1;
            } else if index > at {
                entry.fate = Fate::Discarded;
                behind.discarded += 1;
                behind.first = behind.first.or(entry.part.identifier);
                behind.last = entry.part.identifier.or(behind.last);
                let again = self.sent.get(&entry.part.key);
                behind.again += usize::from(
                    again.is_some_and(|last| last >> 32 > u64::from(answered) && *last as u32 as usize != self.number),
                );
            }
        }
        (before, behind)
    }
}

#[derive(Default)]
struct Behind {
    discarded: usize,
    first: Option<u32>,
    last: Option<u32>,
    again: usize,
}

fn kind_at(entries: &[Entry], at: usize) -> Option<PartKind> {
    entries.get(at).map(|entry| entry.part.kind)
}

fn is_broken(part: &Part) -> bool {
    part.repair.is_some() || part.kind == PartKind::Unreadable
}
