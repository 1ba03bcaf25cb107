//! Market messages of Binance as they come over the wire, decoded but not yet interpreted: numbers
//! are numbers, symbols are still text (venue sheet sections 7 and, for spot recordings, 8 of the
//! spot sheet).
//!
//! Must hold: what is decoded is exactly what a JSON parser would have read; what is ill-formed is
//! an error; kinds that we do not follow are [`Frame::Other`]. No allocation per frame: the levels
//! of a book go into a list that the caller keeps.
//!
//! Decision: a scanner of our own instead of a JSON library, because these few kinds are most of
//! what the engine ever reads. Recorded frames to numbers, median ns per frame
//! (`benches/decode.rs`, x86-64-v3, two shared cores): quote 92 against 454 (`simd-json`) and 514
//! (`serde_json`), trade 85 against 370 and 389, depth diff 1,238 against 4,422 and 6,976: 3.6 to
//! 5.6 times faster.
//! `serde_json` is the oracle in the tests, and reads everything that is not hot.

use super::object::{Field, Object, integer, text};
use super::template;
use crate::types::{Level, Price, Quote, Side, Trade};
use crate::venue::{DecodeError, MESSAGE_BYTES_MAX};

/// One market message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Frame<'a> {
    /// Best bid and ask.
    Ticker {
        /// Of what.
        symbol: &'a [u8],
        /// `E`, milliseconds since the Unix epoch; spot does not say it.
        sent_unix_ms: Option<u64>,
        /// The prices.
        quote: Quote,
    },
    /// A trade, single or aggregate.
    Trade {
        /// Of what.
        symbol: &'a [u8],
        /// `E`, milliseconds since the Unix epoch.
        sent_unix_ms: Option<u64>,
        /// The trade.
        trade: Trade,
    },
    /// The mark price.
    Mark {
        /// Of what.
        symbol: &'a [u8],
        /// `E`, milliseconds since the Unix epoch.
        sent_unix_ms: Option<u64>,
        /// The price.
        price: Price,
    },
    /// A change of a book; the levels are in [`Levels`].
    Diff {
        /// Of what.
        symbol: &'a [u8],
        /// Its place in the sequence.
        head: DiffHead,
    },
    /// A whole book; the levels are in [`Levels`]. It does not say of what.
    Snapshot(SnapshotHead),
    /// Something that we do not follow.
    Other,
}

/// Place of a diff in the sequence of a book.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DiffHead {
    /// `E`, milliseconds since the Unix epoch.
    pub sent_unix_ms: Option<u64>,
    /// `U`: first update in it.
    pub first: u64,
    /// `u`: last update in it.
    pub last: u64,
    /// `pu`: last update of the diff before; spot does not say it.
    pub previous: Option<u64>,
}

/// What a snapshot says beside its levels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SnapshotHead {
    /// `E`, milliseconds since the Unix epoch; spot does not say it.
    pub sent_unix_ms: Option<u64>,
    /// `lastUpdateId`: the update that it is as of.
    pub update: u64,
}

/// Levels of one message, reused for the next one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Levels {
    all: Vec<Level>,
    bids: usize,
}

impl Levels {
    /// Levels of the side of the bids.
    pub fn bids(&self) -> &[Level] {
        self.all.get(..self.bids).unwrap_or_default()
    }

    /// Levels of the side of the asks.
    pub fn asks(&self) -> &[Level] {
        self.all.get(self.bids..).unwrap_or_default()
    }

    /// Forgets all, ready for bids.
    pub(super) fn begin(&mut self) -> &mut Vec<Level> {
        self.all.clear();
        self.bids = 0;
        &mut self.all
    }

    /// What is there are the bids; ready for asks.
    pub(super) fn turn(&mut self) -> &mut Vec<Level> {
        self.bids = self.all.len();
        &mut self.all
    }
}

/// Decodes one message of a stream: the well-known orders of fields first, then any order.
pub fn decode<'a>(bytes: &'a [u8], levels: &mut Levels) -> Result<Frame<'a>, DecodeError> {
    if MESSAGE_BYTES_MAX < bytes.len() {
        return Err(DecodeError::TooLarge(bytes.len()));
    }
    match template::decode(bytes, levels) {
        Some(frame) => Ok(frame),
        None => decode_any_order(bytes, levels),
    }
}

/// The answer to a call for a snapshot.
pub(super) fn decode_snapshot(
    bytes: &[u8],
    levels: &mut Levels,
) -> Result<SnapshotHead, DecodeError> {
    if MESSAGE_BYTES_MAX < bytes.len() {
        return Err(DecodeError::TooLarge(bytes.len()));
    }
    snapshot(&Object::read(bytes)?, levels)
}

/// Decodes one message whatever the order of its fields.
fn decode_any_order<'a>(bytes: &'a [u8], levels: &mut Levels) -> Result<Frame<'a>, DecodeError> {
    let outer = Object::read(bytes)?;
    let Some(payload) = outer.raw(Field::Payload) else { return classify(&outer, None, levels) };
    let stream = outer.text(Field::Stream)?;
    if !payload.starts_with(b"{") {
        return Ok(Frame::Other);
    }
    classify(&Object::read(payload)?, Some(stream), levels)
}

fn classify<'a>(
    object: &Object<'a>,
    stream: Option<&[u8]>,
    levels: &mut Levels,
) -> Result<Frame<'a>, DecodeError> {
    match object.optional(Field::Kind, text)? {
        Some(b"bookTicker") => ticker(object),
        Some(b"trade") => trade(object, Field::TradeId),
        Some(b"aggTrade") => trade(object, Field::Ask),
        Some(b"markPriceUpdate") => mark(object),
        Some(b"depthUpdate") if stream.is_none_or(is_diff_stream) => diff(object, levels),
        Some(_) => Ok(Frame::Other),
        None if stream.is_none() && object.raw(Field::SnapshotUpdate).is_some() => {
            snapshot(object, levels).map(Frame::Snapshot)
        }
        None if object.has(&SPOT_TICKER) => ticker(object),
        None => Ok(Frame::Other),
    }
}

/// Spot says no kind with its best prices: they are told by having all of these.
const SPOT_TICKER: [Field; 6] =
    [Field::Last, Field::Symbol, Field::Bid, Field::BidQty, Field::Ask, Field::AskQty];

/// Partial depth (`@depth5`) and `@rpiDepth` come in the same shape as diffs but are none: only the
/// name of the stream tells (sheet section 7).
pub(super) fn is_diff_stream(name: &[u8]) -> bool {
    let at = name.iter().position(|byte| *byte == b'@');
    let kind = at.and_then(|at| name.get(at..)).unwrap_or_default();
    matches!(kind.strip_prefix(b"@depth"), Some([] | [b'@', ..]))
}

/// The venue marks trades outside of the book (`INSURANCE_FUND`, `ADL`, `NA`): nobody met them.
pub(super) fn is_book_trade(origin: &[u8]) -> bool {
    origin == b"MARKET"
}

/// The one who came second took.
pub(super) fn aggressor(buyer_is_maker: bool) -> Side {
    if buyer_is_maker { Side::Sell } else { Side::Buy }
}

fn ticker<'a>(object: &Object<'a>) -> Result<Frame<'a>, DecodeError> {
    Ok(Frame::Ticker {
        symbol: object.text(Field::Symbol)?,
        sent_unix_ms: object.optional(Field::Sent, integer)?,
        quote: Quote {
            bid: object.price(Field::Bid)?,
            bid_qty: object.qty(Field::BidQty)?,
            ask: object.price(Field::Ask)?,
            ask_qty: object.qty(Field::AskQty)?,
        },
    })
}

fn trade<'a>(object: &Object<'a>, id: Field) -> Result<Frame<'a>, DecodeError> {
    if !object.optional(Field::Origin, text)?.is_none_or(is_book_trade) {
        return Ok(Frame::Other);
    }
    Ok(Frame::Trade {
        symbol: object.text(Field::Symbol)?,
        sent_unix_ms: Some(object.integer(Field::Sent)?),
        trade: Trade {
            id: object.integer(id)?,
            price: object.price(Field::Price)?,
            qty: object.qty(Field::Qty)?,
            aggressor: aggressor(object.truth(Field::BuyerIsMaker)?),
        },
    })
}

fn mark<'a>(object: &Object<'a>) -> Result<Frame<'a>, DecodeError> {
    Ok(Frame::Mark {
        symbol: object.text(Field::Symbol)?,
        sent_unix_ms: Some(object.integer(Field::Sent)?),
        price: object.price(Field::Price)?,
    })
}

fn diff<'a>(object: &Object<'a>, levels: &mut Levels) -> Result<Frame<'a>, DecodeError> {
    let head = DiffHead {
        sent_unix_ms: Some(object.integer(Field::Sent)?),
        first: object.integer(Field::First)?,
        last: object.integer(Field::Last)?,
        previous: object.optional(Field::Previous, integer)?,
    };
    object.levels(Field::Bid, levels.begin())?;
    object.levels(Field::Ask, levels.turn())?;
    Ok(Frame::Diff { symbol: object.text(Field::Symbol)?, head })
}

fn snapshot(object: &Object<'_>, levels: &mut Levels) -> Result<SnapshotHead, DecodeError> {
    object.levels(Field::Bids, levels.begin())?;
    object.levels(Field::Asks, levels.turn())?;
    Ok(SnapshotHead {
        sent_unix_ms: object.optional(Field::Sent, integer)?,
        update: object.integer(Field::SnapshotUpdate)?,
    })
}

#[cfg(test)]
mod tests;
