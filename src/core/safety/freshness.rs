//! Is there a market to trade on: sound, fresh, and with nothing missing.

use super::verdict::{DenyReason, require};
use crate::core::market::Market;

pub(super) fn check(market: &Market, now_ns: u64, age_ns_max: u64) -> Result<(), DenyReason> {
    require(market.quote().is_some(), DenyReason::NoQuote)?;
    require(market.quote_age_ns(now_ns) <= age_ns_max, DenyReason::StaleQuote)?;
    require(market.is_whole(), DenyReason::BookLost)
}
