//! The wallet of a spot account holds what an order spends: the base for a sale, the quote and the
//! highest fee for a buy, less what every other order has locked (SAFETY P17, E2). Nothing goes
//! short, and the venue would refuse it otherwise, at a price in its rates.
//!
//! Decision: it binds reductions and exits too. They sell what is there, and what is not free is
//! not there: an exit that asks for more is refused whole, one that asks for what is free closes
//! that.

use super::facts::Candidate;
use super::verdict::{DenyReason, require};
use crate::core::free::lock;
use crate::types::{Cash, InstrumentKind, PPM, Side};

pub(super) fn check(
    order: &Candidate,
    kind: InstrumentKind,
    free: Option<Cash>,
    fee_centi_bps: u32,
) -> Result<(), DenyReason> {
    if kind == InstrumentKind::Perpetual {
        return Ok(());
    }
    let spends = lock(order.side, order.price, order.added());
    let fee = match order.side {
        Side::Buy => spends.checked_ratio(fee_centi_bps.into(), PPM),
        Side::Sell => Some(Cash::ZERO),
    };
    let needs = fee.and_then(|fee| spends.checked_add(fee));
    let covered = needs.zip(free).is_some_and(|(needs, free)| needs <= free);
    require(covered, DenyReason::FreeBalance)
}
