//! What the mid was some time ago, from a few samples of it: the reference for how far a market has
//! moved (SAFETY P10).
//!
//! Must hold: no memory but its own few samples; the reference is at least a period old, and at
//! most a sixth of it older while quotes come, once so much is known.
//!
//! Decision: before a period is known the oldest mid is the reference, so that a start costs no
//! trading; and samples survive a lost link, because a market that has moved meanwhile has moved.

use crate::types::Price;

/// Samples that are kept: a seventh of them more than a period, so that one is always old enough.
const SAMPLES: usize = 8;

/// The mid of one instrument, now and then.
#[derive(Debug)]
pub(super) struct Past {
    period_ns: u64,
    /// Oldest first, as far as there are any.
    samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at_ns: u64,
    mid: Price,
}

impl Past {
    pub(super) fn new(period_ns: u64) -> Self {
        Self { period_ns, samples: Vec::with_capacity(SAMPLES) }
    }

    pub(super) fn observe(&mut self, now_ns: u64, mid: Price) {
        let every_ns = self.period_ns / (SAMPLES as u64 - 2);
        let due = |last: &Sample| last.at_ns.saturating_add(every_ns) <= now_ns;
        if !self.samples.last().is_none_or(due) {
            return;
        }
        if self.samples.len() == SAMPLES {
            self.samples.remove(0);
        }
        self.samples.push(Sample { at_ns: now_ns, mid });
    }

    /// The mid a period ago; the oldest that is known before so much is known.
    pub(super) fn mid(&self, now_ns: u64) -> Option<Price> {
        let old = |sample: &&Sample| self.period_ns <= now_ns.saturating_sub(sample.at_ns);
        let found = self.samples.iter().take_while(old).last().or(self.samples.first());
        found.map(|sample| sample.mid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(past: &Past, now_ns: u64) -> Option<i64> {
        past.mid(now_ns).map(Price::units)
    }

    #[test]
    fn the_reference_is_what_was_known_a_period_ago() {
        let mut past = Past::new(60);
        assert_eq!(at(&past, 0), None);
        for now_ns in 0..=100 {
            past.observe(now_ns, Price::from_units(1_000 + now_ns.cast_signed()));
        }
        assert_eq!(at(&past, 100), Some(1_040));
        assert_eq!(at(&past, 109), Some(1_040));
        assert_eq!(at(&past, 110), Some(1_050));
    }

    #[test]
    fn before_a_period_is_known_the_oldest_is_the_reference() {
        let mut past = Past::new(60);
        past.observe(5, Price::from_units(1));
        past.observe(40, Price::from_units(2));
        assert_eq!(at(&past, 41), Some(1));
    }

    #[test]
    fn after_a_silence_the_reference_is_from_before_it() {
        let mut past = Past::new(60);
        for now_ns in 0..=70 {
            past.observe(now_ns, Price::from_units(1));
        }
        past.observe(1_000, Price::from_units(2));
        assert_eq!(at(&past, 1_059), Some(1));
        assert_eq!(at(&past, 1_060), Some(2));
    }

    proptest! {
        #[test]
        fn while_quotes_come_it_is_a_period_old_and_not_much_more(
            steps in proptest::collection::vec(1_u64..10, 1..400),
        ) {
            let (mut past, mut now_ns) = (Past::new(600), 0);
            for step in steps {
                now_ns += step;
                past.observe(now_ns, Price::from_units(now_ns.cast_signed()));
                let age_ns = now_ns - past.mid(now_ns).unwrap().units().unsigned_abs();
                prop_assert!(now_ns < 610 || (600..=720).contains(&age_ns), "{age_ns} at {now_ns}");
            }
        }
    }
}
