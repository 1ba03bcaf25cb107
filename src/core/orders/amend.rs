//! An order on its way to become another: both terms count until the venue says which hold (SAFETY
//! E14, P30).
//!
//! Must hold: one amend of an order is on its way at a time; until the venue's own word the larger
//! quantity counts, and at both prices it may rest; what was refused, or never left, leaves the old
//! terms; an amend whose answer is lost is asked after and never given up by time alone.
//!
//! Decision: that an order stands as before says only that the amend has not arrived yet. It is
//! believed when it could not arrive any more and was said twice, as with an order that is not
//! found (SAFETY E11). Terms that nobody here asked for count as an amend on its way, and a
//! question tells: a late word about an earlier amend looks the same.

use super::life::{answer, doubt_now, stand};
use super::{Order, Orders};
use crate::core::safety::ApprovedAmend;
use crate::core::setup::Timing;
use crate::types::{
    Amendment, ExecutionKind, ExecutionReport, OrderStatus, Price, Qty, VenueOrder, amend_number,
};

/// How often the venue must say that an order stands as before.
const AS_BEFORE_WITNESSES: u8 = 2;

/// What an order is to become, or may have become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::core) struct Amend {
    pub(super) to: Amendment,
    number: u8,
    /// When it was handed to the sender; `None` for terms that nobody here asked for.
    sent_ns: Option<u64>,
    /// Its answer is lost, or no answer is to come.
    pub(super) is_doubtful: bool,
    /// How often the venue said that the order stands as before.
    as_before: u8,
}

impl Amend {
    /// Terms that the venue told and nobody here asked for.
    fn heard(to: Amendment) -> Self {
        Self { to, number: u8::MAX, sent_ns: None, is_doubtful: true, as_before: 0 }
    }

    /// The order was just said to stand as before: it will. Of terms that were only heard nothing
    /// is under way.
    fn is_refuted(&self, now_ns: u64, timing: &Timing) -> bool {
        let Some(sent_ns) = self.sent_ns else { return true };
        let too_late = sent_ns.saturating_add(timing.not_found_final_ns) <= now_ns;
        too_late && AS_BEFORE_WITNESSES <= self.as_before
    }

    /// When its answer is overdue.
    pub(super) fn answer_due_ns(&self, timing: &Timing) -> u64 {
        let waits = self.sent_ns.filter(|_| !self.is_doubtful);
        waits.map_or(u64::MAX, |sent_ns| sent_ns.saturating_add(timing.answer_ns_max))
    }
}

/// What became of an amend.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::core) enum Settled {
    /// The order has these terms.
    Done(Amendment),
    /// It has those from before.
    Refused,
}

impl Settled {
    /// An amend that was on its way, and the order after a word of the venue.
    pub(super) fn of(amend: Option<Amend>, order: &Order) -> Option<Self> {
        let amend = amend.filter(|_| order.amend.is_none())?;
        let is_done = order.terms.amendable() == amend.to;
        Some(if is_done { Self::Done(amend.to) } else { Self::Refused })
    }
}

impl Order {
    /// What it is to become, while the venue has not said whether it has.
    pub fn amending(&self) -> Option<Amendment> {
        self.amend.map(|amend| amend.to)
    }

    /// How much it can be of, at most.
    pub fn qty_most(&self) -> Qty {
        self.amending().map_or(self.terms.qty, |to| self.terms.qty.max(to.qty))
    }

    /// The prices at which it may stand.
    pub(super) fn prices(&self) -> impl Iterator<Item = Price> {
        [Some(self.terms.price), self.amending().map(|to| to.price)].into_iter().flatten()
    }

    /// The price that a trade of it may have had at worst: of an amended order, trades are told
    /// late that were made at an earlier price.
    pub(in crate::core) fn price_worst(&self) -> Price {
        self.price_worst
    }

    /// How often it was asked to become something else.
    pub(in crate::core) fn amends(&self) -> u32 {
        self.amends
    }

    /// It may come to stand so.
    fn may_become(&mut self, amend: Amend) {
        if self.terms.side.accepts(self.price_worst, amend.to.price) {
            self.price_worst = amend.to.price;
        }
        self.amend = Some(amend);
    }
}

/// Applies a word about an amend, or about the terms of an order.
pub(super) fn apply(order: &mut Order, report: &ExecutionReport, now_ns: u64, timing: &Timing) {
    let word = Word { unix_ms: report.transact_unix_ms.unwrap_or(0), now_ns, timing };
    match report.kind {
        ExecutionKind::Amended { price, qty, cum_qty } => {
            order.claimed_qty = order.claimed_qty.max(cum_qty);
            hear(order, Amendment { price, qty }, &word);
        }
        ExecutionKind::Stands { price, qty, cum_qty } => {
            learn(order, Amendment { price, qty }, &word);
            answer(order, OrderStatus::New, cum_qty, now_ns, timing);
        }
        ExecutionKind::AmendRejected { number, .. } => {
            // Why it was refused may be that the order is over.
            if is_of(order, number) && settle(order, order.terms.amendable(), &word) {
                doubt_unless_going(order, now_ns, timing);
            }
        }
        ExecutionKind::AmendNotSent { number, .. } => {
            let _ = is_of(order, number) && settle(order, order.terms.amendable(), &word);
        }
        ExecutionKind::AmendUnknown { number } => {
            if is_of(order, number) {
                lose(order, now_ns, timing);
            }
        }
        ExecutionKind::New
        | ExecutionKind::Trade(_)
        | ExecutionKind::TradeFound(_)
        | ExecutionKind::Canceled { .. }
        | ExecutionKind::Expired { .. }
        | ExecutionKind::Rejected { .. }
        | ExecutionKind::CancelRejected { .. }
        | ExecutionKind::NotSent(_)
        | ExecutionKind::OutcomeUnknown
        | ExecutionKind::Status { .. }
        | ExecutionKind::NotFound => {}
    }
}

/// When something was said.
struct Word<'a> {
    /// By the venue's own clock; 0 where it does not say.
    unix_ms: u64,
    now_ns: u64,
    timing: &'a Timing,
}

/// Nobody knows whether the order was amended: it is asked after.
pub(super) fn lose(order: &mut Order, now_ns: u64, timing: &Timing) {
    if let Some(amend) = &mut order.amend {
        amend.is_doubtful = true;
    }
    doubt_unless_going(order, now_ns, timing);
}

/// One that is to go anyway says how it stands when it goes.
fn doubt_unless_going(order: &mut Order, now_ns: u64, timing: &Timing) {
    if order.canceled_ns.is_none() {
        doubt_now(order, now_ns, timing);
    }
}

/// True while that amend is on its way; a word about an earlier one moves nothing.
fn is_of(order: &Order, number: u8) -> bool {
    !order.status.is_final() && order.amend.is_some_and(|amend| amend.number == number)
}

/// The venue says by itself, or to the amend, that the order has other terms. What it said of
/// earlier ones may come late.
fn hear(order: &mut Order, told: Amendment, word: &Word<'_>) {
    let is_old = 0 < word.unix_ms && word.unix_ms < order.terms_unix_ms;
    if order.status.is_final() || is_old || told == order.terms.amendable() {
        return;
    }
    match order.amend {
        Some(amend) if amend.to == told => {
            settle(order, told, word);
        }
        Some(_) => {
            order.terms.qty = order.terms.qty.max(told.qty);
            lose(order, word.now_ns, word.timing);
        }
        None => {
            order.may_become(Amend::heard(told));
            lose(order, word.now_ns, word.timing);
        }
    }
}

/// The venue was asked, and says how the order stands.
fn learn(order: &mut Order, told: Amendment, word: &Word<'_>) {
    if order.status.is_final() {
        return;
    }
    let Some(mut amend) = order.amend else { return hear(order, told, word) };
    if amend.to == told {
        settle(order, told, word);
    } else if order.terms.amendable() == told {
        amend.as_before = amend.as_before.saturating_add(1);
        order.amend = Some(amend);
        if amend.is_refuted(word.now_ns, word.timing) {
            settle(order, told, word);
        }
    } else {
        // Somebody else amended it; ours may still arrive.
        order.may_become(Amend { to: told, ..amend });
        (order.amend, order.terms) = (Some(amend), order.terms.amended(told));
    }
}

/// It stands so, and no amend is on its way any more; one that had traded as much is filled. True
/// while it is not over.
fn settle(order: &mut Order, terms: Amendment, word: &Word<'_>) -> bool {
    order.terms = order.terms.amended(terms);
    order.amend = None;
    order.amended_ns = word.now_ns;
    order.terms_unix_ms = order.terms_unix_ms.max(word.unix_ms);
    if order.terms.qty <= order.cum_qty {
        order.status = OrderStatus::Filled;
    } else {
        stand(order, word.now_ns, word.timing);
    }
    !order.status.is_final()
}

impl Orders {
    /// Records an approved amend as sent: from here on both terms count.
    pub(in crate::core) fn amend(
        &mut self,
        approved: &ApprovedAmend,
        mid: Option<Price>,
        now_ns: u64,
    ) {
        let Ok(at) = self.find(approved.id()) else { return };
        let mut order = self.live[at];
        assert!(order.amend.is_none(), "the kernel lets one amend of an order go at a time");
        let number = amend_number(order.amends);
        assert!(number == approved.number(), "the kernel counted the same amends");
        let to = approved.terms().amendable();
        let sent_ns = Some(now_ns);
        order.may_become(Amend { to, number, sent_ns, is_doubtful: false, as_before: 0 });
        order.amends = order.amends.saturating_add(1);
        order.amended_ns = now_ns;
        // What it takes from here on it takes because of this: a resting order takes nothing.
        order.decision_mid = mid;
        stand(&mut order, now_ns, &self.timing);
        self.replace(at, order);
    }

    /// An order of ours as a reading of the account has it that was asked for then. One that
    /// changed since is passed over.
    pub(in crate::core) fn compare_terms(&mut self, told: &VenueOrder, asked_ns: u64, now_ns: u64) {
        let Some(Ok(at)) = told.id().map(|id| self.find(id)) else { return };
        let mut order = self.live[at];
        let terms = Amendment { price: told.price, qty: told.qty };
        let settled_before = order.amended_ns < asked_ns && order.sent_ns < asked_ns;
        if settled_before && order.terms.amendable() != terms {
            hear(&mut order, terms, &Word { unix_ms: 0, now_ns, timing: &self.timing });
            self.replace(at, order);
        }
    }

    /// What is still to be said of an amend whose order-entry connection is gone.
    pub(super) fn lose_amend(&mut self, at: usize, now_ns: u64) {
        let mut order = self.live[at];
        if order.amend.is_some_and(|amend| !amend.is_doubtful) {
            lose(&mut order, now_ns, &self.timing);
            self.replace(at, order);
        }
    }
}

#[cfg(test)]
impl Order {
    /// The same, on its way to become one more.
    pub(in crate::core) fn being_amended(mut self) -> Self {
        let to = Amendment {
            qty: self.terms.qty.saturating_add(Qty::whole(1)),
            ..self.terms.amendable()
        };
        self.may_become(Amend {
            to,
            number: 0,
            sent_ns: Some(0),
            is_doubtful: false,
            as_before: 0,
        });
        self
    }

    /// The same, after so many amends.
    pub(in crate::core) fn amended_so_often(self, amends: u32) -> Self {
        Self { amends, ..self }
    }
}
