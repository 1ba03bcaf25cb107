//! Names of things: dense indexes of the configuration, and the identity of an order.

use std::fmt;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $repr:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub $repr);

        impl $name {
            /// Position in a `Vec` of these.
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    };
}

index!(
    /// Index of a venue in the configuration; dense from zero.
    VenueId,
    u8
);
index!(
    /// Index of an instrument in the configuration; dense from zero, so state is a `Vec`.
    InstrumentId,
    u16
);
index!(
    /// Index of an asset among those that the instruments name; dense from zero.
    AssetId,
    u8
);
index!(
    /// Index of a strategy in the configuration; dense from zero.
    StrategyId,
    u8
);

/// Identity of an order of ours: the boot epoch, fsynced once at start, and a count within it.
/// Never used twice (DESIGN idea 8): a lost journal tail cannot repeat an id.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientOrderId {
    /// Number of the start that made it, from 1.
    pub epoch: u32,
    /// Count within the epoch, from 1.
    pub sequence: u32,
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.epoch, self.sequence)
    }
}

/// Identity of a parent of a strategy: drawn from the same row as those of orders, so that a number
/// is an order's or a parent's and never both. It is never sent.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ParentId(pub ClientOrderId);

/// Most bytes of an [`IdPrefix`]: leaves room for both numbers in Binance's 36 characters.
pub const ID_PREFIX_MAX: usize = 12;

/// Most bytes of an id as sent to a venue: prefix, two dashes and two numbers of at most 7 digits.
pub const ID_TEXT_MAX: usize = ID_PREFIX_MAX + 2 + 7 + 7;

/// What stands before every id of ours at a venue, so that ours are told from other people's, and
/// paper's from live's (D20): lower-case letters and digits only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IdPrefix {
    bytes: [u8; ID_PREFIX_MAX],
    len: u8,
}

impl IdPrefix {
    /// `None` unless 1 to [`ID_PREFIX_MAX`] lower-case letters and digits.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=ID_PREFIX_MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        (fits && plain).then_some(())?;
        let mut bytes = [0; ID_PREFIX_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: u8::try_from(text.len()).ok()? })
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Appends `prefix-epoch-sequence`, both numbers in base 36: at most [`ID_TEXT_MAX`] bytes.
    pub fn write(&self, id: ClientOrderId, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
        out.push(b'-');
        write_base36(id.epoch, out);
        out.push(b'-');
        write_base36(id.sequence, out);
    }

    /// The id when `text` is one of ours, written exactly as [`Self::write`] does.
    pub fn read(&self, text: &[u8]) -> Option<ClientOrderId> {
        let rest = text.strip_prefix(self.as_bytes())?.strip_prefix(b"-")?;
        let dash = rest.iter().position(|byte| *byte == b'-')?;
        let epoch = read_base36(&rest[..dash])?;
        let sequence = read_base36(&rest[dash + 1..])?;
        Some(ClientOrderId { epoch, sequence })
    }
}

fn write_base36(mut value: u32, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 7];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdefghijklmnopqrstuvwxyz"[(value % 36) as usize];
        value /= 36;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// `None` for an empty, over-long, upper-case or zero-padded number: one id has one spelling.
fn read_base36(text: &[u8]) -> Option<u32> {
    let padded = 1 < text.len() && text[0] == b'0';
    if text.is_empty() || padded {
        return None;
    }
    text.iter().try_fold(0_u32, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        value.checked_mul(36)?.checked_add(u32::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_and_fits_every_venue(epoch: u32, sequence: u32) {
            let prefix = IdPrefix::new("tkp0123456789").or(IdPrefix::new("tkp012345678")).unwrap();
            let id = ClientOrderId { epoch, sequence };
            let mut text = Vec::new();
            prefix.write(id, &mut text);
            prop_assert_eq!(prefix.read(&text), Some(id));
            prop_assert!(text.len() <= ID_TEXT_MAX && ID_TEXT_MAX <= 36);
        }

        #[test]
        fn any_bytes_are_ours_or_foreign(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = IdPrefix::new("tk").unwrap().read(&text);
        }
    }

    #[test]
    fn only_our_own_spelling_is_ours() {
        let prefix = IdPrefix::new("tkp1").unwrap();
        let id = ClientOrderId { epoch: 1, sequence: 35 };
        assert_eq!(prefix.read(b"tkp1-1-z"), Some(id));
        let foreign: [&[u8]; 8] = [
            b"tkp2-1-z",
            b"tkp1-1-Z",
            b"tkp1-01-z",
            b"tkp1-1-",
            b"tkp1--z",
            b"tkp1-1-z-1",
            b"autoclose-1",
            b"tkp1-zzzzzzzz-1",
        ];
        assert!(foreign.iter().all(|text| prefix.read(text).is_none()));
        assert!(IdPrefix::new("").is_none() && IdPrefix::new("TKP").is_none());
    }
}
