//! Writing: numbers and texts as the venue wants them, into a buffer that the caller keeps.
//!
//! Must hold: no allocation but the buffer's own growth; a number is written exactly, without an
//! exponent and without superfluous zeros.
//!
//! Decision: not `format!`, which costs 320 to 390 ns for the parameters of one order; written by
//! hand they cost 23 to 30 ns (measured in a prototype on the same kind of machine).

use crate::types::{Price, Qty, SCALE};

/// A whole number.
pub(super) fn write_integer(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut rest = value;
    let mut start = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// A price.
pub(super) fn write_price(price: Price, out: &mut Vec<u8>) {
    write_units(price.units(), out);
}

/// A quantity.
pub(super) fn write_qty(qty: Qty, out: &mut Vec<u8>) {
    write_units(qty.units(), out);
}

fn write_units(units: i64, out: &mut Vec<u8>) {
    if units < 0 {
        out.push(b'-');
    }
    let scale = SCALE.unsigned_abs();
    write_integer(units.unsigned_abs() / scale, out);
    let mut part = units.unsigned_abs() % scale;
    if part == 0 {
        return;
    }
    out.push(b'.');
    while part != 0 {
        part *= 10;
        out.push(b'0' + (part / scale).to_le_bytes()[0]);
        part %= scale;
    }
}

/// Text as it stands inside the quotes of a JSON string.
pub(super) fn write_json_text(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                write_hex(std::slice::from_ref(byte), out);
            }
            _ => out.push(*byte),
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Text as it stands in a query: some symbols of the venue are not ASCII (sheet section 2).
pub(super) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let mut hex = Vec::with_capacity(2);
            write_hex(&[byte], &mut hex);
            out.push('%');
            out.push_str(&String::from_utf8_lossy(&hex).to_uppercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn query_text_is_percent_encoded() {
        assert_eq!(percent_encoded("BTCUSDT_260626"), "BTCUSDT_260626");
        let wide = "１２３４５６";
        assert_eq!(percent_encoded(wide), "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96");
        assert_eq!(percent_encoded("a&b=c d"), "a%26b%3Dc%20d");
    }

    proptest! {
        #[test]
        fn a_price_is_written_as_people_read_it(units in -i64::MAX..=i64::MAX) {
            let price = Price::from_units(units);
            prop_assert_eq!(written(|out| write_price(price, out)), price.to_string());
            let qty = Qty::from_units(units);
            prop_assert_eq!(written(|out| write_qty(qty, out)), qty.to_string());
        }

        #[test]
        fn a_whole_number_is_written_as_people_read_it(value: u64) {
            prop_assert_eq!(written(|out| write_integer(value, out)), value.to_string());
        }

        #[test]
        fn any_text_is_one_json_string(text: String) {
            let json = written(|out| write_json_text(text.as_bytes(), out));
            let read: String = serde_json::from_str(&format!("\"{json}\"")).unwrap();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn the_ends_of_the_range_are_written() {
        assert_eq!(written(|out| write_integer(0, out)), "0");
        assert_eq!(written(|out| write_integer(u64::MAX, out)), u64::MAX.to_string());
        assert_eq!(written(|out| write_price(Price::MAX, out)), "92233720368.54775807");
        assert_eq!(written(|out| write_price(Price::ZERO, out)), "0");
    }
}
