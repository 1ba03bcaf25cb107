//! A wish as the venue will be told it: its price, and how long it is worked.

use super::collar;
use super::verdict::DenyReason;
use crate::types::{OrderKind, OrderRequest, Price, Quote, TimeInForce};

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

/// For how long the venue works it.
pub(super) fn time_in_force(kind: &OrderKind) -> TimeInForce {
    match kind {
        OrderKind::Limit(_) => TimeInForce::Gtc,
        OrderKind::PostOnly(_) => TimeInForce::Gtx,
        OrderKind::Ioc(_) | OrderKind::Market => TimeInForce::Ioc,
        OrderKind::Fok(_) => TimeInForce::Fok,
    }
}
