//! More than so many within a rolling window: the times of the last so many, and nothing else.
//!
//! Must hold: counting costs the same however many there were; nothing is allocated after the
//! start. On the monotonic clock.

use super::setup::Often;

/// Most that are remembered: as many as the configuration takes. A larger number binds as this one.
const TIMES_MAX: u32 = 1_000;

/// The times at which something happened.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    times_ns: Vec<Option<u64>>,
    oldest: usize,
    window_ns: u64,
}

impl Recent {
    pub(super) fn new(often: Often) -> Self {
        let most = usize::try_from(often.max.clamp(1, TIMES_MAX)).unwrap_or(1);
        Self { times_ns: vec![None; most], oldest: 0, window_ns: often.window_ns }
    }

    /// Once more; true when that is more than the allowed number within the window.
    pub(super) fn add(&mut self, now_ns: u64) -> bool {
        let Some(time_ns) = self.times_ns.get_mut(self.oldest) else { return true };
        let before_ns = time_ns.replace(now_ns);
        self.oldest = (self.oldest + 1) % self.times_ns.len();
        before_ns.is_some_and(|it_ns| now_ns.saturating_sub(it_ns) < self.window_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_one_too_many_is_exact_in_number_and_in_time() {
        for (last_ns, expected) in [(99, true), (100, false)] {
            let mut recent = Recent::new(Often { max: 2, window_ns: 100 });
            assert_eq!([0, 50, last_ns].map(|at_ns| recent.add(at_ns)), [false, false, expected]);
        }
    }

    proptest! {
        /// The same as counting all of them.
        #[test]
        fn it_is_the_count_of_a_window(
            steps in proptest::collection::vec(0_u64..40, 1..60),
            max in 1_u32..6,
        ) {
            let mut recent = Recent::new(Often { max, window_ns: 100 });
            let (mut now_ns, mut all) = (0, Vec::new());
            for step in steps {
                now_ns += step;
                all.push(now_ns);
                let within = all.iter().filter(|at_ns| now_ns - **at_ns < 100).count();
                prop_assert_eq!(recent.add(now_ns), u32::try_from(within).unwrap() > max);
            }
        }
    }
}
