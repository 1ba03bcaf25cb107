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
    /// The present price, and the lowest since the peak moved.
    price: i128,
    lowest: i128,
    deepest_bps: i64,
    breach: Breach,
}

impl Drawdown {
    /// With the mark of the last run, if there was one.
    pub(super) fn new(limits: DrawdownLimits, peak: Option<i128>) -> Self {
        let breach = Breach::default();
        Self { limits, peak, price: 0, lowest: i128::MAX, deepest_bps: 0, breach }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(!self.breach.stands(), DenyReason::Drawdown)
    }

    /// Takes in a valuation; the fall in basis points once it is confirmed beyond the limit.
    pub(super) fn observe(&mut self, told: &Told) -> Option<i64> {
        let peak = self.peak.map_or(told.price, |peak| peak.max(told.proven_price));
        if self.peak.replace(peak) != Some(peak) {
            self.lowest = i128::MAX;
        }
        self.price = told.price;
        if told.price < self.lowest {
            self.lowest = told.price;
            self.deepest_bps = self.deepest_bps.max(fall_bps(peak, told.price));
        }
        let beyond = is_beyond(peak, told.price, self.limits.max_bps);
        self.breach.observe(beyond, &told.at, &self.limits).then(|| self.fall_bps())
    }

    /// The present equity is the mark from here on; the deepest fall of the run stays.
    pub(super) fn rebase(&mut self) {
        let deepest_bps = self.deepest_bps;
        *self = Self { deepest_bps, ..Self::new(self.limits, None) };
    }

    pub(super) fn peak(&self) -> Option<i128> {
        self.peak
    }

    /// Fall at the last known valuation, basis points.
    pub(super) fn fall_bps(&self) -> i64 {
        self.peak.map_or(0, |peak| fall_bps(peak, self.price))
    }

    /// The deepest fall since the start, basis points.
    pub(super) fn deepest_bps(&self) -> i64 {
        self.deepest_bps
    }
}

/// True when the fall from `mark` is so many basis points of it or more. By products alone, because
/// it is asked with every event. What cannot be counted is beyond.
pub fn is_beyond(mark: i128, price: i128, max_bps: u32) -> bool {
    if mark <= 0 {
        return price < mark;
    }
    let fall = mark.checked_sub(price).and_then(|fall| fall.checked_mul(10_000));
    let most = mark.checked_mul(max_bps.into());
    fall.zip(most).is_none_or(|(fall, most)| most <= fall)
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

#[cfg(test)]
mod tests {
    use super::super::proof::Moment;
    use super::*;
    use crate::types::SECOND;
    use proptest::prelude::*;

    fn drawdown(peak: Option<i128>) -> Drawdown {
        let limits = DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: SECOND,
        };
        Drawdown::new(limits, peak)
    }

    fn told(price: i128, now_ns: u64) -> Told {
        let at = Moment { now_ns, round: now_ns, exposed: true, distinct: true };
        Told { at, price, proven_price: price, gain: 0, proven_gain: 0 }
    }

    #[test]
    fn denies_at_the_limit_and_not_before_and_says_the_fall_when_it_is_confirmed() {
        let mut drawdown = drawdown(None);
        let fall = |drawdown: &mut Drawdown, price, at| drawdown.observe(&told(price, at));
        assert_eq!(fall(&mut drawdown, 1_000_000, 0), None);
        assert_eq!(fall(&mut drawdown, 850_001, 1), None);
        assert_eq!(drawdown.check(), Ok(()));
        assert_eq!(fall(&mut drawdown, 850_000, 2), None);
        assert_eq!(drawdown.check(), Err(DenyReason::Drawdown));
        assert_eq!(fall(&mut drawdown, 840_000, 3), None);
        assert_eq!(fall(&mut drawdown, 830_000, 4), Some(1_700));
        assert_eq!(fall(&mut drawdown, 900_000, 5), None);
        assert_eq!((drawdown.check(), drawdown.fall_bps()), (Ok(()), 1_000));
        assert_eq!(drawdown.deepest_bps(), 1_700);
    }

    #[test]
    fn only_what_is_confirmed_raises_the_mark() {
        let mut drawdown = drawdown(Some(1_000));
        drawdown.observe(&Told { proven_price: 1_000, ..told(9_000, 0) });
        assert_eq!(drawdown.peak(), Some(1_000));
        drawdown.observe(&Told { proven_price: 1_100, ..told(900, 1) });
        assert_eq!((drawdown.peak(), drawdown.fall_bps()), (Some(1_100), 1_818));
    }

    #[test]
    fn a_fall_from_a_higher_mark_is_deeper_at_the_same_price() {
        let mut drawdown = drawdown(None);
        for (price, deepest_bps) in [(1_000, 0), (800, 2_000), (2_000, 2_000), (900, 5_500)] {
            drawdown.observe(&told(price, 0));
            assert_eq!(drawdown.deepest_bps(), deepest_bps, "{price}");
        }
    }

    /// One valuation can raise the mark by what is confirmed of it, and fall far below by itself.
    #[test]
    fn a_fall_is_measured_from_the_mark_that_comes_with_it() {
        let mut drawdown = drawdown(Some(1_000));
        drawdown.observe(&told(800, 0));
        drawdown.observe(&Told { proven_price: 2_000, ..told(900, 1) });
        assert_eq!(drawdown.deepest_bps(), 5_500);
    }

    #[test]
    fn a_mark_of_nothing_is_all_lost_below_it_and_not_at_it() {
        assert_eq!([0, -1, 1].map(|price| fall_bps(0, price)), [0, 10_000, 0]);
    }

    #[test]
    fn a_rebase_forgets_the_mark_and_not_how_deep_it_fell() {
        let mut drawdown = drawdown(Some(1_000));
        drawdown.observe(&told(500, 0));
        drawdown.rebase();
        drawdown.observe(&told(500, 1));
        assert_eq!((drawdown.fall_bps(), drawdown.check()), (0, Ok(())));
        assert_eq!(drawdown.deepest_bps(), 5_000);
    }

    proptest! {
        #[test]
        fn the_product_and_the_quotient_say_the_same(
            mark in -10_i128..1_000_000_000_000,
            price in -1_000_000_i128..1_000_000_000_000,
            max_bps in 1_u32..10_000,
        ) {
            let by_quotient = i64::from(max_bps) <= fall_bps(mark, price);
            prop_assert_eq!(is_beyond(mark, price, max_bps), by_quotient);
        }

        #[test]
        fn the_boundary_is_exact(parts in 1_i128..1_000_000_000_000, step in -1_i128..=1) {
            let mut drawdown = drawdown(Some(parts * 10_000));
            drawdown.observe(&told(parts * 8_500 + step, 0));
            prop_assert_eq!(drawdown.check().is_err(), step <= 0);
        }
    }

    #[test]
    fn what_cannot_be_counted_is_beyond() {
        assert!(is_beyond(i128::MAX, 0, 1) && is_beyond(1, i128::MIN, 1));
        assert!(is_beyond(1, -i128::MAX, 9_999) && !is_beyond(0, 0, 1) && is_beyond(0, -1, 1));
    }
}
