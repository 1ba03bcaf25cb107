//! Is there a market to trade on, sound, fresh and with nothing missing; and is what the strategy
//! answers to still of today?

use super::verdict::{DenyReason, require};
use crate::core::market::Market;

pub(super) fn check(market: &Market, now_ns: u64, age_ns_max: u64) -> Result<(), DenyReason> {
    require(market.quote().is_some(), DenyReason::NoQuote)?;
    require(market.quote_age_ns(now_ns) <= age_ns_max, DenyReason::StaleQuote)?;
    require(market.is_whole(), DenyReason::BookLost)
}

/// From the arrival of the bytes that caused the wish until now (SAFETY P28). A reduction may be
/// late: it lowers what is held, at a price that is checked against the market as it is.
pub(super) fn check_signal(origin_ns: u64, now_ns: u64, age_ns_max: u64) -> Result<(), DenyReason> {
    require(now_ns.saturating_sub(origin_ns) <= age_ns_max, DenyReason::StaleSignal)
}
