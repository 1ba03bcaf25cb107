//! One JSON object, its fields in any order: where the value of each field that we know stands.
//!
//! Must hold: the whole object has been checked to be JSON; a field that stands twice is an error,
//! because nobody can say which of the two is meant; unknown fields are passed over.

use super::scan::Cursor;
use crate::types::{Level, Price, Qty};
use crate::venue::DecodeError;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A field of a market message.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Field {
            $($(#[$doc])* $name),*
        }

        impl Field {
            const COUNT: usize = [$($text),*].len();

            fn named(text: &[u8]) -> Option<Self> {
                match std::str::from_utf8(text) {
                    $(Ok($text) => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// As the venue spells it.
            fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

fields! {
    /// Kind of event.
    Kind = "e",
    /// When it was sent.
    Sent = "E",
    /// When it happened.
    Transacted = "T",
    /// Symbol.
    Symbol = "s",
    /// First update of a diff.
    First = "U",
    /// Last update of a diff, or update of a quote.
    Last = "u",
    /// Last update of the diff before.
    Previous = "pu",
    /// Bids of a diff, or best bid.
    Bid = "b",
    /// Quantity of the best bid.
    BidQty = "B",
    /// Asks of a diff, best ask, or number of an aggregate trade.
    Ask = "a",
    /// Quantity of the best ask.
    AskQty = "A",
    /// Price of a trade.
    Price = "p",
    /// Quantity of a trade.
    Qty = "q",
    /// Number of a trade.
    TradeId = "t",
    /// Whether the buyer stood there first.
    BuyerIsMaker = "m",
    /// How a trade came about.
    Origin = "X",
    /// Name of a stream.
    Stream = "stream",
    /// What the stream says.
    Payload = "data",
    /// Update that a snapshot is as of.
    SnapshotUpdate = "lastUpdateId",
    /// Bids of a snapshot.
    Bids = "bids",
    /// Asks of a snapshot.
    Asks = "asks",
}

/// Where the values stand.
#[derive(Debug)]
pub(super) struct Object<'a> {
    values: [Option<&'a [u8]>; Field::COUNT],
}

impl<'a> Object<'a> {
    /// Reads one object and nothing after it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut object = Self { values: [None; Field::COUNT] };
        let mut cursor = Cursor::new(bytes);
        object.fill(&mut cursor)?;
        cursor.end().ok_or(DecodeError::NotJson)?;
        Ok(object)
    }

    fn fill(&mut self, cursor: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let bad = DecodeError::NotJson;
        cursor.token(b'{').ok_or(bad.clone())?;
        if cursor.token(b'}').is_some() {
            return Ok(());
        }
        loop {
            let name = cursor.value().and_then(inside_quotes).ok_or(bad.clone())?;
            cursor.token(b':').ok_or(bad.clone())?;
            let value = cursor.value().ok_or(bad.clone())?;
            if let Some(field) = Field::named(name) {
                let place = self.values.get_mut(field as usize).ok_or(bad.clone())?;
                if place.replace(value).is_some() {
                    return Err(DecodeError::Field(field.name()));
                }
            }
            if cursor.token(b',').is_none() {
                return cursor.token(b'}').ok_or(bad);
            }
        }
    }

    /// The bytes of a value.
    pub(super) fn raw(&self, field: Field) -> Option<&'a [u8]> {
        self.values.get(field as usize).copied().flatten()
    }

    /// True when all of these are there.
    pub(super) fn has(&self, fields: &[Field]) -> bool {
        fields.iter().all(|field| self.raw(*field).is_some())
    }

    /// A value that must be there.
    fn required<T>(
        &self,
        field: Field,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<T, DecodeError> {
        self.raw(field).and_then(read).ok_or(DecodeError::Field(field.name()))
    }

    /// A value that may be absent, but not ill-formed.
    pub(super) fn optional<T>(
        &self,
        field: Field,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        match self.raw(field) {
            None => Ok(None),
            Some(raw) => read(raw).map(Some).ok_or(DecodeError::Field(field.name())),
        }
    }

    pub(super) fn integer(&self, field: Field) -> Result<u64, DecodeError> {
        self.required(field, integer)
    }

    pub(super) fn text(&self, field: Field) -> Result<&'a [u8], DecodeError> {
        self.required(field, text)
    }

    pub(super) fn price(&self, field: Field) -> Result<Price, DecodeError> {
        self.required(field, |raw| Price::parse(inside_quotes(raw)?))
    }

    pub(super) fn qty(&self, field: Field) -> Result<Qty, DecodeError> {
        self.required(field, |raw| Qty::parse(inside_quotes(raw)?))
    }

    pub(super) fn truth(&self, field: Field) -> Result<bool, DecodeError> {
        self.required(field, |raw| Cursor::new(raw).truth())
    }

    pub(super) fn levels(&self, field: Field, out: &mut Vec<Level>) -> Result<(), DecodeError> {
        self.required(field, |raw| {
            let mut cursor = Cursor::new(raw);
            cursor.levels(out)?;
            cursor.end()
        })
    }
}

/// A whole number and nothing else.
pub(super) fn integer(raw: &[u8]) -> Option<u64> {
    let mut cursor = Cursor::new(raw);
    let value = cursor.integer()?;
    cursor.end()?;
    Some(value)
}

/// Text without escapes: what stands in one is never a name that we know.
pub(super) fn text(raw: &[u8]) -> Option<&[u8]> {
    let text = inside_quotes(raw)?;
    std::str::from_utf8(text).is_ok().then_some(text)
}

fn inside_quotes(raw: &[u8]) -> Option<&[u8]> {
    let text = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (!text.contains(&b'\\')).then_some(text)
}
