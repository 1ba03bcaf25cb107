//! The hot market messages in the orders of fields that the venue really writes.
//!
//! Must hold: `None` says only "not in this order": [`super::wire`] then reads the message in any
//! order and finds what is wrong, if anything is.

use super::scan::Cursor;
use super::wire::{DiffHead, Frame, Levels, aggressor, is_book_trade, is_diff_stream};
use crate::types::{Quote, Trade};

/// Decodes one message, in an envelope or without one.
pub(super) fn decode<'a>(bytes: &'a [u8], levels: &mut Levels) -> Option<Frame<'a>> {
    let mut cursor = Cursor::new(bytes);
    if cursor.literal(b"{\"stream\":\"").is_none() {
        return payload(&mut cursor, None, levels).filter(|_| cursor.end().is_some());
    }
    let stream = cursor.text()?;
    cursor.literal(b",\"data\":")?;
    let frame = payload(&mut cursor, Some(stream), levels)?;
    cursor.literal(b"}")?;
    cursor.end()?;
    Some(frame)
}

fn payload<'a>(
    cursor: &mut Cursor<'a>,
    stream: Option<&[u8]>,
    levels: &mut Levels,
) -> Option<Frame<'a>> {
    if cursor.literal(b"{\"u\":").is_some() {
        return spot_ticker(cursor);
    }
    cursor.literal(b"{\"e\":\"")?;
    if cursor.literal(b"bookTicker\",\"u\":").is_some() {
        return ticker(cursor);
    }
    if cursor.literal(b"depthUpdate\",\"E\":").is_some() {
        return stream.is_none_or(is_diff_stream).then(|| diff(cursor, levels))?;
    }
    if cursor.literal(b"trade\",\"E\":").is_some() {
        return trade(cursor);
    }
    cursor.literal(b"aggTrade\",\"E\":")?;
    aggregate_trade(cursor)
}

/// Recorded in 2024: `e u s b B a A T E`; documented in 2026: `e u E T s [ps] b B a A [ps] [st]`.
fn ticker<'a>(cursor: &mut Cursor<'a>) -> Option<Frame<'a>> {
    cursor.integer()?;
    let mut sent = None;
    if cursor.literal(b",\"E\":").is_some() {
        sent = Some(cursor.integer()?);
        cursor.literal(b",\"T\":")?;
        cursor.integer()?;
    }
    cursor.literal(b",\"s\":\"")?;
    let symbol = cursor.text()?;
    pair(cursor)?;
    cursor.literal(b",\"b\":\"")?;
    let quote = quote(cursor)?;
    if sent.is_none() {
        cursor.literal(b",\"T\":")?;
        cursor.integer()?;
        cursor.literal(b",\"E\":")?;
        sent = Some(cursor.integer()?);
    }
    tail(cursor)?;
    Some(Frame::Ticker { symbol, sent_unix_ms: sent, quote })
}

/// `u s b B a A`.
fn spot_ticker<'a>(cursor: &mut Cursor<'a>) -> Option<Frame<'a>> {
    cursor.integer()?;
    cursor.literal(b",\"s\":\"")?;
    let symbol = cursor.text()?;
    cursor.literal(b",\"b\":\"")?;
    let quote = quote(cursor)?;
    cursor.literal(b"}")?;
    Some(Frame::Ticker { symbol, sent_unix_ms: None, quote })
}

/// Four numbers, from behind the quote of the first one to behind the quote of the last.
fn quote(cursor: &mut Cursor<'_>) -> Option<Quote> {
    let bid = cursor.price()?;
    cursor.literal(b"\",\"B\":\"")?;
    let bid_qty = cursor.qty()?;
    cursor.literal(b"\",\"a\":\"")?;
    let ask = cursor.price()?;
    cursor.literal(b"\",\"A\":\"")?;
    let ask_qty = cursor.qty()?;
    cursor.literal(b"\"")?;
    Some(Quote { bid, bid_qty, ask, ask_qty })
}

/// Futures: `e E T s t p q X m`; spot: `e E s t p q T m M`.
fn trade<'a>(cursor: &mut Cursor<'a>) -> Option<Frame<'a>> {
    let sent = cursor.integer()?;
    let is_futures = cursor.literal(b",\"T\":").is_some();
    if is_futures {
        cursor.integer()?;
    }
    cursor.literal(b",\"s\":\"")?;
    let symbol = cursor.text()?;
    cursor.literal(b",\"t\":")?;
    let id = cursor.integer()?;
    cursor.literal(b",\"p\":\"")?;
    let price = cursor.price()?;
    cursor.literal(b"\",\"q\":\"")?;
    let qty = cursor.qty()?;
    let mut is_of_book = true;
    if is_futures {
        cursor.literal(b"\",\"X\":\"")?;
        is_of_book = is_book_trade(cursor.text()?);
    } else {
        cursor.literal(b"\",\"T\":")?;
        cursor.integer()?;
    }
    cursor.literal(b",\"m\":")?;
    let aggressor = aggressor(cursor.truth()?);
    if !is_futures {
        cursor.literal(b",\"M\":")?;
        cursor.truth()?;
    }
    tail(cursor)?;
    let trade = Trade { id, price, qty, aggressor };
    let frame = Frame::Trade { symbol, sent_unix_ms: Some(sent), trade };
    Some(if is_of_book { frame } else { Frame::Other })
}

/// `e E s a p q [nq] f l T m [st]`, also with `a` before `s`.
fn aggregate_trade<'a>(cursor: &mut Cursor<'a>) -> Option<Frame<'a>> {
    let sent = cursor.integer()?;
    let (symbol, id) = if cursor.literal(b",\"a\":").is_some() {
        let id = cursor.integer()?;
        cursor.literal(b",\"s\":\"")?;
        (cursor.text()?, id)
    } else {
        cursor.literal(b",\"s\":\"")?;
        let symbol = cursor.text()?;
        cursor.literal(b",\"a\":")?;
        (symbol, cursor.integer()?)
    };
    cursor.literal(b",\"p\":\"")?;
    let price = cursor.price()?;
    cursor.literal(b"\",\"q\":\"")?;
    let qty = cursor.qty()?;
    if cursor.literal(b"\",\"nq\":\"").is_some() {
        cursor.text()?;
        cursor.literal(b",\"f\":")?;
    } else {
        cursor.literal(b"\",\"f\":")?;
    }
    cursor.integer()?;
    cursor.literal(b",\"l\":")?;
    cursor.integer()?;
    cursor.literal(b",\"T\":")?;
    cursor.integer()?;
    cursor.literal(b",\"m\":")?;
    let aggressor = aggressor(cursor.truth()?);
    tail(cursor)?;
    let trade = Trade { id, price, qty, aggressor };
    Some(Frame::Trade { symbol, sent_unix_ms: Some(sent), trade })
}

/// Futures: `e E T s U u pu b a [ps] [st]`; spot has neither `T` nor `pu`.
fn diff<'a>(cursor: &mut Cursor<'a>, levels: &mut Levels) -> Option<Frame<'a>> {
    let sent = cursor.integer()?;
    if cursor.literal(b",\"T\":").is_some() {
        cursor.integer()?;
    }
    cursor.literal(b",\"s\":\"")?;
    let symbol = cursor.text()?;
    cursor.literal(b",\"U\":")?;
    let first = cursor.integer()?;
    cursor.literal(b",\"u\":")?;
    let last = cursor.integer()?;
    let mut previous = None;
    if cursor.literal(b",\"pu\":").is_some() {
        previous = Some(cursor.integer()?);
    }
    cursor.literal(b",\"b\":")?;
    cursor.levels(levels.begin())?;
    cursor.literal(b",\"a\":")?;
    cursor.levels(levels.turn())?;
    tail(cursor)?;
    Some(Frame::Diff { symbol, head: DiffHead { sent_unix_ms: Some(sent), first, last, previous } })
}

/// The pair, which the venue adds here and there since its two futures markets became one.
fn pair(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.literal(b",\"ps\":\"").is_some() {
        cursor.text()?;
    }
    Some(())
}

/// The end of the payload, with or without what was added in 2026.
fn tail(cursor: &mut Cursor<'_>) -> Option<()> {
    pair(cursor)?;
    if cursor.literal(b",\"st\":").is_some() {
        cursor.integer()?;
    }
    cursor.literal(b"}")
}
