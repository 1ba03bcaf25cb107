//! A running FNV-1a digest of numbers, byte by byte: what a replay must reproduce.
//!
//! Must hold: the same numbers in the same order give the same digest on every machine. It finds
//! accidents and is no defence against somebody who wants a collision.

use std::fmt;

/// A digest under way. By value, so that a state reads as a chain of [`Self::with`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Digest(u64);

impl Digest {
    /// Of nothing: FNV's offset basis.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// With one more number.
    #[must_use]
    pub fn with(self, number: i64) -> Self {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        Self(number.to_le_bytes().iter().fold(self.0, step))
    }

    /// With one more count.
    #[must_use]
    pub fn with_count(self, count: u64) -> Self {
        self.with(count.cast_signed())
    }

    /// With one more wide number.
    #[must_use]
    pub fn with_wide(self, number: i128) -> Self {
        let bits = number.cast_unsigned();
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
        self.with_count(half(bits)).with_count(half(bits >> 64))
    }

    /// With one more number that may be unknown: nothing is told from every number.
    #[must_use]
    pub fn with_known(self, number: Option<i64>) -> Self {
        match number {
            Some(number) => self.with(1).with(number),
            None => self.with(0),
        }
    }

    /// With some text.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        text.as_bytes().chunks(8).fold(self.with_count(text.len() as u64), |digest, piece| {
            let mut bytes = [0; 8];
            bytes[..piece.len()].copy_from_slice(piece);
            digest.with(i64::from_le_bytes(bytes))
        })
    }

    /// The number so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}

/// What is written is taken in as text, so that a value goes in as it would be printed.
impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        *self = self.with_text(text);
        Ok(())
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_fnv_1a_over_little_endian_bytes() {
        // "foobar\0\0" is the published vector of "foobar" with two zero bytes more.
        let published = 0x8594_4171_f739_67e8_u64;
        let prime = 0x0000_0100_0000_01b3_u64;
        let expected = published.wrapping_mul(prime).wrapping_mul(prime);
        assert_eq!(Digest::new().with(i64::from_le_bytes(*b"foobar\0\0")).value(), expected);
    }

    #[test]
    fn order_and_absence_count() {
        let new = Digest::new();
        assert_ne!(new.with(1).with(2), new.with(2).with(1));
        assert_ne!(new.with_known(None), new.with_known(Some(0)));
        assert_ne!(new.with_text("a"), new.with_text("a\0"));
        assert_ne!(new.with_text("12345678").with_text("9"), new.with_text("123456789"));
    }
}
