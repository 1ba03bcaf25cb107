//! Orders and the venue's dead-man's switch: what leaves, what waits, what waited in vain, and what
//! it means when a switch ran out.

use super::Core;
use super::alert::Alert;
use super::dead_man::Scene;
use super::effect::{Command, Effect, Effects};
use super::orders::{Applied, Order};
use super::safety::Approved;
use super::state::State;
use crate::types::{
    ClientOrderId, DeadManReport, ExecutionKind, ExecutionReport, InstrumentId, NotSentReason,
    OrderRef, Purpose,
};

/// What becomes of an order that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Waits,
    Leaves,
    /// The switch could not be armed in time.
    InVain,
    /// It is not wanted any more, or nothing opening may stand.
    Unwanted,
}

impl Core {
    /// Sends an order, or keeps it until its switch is armed. Reductions and orders that cannot
    /// rest need none: what is over at once is not left behind.
    pub(super) fn send_guarded(&mut self, approved: Approved, effects: &mut Effects) {
        let terms = approved.terms();
        let rests = terms.purpose == Purpose::Opening && terms.time_in_force.rests();
        let now_ns = self.state.now.mono_ns;
        if !rests || self.state.dead_man.is_armed(terms.instrument, now_ns) {
            self.counters.orders_sent += 1;
            effects.push(Effect::Send(Command::NewOrder(approved)));
            return;
        }
        let scene = Scene {
            now_ns,
            totals: self.state.orders.totals(),
            instruments: &self.state.instruments,
            links: &self.state.links,
            stopping: false,
        };
        self.state.dead_man.hold(approved, &scene, effects);
    }

    /// The venue's word on a switch.
    pub(super) fn on_dead_man(&mut self, report: &DeadManReport, effects: &mut Effects) {
        if self.state.dead_man.on_report(report, self.state.now.mono_ns) {
            effects.push(Effect::Alert(Alert::DeadManUnarmed(report.request.instrument)));
        }
    }

    /// Renews what is due, and lets orders go whose switch is armed.
    pub(super) fn guard(&mut self, effects: &mut Effects) {
        self.release(effects);
        let State { now, orders, instruments, links, reconcilers, dead_man, .. } = &mut self.state;
        let scene = Scene {
            now_ns: now.mono_ns,
            totals: orders.totals(),
            instruments,
            links,
            stopping: self.kernel.is_stopping(),
        };
        dead_man.on_time(&scene, effects, |instrument, effects| {
            reconcilers[instruments[instrument.index()].venue.index()].doubt();
            effects.push(Effect::Alert(Alert::DeadManFired(instrument)));
        });
    }

    /// The venue took an order back. When nobody asked for that and the switch was due, it fired:
    /// what stood there is gone, and the account is read before anything more is opened.
    pub(super) fn on_venue_cancel(&mut self, order: &Order, effects: &mut Effects) {
        let instrument = order.terms.instrument;
        let now_ns = self.state.now.mono_ns;
        let unasked = order.canceled_ns.is_none();
        if unasked && self.state.dead_man.on_unasked_cancel(instrument, now_ns) {
            self.state.reconciler_of(instrument).doubt();
            effects.push(Effect::Alert(Alert::DeadManFired(instrument)));
        }
    }

    fn release(&mut self, effects: &mut Effects) {
        let mut at = 0;
        while let Some(approved) = self.state.dead_man.waiting(at) {
            if effects.room() == 0 {
                return;
            }
            let (id, instrument) = (approved.id(), approved.terms().instrument);
            match self.fate(id, instrument) {
                Fate::Leaves => {
                    let approved = self.state.dead_man.take(at);
                    self.state.orders.depart(id, self.state.now.mono_ns);
                    self.counters.orders_sent += 1;
                    effects.push(Effect::Send(Command::NewOrder(approved)));
                }
                Fate::Waits => at += 1,
                Fate::InVain => {
                    self.withhold(at, id, instrument, effects);
                    if self.state.dead_man.on_waited(instrument, self.state.now.mono_ns) {
                        effects.push(Effect::Alert(Alert::DeadManUnarmed(instrument)));
                    }
                }
                Fate::Unwanted => self.withhold(at, id, instrument, effects),
            }
        }
    }

    fn fate(&self, id: ClientOrderId, instrument: InstrumentId) -> Fate {
        let now_ns = self.state.now.mono_ns;
        let order = self.state.orders.get(id).filter(|order| !order.status.is_final());
        let Some(order) = order else { return Fate::Unwanted };
        let outlives = self.state.orders.parents().is_outlived_by(order);
        if outlives || order.canceled_ns.is_some() || self.kernel.forbids_opening(order) {
            return Fate::Unwanted;
        }
        if self.state.dead_man.is_armed(instrument, now_ns) {
            return Fate::Leaves;
        }
        let waited_ns = now_ns.saturating_sub(order.sent_ns);
        let in_vain = self.state.orders.answer_ns_max() <= waited_ns
            || self.state.dead_man.has_failed(instrument, now_ns);
        if in_vain { Fate::InVain } else { Fate::Waits }
    }

    /// An order that will never leave.
    fn withhold(
        &mut self,
        at: usize,
        id: ClientOrderId,
        instrument: InstrumentId,
        effects: &mut Effects,
    ) {
        self.state.dead_man.take(at);
        let report = ExecutionReport {
            instrument,
            order: OrderRef::Ours(id),
            venue_order_id: None,
            transact_unix_ms: None,
            kind: ExecutionKind::NotSent(NotSentReason::DeadMan),
        };
        let applied: Option<Applied> = self.on_execution(&report, effects);
        self.withheld.extend(applied);
    }
}
