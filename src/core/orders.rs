//! The order state machine: what we asked for, what the venue said, what we therefore know.
//!
//! Must hold: an order stays here until the venue's own word makes it final; the totals by
//! instrument and by strategy always equal the sum over the orders that are not over, `Unknown`
//! ones included; a trade counts once, however often and in whatever order it is told.
//! Not here: whether an order may be made (the kernel), what a trade does to a position (the
//! portfolio).

mod absence;
mod amend;
mod life;
mod parents;
mod resting;
mod ring;
mod settling;
mod standing;
mod stuck;
mod table;
mod told;
mod totals;

pub(super) use amend::{Amend, Settled};
pub(super) use parents::{PARENTS_MAX, Parents, Under};
pub(super) use standing::{IntentKey, Standing};
pub(super) use stuck::Escalation;
pub(super) use totals::{Open, Totals};

use super::alert::Alert;
use super::attribution::Owner;
use super::digest::Digest;
use super::effect::{Command, Effect, Effects};
use super::safety::Approved;
use super::setup::Timing;
use super::slippage::Taken;
use crate::types::{
    ClientOrderId, ExecutionReport, Fill, InstrumentId, OrderStatus, OrderTerms, ParentId, Price,
    Purpose, Qty, Side, StrategyId, VenueOrder,
};
use absence::Absence;
use resting::Resting;
use ring::Ring;
use stuck::{Entry, Patience, Stuck};
use table::Table;
use told::Told;

/// Most orders alive at once. The configuration's own limit is far below (it is checked against
/// this one); the room above is for exits and for orders found at the venue.
pub const ORDERS_MAX: usize = 1 << 14;

/// How many orders that are over are remembered, for reports that come late: at 50 orders a second
/// this is ten seconds, twice the receive window of a venue.
const CLOSED_MAX: usize = 512;

/// One order and everything known about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: ClientOrderId,
    /// Whose wish it was; `None` for an exit of the operator or an order found at the venue.
    pub strategy: Option<StrategyId>,
    /// The parent under which it was placed, also once that is over.
    pub parent: Option<ParentId>,
    /// Its terms. Their purpose is what it is to the account.
    pub terms: OrderTerms,
    /// What it is to the ledger of its strategy (SAFETY E9).
    pub(super) toward: Purpose,
    /// So much of it lowered the net delta of its hedge group when it was approved (SAFETY E5).
    hedges_qty: Qty,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How much of it traded, by the trades that we were told of.
    pub cum_qty: Qty,
    /// How much of it traded, by the venue's other words; above `cum_qty` while trades are missing.
    pub claimed_qty: Qty,
    /// When it was handed to the sender, monotonic nanoseconds.
    pub sent_ns: u64,
    /// How much of it the position accounts for: trades that we were told of, and those that a
    /// reading of the account covered before we were.
    pub(super) settled_qty: Qty,
    /// When it was last asked to be taken back. What was asked for stays asked for, through every
    /// doubt, until the order is over.
    pub(super) canceled_ns: Option<u64>,
    /// When it must be looked at again: time to live, answer, retry.
    pub(super) deadline_ns: u64,
    /// The mid that the kernel saw when it approved it.
    pub(super) decision_mid: Option<Price>,
    /// Its rest was taken back because a part of it had traded.
    pub(super) rest_withdrawn: bool,
    /// What it took of the book.
    pub(super) taken: Taken,
    /// Who said that it is not there, and when.
    pub(super) absence: Absence,
    /// Questions after it that nobody has answered yet.
    pub(super) silences: u32,
    /// How long and how often it has been asked to go.
    pub(super) patience: Patience,
    /// What it may become, until the venue has said what it is.
    pub(super) amend: Option<Amend>,
    /// How often it was asked to become something else.
    amends: u32,
    /// When it last was, or what became of that was told.
    pub(super) amended_ns: u64,
    /// When the venue gave it its terms, by its own clock; 0 where it did not say.
    terms_unix_ms: u64,
    /// The worst price that it ever had or was to have.
    price_worst: Price,
}

impl Order {
    /// An order as it is when it is handed to the sender.
    pub fn sent(
        id: ClientOrderId,
        strategy: Option<StrategyId>,
        terms: OrderTerms,
        sent_ns: u64,
    ) -> Self {
        Self {
            id,
            strategy,
            parent: None,
            terms,
            toward: terms.purpose,
            hedges_qty: Qty::ZERO,
            status: OrderStatus::PendingNew,
            cum_qty: Qty::ZERO,
            claimed_qty: Qty::ZERO,
            sent_ns,
            settled_qty: Qty::ZERO,
            canceled_ns: None,
            deadline_ns: u64::MAX,
            decision_mid: None,
            rest_withdrawn: false,
            taken: Taken::default(),
            absence: Absence::default(),
            silences: 0,
            patience: Patience::default(),
            amend: None,
            amends: 0,
            amended_ns: 0,
            terms_unix_ms: 0,
            price_worst: terms.price,
        }
    }

    /// It lowers the net delta of its hedge group, whatever it is being amended to.
    pub(super) fn hedges(&self) -> bool {
        self.hedges_up_to(self.qty_most())
    }

    /// The same, if it were so much.
    pub(super) fn hedges_up_to(&self, qty: Qty) -> bool {
        Qty::ZERO < self.hedges_qty && qty <= self.hedges_qty
    }

    /// Whose trades its trades are.
    pub(super) fn owner(&self) -> Owner {
        match self.strategy {
            Some(strategy) => Owner::Strategy(strategy),
            None if self.is_resting_kind() => Owner::Nobody,
            None => Owner::Exit,
        }
    }

    /// True when it can rest in the book; else it trades at once or is over.
    pub fn is_resting_kind(&self) -> bool {
        self.terms.time_in_force.rests()
    }

    /// What may still trade of it, of an order that is being amended at most.
    pub fn remaining(&self) -> Qty {
        self.qty_most().saturating_sub(self.cum_qty).max(Qty::ZERO)
    }
}

/// What a report did to an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Applied {
    /// The order as it is afterwards.
    pub(super) order: Order,
    /// The trade, when it was told for the first time.
    pub(super) fill: Option<Fill>,
    /// How much of that trade the position does not account for yet.
    pub(super) unsettled: Qty,
    /// True when the status changed.
    pub(super) moved: bool,
    /// True when the venue filled more than was ordered.
    pub(super) overfilled: bool,
    /// What became of an amend of it.
    pub(super) amended: Option<Settled>,
    /// True when the other side of the trade was ours too (SAFETY T17).
    pub(super) meets_own: bool,
}

/// All orders of ours that are not over, the latest that are, and their totals.
#[derive(Debug)]
pub(super) struct Orders {
    live: Table,
    closed: Ring<Order>,
    /// By instrument. With the side, because two orders of ours that meet are one trade.
    trades: Vec<Told>,
    totals: Totals,
    standing: Standing,
    resting: Resting,
    parents: Parents,
    stuck: Stuck,
    timing: Timing,
    /// Earliest deadline of all orders; nothing is looked at before it.
    next_deadline_ns: u64,
}

impl Orders {
    pub(super) fn new(instruments: usize, strategies: usize, timing: Timing) -> Self {
        Self {
            live: Table::new(ORDERS_MAX),
            closed: Ring::new(CLOSED_MAX),
            trades: (0..instruments).map(|_| Told::new()).collect(),
            totals: Totals::new(instruments, strategies),
            standing: Standing::new(),
            resting: Resting::new(instruments),
            parents: Parents::new(strategies),
            stuck: Stuck::new(instruments),
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

    /// What the orders that are not over asked for.
    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The best price at which an order of ours may rest, whoever wished for it.
    pub(super) fn best_resting(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.resting.best(instrument, side)
    }

    pub(super) fn has_room(&self) -> bool {
        self.live.has_room()
    }

    /// Records an approved order as sent. Its id is new; it need not be the largest, because an
    /// order of a later epoch may have been found at the venue after the state was lost.
    pub(super) fn open(&mut self, approved: &Approved, now_ns: u64) {
        assert!(self.has_room(), "the kernel bounds live orders");
        let place = self.find(approved.id());
        assert!(place.is_err(), "an id is used once");
        let mut order = Order::sent(approved.id(), approved.strategy(), *approved.terms(), now_ns);
        (order.toward, order.parent) = (approved.toward(), approved.parent());
        if approved.hedges() {
            order.hedges_qty = order.terms.qty;
        }
        let answer_ns = now_ns.saturating_add(self.timing.answer_ns_max);
        order.deadline_ns = order.terms.expires_ns.unwrap_or(u64::MAX).min(answer_ns);
        self.insert(place.unwrap_or_else(|at| at), order);
    }

    /// Remembers the mid at which it was decided.
    pub(super) fn decided_at(&mut self, id: ClientOrderId, mid: Option<Price>) {
        if let Ok(at) = self.find(id) {
            self.live[at].decision_mid = mid;
        }
    }

    /// An order that waited for something leaves now: its answer is waited for from here on.
    pub(super) fn depart(&mut self, id: ClientOrderId, now_ns: u64) {
        let Ok(at) = self.find(id) else { return };
        let mut order = self.live[at];
        order.sent_ns = now_ns;
        let answer_ns = now_ns.saturating_add(self.timing.answer_ns_max);
        order.deadline_ns = order.terms.expires_ns.unwrap_or(u64::MAX).min(answer_ns);
        self.replace(at, order);
    }

    /// How long an answer is waited for.
    pub(super) fn answer_ns_max(&self) -> u64 {
        self.timing.answer_ns_max
    }

    /// Takes in an order of ours that stands at the venue and is not known here (an earlier epoch,
    /// a lost record). `false` when it is known already or there is no room.
    pub(super) fn adopt(&mut self, found: &VenueOrder, terms: OrderTerms, now_ns: u64) -> bool {
        let Some(id) = found.id() else { return false };
        let Err(at) = self.find(id) else { return false };
        if !self.has_room() {
            return false;
        }
        let mut order = Order::sent(id, None, terms, now_ns);
        order.cum_qty = found.cum_qty;
        // One that was given up stands all the same: it is remembered once, as alive.
        if let Some(given_up) = self.closed.iter_mut().find(|order| order.id == id) {
            order = Order { sent_ns: now_ns, ..*given_up };
            self.parents.count(order.parent, order.committed(), Qty::ZERO);
            given_up.id = ClientOrderId::default();
        }
        order.claimed_qty = order.claimed_qty.max(found.cum_qty);
        order.settled_qty = order.settled_qty.max(found.cum_qty);
        life::stand(&mut order, now_ns, &self.timing);
        self.insert(at, order);
        true
    }

    /// True when the order is over, as far as we remember.
    pub(super) fn is_over(&self, id: ClientOrderId) -> bool {
        self.find(id).is_err() && self.closed.iter().any(|order| order.id == id)
    }

    /// True while an exit of the operator is on its way whose fate is not in doubt.
    pub(super) fn is_exiting(&self, instrument: InstrumentId) -> bool {
        self.live.iter().any(|order| {
            let exit = order.strategy.is_none() && !order.is_resting_kind();
            exit && order.terms.instrument == instrument && order.status != OrderStatus::Unknown
        })
    }

    /// The order of that id, alive or lately over.
    pub(super) fn get(&self, id: ClientOrderId) -> Option<&Order> {
        match self.find(id) {
            Ok(at) => Some(&self.live[at]),
            Err(_) => self.closed.iter().find(|order| order.id == id),
        }
    }

    /// Applies a report about one of ours. `None` when nothing is known of the order, or it is one
    /// of another instrument; a trade of such an order is the caller's to count.
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
        if order.terms.instrument != report.instrument {
            return None;
        }
        let (before, settled, amend) = (order.status, order.settled_qty, order.amend);
        let committed = order.committed();
        let fresh = self.is_fresh(report);
        let meets_own = fresh && self.meets_own(report);
        let fill = life::apply(&mut order, report, fresh, now_ns, &self.timing);
        match known {
            Ok(at) => self.replace(at, order),
            Err(_) => {
                self.parents.count(order.parent, committed, order.committed());
                self.closed.update(|closed| closed.id == id, order);
            }
        }
        Some(Applied {
            order,
            fill,
            unsettled: order.settled_qty.saturating_sub(settled),
            moved: before != order.status,
            amended: Settled::of(amend, &order),
            overfilled: fill.is_some() && order.qty_most() < order.cum_qty,
            meets_own,
        })
    }

    /// Takes one order back. False when it is over or was asked to go before: that is repeated in
    /// its own time until the venue confirms it.
    pub(super) fn cancel(&mut self, id: ClientOrderId, now_ns: u64, effects: &mut Effects) -> bool {
        let Ok(at) = self.find(id) else { return false };
        let mut order = self.live[at];
        if order.canceled_ns.is_some() {
            return false;
        }
        life::take_back(&mut order, now_ns, &self.timing);
        self.replace(at, order);
        effects.push(Effect::Send(cancel_of(&order)));
        true
    }

    /// The same, because a part of it traded.
    pub(super) fn withdraw_rest(
        &mut self,
        id: ClientOrderId,
        now_ns: u64,
        effects: &mut Effects,
    ) -> bool {
        let asked = self.cancel(id, now_ns, effects);
        if let (true, Ok(at)) = (asked, self.find(id)) {
            self.live[at].rest_withdrawn = true;
        }
        asked
    }

    /// Takes back every order that is `unwanted` or outlives its parent, as far as the effects have
    /// room. True when none is left to ask for.
    pub(super) fn withdraw(
        &mut self,
        unwanted: impl Fn(&Order) -> bool,
        now_ns: u64,
        effects: &mut Effects,
    ) -> bool {
        for at in 0..self.live.len() {
            let order = self.live[at];
            let goes = unwanted(&order) || self.parents.is_outlived_by(&order);
            if order.canceled_ns.is_some() || !goes {
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
            let before = order.status;
            let command = life::on_deadline(&mut order, now_ns, &self.timing);
            self.stuck.observe(&mut order, now_ns, &self.timing);
            self.replace(at, order);
            effects.push(Effect::Send(command));
            if before != order.status && order.status == OrderStatus::Unknown {
                effects.push(Effect::Alert(Alert::OrderUnknown(order.id)));
            }
        }
        let deadlines = self.live.iter().map(|order| order.deadline_ns);
        self.next_deadline_ns = deadlines.min().unwrap_or(u64::MAX);
    }

    /// True while orders that do not go ask for something.
    pub(super) fn has_stuck(&self) -> bool {
        self.stuck.is_asking()
    }

    /// What the orders of an instrument that do not go ask for, once, and one of them.
    pub(super) fn take_stuck(
        &mut self,
        instrument: InstrumentId,
    ) -> Option<(Escalation, ClientOrderId)> {
        self.stuck.take(instrument)
    }

    /// Orders can be sent there again: what was asked for meanwhile may never have been heard.
    pub(super) fn on_link_up(&mut self, there: impl Fn(InstrumentId) -> bool, now_ns: u64) {
        self.stuck.set_entry(&there, Entry::Up);
        for at in 0..self.live.len() {
            if there(self.live[at].terms.instrument) {
                self.live[at].patience.begin_anew(now_ns);
            }
        }
    }

    /// The order-entry connection there is gone: what was not answered is unknown.
    pub(super) fn on_link_down(&mut self, there: impl Fn(InstrumentId) -> bool, now_ns: u64) {
        self.stuck.set_entry(&there, Entry::Down);
        for at in 0..self.live.len() {
            let mut order = self.live[at];
            if !there(order.terms.instrument) {
                continue;
            }
            self.lose_amend(at, now_ns);
            if order.status == OrderStatus::PendingNew {
                life::doubt(&mut order, now_ns, &self.timing);
                self.replace(at, order);
            }
        }
    }

    /// An order of ours that did not stand in a full reading of the account, asked for after it
    /// was sent: it is over or never arrived, and only a question about it tells which.
    pub(super) fn doubt_absent(&mut self, id: ClientOrderId, asked_ns: u64, now_ns: u64) {
        if let Ok(at) = self.find(id) {
            let mut order = self.live[at];
            order.absence.on_reading(asked_ns);
            life::doubt(&mut order, now_ns, &self.timing);
            order.deadline_ns = now_ns;
            self.replace(at, order);
        }
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        self.live.iter().fold(self.parents.digest(digest), |digest, order| {
            let to = order.amending().into_iter().flat_map(|to| [to.price.units(), to.qty.units()]);
            to.fold(digest, Digest::with)
                .with(order.id.epoch.into())
                .with(order.id.sequence.into())
                .with(order.status as i64)
                .with(order.cum_qty.units())
                .with(order.settled_qty.units())
                .with(order.terms.price.units())
                .with(order.terms.qty.units())
                .with_count(order.deadline_ns)
        })
    }

    fn find(&self, id: ClientOrderId) -> Result<usize, usize> {
        self.live.find(id)
    }

    fn insert(&mut self, at: usize, order: Order) {
        self.totals.add(&order);
        self.standing.add(&order);
        self.resting.add(&order);
        self.parents.count(order.parent, Qty::ZERO, order.committed());
        self.next_deadline_ns = self.next_deadline_ns.min(order.deadline_ns);
        self.live.insert(at, order);
    }

    /// Puts an order back after a change, keeps the totals, and moves it away when it is over.
    fn replace(&mut self, at: usize, order: Order) {
        let before = self.live[at];
        self.totals.remove(&before);
        self.parents.count(order.parent, before.committed(), order.committed());
        let is_over = order.status.is_final();
        if is_over || (before.terms, before.amending()) != (order.terms, order.amending()) {
            self.standing.remove(&before);
            self.resting.remove(&before);
            if !is_over {
                self.standing.add(&order);
                self.resting.add(&order);
            }
        }
        if is_over {
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

#[cfg(test)]
mod tests;
