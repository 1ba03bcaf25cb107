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
    let touch = quote.touch(side).ok_or(DenyReason::NoQuote)?;
    let within = is_within(price, touch, side, band_bps).ok_or(DenyReason::NoQuote)?;
    require(within, DenyReason::PriceOffMarket)
}

/// The same against the last trade, which a book of few orders cannot move. Where none is known or
/// it is old there is nothing to compare: a quiet market has no trades, and the quote is checked.
pub(super) fn check_trade(
    traded: Option<Price>,
    side: Side,
    price: Price,
    band_bps: u32,
) -> Result<(), DenyReason> {
    let within = |traded| is_within(price, traded, side, band_bps) == Some(true);
    require(traded.is_none_or(within), DenyReason::PriceOffTrade)
}

/// The worst price within the band, on a tick: what a market order leaves with (SAFETY E14).
pub(super) fn price(quote: &Quote, side: Side, band_bps: u32, tick: Price) -> Option<Price> {
    let limit = beyond(quote.touch(side)?, side, band_bps)?;
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

/// True up to the limit that [`beyond`] is. Products are compared, so that nothing is divided.
fn is_within(price: Price, from: Price, side: Side, band_bps: u32) -> Option<bool> {
    let band_bps = i128::from(i32::try_from(band_bps).ok()?);
    let [price, from, most] = [price, from, Price::MAX].map(|it| i128::from(it.units()));
    let (limit, within) = match side {
        Side::Buy => {
            let limit = from * (10_000 + band_bps);
            (limit, price * 10_000 <= limit)
        }
        Side::Sell => {
            let limit = from * (10_000 - band_bps);
            (limit, limit < (price + 1) * 10_000)
        }
    };
    (limit.abs() < most * 10_000).then_some(within)
}

/// The farthest price within the band, rounded towards zero; `None` where the band leaves the range
/// of prices.
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
    use proptest::prelude::*;

    #[test]
    fn a_band_that_leaves_the_range_of_prices_is_no_limit() {
        let qty = Qty::whole(1);
        let tick = Price::from_units(1);
        let high = Quote { bid: Price::whole(100), bid_qty: qty, ask: Price::MAX, ask_qty: qty };
        assert_eq!(price(&high, Side::Buy, 1, tick), None);
        assert_eq!(check(&high, Side::Buy, tick, 1), Err(DenyReason::NoQuote));
        assert!(price(&high, Side::Sell, 1, tick).is_some());
    }

    #[test]
    fn a_limit_that_needs_no_rounding_is_the_last_price_within() {
        let within = |units, side| {
            let [price, from] = [units, 1_000_000].map(Price::from_units);
            is_within(price, from, side, 100)
        };
        assert_eq!(
            [1_010_000, 1_010_001].map(|it| within(it, Side::Buy)),
            [Some(true), Some(false)]
        );
        assert_eq!([990_000, 989_999].map(|it| within(it, Side::Sell)), [Some(true), Some(false)]);
        for side in Side::BOTH {
            assert_eq!(is_within(Price::whole(1), Price::MAX, side, 0), None, "{side:?}");
        }
    }

    proptest! {
        /// At every limit, a unit within it and a unit beyond it.
        #[test]
        fn what_is_within_is_what_is_not_beyond(
            from in 1_i64.., shift in 0_u32..62, band_bps in 0_u32..20_000, step in -1_i64..=1,
        ) {
            let from = Price::from_units(from >> shift);
            for side in Side::BOTH {
                let limit = beyond(from, side, band_bps);
                let at = limit.unwrap_or(from).units().max(1).saturating_add(step);
                let price = Price::from_units(at);
                let expected = limit.map(|limit| side.accepts(price, limit));
                prop_assert_eq!(is_within(price, from, side, band_bps), expected);
            }
        }
    }
}
