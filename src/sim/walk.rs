//! What an order meets that takes: the levels of the market, and the resting orders of its own
//! account between them.
//!
//! Must hold: best price first; at one price what stood there before an own order comes before it,
//! what came later after it.

use super::book::Book;
use super::exchange::{AccountIndex, Exchange};
use super::order::OrderEntry;
use crate::types::{Level, Price, Qty, Side};
use std::collections::VecDeque;

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Offer {
    /// So much of the market; never nothing.
    Market(Level),
    /// A resting order of the same account.
    Own(u64),
}

/// A resting order of the account.
#[derive(Clone, Copy, Debug)]
struct Own {
    id: u64,
    price: Price,
    /// What of the market is before it at its price.
    ahead: Qty,
}

/// A walk through the opposite side, from the touch to the limit of whoever takes.
#[derive(Debug)]
pub(super) struct Walk {
    side: Side,
    limit: Option<Price>,
    /// Best price first, then oldest.
    own: VecDeque<Own>,
    /// What is left of the level at which the walk is.
    level: Option<Level>,
    /// The price of that level, or of the last one.
    at: Option<Price>,
    /// How much of that level came already.
    passed: Qty,
}

impl Exchange {
    /// The walk of an order, before its first step.
    pub(super) fn walk(&self, slot: usize, account: AccountIndex, entry: &OrderEntry) -> Walk {
        let side = entry.side;
        let farthest = match side {
            Side::Buy => Price::MAX,
            Side::Sell => Price::ZERO,
        };
        let reached = self.reached_by(slot, side.opposite(), entry.price.unwrap_or(farthest));
        let orders = reached.into_iter().filter_map(|id| self.order_by_id(id));
        let own = orders.filter(|order| order.account == account).filter_map(|order| {
            let price = order.entry.price?;
            let ahead = order.ahead.saturating_sub(self.books[slot].taken(side, price));
            Some(Own { id: order.id, price, ahead })
        });
        let (own, passed) = (own.collect(), Qty::ZERO);
        Walk { side, limit: entry.price, own, level: None, at: None, passed }
    }
}

impl Walk {
    /// One step; `None` at the end.
    pub(super) fn next(&mut self, book: &Book) -> Option<Offer> {
        self.reach(book);
        let (Some(own), level) = (self.own.front().copied(), self.level) else {
            return self.level.take().map(Offer::Market);
        };
        match level.map(|level| (level, self.before(own, level))) {
            Some((level, qty)) if Qty::ZERO < qty => {
                let left = level.qty.saturating_sub(qty);
                self.level = (Qty::ZERO < left).then_some(Level { qty: left, ..level });
                self.passed = self.passed.saturating_add(qty);
                Some(Offer::Market(Level { qty, ..level }))
            }
            Some(_) | None => {
                self.own.pop_front();
                Some(Offer::Own(own.id))
            }
        }
    }

    /// True where an order of the same account lies within the limit.
    pub(super) fn meets_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// Goes to the next level that has something left, where none is begun.
    fn reach(&mut self, book: &Book) {
        while self.level.is_none() {
            let next = book.offer(self.side, self.at);
            let within = |it: &Level| self.limit.is_none_or(|at| self.side.accepts(it.price, at));
            let Some(level) = next.filter(within) else { return };
            (self.at, self.passed) = (Some(level.price), Qty::ZERO);
            self.level = Some(level).filter(|level| Qty::ZERO < level.qty);
        }
    }

    /// What of a level comes before an own order.
    fn before(&self, own: Own, level: Level) -> Qty {
        if own.price == level.price {
            return own.ahead.saturating_sub(self.passed).max(Qty::ZERO).min(level.qty);
        }
        match self.side.accepts(level.price, own.price) {
            true => level.qty,
            false => Qty::ZERO,
        }
    }
}
