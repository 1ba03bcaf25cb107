//! What became of orders, as the limits of loss hear it, and what they say to people.

use super::Kernel;
use crate::core::Order;
use crate::core::portfolio::HighWater;
use crate::core::status::LossStatus;
use crate::types::{Cash, Fill, POST_ONLY_CODE, StrategyId, TimeInForce};

impl Kernel {
    /// A trade of a strategy; `ended` is the profit of the round trip that it ends.
    pub(in crate::core) fn on_fill(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        ended: Option<Cash>,
        now_ns: u64,
    ) {
        self.rates.on_trade(strategy, now_ns);
        self.losses.on_fill(strategy, fill.price.notional(fill.qty), now_ns);
        if let Some(profit) = ended {
            self.losses.on_round_trip(strategy, profit);
        }
    }

    /// The venue took an order.
    pub(in crate::core) fn on_accepted(&mut self, order: &Order, now_ns: u64) {
        self.losses.on_accepted(order.strategy, now_ns);
    }

    /// The venue refused an order. One that was to rest and would have taken is as it was wished.
    pub(in crate::core) fn on_rejected(&mut self, order: &Order, code: i32, now_ns: u64) {
        let wished = order.terms.time_in_force == TimeInForce::Gtx && code == POST_ONLY_CODE;
        if !wished {
            self.losses.on_rejected(order.strategy, now_ns);
        }
    }

    /// An operator resumed a strategy: what it lost and tried is counted from here.
    pub(in crate::core) fn review_losses(&mut self, strategy: StrategyId) {
        self.losses.review(strategy);
    }

    pub(in crate::core) fn high_water(&self) -> Option<HighWater> {
        self.losses.high_water()
    }

    pub(in crate::core) fn drawdown_bps(&self) -> Option<i64> {
        self.losses.fall_bps()
    }

    /// The deepest fall since the start.
    pub(in crate::core) fn drawdown_bps_max(&self) -> i64 {
        self.losses.deepest_bps()
    }

    pub(in crate::core) fn loss_status(&self, now_ns: u64) -> LossStatus {
        self.losses.status(now_ns)
    }
}
