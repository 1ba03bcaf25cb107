//! Bytes of plain values: little-endian, one fixed size per type, no allocation.
//!
//! Must hold: reading what was written gives the same value; reading anything else gives a value or
//! `None` and never panics. A number of an enum is written once in a table and never reused (J7).
//!
//! Decision: writing is inlined throughout. Sizes are constants, so that a record becomes a row of
//! stores without a check of bounds; left to the compiler each field is a call.
//!
//! Not here: which types there are (`layout.rs`, `record.rs`) and checksums (`journal/frame.rs`).

use crate::types::Text;
use serde_json::{Map, Value};

/// A value with a fixed place in a record.
pub(super) trait Wire: Sized {
    /// Most bytes that it takes: all of them, whatever its value, unless [`Self::size`] says less.
    const SIZE: usize;
    /// Bytes that this value takes. Less than [`Self::SIZE`] only in what ends a record.
    #[inline(always)]
    fn size(&self) -> usize {
        Self::SIZE
    }
    /// Writes exactly [`Self::size`] bytes.
    fn put(&self, out: &mut Put<'_>);
    /// Reads what was written; `None` when there are fewer bytes, or they say nothing.
    fn take(from: &mut Take<'_>) -> Option<Self>;
    /// For people and programs that read a journal.
    fn describe(&self) -> Value;
}

/// The fields of a struct; of one with a single field without a name, that.
pub(super) fn fields(named: Vec<(&str, Value)>) -> Value {
    let mut fields: Map<String, Value> =
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    fields.remove("0").unwrap_or(Value::Object(fields))
}

/// A variant with what it holds.
pub(super) fn variant(name: &str, named: Vec<(&str, Value)>) -> Value {
    if named.is_empty() {
        return Value::from(name);
    }
    fields(vec![(name, fields(named))])
}

/// Where the next value goes.
pub(super) struct Put<'a> {
    rest: &'a mut [u8],
}

impl<'a> Put<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline(always)]
    fn bytes(&mut self, value: &[u8]) {
        let (head, tail) = std::mem::take(&mut self.rest).split_at_mut(value.len());
        head.copy_from_slice(value);
        self.rest = tail;
    }

    /// Gives `write` exactly `size` bytes; what it leaves over becomes zero.
    #[inline(always)]
    pub(super) fn padded(&mut self, size: usize, write: impl FnOnce(&mut Put<'_>)) {
        let (head, tail) = std::mem::take(&mut self.rest).split_at_mut(size);
        let mut inner = Put::new(head);
        write(&mut inner);
        inner.rest.fill(0);
        self.rest = tail;
    }
}

/// Where the next value comes from.
pub(super) struct Take<'a> {
    rest: &'a [u8],
}

impl<'a> Take<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk()?;
        self.rest = tail;
        Some(*head)
    }

    /// Gives `read` exactly `size` bytes; what it leaves over is passed by.
    pub(super) fn padded<T>(
        &mut self,
        size: usize,
        read: impl FnOnce(&mut Take<'_>) -> Option<T>,
    ) -> Option<T> {
        let (head, tail) = self.rest.split_at_checked(size)?;
        self.rest = tail;
        read(&mut Take::new(head))
    }
}

macro_rules! wire_integer {
    ($($integer:ty),*) => {$(
        impl Wire for $integer {
            const SIZE: usize = size_of::<$integer>();
            #[inline(always)]
            fn put(&self, out: &mut Put<'_>) {
                out.bytes(&self.to_le_bytes());
            }
            fn take(from: &mut Take<'_>) -> Option<Self> {
                from.bytes().map(Self::from_le_bytes)
            }
            fn describe(&self) -> Value {
                // What numbers of JSON do not hold stands as text.
                let wide = i128::from(*self);
                let signed = i64::try_from(wide).map(Value::from);
                signed
                    .or_else(|_| u64::try_from(wide).map(Value::from))
                    .unwrap_or_else(|_| Value::from(wide.to_string()))
            }
        }
    )*};
}
wire_integer!(u8, u16, u32, u64, i32, i64, i128);

impl Wire for bool {
    const SIZE: usize = 1;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        u8::from(*self).put(out);
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
    fn describe(&self) -> Value {
        Value::from(*self)
    }
}

impl<const N: usize> Wire for [u64; N] {
    const SIZE: usize = N * u64::SIZE;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        self.iter().for_each(|item| item.put(out));
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        let mut items = [0; N];
        for item in &mut items {
            *item = u64::take(from)?;
        }
        Some(items)
    }
    fn describe(&self) -> Value {
        self.iter().map(Wire::describe).collect()
    }
}

impl<const N: usize> Wire for [u8; N] {
    const SIZE: usize = N;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        out.bytes(self);
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        from.bytes()
    }
    fn describe(&self) -> Value {
        Value::from(self.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl<T: Wire> Wire for Option<T> {
    const SIZE: usize = 1 + T::SIZE;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        out.padded(Self::SIZE, |out| {
            self.is_some().put(out);
            if let Some(value) = self {
                value.put(out);
            }
        });
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        from.padded(Self::SIZE, |from| match bool::take(from)? {
            true => T::take(from).map(Some),
            false => Some(None),
        })
    }
    fn describe(&self) -> Value {
        self.as_ref().map_or(Value::Null, Wire::describe)
    }
}

impl<const N: usize> Wire for Text<N> {
    const SIZE: usize = 1 + N;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        let text = self.as_str().as_bytes();
        out.padded(Self::SIZE, |out| {
            u8::try_from(text.len()).unwrap_or(u8::MAX).put(out);
            out.bytes(text);
        });
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        let length = usize::from(u8::take(from)?);
        let bytes: [u8; N] = from.bytes()?;
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
        let kept = Self::new(text);
        (kept.as_str() == text).then_some(kept)
    }
    fn describe(&self) -> Value {
        Value::from(self.as_str())
    }
}

/// The larger of all sizes.
pub(super) const fn largest(sizes: &[usize]) -> usize {
    let mut most = 0;
    let mut at = 0;
    while at < sizes.len() {
        if most < sizes[at] {
            most = sizes[at];
        }
        at += 1;
    }
    most
}

/// A struct as its fields, one after the other.
macro_rules! wire_struct {
    ($name:ident { $($field:tt: $kind:ty),* $(,)? }) => {
        impl Wire for $name {
            const SIZE: usize = 0 $(+ <$kind as Wire>::SIZE)*;
            #[inline(always)]
            fn put(&self, out: &mut Put<'_>) {
                $(self.$field.put(out);)*
            }
            fn take(from: &mut Take<'_>) -> Option<Self> {
                Some(Self { $($field: <$kind as Wire>::take(from)?),* })
            }
            fn describe(&self) -> serde_json::Value {
                $crate::store::wire::fields(vec![$((stringify!($field), self.$field.describe())),*])
            }
        }
    };
}
pub(super) use wire_struct;

/// An enum as a number of one byte and the fields of that variant, padded to the largest variant.
macro_rules! wire_enum {
    ($name:ident { $(
        $number:literal = $variant:ident
            $( ( $($item:ident: $item_kind:ty),* ) )?
            $( { $($field:ident: $field_kind:ty),* } )?
    ),* $(,)? }) => {
        impl Wire for $name {
            const SIZE: usize = 1 + largest(&[
                $(0 $($(+ <$item_kind as Wire>::SIZE)*)? $($(+ <$field_kind as Wire>::SIZE)*)?),*
            ]);
            #[inline(always)]
            fn put(&self, out: &mut Put<'_>) {
                out.padded(Self::SIZE, |out| match self {
                    $(Self::$variant $( ( $($item),* ) )? $( { $($field),* } )? => {
                        let number: u8 = $number;
                        number.put(out);
                        $($($item.put(out);)*)?
                        $($($field.put(out);)*)?
                    })*
                });
            }
            fn take(from: &mut Take<'_>) -> Option<Self> {
                from.padded(Self::SIZE, |from| match u8::take(from)? {
                    $($number => {
                        $($(let $item = <$item_kind as Wire>::take(from)?;)*)?
                        $($(let $field = <$field_kind as Wire>::take(from)?;)*)?
                        Some(Self::$variant $( ( $($item),* ) )? $( { $($field),* } )?)
                    })*
                    _ => None,
                })
            }
            fn describe(&self) -> serde_json::Value {
                match self {
                    $(Self::$variant $( ( $($item),* ) )? $( { $($field),* } )? => {
                        $crate::store::wire::variant(stringify!($variant), vec![
                            $($((stringify!($item), $item.describe()),)*)?
                            $($((stringify!($field), $field.describe()),)*)?
                        ])
                    })*
                }
            }
        }

        #[cfg(test)]
        impl $crate::store::wire::Numbered for $name {
            const NUMBERS: &'static [u8] = &[$($number),*];
        }
    };
}
pub(super) use wire_enum;

/// The numbers of an enum's table, for the test that each stands once.
#[cfg(test)]
pub(super) trait Numbered: Wire + std::fmt::Debug {
    /// As written in the table.
    const NUMBERS: &'static [u8];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of<T: Wire>(value: &T) -> Vec<u8> {
        let mut bytes = vec![0xAA; T::SIZE];
        value.put(&mut Put::new(&mut bytes));
        bytes
    }

    #[test]
    fn integers_stand_low_byte_first() {
        assert_eq!(bytes_of(&0x0102_0304_u32), [4, 3, 2, 1]);
        assert_eq!(bytes_of(&-2_i64), [0xFE, 255, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn what_is_left_over_is_zero() {
        assert_eq!(bytes_of(&None::<u32>), [0, 0, 0, 0, 0]);
        assert_eq!(bytes_of(&Text::<4>::new("ab")), [2, b'a', b'b', 0, 0]);
    }

    #[test]
    fn what_says_nothing_is_none() {
        assert_eq!(bool::take(&mut Take::new(&[2])), None);
        assert_eq!(u32::take(&mut Take::new(&[1, 2, 3])), None);
        assert_eq!(<Option<u8> as Wire>::take(&mut Take::new(&[1])), None);
        assert!(Text::<4>::take(&mut Take::new(&[5, 97, 97, 97, 97])).is_none());
        assert!(Text::<4>::take(&mut Take::new(&[1, 0xFF, 0, 0, 0])).is_none());
        assert!(Text::<4>::take(&mut Take::new(&[1, b'\n', 0, 0, 0])).is_none());
    }
}
