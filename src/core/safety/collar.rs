//! How far a price may lie beyond the market, and the price of an order that names none.

use super::mark_band;
use super::verdict::{DenyReason, require};
use crate::types::{Filters, Price, Quote, Side};

/// A buy may not pay, nor a sell accept, more than the band beyond the opposite touch.
pub(super) fn check(
    quote: &Quote,
    side: Side,
    price: Price,
    band_bps: u32,
) -> Result<(), DenyReason> {
    let limit = limit(quote, side, band_bps).ok_or(DenyReason::NoQuote)?;
    require(side.accepts(price, limit), DenyReason::PriceOffMarket)
}

/// The same against the last trade, which a book of few orders cannot move. Where none is known or
/// it is old there is nothing to compare: a quiet market has no trades, and the quote is checked.
pub(super) fn check_trade(
    traded: Option<Price>,
    side: Side,
    price: Price,
    band_bps: u32,
) -> Result<(), DenyReason> {
    let within = |traded: Price| {
        beyond(traded, side, band_bps).is_some_and(|limit| side.accepts(price, limit))
    };
    require(traded.is_none_or(within), DenyReason::PriceOffTrade)
}

/// The worst price within the band, on a tick: what a market order leaves with (SAFETY E14).
pub(super) fn price(quote: &Quote, side: Side, band_bps: u32, tick: Price) -> Option<Price> {
    let limit = limit(quote, side, band_bps)?;
    Some(match side {
        Side::Buy => limit.floor_to(tick),
        Side::Sell => limit.ceil_to(tick),
    })
}

/// The worst price that an exit may have: within the cap beyond the touch, and one that the venue
/// takes by its rules and its band around the mark. `None` where the side has no touch.
pub fn exit_price(
    quote: &Quote,
    mark: Option<Price>,
    side: Side,
    cap_bps: u32,
    filters: &Filters,
) -> Option<Price> {
    let tick = filters.price_tick;
    let capped = price(quote, side, cap_bps, tick)?;
    let capped = mark_band::within(filters, mark.or_else(|| quote.mid()), side, capped);
    Some(capped.min(filters.price_max.floor_to(tick)).max(filters.price_min.ceil_to(tick)))
}

fn limit(quote: &Quote, side: Side, band_bps: u32) -> Option<Price> {
    beyond(quote.touch(side)?, side, band_bps)
}

/// `None` where the band leaves the range of prices.
fn beyond(price: Price, side: Side, band_bps: u32) -> Option<Price> {
    let band_bps = i32::try_from(band_bps).ok()?;
    let limit = match side {
        Side::Buy => price.moved_bps(band_bps),
        Side::Sell => price.moved_bps(band_bps.checked_neg()?),
    };
    (limit.abs() < Price::MAX).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Qty;

    #[test]
    fn a_band_that_leaves_the_range_of_prices_is_no_limit() {
        let qty = Qty::whole(1);
        let tick = Price::from_units(1);
        let high = Quote { bid: Price::whole(100), bid_qty: qty, ask: Price::MAX, ask_qty: qty };
        assert_eq!(price(&high, Side::Buy, 1, tick), None);
        assert_eq!(check(&high, Side::Buy, tick, 1), Err(DenyReason::NoQuote));
        assert!(price(&high, Side::Sell, 1, tick).is_some());
    }
}
