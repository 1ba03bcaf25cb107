//! Everything that is lost, looked at after each event: drawdown, day, minute, strategies,
//! refusals, and the breaker that counts the stops.
//!
//! Must hold: facts first, orders after: what the present event lost denies the order that it would
//! have caused. Nothing here ever denies a reduction; that is the exit table's to say.

use super::breaker::Breaker;
use super::daily_loss::DailyLoss;
use super::drawdown::Drawdown;
use super::equity::{Equity, Lapse, Told, Valuation};
use super::kill_switch::{Trip, TripReason};
use super::loss_rate::LossRate;
use super::rejects::Rejects;
use super::strategy_losses::StrategyLosses;
use super::verdict::DenyReason;
use crate::core::alert::Alert;
use crate::core::effect::{Effect, Effects, Refusal};
use crate::core::kept::{DayMark, Kept};
use crate::core::mode::ModeCause;
use crate::core::portfolio::HighWater;
use crate::core::setup::{Budget, DrawdownLimits, Limits, Restored};
use crate::core::status::LossStatus;
use crate::types::{Cash, Stamp, StrategyId};

/// Marks that move with every tick are told this often at most.
const KEEP_EVERY_NS: u64 = crate::types::SECOND;

/// What a valuation asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// The kill switch.
    pub(super) trip: Option<Trip>,
    /// The day's loss is confirmed beyond its limit: REDUCING everywhere.
    pub(super) day_lost: bool,
    /// Nothing new is opened anywhere from here on: what stands is taken back.
    pub(super) stopped: bool,
}

#[derive(Debug)]
pub(super) struct Losses {
    confirm: DrawdownLimits,
    equity: Equity,
    drawdown: Drawdown,
    day: DailyLoss,
    rate: LossRate,
    rejects: Rejects,
    breaker: Breaker,
    strategies: Vec<StrategyLosses>,
    high_water_said: Option<HighWater>,
    day_said: Option<DayMark>,
    said_ns: u64,
    /// A confirmed loss of the minute, a storm or the breaker: nothing opening may stand.
    stops: bool,
}

impl Losses {
    pub(super) fn new(limits: &Limits, budgets: &[Budget], restored: &Restored) -> Self {
        let (confirm, appetite) = (limits.drawdown, limits.appetite);
        let peak = restored.high_water.map(|mark| mark.peak.units());
        let strategy = |budget: &Budget| StrategyLosses::new(budget.losses);
        Self {
            confirm,
            equity: Equity::new(confirm, peak.is_some()),
            drawdown: Drawdown::new(confirm, peak),
            day: DailyLoss::new(appetite.day, confirm, restored.day),
            rate: LossRate::new(appetite.minute_loss_max, confirm),
            rejects: Rejects::new(appetite.rejects),
            breaker: Breaker::new(appetite.breaker, restored.breaker),
            strategies: budgets.iter().map(strategy).collect(),
            high_water_said: restored.high_water,
            day_said: restored.day,
            said_ns: 0,
            stops: false,
        }
    }

    /// May anybody take on risk?
    pub(super) fn check(&self, now_ns: u64) -> Result<(), DenyReason> {
        self.equity.check()?;
        self.drawdown.check()?;
        self.day.check()?;
        self.rate.check()?;
        self.breaker.check(now_ns)?;
        self.rejects.check()
    }

    /// May this strategy?
    pub(super) fn check_strategy(&self, strategy: StrategyId) -> Result<(), DenyReason> {
        self.strategies[strategy.index()].check()
    }

    /// True while nothing opening may stand at the venue.
    pub(super) fn forbids_opening(&self) -> bool {
        self.stops
    }

    /// Takes in what an event made of the account and of each strategy's own ledger.
    pub(super) fn observe(
        &mut self,
        now: Stamp,
        valuation: &Valuation,
        profits: impl Iterator<Item = Option<Cash>>,
        effects: &mut Effects,
    ) -> Found {
        let mut found = Found::default();
        match self.equity.observe(now.mono_ns, valuation) {
            Ok(told) => self.on_told(now, &told, profits, &mut found, effects),
            Err(lapse) => found.trip = lapse.map(trip_of),
        }
        self.on_time(now.mono_ns, effects);
        let stops = self.rate.is_stopped()
            || self.rejects.is_stop()
            || self.breaker.check(now.mono_ns).is_err();
        let was_stopped = std::mem::replace(&mut self.stops, stops);
        found.stopped = stops && !was_stopped;
        self.keep(now.mono_ns, effects);
        found
    }

    fn on_told(
        &mut self,
        now: Stamp,
        told: &Told,
        profits: impl Iterator<Item = Option<Cash>>,
        found: &mut Found,
        effects: &mut Effects,
    ) {
        let limit = i64::from(self.confirm.max_bps);
        let fall_bps = self.drawdown.observe(told);
        found.trip = fall_bps.map(|fall_bps| Trip::by_limit(TripReason::Drawdown, fall_bps, limit));
        found.day_lost = self.day.observe(now, told);
        if self.rate.observe(told) {
            effects.push(Effect::Alert(Alert::LossRate));
            self.count_stop(now.mono_ns, effects);
        }
        for (strategy, profit) in self.strategies.iter_mut().zip(profits) {
            strategy.observe(profit, &told.at, &self.confirm);
        }
    }

    fn on_time(&mut self, now_ns: u64, effects: &mut Effects) {
        self.breaker.on_time(now_ns);
        let Some((refused, answers)) = self.rejects.on_time(now_ns) else { return };
        effects.push(Effect::Alert(Alert::RejectStorm { refused, answers }));
        if self.rejects.is_stop() {
            self.count_stop(now_ns, effects);
        }
    }

    /// A strategy that must be stopped and is not yet, and why; each is told once.
    pub(super) fn take_stop(
        &mut self,
        now_ns: u64,
        effects: &mut Effects,
    ) -> Option<(StrategyId, ModeCause)> {
        let mut all = self.strategies.iter_mut().zip((0_u8..).map(StrategyId));
        let (stop, strategy) = all.find_map(|(it, id)| it.take_news().zip(Some(id)))?;
        if stop.is_counted() {
            self.count_stop(now_ns, effects);
        }
        Some((strategy, stop.cause()))
    }

    pub(super) fn reset_breaker(&mut self, now_ns: u64) -> Result<(), Refusal> {
        self.breaker.reset(now_ns)
    }

    pub(super) fn count_stop(&mut self, now_ns: u64, effects: &mut Effects) {
        if self.breaker.on_stop(now_ns) {
            effects.push(Effect::Alert(Alert::BreakerOpen));
        }
    }

    /// Puts on disk what changed and must survive a restart.
    fn keep(&mut self, now_ns: u64, effects: &mut Effects) {
        effects.extend(self.breaker.take_change(now_ns).map(|it| Effect::Kept(Kept::Breaker(it))));
        if now_ns.saturating_sub(self.said_ns) < KEEP_EVERY_NS {
            return;
        }
        let (high_water, day) = (self.high_water(), self.day_mark());
        if high_water.is_some() && self.high_water_said != high_water {
            (self.high_water_said, self.said_ns) = (high_water, now_ns);
            effects.extend(high_water.map(Effect::HighWaterChanged));
        }
        if day.is_some() && self.day_said != day {
            (self.day_said, self.said_ns) = (day, now_ns);
            effects.extend(day.map(|day| Effect::Kept(Kept::Day(day))));
        }
    }

    /// The present equity becomes every mark (D3, `--new-baseline`).
    pub(super) fn rebase(&mut self) {
        self.equity.rebase();
        self.drawdown.rebase();
        self.day.rebase();
    }

    /// True while the drawdown is beyond its limit, or not known.
    pub(super) fn is_breached(&self) -> bool {
        self.equity.last().is_none() || self.drawdown.check().is_err()
    }

    pub(super) fn high_water(&self) -> Option<HighWater> {
        let peak = self.drawdown.peak().and_then(|peak| self.equity.money(peak));
        peak.map(|peak| HighWater { peak })
    }

    /// The day and its opening, as they are kept.
    pub(super) fn day_mark(&self) -> Option<DayMark> {
        let opening = self.day.opening().and_then(|opening| self.equity.money(opening))?;
        Some(DayMark { day: self.day.day(), opening })
    }

    /// Fall from the mark in basis points; `None` while equity is unknown.
    pub(super) fn fall_bps(&self) -> Option<i64> {
        self.equity.last().map(|_| self.drawdown.fall_bps())
    }

    /// The deepest fall since the start, basis points.
    pub(super) fn deepest_bps(&self) -> i64 {
        self.drawdown.deepest_bps()
    }

    /// What people are shown.
    pub(super) fn status(&self, now_ns: u64) -> LossStatus {
        LossStatus {
            day: self.day_mark(),
            day_loss_bps: self.equity.last().map(|_| self.day.fall_bps()),
            breaker_stops: self.breaker.stops(),
            breaker_opened: self.breaker.opened(),
            breaker_cooldown_ns: self.breaker.cooldown_ns(now_ns),
        }
    }

    /// An operator resumed it.
    pub(super) fn review(&mut self, strategy: StrategyId) {
        self.strategies[strategy.index()].review();
    }

    pub(super) fn on_accepted(&mut self, strategy: Option<StrategyId>, now_ns: u64) {
        self.rejects.on_accepted(now_ns);
        self.of(strategy).into_iter().for_each(StrategyLosses::on_accepted);
    }

    pub(super) fn on_rejected(&mut self, strategy: Option<StrategyId>, now_ns: u64) {
        self.rejects.on_rejected(now_ns);
        self.of(strategy).into_iter().for_each(StrategyLosses::on_rejected);
    }

    pub(super) fn on_fill(&mut self, strategy: StrategyId, notional: Cash, now_ns: u64) {
        self.strategies[strategy.index()].on_fill(notional, now_ns);
    }

    pub(super) fn on_round_trip(&mut self, strategy: StrategyId, profit: Cash) {
        self.strategies[strategy.index()].on_round_trip(profit);
    }

    fn of(&mut self, strategy: Option<StrategyId>) -> Option<&mut StrategyLosses> {
        strategy.and_then(|strategy| self.strategies.get_mut(strategy.index()))
    }
}

fn trip_of(lapse: Lapse) -> Trip {
    let Lapse { lasted_ns, limit_ns } = lapse;
    let [value, limit] = [lasted_ns, limit_ns].map(|ns| i64::try_from(ns).unwrap_or(i64::MAX));
    Trip::by_limit(TripReason::EquityUnknown, value, limit)
}
