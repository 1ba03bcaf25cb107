//! Fall of equity from its high-water mark (SAFETY E6).
//!
//! Must hold: the first valuation beyond the limit denies new risk at once; the latch follows after
//! so many distinct valuations in a row or so long a time, so that one outlier tick cannot fire it;
//! a transfer is neither gain nor loss; equity that is unknown for too long while a position is
//! open is itself a cause; unknown equity never counts as a value.

use super::kill_switch::{Trip, TripReason};
use super::verdict::{DenyReason, require};
use crate::core::portfolio::HighWater;
use crate::core::setup::DrawdownLimits;
use crate::types::Cash;

#[derive(Debug)]
pub(super) struct Drawdown {
    limits: DrawdownLimits,
    high_water: Option<HighWater>,
    /// Transfers since the last valuation: they scale the mark when equity is next known.
    transferred: Cash,
    last: Option<Cash>,
    breach: Option<Breach>,
    unknown_since_ns: Option<u64>,
}

/// A fall beyond the limit that is not confirmed yet.
#[derive(Clone, Copy, Debug)]
struct Breach {
    since_ns: u64,
    valuations: u32,
    fall_bps: i64,
}

impl Drawdown {
    pub(super) fn new(limits: DrawdownLimits, high_water: Option<HighWater>) -> Self {
        assert!(0 < limits.max_bps && limits.max_bps < 10_000, "a drawdown is a part of the whole");
        Self {
            limits,
            high_water,
            transferred: Cash::ZERO,
            last: None,
            breach: None,
            unknown_since_ns: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(self.last.is_some(), DenyReason::EquityUnknown)?;
        require(self.breach.is_none(), DenyReason::Drawdown)
    }

    pub(super) fn on_transfer(&mut self, amount: Cash) {
        self.transferred = self.transferred.saturating_add(amount);
    }

    /// Takes in a valuation; says why to trip when it must.
    pub(super) fn observe(
        &mut self,
        now_ns: u64,
        equity: Option<Cash>,
        exposed: bool,
    ) -> Option<Trip> {
        let distinct = self.last != equity;
        self.last = equity.filter(|equity| Cash::ZERO < *equity || self.high_water.is_some());
        let Some(equity) = self.last else { return self.unknown(now_ns, exposed) };
        self.unknown_since_ns = None;
        let peak = self.scaled_peak(equity).max(equity);
        self.high_water = Some(HighWater { peak });
        let fall_bps = fall_bps(peak, equity);
        if fall_bps < i64::from(self.limits.max_bps) {
            self.breach = None;
            return None;
        }
        let first = Breach { since_ns: now_ns, valuations: 0, fall_bps };
        let breach = self.breach.get_or_insert(first);
        breach.valuations += u32::from(distinct);
        breach.fall_bps = fall_bps;
        let counted = self.limits.confirm_valuations <= breach.valuations;
        let lasted = self.limits.confirm_ns <= now_ns.saturating_sub(breach.since_ns);
        let limit = i64::from(self.limits.max_bps);
        (counted || lasted).then(|| Trip::by_limit(TripReason::Drawdown, fall_bps, limit))
    }

    /// The present equity becomes the mark (D3, `--new-baseline`).
    pub(super) fn rebase(&mut self) {
        self.high_water = self.last.map(|peak| HighWater { peak });
        self.breach = None;
    }

    /// True while the fall is beyond its limit, or not known.
    pub(super) fn is_breached(&self) -> bool {
        self.check().is_err()
    }

    pub(super) fn high_water(&self) -> Option<HighWater> {
        self.high_water
    }

    /// Fall from the mark in basis points; `None` while equity is unknown.
    pub(super) fn fall_bps(&self) -> Option<i64> {
        self.high_water.zip(self.last).map(|(mark, equity)| fall_bps(mark.peak, equity))
    }

    fn unknown(&mut self, now_ns: u64, exposed: bool) -> Option<Trip> {
        if !exposed {
            self.unknown_since_ns = None;
            return None;
        }
        let since_ns = *self.unknown_since_ns.get_or_insert(now_ns);
        let lasted_ns = now_ns.saturating_sub(since_ns);
        let limit_ns = self.limits.unknown_ns_max;
        let [value, limit] = [lasted_ns, limit_ns].map(|ns| i64::try_from(ns).unwrap_or(i64::MAX));
        (limit_ns <= lasted_ns).then(|| Trip::by_limit(TripReason::EquityUnknown, value, limit))
    }

    /// The mark, scaled by the transfers since the last valuation: `equity` includes them, so
    /// before them it was less by as much.
    fn scaled_peak(&mut self, equity: Cash) -> Cash {
        let Some(HighWater { peak }) = self.high_water else { return equity };
        let moved = std::mem::take(&mut self.transferred);
        if moved == Cash::ZERO {
            return peak;
        }
        let before = equity.saturating_sub(moved);
        let scaled = peak.checked_ratio(equity.units(), before.units());
        match scaled {
            Some(scaled) if Cash::ZERO < before && Cash::ZERO < equity => scaled,
            // Nothing to scale by: the fall stays the same amount of money.
            Some(_) | None => peak.saturating_add(moved),
        }
    }
}

/// Fall from `peak` in basis points of it, rounded down; all of it when the peak is not positive.
fn fall_bps(peak: Cash, equity: Cash) -> i64 {
    let fall = peak.saturating_sub(equity).max(Cash::ZERO);
    if peak <= Cash::ZERO {
        return if fall == Cash::ZERO { 0 } else { 10_000 };
    }
    let bps = fall.checked_ratio(10_000, peak.units()).unwrap_or(Cash::MAX);
    i64::try_from(bps.units()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;
    use proptest::prelude::*;

    fn limits() -> DrawdownLimits {
        DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: 30 * SECOND,
        }
    }

    fn cash(units: i128) -> Option<Cash> {
        Some(Cash::from_units(units))
    }

    fn at_peak() -> Drawdown {
        let mut drawdown = Drawdown::new(limits(), None);
        assert_eq!(drawdown.observe(0, cash(1_000_000), true), None);
        drawdown
    }

    #[test]
    fn denies_at_the_limit_and_not_before() {
        let mut drawdown = at_peak();
        assert_eq!(drawdown.observe(1, cash(850_001), true), None);
        assert_eq!(drawdown.check(), Ok(()));
        assert_eq!(drawdown.observe(2, cash(850_000), true), None);
        assert_eq!(drawdown.check(), Err(DenyReason::Drawdown));
    }

    #[test]
    fn latches_after_three_distinct_valuations() {
        let mut drawdown = at_peak();
        for (at, equity) in [(1, 850_000), (2, 850_000), (3, 849_999)] {
            assert_eq!(drawdown.observe(at, cash(equity), true), None);
        }
        let trip = drawdown.observe(4, cash(849_998), true).unwrap();
        assert_eq!((trip.reason, trip.value, trip.limit), (TripReason::Drawdown, 1_500, 1_500));
    }

    #[test]
    fn latches_after_a_second_of_the_same_valuation() {
        let mut drawdown = at_peak();
        assert_eq!(drawdown.observe(1, cash(850_000), true), None);
        assert_eq!(drawdown.observe(SECOND, cash(850_000), true), None);
        assert!(drawdown.observe(SECOND + 1, cash(850_000), true).is_some());
    }

    #[test]
    fn one_outlier_does_not_latch() {
        let mut drawdown = at_peak();
        for at in 1..1_000 {
            assert_eq!(drawdown.observe(at * 2, cash(700_000), true), None);
            assert_eq!(drawdown.observe(at * 2 + 1, cash(990_000), true), None);
        }
        assert_eq!(drawdown.check(), Ok(()));
    }

    #[test]
    fn unknown_equity_denies_and_trips_only_with_a_position_and_only_after_long() {
        let mut drawdown = at_peak();
        assert_eq!(drawdown.observe(1, None, false), None);
        assert_eq!(drawdown.check(), Err(DenyReason::EquityUnknown));
        assert_eq!(drawdown.observe(100 * SECOND, None, false), None);
        assert_eq!(drawdown.observe(100 * SECOND, None, true), None);
        assert_eq!(drawdown.observe(130 * SECOND - 1, None, true), None);
        let trip = drawdown.observe(130 * SECOND, None, true).unwrap();
        assert_eq!(trip.reason, TripReason::EquityUnknown);
    }

    #[test]
    fn an_account_that_never_had_anything_is_unknown_not_zero() {
        let mut drawdown = Drawdown::new(limits(), None);
        assert_eq!(drawdown.observe(0, cash(0), false), None);
        assert_eq!(drawdown.check(), Err(DenyReason::EquityUnknown));
    }

    #[test]
    fn losing_everything_is_a_fall_of_everything() {
        let mut drawdown = at_peak();
        for at in 1..4 {
            let _ = drawdown.observe(at, cash(-i128::from(at)), true);
        }
        assert_eq!(drawdown.fall_bps(), Some(10_000));
        assert_eq!(drawdown.check(), Err(DenyReason::Drawdown));
    }

    #[test]
    fn the_mark_of_the_last_run_counts() {
        let mark = HighWater { peak: Cash::from_units(1_000_000) };
        let mut drawdown = Drawdown::new(limits(), Some(mark));
        assert_eq!(drawdown.observe(0, cash(840_000), false), None);
        assert_eq!(drawdown.check(), Err(DenyReason::Drawdown));
        drawdown.rebase();
        assert_eq!(drawdown.check(), Ok(()));
        assert_eq!(drawdown.high_water(), Some(HighWater { peak: Cash::from_units(840_000) }));
    }

    proptest! {
        #[test]
        fn a_transfer_is_neither_gain_nor_loss(
            equity in 1_000_000_i128..1_000_000_000_000,
            fall in 0_i128..9_000,
            moved in -900_000_i128..1_000_000_000_000,
        ) {
            let peak = equity;
            let fallen = peak - peak * fall / 10_000;
            let moved = moved.max(-fallen / 2);
            let mark = HighWater { peak: Cash::from_units(peak) };
            let mut with = Drawdown::new(limits(), Some(mark));
            let _ = with.observe(0, cash(fallen), true);
            let before = with.fall_bps().unwrap();
            with.on_transfer(Cash::from_units(moved));
            let _ = with.observe(1, cash(fallen + moved), true);
            let after = with.fall_bps().unwrap();
            prop_assert!((before - after).abs() <= 1, "{before} became {after}");
        }
    }
}
