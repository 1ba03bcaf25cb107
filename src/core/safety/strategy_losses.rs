//! What one strategy lost and tried: beyond its bounds it may only reduce, until an operator
//! resumes it (P21-P23).
//!
//! Must hold: the first valuation beyond the allowed loss denies; confirmed, the strategy's own
//! mode becomes REDUCING, which survives restarts. Only the operator's resume of this very strategy
//! lifts it, and is at the same time the review after which everything is counted anew.
//!
//! Decision: executions are bounded as a rate and as an amount traded since the last review, not as
//! a count: an honest market maker trades all day (SAFETY E14).

use super::minute::Minute;
use super::proof::{Breach, Moment};
use super::verdict::{DenyReason, require};
use crate::core::mode::ModeCause;
use crate::core::setup::{DrawdownLimits, StrategyLimits};
use crate::types::Cash;

/// Why a strategy may only reduce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stop {
    /// It lost more than it may.
    Loss,
    /// Too many of its round trips in a row lost.
    LosingRun,
    /// The venue refused too many of its orders in a row.
    Rejects,
    /// It traded more than it may without a person having looked.
    Review,
}

impl Stop {
    /// What moves the strategy's mode.
    pub(super) fn cause(self) -> ModeCause {
        match self {
            Self::Loss => ModeCause::StrategyLoss,
            Self::LosingRun => ModeCause::LosingRun,
            Self::Rejects => ModeCause::StrategyRejects,
            Self::Review => ModeCause::ReviewDue,
        }
    }

    /// True for one that may come again by itself: the circuit breaker counts it.
    pub(super) fn is_counted(self) -> bool {
        matches!(self, Self::LosingRun | Self::Rejects)
    }

    fn reason(self) -> DenyReason {
        match self {
            Self::Loss => DenyReason::StrategyLoss,
            Self::LosingRun => DenyReason::LosingRun,
            Self::Rejects => DenyReason::StrategyRejects,
            Self::Review => DenyReason::ReviewDue,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct StrategyLosses {
    limits: StrategyLimits,
    /// Why it may only reduce.
    stop: Option<Stop>,
    /// Nobody has been told yet.
    is_news: bool,
    /// Profit less loss of its own ledger; `None` while it cannot be told.
    profit: Option<Cash>,
    /// The same at the last review.
    profit_from: Cash,
    breach: Breach,
    losing_trips: u32,
    rejects: u32,
    fills: Minute,
    unreviewed: Cash,
}

impl StrategyLosses {
    pub(super) fn new(limits: StrategyLimits) -> Self {
        Self {
            limits,
            stop: None,
            is_news: false,
            profit: Some(Cash::ZERO),
            profit_from: Cash::ZERO,
            breach: Breach::default(),
            losing_trips: 0,
            rejects: 0,
            fills: Minute::new(),
            unreviewed: Cash::ZERO,
        }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        if let Some(stop) = self.stop {
            return Err(stop.reason());
        }
        let known = self.lost().is_some();
        require(known && !self.breach.stands(), DenyReason::StrategyLoss)
    }

    /// A person looked: everything is counted from here.
    pub(super) fn review(&mut self) {
        self.profit_from = self.profit.unwrap_or(self.profit_from);
        self.breach = Breach::default();
        (self.losing_trips, self.rejects, self.unreviewed) = (0, 0, Cash::ZERO);
        self.fills.clear();
        (self.stop, self.is_news) = (None, false);
    }

    /// Takes in what its ledger is worth.
    pub(super) fn observe(&mut self, profit: Option<Cash>, at: &Moment, confirm: &DrawdownLimits) {
        self.profit = profit;
        let Some(lost) = self.lost() else { return };
        if self.breach.observe(self.limits.loss_max <= lost, at, confirm) {
            self.stop(Stop::Loss);
        }
    }

    /// A position of it went back to zero.
    pub(super) fn on_round_trip(&mut self, profit: Cash) {
        self.losing_trips = match profit < Cash::ZERO {
            true => self.losing_trips.saturating_add(1),
            false => 0,
        };
        if self.limits.losing_trips_max.is_some_and(|most| most <= self.losing_trips) {
            self.stop(Stop::LosingRun);
        }
    }

    pub(super) fn on_accepted(&mut self) {
        self.rejects = 0;
    }

    pub(super) fn on_rejected(&mut self) {
        self.rejects = self.rejects.saturating_add(1);
        if self.limits.rejects_max.is_some_and(|most| most <= self.rejects) {
            self.stop(Stop::Rejects);
        }
    }

    /// A trade of it.
    pub(super) fn on_fill(&mut self, notional: Cash, now_ns: u64) {
        self.fills.add(now_ns);
        self.unreviewed = self.unreviewed.saturating_add(notional.abs());
        let count = self.fills.count(now_ns);
        let often = self.limits.fills_per_minute_max.is_some_and(|most| u64::from(most) < count);
        let much = self.limits.unreviewed_max.is_some_and(|most| most < self.unreviewed);
        if often || much {
            self.stop(Stop::Review);
        }
    }

    /// Why it may only reduce, when that is not told yet.
    pub(super) fn take_news(&mut self) -> Option<Stop> {
        std::mem::take(&mut self.is_news).then_some(self.stop).flatten()
    }

    fn lost(&self) -> Option<Cash> {
        self.profit.and_then(|profit| self.profit_from.checked_sub(profit))
    }

    /// The first cause stays.
    fn stop(&mut self, cause: Stop) {
        if self.stop.is_none() {
            self.stop = Some(cause);
            self.is_news = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;
    use proptest::prelude::*;

    fn confirm() -> DrawdownLimits {
        DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: SECOND,
        }
    }

    fn seat() -> StrategyLosses {
        let limits = StrategyLimits {
            loss_max: Cash::whole(100),
            losing_trips_max: Some(3),
            rejects_max: Some(4),
            fills_per_minute_max: Some(5),
            unreviewed_max: Some(Cash::whole(1_000)),
        };
        StrategyLosses::new(limits)
    }

    fn lose(seat: &mut StrategyLosses, units: i128, now_ns: u64) {
        let at = Moment { now_ns, round: now_ns, exposed: true, distinct: true };
        seat.observe(Some(Cash::from_units(-units)), &at, &confirm());
    }

    #[test]
    fn a_loss_denies_at_its_limit_freezes_when_confirmed_and_begins_anew_with_a_resume() {
        let mut seat = seat();
        lose(&mut seat, 9_999_999_999, 0);
        assert_eq!(seat.check(), Ok(()));
        lose(&mut seat, 10_000_000_000, 1);
        assert_eq!((seat.check(), seat.take_news()), (Err(DenyReason::StrategyLoss), None));
        lose(&mut seat, 10_000_000_001, 2);
        lose(&mut seat, 10_000_000_002, 3);
        assert_eq!(seat.take_news(), Some(Stop::Loss));
        assert_eq!(seat.take_news(), None);
        lose(&mut seat, 0, 4);
        assert_eq!(seat.check(), Err(DenyReason::StrategyLoss), "it does not thaw by itself");
        lose(&mut seat, 10_000_000_000, 5);
        seat.review();
        lose(&mut seat, 19_999_999_999, 6);
        assert_eq!(seat.check(), Ok(()));
        lose(&mut seat, 20_000_000_000, 7);
        assert_eq!(seat.check(), Err(DenyReason::StrategyLoss));
    }

    #[test]
    fn a_ledger_that_cannot_be_told_denies() {
        let mut seat = seat();
        seat.observe(None, &Moment::default(), &confirm());
        assert_eq!((seat.check(), seat.take_news()), (Err(DenyReason::StrategyLoss), None));
    }

    #[test]
    fn a_losing_run_freezes_at_its_third_trip_and_any_other_trip_ends_it() {
        let mut seat = seat();
        let [lost, even] = [-1, 0].map(Cash::from_units);
        for profit in [lost, lost, even, lost, lost] {
            seat.on_round_trip(profit);
        }
        assert_eq!(seat.check(), Ok(()));
        seat.on_round_trip(lost);
        assert_eq!(seat.check(), Err(DenyReason::LosingRun));
    }

    #[test]
    fn refusals_in_a_row_freeze_at_the_fourth_and_an_acceptance_ends_the_row() {
        let mut seat = seat();
        (0..3).for_each(|_| seat.on_rejected());
        seat.on_accepted();
        (0..3).for_each(|_| seat.on_rejected());
        assert_eq!(seat.check(), Ok(()));
        seat.on_rejected();
        assert_eq!(seat.check(), Err(DenyReason::StrategyRejects));
    }

    #[test]
    fn a_review_is_due_by_rate_or_by_amount_and_never_by_count() {
        let mut often = seat();
        (0..5).for_each(|_| often.on_fill(Cash::whole(1), 0));
        assert_eq!(often.check(), Ok(()));
        often.on_fill(Cash::whole(1), 0);
        assert_eq!(often.check(), Err(DenyReason::ReviewDue));
        let mut calm = seat();
        (0..1_000).for_each(|at| calm.on_fill(Cash::whole(1), at * 20 * SECOND));
        assert_eq!(calm.check(), Ok(()));
        calm.on_fill(Cash::from_units(1), 1_000_000 * SECOND);
        assert_eq!(calm.check(), Err(DenyReason::ReviewDue));
        calm.review();
        assert_eq!(calm.check(), Ok(()));
    }

    #[test]
    fn off_is_off() {
        let limits = StrategyLimits { loss_max: Cash::whole(100), ..StrategyLimits::default() };
        let mut seat = StrategyLosses::new(limits);
        for _ in 0..100 {
            seat.on_fill(Cash::whole(1_000), 0);
            seat.on_rejected();
            seat.on_round_trip(Cash::whole(-1));
        }
        assert_eq!(seat.check(), Ok(()));
    }

    proptest! {
        #[test]
        fn the_boundary_of_the_loss_is_exact(
            max in 1_i128..1_000_000_000_000,
            step in -1_i128..=1,
        ) {
            let loss_max = Cash::from_units(max);
            let limits = StrategyLimits { loss_max, ..StrategyLimits::default() };
            let mut seat = StrategyLosses::new(limits);
            lose(&mut seat, max + step, 0);
            prop_assert_eq!(seat.check().is_err(), 0 <= step);
        }
    }
}
