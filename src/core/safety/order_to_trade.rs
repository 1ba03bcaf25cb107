//! How many orders a strategy sends for each of its trades (SAFETY P13). Venues fine and ban those
//! who send many and trade little.
//!
//! Must hold: integers only; so many orders are free before the first trade, for nobody trades
//! before an order; a strategy that is held back may go on when its orders have faded.
//!
//! Decision: both counts are halved every ten minutes, so that the ratio is that of lately and a
//! good hour does not pay for a bad one. Reductions count and are not stopped (SAFETY E1).

use super::verdict::{DenyReason, require};
use crate::types::SECOND;

const HALF_LIFE_NS: u64 = 600 * SECOND;

/// One order or trade, so that halves are counted too.
const ONE: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct OrderToTrade {
    /// Orders for each trade; `None` where the ratio is off.
    max: Option<u32>,
    orders: u64,
    trades: u64,
    /// Since when they have not been halved.
    since_ns: u64,
}

impl OrderToTrade {
    pub(super) fn new(max: Option<u32>) -> Self {
        Self { max, orders: 0, trades: 0, since_ns: 0 }
    }

    pub(super) fn check(&mut self, now_ns: u64) -> Result<(), DenyReason> {
        let Some(max) = self.max else { return Ok(()) };
        self.fade(now_ns);
        let allowed = self.trades.saturating_add(ONE).checked_mul(max.into());
        let after = self.orders.checked_add(ONE);
        let within = allowed.zip(after).is_some_and(|(allowed, after)| after <= allowed);
        require(within, DenyReason::OrderToTrade)
    }

    pub(super) fn on_order(&mut self, now_ns: u64) {
        self.fade(now_ns);
        self.orders = self.orders.saturating_add(ONE);
    }

    pub(super) fn on_trade(&mut self, now_ns: u64) {
        self.fade(now_ns);
        self.trades = self.trades.saturating_add(ONE);
    }

    fn fade(&mut self, now_ns: u64) {
        let halvings = now_ns.saturating_sub(self.since_ns) / HALF_LIFE_NS;
        self.since_ns += halvings * HALF_LIFE_NS;
        let halved = |count: u64| {
            u32::try_from(halvings).ok().and_then(|by| count.checked_shr(by)).unwrap_or(0)
        };
        (self.orders, self.trades) = (halved(self.orders), halved(self.trades));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(max: Option<u32>, orders: u32, trades: u32) -> OrderToTrade {
        let mut ratio = OrderToTrade::new(max);
        (0..orders).for_each(|_| ratio.on_order(0));
        (0..trades).for_each(|_| ratio.on_trade(0));
        ratio
    }

    #[test]
    fn off_it_holds_nobody_back() {
        assert_eq!(after(None, 100_000, 0).check(0), Ok(()));
    }

    #[test]
    fn one_that_is_held_back_goes_on_when_its_orders_have_faded() {
        let mut ratio = after(Some(10), 10, 0);
        assert_eq!(ratio.check(HALF_LIFE_NS - 1), Err(DenyReason::OrderToTrade));
        assert_eq!(ratio.check(HALF_LIFE_NS), Ok(()));
        let mut ratio = after(Some(1), 1_000, 0);
        assert_eq!(ratio.check(u64::MAX), Ok(()), "long ago is forgotten");
    }

    #[test]
    fn every_ten_minutes_they_are_halved_once() {
        let mut ratio = after(Some(10), 64, 32);
        for (at_s, left) in [(599, 64), (600, 32), (1_199, 32), (1_200, 16), (1_201, 16)] {
            ratio.fade(at_s * SECOND);
            assert_eq!((ratio.orders, ratio.trades), (left * ONE, left / 2 * ONE), "{at_s}");
        }
    }

    proptest! {
        #[test]
        fn each_trade_pays_for_so_many_orders(
            max in 1_u32..50,
            trades in 0_u32..50,
            over in -1_i64..=1,
        ) {
            let orders = i64::from(max) * i64::from(trades + 1) + over;
            let mut ratio = after(Some(max), u32::try_from(orders).unwrap(), trades);
            prop_assert_eq!(ratio.check(0).is_ok(), over < 0);
        }
    }
}
