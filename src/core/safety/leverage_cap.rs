//! The largest position that the venue allows at the leverage it trades the instrument with: it
//! refuses what could pass it, -2027 on Binance, whatever margin there is (SAFETY E7).

use super::verdict::{DenyReason, require};
use crate::types::{InstrumentMargin, Price, Qty};

/// `reach` is the position with this order and every other of its side filled, at `worth` each.
pub(super) fn check(setup: &InstrumentMargin, reach: Qty, worth: Price) -> Result<(), DenyReason> {
    let most = setup.tiers.as_ref().and_then(|tiers| tiers.notional_max(setup.leverage));
    require(most.is_some_and(|most| worth.notional(reach) <= most), DenyReason::LeverageCap)
}
