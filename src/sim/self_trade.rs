//! What becomes of two orders of one account that meet (USDⓈ-M sheet, section 5; Spot sheet,
//! section 5; the venue's pages on self-trade prevention).
//!
//! Must hold: the one that takes decides, whatever the one that rests said when it came; an order
//! that is kept from trading is over, and moves no money; a trade of an account with itself is one
//! for both orders, and leaves the position as it was.
//!
//! Decision: on contracts an order that fills or is killed trades with its own account: the venue's
//! page says that its self-trade prevention has no effect.

use super::exchange::Exchange;
use super::matching::Fill;
use super::order::{ExpiryReason, Order, OrderEntry, Prevention, Report, State};
use super::wallets::Ledger;
use crate::types::{Price, Qty, TimeInForce};

/// The self-trade prevention of an order.
///
/// Deliberately absent: `DECREMENT` and `TRANSFER`, which symbols on Spot may allow and these do
/// not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SelfTrade {
    /// They trade.
    None,
    /// The resting one goes.
    ExpireMaker,
    /// The taking one goes.
    ExpireTaker,
    /// Both go.
    ExpireBoth,
}

impl SelfTrade {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::ExpireMaker, Self::ExpireTaker, Self::ExpireBoth];

    /// The one of a word of the venue.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// The venue's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ExpireMaker => "EXPIRE_MAKER",
            Self::ExpireTaker => "EXPIRE_TAKER",
            Self::ExpireBoth => "EXPIRE_BOTH",
        }
    }
}

impl Exchange {
    /// An order that takes, of which so much is left to take, meets one of its own account.
    pub(super) fn meet_own(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        (taker, most): (&Order, Qty),
        resting: u64,
        out: &mut Vec<Report>,
    ) {
        let open = self.order_by_id(resting).filter(|order| order.state.is_open()).copied();
        let Some((maker, price)) = open.and_then(|maker| Some((maker, maker.entry.price?))) else {
            return;
        };
        let qty = most.min(self.fillable(slot, &maker));
        let mode = self.self_trade_of(&taker.entry);
        if mode == SelfTrade::None {
            return self.trade_with_own(now_unix_ms, slot, (taker, &maker), (price, qty), out);
        }
        self.last_prevention_id += 1;
        let id = self.last_prevention_id;
        let mut end = |ended: &Order, counter_id| {
            let prevention = Prevention { id, counter_id, price, qty };
            let state = State::Expired(ExpiryReason::SelfTrade(prevention));
            self.close(now_unix_ms, slot, ended.id, state, out);
        };
        if mode != SelfTrade::ExpireTaker {
            end(&maker, taker.id);
        }
        if mode != SelfTrade::ExpireMaker {
            end(taker, maker.id);
        }
    }

    /// What could be taken of a resting order of the own account; `None` where it ends the walk.
    pub(super) fn takeable_of_own(
        &self,
        slot: usize,
        taker: &OrderEntry,
        resting: u64,
    ) -> Option<Qty> {
        match self.self_trade_of(taker) {
            SelfTrade::None => self.order_by_id(resting).map(|order| self.fillable(slot, order)),
            SelfTrade::ExpireMaker => Some(Qty::ZERO),
            SelfTrade::ExpireTaker | SelfTrade::ExpireBoth => None,
        }
    }

    fn self_trade_of(&self, taker: &OrderEntry) -> SelfTrade {
        match (self.ledger, taker.time_in_force) {
            (Ledger::Contracts, TimeInForce::Fok) => SelfTrade::None,
            (Ledger::Contracts | Ledger::Wallets, _) => taker.self_trade,
        }
    }

    /// Both sides before anything that looks at the position: what reduces it is not to end between
    /// them.
    fn trade_with_own(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        (taker, maker): (&Order, &Order),
        (price, qty): (Price, Qty),
        out: &mut Vec<Report>,
    ) {
        if Qty::ZERO < qty {
            self.execute(now_unix_ms, slot, maker.id, Fill::made(price, qty), out);
            self.execute(now_unix_ms, slot, taker.id, Fill::taken(price, qty), out);
        }
    }
}
