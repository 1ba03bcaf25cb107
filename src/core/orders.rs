//! The order state machine: what we asked for, what the venue said, what we therefore know.
//!
//! Must hold: an order stays here until the venue's own word makes it final; the totals by
//! instrument and by strategy always equal the sum over the orders that are not over, `Unknown`
//! ones included; a trade counts once, however often and in whatever order it is told.
//! Not here: whether an order may be made (the kernel), what a trade does to a position (the
//! portfolio).

mod life;
mod totals;

pub(super) use totals::{Open, Totals};

use super::digest::Digest;
use super::effect::{Command, Effect, Effects};
use super::safety::Approved;
use super::setup::Timing;
use crate::types::{
    ClientOrderId, ExecutionReport, Fill, OrderStatus, OrderTerms, Purpose, Qty, StrategyId,
    VenueOrder,
};

/// Most orders alive at once. The configuration's own limit is far below (it is checked against
/// this one); the room above is for exits and for orders found at the venue.
pub const ORDERS_MAX: usize = 1_024;

/// How many orders that are over are remembered, for reports that come late: at 50 orders a second
/// this is ten seconds, twice the receive window of a venue.
const CLOSED_MAX: usize = 512;

/// How many trade numbers are remembered per instrument against trades told twice: the venue
/// repeats a trade within one connection's replay, which is far shorter.
const TRADES_MAX: usize = 256;

/// One order and everything known about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: ClientOrderId,
    /// Whose wish it was; `None` for an exit of the operator or an order found at the venue.
    pub strategy: Option<StrategyId>,
    /// Its terms.
    pub terms: OrderTerms,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How much of it traded, by the trades that we were told of.
    pub cum_qty: Qty,
    /// How much of it traded, by the venue's other words; above `cum_qty` while trades are missing.
    pub claimed_qty: Qty,
    /// When it was handed to the sender, monotonic nanoseconds.
    pub sent_ns: u64,
    /// When it must be looked at again: time to live, answer, retry.
    pub deadline_ns: u64,
    /// How often the venue said that it does not know it.
    pub not_found: u8,
}

impl Order {
    /// What may still trade of it.
    pub fn remaining(&self) -> Qty {
        self.terms.qty.saturating_sub(self.cum_qty).max(Qty::ZERO)
    }
}

/// What a report did to an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Applied {
    /// The order as it is afterwards.
    pub(super) order: Order,
    /// The trade, when it was told for the first time.
    pub(super) fill: Option<Fill>,
    /// True when the status changed.
    pub(super) moved: bool,
    /// True when the venue filled more than was ordered.
    pub(super) overfilled: bool,
}

/// All orders of ours that are not over, the latest that are, and their totals.
#[derive(Debug)]
pub(super) struct Orders {
    /// Sorted by id: new ids are the largest.
    live: Vec<Order>,
    closed: Ring<Order>,
    trades: Vec<Ring<u64>>,
    totals: Totals,
    timing: Timing,
    /// Earliest deadline of all orders; nothing is looked at before it.
    next_deadline_ns: u64,
}

impl Orders {
    pub(super) fn new(instruments: usize, strategies: usize, timing: Timing) -> Self {
        Self {
            live: Vec::with_capacity(ORDERS_MAX),
            closed: Ring::new(CLOSED_MAX),
            trades: (0..instruments).map(|_| Ring::new(TRADES_MAX)).collect(),
            totals: Totals::new(instruments, strategies),
            timing,
            next_deadline_ns: u64::MAX,
        }
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.iter()
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(super) fn has_room(&self) -> bool {
        self.live.len() < ORDERS_MAX
    }

    /// Records an approved order as sent. Its id must be larger than all before.
    pub(super) fn open(&mut self, approved: &Approved, now_ns: u64) {
        assert!(self.has_room(), "the kernel bounds live orders");
        let ordered = self.live.last().is_none_or(|last| last.id < approved.id());
        assert!(ordered, "ids rise");
        let terms = *approved.terms();
        let answer_ns = now_ns.saturating_add(self.timing.answer_ns_max);
        let deadline_ns = terms.expires_ns.unwrap_or(u64::MAX).min(answer_ns);
        self.insert(
            self.live.len(),
            Order {
                id: approved.id(),
                strategy: approved.strategy(),
                terms,
                status: OrderStatus::PendingNew,
                cum_qty: Qty::ZERO,
                claimed_qty: Qty::ZERO,
                sent_ns: now_ns,
                deadline_ns,
                not_found: 0,
            },
        );
    }

    /// Takes in an order of ours that stands at the venue and is not known here (an earlier epoch,
    /// a lost record). `false` when it is known already or there is no room.
    pub(super) fn adopt(&mut self, found: &VenueOrder, terms: OrderTerms, now_ns: u64) -> bool {
        let Some(id) = found.id() else { return false };
        let Err(at) = self.find(id) else { return false };
        if !self.has_room() {
            return false;
        }
        let status = OrderStatus::New;
        self.insert(
            at,
            Order {
                id,
                strategy: None,
                terms,
                status,
                cum_qty: found.cum_qty,
                claimed_qty: found.cum_qty,
                sent_ns: now_ns,
                deadline_ns: u64::MAX,
                not_found: 0,
            },
        );
        true
    }

    /// The order of that id, alive or lately over.
    pub(super) fn get(&self, id: ClientOrderId) -> Option<&Order> {
        match self.find(id) {
            Ok(at) => self.live.get(at),
            Err(_) => self.closed.iter().find(|order| order.id == id),
        }
    }

    /// Applies a report about one of ours. `None` when nothing is known of the order; a trade of
    /// such an order is the caller's to count.
    pub(super) fn apply(
        &mut self,
        id: ClientOrderId,
        report: &ExecutionReport,
        now_ns: u64,
    ) -> Option<Applied> {
        let known = self.find(id);
        let mut order = match known {
            Ok(at) => self.live[at],
            Err(_) => *self.closed.iter().find(|order| order.id == id)?,
        };
        let before = order.status;
        let fresh = self.is_fresh(report);
        let fill = life::apply(&mut order, report, fresh, now_ns, &self.timing);
        match known {
            Ok(at) => self.replace(at, order),
            Err(_) => self.closed.update(|closed| closed.id == id, order),
        }
        Some(Applied {
            order,
            fill,
            moved: before != order.status,
            overfilled: fill.is_some() && order.terms.qty < order.cum_qty,
        })
    }

    /// False when the report is a trade that was told before. Remembers it.
    pub(super) fn is_fresh(&mut self, report: &ExecutionReport) -> bool {
        let crate::types::ExecutionKind::Trade(fill) = report.kind else { return true };
        let Some(seen) = self.trades.get_mut(report.instrument.index()) else { return false };
        let fresh = !seen.iter().any(|id| *id == fill.trade_id);
        if fresh {
            seen.push(fill.trade_id);
        }
        fresh
    }

    /// Takes one order back. False when it is over or a cancel is under way.
    pub(super) fn cancel(&mut self, id: ClientOrderId, now_ns: u64, effects: &mut Effects) -> bool {
        let Ok(at) = self.find(id) else { return false };
        let mut order = self.live[at];
        if order.status == OrderStatus::PendingCancel {
            return false;
        }
        order.status = OrderStatus::PendingCancel;
        order.deadline_ns = now_ns.saturating_add(self.timing.cancel_retry_ns);
        self.replace(at, order);
        effects.push(Effect::Send(cancel_of(&order)));
        true
    }

    /// Takes back every opening order that `wanted` names, as far as the effects have room. True
    /// when none is left to ask for. Reducing and protective orders stay (SAFETY E1).
    pub(super) fn cancel_opening(
        &mut self,
        wanted: impl Fn(&Order) -> bool,
        now_ns: u64,
        effects: &mut Effects,
    ) -> bool {
        for at in 0..self.live.len() {
            let order = self.live[at];
            let asked = order.status == OrderStatus::PendingCancel;
            if asked || order.terms.purpose != Purpose::Opening || !wanted(&order) {
                continue;
            }
            if effects.room() == 0 {
                return false;
            }
            self.cancel(order.id, now_ns, effects);
        }
        true
    }

    /// Does what time asks for: cancels what has lived long enough, asks after what has no answer,
    /// repeats what was not confirmed. Looks at nothing before the earliest deadline.
    pub(super) fn on_time(&mut self, now_ns: u64, effects: &mut Effects) {
        if now_ns < self.next_deadline_ns {
            return;
        }
        for at in 0..self.live.len() {
            let mut order = self.live[at];
            if now_ns < order.deadline_ns {
                continue;
            }
            if effects.room() == 0 {
                return;
            }
            let command = life::on_deadline(&mut order, now_ns, &self.timing);
            self.replace(at, order);
            effects.push(Effect::Send(command));
        }
        let deadlines = self.live.iter().map(|order| order.deadline_ns);
        self.next_deadline_ns = deadlines.min().unwrap_or(u64::MAX);
    }

    /// The order-entry connection is gone: what was not answered is unknown.
    pub(super) fn on_link_down(&mut self, now_ns: u64) {
        for at in 0..self.live.len() {
            let mut order = self.live[at];
            if order.status == OrderStatus::PendingNew {
                life::doubt(&mut order, now_ns, &self.timing);
                self.replace(at, order);
            }
        }
    }

    /// An order of ours that did not stand in a full reading of the account, asked for after it
    /// was sent: it is over or never arrived, and only a question about it tells which.
    pub(super) fn doubt_absent(&mut self, id: ClientOrderId, now_ns: u64) {
        if let Ok(at) = self.find(id) {
            let mut order = self.live[at];
            life::doubt(&mut order, now_ns, &self.timing);
            order.deadline_ns = now_ns;
            self.replace(at, order);
        }
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        self.live.iter().fold(digest, |digest, order| {
            digest
                .with(order.id.epoch.into())
                .with(order.id.sequence.into())
                .with(order.status as i64)
                .with(order.cum_qty.units())
                .with(order.terms.price.units())
                .with(order.terms.qty.units())
                .with_count(order.deadline_ns)
        })
    }

    fn find(&self, id: ClientOrderId) -> Result<usize, usize> {
        self.live.binary_search_by_key(&id, |order| order.id)
    }

    fn insert(&mut self, at: usize, order: Order) {
        self.totals.add(&order);
        self.next_deadline_ns = self.next_deadline_ns.min(order.deadline_ns);
        self.live.insert(at, order);
    }

    /// Puts an order back after a change, keeps the totals, and moves it away when it is over.
    fn replace(&mut self, at: usize, order: Order) {
        self.totals.remove(&self.live[at]);
        if order.status.is_final() {
            self.live.remove(at);
            self.closed.push(order);
            return;
        }
        self.totals.add(&order);
        self.next_deadline_ns = self.next_deadline_ns.min(order.deadline_ns);
        self.live[at] = order;
    }
}

fn cancel_of(order: &Order) -> Command {
    Command::Cancel { id: order.id, instrument: order.terms.instrument }
}

/// The latest of something, in memory taken once.
#[derive(Debug)]
struct Ring<T> {
    items: Vec<T>,
    next: usize,
    max: usize,
}

impl<T: Copy> Ring<T> {
    fn new(max: usize) -> Self {
        Self { items: Vec::with_capacity(max), next: 0, max }
    }

    fn push(&mut self, item: T) {
        if self.items.len() < self.max {
            self.items.push(item);
        } else {
            self.items[self.next] = item;
        }
        self.next = (self.next + 1) % self.max;
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    fn update(&mut self, which: impl Fn(&T) -> bool, with: T) {
        if let Some(item) = self.items.iter_mut().find(|item| which(item)) {
            *item = with;
        }
    }
}
