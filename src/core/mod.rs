//! The deterministic machine: `step(event, effects)`, and nothing else, moves it.
//!
//! Must hold: no IO, no clock, no thread, no randomness, no float, no hash map; no allocation after
//! the first events. Facts come first, then the kernel, then the strategies: a breach stops the
//! order that the same event would have caused. A `NewOrder` leaves only as [`safety::Approved`],
//! and only the kernel makes one.
//!
//! Deliberately absent: type parameters on [`Core`], a message bus, references between components.
//! They meet in `state` and here.

mod account;
mod account_drift;
mod alert;
mod amend;
mod appetite;
mod attribution;
mod book;
mod dead_man;
mod digest;
mod dispatch;
mod door;
mod effect;
mod event;
mod execution;
mod exposure;
mod fees;
mod fill;
mod flatten;
mod foreign;
mod found;
mod free;
mod funding;
mod gaps;
mod guard;
mod hedge;
mod hedging;
mod kept;
mod ledger;
mod links;
mod margin;
mod margin_watch;
mod market;
mod mode;
mod operator;
mod orders;
mod params;
mod parent;
mod partial;
mod permission;
mod portfolio;
mod protecting;
mod protection;
mod reading;
mod recent;
mod reconcile;
pub mod safety;
mod setup;
mod slippage;
mod state;
mod status;
mod stop;
mod strategy;
mod suspense;
mod trades;

pub use account_drift::AccountDrift;
pub use alert::{Alert, FeeFault, HedgeAlert, MarginAlert, MissedTrade, OrderFault, StopAlert};
pub use book::Book;
pub use dead_man::DeadManState;
pub use digest::Digest;
pub use effect::{Command, EFFECTS_MAX, Effect, Effects, Refusal, StopCommand};
pub use event::{
    AccountEvent, Baseline, ClockSample, Criterion, Event, EventKind, JournalState, LinkChannel,
    LinkEvent, LinkState, OperatorCommand, OperatorRequest, Probation, ReferenceEvent, TripCause,
};
pub use fill::FillFault;
pub use flatten::exit_slice;
pub use foreign::{ForeignCause, Severity};
pub use funding::FundingSize;
pub use hedge::HedgeStatus;
pub use kept::{BreakerMark, DayMark, Kept, STOPS_MAX};
pub use ledger::LedgerLine;
pub use mode::{Author, Mode, ModeCause, ModeRecord, Scope, transitions};
pub use orders::{ORDERS_MAX, Order};
pub use params::{Param, ParamFault, Params};
pub use parent::{Parent, ParentEvent, ParentRule};
pub use partial::PartialFill;
pub use permission::Permissions;
pub use portfolio::{HighWater, Tally};
pub use protection::ProtectionState;
pub use reading::{
    AccountReading, Agreement, ORDERS_TOLD_MAX, OrderRead, PositionRead, Terms, WalletRead,
};
pub use reconcile::Finding;
pub use setup::{
    Appetite, Attestation, BreakerLimits, Budget, ClockLimits, DayLimits, DeadManTiming,
    DrawdownLimits, ExposureLimits, HedgeGroup, InstrumentLimits, KeyFitness, Limits, MarginLimits,
    MarketRecording, NoTradeWindow, Often, OnTrip, PriceMoveLimits, Rate, RejectLimits,
    RepeatLimits, Resting, Restored, Seat, Setup, Sharing, SlippageLimits, Span, StopRule, Storm,
    StrategyLimits, Taker, Timing, Valuation,
};
pub use status::{
    Counters, InstrumentStatus, LatchStatus, LossStatus, Status, StrategyStatus, VenueStatus,
};
pub use strategy::{
    Construct, INTENTS_MAX, Intent, Intents, OrderUpdate, Outcome, Registry, Strategy,
    StrategySetup, View,
};

use crate::types::{
    Cash, Condition, InstrumentId, MarketData, MarketEvent, QueryToken, Stamp, StrategyId,
    VenueCondition, VenueId,
};
use dispatch::UPDATES_MAX;
use door::Door;
use fees::Fees;
use flatten::Flatten;
use orders::Applied;
use recent::Recent;
use reconcile::Reconciler;
use safety::{Change, Kernel, Trip};
use state::State;

/// All trading state of the process, owned by one thread.
#[derive(Debug)]
pub struct Core {
    state: State,
    kernel: Kernel,
    seats: Vec<SeatState>,
    intents: Intents,
    flatten: Flatten,
    fees: Fees,
    counters: Counters,
    updates: Vec<(StrategyId, OrderUpdate)>,
    telling: Vec<(StrategyId, OrderUpdate)>,
    /// Orders that waited in vain and whose strategies are not told yet.
    withheld: Vec<Applied>,
    equity_start: Option<Cash>,
    /// By instrument.
    gaps: Vec<Recent>,
    /// When the bytes of the present event arrived.
    origin_ns: u64,
    /// Strategies have been told to begin, and not to end.
    started: bool,
    /// The account has been read and compared: strategies may begin.
    proven: bool,
    /// Opening orders stand where none may: more of them are taken back with each step.
    withdrawing: bool,
}

/// A strategy at work.
#[derive(Debug)]
struct SeatState {
    strategy: Box<dyn Strategy>,
    instruments: Vec<InstrumentId>,
    timer_ns: Option<u64>,
    next_timer_ns: u64,
    fills: u64,
    denied: u64,
    /// Orders that slipped beyond the limit.
    slipped: u64,
    slips: Recent,
    partial_fill: PartialFill,
}

impl Core {
    /// With all the memory it will need.
    pub fn new(setup: Setup) -> Self {
        let Setup { instruments, valuations, strategies, limits, .. } = setup;
        let in_order = instruments.iter().enumerate().all(|(at, it)| it.id.index() == at);
        assert!(in_order, "instruments stand in order of their index");
        assert!(limits.instruments.len() == instruments.len(), "every instrument has limits");
        let budgets = strategies.iter().map(|seat| seat.budget).collect();
        let gaps = vec![Recent::new(limits.gaps); instruments.len()];
        let slips = limits.slippage.orders;
        let (count, seats) = (instruments.len(), strategies.len());
        let mut state = State::new(
            instruments,
            valuations,
            seats,
            setup.timing,
            setup.sharing,
            setup.dead_man,
            &limits,
        );
        for &(strategy, instrument, line) in &setup.restored.ledgers {
            state.portfolio.restore(strategy, instrument, line);
        }
        for &(instrument, through_id) in &setup.restored.trades {
            state.trades.restore(instrument, through_id);
            state.orders.know_trades(instrument, through_id);
        }
        let kernel = Kernel::new(limits, budgets, &state.instruments, setup.epoch, &setup.restored);
        Self {
            state,
            kernel,
            seats: strategies.into_iter().map(|seat| SeatState::new(seat, slips)).collect(),
            intents: Intents::new(setup.epoch),
            flatten: Flatten::new(count),
            fees: Fees::new(count),
            counters: Counters::default(),
            updates: Vec::with_capacity(UPDATES_MAX),
            telling: Vec::with_capacity(UPDATES_MAX),
            withheld: Vec::with_capacity(dead_man::WAITING_MAX),
            equity_start: None,
            gaps,
            origin_ns: 0,
            started: false,
            proven: false,
            withdrawing: false,
        }
    }

    /// Applies one event and appends what must now happen outside. The whole machine.
    pub fn step(&mut self, event: &Event, effects: &mut Effects) {
        assert!(self.state.now.mono_ns <= event.at.mono_ns, "events must not go back in time");
        self.state.now = event.at;
        self.origin_ns = event.received_ns;
        self.counters.events += 1;

        let latched = self.kernel.latch_generation();
        let moved = self.take_in(&event.kind, effects);
        self.stop_lost(effects);
        self.guard(effects);
        self.protect(&event.kind, effects);
        self.state.orders.on_time(event.at.mono_ns, effects);
        self.state.reconcile_on_time(effects);
        self.enforce(effects);
        self.on_tripped(latched, effects);
        self.end_stopped_parents(effects);
        self.escalate(effects);
        self.withdraw(effects);
        self.exit(effects);
        self.begin(effects);
        self.dispatch(&event.kind, moved.as_ref(), effects);
        self.keep_ledgers(effects);
    }

    /// A number that two equal states share: all of [`Self::pulse`], and every level of the books.
    pub fn digest(&self) -> u64 {
        let books = self.state.market.iter().map(market::Market::book_digest);
        books.fold(Digest::new().with_count(self.pulse()), Digest::with_count).value()
    }

    /// A number that two equal states share, quick enough to be taken while trading: without the
    /// levels of the books, which are thousands.
    pub fn pulse(&self) -> u64 {
        let counters = &self.counters;
        let counts = [counters.events, counters.orders_sent, counters.denied_total()];
        let digest = counts.iter().fold(Digest::new(), |digest, count| digest.with_count(*count));
        let digest = self
            .kernel
            .modes()
            .digest(digest)
            .with(self.kernel.mode() as i64)
            .with(self.intents.next_id().sequence.into())
            .with_wide(self.state.equity.map_or(i128::MIN, Cash::units));
        let digest = self.state.portfolio.digest(self.state.orders.digest(digest));
        let digest = self.state.protection.digest(self.state.dead_man.digest(digest));
        let market = self.state.market.iter();
        let digest = market.fold(digest, |digest, market| market.digest(digest));
        let seats = self.seats.iter();
        seats.fold(digest, |digest, seat| digest.with_count(seat.strategy.digest())).value()
    }

    /// The book of an instrument, when whole.
    pub fn book(&self, instrument: InstrumentId) -> Option<&Book> {
        self.state.market.get(instrument.index()).and_then(market::Market::book)
    }

    /// Orders that are not over, oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.state.orders.live()
    }

    /// Differences that the last conclusive reading of the account of a venue found.
    pub fn findings(&self, venue: VenueId) -> &[Finding] {
        self.state.reconcilers.get(venue.index()).map_or(&[], Reconciler::findings)
    }

    /// Number of the last question about the account of a venue.
    pub fn account_token(&self, venue: VenueId) -> QueryToken {
        let reconciler = self.state.reconcilers.get(venue.index());
        reconciler.map_or(QueryToken::default(), Reconciler::token)
    }

    fn take_in(&mut self, kind: &EventKind, effects: &mut Effects) -> Option<Applied> {
        if !self.door().admits(kind) {
            self.on_unusable(kind);
            return None;
        }
        match kind {
            EventKind::Market(event) => self.on_market(event, effects),
            EventKind::Execution(report) => return self.on_execution(report, effects),
            EventKind::Account(event) => self.on_account(event, effects),
            EventKind::DeadMan(report) => self.on_dead_man(report, effects),
            EventKind::Stop(report) => self.on_stop(report, effects),
            EventKind::Reference(event) => self.on_reference(event, effects),
            EventKind::Link(event) => self.on_link(event, effects),
            EventKind::Condition(told) => self.on_condition(told, effects),
            EventKind::Clock(sample) => self.kernel.on_clock(*sample, self.state.now, effects),
            EventKind::Journal(state) => {
                self.kernel.on_journal(*state);
                effects.push(Effect::Alert(Alert::Journal(*state)));
            }
            EventKind::Operator(request) => self.on_operator(request, effects),
            EventKind::Timer => {
                let age_ns_max = self.kernel.limits().data_age_ns_max;
                let State { portfolio, instruments, now, .. } = &mut self.state;
                portfolio.forget_stale(instruments, now.mono_ns, age_ns_max);
            }
        }
        None
    }

    /// What did not fit is kept with the next event.
    fn keep_ledgers(&mut self, effects: &mut Effects) {
        while 0 < effects.room()
            && let Some((strategy, instrument, line)) = self.state.portfolio.take_moved()
        {
            effects.push(Effect::Ledger { strategy, instrument, line });
        }
    }

    fn door(&self) -> Door {
        Door {
            instruments: self.state.instruments.len(),
            strategies: self.seats.len(),
            venues: self.state.venues(),
        }
    }

    fn on_unusable(&mut self, kind: &EventKind) {
        self.counters.unusable += 1;
        if let EventKind::Account(AccountEvent::Snapshot(snapshot)) = kind {
            let reconciler = self.state.reconcilers.get_mut(snapshot.venue.index());
            let now_ns = self.state.now.mono_ns;
            reconciler.into_iter().for_each(|it| it.on_failed(snapshot.token, now_ns));
        }
    }

    fn on_market(&mut self, event: &MarketEvent, effects: &mut Effects) {
        let at = event.instrument.index();
        if event.data == MarketData::BookLost && !self.state.market[at].is_lost() {
            self.on_gap(event.instrument, effects);
        }
        self.state.market[at].on_event(event, self.origin_ns);
        if let Some(sent_unix_ms) = event.sent_unix_ms {
            let now = self.state.now;
            let waited_ns = now.mono_ns.saturating_sub(self.origin_ns);
            let unix_ns = now.unix_ns.saturating_sub(waited_ns);
            let received = Stamp { mono_ns: self.origin_ns, unix_ns };
            let venue = self.state.instruments[at].venue;
            self.kernel.on_message_time(venue, sent_unix_ms, received);
        }
        let instrument = &self.state.instruments[at];
        match &event.data {
            MarketData::Quote(quote) => {
                self.state.portfolio.on_quote(instrument, quote, self.origin_ns);
                self.state.expose(event.instrument);
            }
            MarketData::Mark(mark)
                if self.state.market[at].outlives_quote(*mark, self.origin_ns) =>
            {
                self.state.portfolio.on_mark(instrument, *mark, self.origin_ns);
            }
            MarketData::Mark(_)
            | MarketData::Trade(_)
            | MarketData::BookLost
            | MarketData::BookBegin
            | MarketData::BookDelta(_)
            | MarketData::BookEnd { .. } => {}
        }
    }

    fn on_reference(&mut self, event: &ReferenceEvent, effects: &mut Effects) {
        if self.state.set_filters(event) {
            effects.push(Effect::Alert(Alert::FiltersChanged(event.instrument)));
        }
    }

    fn on_link(&mut self, event: &LinkEvent, effects: &mut Effects) {
        let (venue, now_ns) = (event.venue, self.state.now.mono_ns);
        let links = &mut self.state.links[venue.index()];
        let was_up = links.is_up();
        links.set(event.channel, event.state, now_ns);
        let up = links.is_up();
        match event.state {
            LinkState::Up => self.on_channel_up(event),
            LinkState::Down => self.on_channel_down(event),
        }
        let reconciler = &mut self.state.reconcilers[venue.index()];
        if was_up && !up {
            reconciler.on_link_down();
            self.state.trades.on_link_down(venue);
        }
        if !was_up && up {
            reconciler.ask_now();
        }
        if was_up != up {
            effects.push(Effect::Alert(Alert::Link { venue, up }));
        }
    }

    fn on_condition(&mut self, told: &VenueCondition, effects: &mut Effects) {
        let VenueCondition { venue, condition } = *told;
        let links = &mut self.state.links[venue.index()];
        let reconciler = &mut self.state.reconcilers[venue.index()];
        match condition {
            Condition::ClockOff => {
                self.counters.clock_refusals += 1;
                self.kernel.on_clock_refused(venue);
            }
            Condition::Unavailable => {
                reconciler.on_link_down();
                self.state.trades.on_link_down(venue);
                if links.on_unavailable() {
                    effects.push(Effect::Alert(Alert::MaintenanceBegan(venue)));
                }
            }
            Condition::Available if links.on_available() => reconciler.ask_now(),
            Condition::Available => {}
            Condition::NearLimit => links.set_below_limit(false),
            Condition::BelowLimit => links.set_below_limit(true),
            Condition::KeyRefused => {
                let change = Change::by_engine(ModeCause::KeyRefused);
                self.change_mode(Scope::Venue(venue), change, effects);
            }
        }
    }

    fn on_channel_up(&mut self, event: &LinkEvent) {
        let State { instruments, orders, now, .. } = &mut self.state;
        let there = |id: InstrumentId| instruments[id.index()].venue == event.venue;
        if event.channel == LinkChannel::Orders {
            orders.on_link_up(there, now.mono_ns);
        }
    }

    fn on_channel_down(&mut self, event: &LinkEvent) {
        let State { instruments, market, orders, now, .. } = &mut self.state;
        let there = |id: InstrumentId| instruments[id.index()].venue == event.venue;
        match event.channel {
            LinkChannel::Market => {
                let lost = market.iter_mut().zip(instruments.iter());
                let lost = lost.filter(|(_, instrument)| instrument.venue == event.venue);
                lost.for_each(|(market, _)| market.on_link_down());
            }
            LinkChannel::Orders => orders.on_link_down(there, now.mono_ns),
            LinkChannel::User => {}
        }
    }

    /// A venue whose connection is lost waits for an operator, also when it comes back (R64, D1).
    fn stop_lost(&mut self, effects: &mut Effects) {
        for at in 0..self.state.venues() {
            let loss = self.state.links[at].loss(self.state.now.mono_ns);
            if let (Some(cause), Ok(venue)) = (loss, u8::try_from(at)) {
                self.change_mode(Scope::Venue(VenueId(venue)), Change::by_engine(cause), effects);
            }
        }
    }

    fn trip(&mut self, trip: Trip, effects: &mut Effects) {
        self.kernel.trip(trip, self.state.now, effects);
    }

    /// Latches newer than `generation` are set, whatever set them: opening orders go, a person must
    /// know, and a reset needs a reading that is asked for after this (D3).
    fn on_tripped(&mut self, generation: u32, effects: &mut Effects) {
        if generation == self.kernel.latch_generation() {
            return;
        }
        let delta = self.state.delta();
        let loss_per_percent = delta.and_then(|delta| delta.abs().checked_bps(100));
        let liquidation_bps = self.state.nearest_liquidation_bps();
        for latch in self.kernel.latches().filter(|it| generation < it.trip.generation) {
            let (scope, reason) = (latch.scope, latch.trip.reason);
            effects.push(Effect::Alert(Alert::KillSwitch {
                scope,
                reason,
                delta,
                loss_per_percent,
                liquidation_bps,
            }));
            if latch.scope == Scope::All {
                self.state.reconcilers.iter_mut().for_each(Reconciler::doubt);
            }
        }
        self.hedge_tripped(generation, effects);
        self.withdrawing = true;
        self.state.reconcilers.iter_mut().for_each(Reconciler::ask_soon);
    }

    /// The kernel looks at what the event made true.
    fn enforce(&mut self, effects: &mut Effects) {
        let State { portfolio, now, .. } = &mut self.state;
        portfolio.on_time(now.mono_ns, |asset, amount| {
            effects.push(Effect::Alert(Alert::Unexplained { asset, amount }));
        });
        let worth = portfolio.value_up();
        self.state.equity = worth.equity;
        self.equity_start = self.equity_start.or(worth.equity);
        self.withdrawing |= self.kernel.keep_hours(self.state.now, effects);
        let profits = self.state.portfolio.profits();
        let enforced = self.kernel.enforce(self.state.now, &worth, profits, effects);
        self.withdrawing |= enforced.withdraws;
        if let Some((scope, cause)) = enforced.reduces {
            self.change_mode(scope, Change::by_engine(cause), effects);
        }
        self.watch_margin(effects);
        self.watch_hedges(effects);
    }
}

impl SeatState {
    fn new(seat: Seat, slips: Often) -> Self {
        let timer_ns = seat.strategy.timer_ns();
        let Seat { instruments, strategy, budget, .. } = seat;
        Self {
            strategy,
            instruments,
            timer_ns,
            next_timer_ns: 0,
            fills: 0,
            denied: 0,
            slipped: 0,
            slips: Recent::new(slips),
            partial_fill: budget.partial_fill,
        }
    }
}
