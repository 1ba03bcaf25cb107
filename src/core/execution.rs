//! What the venue says of orders: applied, checked against what was ordered, and said aloud where
//! it is not as it should be (SAFETY T1 to T4, T17, E12).
//!
//! Must hold: a trade is real whoever ordered it and however wrong it is: it moves the position
//! first, and what it means for trading comes after.

use super::Core;
use super::alert::{Alert, OrderFault};
use super::attribution::Owner;
use super::effect::{Effect, Effects};
use super::fill::{self, FillFault};
use super::foreign::{ForeignCause, Reach};
use super::mode::{ModeCause, Scope};
use super::orders::Applied;
use super::safety::{Change, Trip, TripReason};
use super::setup::Sharing;
use crate::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, ForeignOrder, InstrumentId, OrderRef,
    OrderStatus,
};

/// False for a word that nothing happened: it must not keep a reading from counting. An order that
/// the venue does not know waits for such a reading, and is asked after until then (SAFETY E11).
fn may_move(kind: &ExecutionKind) -> bool {
    !matches!(kind, ExecutionKind::NotFound | ExecutionKind::Rejected { .. })
}

impl Core {
    pub(super) fn on_execution(
        &mut self,
        report: &ExecutionReport,
        effects: &mut Effects,
    ) -> Option<Applied> {
        if let ExecutionKind::TradeFound(fill) = report.kind {
            return self.on_found(report, fill, effects);
        }
        self.on_told(report, effects)
    }

    pub(super) fn on_told(
        &mut self,
        report: &ExecutionReport,
        effects: &mut Effects,
    ) -> Option<Applied> {
        if may_move(&report.kind) {
            self.state.on_activity(self.state.venue_of(report.instrument));
        }
        let id = match report.order {
            OrderRef::Ours(id) => id,
            OrderRef::Foreign(order) => {
                self.on_foreign(report, self.cause_of(order), effects);
                return None;
            }
        };
        if self.intents.next_id().epoch < id.epoch {
            self.yield_to_later(effects);
        }
        if let Some(side) = self.state.protection.made(report.instrument, id) {
            self.on_stop_order(report, side, effects);
            return None;
        }
        let now_ns = self.state.now.mono_ns;
        let Some(applied) = self.state.orders.apply(id, report, now_ns) else {
            self.on_unknown(id, report, effects);
            return None;
        };
        if let Some(fill) = &applied.fill {
            let instrument = &self.state.instruments[report.instrument.index()];
            let (strategy, owner) = (applied.order.strategy, applied.order.owner());
            let ended = self.state.portfolio.on_fill(instrument, fill, applied.unsettled, owner);
            if let Some(strategy) = strategy {
                self.kernel.on_fill(strategy, fill, ended, now_ns);
            }
        }
        if applied.fill.is_some() {
            self.state.follow_ledgers();
        }
        self.state.expose(report.instrument);
        self.count(report, &applied, effects);
        if let Some(fill) = &applied.fill {
            let fault = fill::check_order(&applied.order, report.instrument, fill);
            self.on_fault(id, report.instrument, fault, effects);
            self.watch_slippage(&applied.order, fill, effects);
            self.watch_fee(report.instrument, fill, effects);
            self.keep_rest(&applied.order, effects);
        }
        Some(applied)
    }

    fn count(&mut self, report: &ExecutionReport, applied: &Applied, effects: &mut Effects) {
        let order = &applied.order;
        if matches!(report.kind, ExecutionKind::Canceled { .. }) {
            self.on_venue_cancel(order, effects);
        }
        match report.kind {
            ExecutionKind::Rejected { code } => {
                self.counters.rejected += 1;
                self.kernel.on_rejected(order, code, self.state.now.mono_ns);
            }
            ExecutionKind::New => self.kernel.on_accepted(order, self.state.now.mono_ns),
            ExecutionKind::NotSent(_) => self.counters.not_sent += 1,
            ExecutionKind::Trade(_) if applied.fill.is_none() => {
                self.counters.repeated_reports += 1;
            }
            ExecutionKind::Trade(_)
            | ExecutionKind::TradeFound(_)
            | ExecutionKind::Canceled { .. }
            | ExecutionKind::Expired { .. }
            | ExecutionKind::CancelRejected { .. }
            | ExecutionKind::OutcomeUnknown
            | ExecutionKind::Status { .. }
            | ExecutionKind::Stands { .. }
            | ExecutionKind::Amended { .. }
            | ExecutionKind::AmendUnknown { .. }
            | ExecutionKind::NotFound => {}
            ExecutionKind::AmendRejected { .. } | ExecutionKind::AmendNotSent { .. } => {
                self.counters.amends_refused += 1;
            }
        }
        if report.kind == ExecutionKind::NotFound && self.state.orders.wants_witnesses(order.id) {
            self.state.reconciler_of(report.instrument).ask_soon();
        }
        if applied.overfilled {
            let excess = order.cum_qty.saturating_sub(order.qty_most()).units();
            let trip = Trip::by_limit(TripReason::Overfill, excess, 0);
            effects.push(Effect::Alert(Alert::Overfill(order.id)));
            self.trip(trip, effects);
        }
        if applied.meets_own {
            self.counters.self_trades += 1;
            effects
                .push(Effect::Alert(Alert::Order { id: order.id, fault: OrderFault::SelfTrade }));
        }
        if applied.moved && order.status == OrderStatus::Unknown {
            effects.push(Effect::Alert(Alert::OrderUnknown(order.id)));
        }
        if applied.moved && order.status.is_final() {
            effects.push(Effect::Closed { id: order.id, status: order.status });
        }
        if order.status.is_final() && order.settled_qty < order.claimed_qty {
            self.state.reconciler_of(report.instrument).doubt();
        }
    }

    /// A report that no order here explains (another client, or an earlier epoch of ours): a trade
    /// of it is real all the same. True when it is one and is told for the first time.
    fn on_stray(&mut self, report: &ExecutionReport) -> bool {
        // What stands at the venue is not what we believe: a reading tells.
        self.state.reconciler_of(report.instrument).ask_soon();
        let ExecutionKind::Trade(fill) = report.kind else { return false };
        let fresh = self.state.orders.is_fresh(report);
        if fresh {
            let instrument = &self.state.instruments[report.instrument.index()];
            self.state.portfolio.on_fill(instrument, &fill, fill.qty, Owner::Nobody);
            self.state.follow_ledgers();
            self.state.expose(report.instrument);
        }
        fresh
    }

    /// A report under one of our ids that no order here explains.
    fn on_unknown(&mut self, id: ClientOrderId, report: &ExecutionReport, effects: &mut Effects) {
        let known = self.state.orders.get(id);
        let traded = match (&report.kind, known) {
            (ExecutionKind::Trade(fill), Some(order)) => {
                fill::check_order(order, report.instrument, fill)
            }
            _ => None,
        };
        self.on_foreign(report, self.cause_of_ours(id), effects);
        self.on_fault(id, report.instrument, traded, effects);
    }

    /// A report of an order that is not ours, or not any more.
    fn on_foreign(&mut self, report: &ExecutionReport, cause: ForeignCause, effects: &mut Effects) {
        let traded = self.on_stray(report);
        let ExecutionKind::Trade(fill) = report.kind else { return };
        if !traded {
            return;
        }
        self.counters.foreign_fills += 1;
        let (instrument, qty) = (report.instrument, fill.side.signed(fill.qty));
        effects.push(Effect::Alert(Alert::ForeignFill { instrument, cause, qty }));
        let venue = self.state.instruments[instrument.index()].venue;
        match cause.reach() {
            Reach::Nothing => {}
            Reach::Venue => {
                let change = Change::by_engine(ModeCause::Liquidation);
                self.change_mode(Scope::Venue(venue), change, effects);
            }
            Reach::Latch => {
                self.trip(Trip::by_limit(TripReason::Unexplained, qty.units(), 0), effects);
            }
        }
    }

    /// Why an order that does not bear our name exists, on this account.
    fn cause_of(&self, order: ForeignOrder) -> ForeignCause {
        match (order, self.state.sharing) {
            (ForeignOrder::Liquidation, _) => ForeignCause::Liquidation,
            (ForeignOrder::Deleveraging, _) => ForeignCause::Deleveraging,
            (ForeignOrder::Delivery, _) => ForeignCause::Delivery,
            (ForeignOrder::Manual, _) => ForeignCause::Manual,
            (ForeignOrder::Other, Sharing::Shared) => ForeignCause::OtherClient,
            (ForeignOrder::Other, Sharing::Exclusive) => ForeignCause::Unexplained,
        }
    }

    /// Why an order exists that bears our name and is not known: an earlier run's or one long over,
    /// unless this run has not come to that number yet or the run is still to come: then another
    /// engine bears our name.
    fn cause_of_ours(&self, id: ClientOrderId) -> ForeignCause {
        let next = self.intents.next_id();
        let is_to_come = (next.epoch, next.sequence) <= (id.epoch, id.sequence);
        if is_to_come { ForeignCause::Unexplained } else { ForeignCause::EarlierOrder }
    }

    /// An order under our name and of a later start: another engine was started since, from this
    /// folder or from a copy of it. It took over from us; two that trade would each undo the other.
    fn yield_to_later(&mut self, effects: &mut Effects) {
        self.change_mode(Scope::All, Change::by_engine(ModeCause::Superseded), effects);
    }

    /// A trade that is not as it was ordered: a price beyond the limit leaves the instrument only
    /// reductions; another side or instrument means that the venue does not do what is asked of
    /// it, and stops everything.
    fn on_fault(
        &mut self,
        id: ClientOrderId,
        instrument: InstrumentId,
        fault: Option<FillFault>,
        effects: &mut Effects,
    ) {
        let Some(fault) = fault else { return };
        self.counters.bad_fills += 1;
        effects.push(Effect::Alert(Alert::Order { id, fault: OrderFault::BadFill(fault) }));
        match fault {
            FillFault::WorsePrice => {
                let change = Change::by_engine(ModeCause::BadFill);
                self.change_mode(Scope::Instrument(instrument), change, effects);
            }
            FillFault::WrongSide | FillFault::WrongInstrument => {
                self.trip(Trip::by_limit(TripReason::WrongFill, 0, 0), effects);
            }
        }
    }
}
