//! Order rates: a token bucket on the monotonic clock, in integers.

use crate::core::setup::Rate;
use crate::types::SECOND;

/// So many at once, refilled evenly. A token is counted in nanoseconds of refill, so nothing is
/// lost to rounding.
#[derive(Debug)]
pub(super) struct Throttle {
    /// What one order costs: nanoseconds of refill.
    cost_ns: u64,
    burst_ns: u64,
    saved_ns: u64,
    at_ns: u64,
}

impl Throttle {
    /// With nothing saved.
    pub(super) fn new(rate: Rate) -> Self {
        // A rate of nothing saves nothing, ever.
        let cost_ns = SECOND.checked_div(rate.per_second.into()).unwrap_or(u64::MAX);
        let burst_ns = cost_ns.saturating_mul(u64::from(rate.burst));
        Self { cost_ns, burst_ns, saved_ns: 0, at_ns: 0 }
    }

    /// Time begins, with so many orders saved.
    pub(super) fn begin(&mut self, now_ns: u64, saved: u32) {
        self.saved_ns = self.cost_ns.saturating_mul(saved.into()).min(self.burst_ns);
        self.at_ns = now_ns;
    }

    /// True when one more may go and `kept` are left for others. Takes nothing.
    pub(super) fn has_room(&mut self, now_ns: u64, kept: u32) -> bool {
        let passed_ns = now_ns.saturating_sub(self.at_ns);
        self.saved_ns = self.saved_ns.saturating_add(passed_ns).min(self.burst_ns);
        self.at_ns = self.at_ns.max(now_ns);
        let needed_ns = self.cost_ns.checked_mul(u64::from(kept) + 1);
        needed_ns.is_some_and(|needed_ns| needed_ns <= self.saved_ns)
    }

    /// One goes.
    pub(super) fn take(&mut self) {
        self.saved_ns = self.saved_ns.saturating_sub(self.cost_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gives_what_was_saved_and_then_the_rate() {
        let mut throttle = Throttle::new(Rate { per_second: 10, burst: 3 });
        throttle.begin(0, 9);
        for _ in 0..3 {
            assert!(throttle.has_room(0, 0));
            throttle.take();
        }
        assert!(!throttle.has_room(SECOND / 10 - 1, 0));
        assert!(throttle.has_room(SECOND / 10, 0));
        throttle.take();
        assert!(!throttle.has_room(SECOND / 10, 0));
    }

    #[test]
    fn time_before_it_began_saves_nothing() {
        let mut throttle = Throttle::new(Rate { per_second: 10, burst: 3 });
        throttle.begin(1_000 * SECOND, 0);
        assert!(!throttle.has_room(1_000 * SECOND + SECOND / 10 - 1, 0));
        assert!(throttle.has_room(1_000 * SECOND + SECOND / 10, 0));
    }

    #[test]
    fn what_is_kept_for_others_is_left() {
        let mut throttle = Throttle::new(Rate { per_second: 10, burst: 4 });
        throttle.begin(0, 4);
        throttle.take();
        assert!(throttle.has_room(0, 2) && !throttle.has_room(0, 3));
        throttle.take();
        assert!(throttle.has_room(0, 1) && !throttle.has_room(0, 2));
        assert!(!throttle.has_room(0, u32::MAX));
    }

    #[test]
    fn saves_no_more_than_the_burst() {
        let mut throttle = Throttle::new(Rate { per_second: 10, burst: 2 });
        assert!(throttle.has_room(1_000 * SECOND, 1));
        assert!(!throttle.has_room(1_000 * SECOND, 2));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_in_any_window(
            steps in proptest::collection::vec(0_u64..50_000_000, 1..400),
        ) {
            let mut throttle = Throttle::new(Rate { per_second: 20, burst: 5 });
            let (mut now_ns, mut sent) = (0, Vec::new());
            for step in steps {
                now_ns += step;
                if throttle.has_room(now_ns, 0) {
                    throttle.take();
                    sent.push(now_ns);
                }
            }
            for (at, start) in sent.iter().enumerate() {
                let within = sent[at..].iter().take_while(|t| **t < start + SECOND).count();
                prop_assert!(within <= 25);
            }
        }
    }
}
