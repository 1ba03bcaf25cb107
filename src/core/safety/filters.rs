//! The venue's own filters: what it would refuse is not sent.

use super::verdict::{DenyReason, require};
use crate::types::{Cash, Filters, Price, Purpose, Qty};

pub(super) fn check(
    filters: &Filters,
    price: Price,
    qty: Qty,
    notional: Cash,
    purpose: Purpose,
) -> Result<(), DenyReason> {
    check_price(filters, price)?;
    let in_range = filters.qty_min.max(Qty::from_units(1)) <= qty && qty <= filters.qty_max;
    require(in_range && qty.is_multiple_of(filters.qty_step), DenyReason::BadQty)?;
    let enough = filters.notional_min <= notional;
    require(enough || purpose != Purpose::Opening, DenyReason::NotionalTooSmall)
}

pub(super) fn check_price(filters: &Filters, price: Price) -> Result<(), DenyReason> {
    let in_range =
        filters.price_min.max(Price::from_units(1)) <= price && price <= filters.price_max;
    require(in_range && price.is_multiple_of(filters.price_tick), DenyReason::BadPrice)
}

#[cfg(test)]
mod tests {
    use super::super::tests::case;
    use super::*;

    /// The venue takes prices of 1 to 10,000 and quantities of 0.001 to 100.
    #[test]
    fn what_lies_outside_of_a_range_is_refused_on_either_side_of_it() {
        let filters = case::instrument().filters;
        let with = |price: Price, qty: Qty| {
            check(&filters, price, qty, price.notional(qty), Purpose::Reducing)
        };
        let (tick, step) = (filters.price_tick, filters.qty_step);
        let ends = [(filters.price_min, filters.qty_min), (filters.price_max, filters.qty_max)];
        let [low, high] = ends;
        for (price, qty) in ends {
            assert_eq!(with(price, qty), Ok(()));
        }
        let prices = [low.0.saturating_sub(tick), high.0.saturating_add(tick)];
        let qtys = [low.1.saturating_sub(step), high.1.saturating_add(step)];
        for (price, qty) in prices.into_iter().zip(qtys) {
            assert_eq!(with(price, low.1), Err(DenyReason::BadPrice), "{price}");
            assert_eq!(with(low.0, qty), Err(DenyReason::BadQty), "{qty}");
        }
    }
}
