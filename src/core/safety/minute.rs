//! How many within a rolling minute: a count of integers on the monotonic clock.
//!
//! Must hold: what is counted stays counted for a minute at least and a second more at most; both
//! counting and asking cost the same however many there were.

use crate::types::SECOND;

/// Seconds that are kept: a minute and the one that is under way.
const SECONDS: usize = 61;

#[derive(Clone, Copy, Debug)]
pub(super) struct Minute {
    counts: [u32; SECONDS],
    sum: u64,
    second: u64,
}

impl Minute {
    pub(super) fn new() -> Self {
        Self { counts: [0; SECONDS], sum: 0, second: 0 }
    }

    /// Time begins as if so many had been counted in the minute before, evenly, but for the last
    /// second of it: its part is free.
    pub(super) fn begin(&mut self, now_ns: u64, before: u32) {
        self.clear();
        self.second = now_ns / SECOND;
        let until = |second: u64| u64::from(before) * second / 60;
        for second in 1..60 {
            let count = until(second) - until(second - 1);
            self.counts[index(self.second + second)] = u32::try_from(count).unwrap_or(before);
            self.sum += count;
        }
    }

    /// One more.
    pub(super) fn add(&mut self, now_ns: u64) {
        self.roll(now_ns);
        let count = &mut self.counts[index(self.second)];
        let before = std::mem::replace(count, count.saturating_add(1));
        self.sum += u64::from(*count - before);
    }

    /// How many.
    pub(super) fn count(&mut self, now_ns: u64) -> u64 {
        self.roll(now_ns);
        self.sum
    }

    pub(super) fn clear(&mut self) {
        (self.counts, self.sum) = ([0; SECONDS], 0);
    }

    fn roll(&mut self, now_ns: u64) {
        let second = now_ns / SECOND;
        let passed = second.saturating_sub(self.second).min(SECONDS as u64);
        for step in 0..passed {
            let over = std::mem::take(&mut self.counts[index(second - step)]);
            self.sum -= u64::from(over);
        }
        self.second = self.second.max(second);
    }
}

fn index(second: u64) -> usize {
    usize::try_from(second % SECONDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_is_counted_for_its_minute_and_the_second_it_began_in() {
        let mut minute = Minute::new();
        minute.add(SECOND / 2);
        assert_eq!(minute.count(61 * SECOND - 1), 1);
        assert_eq!(minute.count(61 * SECOND), 0);
    }

    #[test]
    fn what_was_counted_before_the_beginning_is_over_second_by_second() {
        let mut minute = Minute::new();
        minute.begin(1_000 * SECOND, 600);
        for second in 0..60 {
            assert_eq!(minute.count((1_000 + second) * SECOND), 590 - 10 * second);
        }
    }

    #[test]
    fn a_beginning_forgets_what_was_counted() {
        let mut minute = Minute::new();
        (0..5).for_each(|_| minute.add(SECOND));
        minute.begin(2 * SECOND, 0);
        assert_eq!(minute.count(2 * SECOND), 0);
    }

    proptest! {
        #[test]
        fn counts_like_a_list(steps in proptest::collection::vec(0_u64..9_000_000_000, 1..200)) {
            let (mut minute, mut now_ns, mut added) = (Minute::new(), 0, Vec::new());
            for step in steps {
                now_ns += step;
                added.push(now_ns);
                minute.add(now_ns);
                let within = |ns: u64| added.iter().filter(|at| now_ns - **at <= ns).count() as u64;
                let count = minute.count(now_ns);
                prop_assert!(within(60 * SECOND) <= count && count <= within(61 * SECOND));
            }
        }
    }
}
