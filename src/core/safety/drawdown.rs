//! Fall of the unit price from its high-water mark (SAFETY E6).
//!
//! Must hold: the first valuation beyond the limit denies new risk at once; the latch follows when
//! that is confirmed; the mark rises only to what is confirmed, so that an outlier neither fires
//! the switch nor makes the return from it look like a fall.

use super::equity::Told;
use super::proof::Breach;
use super::verdict::{DenyReason, require};
use crate::core::setup::DrawdownLimits;

#[derive(Clone, Copy, Debug)]
pub(super) struct Drawdown {
    limits: DrawdownLimits,
    /// Highest confirmed price of a unit.
    peak: Option<i128>,
    breach: Breach,
    fall_bps: i64,
}

impl Drawdown {
    /// With the mark of the last run, if there was one.
    pub(super) fn new(limits: DrawdownLimits, peak: Option<i128>) -> Self {
        assert!(0 < limits.max_bps && limits.max_bps < 10_000, "a drawdown is a part of the whole");
        Self { limits, peak, breach: Breach::default(), fall_bps: 0 }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(!self.breach.stands(), DenyReason::Drawdown)
    }

    /// Takes in a valuation; the fall in basis points once it is confirmed beyond the limit.
    pub(super) fn observe(&mut self, told: &Told) -> Option<i64> {
        let peak = self.peak.map_or(told.price, |peak| peak.max(told.proven_price));
        self.peak = Some(peak);
        self.fall_bps = fall_bps(peak, told.price);
        let beyond = i64::from(self.limits.max_bps) <= self.fall_bps;
        self.breach.observe(beyond, &told.at, &self.limits).then_some(self.fall_bps)
    }

    pub(super) fn peak(&self) -> Option<i128> {
        self.peak
    }

    /// Fall at the last known valuation, basis points.
    pub(super) fn fall_bps(&self) -> i64 {
        self.fall_bps
    }
}

/// Fall from `mark` in basis points of it, rounded down; all of it when the mark is not positive.
pub(super) fn fall_bps(mark: i128, price: i128) -> i64 {
    let fall = mark.saturating_sub(price).max(0);
    if mark <= 0 {
        return if fall == 0 { 0 } else { 10_000 };
    }
    let bps = fall.checked_mul(10_000).map_or(i128::MAX, |wide| wide / mark);
    i64::try_from(bps).unwrap_or(i64::MAX)
}
