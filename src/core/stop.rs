//! What a stop takes back, and what a flatten sends.
//!
//! Must hold: opening orders go, protective ones stay (SAFETY E1); an exit passes every stop (E2)
//! and needs no connection but the one that carries it.

use super::Core;
use super::alert::{Alert, HedgeAlert, OrderFault};
use super::effect::{Command, Effect, Effects};
use super::event::LinkChannel;
use super::flatten::{Scene, Step};
use super::mode::{Mode, ModeCause, Scope};
use super::orders::{Escalation, Order};
use super::safety::{self, Change, DenyReason, Kernel};
use super::setup::Sharing;
use super::state::State;
use crate::types::{Cash, Instrument, InstrumentId, InstrumentKind, Purpose, Qty, Side};

impl Core {
    /// Takes back orders where they may not stand: opening ones after a trip, a halt, the end;
    /// where a flatten is at work all but protective ones; and those that nobody here wants, left
    /// by an earlier run.
    pub(super) fn withdraw(&mut self, effects: &mut Effects) {
        if !self.withdrawing {
            return;
        }
        let Self { state, kernel, flatten, .. } = self;
        let now_ns = state.now.mono_ns;
        let unwanted = |order: &Order| {
            let orphan = order.strategy.is_none();
            let in_the_way = orphan || flatten.is_flattening(order.terms.instrument);
            match order.terms.purpose {
                Purpose::Opening => in_the_way || kernel.forbids_opening(order),
                Purpose::Reducing => in_the_way && order.is_resting_kind(),
                Purpose::Protective => false,
            }
        };
        let sent = effects.as_slice().len();
        if state.sharing == Sharing::Exclusive {
            cancel_by_symbol(state, kernel, effects);
        }
        let done = state.orders.withdraw(unwanted, now_ns, effects);
        self.counters.cancels_sent += (effects.as_slice().len() - sent) as u64;
        self.withdrawing = !done;
    }

    /// An opening order that does not go takes the others of its symbol with it, and in the end
    /// leaves its instrument nothing but reductions (SAFETY T7). By id always, because that is how
    /// each is remembered as asked to go; symbol-wide as well where that is allowed.
    pub(super) fn escalate(&mut self, effects: &mut Effects) {
        if !self.state.orders.has_stuck() {
            return;
        }
        for at in 0..self.state.instruments.len() {
            let instrument = self.state.instruments[at].id;
            if effects.room() == 0 {
                return;
            }
            let Some((step, id)) = self.state.orders.take_stuck(instrument) else { continue };
            self.sweep(instrument, effects);
            let scope = Scope::Instrument(instrument);
            let stopped = Mode::Reducing <= self.kernel.mode_in(scope).mode;
            if step == Escalation::Sweep || stopped {
                let fault = OrderFault::Stuck(instrument);
                effects.push(Effect::Alert(Alert::Order { id, fault }));
                continue;
            }
            self.change_mode(scope, Change::by_engine(ModeCause::StuckOrder), effects);
            let fault = OrderFault::StuckTooLong(instrument);
            effects.push(Effect::Alert(Alert::Order { id, fault }));
        }
    }

    /// Takes back every opening order of an instrument.
    fn sweep(&mut self, instrument: InstrumentId, effects: &mut Effects) {
        let state = &mut self.state;
        let exclusive = state.sharing == Sharing::Exclusive;
        let sent = effects.as_slice().len();
        if exclusive && !state.is_guarded(instrument) {
            effects.push(Effect::Send(Command::CancelAll { instrument }));
        }
        let opens = |order: &Order| {
            order.terms.instrument == instrument && order.terms.purpose == Purpose::Opening
        };
        state.orders.withdraw(opens, state.now.mono_ns, effects);
        self.counters.cancels_sent += (effects.as_slice().len() - sent) as u64;
    }

    /// Goes on with a flatten.
    pub(super) fn exit(&mut self, effects: &mut Effects) {
        if !self.flatten.is_at_work() {
            return;
        }
        for at in 0..self.state.instruments.len() {
            let instrument = self.state.instruments[at].id;
            if effects.room() == 0 {
                return;
            }
            if !self.flatten.is_flattening(instrument) {
                continue;
            }
            if self.state.links_of(instrument).is_channel_up(LinkChannel::Orders) {
                self.exit_from(instrument, effects);
            }
            if self.flatten.is_stuck(instrument, self.state.now.mono_ns) {
                effects.push(Effect::Alert(Alert::FlattenStuck(instrument)));
            }
        }
    }

    fn exit_from(&mut self, instrument: InstrumentId, effects: &mut Effects) {
        let state = &self.state;
        let open = state.totals().of(instrument);
        let may_open = Side::BOTH.iter().any(|side| Qty::ZERO < open.opening(*side));
        let position = state.portfolio.position(instrument);
        let known = &state.instruments[instrument.index()];
        let room = safety::exit_room(known.kind, position, open);
        let (free, least) = match known.kind {
            InstrumentKind::Perpetual => (room, None),
            // What somebody else has locked cannot be sold; what is worth too little is not taken.
            InstrumentKind::Spot => {
                let free = state.free(instrument, Side::Sell).and_then(Cash::as_qty);
                let bid = state.market[instrument.index()].last_quote().map(|quote| quote.bid);
                (room.min(free.unwrap_or_default()), bid)
            }
        };
        let scene = Scene {
            position,
            free,
            bid: least,
            is_settled: state.is_proven(instrument) && !may_open,
            is_exiting: state.orders.is_exiting(instrument),
            filters: &known.filters,
            now_ns: state.now.mono_ns,
        };
        let step = self.flatten.step(instrument, &scene);
        // On spot every account has dust: fees are taken in what was bought.
        let is_dust = matches!(step, Step::Dust);
        let is_spot = known.kind == InstrumentKind::Spot;
        if is_dust && !is_spot {
            effects.push(Effect::Alert(Alert::FlattenStuck(instrument)));
        }
        if matches!(step, Step::Done) || (is_dust && is_spot) {
            let is_flat = position == Qty::ZERO || is_dust;
            if is_flat {
                self.state.portfolio.on_flattened(instrument);
            }
            let done =
                if is_flat { Alert::Flat } else { Alert::Hedge(HedgeAlert::Completed(instrument)) };
            if !is_flat || !self.flatten.is_at_work() {
                effects.push(Effect::Alert(done));
            }
        }
        self.send_exit(instrument, step, effects);
    }

    fn send_exit(&mut self, instrument: InstrumentId, step: Step, effects: &mut Effects) {
        let Step::Exit { side, .. } = step else { return };
        if !self.state.orders.has_room() {
            return;
        }
        let Some(exit) = self.intents.reserve().and_then(|id| step.exit(id)) else { return };
        let facts = self.state.facts(instrument, side);
        match self.kernel.review_exit(&exit, &facts) {
            Ok(approved) => {
                self.state.orders.open(&approved, self.state.now.mono_ns);
                self.counters.orders_sent += 1;
                effects.push(Effect::Send(Command::NewOrder(approved)));
            }
            Err(DenyReason::OrderRate | DenyReason::MinuteRate) => {
                self.flatten.on_no_room(instrument)
            }
            Err(_) => {}
        }
    }
}

/// Belt and braces after a trip: one message per instrument that also reaches orders which are not
/// known here, where the account is ours alone and nothing protective stands there (SAFETY E4).
fn cancel_by_symbol(state: &State, kernel: &Kernel, effects: &mut Effects) {
    let killed = |instrument: &&Instrument| kernel.kills(instrument.id);
    for instrument in state.instruments.iter().filter(killed) {
        let any = 0 < state.totals().of(instrument.id).live();
        if any && !state.is_guarded(instrument.id) && 0 < effects.room() {
            effects.push(Effect::Send(Command::CancelAll { instrument: instrument.id }));
        }
    }
}
