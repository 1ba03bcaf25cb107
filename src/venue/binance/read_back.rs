//! An order read back from the bytes that are about to leave: the second opinion of the gateway.
//!
//! Must hold: nothing of `command.rs` is used to read, so that a fault of the writer is no fault of
//! the reader; what does not stand exactly where it is written is `None`.

use super::names::Names;
use super::scan::Cursor;
use crate::types::{IdPrefix, Side};
use crate::venue::WrittenOrder;

/// Reads an order of the WebSocket API.
pub(super) fn read_back(bytes: &[u8], names: &Names, prefix: &IdPrefix) -> Option<WrittenOrder> {
    let mut at = Cursor::new(bytes);
    at.literal(b"{\"id\":\"")?;
    at.text()?;
    at.literal(b",\"method\":\"order.place\",\"params\":{\"apiKey\":\"")?;
    at.text()?;
    at.literal(b",\"newClientOrderId\":\"")?;
    let id = prefix.read(at.text()?)?;
    at.literal(b",\"newOrderRespType\":\"ACK\",\"price\":\"")?;
    let price = at.price()?;
    at.literal(b"\",\"quantity\":\"")?;
    let qty = at.qty()?;
    at.literal(b"\",\"recvWindow\":")?;
    at.integer()?;
    let reduce_only = at.literal(b",\"reduceOnly\":\"true\"").is_some();
    at.literal(b",\"side\":\"")?;
    let side = match at.text()? {
        b"BUY" => Side::Buy,
        b"SELL" => Side::Sell,
        _ => return None,
    };
    at.literal(b",\"symbol\":\"")?;
    let instrument = names.instrument(at.until_quote()?)?;
    at.literal(b",\"timeInForce\":\"")?;
    Some(WrittenOrder { id, instrument, side, price, qty, reduce_only })
}
