//! Sums over the orders that are not over, kept with every change, so that a check costs the same
//! with one order and with a thousand.

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
    opening: [Qty; 2],
    reducing: [Qty; 2],
}

impl Open {
    /// What opening orders of this side may still trade.
    pub(in crate::core) fn opening(&self, side: Side) -> Qty {
        self.opening[side.index()]
    }

    /// What reducing and protective orders of this side may still trade.
    pub(in crate::core) fn reducing(&self, side: Side) -> Qty {
        self.reducing[side.index()]
    }

    /// How many orders.
    pub(in crate::core) fn live(&self) -> u32 {
        self.live
    }
}

impl Totals {
    pub(super) fn new(instruments: usize, strategies: usize) -> Self {
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

    pub(super) fn add(&mut self, order: &Order) {
        self.change(order, |count| *count += 1, |sum, qty| *sum = sum.saturating_add(qty));
    }

    pub(super) fn remove(&mut self, order: &Order) {
        self.change(order, |count| *count -= 1, |sum, qty| *sum = sum.saturating_sub(qty));
    }

    fn change(&mut self, order: &Order, count: fn(&mut u32), sum: fn(&mut Qty, Qty)) {
        let remaining = order.remaining();
        let apply = |open: &mut Open| {
            count(&mut open.live);
            let by_side = match order.terms.purpose {
                Purpose::Opening => &mut open.opening,
                Purpose::Reducing | Purpose::Protective => &mut open.reducing,
            };
            sum(&mut by_side[order.terms.side.index()], remaining);
        };
        count(&mut self.live);
        if order.terms.purpose == Purpose::Opening {
            count(&mut self.opening);
            if order.status == OrderStatus::Unknown {
                count(&mut self.unknown);
            }
        }
        apply(&mut self.by_instrument[order.terms.instrument.index()]);
        if let Some(strategy) = order.strategy {
            let seat = &mut self.by_strategy[strategy.index()];
            count(&mut seat.live);
            apply(&mut seat.by_instrument[order.terms.instrument.index()]);
        }
    }
}
