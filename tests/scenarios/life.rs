//! What a journal tells of orders, order by order.

use super::script::{End, Seen};
use super::stage::Traded;
use std::collections::BTreeMap;
use tradekeel::core::safety::DenyReason;
use tradekeel::store::Record;
use tradekeel::types::{
    Cash, ClientOrderId, ExecutionKind, ExecutionReport, Fill, InstrumentId, OrderRef, OrderStatus,
    Price, Qty,
};

/// One wish of a strategy for an order, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) id: ClientOrderId,
    pub(crate) price: Price,
    /// In all, as the venue last said.
    pub(crate) qty: Qty,
    /// By the number of the trade.
    pub(crate) fills: BTreeMap<u64, Qty>,
    pub(crate) denied: Option<DenyReason>,
    /// Cancels and amends that left.
    pub(crate) cancels: usize,
    pub(crate) amends: usize,
    rests: bool,
    over: Option<End>,
}

impl Life {
    fn new(id: ClientOrderId, price: Price, qty: Qty, denied: Option<DenyReason>) -> Self {
        let (fills, rests, over) = (BTreeMap::new(), false, None);
        Self { id, price, qty, fills, denied, cancels: 0, amends: 0, rests, over }
    }

    pub(crate) fn traded(&self) -> Qty {
        self.fills.values().fold(Qty::ZERO, |sum, qty| sum.saturating_add(*qty))
    }

    pub(crate) fn end(&self) -> End {
        match self.over {
            _ if self.qty <= self.traded() => End::Filled,
            Some(end) => end,
            None if self.rests => End::Rests,
            None => End::Nowhere,
        }
    }

    pub(crate) fn is(&self, seen: Seen) -> bool {
        let qty = |text: &str| Qty::parse(text.as_bytes()).unwrap();
        match seen {
            Seen::Rests(in_all) => self.end() == End::Rests && self.qty == qty(in_all),
            Seen::Traded(so_much) => self.traded() == qty(so_much),
            Seen::Over => !matches!(self.end(), End::Rests | End::Nowhere),
        }
    }

    fn hear(&mut self, kind: &ExecutionKind) {
        match kind {
            ExecutionKind::New => self.rests = true,
            ExecutionKind::Stands { price, qty, .. }
            | ExecutionKind::Amended { price, qty, .. } => {
                (self.rests, self.price, self.qty) = (true, *price, *qty);
            }
            ExecutionKind::Trade(fill) | ExecutionKind::TradeFound(fill) => {
                self.fills.insert(fill.trade_id, fill.qty);
            }
            ExecutionKind::Canceled { .. } => self.over = Some(End::Canceled),
            ExecutionKind::Expired { .. } => self.over = Some(End::Expired),
            ExecutionKind::Rejected { .. } => self.over = Some(End::Rejected),
            ExecutionKind::Status { status: OrderStatus::Canceled, .. } => {
                self.over = Some(End::Canceled);
            }
            ExecutionKind::Status { status: OrderStatus::Expired, .. } => {
                self.over = Some(End::Expired);
            }
            ExecutionKind::Status { .. }
            | ExecutionKind::CancelRejected { .. }
            | ExecutionKind::NotSent(_)
            | ExecutionKind::OutcomeUnknown
            | ExecutionKind::NotFound
            | ExecutionKind::AmendRejected { .. }
            | ExecutionKind::AmendUnknown { .. }
            | ExecutionKind::AmendNotSent { .. } => {}
        }
    }
}

/// Every wish of a strategy for an order, in order.
pub(crate) fn lives(journal: &[Record]) -> Vec<Life> {
    let mut lives = Vec::new();
    journal.iter().for_each(|record| take(&mut lives, record));
    lives
}

fn take(lives: &mut Vec<Life>, record: &Record) {
    let about = |lives: &mut Vec<Life>, id: ClientOrderId, hear: &dyn Fn(&mut Life)| {
        lives.iter_mut().filter(|life| life.id == id).for_each(hear);
    };
    match record {
        Record::Order(order) if order.strategy.is_some() => {
            lives.push(Life::new(order.id, order.terms.price, order.terms.qty, None));
        }
        Record::Denied(denial) => {
            let (qty, reason) = (denial.request.qty, Some(denial.reason));
            lives.push(Life::new(denial.id, Price::ZERO, qty, reason));
        }
        Record::Execution(ExecutionReport { order: OrderRef::Ours(id), kind, .. }) => {
            about(lives, *id, &|life| life.hear(kind));
        }
        Record::Cancel { id, .. } => about(lives, *id, &|life| life.cancels += 1),
        Record::Amend(amend) => about(lives, amend.id, &|life| life.amends += 1),
        Record::AmendDenied(denial) => {
            about(lives, denial.id, &|life| life.denied = Some(denial.reason));
        }
        _ => {}
    }
}

/// How many orders were sent after a start.
pub(crate) fn sent(journal: &[Record], epoch: u32) -> u64 {
    let sent = |it: &&Record| matches!(it, Record::Order(order) if order.id.epoch == epoch);
    journal.iter().filter(sent).count().try_into().unwrap()
}

/// Every trade of an instrument that was heard of, whosever order it was of.
pub(crate) fn trades(journal: &[Record], of: InstrumentId) -> BTreeMap<u64, Traded> {
    let told = journal.iter().filter_map(|record| {
        let Record::Execution(report) = record else { return None };
        report.trade().filter(|_| report.instrument == of)
    });
    told.map(|fill| (fill.trade_id, traded(fill))).collect()
}

fn traded(fill: &Fill) -> Traded {
    let fee = fill.fee.map_or(Cash::ZERO, |fee| fee.amount);
    Traded { side: fill.side, price: fill.price, qty: fill.qty, fee }
}
