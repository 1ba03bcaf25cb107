//! Strategies are called, and what they wish is reviewed: the only place where a wish becomes an
//! order.
//!
//! Must hold: a wish is heard right after the callback that uttered it, and is reviewed against the
//! state as it is then, orders of the same callback included. A denial is told with the next event
//! and not at once, so that a strategy that asks again cannot keep one event going for ever.

use super::Core;
use super::effect::{Effect, Effects};
use super::event::EventKind;
use super::orders::Applied;
use super::parent::Parent;
use super::safety::{DenyReason, Wish};
use super::strategy::{Intent, Intents, OrderUpdate, Outcome, Strategy, View};
use crate::types::{
    ClientOrderId, InstrumentId, MarketData, OrderRequest, ParentId, Qty, Quote, StrategyId,
};

/// Most denials that wait to be told; a strategy that is denied more than this in one event is not
/// listening anyway, and the rest is counted as denied all the same.
pub(super) const UPDATES_MAX: usize = 256;

impl Core {
    /// Tells the strategies what the event was, and what it did to an order of ours.
    pub(super) fn dispatch(
        &mut self,
        kind: &EventKind,
        moved: Option<&Applied>,
        effects: &mut Effects,
    ) {
        if !self.started {
            return;
        }
        self.tell_denials(effects);
        self.tell_withheld(effects);
        if let Some(applied) = moved {
            self.tell_order(applied, effects);
        }
        match kind {
            EventKind::Market(event) => self.tell_market(event.instrument, &event.data, effects),
            EventKind::Timer => self.tell_timers(effects),
            EventKind::Execution(_)
            | EventKind::Account(_)
            | EventKind::DeadMan(_)
            | EventKind::Stop(_)
            | EventKind::Reference(_)
            | EventKind::Link(_)
            | EventKind::Clock(_)
            | EventKind::Condition(_)
            | EventKind::Journal(_)
            | EventKind::Operator(_) => {}
        }
    }

    /// Lets the strategies begin once the account is proven and a burst of orders is there to use.
    pub(super) fn begin(&mut self, effects: &mut Effects) {
        let may = self.proven && !self.started && !self.kernel.is_stopping();
        if may && self.kernel.has_full_rates(self.state.now.mono_ns) {
            self.start(effects);
        }
    }

    /// Trading begins.
    fn start(&mut self, effects: &mut Effects) {
        self.started = true;
        for at in 0..self.seats.len() {
            self.call(at, effects, |strategy, view, intents| strategy.on_start(view, intents));
        }
    }

    /// Trading ends.
    pub(super) fn stop_strategies(&mut self) {
        if !std::mem::take(&mut self.started) {
            return;
        }
        for (seat, id) in self.seats.iter_mut().zip((0_u8..).map(StrategyId)) {
            let modes = self.kernel.modes();
            seat.strategy.on_stop(&self.state.view(id, self.kernel.mode_of(id), modes));
        }
    }

    fn tell_denials(&mut self, effects: &mut Effects) {
        if self.updates.is_empty() {
            return;
        }
        std::mem::swap(&mut self.updates, &mut self.telling);
        for at in 0..self.telling.len() {
            let (strategy, update) = self.telling[at];
            self.call(strategy.index(), effects, |strategy, view, intents| {
                strategy.on_order(view, &update, intents);
            });
        }
        self.telling.clear();
    }

    /// Orders that waited for the dead-man's switch in vain.
    fn tell_withheld(&mut self, effects: &mut Effects) {
        while let Some(applied) = self.withheld.pop() {
            self.tell_order(&applied, effects);
        }
    }

    fn tell_order(&mut self, applied: &Applied, effects: &mut Effects) {
        let order = applied.order;
        let Some(strategy) = order.strategy else { return };
        if let Some(fill) = &applied.fill {
            self.seats[strategy.index()].fills += 1;
            self.call(strategy.index(), effects, |strategy, view, intents| {
                strategy.on_fill(view, &order, fill, intents);
            });
        }
        self.tell_amend(applied, effects);
        if applied.moved {
            let (id, instrument) = (order.id, order.terms.instrument);
            let update = OrderUpdate { id, instrument, outcome: Outcome::Status(order.status) };
            self.call(strategy.index(), effects, |strategy, view, intents| {
                strategy.on_order(view, &update, intents);
            });
            if let Some(rest) = self.to_replace(&order) {
                let update = OrderUpdate { id, instrument, outcome: Outcome::Replace(rest) };
                self.call(strategy.index(), effects, |strategy, view, intents| {
                    strategy.on_order(view, &update, intents);
                });
            }
        }
    }

    fn tell_market(&mut self, instrument: InstrumentId, data: &MarketData, effects: &mut Effects) {
        for at in 0..self.seats.len() {
            if !self.seats[at].instruments.contains(&instrument) {
                continue;
            }
            match data {
                MarketData::Quote(quote) => self.call(at, effects, |strategy, view, intents| {
                    strategy.on_quote(view, instrument, quote, intents);
                }),
                MarketData::Trade(trade) => self.call(at, effects, |strategy, view, intents| {
                    strategy.on_trade(view, instrument, trade, intents);
                }),
                MarketData::BookEnd { .. } => self.call(at, effects, |strategy, view, intents| {
                    if let Some(book) = view.book(instrument) {
                        strategy.on_book(view, instrument, book, intents);
                    }
                }),
                MarketData::Mark(_)
                | MarketData::BookLost
                | MarketData::BookBegin
                | MarketData::BookDelta(_) => {}
            }
        }
    }

    fn tell_timers(&mut self, effects: &mut Effects) {
        let now_ns = self.state.now.mono_ns;
        for at in 0..self.seats.len() {
            let seat = &mut self.seats[at];
            let Some(every_ns) = seat.timer_ns else { continue };
            if seat.next_timer_ns <= now_ns {
                seat.next_timer_ns = now_ns.saturating_add(every_ns);
                self.call(at, effects, |strategy, view, intents| strategy.on_timer(view, intents));
            }
        }
    }

    /// Calls one strategy and hears what it wishes.
    pub(super) fn call(
        &mut self,
        at: usize,
        effects: &mut Effects,
        callback: impl FnOnce(&mut dyn Strategy, &View<'_>, &mut Intents),
    ) {
        let strategy = StrategyId(u8::try_from(at).unwrap_or(u8::MAX));
        let (mode, modes) = (self.kernel.mode_of(strategy), self.kernel.modes());
        let view = self.state.view(strategy, mode, modes);
        callback(self.seats[at].strategy.as_mut(), &view, &mut self.intents);
        self.hear(strategy, effects);
    }

    fn hear(&mut self, strategy: StrategyId, effects: &mut Effects) {
        for at in 0.. {
            let wish = self.intents.get(at);
            if wish.is_some() && !effects.has_room_for_wish() {
                self.intents.count_dropped();
                continue;
            }
            match wish {
                Some(Intent::Place(id, request)) => {
                    self.place(strategy, id, None, request, effects);
                }
                Some(Intent::PlaceUnder(parent, id, request)) => {
                    self.place(strategy, id, Some(parent), request, effects);
                }
                Some(Intent::OpenParent { id, instrument, side, qty }) => {
                    let parent = Parent { id, strategy, instrument, side, qty };
                    self.open_parent(parent, effects);
                }
                Some(Intent::EndParent(id)) => self.end_parent(strategy, id, effects),
                Some(Intent::Cancel(id)) => self.cancel(strategy, id, effects),
                Some(Intent::Amend(id, to)) => self.amend(strategy, id, to, effects),
                None => break,
            }
        }
        self.intents.clear();
    }

    fn place(
        &mut self,
        strategy: StrategyId,
        id: ClientOrderId,
        parent: Option<ParentId>,
        request: OrderRequest,
        effects: &mut Effects,
    ) {
        let known = request.instrument.index() < self.state.instruments.len();
        let verdict = if known {
            let mut facts = self.state.facts(request.instrument, request.side);
            facts.flattening = self.flatten.is_flattening(request.instrument);
            let wish = Wish {
                id,
                strategy,
                request,
                origin_ns: self.origin_ns,
                permitted: self.seats[strategy.index()].instruments.contains(&request.instrument),
                own: self.state.own(strategy, request.instrument),
                live_orders: self.state.totals().live_of(strategy),
                amends: None,
                under: self.state.orders.parents().under(parent),
            };
            self.kernel.review(&wish, &facts)
        } else {
            Err(DenyReason::NotPermitted)
        };
        match verdict {
            Ok(approved) => {
                let mid = self.state.market[request.instrument.index()].quote();
                let mid = mid.and_then(Quote::mid);
                self.state.orders.open(&approved, self.state.now.mono_ns);
                self.state.orders.decided_at(id, mid);
                self.state.expose(request.instrument);
                self.send_guarded(approved, effects);
            }
            Err(reason) => self.deny(strategy, id, request, reason, effects),
        }
    }

    fn deny(
        &mut self,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
        reason: DenyReason,
        effects: &mut Effects,
    ) {
        self.count_denial(strategy, id, request.instrument, Outcome::Denied(reason), reason);
        effects.push(Effect::Denied { id, strategy, request, reason });
    }

    pub(super) fn count_denial(
        &mut self,
        strategy: StrategyId,
        id: ClientOrderId,
        instrument: InstrumentId,
        outcome: Outcome,
        reason: DenyReason,
    ) {
        self.counters.denied[reason as usize] += 1;
        self.seats[strategy.index()].denied += 1;
        if self.updates.len() < UPDATES_MAX {
            self.updates.push((strategy, OrderUpdate { id, instrument, outcome }));
        }
    }

    /// Cancels are never blocked by risk; only somebody else's order is not a strategy's to take.
    fn cancel(&mut self, strategy: StrategyId, id: ClientOrderId, effects: &mut Effects) {
        let own =
            self.state.orders.get(id).is_some_and(|order| {
                order.strategy == Some(strategy) && Qty::ZERO < order.remaining()
            });
        if own && self.state.orders.cancel(id, self.state.now.mono_ns, effects) {
            self.counters.cancels_sent += 1;
        }
    }
}
