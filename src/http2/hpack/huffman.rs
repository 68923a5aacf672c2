//! The Huffman code of HPACK (RFC 7541, section 5.2 and Appendix B).
//!
//! The code is canonical: codes of one length follow each other in the order of their symbols, shorter ones before longer
//! ones. So the lengths say everything, and the tables are made of them by the compiler.

/// The length of each symbol's code in bits; the last is the end of the string, EOS.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22,
    22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28,
    27, 27, 27, 27, 27, 26, 30,
];

const EOS: u16 = 256;
const LONGEST: usize = 30;

struct Tables {
    /// For each byte that a code may begin with: symbol << 4 | length, for codes of at most 8 bits; else 0.
    short: [u16; 256],
    /// The symbols in the order of their codes.
    symbols: [u16; 257],
    /// By length: the first code, left-aligned in 32 bits; where it stands in `symbols`.
    first: [u32; LONGEST + 2],
    first_at: [u16; LONGEST + 2],
}

static TABLES: Tables = tables();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn tables() -> Tables {
    let mut tables = Tables { short: [0; 256], symbols: [0; 257], first: [0; LONGEST + 2], first_at: [0; LONGEST + 2] };
    let mut length = 1;
    let mut code: u32 = 0;
    let mut at = 0;
    while length <= LONGEST {
        tables.first[length] = code << (32 - length);
        tables.first_at[length] = at as u16;
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol] as usize == length {
                tables.symbols[at] = symbol as u16;
                if length <= 8 {
                    let mut byte = (code as usize) << (8 - length);
                    let end = (code as usize + 1) << (8 - length);
                    while byte < end {
                        tables.short[byte] = (symbol as u16) << 4 | length as u16;
                        byte += 1;
                    }
                }
                code += 1;
                at += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        length += 1;
    }
    // The code is complete: behind the longest there is nothing.
    tables.first[LONGEST + 1] = u32::MAX;
    tables.first_at[LONGEST + 1] = 257;
    tables
}

/// Appends what `text` means to `out`. False where it means nothing: EOS within it, or an end that is no padding.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut bits: u64 = 0; // left-aligned
    let mut count: u32 = 0;
    let mut rest = text.iter();
    loop {
        while count <= 56 {
            let Some(byte) = rest.next() else { break };
            bits |= u64::from(*byte) << (56 - count);
            count += 8;
        }
        if count == 0 {
            return true;
        }
        let short = TABLES.short.get((bits >> 56) as usize).copied().unwrap_or_default();
        let (symbol, length) = if short != 0 { (short >> 4, u32::from(short & 15)) } else { long((bits >> 32) as u32) };
        if length > count {
            // What is left is the beginning of a code. Padding is the beginning of EOS, of less than 8 bits.
            return count < 8 && bits == !0 << (64 - count);
        }
        if symbol >= EOS {
            return false;
        }
        out.push(symbol as u8);
        bits <<= length;
        count -= length;
    }
}

/// The symbol that a code of more than 8 bits means, and its length.
#[cold]
fn long(window: u32) -> (u16, u32) {
    let mut length = 9;
    while TABLES.first.get(length + 1).is_some_and(|first| window >= *first) && length < LONGEST {
        length += 1;
    }
    let first = TABLES.first.get(length).copied().unwrap_or_default();
    let first_at = TABLES.first_at.get(length).copied().unwrap_or_default();
    let at = usize::from(first_at) + (window.wrapping_sub(first) >> (32 - length)) as usize;
    (TABLES.symbols.get(at).copied().unwrap_or(EOS), length as u32)
}

/// How many bytes `text` takes when it is encoded.
pub(super) fn encoded_length(text: &[u8]) -> usize {
    let bits: usize = text.iter().map(|byte| usize::from(length_of(*byte))).sum();
    bits.div_ceil(8)
}

/// Appends `text`, encoded.
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut bits: u64 = 0; // right-aligned
    let mut count = 0;
    for byte in text {
        let length = length_of(*byte);
        bits = bits << length | u64::from(code_of(u16::from(*byte), length));
        count += length;
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        // Padded with the beginning of EOS, which is all ones.
        out.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
}

/// The code of a symbol, right-aligned. It is looked for: we encode a few fields once in a while.
fn code_of(symbol: u16, length: u8) -> u32 {
    let at = TABLES.symbols.iter().position(|one| *one == symbol).unwrap_or_default();
    let first = TABLES.first.get(usize::from(length)).copied().unwrap_or_default();
    let first_at = TABLES.first_at.get(usize::from(length)).copied().unwrap_or_default();
    (first >> (32 - length)) + (at as u32 - u32::from(first_at))
}

fn length_of(byte: u8) -> u8 {
    LENGTHS.get(usize::from(byte)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn codes_of_appendix_b() {
        for (symbol, code) in [
            (b'0', 0x0),
            (b'a', 0x3),
            (b't', 0x9),
            (b' ', 0x14),
            (b':', 0x5c),
            (b'&', 0xf8),
            (b'!', 0x3f8),
            (b'|', 0x7fc),
        ] {
            assert_eq!(code_of(u16::from(symbol), length_of(symbol)), code, "{:?}", char::from(symbol));
        }
        let others = [
            (0, 0x1ff8),
            (1, 0x007f_ffd8),
            (9, 0x00ff_ffea),
            (10, 0x3fff_fffc),
            (249, 0x0fff_fffe),
            (256, 0x3fff_ffff),
        ];
        for (symbol, code) in others {
            assert_eq!(code_of(symbol, LENGTHS[usize::from(symbol)]), code, "{symbol}");
        }
    }

    #[test]
    fn every_byte_comes_back() {
        for first in 0..=255_u8 {
            let text = [first, b'a', first, first, 255 - first];
            let mut encoded = Vec::new();
            encode(&text, &mut encoded);
            assert_eq!(encoded.len(), encoded_length(&text));
            let mut out = Vec::new();
            assert!(decode(&encoded, &mut out), "{text:?}");
            assert_eq!(out, text);
        }
    }

    #[test]
    fn padding_is_the_beginning_of_eos_and_less_than_a_byte() {
        let fails = |bytes: &[u8]| !decode(bytes, &mut Vec::new());
        assert!(!fails(&[0x1f]), "a, then 111");
        assert!(fails(&[0x18]), "a, then 000");
        assert!(fails(&[0x1e]), "a, then 110");
        assert!(fails(&[0x1f, 0xff]), "a whole byte of padding");
        assert!(fails(&[0xff, 0xff, 0xff, 0xff]), "EOS");
        assert!(!fails(&[]));
    }
}
