//! A wish as the venue will be told it: its price, and all its terms.

use super::collar;
use super::verdict::DenyReason;
use crate::types::{OrderKind, OrderRequest, OrderTerms, Price, Quote, Stamp, TimeInForce};

/// The price of the wish, or the farthest that one at any price may go.
pub(super) fn price_of(
    request: &OrderRequest,
    quote: &Quote,
    tick: Price,
    band_bps: u32,
) -> Result<Price, DenyReason> {
    match request.kind {
        OrderKind::Limit(price)
        | OrderKind::PostOnly(price)
        | OrderKind::Ioc(price)
        | OrderKind::Fok(price) => Ok(price),
        OrderKind::Market => {
            collar::price(quote, request.side, band_bps, tick).ok_or(DenyReason::NoQuote)
        }
    }
}

/// All of it; its time to live begins now.
pub(super) fn terms_of(request: &OrderRequest, price: Price, now: Stamp) -> OrderTerms {
    let time_in_force = match request.kind {
        OrderKind::Limit(_) => TimeInForce::Gtc,
        OrderKind::PostOnly(_) => TimeInForce::Gtx,
        OrderKind::Ioc(_) | OrderKind::Market => TimeInForce::Ioc,
        OrderKind::Fok(_) => TimeInForce::Fok,
    };
    OrderTerms {
        instrument: request.instrument,
        side: request.side,
        time_in_force,
        price,
        qty: request.qty,
        purpose: request.purpose,
        expires_ns: request.ttl_ns.map(|ttl_ns| now.mono_ns.saturating_add(ttl_ns)),
    }
}
