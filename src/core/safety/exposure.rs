//! Positions at worst case: what is confirmed and every order that is not over, `Unknown` ones
//! included, long and short apart.

use super::Holdings;
use super::verdict::{DenyReason, require};
use crate::types::{Cash, Price, Qty, Side};

fn worst(held: &Holdings<'_>, side: Side, more: Qty) -> Option<Qty> {
    held.open.reach(side, held.position, held.foreign, more)
}

/// A limit below the present position still lets the other side through (SAFETY E14).
pub(super) fn check_position(
    held: &Holdings<'_>,
    side: Side,
    qty: Qty,
    position_max: Qty,
) -> Result<(), DenyReason> {
    let fits = worst(held, side, qty).is_some_and(|worst| worst <= position_max);
    require(fits, DenyReason::PositionTooLarge)
}

/// All instruments together. `gross` is `None` while any exposure has no price. `price` is what one
/// is worth at worst: a bid far below the market is not a cheap position.
pub(super) fn check_gross(
    gross: Option<Cash>,
    price: Price,
    qty: Qty,
    gross_max: Cash,
) -> Result<(), DenyReason> {
    let after = gross.and_then(|gross| gross.checked_add(price.notional(qty)));
    require(after.is_some_and(|after| after <= gross_max), DenyReason::ExposureTooLarge)
}

/// One strategy in one instrument.
pub(super) fn check_strategy(
    held: &Holdings<'_>,
    side: Side,
    price: Price,
    qty: Qty,
    notional_max: Cash,
) -> Result<(), DenyReason> {
    let worst = worst(held, side, qty).map(|worst| price.notional(worst));
    require(worst.is_some_and(|worst| worst <= notional_max), DenyReason::StrategyPosition)
}
