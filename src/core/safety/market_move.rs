//! How far the market may have moved within a period before nothing is opened into it (SAFETY P10):
//! the collar of an order follows the market, wherever that runs.

use super::verdict::{DenyReason, require};
use crate::types::Price;

/// `before` is the mid a period ago. What is not known denies.
pub(super) fn check(
    mid: Option<Price>,
    before: Option<Price>,
    max_bps: u32,
) -> Result<(), DenyReason> {
    let within = |(mid, before): (Price, Price)| {
        let [mid, before] = [mid, before].map(|price| i128::from(price.units()));
        (mid - before).abs() * 10_000 <= before * i128::from(max_bps)
    };
    require(mid.zip(before).is_some_and(within), DenyReason::MarketMoved)
}
