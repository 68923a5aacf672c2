//! What must hold of every capture, whatever its bytes: reading never panics, where they are cut never matters, the parts
//! of a direction follow one another, and their fields lie inside of them.

#![allow(dead_code, reason = "each test file uses its own part of what they share")]

use bellpush::capture::view::{PartView, Query, View};
use bellpush::capture::{Capture, finding::Finding};

fn view(pieces: &[&[u8]]) -> View {
    // Little room, so that leaving things out is tried, too.
    let mut capture = Capture::with_room(65_536);
    for piece in pieces {
        capture.push(piece);
    }
    View::new(capture)
}

/// `pieces` are `bytes`, cut somewhere.
pub fn a_capture_is_the_same_wherever_it_is_cut(bytes: &[u8], pieces: &[&[u8]]) {
    let (whole, cut) = (view(&[bytes]), view(pieces));
    let overview = whole.overview();
    assert_eq!(format!("{:?}", cut.overview()), format!("{overview:?}"));
    for (connection, summary) in overview.connections.iter().enumerate() {
        let parts = whole.parts(connection, 0, summary.parts);
        assert_eq!(parts.len(), summary.parts);
        for direction in [0, 1] {
            the_parts_follow_one_another(&whole, connection, direction, &parts);
        }
        let frames = parts.iter().filter(|part| part.fate.is_some()).count();
        assert_eq!(summary.fates.iter().sum::<usize>(), frames, "every frame has a fate");
        for finding in &summary.findings {
            a_finding_names_parts_that_are_there(finding, summary.parts);
        }
        assert_eq!(whole.find(connection, &Query::default(), usize::MAX).len(), parts.len());
    }
}

fn the_parts_follow_one_another(view: &View, connection: usize, direction: usize, parts: &[PartView]) {
    let (mut end, mut offset) = (0, 0);
    for part in parts.iter().filter(|part| part.direction == direction) {
        assert!(part.at >= end, "{part:?} begins before the end of the one before");
        assert!(part.offset >= offset, "{part:?} has an earlier offset than the one before");
        (end, offset) = (part.at + part.length, part.offset);
        assert_eq!(view.bytes(connection, direction, part.at, part.length).len(), part.length);
        let mut at = 0;
        for field in &part.fields {
            assert_eq!(field.offset, at, "fields without a gap: {part:?}");
            at += field.length as u64;
        }
        assert!(at <= part.length as u64, "the fields of {part:?} lie inside of it");
    }
}

fn a_finding_names_parts_that_are_there(finding: &Finding, parts: usize) {
    let named = match finding {
        Finding::WrongLength { entry, .. }
        | Finding::Unreadable { entry, .. }
        | Finding::Cut { entry, .. }
        | Finding::PayloadTooLong { entry, .. }
        | Finding::IdentifierTwice { entry, .. }
        | Finding::FeedbackLost { entry, .. } => vec![*entry],
        Finding::Rejected { entry, response, .. } | Finding::Sentinel { entry, response, .. } => {
            vec![*entry, *response]
        }
        Finding::Shutdown { entry, response, .. } => entry.iter().chain([response]).copied().collect(),
        Finding::UnknownIdentifier { response, .. } => vec![*response],
        _ => Vec::new(),
    };
    assert!(named.iter().all(|entry| *entry < parts), "{finding:?} of {parts} parts");
}
