//! Sums over the orders that are not over, kept with every change, so that a check costs the same
//! with one order and with a thousand.
//!
//! Must hold: an instrument's sums tell what its orders are to the account, a strategy's what its
//! own are to its ledger: where several strategies share an instrument these differ (SAFETY E9).

use super::Order;
use crate::types::{InstrumentId, OrderStatus, Purpose, Qty, Side, StrategyId};

/// Counts and open quantities at worst case.
#[derive(Debug)]
pub(in crate::core) struct Totals {
    live: u32,
    opening: u32,
    unknown: u32,
    by_instrument: Vec<Open>,
    by_strategy: Vec<StrategyTotals>,
}

#[derive(Debug)]
struct StrategyTotals {
    live: u32,
    by_instrument: Vec<Open>,
}

/// What may still trade, by side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::core) struct Open {
    live: u32,
    /// Opening orders whose fate is not known.
    unknown: u32,
    opening: [Sum; 2],
    reducing: [Sum; 2],
    /// Reductions whose fate is not known.
    doubtful: [Sum; 2],
}

/// A sum of quantities, wide enough never to leave its range: one that stopped at the end of it
/// would be too small after the next subtraction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Sum(i128);

impl Sum {
    fn qty(self) -> Qty {
        i64::try_from(self.0).map_or(Qty::MAX, Qty::from_units)
    }
}

impl Open {
    /// What opening orders of this side may still trade.
    pub(in crate::core) fn opening(&self, side: Side) -> Qty {
        self.opening[side.index()].qty()
    }

    /// What reducing and protective orders of this side may still trade, those of unknown fate
    /// left out.
    pub(in crate::core) fn reducing(&self, side: Side) -> Qty {
        self.reducing[side.index()].qty()
    }

    /// The same of those whose fate is not known.
    pub(in crate::core) fn doubtful(&self, side: Side) -> Qty {
        self.doubtful[side.index()].qty()
    }

    /// The largest |position| in the direction of `side` when every opening order of it trades,
    /// `foreign` and `more` included; `None` beyond the range.
    ///
    /// Decision: an opposite position makes no room. A reduction may close it first, and then the
    /// same room would have been used twice. To turn a position within its limit takes a reduction
    /// and an opening order.
    pub(in crate::core) fn reach(
        &self,
        side: Side,
        position: Qty,
        foreign: Qty,
        more: Qty,
    ) -> Option<Qty> {
        let held = side.signed(position).max(Qty::ZERO);
        held.checked_add(self.opening(side))?.checked_add(foreign)?.checked_add(more)
    }

    /// How many orders.
    pub(in crate::core) fn live(&self) -> u32 {
        self.live
    }

    /// Of these, opening orders whose fate is not known (SAFETY E8).
    pub(in crate::core) fn unknown(&self) -> u32 {
        self.unknown
    }
}

impl Totals {
    pub(in crate::core) fn new(instruments: usize, strategies: usize) -> Self {
        let open = || vec![Open::default(); instruments];
        let seat = |_| StrategyTotals { live: 0, by_instrument: open() };
        Self {
            live: 0,
            opening: 0,
            unknown: 0,
            by_instrument: open(),
            by_strategy: (0..strategies).map(seat).collect(),
        }
    }

    /// Orders that are not over.
    pub(in crate::core) fn live(&self) -> u32 {
        self.live
    }

    /// Of these, opening ones.
    pub(in crate::core) fn opening(&self) -> u32 {
        self.opening
    }

    /// Opening orders whose fate is not known (SAFETY E8).
    pub(in crate::core) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// Of one instrument.
    pub(in crate::core) fn of(&self, instrument: InstrumentId) -> &Open {
        &self.by_instrument[instrument.index()]
    }

    /// Orders of one strategy that are not over.
    pub(in crate::core) fn live_of(&self, strategy: StrategyId) -> u32 {
        self.by_strategy[strategy.index()].live
    }

    /// Of one strategy in one instrument.
    pub(in crate::core) fn of_strategy(
        &self,
        strategy: StrategyId,
        instrument: InstrumentId,
    ) -> &Open {
        &self.by_strategy[strategy.index()].by_instrument[instrument.index()]
    }

    pub(in crate::core) fn add(&mut self, order: &Order) {
        self.change(order, |count| *count += 1, |sum, qty| sum.0 += i128::from(qty.units()));
    }

    pub(super) fn remove(&mut self, order: &Order) {
        self.change(order, |count| *count -= 1, |sum, qty| sum.0 -= i128::from(qty.units()));
    }

    fn change(&mut self, order: &Order, count: fn(&mut u32), sum: fn(&mut Sum, Qty)) {
        let remaining = order.remaining();
        let unknown = order.status == OrderStatus::Unknown;
        let apply = |open: &mut Open, purpose: Purpose| {
            count(&mut open.live);
            if unknown && purpose == Purpose::Opening {
                count(&mut open.unknown);
            }
            let by_side = match purpose {
                Purpose::Opening => &mut open.opening,
                Purpose::Reducing | Purpose::Protective if unknown => &mut open.doubtful,
                Purpose::Reducing | Purpose::Protective => &mut open.reducing,
            };
            sum(&mut by_side[order.terms.side.index()], remaining);
        };
        count(&mut self.live);
        if order.terms.purpose == Purpose::Opening {
            count(&mut self.opening);
            if unknown {
                count(&mut self.unknown);
            }
        }
        apply(&mut self.by_instrument[order.terms.instrument.index()], order.terms.purpose);
        if let Some(strategy) = order.strategy {
            let seat = &mut self.by_strategy[strategy.index()];
            count(&mut seat.live);
            apply(&mut seat.by_instrument[order.terms.instrument.index()], order.toward);
        }
    }
}
