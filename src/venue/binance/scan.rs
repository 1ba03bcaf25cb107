//! A cursor over the bytes of a JSON message that reads numbers where they stand.
//!
//! Must hold: it never allocates, never panics, and accepts nothing that is not JSON. Every step
//! answers `None` when the bytes are not what was asked for; the cursor is then worthless.
//! Not here: what the fields mean ([`super::wire`]).

use crate::types::{Level, Price, Qty};

/// Deepest nesting that is looked at. The venue's own messages nest five deep (SAFETY 7).
pub(super) const DEPTH_MAX: u32 = 32;

/// Powers of ten from 1e8 down, by number of decimal places written.
const SCALE_BY_PLACES: [u64; 9] =
    [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// Digits that fit into 64 bits whatever they are.
const DIGITS_MAX: usize = 18;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Exactly these bytes.
    #[inline(always)]
    pub(super) fn literal<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Nothing left but white space.
    pub(super) fn end(&mut self) -> Option<()> {
        self.space();
        self.rest.is_empty().then_some(())
    }

    /// A whole number without a sign, as JSON writes it, that fits 64 bits.
    #[inline(always)]
    pub(super) fn integer(&mut self) -> Option<u64> {
        let count = digits(self.rest);
        let (text, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        let padded = 1 < count && text.first() == Some(&b'0');
        if count == 0 || padded {
            return None;
        }
        if DIGITS_MAX < count {
            return std::str::from_utf8(text).ok()?.parse().ok();
        }
        Some(fold(0, text))
    }

    /// A decimal in front of a closing quote, in units of 1e-8. The quote is left.
    #[inline(always)]
    pub(super) fn units(&mut self) -> Option<i64> {
        let whole = digits(self.rest);
        let (text, mut rest) = self.rest.split_at_checked(whole)?;
        let mut value = fold(0, text);
        let mut places = 0;
        if let Some(after) = rest.strip_prefix(b".") {
            places = digits(after);
            let (text, left) = after.split_at_checked(places)?;
            value = fold(value, text);
            rest = left;
        }
        let count = whole + places;
        let scale = SCALE_BY_PLACES.get(places);
        if let Some(scale) = scale
            && (1..=DIGITS_MAX).contains(&count)
            && rest.first() == Some(&b'"')
            && let Some(units) = value.checked_mul(*scale)
            && let Ok(units) = i64::try_from(units)
        {
            self.rest = rest;
            return Some(units);
        }
        self.units_unusual()
    }

    /// Signs, very long numbers, superfluous zeros: read by the one judge of numbers.
    #[cold]
    fn units_unusual(&mut self) -> Option<i64> {
        let end = self.rest.iter().position(|byte| *byte == b'"')?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Price::parse(text).map(Price::units)
    }

    /// A price in front of a closing quote.
    #[inline(always)]
    pub(super) fn price(&mut self) -> Option<Price> {
        self.units().map(Price::from_units)
    }

    /// A quantity in front of a closing quote.
    #[inline(always)]
    pub(super) fn qty(&mut self) -> Option<Qty> {
        self.units().map(Qty::from_units)
    }

    /// Plain ASCII in front of a closing quote, which is taken too.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        let end = self.rest.iter().position(|byte| !plain(byte))?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    /// `true` or `false`.
    #[inline(always)]
    pub(super) fn truth(&mut self) -> Option<bool> {
        if self.literal(b"true").is_some() {
            return Some(true);
        }
        self.literal(b"false").map(|()| false)
    }

    /// `[["price","qty"],…]`, appended to `out`: at most as many as a message has room for.
    pub(super) fn levels(&mut self, out: &mut Vec<Level>) -> Option<()> {
        self.token(b'[')?;
        if self.token(b']').is_some() {
            return Some(());
        }
        loop {
            if self.literal(b"[\"").is_none() {
                self.token(b'[')?;
                self.token(b'"')?;
            }
            let price = self.price()?;
            if self.literal(b"\",\"").is_none() {
                self.literal(b"\"")?;
                self.token(b',')?;
                self.token(b'"')?;
            }
            let qty = self.qty()?;
            out.push(Level { price, qty });
            if self.literal(b"\"],").is_some() {
                self.space();
                continue;
            }
            self.literal(b"\"")?;
            self.token(b']')?;
            if self.token(b',').is_none() {
                return self.token(b']');
            }
            self.space();
        }
    }

    /// White space, then this byte. On `None` only white space was taken.
    #[inline(always)]
    pub(super) fn token(&mut self, byte: u8) -> Option<()> {
        self.space();
        let (first, rest) = self.rest.split_first()?;
        (*first == byte).then(|| self.rest = rest)
    }

    /// Any value: its bytes, checked to be JSON and not nested deeper than [`DEPTH_MAX`].
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        self.space();
        let before = self.rest;
        self.skip(0)?;
        before.get(..before.len() - self.rest.len())
    }

    /// What may stand between tokens.
    #[inline(always)]
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn skip(&mut self, depth: u32) -> Option<()> {
        self.space();
        match self.rest.first()? {
            b'"' => self.skip_string(),
            b'{' => self.skip_object(depth + 1),
            b'[' => self.skip_array(depth + 1),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.skip_number(),
        }
    }

    fn skip_object(&mut self, depth: u32) -> Option<()> {
        (depth <= DEPTH_MAX).then_some(())?;
        self.token(b'{')?;
        if self.token(b'}').is_some() {
            return Some(());
        }
        loop {
            self.space();
            self.skip_string()?;
            self.token(b':')?;
            self.skip(depth)?;
            if self.token(b',').is_none() {
                return self.token(b'}');
            }
        }
    }

    fn skip_array(&mut self, depth: u32) -> Option<()> {
        (depth <= DEPTH_MAX).then_some(())?;
        self.token(b'[')?;
        if self.token(b']').is_some() {
            return Some(());
        }
        loop {
            self.skip(depth)?;
            if self.token(b',').is_none() {
                return self.token(b']');
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.literal(b"\"")?;
        loop {
            let (first, rest) = self.rest.split_first()?;
            self.rest = rest;
            match first {
                b'"' => return Some(()),
                b'\\' => self.skip_escape()?,
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn skip_escape(&mut self) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        match first {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let (hex, rest) = self.rest.split_at_checked(4)?;
                self.rest = rest;
                hex.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn skip_number(&mut self) -> Option<()> {
        let _ = self.literal(b"-");
        if self.literal(b"0").is_none() {
            self.skip_digits()?;
        }
        if self.literal(b".").is_some() {
            self.skip_digits()?;
        }
        if self.literal(b"e").or_else(|| self.literal(b"E")).is_some() {
            let _ = self.literal(b"+").or_else(|| self.literal(b"-"));
            self.skip_digits()?;
        }
        Some(())
    }

    fn skip_digits(&mut self) -> Option<()> {
        let count = digits(self.rest);
        self.rest = self.rest.get(count..)?;
        (0 < count).then_some(())
    }
}

/// How many digits stand at the front.
#[inline(always)]
fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

/// `value` with more digits behind it. Wraps: the caller has bounded their number or asks again.
#[inline(always)]
fn fold(value: u64, digits: &[u8]) -> u64 {
    digits.iter().fold(value, |value, byte| {
        value.wrapping_mul(10).wrapping_add(u64::from(byte.wrapping_sub(b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Option<i64> {
        Cursor::new(format!("{text}\",").as_bytes()).units()
    }

    #[test]
    fn numbers_are_what_the_one_judge_of_numbers_says() {
        let rows = [
            "0",
            "0.000",
            "61800.20",
            "-1.5",
            "1.000000000000",
            "0.000000001",
            "92233720368.54775807",
            "92233720368.54775808",
            "",
            ".",
            "-",
            "1..2",
            "1e5",
            "00012.5",
            "7.",
            ".5",
            "9999999999999",
            "18446744073709551616",
            "123456789012345678",
            "1234567890.12345678",
            "12345678901.12345678",
        ];
        for text in rows {
            assert_eq!(units(text), Price::parse(text.as_bytes()).map(Price::units), "{text}");
        }
        assert_eq!(Cursor::new(b"12.5").units(), None, "the closing quote must be there");
    }

    #[test]
    fn whole_numbers_are_json() {
        let integer = |text: &str| Cursor::new(text.as_bytes()).integer();
        assert_eq!(integer("0,"), Some(0));
        assert_eq!(integer("5123107832006}"), Some(5_123_107_832_006));
        assert_eq!(integer("18446744073709551615"), Some(u64::MAX));
        assert_eq!(integer("18446744073709551616"), None);
        assert_eq!(integer("007"), None);
        assert_eq!(integer("-1"), None);
        assert_eq!(integer(""), None);
    }

    #[test]
    fn nesting_is_bounded_on_both_sides_of_the_bound() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let max = usize::try_from(DEPTH_MAX).unwrap();
        assert!(Cursor::new(nested(max).as_bytes()).value().is_some());
        assert!(Cursor::new(nested(max + 1).as_bytes()).value().is_none());
        assert!(Cursor::new("[".repeat(1 << 20).as_bytes()).value().is_none());
    }

    #[test]
    fn levels_are_read_with_and_without_white_space() {
        for text in [r#"[["1.5","2"],["3","0"]]"#, " [ [ \"1.5\" , \"2\" ] ,\n [\"3\",\"0\"] ] "] {
            let mut out = Vec::new();
            let mut cursor = Cursor::new(text.as_bytes());
            assert!(cursor.levels(&mut out).is_some() && cursor.end().is_some(), "{text}");
            assert_eq!(out.len(), 2);
            assert_eq!(out[0].price.to_string(), "1.5");
        }
        for text in [
            r#"[["1.5"]]"#,
            r#"[["1","2"],]"#,
            r#"[[1,2]]"#,
            r#"[["1","2"]"#,
            "[,]",
            r#"[["1","2","3"]]"#,
        ] {
            assert!(Cursor::new(text.as_bytes()).levels(&mut Vec::new()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_price_is_read_back(units_in in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(units(&Price::from_units(units_in).to_string()), Some(units_in));
        }

        #[test]
        fn digits_points_and_signs_are_read_like_the_judge_reads_them(text in "[0-9.-]{0,26}") {
            prop_assert_eq!(units(&text), Price::parse(text.as_bytes()).map(Price::units));
        }

        #[test]
        fn a_value_is_accepted_only_if_it_is_json(text in r#"[\[\]{}",:0-9eE+.tfn\\ a-]{0,24}"#) {
            let mut cursor = Cursor::new(text.as_bytes());
            let ours = cursor.value().is_some() && cursor.end().is_some();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
