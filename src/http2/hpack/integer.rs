//! Integers with a prefix of N bits (RFC 7541, section 5.1).

/// Puts `value` behind the bits that `first` has above its `prefix` bits.
#[inline(never)]
pub(super) fn put(out: &mut Vec<u8>, first: u8, prefix: u8, value: usize) {
    let most = (1_usize << prefix) - 1;
    if value < most {
        out.push(first | value as u8);
        return;
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 128 {
        out.push(rest as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// More than anything that may come has; section 5.1 asks for a bound.
const LARGEST: usize = 1 << 21;

/// Takes an integer from `block`, its first byte at `at`, and moves `at` behind it. `None`: the block ends within it, or it
/// is larger than anything may be.
pub(super) fn take(block: &[u8], at: &mut usize, prefix: u8) -> Option<usize> {
    let most = (1_usize << prefix) - 1;
    let mut value = usize::from(*block.get(*at)?) & most;
    *at += 1;
    if value < most {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = *block.get(*at)?;
        *at += 1;
        value += usize::from(byte & 127) << shift;
        if byte < 128 {
            return (value <= LARGEST).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_examples_of_appendix_c_1() {
        for (value, prefix, bytes) in [(10, 5, &[10][..]), (1337, 5, &[31, 154, 10]), (42, 8, &[42])] {
            let mut out = Vec::new();
            put(&mut out, 0, prefix, value);
            assert_eq!(out, bytes);
            let mut at = 0;
            assert_eq!((take(bytes, &mut at, prefix), at), (Some(value), bytes.len()));
            let mut at = 0;
            assert_eq!(take(&bytes[..bytes.len() - 1], &mut at, prefix), None, "cut");
        }
    }

    #[test]
    fn an_integer_without_end_is_none() {
        assert_eq!(take(&[31, 255, 255, 255, 255, 255, 0], &mut 0, 5), None);
        assert_eq!(take(&[31, 255, 255, 255, 127], &mut 0, 5), None);
        assert_eq!(take(&[31, 128, 128, 0], &mut 0, 5), Some(31), "leading zeros are allowed");
    }
}
