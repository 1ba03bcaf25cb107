//! An order or an amend read back from the bytes that are about to leave: the second opinion of the
//! gateway.
//!
//! Must hold: nothing of `command.rs` is used to read, so that a fault of the writer is no fault of
//! the reader. Members that say nothing about what is compared are passed over, wherever they
//! stand.

use super::names::Names;
use super::object::text;
use super::scan::Cursor;
use crate::types::{ClientOrderId, IdPrefix, InstrumentId, Price, Qty, Side};
use crate::venue::{Written, WrittenOrder};

/// What has been read of an order.
#[derive(Default)]
struct Found {
    new_id: Option<ClientOrderId>,
    old_id: Option<ClientOrderId>,
    instrument: Option<InstrumentId>,
    side: Option<Side>,
    price: Option<Price>,
    qty: Option<Qty>,
    reduce_only: bool,
}

/// Reads an order or an amend of the WebSocket API; `None` when it is neither, or not whole.
pub(super) fn read_back(bytes: &[u8], names: &Names, prefix: &IdPrefix) -> Option<WrittenOrder> {
    let (mut at, mut found, mut method) = (Cursor::new(bytes), Found::default(), None);
    at.token(b'{')?;
    loop {
        match member(&mut at)? {
            b"method" => method = written(text(at.value()?)?),
            b"params" => parameters(&mut at, &mut found, names, prefix)?,
            _ => drop(at.value()?),
        }
        if at.token(b',').is_none() {
            break;
        }
    }
    at.token(b'}')?;
    at.end()?;
    let Found { new_id, old_id, instrument, side, price, qty, reduce_only } = found;
    let written = method?;
    // Bytes that name both ids say neither.
    let id = match (written, new_id, old_id) {
        (Written::New, Some(id), None) | (Written::Amended, None, Some(id)) => id,
        (Written::New | Written::Amended, ..) => return None,
    };
    let (instrument, side, price, qty) = (instrument?, side?, price?, qty?);
    let reduce_only = Some(reduce_only);
    Some(WrittenOrder { written, id, instrument, side, price, qty, reduce_only })
}

fn written(method: &[u8]) -> Option<Written> {
    match method {
        b"order.place" => Some(Written::New),
        b"order.modify" => Some(Written::Amended),
        _ => None,
    }
}

fn parameters(
    at: &mut Cursor<'_>,
    found: &mut Found,
    names: &Names,
    prefix: &IdPrefix,
) -> Option<()> {
    at.token(b'{')?;
    loop {
        let name = member(at)?;
        let value = at.value()?;
        match name {
            b"newClientOrderId" => found.new_id = Some(prefix.read(text(value)?)?),
            b"origClientOrderId" => found.old_id = Some(prefix.read(text(value)?)?),
            b"symbol" => found.instrument = Some(names.instrument(text(value)?)?),
            b"side" => found.side = Some(side(text(value)?)?),
            b"price" => found.price = Some(Price::parse(text(value)?)?),
            b"quantity" => found.qty = Some(Qty::parse(text(value)?)?),
            b"reduceOnly" => found.reduce_only = text(value)? == b"true",
            _ => {}
        }
        if at.token(b',').is_none() {
            return at.token(b'}');
        }
    }
}

/// The name of a member, and what stands between it and its value.
fn member<'a>(at: &mut Cursor<'a>) -> Option<&'a [u8]> {
    at.token(b'"')?;
    let name = at.text()?;
    at.token(b':')?;
    Some(name)
}

fn side(word: &[u8]) -> Option<Side> {
    match word {
        b"BUY" => Some(Side::Buy),
        b"SELL" => Some(Side::Sell),
        _ => None,
    }
}
