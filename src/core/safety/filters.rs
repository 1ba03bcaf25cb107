//! The venue's own filters: what it would refuse is not sent.

use super::verdict::{DenyReason, require};
use crate::types::{Filters, Price, Purpose, Qty};

pub(super) fn check(
    filters: &Filters,
    price: Price,
    qty: Qty,
    purpose: Purpose,
) -> Result<(), DenyReason> {
    let in_range =
        filters.price_min.max(Price::from_units(1)) <= price && price <= filters.price_max;
    require(in_range && price.is_multiple_of(filters.price_tick), DenyReason::BadPrice)?;
    let in_range = filters.qty_min.max(Qty::from_units(1)) <= qty && qty <= filters.qty_max;
    require(in_range && qty.is_multiple_of(filters.qty_step), DenyReason::BadQty)?;
    let enough = filters.notional_min <= price.notional(qty);
    require(enough || purpose != Purpose::Opening, DenyReason::NotionalTooSmall)
}
