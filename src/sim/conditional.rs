//! Conditional orders as the exchange knows them: what waits for a price, and what became of it.
//!
//! Must hold: a conditional order becomes one order at most, and what is over never changes.

use super::exchange::AccountIndex;
use super::order::{ClientText, Order};
use super::reject::Reject;
use super::self_trade::SelfTrade;
use super::trigger::{Latest, Trigger};
use crate::types::{InstrumentId, Price, Qty, Side, TimeInForce, WorkingPrice};

/// How much is ordered once the trigger is met.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// So much; positive.
    Qty(Qty),
    /// All that is held then: `closePosition`.
    Position,
}

/// What an account asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConditionalEntry {
    /// Of what.
    pub instrument: InstrumentId,
    /// Its id, which the order has that it becomes; the exchange makes one where the account gives
    /// none.
    pub client_id: Option<ClientText>,
    /// Which way.
    pub side: Side,
    /// What it waits for.
    pub trigger: Trigger,
    /// Whose price that is.
    pub working: WorkingPrice,
    /// It waits for both prices to agree, too.
    pub is_protected: bool,
    /// Worst price of the order that it becomes; `None` is a market order.
    pub price: Option<Price>,
    /// How long that order stands.
    pub time_in_force: TimeInForce,
    /// How much.
    pub amount: Amount,
    /// Never opens or turns a position.
    pub reduce_only: bool,
    /// It is over with the position that it would reduce: `GTE_GTC`.
    pub ends_with_position: bool,
    /// When the exchange ends it by itself, milliseconds since the Unix epoch.
    pub good_till_unix_ms: Option<u64>,
    /// What is to happen if the order that it becomes meets one of its own account.
    pub self_trade: SelfTrade,
}

impl ConditionalEntry {
    /// True for what never opens or turns a position.
    pub fn reduces(&self) -> bool {
        self.reduce_only || self.amount == Amount::Position
    }

    /// Its quantity where it names one.
    pub fn qty(&self) -> Option<Qty> {
        match self.amount {
            Amount::Qty(qty) => Some(qty),
            Amount::Position => None,
        }
    }
}

/// Where a conditional order is in its life (USDⓈ-M sheet, section 8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConditionalState {
    /// It waits.
    New,
    /// Its trigger is met.
    Triggering,
    /// The order that it became is there.
    Triggered,
    /// That order is over.
    Finished,
    /// Taken back by the account while it waited.
    Canceled,
    /// Over by rule while it waited: its date, or the end of its position.
    Expired,
    /// The order that it was to become was refused.
    Rejected(Reject),
}

/// One conditional order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Conditional {
    /// The exchange's number, of another row than those of orders.
    pub id: u64,
    /// Whose.
    pub account: AccountIndex,
    /// Its id.
    pub client_id: ClientText,
    /// What was asked for.
    pub entry: ConditionalEntry,
    /// Where it is.
    pub state: ConditionalState,
    /// The best price since it came; `None` before there was one.
    pub best: Option<Price>,
    /// The order that it became.
    pub order_id: Option<u64>,
    /// When it came.
    pub created_unix_ms: u64,
    /// When it last changed.
    pub updated_unix_ms: u64,
    /// When its trigger was met.
    pub triggered_unix_ms: Option<u64>,
}

impl Conditional {
    /// True while it waits.
    pub fn is_open(&self) -> bool {
        self.state == ConditionalState::New
    }

    /// True where its trigger could be met now; only a trailing one has to become so.
    pub fn is_active(&self) -> bool {
        let Trigger::Trailing { activation, .. } = self.entry.trigger else { return true };
        let active = |best| self.entry.trigger.is_active(self.entry.side, best);
        self.best.map_or(activation.is_none(), active)
    }

    /// Sees the latest prices; true when they meet its trigger.
    pub(super) fn sees(&mut self, latest: Latest) -> bool {
        let ConditionalEntry { side, trigger, .. } = self.entry;
        let Some(price) = latest.of(self.entry.working) else { return false };
        let best = self.best.filter(|best| side.accepts(*best, price)).unwrap_or(price);
        self.best = Some(best);
        trigger.is_met(side, price, best) && (!self.entry.is_protected || latest.agree())
    }
}

/// Something happened to a conditional order. Tells it as it is after it, with the order that it
/// became.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConditionalReport {
    /// The conditional order.
    pub conditional: Conditional,
    /// What it became.
    pub order: Option<Order>,
}
