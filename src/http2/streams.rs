//! The streams of a connection that are open, by their ids.
//!
//! Ids go up by two, so a table of their lower bits has nearly every stream in its own place, whatever stragglers there are.

use crate::batch::Slot;

use super::Key;

/// Where a stream is on its way.
///
/// ```text
/// Sending ── all of its payload was given out ──▶ Waiting ── 200 ──▶ Accepted ── END_STREAM ──▶ (gone)
///    └──────────── any other status ───────────────┴──▶ Refused ── END_STREAM, its verdict ──▶ (gone)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Of its payload, something still waits for a window.
    Sending,
    /// Nothing has come for it.
    Waiting,
    /// Its slot has settled.
    Accepted,
    /// Its answer's body, which says why, may still come.
    Refused,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// Never 0.
    pub(super) id: u32,
    pub(super) key: Key,
    pub(super) slot: Slot,
    pub(super) state: State,
    /// Which authorization it was sent with.
    pub(super) authorization: u32,
    pub(super) sent_at: u64,
    /// Where its last byte ends in the stream of written bytes; [`Stream::UNFINISHED`] until that was given out.
    pub(super) end: u64,
}

impl Stream {
    pub(super) const UNFINISHED: u64 = u64::MAX;
}

/// An open-addressing table. Where two streams want one place, the one that is further from its own has it, so that nobody
/// is far: then what stands behind a hole, up to the first that is at its own place, moves up, and no more need be looked at.
#[derive(Debug)]
pub(super) struct Streams {
    places: Vec<Option<Stream>>,
    count: usize,
}

const LEAST_PLACES: usize = 16;

impl Default for Streams {
    fn default() -> Self {
        Self { places: vec![None; LEAST_PLACES], count: 0 }
    }
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn home(&self, id: u32) -> usize {
        (id >> 1) as usize & (self.places.len() - 1)
    }

    /// How far from its own place a stream would be here.
    fn distance(&self, id: u32, place: usize) -> usize {
        place.wrapping_sub(self.home(id)) & (self.places.len() - 1)
    }

    fn next(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    /// The place of this stream, if it is there.
    fn find(&self, id: u32) -> Option<usize> {
        let mut place = self.home(id);
        loop {
            let stream = self.at(place)?;
            if stream.id == id {
                return Some(place);
            }
            // It would have taken the place of one that is nearer to its own.
            if self.distance(stream.id, place) < self.distance(id, place) {
                return None;
            }
            place = self.next(place);
        }
    }

    fn at(&self, place: usize) -> Option<&Stream> {
        self.places.get(place).and_then(Option::as_ref)
    }

    /// Adds a stream, whose id is not there.
    pub(super) fn insert(&mut self, stream: Stream) {
        if self.count * 2 >= self.places.len() {
            let larger = vec![None; self.places.len() * 2];
            let streams = std::mem::replace(&mut self.places, larger);
            for stream in streams.into_iter().flatten() {
                self.put(stream);
            }
        }
        self.put(stream);
        self.count += 1;
    }

    fn put(&mut self, mut stream: Stream) {
        let mut place = self.home(stream.id);
        loop {
            let there = self.at(place).map(|other| self.distance(other.id, place) < self.distance(stream.id, place));
            let Some(here) = self.places.get_mut(place) else { return };
            match (there, here) {
                (Some(true), Some(other)) => std::mem::swap(other, &mut stream),
                (Some(_), _) => {}
                (None, free) => {
                    *free = Some(stream);
                    return;
                }
            }
            place = self.next(place);
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<&Stream> {
        self.at(self.find(id)?)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        let place = self.find(id)?;
        self.places.get_mut(place)?.as_mut()
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Stream> {
        let mut hole = self.find(id)?;
        let removed = self.places.get_mut(hole)?.take()?;
        self.count -= 1;
        let mut place = self.next(hole);
        while self.at(place).is_some_and(|stream| self.distance(stream.id, place) > 0) {
            self.places.swap(hole, place);
            hole = place;
            place = self.next(place);
        }
        Some(removed)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.places.iter().flatten()
    }

    /// The ids of those for which this holds.
    pub(super) fn ids(&self, holds: impl Fn(&Stream) -> bool) -> Vec<u32> {
        self.iter().filter(|stream| holds(stream)).map(|stream| stream.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn stream(id: u32) -> Stream {
        Stream { id, key: 0, slot: id, state: State::Waiting, authorization: 0, sent_at: 0, end: 0 }
    }

    #[test]
    fn every_stream_is_found_until_it_is_removed_whatever_the_order() {
        let mut streams = Streams::default();
        let mut open: Vec<u32> = Vec::new();
        let mut next = 1;
        let mut number: u32 = 7;
        for _ in 0..20_000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if open.len() < 40 && (number >> 16).is_multiple_of(2) || open.is_empty() {
                streams.insert(stream(next));
                open.push(next);
                next += if (number >> 20).is_multiple_of(5) { 66 } else { 2 };
            } else {
                let id = open.swap_remove((number >> 8) as usize % open.len());
                assert_eq!(streams.remove(id).map(|stream| stream.slot), Some(id));
                assert!(streams.get(id).is_none() && streams.remove(id).is_none());
            }
            assert_eq!(streams.len(), open.len());
            for id in &open {
                assert_eq!(streams.get(*id).map(|stream| stream.slot), Some(*id));
            }
        }
        let mut ids = streams.ids(|_| true);
        ids.sort_unstable();
        open.sort_unstable();
        assert_eq!(ids, open);
        assert!(streams.places.len() <= 128, "{} places for 40 streams", streams.places.len());
    }
}
