//! The deterministic machine: `step(event, effects)`, and nothing else, moves it.
//!
//! Must hold: no IO, no clock, no thread, no randomness, no float, no hash map; no allocation after
//! the first events. Facts come first, then the kernel, then the strategies: a breach stops the
//! order that the same event would have caused. A `NewOrder` leaves only as [`safety::Approved`],
//! and only the kernel makes one.
//!
//! Deliberately absent: type parameters on [`Core`], a message bus, references between components.
//! They meet in `state` and here.

mod alert;
mod book;
mod digest;
mod dispatch;
mod effect;
mod event;
mod exposure;
mod flatten;
mod market;
mod mode;
mod orders;
mod params;
mod portfolio;
mod reconcile;
pub mod safety;
mod setup;
mod state;
mod status;
mod strategy;

pub use alert::Alert;
pub use book::Book;
pub use digest::Digest;
pub use effect::{Command, EFFECTS_MAX, Effect, Effects, Refusal};
pub use event::{
    AccountEvent, Baseline, ClockSample, Event, EventKind, LinkChannel, LinkEvent, LinkState,
    OperatorCommand, OperatorRequest, TripCause,
};
pub use mode::{Mode, Scope};
pub use orders::{ORDERS_MAX, Order};
pub use params::{Param, ParamFault, Params};
pub use portfolio::{HighWater, Tally};
pub use reconcile::Finding;
pub use setup::{
    Budget, ClockLimits, DrawdownLimits, InstrumentLimits, Limits, Rate, Restored, Seat, Setup,
    Sharing, Timing, Valuation,
};
pub use status::{Counters, InstrumentStatus, Status, StrategyStatus};
pub use strategy::{
    Construct, INTENTS_MAX, Intent, Intents, OrderUpdate, Outcome, Registry, Strategy,
    StrategySetup, View,
};

use crate::types::{
    AccountSnapshot, Cash, ExecutionKind, ExecutionReport, ForeignOrder, InstrumentId, MarketData,
    MarketEvent, OrderRef, OrderStatus, Qty, QueryToken, Side, Stamp, StrategyId,
};
use dispatch::{News, UPDATES_MAX};
use flatten::{Flatten, Step};
use orders::Applied;
use reconcile::Verdict;
use safety::{Kernel, Trip, TripReason};
use state::State;

/// Widest cap that a flatten may be given: beyond a fifth of the price it is a typing error.
const CAP_BPS_MAX: u32 = 2_000;

/// All trading state of the process, owned by one thread.
#[derive(Debug)]
pub struct Core {
    state: State,
    kernel: Kernel,
    seats: Vec<SeatState>,
    intents: Intents,
    flatten: Flatten,
    counters: Counters,
    updates: Vec<(StrategyId, OrderUpdate)>,
    telling: Vec<(StrategyId, OrderUpdate)>,
    equity_start: Option<Cash>,
    drawdown_bps_max: i64,
    /// When the bytes of the present event arrived.
    origin_ns: u64,
    /// Strategies have been told to begin, and not to end.
    started: bool,
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
}

impl Core {
    /// With all the memory it will need.
    pub fn new(setup: Setup) -> Self {
        let Setup { instruments, valuations, strategies, limits, .. } = setup;
        let in_order = instruments.iter().enumerate().all(|(at, it)| it.id.index() == at);
        assert!(in_order, "instruments stand in order of their index");
        assert!(limits.instruments.len() == instruments.len(), "every instrument has limits");
        let budgets = strategies.iter().map(|seat| seat.budget).collect();
        let kernel = Kernel::new(limits, budgets, &setup.restored);
        let (count, seats) = (instruments.len(), strategies.len());
        Self {
            state: State::new(instruments, valuations, seats, setup.timing, setup.sharing),
            kernel,
            seats: strategies.into_iter().map(SeatState::new).collect(),
            intents: Intents::new(setup.epoch),
            flatten: Flatten::new(count),
            counters: Counters::default(),
            updates: Vec::with_capacity(UPDATES_MAX),
            telling: Vec::with_capacity(UPDATES_MAX),
            equity_start: None,
            drawdown_bps_max: 0,
            origin_ns: 0,
            started: false,
            withdrawing: false,
        }
    }

    /// Applies one event and appends what must now happen outside. The whole machine.
    pub fn step(&mut self, event: &Event, effects: &mut Effects) {
        assert!(self.state.now.mono_ns <= event.at.mono_ns, "events must not go back in time");
        self.state.now = event.at;
        self.origin_ns = event.received_ns;
        self.counters.events += 1;

        let news = self.take_in(&event.kind, effects);
        self.state.orders.on_time(event.at.mono_ns, effects);
        self.state.reconciler.on_time(event.at.mono_ns, self.state.activity, effects);
        self.enforce(effects);
        self.withdraw(effects);
        self.exit(effects);
        self.dispatch(&event.kind, &news, effects);
    }

    /// A number that two equal states share.
    pub fn digest(&self) -> u64 {
        let counters = &self.counters;
        let counts = [counters.events, counters.orders_sent, counters.denied_total()];
        let digest = counts.iter().fold(Digest::new(), |digest, count| digest.with_count(*count));
        let digest = digest
            .with(self.kernel.mode() as i64)
            .with(self.intents.next_id().sequence.into())
            .with_wide(self.state.equity.map_or(i128::MIN, Cash::units));
        let digest = self.state.portfolio.digest(self.state.orders.digest(digest));
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

    /// Differences that the last conclusive reading of the account found.
    pub fn findings(&self) -> &[Finding] {
        self.state.reconciler.findings()
    }

    /// Number of the last question about the account.
    pub fn account_token(&self) -> QueryToken {
        self.state.reconciler.token()
    }

    fn take_in(&mut self, kind: &EventKind, effects: &mut Effects) -> News {
        match kind {
            EventKind::Market(event) => self.on_market(event),
            EventKind::Execution(report) => return self.on_execution(report, effects),
            EventKind::Account(event) => self.on_account(event, effects),
            EventKind::Link(event) => self.on_link(event, effects),
            EventKind::Clock(sample) => self.kernel.on_clock(*sample, self.state.now, effects),
            EventKind::Operator(request) => self.on_operator(request, effects),
            EventKind::Timer => {
                let age_ns_max = self.kernel.limits().data_age_ns_max;
                let State { portfolio, instruments, now, .. } = &mut self.state;
                portfolio.forget_stale(instruments, now.mono_ns, age_ns_max);
            }
        }
        News::None
    }

    fn on_market(&mut self, event: &MarketEvent) {
        let at = event.instrument.index();
        self.state.market[at].on_event(event, self.origin_ns);
        if let Some(sent_unix_ms) = event.sent_unix_ms {
            let now = self.state.now;
            let waited_ns = now.mono_ns.saturating_sub(self.origin_ns);
            let unix_ns = now.unix_ns.saturating_sub(waited_ns);
            let received = Stamp { mono_ns: self.origin_ns, unix_ns };
            self.kernel.on_message_time(sent_unix_ms, received);
        }
        if let MarketData::Quote(quote) = &event.data {
            let instrument = &self.state.instruments[at];
            self.state.portfolio.on_quote(instrument, quote, self.origin_ns);
            self.state.expose(event.instrument);
        }
    }

    fn on_execution(&mut self, report: &ExecutionReport, effects: &mut Effects) -> News {
        self.state.activity += 1;
        let id = match report.order {
            OrderRef::Ours(id) => id,
            OrderRef::Foreign(cause) => {
                self.on_foreign(report, cause, effects);
                return News::None;
            }
        };
        let now_ns = self.state.now.mono_ns;
        let Some(applied) = self.state.orders.apply(id, report, now_ns) else {
            self.on_stray(report);
            return News::None;
        };
        if let Some(fill) = &applied.fill {
            let instrument = &self.state.instruments[report.instrument.index()];
            self.state.portfolio.on_fill(instrument, fill, applied.order.strategy);
        }
        self.state.expose(report.instrument);
        self.count(report, &applied, effects);
        News::Order(applied)
    }

    fn count(&mut self, report: &ExecutionReport, applied: &Applied, effects: &mut Effects) {
        let order = &applied.order;
        match report.kind {
            ExecutionKind::Rejected { .. } => self.counters.rejected += 1,
            ExecutionKind::NotSent(_) => self.counters.not_sent += 1,
            ExecutionKind::Trade(_) if applied.fill.is_none() => {
                self.counters.repeated_reports += 1;
            }
            ExecutionKind::New
            | ExecutionKind::Trade(_)
            | ExecutionKind::Canceled { .. }
            | ExecutionKind::Expired { .. }
            | ExecutionKind::CancelRejected { .. }
            | ExecutionKind::OutcomeUnknown
            | ExecutionKind::Status { .. }
            | ExecutionKind::NotFound => {}
        }
        if applied.overfilled {
            let excess = order.cum_qty.saturating_sub(order.terms.qty).units();
            let trip = Trip::by_limit(TripReason::Overfill, excess, 0);
            effects.push(Effect::Alert(Alert::Overfill(order.id)));
            self.trip(trip, effects);
        }
        if applied.moved && order.status == OrderStatus::Unknown {
            effects.push(Effect::Alert(Alert::OrderUnknown(order.id)));
        }
        if applied.moved && order.status.is_final() {
            effects.push(Effect::Closed { id: order.id, status: order.status });
        }
        if order.status.is_final() && order.cum_qty < order.claimed_qty {
            self.state.reconciler.doubt();
        }
    }

    /// A report that no order here explains (another client, or an earlier epoch of ours): a trade
    /// of it is real all the same. True when it is one and is told for the first time.
    fn on_stray(&mut self, report: &ExecutionReport) -> bool {
        let ExecutionKind::Trade(fill) = report.kind else { return false };
        let fresh = self.state.orders.is_fresh(report);
        if fresh {
            let instrument = &self.state.instruments[report.instrument.index()];
            self.state.portfolio.on_fill(instrument, &fill, None);
            self.state.expose(report.instrument);
        }
        fresh
    }

    fn on_foreign(&mut self, report: &ExecutionReport, cause: ForeignOrder, effects: &mut Effects) {
        // What others have in the market changed: the next reading counts it.
        self.state.reconciler.ask_now();
        let traded = self.on_stray(report);
        let ExecutionKind::Trade(fill) = report.kind else { return };
        if !traded {
            return;
        }
        self.counters.foreign_fills += 1;
        let (instrument, qty) = (report.instrument, fill.side.signed(fill.qty));
        effects.push(Effect::Alert(Alert::ForeignFill { instrument, cause, qty }));
        match cause {
            ForeignOrder::Liquidation | ForeignOrder::Deleveraging | ForeignOrder::Delivery => {
                self.kernel.reduce_only();
                self.mode_changed(Scope::All, self.kernel.mode_of_all(), effects);
            }
            ForeignOrder::Other => {}
        }
    }

    fn on_account(&mut self, event: &AccountEvent, effects: &mut Effects) {
        match event {
            AccountEvent::Snapshot(snapshot) => self.on_snapshot(snapshot, effects),
            AccountEvent::QueryFailed { token, .. } => {
                self.state.reconciler.on_failed(*token, self.state.now.mono_ns);
            }
            AccountEvent::Balance(change) => {
                let moved = self.state.portfolio.on_balance(change);
                self.kernel.on_transfer(moved);
            }
        }
    }

    fn on_snapshot(&mut self, snapshot: &AccountSnapshot, effects: &mut Effects) {
        let State { reconciler, portfolio, orders, instruments, now, activity, .. } =
            &mut self.state;
        let was_proven = reconciler.is_proven();
        let asked_ns = reconciler.asked_ns();
        let verdict = reconciler.on_snapshot(
            snapshot,
            portfolio,
            orders,
            instruments,
            now.mono_ns,
            *activity,
        );
        if let Verdict::Dropped | Verdict::Inconclusive = verdict {
            return;
        }
        for finding in self.state.reconciler.findings().iter().take(effects.room()) {
            effects.push(Effect::Alert(Alert::Mismatch(*finding)));
        }
        let Verdict::Proven { adopt, findings } = verdict else { return };
        self.state.adopt(snapshot, adopt);
        self.state.doubt_absent(snapshot, asked_ns.unwrap_or(0));
        self.state.reconciler.forget_differences();
        self.withdrawing = true;
        if !was_proven || adopt {
            let venue = snapshot.venue;
            effects.push(Effect::Alert(Alert::Reconciled { venue, findings }));
        }
        self.state.equity = self.state.portfolio.equity();
        if !self.started && !self.kernel.is_stopping() {
            self.start(effects);
        }
    }

    fn on_link(&mut self, event: &LinkEvent, effects: &mut Effects) {
        let was_up = self.state.is_link_up();
        self.state.set_link(event.channel, event.state == LinkState::Up);
        let now_ns = self.state.now.mono_ns;
        if event.state == LinkState::Down {
            match event.channel {
                LinkChannel::Market => {
                    self.state.market.iter_mut().for_each(market::Market::on_link_down);
                }
                LinkChannel::Orders => self.state.orders.on_link_down(now_ns),
                LinkChannel::User => {}
            }
        }
        let up = self.state.is_link_up();
        if was_up && !up {
            self.state.reconciler.on_link_down();
        }
        if !was_up && up {
            self.state.reconciler.ask_now();
        }
        if was_up != up {
            effects.push(Effect::Alert(Alert::Link { venue: event.venue, up }));
        }
    }

    fn on_operator(&mut self, request: &OperatorRequest, effects: &mut Effects) {
        let before = self.kernel.mode();
        let answer = self.obey(request, effects);
        if answer.is_ok() && before != self.kernel.mode() {
            effects.push(Effect::Alert(Alert::Mode(self.kernel.mode())));
        }
        if request.ticket != 0 {
            effects.push(Effect::Answer { ticket: request.ticket, answer });
        }
    }

    fn obey(&mut self, request: &OperatorRequest, effects: &mut Effects) -> Result<(), Refusal> {
        match request.command {
            OperatorCommand::Halt(scope) => {
                self.kernel.halt(scope);
                self.mode_changed(scope, Mode::Halted, effects);
            }
            OperatorCommand::Resume(scope) => {
                self.kernel.resume(scope)?;
                self.state.reconciler.ask_now();
                let lifted = if scope == Scope::All { Mode::Conservative } else { Mode::Running };
                self.mode_changed(scope, lifted, effects);
            }
            OperatorCommand::ResumeFull => {
                self.kernel.resume_fully()?;
                self.state.reconciler.ask_now();
                self.mode_changed(Scope::All, Mode::Running, effects);
            }
            OperatorCommand::Trip(cause) => {
                let reason = match cause {
                    TripCause::Operator => TripReason::Operator,
                    TripCause::FlagFile => TripReason::FlagFile,
                    TripCause::Journal => TripReason::Journal,
                };
                let (by, note) = (request.by, request.reason);
                self.trip(Trip { reason, value: 0, limit: 0, by, note }, effects);
            }
            OperatorCommand::Reset { generation, baseline } => {
                let proven = self.state.is_link_up() && self.state.reconciler.is_proven();
                if self.kernel.latch().is_some() && !proven {
                    return Err(Refusal::NotReconciled);
                }
                self.kernel.reset(generation, baseline)?;
                effects.push(Effect::Reset { generation, request: *request });
                self.mode_changed(Scope::All, Mode::Conservative, effects);
            }
            OperatorCommand::Flatten { instrument, cap_bps } => {
                if !(1..=CAP_BPS_MAX).contains(&cap_bps) {
                    return Err(Refusal::CapOutOfRange);
                }
                self.flatten.begin(instrument, cap_bps);
                self.withdrawing = true;
            }
            OperatorCommand::Reconcile => self.state.reconciler.ask_now(),
            OperatorCommand::Stop => {
                self.stop_strategies();
                self.kernel.stop();
                self.withdrawing = true;
            }
        }
        Ok(())
    }

    fn mode_changed(&mut self, scope: Scope, mode: Mode, effects: &mut Effects) {
        self.withdrawing = true;
        effects.push(Effect::ModeChanged { scope, mode });
    }

    fn trip(&mut self, trip: Trip, effects: &mut Effects) {
        self.kernel.trip(trip, self.state.now, effects);
        self.withdrawing = true;
    }

    /// The kernel looks at what the event made true.
    fn enforce(&mut self, effects: &mut Effects) {
        self.state.equity = self.state.portfolio.equity();
        self.equity_start = self.equity_start.or(self.state.equity);
        let was = self.kernel.latch().is_some();
        let exposed = self.state.portfolio.is_exposed();
        self.kernel.enforce(self.state.now, self.state.equity, exposed, effects);
        self.drawdown_bps_max = self.drawdown_bps_max.max(self.kernel.drawdown_bps().unwrap_or(0));
        self.withdrawing |= was != self.kernel.latch().is_some();
    }

    /// Takes back opening orders where none may stand: after a trip, a halt, the end, where a
    /// flatten is at work, and those found at the venue that nobody here wants.
    fn withdraw(&mut self, effects: &mut Effects) {
        if !self.withdrawing {
            return;
        }
        let Self { state, kernel, flatten, .. } = self;
        let now_ns = state.now.mono_ns;
        let unwanted = |order: &Order| {
            let orphan = order.strategy.is_none();
            orphan || kernel.forbids_opening(order) || flatten.is_flattening(order.terms.instrument)
        };
        let sent = effects.as_slice().len();
        if kernel.latch().is_some() && state.sharing == Sharing::Exclusive {
            cancel_by_symbol(state, effects);
        }
        let done = state.orders.cancel_opening(unwanted, now_ns, effects);
        self.counters.cancels_sent += (effects.as_slice().len() - sent) as u64;
        self.withdrawing = !done;
    }

    /// Goes on with a flatten.
    fn exit(&mut self, effects: &mut Effects) {
        if !self.flatten.is_at_work() || !self.state.is_link_up() {
            return;
        }
        for at in 0..self.state.instruments.len() {
            let instrument = self.state.instruments[at].id;
            let position = self.state.portfolio.position(instrument);
            let open = self.state.totals().of(instrument);
            let under_way = open.reducing(Side::Buy).max(open.reducing(Side::Sell));
            let filters = &self.state.instruments[at].filters;
            let now_ns = self.state.now.mono_ns;
            let step = self.flatten.step(instrument, position, under_way, filters, now_ns);
            if let Step::Done = step {
                self.withdrawing = true;
                if !self.flatten.is_at_work() {
                    effects.push(Effect::Alert(Alert::Flat));
                }
            }
            self.send_exit(instrument, step, effects);
        }
    }

    fn send_exit(&mut self, instrument: InstrumentId, step: Step, effects: &mut Effects) {
        let Step::Exit { side, .. } = step else { return };
        let exit = self.intents.reserve().and_then(|id| step.exit(id));
        let Some(exit) = exit.filter(|_| self.state.orders.has_room()) else { return };
        let facts = self.state.facts(instrument, side);
        match self.kernel.review_exit(&exit, &facts) {
            Ok(approved) => {
                self.state.orders.open(&approved, self.state.now.mono_ns);
                self.flatten.on_sent(instrument);
                self.counters.orders_sent += 1;
                effects.push(Effect::Send(Command::NewOrder(approved)));
            }
            Err(_) if self.flatten.on_denied(instrument, self.state.now.mono_ns) => {
                effects.push(Effect::Alert(Alert::FlattenStuck(instrument)));
            }
            Err(_) => {}
        }
    }
}

/// Belt and braces after a trip: one message per instrument that also reaches orders which are not
/// known here, where the account is ours alone and nothing protective stands there (SAFETY E4).
fn cancel_by_symbol(state: &State, effects: &mut Effects) {
    for instrument in &state.instruments {
        let open = state.totals().of(instrument.id);
        let guarded = Side::BOTH.iter().any(|side| Qty::ZERO < open.reducing(*side));
        if 0 < open.live() && !guarded && 0 < effects.room() {
            effects.push(Effect::Send(Command::CancelAll { instrument: instrument.id }));
        }
    }
}

impl SeatState {
    fn new(seat: Seat) -> Self {
        let timer_ns = seat.strategy.timer_ns();
        let Seat { instruments, strategy, .. } = seat;
        Self { strategy, instruments, timer_ns, next_timer_ns: 0, fills: 0, denied: 0 }
    }
}
