//! An order that may be amended at all: one that rests at the venue, whose terms are known, and to
//! terms that make another order of it (SAFETY P30).

use super::facts::{Facts, Wish};
use super::verdict::{ApprovedAmend, DenyReason, Passage, require};
use super::{Judged, Kernel};
use crate::core::Order;
use crate::types::{Amendment, InstrumentKind, OrderKind, OrderRequest, OrderStatus, Purpose};

/// The venue amends one order so often (-5026, venue sheet section 5).
pub(super) const AMENDS_MAX: u32 = 10_000;

/// On spot never: its only amend (`order.amend.keepPriority`) lowers the quantity and nothing else,
/// and gives the order another id, by which nobody here would know it.
const SPOT_AMENDS_MAX: u32 = 0;

impl Kernel {
    /// The way from a strategy's wish to other terms of an order of its own: under the same checks
    /// as a new order, of the new price in full and of the quantity that it adds.
    pub(in crate::core) fn review_amend(
        &mut self,
        wish: &Wish<'_>,
        facts: &Facts<'_>,
    ) -> Result<ApprovedAmend, DenyReason> {
        let amends = wish.amends.map(Order::amends).ok_or(DenyReason::OrderNotResting)?;
        let Judged { terms, .. } = self.judge(wish, facts)?;
        Ok(ApprovedAmend::by_kernel(wish.id, wish.strategy, terms, amends, wish.origin_ns))
    }
}

/// May the order of a wish be amended as it says? A new order is not asked.
pub(super) fn check(wish: &Wish<'_>, kind: InstrumentKind) -> Result<(), DenyReason> {
    let Some(order) = wish.amends else { return Ok(()) };
    let to = terms(order, &wish.request);
    let stands = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
    let rests = stands && order.is_resting_kind() && order.canceled_ns.is_none();
    require(rests, DenyReason::OrderNotResting)?;
    require(order.amending().is_none(), DenyReason::AmendUnderWay)?;
    require(to != order.terms.amendable(), DenyReason::SameTerms)?;
    require(order.cum_qty.max(order.claimed_qty) < to.qty, DenyReason::BelowFilled)?;
    let most = match kind {
        InstrumentKind::Perpetual => AMENDS_MAX,
        InstrumentKind::Spot => SPOT_AMENDS_MAX,
    };
    require(order.amends() < most, DenyReason::TooManyAmends)
}

/// In which column of the exit table a wish stands. An opening order that only becomes smaller
/// takes on no risk, and passes as a reduction does.
pub(super) fn passage(wish: &Wish<'_>, purpose: Purpose) -> Passage {
    let shrinks = wish.amends.is_some_and(|order| {
        let to = terms(order, &wish.request);
        to.price == order.terms.price && to.qty < order.terms.qty
    });
    match purpose {
        Purpose::Opening if !shrinks => Passage::Open,
        Purpose::Opening | Purpose::Reducing | Purpose::Protective => Passage::Reduce,
    }
}

/// What the order is to become. One without a price of its own would become nothing.
fn terms(order: &Order, request: &OrderRequest) -> Amendment {
    let price = match request.kind {
        OrderKind::Limit(price) | OrderKind::PostOnly(price) => price,
        OrderKind::Ioc(_) | OrderKind::Fok(_) | OrderKind::Market => order.terms.price,
    };
    Amendment { price, qty: request.qty }
}
