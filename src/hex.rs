//! Plain hexadecimal text to bytes: the digits of a token, and nothing between them.
//!
//! A broadcast reads millions of tokens, so a block of digits is read in one go, without a branch or a table: with
//! vectors where WebAssembly has them, with the bytes of a register elsewhere.

#[cfg(not(target_feature = "simd128"))]
use register::decode;
#[cfg(target_feature = "simd128")]
use vector::decode;

/// Bytes of a token as nearly all tokens are: 32, in 64 digits.
const USUAL: usize = 32;
/// Digits that are read at once.
const BLOCK: usize = 32;

/// Appends the bytes of `text` to `out`. False, with `out` as it was, where there is anything but pairs of digits.
pub(crate) fn append(text: &[u8], out: &mut Vec<u8>) -> bool {
    match <&[u8; 2 * USUAL]>::try_from(text) {
        Ok(text) => append_usual(text, out),
        Err(_) => append_any(text, out),
    }
}

/// Appends the bytes of texts that have `digits` characters each, up to the first one that is anything but digits.
/// Returns how many those are.
pub(crate) fn append_each(texts: &[u8], digits: usize, out: &mut Vec<u8>) -> usize {
    if digits == 2 * USUAL {
        append_each_usual(texts, out)
    } else {
        texts.chunks_exact(digits.max(1)).take_while(|text| append_any(text, out)).count()
    }
}

fn append_each_usual(texts: &[u8], out: &mut Vec<u8>) -> usize {
    let (texts, _) = texts.as_chunks();
    let start = out.len();
    out.resize(start + texts.len() * USUAL, 0);
    let (places, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut();
    let count = texts.iter().zip(places).position(|(text, place)| !decode_usual(text, place)).unwrap_or(texts.len());
    out.truncate(start + count * USUAL);
    count
}

fn append_usual(text: &[u8; 2 * USUAL], out: &mut Vec<u8>) -> bool {
    let mut bytes = [0; USUAL];
    let good = decode_usual(text, &mut bytes);
    if good {
        out.extend_from_slice(&bytes);
    }
    good
}

/// False, with anything in `bytes`, where there is anything but digits.
#[inline(always)]
fn decode_usual(text: &[u8; 2 * USUAL], bytes: &mut [u8; USUAL]) -> bool {
    let mut good = true;
    for (block, place) in text.as_chunks::<BLOCK>().0.iter().zip(bytes.as_chunks_mut().0) {
        let (decoded, are_digits) = decode(block);
        *place = decoded;
        good &= are_digits;
    }
    good
}

fn append_any(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut good = text.len().is_multiple_of(2);
    let (blocks, rest) = text.as_chunks();
    for block in blocks {
        let (bytes, are_digits) = decode(block);
        good &= are_digits;
        out.extend_from_slice(&bytes);
    }
    if !rest.is_empty() {
        let mut block = [b'0'; BLOCK];
        block.iter_mut().zip(rest).for_each(|(place, digit)| *place = *digit);
        let (bytes, are_digits) = decode(&block);
        good &= are_digits;
        out.extend(bytes.iter().take(rest.len() / 2));
    }
    if !good {
        out.truncate(start);
    }
    good
}

#[cfg(target_feature = "simd128")]
mod vector {
    use std::arch::wasm32::{
        u8x16_add, u8x16_add_sat, u8x16_min, u8x16_narrow_i16x8, u8x16_splat, u8x16_sub, u8x16_sub_sat, u16x8_shl,
        u16x8_shr, u16x8_splat, u64x2, u64x2_extract_lane, v128, v128_and, v128_any_true, v128_or,
    };

    /// The bytes that a block of digits writes, and whether all of it are digits.
    #[inline(always)]
    pub(super) fn decode(text: &[u8; super::BLOCK]) -> ([u8; super::BLOCK / 2], bool) {
        let [first, second] = halves(text).map(values);
        let bytes = u8x16_narrow_i16x8(pairs(first), pairs(second));
        let are_digits = !v128_any_true(v128_and(v128_or(first, second), u8x16_splat(0xf0)));
        (to_array(bytes), are_digits)
    }

    /// The values of sixteen digits of either case; what is no digit has one above fifteen. Processors compare signed
    /// bytes only, so the ranges end where sums and differences saturate.
    #[inline(always)]
    fn values(text: v128) -> v128 {
        // `9` becomes 0xff, and what comes behind it begins at 0 anew: then all below `0` is less than 0xf0.
        let up = u8x16_add(text, u8x16_splat(0xff - b'9'));
        let decimals = u8x16_sub(u8x16_sub_sat(up, u8x16_splat(6)), u8x16_splat(0xf0));
        // Clearing this bit makes small letters capitals, and nothing else to one of these letters.
        let letters = u8x16_sub(v128_and(text, u8x16_splat(!0x20)), u8x16_splat(b'A'));
        u8x16_min(decimals, u8x16_add_sat(letters, u8x16_splat(10)))
    }

    /// Each two digits as one number. The first one, in the low byte, is the high half.
    #[inline(always)]
    fn pairs(values: v128) -> v128 {
        v128_and(v128_or(u16x8_shl(values, 4), u16x8_shr(values, 8)), u16x8_splat(0x00ff))
    }

    fn halves(text: &[u8; 32]) -> [v128; 2] {
        let (words, _) = text.as_chunks::<8>();
        let word = |index: usize| words.get(index).map_or(0, |word| u64::from_le_bytes(*word));
        [u64x2(word(0), word(1)), u64x2(word(2), word(3))]
    }

    fn to_array(bytes: v128) -> [u8; 16] {
        let words = [u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)];
        let mut array = [0; 16];
        array.as_chunks_mut().0.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_le_bytes());
        array
    }
}

#[cfg(not(target_feature = "simd128"))]
mod register {
    /// A number with this byte eight times.
    const fn in_each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }

    const HIGH_BITS: u64 = in_each(0x80);

    /// The bytes that a block of digits writes, and whether all of it are digits.
    #[inline(always)]
    pub(super) fn decode(text: &[u8; super::BLOCK]) -> ([u8; super::BLOCK / 2], bool) {
        let mut bytes = [0; super::BLOCK / 2];
        let mut good = HIGH_BITS;
        for (place, eight) in bytes.as_chunks_mut().0.iter_mut().zip(text.as_chunks().0) {
            let (four, are_digits) = decode_eight(*eight);
            *place = four;
            good &= are_digits;
        }
        (bytes, good == HIGH_BITS)
    }

    /// The bytes that eight digits write. The second value is [`HIGH_BITS`] where all of them are digits, and lacks some
    /// of its bits where not.
    ///
    /// To add to each character what brings the first of a range to 0x80 sets the high bit of all from there on, and no
    /// sum of a character below 0x80 runs over into the next one.
    #[inline(always)]
    fn decode_eight(text: [u8; 8]) -> ([u8; 4], u64) {
        let text = u64::from_le_bytes(text);
        let ascii = text & !HIGH_BITS;
        // Setting this bit makes capitals small, and nothing else to one of these letters.
        let small = ascii | in_each(0x20);
        let decimals = (ascii + in_each(0x80 - b'0')) & !(ascii + in_each(0x7f - b'9'));
        let letters = (small + in_each(0x80 - b'a')) & !(small + in_each(0x7f - b'f')) & HIGH_BITS;
        // The low half of a decimal is its value; `a` has 1 there and means 10, which is 9 more.
        let nines = letters >> 7 | letters >> 4;
        let values = (ascii & in_each(0x0f)) + nines;
        // The first digit, in the low byte, is the high half of the first byte.
        let pairs = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
        (((fours | fours >> 16) as u32).to_le_bytes(), (decimals | letters) & !text & HIGH_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_character_is_a_digit_or_none_at_every_place_of_a_token() {
        for length in [2, 30, 62, 64, 66, 160] {
            for at in 0..length {
                for character in 0..=255_u8 {
                    let mut text = vec![b'0'; length];
                    text[at] = character;
                    let mut out = vec![7];
                    let value = char::from(character).to_digit(16);
                    assert_eq!(append(&text, &mut out), value.is_some(), "{character} at {at} of {length}");
                    let expected = value.map(|value| {
                        let mut bytes = vec![0; length / 2];
                        bytes[at / 2] = (if at % 2 == 0 { value << 4 } else { value }) as u8;
                        bytes
                    });
                    assert_eq!(out[1..], expected.unwrap_or_default(), "{character} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_row_of_texts_is_read_up_to_the_first_that_is_not_all_digits() {
        for digits in [2, 64, 66] {
            for bad in 0..4 {
                let mut texts = b"a5".repeat(3 * digits / 2);
                if let Some(place) = texts.get_mut(bad * digits + digits - 1) {
                    *place = b' ';
                }
                let mut out = vec![7];
                assert_eq!(append_each(&texts, digits, &mut out), bad.min(3), "the one at {bad} of {digits} digits");
                assert_eq!(out, [&[7][..], &vec![0xa5; bad.min(3) * digits / 2]].concat());
            }
        }
        assert_eq!(append_each(b"abcdef", 3, &mut Vec::new()), 0, "half a byte is none");
        assert_eq!(append_each(b"", 0, &mut Vec::new()), 0);
    }

    #[test]
    fn half_a_byte_is_none() {
        let mut out = vec![7];
        assert!(!append(b"abc", &mut out));
        assert_eq!(out, [7]);
    }
}
