//! What becomes of the rest of an opening order of which a part traded: each strategy's own policy,
//! kept here and not by its good will (R43).
//!
//! Must hold: only what rests and opens is touched; the rest counts in every limit until the venue
//! says that it is gone, so a replacement never stands beside it unseen.
//!
//! Decision: `replace` sends no order of the core's own making, which nobody may (D4). The rest
//! goes, and when it is gone the strategy is told how much of it is to be quoted anew. Where
//! nothing may be opened any more it is not told.

use super::Core;
use super::effect::Effects;
use super::orders::Order;
use crate::types::{OrderStatus, Purpose, Qty};

/// What a strategy wants of the rest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PartialFill {
    /// It stays, to its end.
    Keep,
    /// It is taken back at once.
    Cancel,
    /// It is taken back at once, and the strategy quotes anew.
    Replace,
}

impl Core {
    /// An order traded.
    pub(super) fn keep_rest(&mut self, order: &Order, effects: &mut Effects) {
        let Some(strategy) = order.strategy else { return };
        let rests = order.is_resting_kind() && order.terms.purpose == Purpose::Opening;
        let is_partial = Qty::ZERO < order.remaining() && !order.status.is_final();
        let keeps = self.seats[strategy.index()].partial_fill == PartialFill::Keep;
        if keeps || !rests || !is_partial {
            return;
        }
        if self.state.orders.withdraw_rest(order.id, self.state.now.mono_ns, effects) {
            self.counters.cancels_sent += 1;
        }
    }

    /// How much of an order its strategy is to quote anew, now that the rest is gone.
    pub(super) fn to_replace(&self, order: &Order) -> Option<Qty> {
        let seat = &self.seats[order.strategy?.index()];
        let replaces = seat.partial_fill == PartialFill::Replace && order.rest_withdrawn;
        let is_gone = order.status == OrderStatus::Canceled && Qty::ZERO < order.remaining();
        let may = replaces && is_gone && !self.kernel.forbids_opening(order);
        may.then(|| order.remaining())
    }
}
