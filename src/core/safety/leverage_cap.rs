//! The largest position that the venue allows at the leverage it trades the instrument with: it
//! refuses what could pass it, -2027 on Binance, whatever margin there is (SAFETY E7).

use super::verdict::{DenyReason, require};
use crate::types::{Cash, InstrumentMargin};

/// `notional` is that of the position with this order and every other of its side filled.
pub(super) fn check(setup: &InstrumentMargin, notional: Cash) -> Result<(), DenyReason> {
    let step = setup.tiers.as_ref().and_then(|tiers| tiers.step(notional));
    let may = step.is_some_and(|step| setup.leverage <= step.tier.leverage_max);
    require(may, DenyReason::LeverageCap)
}
