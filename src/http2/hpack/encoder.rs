//! Fields to header blocks, as Apple wants them: what repeats is in the table, what changes or is secret is not.

use super::table::{DEFAULT_TABLE_BYTES, DynamicTable};
use super::{huffman, integer};

/// Whether a field enters the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// It does: it is the same in every request.
    Whole,
    /// Its name does, with the first value that it has; later values don't. Apple ("Sending notification requests to
    /// APNs") wants this for `apns-id`, `apns-expiration` and `apns-collapse-id`.
    Name,
    /// It doesn't. Apple wants this for `authorization`.
    Without,
    /// It doesn't, and nobody on the way may change that (RFC 7541, section 7.1.3).
    Never,
}

/// The side that writes.
#[derive(Debug)]
pub struct Encoder {
    table: DynamicTable,
    /// The smallest size that the peer has wanted since the last block, where it is to be told that we obey, and the last.
    resized: Option<(usize, usize)>,
    /// Goes up with each change of the table: numbers that were written before may mean something else now.
    version: u64,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { table: DynamicTable::new(DEFAULT_TABLE_BYTES), resized: None, version: 0 }
    }
}

impl Encoder {
    /// The peer wants a table of at most so many bytes; we use no more than [`DEFAULT_TABLE_BYTES`] of them.
    pub fn limit(&mut self, bytes: usize) {
        let size = bytes.min(DEFAULT_TABLE_BYTES);
        let smallest = self.resized.map_or(self.table.most(), |(smallest, _)| smallest).min(size);
        if size != self.table.most() || self.resized.is_some() {
            self.table.resize(size);
            self.resized = Some((smallest, size));
            self.version += 1;
        }
    }

    /// Changes with everything that changes what a block would look like.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Begins a block. RFC 7541, section 4.2: a change of the table's size comes first, and where it went down and up
    /// again, both.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some((smallest, size)) = self.resized.take() {
            self.version += 1;
            if smallest < size {
                integer::put(out, 0x20, 5, smallest);
            }
            integer::put(out, 0x20, 5, size);
        }
    }

    /// Appends a field.
    pub fn field(&mut self, out: &mut Vec<u8>, name: &[u8], value: &[u8], indexing: Indexing) {
        let (whole, named) = self.table.find(name, value);
        let secret = matches!(indexing, Indexing::Without | Indexing::Never);
        if let (Some(number), false) = (whole, secret) {
            return integer::put(out, 0x80, 7, number);
        }
        let insert = indexing == Indexing::Whole || (indexing == Indexing::Name && named.is_none());
        let (first, prefix) = match indexing {
            _ if insert => (0x40, 6),
            Indexing::Never => (0x10, 4),
            _ => (0, 4),
        };
        integer::put(out, first, prefix, named.unwrap_or(0));
        if named.is_none() {
            text(out, name);
        }
        text(out, value);
        if insert {
            self.table.insert(name, value);
            self.version += 1;
        }
    }

    /// Begins a field whose value is `length` bytes that the caller appends as they are; it never enters the table.
    pub fn begin_field(&mut self, out: &mut Vec<u8>, name: &[u8], length: usize) {
        let (_, named) = self.table.find(name, b"");
        integer::put(out, 0x10, 4, named.unwrap_or(0));
        if named.is_none() {
            text(out, name);
        }
        integer::put(out, 0, 7, length);
    }
}

/// In Huffman's code where that is shorter.
fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    let coded = huffman::encoded_length(bytes);
    if coded < bytes.len() {
        integer::put(out, 0x80, 7, coded);
        huffman::encode(bytes, out);
    } else {
        integer::put(out, 0, 7, bytes.len());
        out.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_second_block_is_numbers_and_a_decoder_reads_both() {
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::new(10_000));
        let fields: [(&str, &str, Indexing); 5] = [
            (":method", "POST", Indexing::Whole),
            ("authorization", "bearer abc", Indexing::Without),
            ("apns-topic", "com.example.doorbell", Indexing::Whole),
            ("apns-collapse-id", "ding", Indexing::Name),
            (":path", "/3/device/00ff", Indexing::Never),
        ];
        let mut lengths = Vec::new();
        for collapse_id in ["ding", "ding", "dong"] {
            let mut block = Vec::new();
            encoder.begin(&mut block);
            for (name, value, indexing) in fields {
                let value = if name == "apns-collapse-id" { collapse_id } else { value };
                encoder.field(&mut block, name.as_bytes(), value.as_bytes(), indexing);
            }
            let mut read = Vec::new();
            decoder
                .decode(&block, |name, value| read.push((name.to_vec(), value.to_vec())))
                .expect("what was encoded can be decoded");
            let wanted = fields.map(|(name, value, _)| {
                (name.into(), if name == "apns-collapse-id" { collapse_id.into() } else { value.into() })
            });
            assert_eq!(read, wanted);
            lengths.push(block.len());
        }
        assert!(lengths[1] + 30 < lengths[0], "{lengths:?}");
        assert_eq!(encoder.version(), 2, "the topic and the first collapse id entered, and nothing since");
    }

    #[test]
    fn a_table_that_went_down_and_up_is_announced_twice() {
        let mut encoder = Encoder::default();
        encoder.limit(0);
        encoder.limit(10_000);
        let mut block = Vec::new();
        encoder.begin(&mut block);
        assert_eq!(block, [0x20, 0x3f, 0xe1, 0x1f], "0, then 4096");
        block.clear();
        encoder.begin(&mut block);
        assert!(block.is_empty());
        encoder.limit(100_000);
        encoder.begin(&mut block);
        assert!(block.is_empty(), "more than we use is nothing to tell");
    }
}
