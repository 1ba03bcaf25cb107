//! The largest single order: the check against the fat finger.

use super::verdict::{DenyReason, require};
use crate::types::{Cash, Qty};

pub(super) fn check(qty: Qty, qty_max: Qty) -> Result<(), DenyReason> {
    require(qty <= qty_max, DenyReason::QtyTooLarge)
}

pub(super) fn check_notional(notional: Cash, notional_max: Cash) -> Result<(), DenyReason> {
    require(notional <= notional_max, DenyReason::NotionalTooLarge)
}
