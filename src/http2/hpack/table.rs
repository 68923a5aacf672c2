//! The static table (RFC 7541, Appendix A) and the dynamic one (sections 2.3.2 and 4).

use std::collections::VecDeque;

/// What a dynamic table may hold where nothing else was agreed (RFC 9113, section 6.5.2), in the bytes of section 4.1.
pub const DEFAULT_TABLE_BYTES: usize = 4096;

/// What a field counts beyond its bytes (RFC 7541, section 4.1).
pub(super) const ENTRY_BYTES: usize = 32;

/// RFC 7541, Appendix A. The first is number 1.
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Offset of its first byte in the stream of all entries' bytes, modulo 2³².
    start: u32,
    name: u32,
    value: u32,
}

impl Entry {
    fn bytes(self) -> usize {
        (self.name + self.value) as usize
    }
}

/// What both sides remember of the fields that came, the oldest first; the youngest has number 62.
///
/// The bytes of the entries lie one behind the other; what was dropped lies before them until it is worth moving the rest.
#[derive(Debug)]
pub(super) struct DynamicTable {
    entries: VecDeque<Entry>,
    bytes: Vec<u8>,
    /// Bytes of dropped entries at the beginning.
    dropped: usize,
    /// Offset of the first of `bytes` in the stream of all entries' bytes, modulo 2³².
    bytes_at: u32,
    /// Bytes of the entries, as section 4.1 counts them.
    size: usize,
    most: usize,
}

impl DynamicTable {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: Vec::new(), dropped: 0, bytes_at: 0, size: 0, most }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Drops what does not fit any more.
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most;
        self.evict(0);
    }

    /// Section 4.4: what does not fit into an empty table empties it, and is no error.
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + ENTRY_BYTES;
        self.evict(size);
        if size > self.most {
            return;
        }
        let start = self.bytes_at.wrapping_add(self.bytes.len() as u32);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_back(Entry { start, name: name.len() as u32, value: value.len() as u32 });
        self.size += size;
    }

    fn evict(&mut self, room: usize) {
        while self.size + room > self.most {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.dropped += oldest.bytes();
            self.size -= oldest.bytes() + ENTRY_BYTES;
        }
        // Moving what is left costs no more than what was dropped had cost.
        if self.dropped * 2 > self.bytes.len() {
            self.bytes.drain(..self.dropped);
            self.bytes_at = self.bytes_at.wrapping_add(self.dropped as u32);
            self.dropped = 0;
        }
    }

    /// The field with this number, static or dynamic.
    pub(super) fn get(&self, number: usize) -> Option<(&[u8], &[u8])> {
        let at = number.checked_sub(1)?;
        if let Some((name, value)) = STATIC.get(at) {
            return Some((name.as_bytes(), value.as_bytes()));
        }
        // The youngest comes first.
        let entry = *self.entries.get(self.entries.len().checked_sub(at - STATIC.len() + 1)?)?;
        let field = self.bytes.get(entry.start.wrapping_sub(self.bytes_at) as usize..)?;
        let (name, rest) = field.split_at_checked(entry.name as usize)?;
        Some((name, rest.get(..entry.value as usize)?))
    }

    /// The numbers of the field itself and of one with its name.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
        let mut named = None;
        for number in 1..=STATIC.len() + self.entries.len() {
            match self.get(number) {
                Some((its_name, its_value)) if its_name == name => {
                    if its_value == value {
                        return (Some(number), Some(number));
                    }
                    named = named.or(Some(number));
                }
                _ => {}
            }
        }
        (None, named)
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }
}
