//! The venue's band around the mark price (PERCENT_PRICE): what it would refuse is not sent.
//!
//! Decision: where no mark was ever heard the middle of the quote stands in for it. Recordings
//! without marks must still play, and the venue enforces its own band anyway. Once marks have been
//! heard their silence denies: a mark that stopped is a feed that is broken.

use super::verdict::{DenyReason, require};
use crate::core::market::Market;
use crate::types::{Filters, Price, Quote, SECOND, Side};

/// Oldest mark that is checked against: the venue tells one each second, so ten were missed.
const AGE_NS_MAX: u64 = 10 * SECOND;

pub(super) fn check(
    filters: &Filters,
    market: &Market,
    quote: &Quote,
    side: Side,
    price: Price,
    now_ns: u64,
) -> Result<(), DenyReason> {
    let Some(band) = filters.mark_band else { return Ok(()) };
    let age_ns = market.mark_age_ns(now_ns);
    require(age_ns.is_none_or(|age_ns| age_ns <= AGE_NS_MAX), DenyReason::StaleMark)?;
    let reference = market.mark().or_else(|| quote.mid()).ok_or(DenyReason::NoQuote)?;
    require(band.admits(side, price, reference), DenyReason::PriceOffMark)
}

/// The price of an exit, moved into the band as far as it is known: at a cap that is too wide the
/// venue would refuse the exit.
pub(super) fn within(
    filters: &Filters,
    reference: Option<Price>,
    side: Side,
    price: Price,
) -> Price {
    let Some((band, reference)) = filters.mark_band.zip(reference) else { return price };
    match side {
        Side::Buy => price.min(band.highest_buy(reference).floor_to(filters.price_tick)),
        Side::Sell => price.max(band.lowest_sell(reference).ceil_to(filters.price_tick)),
    }
}
