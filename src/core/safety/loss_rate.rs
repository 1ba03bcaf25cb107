//! Most lost within a rolling minute, in reporting currency.
//!
//! Must hold: measured on the monotonic clock, transfers left out, from the highest confirmed gain
//! of the minute to the present one: an outlier is no height to fall from. The minute is counted in
//! seconds and is never shorter than one.
//!
//! Decision: new risk is denied while the minute's loss is beyond its limit, and no mode changes:
//! the minute passes by itself, and what keeps coming back is the circuit breaker's to stop.

use super::equity::Told;
use super::proof::Breach;
use super::verdict::{DenyReason, require};
use crate::core::setup::DrawdownLimits;
use crate::types::{Cash, SECOND};

/// Seconds that are kept: a minute and the one that is under way.
const SECONDS: usize = 61;

#[derive(Clone, Copy, Debug)]
pub(super) struct LossRate {
    max: Cash,
    confirm: DrawdownLimits,
    /// Highest confirmed gain of each second.
    highs: [Option<i128>; SECONDS],
    second: u64,
    /// The highest of all seconds but the present one.
    before: Option<i128>,
    breach: Breach,
    /// It is confirmed: the stop has been counted.
    stopped: bool,
}

impl LossRate {
    pub(super) fn new(max: Cash, confirm: DrawdownLimits) -> Self {
        Self {
            max,
            confirm,
            highs: [None; SECONDS],
            second: 0,
            before: None,
            breach: Breach::default(),
            stopped: false,
        }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(!self.breach.stands(), DenyReason::LossRate)
    }

    /// True while the loss is confirmed beyond its limit.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Takes in a valuation; true when a loss beyond the limit is confirmed, once.
    pub(super) fn observe(&mut self, told: &Told) -> bool {
        self.roll(told.at.now_ns / SECOND);
        let high = self.highs[index(self.second)].max(Some(told.proven_gain));
        self.highs[index(self.second)] = high;
        let high = high.max(self.before).unwrap_or(told.proven_gain);
        let lost = high.checked_sub(told.gain);
        let beyond = lost.is_none_or(|lost| self.max.units() <= lost);
        let confirmed = self.breach.observe(beyond, &told.at, &self.confirm);
        let was_stopped = std::mem::replace(&mut self.stopped, confirmed);
        confirmed && !was_stopped
    }

    /// Forgets the seconds that are over. Looks at all of them once a second at most.
    fn roll(&mut self, second: u64) {
        if second <= self.second {
            return;
        }
        let passed = usize::try_from(second - self.second).unwrap_or(SECONDS).min(SECONDS);
        for step in 0..passed as u64 {
            self.highs[index(second - step)] = None;
        }
        self.second = second;
        self.before = self.highs.iter().copied().max().flatten();
    }
}

fn index(second: u64) -> usize {
    usize::try_from(second % SECONDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::proof::Moment;
    use super::*;
    use proptest::prelude::*;

    fn rate() -> LossRate {
        let confirm = DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: SECOND,
        };
        LossRate::new(Cash::from_units(1_000), confirm)
    }

    fn told(gain: i128, now_ns: u64) -> Told {
        let at = Moment { now_ns, round: now_ns, exposed: true, distinct: true };
        Told { at, price: 0, proven_price: 0, gain, proven_gain: gain }
    }

    #[test]
    fn denies_at_the_limit_stops_once_and_is_over_with_the_minute() {
        let mut rate = rate();
        assert!(!rate.observe(&told(500, 0)));
        assert!(!rate.observe(&told(-499, 1)));
        assert_eq!(rate.check(), Ok(()));
        assert!(!rate.observe(&told(-500, 2)));
        assert_eq!(rate.check(), Err(DenyReason::LossRate));
        assert!(!rate.observe(&told(-501, 3)));
        assert!(!rate.is_stopped() && rate.observe(&told(-502, 4)) && rate.is_stopped());
        assert!(!rate.observe(&told(-503, 5)));
        rate.observe(&told(-503, 61 * SECOND - 1));
        assert_eq!(rate.check(), Err(DenyReason::LossRate));
        rate.observe(&told(-503, 61 * SECOND));
        assert_eq!(rate.check(), Ok(()));
    }

    #[test]
    fn a_loss_that_takes_longer_than_a_minute_passes() {
        let mut rate = rate();
        for second in 0..600 {
            rate.observe(&told(-16 * i128::from(second), second * SECOND));
            assert_eq!(rate.check(), Ok(()), "{second}");
        }
    }

    proptest! {
        /// Against all gains of the last minute, looked at one by one.
        #[test]
        fn every_loss_within_a_minute_is_seen(
            steps in proptest::collection::vec((0_u64..20_000_000_000, -700_i128..700), 1..60),
        ) {
            let (mut rate, mut now_ns, mut gain, mut heard) = (rate(), 0, 0, Vec::new());
            for (wait_ns, change) in steps {
                (now_ns, gain) = (now_ns + wait_ns, gain + change);
                heard.push((now_ns, gain));
                rate.observe(&told(gain, now_ns));
                let lost = |within_ns: u64| {
                    let recent = heard.iter().filter(|(at, _)| now_ns - at <= within_ns);
                    recent.map(|(_, high)| high - gain).max().unwrap()
                };
                let denied = rate.check().is_err();
                prop_assert!(denied || lost(60 * SECOND) < 1_000);
                prop_assert!(!denied || 1_000 <= lost(61 * SECOND));
            }
        }
    }
}
