//! Loss of the day: fall of the unit price from where the day began (SAFETY E13).
//!
//! Must hold: the first valuation beyond the limit denies new risk; confirmed, everything lands in
//! REDUCING, which only an operator's resume lifts: midnight begins a new day and clears nothing.
//! A day begins once: a wall clock that is set back does not begin yesterday again.
//!
//! Decision: in percent of the opening, measured by the unit, so that a transfer changes neither
//! the loss nor the limit; an amount of money would have to follow every deposit.
//! Decision: REDUCING and not a trip. An automatic stop takes the mildest form that covers the
//! fault; the drawdown, which the configuration keeps above this limit, is what trips.

use super::drawdown::{fall_bps, is_beyond};
use super::equity::Told;
use super::proof::Breach;
use super::verdict::{DenyReason, require};
use crate::core::kept::DayMark;
use crate::core::setup::{DayLimits, DrawdownLimits};
use crate::types::{SECOND, Stamp};

const HOUR_S: u64 = 3_600;

#[derive(Clone, Copy, Debug)]
pub(super) struct DailyLoss {
    limits: DayLimits,
    confirm: DrawdownLimits,
    day: u32,
    /// What a unit was worth when the day began.
    opening: Option<i128>,
    breach: Breach,
    /// The last known price.
    price: i128,
}

impl DailyLoss {
    pub(super) fn new(limits: DayLimits, confirm: DrawdownLimits, mark: Option<DayMark>) -> Self {
        Self {
            limits,
            confirm,
            day: mark.map_or(0, |mark| mark.day),
            opening: mark.map(|mark| mark.opening.units()),
            breach: Breach::default(),
            price: 0,
        }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(!self.breach.stands(), DenyReason::DailyLoss)
    }

    /// Takes in a valuation; true while the loss is confirmed to be beyond its limit.
    pub(super) fn observe(&mut self, now: Stamp, told: &Told) -> bool {
        let day = self.day_of(now);
        if self.day < day {
            (self.day, self.opening) = (day, Some(told.proven_price));
            self.breach = Breach::default();
        }
        let opening = *self.opening.get_or_insert(told.price);
        self.price = told.price;
        let beyond = is_beyond(opening, told.price, self.limits.max_bps);
        self.breach.observe(beyond, &told.at, &self.confirm)
    }

    /// The next valuation is the opening.
    pub(super) fn rebase(&mut self) {
        self.opening = None;
        self.breach = Breach::default();
    }

    pub(super) fn day(&self) -> u32 {
        self.day
    }

    pub(super) fn opening(&self) -> Option<i128> {
        self.opening
    }

    /// Fall since the opening at the last known valuation, basis points.
    pub(super) fn fall_bps(&self) -> i64 {
        self.opening.map_or(0, |opening| fall_bps(opening, self.price))
    }

    /// Number of the day since 1970, counted from the rollover; from 1, so that none is no day.
    fn day_of(&self, now: Stamp) -> u32 {
        let rollover_s = u64::from(self.limits.rollover_hour).saturating_mul(HOUR_S);
        let days = (now.unix_ns / SECOND).saturating_sub(rollover_s) / (24 * HOUR_S);
        u32::try_from(days).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::Moment;
    use super::*;
    use crate::types::Cash;
    use proptest::prelude::*;

    /// 2023-11-14, 22:13:20 UTC.
    const EVENING_S: u64 = 1_700_000_000;

    fn day(rollover_hour: u32, mark: Option<DayMark>) -> DailyLoss {
        let confirm = DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: SECOND,
        };
        DailyLoss::new(DayLimits { max_bps: 500, rollover_hour }, confirm, mark)
    }

    fn told(price: i128, now_ns: u64) -> Told {
        let at = Moment { now_ns, round: now_ns, exposed: true, distinct: true };
        Told { at, price, proven_price: price, gain: 0, proven_gain: 0 }
    }

    fn at(unix_s: u64) -> Stamp {
        Stamp { mono_ns: 0, unix_ns: unix_s * SECOND }
    }

    #[test]
    fn denies_at_the_limit_and_not_a_unit_before() {
        let mut loss = day(0, None);
        assert!(!loss.observe(at(EVENING_S), &told(10_000_000, 0)));
        assert!(!loss.observe(at(EVENING_S), &told(9_500_001, 1)));
        assert_eq!(loss.check(), Ok(()));
        assert!(!loss.observe(at(EVENING_S), &told(9_500_000, 2)));
        assert_eq!(loss.check(), Err(DenyReason::DailyLoss));
        assert!(!loss.observe(at(EVENING_S), &told(9_499_999, 3)));
        assert!(loss.observe(at(EVENING_S), &told(9_499_998, 4)));
    }

    #[test]
    fn a_day_begins_at_its_hour_and_only_forwards() {
        for (rollover_hour, until_s) in [(0, 6_400), (23, 2_800), (22, 85_600)] {
            let mut loss = day(rollover_hour, None);
            loss.observe(at(EVENING_S), &told(1_000, 0));
            loss.observe(at(EVENING_S + until_s - 1), &told(990, 1));
            assert_eq!(loss.opening(), Some(1_000), "{rollover_hour}");
            loss.observe(at(EVENING_S + until_s), &told(990, 2));
            assert_eq!(loss.opening(), Some(990), "{rollover_hour}");
            loss.observe(at(EVENING_S), &told(980, 3));
            assert_eq!(loss.opening(), Some(990), "{rollover_hour}");
        }
    }

    #[test]
    fn a_restart_within_the_day_keeps_its_opening_and_one_in_the_next_does_not() {
        let mut first = day(0, None);
        first.observe(at(EVENING_S), &told(1_000, 0));
        let mark = DayMark { day: first.day(), opening: Cash::from_units(1_000) };
        let mut again = day(0, Some(mark));
        again.observe(at(EVENING_S + 60), &told(940, 0));
        assert_eq!(again.check(), Err(DenyReason::DailyLoss));
        let mut tomorrow = day(0, Some(mark));
        tomorrow.observe(at(EVENING_S + 86_400), &told(940, 0));
        assert_eq!((tomorrow.check(), tomorrow.opening()), (Ok(()), Some(940)));
    }

    proptest! {
        #[test]
        fn the_boundary_is_exact(parts in 1_i128..1_000_000_000, step in -1_i128..=1) {
            let opening = parts * 10_000;
            let mut loss = day(0, None);
            loss.observe(at(EVENING_S), &told(opening, 0));
            loss.observe(at(EVENING_S), &told(parts * 9_500 + step, 1));
            prop_assert_eq!(loss.check().is_err(), step <= 0);
        }
    }
}
