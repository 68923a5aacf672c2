//! Dates in header fields (RFC 9110, section 5.6.7), as everybody has to write them: `Sun, 06 Nov 1994 08:49:37 GMT`.
//!
//! What it does not do: the two obsolete forms, which may not be sent any more, and seconds that are leapt.

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Milliseconds since 1970; `None`: it is no date, or one before 1970. The day of the week is not looked at.
#[cold]
pub(super) fn http_date(text: &[u8]) -> Option<u64> {
    let (text, zone) = text.split_at_checked(25)?;
    let (weekday, text) = text.split_at_checked(5)?;
    if zone != b" GMT" || !weekday.ends_with(b", ") {
        return None;
    }
    let [d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', time @ ..] = text else { return None };
    let [h1, h2, b':', n1, n2, b':', s1, s2] = time else { return None };
    let day = number(&[*d1, *d2])?;
    let month = MONTHS.iter().zip(1_u64..).find(|(name, _)| ***name == [*m1, *m2, *m3])?.1;
    let year = number(&[*y1, *y2, *y3, *y4])?;
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// In the Gregorian calendar: years that begin in March, so that a leap day is the last of its year.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days_of_years = year * 365 + year / 4 - year / 100 + year / 400;
    let days_of_months = (153 * month + 2) / 5;
    (days_of_years + days_of_months + day - 1).checked_sub(719_468)
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn dates_are_milliseconds_since_1970() {
        let dates = [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799_000),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800_000),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400_000),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799_000),
        ];
        for (text, milliseconds) in dates {
            assert_eq!(http_date(text.as_bytes()), Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let texts = [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Now 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 6  Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "\u{fc}\u{fc}n, 06 Nov 1994 08:49:37 GMT",
        ];
        for text in texts {
            assert_eq!(http_date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_bytes_of_a_dates_length_are_a_panic() {
        for at in 0..29 {
            for byte in 0..=255 {
                let mut text = *b"Sun, 06 Nov 1994 08:49:37 GMT";
                text[at] = byte;
                let _ = http_date(&text);
            }
        }
    }
}
