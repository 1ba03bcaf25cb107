//! What becomes of conditional orders: taken, taken back, triggered, over (USDⓈ-M sheet, sections 5
//! and 8). Rules of triggers are in `trigger`.
//!
//! Must hold: nothing is asked of the account before the trigger but an id of its own, the venue's
//! filters, room, and a position where it is to end with one; a trigger makes one order or none;
//! what reduces never opens or turns a position. Triggers look at an event of the market after it
//! was matched, oldest first.
//!
//! Decision: 200 may wait over all symbols of an account: the venue took MAX_NUM_ALGO_ORDERS out of
//! its list of symbols and named this number in its place (its change log, 2025-12-29).
//!
//! Decision: the order has the id of the conditional order: that is how it was seen at the venue,
//! where clients find a stop's trades by the stop's id. Where an open order has that id already,
//! the trigger is refused as any order is (-4116).
//!
//! Decision: what closes a whole position needs one (-4509), is the only one of its kind and side
//! on its symbol (-4130) and is over with the position, as is whatever else says GTE_GTC. The sheet
//! is silent; the codes and their texts are those that clients of the venue report.
//!
//! Decision: a date ends what waits; the order that came of it before keeps the date.

use super::conditional::ConditionalState as State;
use super::conditional::{Amount, Conditional, ConditionalEntry, ConditionalReport};
use super::conditionals::OVER_MAX;
use super::exchange::{AccountIndex, Exchange};
use super::filters;
use super::history::KEPT_MAX;
use super::order::{ClientText, Order, OrderEntry, OrderKey, Report};
use super::reject::Reject;
use super::trigger::{Latest, Trigger};
use crate::types::{Cash, InstrumentId, Qty, Side};
use std::mem::discriminant;

/// Most conditional orders of an account that wait.
const WAITING_MAX: usize = 200;

impl Exchange {
    /// Takes a conditional order.
    pub fn place_conditional(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        entry: &ConditionalEntry,
    ) -> Result<Conditional, Reject> {
        let slot = self.slot(entry.instrument).ok_or(Reject::UnknownSymbol)?;
        let client_id = self.check_conditional(slot, account, entry)?;
        let best = self.latest(slot).of(entry.working);
        let mut entry = *entry;
        if let Trigger::Trailing { activation, .. } = &mut entry.trigger {
            *activation = activation.or(best);
        }
        let new = Conditional {
            id: self.conditionals.next_id(),
            account,
            client_id,
            entry,
            state: State::New,
            best,
            order_id: None,
            created_unix_ms: now_unix_ms,
            updated_unix_ms: now_unix_ms,
            triggered_unix_ms: None,
        };
        self.conditionals.insert(new);
        Ok(new)
    }

    /// Takes one back that waits.
    pub fn cancel_conditional(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        key: OrderKey,
    ) -> Result<Conditional, Reject> {
        let found = self.conditional(account, key).filter(|found| found.is_open());
        let found = found.ok_or(Reject::UnknownOrder)?;
        Ok(self.end_conditional(now_unix_ms, found.id, State::Canceled, None).unwrap_or(found))
    }

    /// Takes every one of an instrument back that waits.
    pub fn cancel_conditionals(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        instrument: InstrumentId,
    ) -> Result<(), Reject> {
        self.slot(instrument).ok_or(Reject::UnknownSymbol)?;
        self.end_waiting(now_unix_ms, State::Canceled, |it| {
            it.account == account && it.entry.instrument == instrument
        });
        Ok(())
    }

    /// One of an account: by its id the one that waits, or else the newest.
    pub fn conditional(&self, account: AccountIndex, key: OrderKey) -> Option<Conditional> {
        self.conditionals.find(account, key).copied()
    }

    /// All of an account that are kept, in the order in which they came.
    pub fn conditionals(&self, account: AccountIndex) -> impl Iterator<Item = &Conditional> {
        self.conditionals.kept().filter(move |it| it.account == account)
    }

    /// The one that became an order.
    pub fn origin(&self, order: &Order) -> Option<&Conditional> {
        self.conditionals.by_id(order.origin?)
    }

    /// True when something happened to one that was not told.
    pub fn has_conditional_news(&self) -> bool {
        self.conditionals.has_news()
    }

    /// What happened to them since this was last asked, in order.
    pub fn take_conditional_news(&mut self) -> Vec<ConditionalReport> {
        self.conditionals.take_news()
    }

    /// Every rule that a conditional order must pass before it waits.
    fn check_conditional(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &ConditionalEntry,
    ) -> Result<ClientText, Reject> {
        let made = || ClientText::parse(self.conditionals.next_id().to_string().as_bytes());
        let client_id = entry.client_id.map_or_else(made, Ok)?;
        filters::check_conditional(&self.instruments[slot], entry)?;
        let waiting = || self.conditionals.waiting().filter(|it| it.account == account);
        if waiting().any(|it| it.client_id == client_id) {
            return Err(Reject::ClientIdDuplicate);
        }
        if WAITING_MAX <= waiting().count() {
            return Err(Reject::TooManyStops);
        }
        let held = self.account(account).position(slot).qty;
        if entry.ends_with_position && Side::reducing(held) != Some(entry.side) {
            return Err(Reject::NothingToEndWith);
        }
        let same = |it: &Conditional| {
            let (one, other) = (&it.entry, entry);
            let way = (one.instrument, one.side) == (other.instrument, other.side);
            way && one.amount == Amount::Position
                && discriminant(&one.trigger) == discriminant(&other.trigger)
        };
        if entry.amount == Amount::Position && waiting().any(same) {
            return Err(Reject::CloseExists);
        }
        let latest = self.latest(slot).of(entry.working);
        match latest.is_some_and(|latest| entry.trigger.is_late(entry.side, latest)) {
            true => Err(Reject::WouldTrigger),
            false => Ok(client_id),
        }
    }

    fn latest(&self, slot: usize) -> Latest {
        let book = &self.books[slot];
        Latest { contract: book.last_trade(), mark: book.mark() }
    }

    /// After an event of the market: what its prices trigger.
    pub(super) fn trigger(&mut self, now_unix_ms: u64, slot: usize, out: &mut Vec<Report>) {
        if self.conditionals.is_idle() {
            return;
        }
        let (instrument, latest) = (self.instruments[slot].id, self.latest(slot));
        for id in self.conditionals.see(instrument, latest) {
            // An earlier one may have ended the position, and this one with it.
            let waits = self.conditionals.by_id(id).is_some_and(Conditional::is_open);
            if waits {
                self.fire(now_unix_ms, slot, id, out);
            }
        }
    }

    /// Makes the order of one whose trigger is met.
    fn fire(&mut self, now_unix_ms: u64, slot: usize, id: u64, out: &mut Vec<Report>) {
        let Some(met) = self.conditionals.set(now_unix_ms, id, State::Triggering, None) else {
            return;
        };
        let admitted = self
            .order_of(slot, &met)
            .and_then(|entry| self.admit(now_unix_ms, slot, met.account, &entry, Some(id), out));
        match admitted {
            Ok(order) => {
                self.conditionals.set(now_unix_ms, id, State::Triggered, Some(order));
                self.work(now_unix_ms, slot, order, out);
            }
            Err(reject) => {
                self.end_conditional(now_unix_ms, id, State::Rejected(reject), None);
            }
        }
    }

    /// The order that one becomes.
    fn order_of(&self, slot: usize, met: &Conditional) -> Result<OrderEntry, Reject> {
        let ConditionalEntry { instrument, side, price, time_in_force, .. } = met.entry;
        let held = self.account(met.account).position(slot).qty;
        let qty = met.entry.qty().unwrap_or(held.abs());
        if qty == Qty::ZERO {
            return Err(Reject::ReduceOnly);
        }
        Ok(OrderEntry {
            instrument,
            client_id: Some(met.client_id),
            side,
            price,
            time_in_force,
            qty,
            reduce_only: met.entry.reduces(),
            good_till_unix_ms: met.entry.good_till_unix_ms.filter(|_| price.is_some()),
            self_trade: met.entry.self_trade,
            quote_qty: Cash::ZERO,
        })
    }

    /// An order is over: what it came of is finished.
    pub(super) fn finish_origin(&mut self, now_unix_ms: u64, order: &Order) {
        if let Some(id) = order.origin {
            self.end_conditional(now_unix_ms, id, State::Finished, Some(*order));
        }
    }

    /// A position changed: what ends with it and has nothing to reduce is over.
    pub(super) fn end_protections(&mut self, now_unix_ms: u64, slot: usize, account: AccountIndex) {
        let reducing = Side::reducing(self.account(account).position(slot).qty);
        let instrument = self.instruments[slot].id;
        self.end_waiting(now_unix_ms, State::Expired, |it| {
            it.account == account
                && it.entry.instrument == instrument
                && it.entry.ends_with_position
                && reducing != Some(it.entry.side)
        });
    }

    /// Ends those whose date has come.
    pub(super) fn end_dated(&mut self, now_unix_ms: u64) {
        self.end_waiting(now_unix_ms, State::Expired, |it| {
            it.entry.good_till_unix_ms.is_some_and(|date| date <= now_unix_ms)
        });
    }

    fn end_waiting(
        &mut self,
        now_unix_ms: u64,
        state: State,
        meant: impl Fn(&Conditional) -> bool,
    ) {
        let meant = self.conditionals.waiting().filter(|it| meant(it));
        let ids: Vec<u64> = meant.map(|it| it.id).collect();
        for id in ids {
            self.end_conditional(now_unix_ms, id, state, None);
        }
    }

    fn end_conditional(
        &mut self,
        now_unix_ms: u64,
        id: u64,
        state: State,
        order: Option<Order>,
    ) -> Option<Conditional> {
        let ended = self.conditionals.set(now_unix_ms, id, state, order)?;
        let kept_max = if self.history.is_some() { KEPT_MAX } else { OVER_MAX };
        if self.conditionals.end(id, kept_max) {
            self.history.iter_mut().for_each(|history| history.on_forgotten());
        }
        Some(ended)
    }
}
