//! The order state machine: what we asked for, what the venue said, what we therefore know.
use crate::types::{ClientOrderId, OrderStatus, OrderTerms, Qty, StrategyId};

/// One order and everything known about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: ClientOrderId,
    /// Whose wish it was; `None` for an exit of the operator.
    pub strategy: Option<StrategyId>,
    /// Its terms.
    pub terms: OrderTerms,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How much of it traded.
    pub cum_qty: Qty,
}

#[derive(Debug)]
pub(super) struct Orders {
    live: Vec<Order>,
}
impl Orders {
    pub(super) fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.iter()
    }
}
