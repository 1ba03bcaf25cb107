//! An order that would meet an order of our own trades with nobody (SAFETY P20).
//!
//! Decision: it stops the reductions of strategies too, because a trade with oneself leaves the
//! position as it is: that is no exit. A strategy takes its own order back first, as an operator's
//! flatten does before its exits, which is why those pass. A post-only order is stopped like any
//! other: should it arrive first, the other one takes it.

use super::verdict::{DenyReason, require};
use crate::types::{Price, Side};

/// `own_opposite` is the best price at which an order of ours may rest on the other side.
pub(super) fn check(
    own_opposite: Option<Price>,
    side: Side,
    price: Price,
) -> Result<(), DenyReason> {
    let meets = own_opposite.is_some_and(|own| side.accepts(own, price));
    require(!meets, DenyReason::SelfTrade)
}
