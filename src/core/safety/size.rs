//! The largest single order: the check against the fat finger.

use super::verdict::{DenyReason, require};
use crate::types::{Cash, Price, Qty};

pub(super) fn check(
    price: Price,
    qty: Qty,
    qty_max: Qty,
    notional_max: Cash,
) -> Result<(), DenyReason> {
    require(qty <= qty_max, DenyReason::QtyTooLarge)?;
    require(price.notional(qty) <= notional_max, DenyReason::NotionalTooLarge)
}
