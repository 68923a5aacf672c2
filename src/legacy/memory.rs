//! What was accepted behind a refused notification, until the old client has sent it again.
//!
//! The invariant: of each content, what Apple accepted is what the old client believes accepted, and what is remembered
//! here. So it does not matter whose resend it is that is swallowed, or whether a client sent the same twice on purpose:
//! each remembered notification swallows one, once.

use std::collections::{BTreeMap, VecDeque};

use super::Content;

/// Milliseconds for which what one connection left behind is remembered after it was last of use.
pub const KEPT: u64 = 300_000;

/// Milliseconds after which it is forgotten in any case: a client that has not sent it again by then will not.
pub const KEPT_AT_MOST: u64 = 3_600_000;

/// What one broken connection left behind.
#[derive(Debug)]
struct Episode {
    /// The number of its first notification; the last is before the next episode's first.
    first: u64,
    left: usize,
    since: u64,
    touched: u64,
}

impl Episode {
    fn is_over(&self, now: u64) -> bool {
        self.left == 0 || now >= self.touched.saturating_add(KEPT) || now >= self.since.saturating_add(KEPT_AT_MOST)
    }
}

/// Hash, expiration and number.
type Key = (u64, Option<u32>, u64);

/// One old client's memory, shared by its connections. Bounded in number and time.
#[derive(Debug)]
pub struct Memory {
    limit: usize,
    /// By hash and expiration, and then in the order in which they came.
    known: BTreeMap<Key, Content>,
    /// Hash and expiration of the numbers from `first` on, whether they are still known or not.
    keys: VecDeque<(u64, Option<u32>)>,
    first: u64,
    episodes: VecDeque<Episode>,
    overrun: u64,
}

impl Memory {
    /// Remembers at most so many notifications; the oldest go first.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, known: BTreeMap::new(), keys: VecDeque::new(), first: 0, episodes: VecDeque::new(), overrun: 0 }
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many were forgotten for want of room: each may ring twice.
    #[must_use]
    pub fn overrun(&self) -> u64 {
        self.overrun
    }

    /// Remembers what a connection leaves behind; what [`Memory::withdraw`] knows it by.
    pub fn remember(&mut self, contents: impl IntoIterator<Item = Content>, now: u64) -> u64 {
        self.expire(now);
        let episode = self.next();
        for content in contents {
            self.known.insert((content.hash, content.expiration, self.next()), content);
            self.keys.push_back((content.hash, content.expiration));
        }
        let left = (self.next() - episode) as usize;
        self.episodes.push_back(Episode { first: episode, left, since: now, touched: now });
        while self.keys.len() > self.limit {
            self.overrun += u64::from(self.forget_first());
        }
        self.slide();
        episode
    }

    /// Whether this is one that is remembered, which it is no longer afterwards.
    pub fn swallow(&mut self, content: &Content, now: u64) -> bool {
        let Some(key) = self.find(content, now) else { return false };
        self.known.remove(&key);
        let at = self.episode_of(key.2);
        if let Some(episode) = self.episodes.get_mut(at) {
            episode.left -= 1;
            episode.touched = now;
        }
        self.slide();
        true
    }

    /// The first of those with the same expiration, or of those with one that was reckoned anew since: at most as many
    /// seconds less as anything is remembered, so that what differs in nothing else costs no more than so many looks.
    fn find(&self, content: &Content, now: u64) -> Option<Key> {
        let lasts = |key: &Key| self.episodes.get(self.episode_of(key.2)).is_some_and(|episode| !episode.is_over(now));
        let first_of = |lowest: Option<u32>| {
            let range = (content.hash, lowest, 0)..=(content.hash, content.expiration, u64::MAX);
            self.known.range(range).find(|(key, _)| lasts(key))
        };
        if let Some((key, _)) = first_of(content.expiration).filter(|(_, earlier)| content.is_again(earlier)) {
            return Some(*key);
        }
        let mut from = content.expiration?.saturating_sub((KEPT_AT_MOST / 1000) as u32);
        loop {
            let (key, earlier) = first_of(Some(from))?;
            if content.is_again(earlier) {
                return Some(*key);
            }
            // Those that came later with this expiration allow even less of a difference.
            from = key.1?.checked_add(1).filter(|from| Some(*from) <= content.expiration)?;
        }
    }

    /// The client was never told: it will not send again what this connection left behind.
    pub fn withdraw(&mut self, episode: u64) {
        let Some(at) = self.episodes.iter().position(|known| known.first == episode) else { return };
        let end = self.episodes.get(at + 1).map_or(self.next(), |next| next.first);
        for number in episode.max(self.first)..end {
            if let Some((hash, expiration)) = self.keys.get((number - self.first) as usize) {
                self.known.remove(&(*hash, *expiration, number));
            }
        }
        if let Some(episode) = self.episodes.get_mut(at) {
            episode.left = 0;
        }
        self.slide();
    }

    /// Forgets what was kept long enough.
    pub fn expire(&mut self, now: u64) {
        let over: Vec<u64> =
            self.episodes.iter().filter(|episode| episode.is_over(now)).map(|episode| episode.first).collect();
        for episode in over {
            self.withdraw(episode);
        }
    }

    fn next(&self) -> u64 {
        self.first + self.keys.len() as u64
    }

    /// The place of the episode that has this number.
    fn episode_of(&self, number: u64) -> usize {
        self.episodes.partition_point(|episode| episode.first <= number).saturating_sub(1)
    }

    /// True: it was still known.
    fn forget_first(&mut self) -> bool {
        let Some((hash, expiration)) = self.keys.pop_front() else { return false };
        let number = self.first;
        self.first += 1;
        let was_known = self.known.remove(&(hash, expiration, number)).is_some();
        let at = self.episode_of(number);
        if let (true, Some(episode)) = (was_known, self.episodes.get_mut(at)) {
            episode.left -= 1;
        }
        was_known
    }

    /// Lets go of the episodes at the beginning of which nothing is left.
    fn slide(&mut self) {
        while self.episodes.front().is_some_and(|episode| episode.left == 0) {
            self.episodes.pop_front();
            let first = self.episodes.front().map_or(self.next(), |episode| episode.first);
            while self.first < first {
                self.forget_first();
            }
        }
    }
}
