//! Short text that is a plain value: names and reasons of operators, without an allocation.

use std::fmt;

/// At most `N` bytes of UTF-8 without control characters; longer text is cut at a character.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Text<N> {
    /// Keeps what fits and replaces control characters by spaces, so that nothing an operator
    /// types can forge a line of a log.
    pub fn new(text: &str) -> Self {
        const { assert!(N <= 255, "the length is one byte") };
        let mut kept = Self { bytes: [0; N], len: 0 };
        for character in text.chars() {
            let character = if character.is_control() { ' ' } else { character };
            let at = usize::from(kept.len);
            let Some(room) = kept.bytes.get_mut(at..at + character.len_utf8()) else { break };
            character.encode_utf8(room);
            kept.len = u8::try_from(at + character.len_utf8()).unwrap_or(kept.len);
        }
        kept
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), out)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_whole_characters_and_no_control() {
        assert_eq!(Text::<8>::new("halt\nnow!").as_str(), "halt now");
        assert_eq!(Text::<4>::new("aéé").as_str(), "aé");
        assert_eq!(Text::<4>::default().as_str(), "");
    }
}
