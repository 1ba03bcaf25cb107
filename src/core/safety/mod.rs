//! The safety kernel: the one gate between a wish and an order.
//!
//! `review` is synchronous, allocation-free and runs inline before every order. Its lines are in
//! order of precedence, the same as [`DenyReason`]: the first that fails names the reason.
//!
//! Must hold: only `Kernel::review` and `Kernel::review_exit` make an [`Approved`], and only
//! `Kernel::review_amend` an [`ApprovedAmend`]; what is not known denies; a stop never denies an
//! operator's exit (SAFETY E2) and never touches a cancel.
//! A check is a file that answers `Result<(), DenyReason>`, a variant at its place of precedence, a
//! line here, and a row in `tests.rs`.

mod amending;
mod attestation;
mod breaker;
mod collar;
mod daily_loss;
mod drawdown;
mod drift;
mod duplicate;
mod equity;
mod exposure;
mod facts;
mod filters;
mod free_margin;
mod freeze;
mod freshness;
mod hedge;
mod identity;
mod kill_switch;
mod leverage_cap;
mod lifting;
mod liquidation;
mod loss_rate;
mod losses;
mod margin;
mod margin_ratio;
mod margin_setup;
mod mark_band;
mod market_move;
mod minute;
mod modes;
mod nav;
mod no_trade;
mod order_to_trade;
mod outcomes;
mod parents;
mod permission;
mod proof;
mod rates;
mod reducing;
mod rejects;
mod repeat;
mod scale;
mod self_trade;
mod shared;
mod size;
mod strategy_losses;
mod taking;
mod terms;
#[cfg(test)]
mod tests;
mod throttle;
mod ttl;
mod verdict;

pub use collar::exit_price;
pub use drawdown::is_beyond;
pub(super) use equity::Valuation;
pub(super) use facts::{Exit, Facts, Holdings, Wish};
pub use kill_switch::{LATCHES_MAX, Latch, TripReason, TripRecord};
pub(super) use kill_switch::{Release, Trip};
pub(super) use modes::{Change, Modes};
pub(super) use parents::ParentWish;
pub(super) use reducing::exit_room;
pub use verdict::{Approved, ApprovedAmend, DenyReason, Passage};

use super::Order;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use super::event::JournalState;
use super::mode::{Mode, ModeCause, ModeRecord, Scope};
use super::orders::IntentKey;
use super::setup::{Attestation, Budget, Limits, Restored};
use crate::types::{
    Cash, ClientOrderId, Instrument, InstrumentId, OrderTerms, Purpose, Quote, Stamp, StrategyId,
    TimeInForce,
};
use drift::Drift;
use facts::{Candidate, Stands};
use identity::Ids;
use kill_switch::KillSwitch;
use losses::Losses;
use no_trade::NoTrade;
use rates::Rates;
use repeat::Repeats;
use verdict::require;

/// The kernel's own state.
#[derive(Debug)]
pub(super) struct Kernel {
    ids: Ids,
    kill_switch: KillSwitch,
    modes: Modes,
    no_trade: NoTrade,
    losses: Losses,
    /// By `VenueId`.
    drifts: Vec<Drift>,
    rates: Rates,
    repeats: Repeats,
    journal: JournalState,
    attestation: Attestation,
    budgets: Vec<Budget>,
    limits: Limits,
}

/// An order that passed: all its terms, and what it is to the ledger of its strategy.
struct Judged {
    terms: OrderTerms,
    toward: Purpose,
    passage: Passage,
}

/// What the machine must do after the kernel looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enforced {
    /// Where only reductions may go on, and why.
    pub(super) reduces: Option<(Scope, ModeCause)>,
    /// Opening orders must be taken back.
    pub(super) withdraws: bool,
}

/// Most orders of strategies, whatever the configuration says: the rest of the table is for exits
/// and for orders found at the venue.
const STRATEGY_ORDERS_MAX: u32 = 12_288;

impl Kernel {
    /// `epoch` is the number of this start: the first half of every id.
    pub(super) fn new(
        limits: Limits,
        budgets: Vec<Budget>,
        instruments: &[Instrument],
        epoch: u32,
        restored: &Restored,
    ) -> Self {
        let mut modes = Modes::new(instruments, budgets.len());
        modes.restore(restored);
        modes.watch_for(limits.probation_ns);
        Self {
            ids: Ids::new(epoch),
            kill_switch: KillSwitch::restored(restored, limits.reset_cooldown_ns, instruments),
            no_trade: NoTrade::new(limits.no_trade.clone()),
            losses: Losses::new(&limits, &budgets, restored),
            drifts: vec![Drift::new(limits.clock); modes.venues()],
            modes,
            rates: Rates::new(&limits, &budgets),
            repeats: Repeats::new(limits.repeats),
            journal: JournalState::InTime,
            attestation: restored.attestation,
            budgets,
            limits,
        }
    }

    /// The way from a strategy's wish to an order. Whatever the answer, its id is spent.
    pub(super) fn review(
        &mut self,
        wish: &Wish<'_>,
        facts: &Facts<'_>,
    ) -> Result<Approved, DenyReason> {
        assert!(wish.amends.is_none(), "an amend makes no order");
        let verdict = self.judge(wish, facts);
        self.ids.spend(wish.id);
        let Judged { terms, toward, passage } = verdict?;
        let approved = Approved::by_kernel(wish.id, Some(wish.strategy), terms, wish.origin_ns);
        Ok(approved.toward_ledger(toward).passed_as(passage).under(wish.under.id()))
    }

    /// The way from an operator's flatten to an order (D4). Whatever the answer, its id is spent.
    pub(super) fn review_exit(
        &mut self,
        exit: &Exit,
        facts: &Facts<'_>,
    ) -> Result<Approved, DenyReason> {
        let verdict = self.judge_exit(exit, facts);
        self.ids.spend(exit.id);
        verdict
    }

    fn judge(&mut self, wish: &Wish<'_>, facts: &Facts<'_>) -> Result<Judged, DenyReason> {
        let (asked, bounds) = (wish, self.limits.instruments[facts.instrument.id.index()]);
        let ttl_ns_max = self.limits.order_ttl_ns_max;
        let wish = &shared::to_account(asked, facts, bounds.shared, ttl_ns_max);
        let request = &wish.request;
        let toward = asked.amends.map_or(asked.request.purpose, |order| order.toward);
        let passage = hedge::passage(wish, facts, self.limits.price_band_bps);
        let mode = self.modes.at(facts.instrument.id, Some(wish.strategy));
        self.check_place(passage, mode, wish.id, Some(wish), facts)?;
        let quote = facts.market.quote().ok_or(DenyReason::NoQuote)?;
        let tick = facts.instrument.filters.price_tick;
        let price = terms::price_of(request, quote, tick, self.limits.price_band_bps)?;
        let (side, qty, purpose) = (request.side, request.qty, request.purpose);
        let (strategy, instrument) = (wish.strategy, facts.instrument.id);
        let key = IntentKey { strategy, instrument, side, price, qty };
        let (key, ttl_ns) = (Some(key), request.ttl_ns);
        let takes = taking::takes(&request.kind, quote, side, price);
        // A hedge may be as large as the leg that it stands against.
        let mode = if passage == Passage::Hedge { Mode::Running } else { mode };
        let stands = wish.amends.map_or(Stands::default(), Stands::of);
        let order = Candidate {
            passage,
            key,
            side,
            price,
            qty,
            stands,
            purpose,
            toward,
            ttl_ns,
            takes,
            mode,
        };
        self.check_order(&order, quote, Some(wish), facts)?;
        key.into_iter().for_each(|key| self.repeats.count(key, facts.now.mono_ns));
        self.rates.take(Some(strategy), facts.now.mono_ns);
        Ok(Judged { terms: terms::terms_of(request, price, facts.now), toward, passage })
    }

    /// Under the same checks as a wish, as far as the exit table lets them bind (SAFETY E2):
    /// appetite for risk, modes, the latch and the freshness of data do not. The reference of its
    /// price is the last known quote, however old.
    fn judge_exit(&mut self, exit: &Exit, facts: &Facts<'_>) -> Result<Approved, DenyReason> {
        let passage = Passage::Flatten;
        let mode = self.modes.at(facts.instrument.id, None);
        self.check_place(passage, mode, exit.id, None, facts)?;
        let filters = &facts.instrument.filters;
        let quote = facts.market.last_quote().ok_or(DenyReason::NoPrice)?;
        let price = exit_price(quote, facts.market.mark(), exit.side, exit.cap_bps, filters);
        let price = price.ok_or(DenyReason::NoPrice)?;
        let (side, qty, purpose) = (exit.side, exit.qty, Purpose::Reducing);
        let (key, ttl_ns, takes, toward) = (None, None, true, purpose);
        let stands = Stands::default();
        let order = Candidate {
            passage,
            key,
            side,
            price,
            qty,
            stands,
            purpose,
            toward,
            ttl_ns,
            takes,
            mode,
        };
        self.check_order(&order, quote, None, facts)?;
        self.rates.take(None, facts.now.mono_ns);
        let terms = OrderTerms {
            instrument: facts.instrument.id,
            side,
            time_in_force: TimeInForce::Ioc,
            price,
            qty,
            purpose,
            expires_ns: None,
        };
        Ok(Approved::by_kernel(exit.id, None, terms, facts.now.mono_ns))
    }

    /// May anything be sent there now, by whoever asks? Does not look at the order itself.
    fn check_place(
        &self,
        passage: Passage,
        mode: Mode,
        id: ClientOrderId,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let (now_ns, instrument) = (facts.now.mono_ns, facts.instrument);
        let holds = |holds, reason| passage.judge(require(holds, reason));
        let link_up = if passage == Passage::Flatten { facts.entry_up } else { facts.link_up };
        let strategy = wish.map(|wish| wish.strategy);
        passage.judge(self.kill_switch.check(instrument.id, strategy))?;
        if wish.is_some() {
            passage.judge(self.modes.check(mode))?;
        }
        holds(!facts.flattening, DenyReason::Halted)?;
        holds(mode < Mode::Reducing, DenyReason::ReducingOnly)?;
        passage.judge(self.no_trade.check())?;
        holds(facts.serving, DenyReason::Maintenance)?;
        holds(link_up, DenyReason::LinkDown)?;
        holds(facts.reconciled, DenyReason::NotReconciled)?;
        holds(instrument.filters.trading, DenyReason::NotTrading)?;
        let filters_age_ns = now_ns.saturating_sub(facts.filters_read_ns);
        let current = filters_age_ns <= self.limits.filters_age_ns_max;
        holds(current, DenyReason::StaleFilters)?;
        holds(self.journal == JournalState::InTime, DenyReason::JournalLate)?;
        passage.judge(attestation::check(self.attestation))?;
        let rests = wish.is_some_and(|wish| wish.request.kind.rests());
        holds(facts.can_guard || !rests, DenyReason::DeadManUnarmed)?;
        holds(wish.is_none_or(|wish| wish.permitted), DenyReason::NotPermitted)?;
        let restricted = self.limits.instruments[instrument.id.index()].restricted;
        holds(!restricted, DenyReason::Restricted)?;
        passage.judge(match wish.filter(|wish| wish.amends.is_some()) {
            Some(wish) => amending::check(wish),
            None => self.ids.check(id),
        })?;
        passage.judge(self.drifts[instrument.venue.index()].check(now_ns))?;
        holds(facts.market.last_quote().is_some(), DenyReason::NoPrice)?;
        passage.judge(freshness::check(facts.market, now_ns, self.limits.data_age_ns_max))?;
        let origin_ns = wish.map_or(now_ns, |wish| wish.origin_ns);
        let age_ns_max = self.limits.signal_age_ns_max;
        passage.judge(freshness::check_signal(origin_ns, now_ns, age_ns_max))?;
        let mid = facts.market.quote().and_then(Quote::mid);
        let before = facts.market.past_mid(now_ns);
        passage.judge(market_move::check(mid, before, self.limits.price_move.max_bps))?;
        passage.judge(self.losses.check(now_ns))?;
        let Some(wish) = wish else { return Ok(()) };
        passage.judge(self.losses.check_strategy(wish.strategy))
    }

    /// May this order be sent, where one may?
    fn check_order(
        &mut self,
        order: &Candidate,
        quote: &Quote,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, side, price, qty, purpose, ttl_ns, takes, mode, .. } = order;
        let (now_ns, limits, kind) = (facts.now.mono_ns, &self.limits, facts.instrument.kind);
        let bounds = limits.instruments[facts.instrument.id.index()];
        let holds = |holds, reason| passage.judge(require(holds, reason));

        if let Some(wish) = wish {
            let allowed = &self.budgets[wish.strategy.index()].permissions;
            passage.judge(permission::check(allowed, &wish.request))?;
        }
        passage.judge(taking::check(limits.conservative_taker, mode, takes))?;
        passage.judge(filters::check(&facts.instrument.filters, price, qty, purpose))?;
        let venue = &facts.instrument.filters;
        passage.judge(mark_band::check(venue, facts.market, quote, side, price, now_ns))?;
        passage.judge(size::check(price, qty, bounds.order_qty_max, limits.order_notional_max))?;
        if takes {
            let (book, max_bps) = (facts.market.book(), limits.depth_bps_max);
            passage.judge(taking::check_depth(book, side, order.rest(), max_bps))?;
        }
        passage.judge(collar::check(quote, side, price, limits.price_band_bps))?;
        let traded = facts.market.traded(now_ns, limits.data_age_ns_max);
        passage.judge(collar::check_trade(traded, side, price, limits.price_band_bps))?;
        passage.judge(ttl::check(ttl_ns, purpose, limits.order_ttl_ns_max))?;
        passage.judge(match wish {
            Some(wish) => reducing::check(order, &facts.account, &wish.own, kind, bounds.shared),
            None => reducing::check_exit(&facts.account, kind, side, qty),
        })?;
        self.check_intent(order, wish, facts)?;
        self.check_counts(order, wish, facts)?;
        let worth = price.max(quote.ask);
        let position_max = self.scaled_qty(mode, bounds.position_max);
        passage.judge(exposure::check_position(
            &facts.account,
            side,
            order.added(),
            position_max,
        ))?;
        let gross_max = self.scaled_cash(mode, self.limits.gross_notional_max);
        let more = order.more(worth, quote.ask);
        passage.judge(exposure::check_gross(facts.around.gross, more, gross_max))?;
        if purpose == Purpose::Opening {
            passage.judge(hedge::check(facts.hedge.as_ref(), more))?;
        }
        self.check_sums(order, worth, more, facts)?;
        passage.judge(self.check_margin(order, worth, facts))?;
        let Some(wish) = wish else { return Ok(()) };
        let budget = self.budgets[wish.strategy.index()];
        let has_room = wish.amends.is_some() || wish.live_orders < budget.open_orders_max;
        holds(has_room, DenyReason::StrategyOrders)?;
        passage.judge(self.rates.check_strategy(passage, wish.strategy, now_ns))?;
        if order.toward != Purpose::Opening {
            return Ok(());
        }
        let notional_max = self.scaled_cash(mode, budget.position_notional_max);
        passage.judge(exposure::check_strategy(&wish.own, side, worth, order.added(), notional_max))
    }

    /// Has all of it been asked for, or the same, and would it meet an order of our own?
    fn check_intent(
        &self,
        order: &Candidate,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, side, price, .. } = order;
        if let Some(wish) = wish {
            let rule = self.budgets[wish.strategy.index()].parents;
            passage.judge(parents::check(order, wish, rule))?;
        }
        if let Some(key) = &order.key {
            passage.judge(duplicate::check(facts.standing, key))?;
            passage.judge(self.repeats.check(key, facts.now.mono_ns))?;
        }
        passage.judge(self_trade::check(facts.own_opposite, side, price))
    }

    /// How many orders there are, and how many there were lately.
    ///
    /// Decision: orders of unknown fate are limited in each instrument, which is the smallest scope
    /// of a lost answer (SAFETY E8), and in all together: answers that are lost here and there are
    /// a venue or a connection that loses them, before any one instrument shows it.
    fn check_counts(
        &mut self,
        order: &Candidate,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let passage = order.passage;
        let (limits, here) = (&self.limits, facts.account.open);
        let bounds = limits.instruments[facts.instrument.id.index()];
        let holds = |holds, reason| passage.judge(require(holds, reason));
        holds(facts.unknown_orders < limits.unknown_orders_max, DenyReason::TooManyUnknown)?;
        holds(here.unknown() < bounds.unknown_orders_max, DenyReason::InstrumentUnknown)?;
        let most = limits.open_orders_max.min(STRATEGY_ORDERS_MAX);
        // An amend adds no order.
        if wish.is_none_or(|wish| wish.amends.is_none()) {
            holds(facts.live_orders < most, DenyReason::TooManyOrders)?;
            holds(here.live() < bounds.open_orders_max, DenyReason::InstrumentOrders)?;
        }
        passage.judge(self.rates.check(passage, facts.now.mono_ns))
    }

    /// Trips the switch on what the last event made true. Runs before the strategies, so that the
    /// tick that breaches a limit cannot also cause an order.
    pub(super) fn enforce(
        &mut self,
        now: Stamp,
        worth: &Valuation,
        profits: impl Iterator<Item = Option<Cash>>,
        effects: &mut Effects,
    ) -> Enforced {
        self.rates.begin(now.mono_ns);
        let found = self.losses.observe(now, worth, profits, effects);
        if let Some(trip) = found.trip {
            self.trip(trip, now, effects);
        }
        self.watch_clocks(effects);
        let reduces = if found.day_lost {
            Some((Scope::All, ModeCause::DailyLoss))
        } else {
            let stop = self.losses.take_stop(now.mono_ns, effects);
            stop.map(|(strategy, cause)| (Scope::Strategy(strategy), cause))
        };
        Enforced { reduces, withdraws: found.stopped }
    }

    /// Looks at the calendar. True when orders that rest may have to go.
    pub(super) fn keep_hours(&mut self, now: Stamp, effects: &mut Effects) -> bool {
        let offset_ns = self.drifts.iter().find_map(Drift::offset_ns).unwrap_or(0);
        let venue_unix_ns = now.unix_ns.saturating_add_signed(offset_ns);
        match self.no_trade.observe(venue_unix_ns / crate::types::SECOND) {
            Some(no_trade::Edge::Entered) => effects.push(Effect::Alert(Alert::WindowEntered)),
            Some(no_trade::Edge::Left) => effects.push(Effect::Alert(Alert::WindowLeft)),
            None => return false,
        }
        self.no_trade.cancels()
    }

    /// True while the calendar opens nothing.
    pub(super) fn is_in_window(&self) -> bool {
        self.no_trade.is_inside()
    }

    /// Sets the latch and says so; nothing when it is set already.
    pub(super) fn trip(&mut self, trip: Trip, now: Stamp, effects: &mut Effects) {
        effects.extend(self.kill_switch.trip(trip, now).map(Effect::Tripped));
    }

    /// True when a whole burst of orders may go, of all and of each strategy.
    pub(super) fn has_full_rates(&mut self, now_ns: u64) -> bool {
        self.rates.is_full(now_ns)
    }

    /// What happens reaches the disk in time, or not.
    pub(super) fn on_journal(&mut self, state: JournalState) {
        self.journal = state;
    }

    /// Whether somebody has put a name to the configuration.
    pub(super) fn attestation(&self) -> Attestation {
        self.attestation
    }

    pub(super) fn stop(&mut self) {
        self.modes.stop();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.modes.is_stopping()
    }

    /// The mode of everything, the latch included.
    pub(super) fn mode(&self) -> Mode {
        if self.latch().is_some() { Mode::Killed } else { self.modes.all() }
    }

    /// What holds in one scope alone, and why; the latch is apart.
    pub(super) fn mode_in(&self, scope: Scope) -> ModeRecord {
        self.modes.of(scope)
    }

    /// Which mode holds where, the latch apart.
    pub(super) fn modes(&self) -> &Modes {
        &self.modes
    }

    /// How long the probation after a resume still takes, nanoseconds.
    pub(super) fn probation_left_ns(&self, now_ns: u64) -> u64 {
        self.modes.probation_left_ns(now_ns)
    }

    /// The mode of one strategy: that of everything, or its own.
    pub(super) fn mode_of(&self, strategy: StrategyId) -> Mode {
        if self.kill_switch.stops(strategy) {
            return Mode::Killed;
        }
        self.mode().max(self.modes.of(Scope::Strategy(strategy)).mode)
    }

    /// True when nothing opening may stand at the venue in that place.
    pub(super) fn forbids_opening(&self, order: &Order) -> bool {
        let mode = self.modes.at(order.terms.instrument, order.strategy);
        let stopped = self.kill_switch.covers(order.terms.instrument, order.strategy)
            || self.modes.is_stopping()
            || Mode::Halted <= mode;
        let reduces =
            self.losses.forbids_opening() || self.no_trade.cancels() || Mode::Reducing <= mode;
        stopped || (reduces && !order.hedges())
    }

    /// True when a latch stops everybody in that instrument.
    pub(super) fn kills(&self, instrument: InstrumentId) -> bool {
        self.kill_switch.covers(instrument, None)
    }

    /// True when one does that was set after that generation.
    pub(super) fn kills_since(&self, instrument: InstrumentId, generation: u32) -> bool {
        let mut since = self.latches().filter(|latch| generation < latch.trip.generation);
        since.any(|latch| self.kill_switch.reaches(latch, instrument, None))
    }

    /// The latch of everything.
    pub(super) fn latch(&self) -> Option<&TripRecord> {
        self.kill_switch.latch()
    }

    /// True when that latch stops such an order.
    pub(super) fn reaches(&self, latch: &Latch, order: &Order) -> bool {
        self.kill_switch.reaches(latch, order.terms.instrument, order.strategy)
    }

    /// Every latch, in the order in which they were set.
    pub(super) fn latches(&self) -> impl Iterator<Item = &Latch> {
        self.kill_switch.latches()
    }

    /// How long a reset of that latch must wait.
    pub(super) fn cooldown_left_ns(&self, generation: u32, now_ns: u64) -> u64 {
        self.kill_switch.cooldown_left_ns(generation, now_ns)
    }

    pub(super) fn latch_generation(&self) -> u32 {
        self.kill_switch.generation()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}
