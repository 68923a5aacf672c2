//! Header blocks to fields (RFC 7541, section 3).

use thiserror::Error;

use super::table::{DEFAULT_TABLE_BYTES, DynamicTable, ENTRY_BYTES};
use super::{huffman, integer};

/// Why a block means nothing, and where in it. The connection cannot go on: later blocks refer to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {at} of the header block: {problem}")]
pub struct DecodeError {
    /// Offset in the block at which the field begins that means nothing.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a header block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// It ends within a field, or an integer is larger than anything may be.
    #[error("expected a whole field, found the end of the block or a number without end")]
    Cut,
    /// No field has this number.
    #[error("expected the number of a known field, found {0}")]
    UnknownNumber(usize),
    /// A text that is no Huffman code (section 5.2).
    #[error("expected a Huffman code and less than a byte of padding, found something else")]
    NotHuffman,
    /// A table larger than we allow (section 6.3).
    #[error("expected a table of at most {DEFAULT_TABLE_BYTES} bytes, found {0}")]
    TableTooLarge(usize),
    /// The table's size changes elsewhere than at the beginning (section 4.2).
    #[error("expected a change of the table's size at the block's beginning only")]
    LateTableSize,
    /// All fields together are larger than we allow.
    #[error("expected fields of at most {0} bytes in all, found more")]
    ListTooLarge(usize),
}

/// The side that reads. It holds at most [`DEFAULT_TABLE_BYTES`] of fields.
#[derive(Debug)]
pub struct Decoder {
    table: DynamicTable,
    /// Name and value of the field that is being read, where they are not in the block as they are.
    name: Vec<u8>,
    value: Vec<u8>,
    list_limit: usize,
}

/// A text in the block, or decoded in a buffer.
enum Text<'a> {
    Here(&'a [u8]),
    Buffered,
}

impl Decoder {
    /// For blocks whose fields have at most `list_limit` bytes, counted as RFC 9113, section 6.5.2 does.
    #[must_use]
    pub fn new(list_limit: usize) -> Self {
        Self { table: DynamicTable::new(DEFAULT_TABLE_BYTES), name: Vec::new(), value: Vec::new(), list_limit }
    }

    /// Reads a whole block and gives each field's name and value to `take`.
    ///
    /// # Errors
    /// [`DecodeError`]; what came before it was given.
    pub fn decode(&mut self, block: &[u8], mut take: impl FnMut(&[u8], &[u8])) -> Result<(), DecodeError> {
        let mut at = 0;
        let mut list = 0;
        let mut fields = false;
        while let Some(first) = block.get(at).copied() {
            let start = at;
            let fail = |problem| DecodeError { at: start, problem };
            let mut count = |name: &[u8], value: &[u8]| {
                list += name.len() + value.len() + ENTRY_BYTES;
                if list > self.list_limit { Err(fail(Problem::ListTooLarge(self.list_limit))) } else { Ok(()) }
            };
            if first & 0x80 != 0 {
                // Section 6.1: an indexed field.
                let number = integer::take(block, &mut at, 7).ok_or(fail(Problem::Cut))?;
                let (name, value) = self.table.get(number).ok_or(fail(Problem::UnknownNumber(number)))?;
                count(name, value)?;
                take(name, value);
                fields = true;
            } else if first & 0xe0 == 0x20 {
                // Section 6.3: the table's size.
                let most = integer::take(block, &mut at, 5).ok_or(fail(Problem::Cut))?;
                if fields {
                    return Err(fail(Problem::LateTableSize));
                }
                if most > DEFAULT_TABLE_BYTES {
                    return Err(fail(Problem::TableTooLarge(most)));
                }
                self.table.resize(most);
            } else {
                // Section 6.2: a literal field, to be remembered (01), or not (0000), or never by anybody (0001).
                let remember = first & 0x40 != 0;
                let number = integer::take(block, &mut at, if remember { 6 } else { 4 }).ok_or(fail(Problem::Cut))?;
                self.name.clear();
                self.value.clear();
                let name = if number == 0 {
                    text(block, &mut at, &mut self.name).map_err(fail)?
                } else {
                    let (name, _) = self.table.get(number).ok_or(fail(Problem::UnknownNumber(number)))?;
                    self.name.extend_from_slice(name);
                    Text::Buffered
                };
                let value = text(block, &mut at, &mut self.value).map_err(fail)?;
                let name = if let Text::Here(name) = name { name } else { &self.name };
                let value = if let Text::Here(value) = value { value } else { &self.value };
                count(name, value)?;
                take(name, value);
                if remember {
                    self.table.insert(name, value);
                }
                fields = true;
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn table_size(&self) -> usize {
        self.table.size()
    }
}

/// Section 5.2: a text, as it is or in Huffman's code.
fn text<'a>(block: &'a [u8], at: &mut usize, buffer: &mut Vec<u8>) -> Result<Text<'a>, Problem> {
    let coded = block.get(*at).ok_or(Problem::Cut)? & 0x80 != 0;
    let length = integer::take(block, at, 7).ok_or(Problem::Cut)?;
    let bytes = block.get(*at..*at + length).ok_or(Problem::Cut)?;
    *at += length;
    match coded {
        false => Ok(Text::Here(bytes)),
        true if huffman::decode(bytes, buffer) => Ok(Text::Buffered),
        true => Err(Problem::NotHuffman),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn decoded(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, DecodeError> {
        let mut fields = Vec::new();
        decoder
            .decode(block, |name, value| {
                fields.push(format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
            })
            .map(|()| fields)
    }

    fn problem(block: &[u8]) -> Option<(usize, Problem)> {
        decoded(&mut Decoder::new(200), block).err().map(|error| (error.at, error.problem))
    }

    #[test]
    fn a_fields_number_must_be_known() {
        assert_eq!(problem(&[0x88, 0x80]), Some((1, Problem::UnknownNumber(0))));
        assert_eq!(problem(&[0xbe]), Some((0, Problem::UnknownNumber(62))));
        assert_eq!(problem(&[0x7f, 0x00, 0x01, b'a']), Some((0, Problem::UnknownNumber(63))));
    }

    #[test]
    fn the_tables_size_changes_at_the_beginning_and_never_above_what_we_allow() {
        assert_eq!(problem(&[0x3f, 0xe1, 0x1f, 0x20, 0x88]), None, "4096, then 0");
        assert_eq!(problem(&[0x3f, 0xe2, 0x1f]), Some((0, Problem::TableTooLarge(4097))));
        assert_eq!(problem(&[0x88, 0x20]), Some((1, Problem::LateTableSize)));
    }

    #[test]
    fn a_cut_block_is_none() {
        let whole = [0x40, 0x02, b'a', b'b', 0x01, b'c'];
        for length in 1..whole.len() {
            assert_eq!(problem(&whole[..length]), Some((0, Problem::Cut)), "{length}");
        }
    }

    #[test]
    fn what_refers_to_large_fields_again_and_again_is_bounded() {
        let mut block = vec![0x40, 0x01, b'a', 0x64];
        block.extend([b'x'; 100]);
        assert_eq!(problem(&block), None);
        block.push(0xbe);
        assert_eq!(problem(&block), Some((104, Problem::ListTooLarge(200))));
    }

    #[test]
    fn the_table_is_as_large_as_its_size_says_and_what_does_not_fit_empties_it() {
        let mut decoder = Decoder::new(100_000);
        let field = |length: u8| {
            let mut block = vec![0x40, 0x01, b'a', length];
            block.extend(vec![b'x'; usize::from(length)]);
            block
        };
        for _ in 0..200 {
            decoded(&mut decoder, &field(67)).expect("a field");
        }
        assert_eq!(decoder.table_size(), 4000, "forty of a hundred bytes");
        decoded(&mut decoder, &[0x3f, 0x69]).expect("136");
        assert_eq!(decoder.table_size(), 100);
        let mut large = field(105);
        decoded(&mut decoder, &large).expect("a field that does not fit is no error");
        assert_eq!(decoder.table_size(), 0);
        large.push(0xbe);
        assert!(decoded(&mut decoder, &large).is_err());
    }
}
