//! What an order paid beyond the mid that the kernel saw when it approved it (SAFETY T10).
//!
//! Must hold: only what an order took counts, at the average of what it took so far; what it rested
//! for was traded at its own price. Without a mid at its decision it has nothing to slip from.
//!
//! Decision: measured from the mid and not from the touch, so that half the spread is part of it:
//! it is part of what taking costs, and a market whose spread opens shows it.

use super::Core;
use super::alert::{Alert, OrderFault};
use super::effect::{Effect, Effects};
use super::mode::{ModeCause, Scope};
use super::orders::Order;
use super::safety::Change;
use crate::types::{Cash, Fill, Liquidity, Qty, Side};

impl Core {
    /// A trade of an order: says so when its average passes the limit with it.
    pub(super) fn watch_slippage(&mut self, order: &Order, fill: &Fill, effects: &mut Effects) {
        let Some(strategy) = order.strategy.filter(|_| fill.liquidity == Liquidity::Taker) else {
            return;
        };
        let max_bps = self.kernel.limits().slippage.max_bps;
        let is_beyond = |taken: &Taken| slippage_bps(order, taken).is_some_and(|it| max_bps < it);
        let taken = order.taken;
        if !is_beyond(&taken) || is_beyond(&taken.without(fill)) {
            return;
        }
        let bps = slippage_bps(order, &taken).unwrap_or(i64::MAX);
        let (id, fault) = (order.id, OrderFault::Slippage { bps });
        effects.push(Effect::Alert(Alert::Order { id, fault }));
        let seat = &mut self.seats[strategy.index()];
        seat.slipped += 1;
        if seat.slips.add(self.state.now.mono_ns) {
            let change = Change::by_engine(ModeCause::Slippage);
            self.change_mode(Scope::Strategy(strategy), change, effects);
        }
    }
}

/// What an order took of the book.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Taken {
    qty: Qty,
    notional: Cash,
}

impl Taken {
    pub(super) fn add(&mut self, fill: &Fill) {
        if fill.liquidity == Liquidity::Taker {
            self.qty = self.qty.saturating_add(fill.qty);
            self.notional = self.notional.saturating_add(fill.price.notional(fill.qty));
        }
    }

    fn without(self, fill: &Fill) -> Self {
        Self {
            qty: self.qty.saturating_sub(fill.qty),
            notional: self.notional.saturating_sub(fill.price.notional(fill.qty)),
        }
    }
}

/// How much worse than the mid of the decision, rounded away from zero when it is a cost; `None`
/// where nothing was taken or no mid was known.
fn slippage_bps(order: &Order, taken: &Taken) -> Option<i64> {
    let fair = order.decision_mid?.notional(taken.qty);
    if fair <= Cash::ZERO {
        return None;
    }
    let cost = match order.terms.side {
        Side::Buy => taken.notional.saturating_sub(fair),
        Side::Sell => fair.saturating_sub(taken.notional),
    };
    let bps = cost.units().saturating_mul(10_000);
    let up = if 0 < bps { fair.units() - 1 } else { 0 };
    Some(i64::try_from(bps.saturating_add(up) / fair.units()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientOrderId, InstrumentId, OrderTerms, Price, Purpose, TimeInForce};

    fn bps(side: Side, mid: i32, fills: &[(i64, i32)]) -> Option<i64> {
        let terms = OrderTerms {
            instrument: InstrumentId(0),
            side,
            time_in_force: TimeInForce::Ioc,
            price: Price::whole(1),
            qty: Qty::whole(9),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        let mut order = Order::sent(ClientOrderId::default(), None, terms, 0);
        order.decision_mid = (mid != 0).then(|| Price::whole(mid));
        let mut taken = Taken::default();
        for (price, qty) in fills {
            let (price, qty) = (Price::from_units(*price), Qty::whole(*qty));
            let liquidity = Liquidity::Taker;
            let fill = Fill { trade_id: 1, side, price, qty, cum_qty: qty, fee: None, liquidity };
            taken.add(&fill);
        }
        slippage_bps(&order, &taken)
    }

    #[test]
    fn it_is_the_average_against_the_mid_and_rounded_up() {
        let at = |tenths_of_bps: i64| 100 * 100_000_000 + tenths_of_bps * 100_000;
        let rows = [
            (Side::Buy, vec![(at(100), 1)], Some(10)),
            (Side::Buy, vec![(at(101), 1)], Some(11)),
            (Side::Sell, vec![(at(-100), 1)], Some(10)),
            (Side::Buy, vec![(at(0), 1), (at(400), 1)], Some(20)),
            (Side::Buy, vec![(at(0), 3), (at(400), 1)], Some(10)),
            (Side::Sell, vec![(at(50), 1)], Some(-5)),
            (Side::Buy, vec![], None),
        ];
        for (side, fills, expected) in rows {
            assert_eq!(bps(side, 100, &fills), expected, "{side:?} {fills:?}");
        }
        assert_eq!(bps(Side::Buy, 0, &[(at(100), 1)]), None, "no mid, nothing to slip from");
    }
}
