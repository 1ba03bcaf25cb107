//! The safety kernel: the one gate between a wish and an order.
//!
//! `review` is synchronous, allocation-free and runs inline before every order: the checks of the
//! place first (`place.rs`), then those of the order (`order.rs`), in order of precedence, the same
//! as [`DenyReason`]: the first that fails names the reason.
//!
//! Must hold: only `Kernel::review` and `Kernel::review_exit` make an [`Approved`], only
//! `Kernel::review_amend` an [`ApprovedAmend`], and only `Kernel::review_stop` an [`ApprovedStop`];
//! what is not known denies; a halt or a trip never denies an operator's exit or a stop that guards
//! a position (SAFETY E2) and never touches a cancel.
//! A check is a file that answers `Result<(), DenyReason>`, a variant at its place of precedence, a
//! line in `place.rs` or `order.rs`, and a row in `tests.rs`.

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
mod free_balance;
mod free_margin;
mod freeze;
mod freshness;
mod hedge;
mod identity;
mod key;
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
mod order;
mod order_to_trade;
mod outcomes;
mod parents;
mod permission;
mod place;
mod proof;
mod protective;
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
pub(super) use protective::{latest, trigger};
pub(super) use reducing::exit_room;
pub use verdict::{Approved, ApprovedAmend, ApprovedStop, DenyReason, Passage};

use super::Order;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use super::event::JournalState;
use super::mode::{Mode, ModeCause, ModeRecord, Scope};
use super::orders::IntentKey;
use super::setup::{Attestation, Budget, KeyFitness, Limits, Restored};
use crate::types::{
    Cash, Instrument, InstrumentId, OrderRequest, OrderTerms, Purpose, Qty, Stamp, StrategyId,
    TimeInForce,
};
use drift::Drift;
use facts::Candidate;
use identity::Ids;
use kill_switch::KillSwitch;
use losses::Losses;
use no_trade::NoTrade;
use rates::Rates;
use repeat::Repeats;

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
    key: KeyFitness,
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
            key: restored.key,
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
        let (request, instrument) = (&wish.request, facts.instrument.id);
        let shared = self.limits.instruments[instrument.index()].shared;
        let purpose = shared::purpose(wish, facts, shared);
        let ttl_ns = shared::ttl_ns(request, purpose, self.limits.order_ttl_ns_max);
        let passage = hedge::passage(wish, purpose, facts, self.limits.price_band_bps);
        let mode = self.modes.at(instrument, Some(wish.strategy));
        self.check_place(passage, mode, wish.id, Some(wish), facts)?;
        let quote = facts.market.quote().ok_or(DenyReason::NoQuote)?;
        let tick = facts.instrument.filters.price_tick;
        let price = terms::price_of(request, quote, tick, self.limits.price_band_bps)?;
        let OrderRequest { side, qty, .. } = wish.request;
        let key = IntentKey { strategy: wish.strategy, instrument, side, price, qty };
        let order = Candidate {
            passage,
            key: Some(key),
            side,
            price,
            qty,
            rest: qty.saturating_sub(wish.amends.map_or(Qty::ZERO, |order| order.cum_qty)),
            stands: wish.amends.map_or(Qty::ZERO, Order::remaining),
            purpose,
            toward: wish.amends.map_or(request.purpose, |order| order.toward),
            ttl_ns,
            takes: taking::takes(&request.kind, quote, side, price),
            // A hedge may be as large as the leg that it stands against.
            mode: if passage == Passage::Hedge { Mode::Running } else { mode },
        };
        self.check_order(&order, quote, Some(wish), facts)?;
        self.repeats.count(key, facts.now.mono_ns);
        self.rates.take(Some(wish.strategy), facts.now.mono_ns);
        let time_in_force = terms::time_in_force(&request.kind);
        let terms = order.terms(instrument, time_in_force, facts.now);
        Ok(Judged { terms, toward: order.toward, passage })
    }

    /// Under the same checks as a wish, as far as the exit table lets them bind (SAFETY E2):
    /// appetite for risk, modes, the latch and the freshness of data do not. The reference of its
    /// price is the last known quote, however old.
    fn judge_exit(&mut self, exit: &Exit, facts: &Facts<'_>) -> Result<Approved, DenyReason> {
        let (passage, instrument) = (Passage::Flatten, facts.instrument.id);
        let mode = self.modes.at(instrument, None);
        self.check_place(passage, mode, exit.id, None, facts)?;
        let filters = &facts.instrument.filters;
        let quote = facts.market.last_quote().ok_or(DenyReason::NoPrice)?;
        let price = exit_price(quote, facts.market.mark(), exit.side, exit.cap_bps, filters);
        let order = Candidate {
            passage,
            key: None,
            side: exit.side,
            price: price.ok_or(DenyReason::NoPrice)?,
            qty: exit.qty,
            rest: exit.qty,
            stands: Qty::ZERO,
            purpose: Purpose::Reducing,
            toward: Purpose::Reducing,
            ttl_ns: None,
            takes: true,
            mode,
        };
        self.check_order(&order, quote, None, facts)?;
        self.rates.take(None, facts.now.mono_ns);
        let terms = order.terms(instrument, TimeInForce::Ioc, facts.now);
        Ok(Approved::by_kernel(exit.id, None, terms, facts.now.mono_ns))
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

    /// Whether the key is one to trade with.
    pub(super) fn key(&self) -> KeyFitness {
        self.key
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
