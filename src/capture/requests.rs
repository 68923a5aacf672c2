//! What the answers of an HTTP/2 connection say about its requests: the fate of each.

use crate::http2::frame::{HEAD_BYTES, Kind};
use crate::outcome::Reason;

use super::Connection;
use super::diagnosis::{Entry, Fate, MAX_ALIKE, Numbers, add};
use super::finding::Finding;
use super::http2::value_of;
use super::parts::PartKind;

/// Reads the answers and gives every request its fate. `texts`: the unpacked headers of both directions.
#[inline(never)]
pub(super) fn read(connection: &Connection, entries: &mut [Entry], texts: &[Vec<u8>; 2]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // By stream: the entry of the request, and the finding of a refusal.
    let (mut requests, mut refusals) = (Numbers::new(), Numbers::new());
    let mut asker = None;
    for index in 0..entries.len() {
        let Some(Entry { part, direction, .. }) = entries.get(index).copied() else { continue };
        if part.kind != PartKind::Http2 {
            continue;
        }
        let stream = part.identifier.unwrap_or(0);
        let text = part.headers(texts.get(direction));
        let raw = connection.directions.get(direction).and_then(|from| from.bytes.get(part.at..part.at + part.length));
        let body = raw.and_then(|raw| raw.get(HEAD_BYTES..)).unwrap_or_default();
        let number = |at: usize| body.get(at..).and_then(<[u8]>::first_chunk).map(|four| u32::from_be_bytes(*four));
        let request = requests.get(&u64::from(stream)).map(|entry| *entry as usize);
        // Only the other end answers.
        let asked = request.filter(|entry| entries.get(*entry).is_some_and(|entry| entry.direction != direction));
        match (Kind(part.code), asked) {
            (Kind::HEADERS, _) if part.is_notification() => {
                requests.insert(u64::from(stream), index as u64);
                asker = Some(direction);
            }
            (Kind::HEADERS, Some(entry)) => {
                let status =
                    value_of(text, b":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
                let (Some(status), Some(asked)) = (status, entries.get_mut(entry)) else { continue };
                asked.fate = if status == 200 { Fate::Accepted } else { Fate::Rejected };
                if status != 200 {
                    asked.status = Some(status);
                    if refusals.len() < MAX_ALIKE {
                        refusals.insert(u64::from(stream), findings.len() as u64);
                        let reason = None;
                        add(&mut findings, Finding::Refused { entry, response: index, stream, status, reason });
                    }
                }
                if let Some(answer) = entries.get_mut(index) {
                    answer.status = Some(status);
                }
            }
            (Kind::DATA, Some(_)) => {
                let refusal = refusals.get(&u64::from(stream)).and_then(|at| findings.get_mut(*at as usize));
                if let Some(Finding::Refused { reason, .. }) = refusal {
                    *reason = reason_in(body).or(*reason);
                }
            }
            (Kind::RST_STREAM, Some(entry)) if findings.len() < 2 * MAX_ALIKE => {
                let code = number(0).unwrap_or(0);
                add(&mut findings, Finding::Reset { entry, response: index, stream, code });
            }
            (Kind::GOAWAY, _) if findings.len() < 3 * MAX_ALIKE => {
                let (last, code) = (number(0).unwrap_or(0), number(4).unwrap_or(0));
                let mut unprocessed = 0;
                for (_, entry) in requests.range(u64::from(last) + 1..) {
                    if let Some(request) = entries.get_mut(*entry as usize).filter(|entry| entry.direction != direction)
                    {
                        request.fate = Fate::Discarded;
                        unprocessed += 1;
                    }
                }
                // An orderly end that leaves nothing behind, and the client's own, are as they should be.
                if unprocessed > 0 || code != 0 && asker.is_some_and(|asker| asker != direction) {
                    add(&mut findings, Finding::GoAway { response: index, last, code, unprocessed });
                }
            }
            _ => {}
        }
    }
    let count = |fate: Fate| entries.iter().filter(|entry| entry.part.is_notification() && entry.fate == fate).count();
    let (accepted, rejected, unanswered) = (count(Fate::Accepted), count(Fate::Rejected), count(Fate::Unknown));
    add(&mut findings, Finding::Http2 { accepted, rejected, unanswered });
    findings
}

/// The reason in the body of an answer, `{"reason":"BadDeviceToken"}`, where it is one that we know.
fn reason_in(body: &[u8]) -> Option<u16> {
    body.split(|byte| *byte == b'"').find_map(Reason::http2_named).map(|reason| reason.0)
}
