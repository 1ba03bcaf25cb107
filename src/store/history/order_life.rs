//! Where an order stands, from one word of the venue to the next, for people who look back.
//!
//! Must hold: what is over stays over, but for a trade that was told late and completes it; an
//! order of which nobody knows is `unknown` until the venue says. Not here: what binds trading
//! (`core/orders`), which also counts silence and witnesses.

use crate::types::{ExecutionKind, OrderStatus, Price, Qty};

/// An order as it stands in a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Standing {
    pub(super) status: OrderStatus,
    pub(super) price: Price,
    pub(super) qty: Qty,
    pub(super) filled: Qty,
    pub(super) reason: Option<String>,
}

/// Every status with its word.
const WORDS: [(OrderStatus, &str); 10] = [
    (OrderStatus::PendingNew, "pending_new"),
    (OrderStatus::New, "new"),
    (OrderStatus::PartiallyFilled, "partially_filled"),
    (OrderStatus::PendingCancel, "pending_cancel"),
    (OrderStatus::Unknown, "unknown"),
    (OrderStatus::Filled, "filled"),
    (OrderStatus::Canceled, "canceled"),
    (OrderStatus::Expired, "expired"),
    (OrderStatus::Rejected, "rejected"),
    (OrderStatus::NotSent, "not_sent"),
];

/// The word of a status.
pub(super) fn word(status: OrderStatus) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == status).map_or("unknown", |(_, word)| word)
}

/// The status of a word that was written here.
pub(super) fn status(word: &str) -> Option<OrderStatus> {
    WORDS.iter().find(|(_, known)| *known == word).map(|(status, _)| *status)
}

impl Standing {
    /// The venue's word, or ours. `traded` is the sum of all trades that are known.
    pub(super) fn hear(&mut self, kind: &ExecutionKind, traded: Qty) {
        match kind {
            ExecutionKind::New => self.stands(),
            ExecutionKind::Trade(fill) => self.trade(fill.cum_qty.max(traded)),
            ExecutionKind::TradeFound(_) => self.trade(traded),
            ExecutionKind::Canceled { cum_qty } => self.ends(OrderStatus::Canceled, *cum_qty),
            ExecutionKind::Expired { cum_qty } => self.ends(OrderStatus::Expired, *cum_qty),
            ExecutionKind::Rejected { code } => {
                self.refused(OrderStatus::Rejected, format!("the exchange's code {code}"));
            }
            ExecutionKind::NotSent(why) => self.refused(OrderStatus::NotSent, format!("{why:?}")),
            ExecutionKind::OutcomeUnknown => {
                if self.status == OrderStatus::PendingNew {
                    self.status = OrderStatus::Unknown;
                }
            }
            ExecutionKind::Status { status, cum_qty } if status.is_final() => {
                self.ends(*status, *cum_qty);
            }
            ExecutionKind::Status { cum_qty, .. } => {
                self.filled = self.filled.max(*cum_qty);
                self.stands();
            }
            ExecutionKind::NotFound => {
                if !self.status.is_final() {
                    self.reason = Some("the exchange does not know it".to_owned());
                }
            }
            ExecutionKind::Stands { price, qty, cum_qty }
            | ExecutionKind::Amended { price, qty, cum_qty } => {
                (self.price, self.qty) = (*price, *qty);
                self.filled = self.filled.max(*cum_qty);
                self.stands();
            }
            ExecutionKind::CancelRejected { .. }
            | ExecutionKind::AmendRejected { .. }
            | ExecutionKind::AmendUnknown { .. }
            | ExecutionKind::AmendNotSent { .. } => {}
        }
    }

    fn stands(&mut self) {
        if self.status.is_final() {
            return;
        }
        self.reason = None;
        self.status = match Qty::ZERO < self.filled {
            true => OrderStatus::PartiallyFilled,
            false => OrderStatus::New,
        };
        self.complete();
    }

    fn trade(&mut self, filled: Qty) {
        self.filled = self.filled.max(filled);
        self.stands();
        self.complete();
    }

    fn ends(&mut self, status: OrderStatus, filled: Qty) {
        self.filled = self.filled.max(filled);
        if !self.status.is_final() {
            (self.status, self.reason) = (status, None);
        }
        self.complete();
    }

    fn refused(&mut self, status: OrderStatus, reason: String) {
        if !self.status.is_final() {
            (self.status, self.reason) = (status, Some(reason));
        }
    }

    /// All of it traded, whatever else was said.
    fn complete(&mut self) {
        if self.qty <= self.filled {
            (self.status, self.reason) = (OrderStatus::Filled, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Fill, Liquidity, NotSentReason, Side};

    fn sent() -> Standing {
        Standing {
            status: OrderStatus::PendingNew,
            price: Price::whole(100),
            qty: Qty::whole(3),
            filled: Qty::ZERO,
            reason: None,
        }
    }

    fn fill(cum: i32) -> Fill {
        Fill {
            trade_id: 1,
            side: Side::Buy,
            price: Price::whole(100),
            qty: Qty::whole(1),
            cum_qty: Qty::whole(cum),
            fee: None,
            liquidity: Liquidity::Maker,
        }
    }

    /// Words with how much had traded; what they come to.
    type Row<'a> = (&'a [(ExecutionKind, i32)], &'static str, i32);

    /// What it came to, with how much traded.
    fn after(words: &[(ExecutionKind, i32)]) -> (&'static str, Qty) {
        let mut order = sent();
        for (kind, traded) in words {
            order.hear(kind, Qty::whole(*traded));
        }
        (word(order.status), order.filled)
    }

    #[test]
    fn a_life_ends_as_the_venue_says() {
        use ExecutionKind::{Canceled, Expired, New, NotFound, OutcomeUnknown, Status};
        let canceled = |cum| Canceled { cum_qty: Qty::whole(cum) };
        let trade = |cum| ExecutionKind::Trade(fill(cum));
        let found = ExecutionKind::TradeFound(fill(1));
        let is = |status, cum| Status { status, cum_qty: Qty::whole(cum) };
        let rows: [Row<'_>; 13] = [
            (&[], "pending_new", 0),
            (&[(New, 0)], "new", 0),
            (&[(New, 0), (trade(1), 1)], "partially_filled", 1),
            (&[(trade(1), 1), (New, 1)], "partially_filled", 1),
            (&[(trade(3), 1)], "filled", 3),
            (&[(New, 0), (canceled(1), 0)], "canceled", 1),
            (&[(canceled(0), 0), (New, 0), (OutcomeUnknown, 0)], "canceled", 0),
            (&[(canceled(2), 0), (trade(3), 3)], "filled", 3),
            (&[(found, 1), (found, 2), (found, 3)], "filled", 3),
            (&[(OutcomeUnknown, 0), (NotFound, 0)], "unknown", 0),
            (&[(OutcomeUnknown, 0), (is(OrderStatus::New, 0), 0)], "new", 0),
            (&[(OutcomeUnknown, 0), (is(OrderStatus::Expired, 1), 0)], "expired", 1),
            (&[(New, 0), (OutcomeUnknown, 0), (Expired { cum_qty: Qty::ZERO }, 0)], "expired", 0),
        ];
        for (words, expected, filled) in rows {
            assert_eq!(after(words), (expected, Qty::whole(filled)), "{words:?}");
        }
    }

    #[test]
    fn a_refusal_says_why_and_an_amend_changes_the_terms() {
        let mut order = sent();
        order.hear(&ExecutionKind::Rejected { code: -2019 }, Qty::ZERO);
        assert_eq!(order.reason.as_deref(), Some("the exchange's code -2019"));
        let mut order = sent();
        order.hear(&ExecutionKind::NotSent(NotSentReason::LinkDown), Qty::ZERO);
        assert_eq!((word(order.status), order.reason.as_deref()), ("not_sent", Some("LinkDown")));
        let mut order = sent();
        let (price, qty) = (Price::whole(101), Qty::whole(2));
        order.hear(&ExecutionKind::Amended { price, qty, cum_qty: Qty::whole(1) }, Qty::ZERO);
        assert_eq!((order.price, order.qty, word(order.status)), (price, qty, "partially_filled"));
    }

    #[test]
    fn every_status_has_a_word_of_its_own() {
        for (known, text) in WORDS {
            assert_eq!((word(known), status(text)), (text, Some(known)));
        }
        assert_eq!(status("gone"), None);
    }
}
