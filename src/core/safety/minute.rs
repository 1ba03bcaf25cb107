//! Orders of the last minute, counted second by second: never more than so many in any minute,
//! whenever it begins. A venue that counts by the minute bans for longer than that.

use crate::types::SECOND;

/// Seconds of a minute.
const SECONDS: u64 = 60;

/// One more than that, because the oldest second is counted whole.
const SLOTS: usize = 61;

#[derive(Debug)]
pub(super) struct Minute {
    max: u32,
    /// By second, round and round.
    slots: [u32; SLOTS],
    sum: u32,
    /// The present one.
    second: u64,
}

impl Minute {
    pub(super) fn new(max: u32) -> Self {
        Self { max, slots: [0; SLOTS], sum: 0, second: 0 }
    }

    /// Time begins as if so many had been sent in the minute before, evenly, but for the last
    /// second of it: its part is free.
    pub(super) fn begin(&mut self, now_ns: u64, sent: u32) {
        self.second = now_ns / SECOND;
        let sent = sent.min(self.max);
        let until = |second: u64| u64::from(sent) * second / SECONDS;
        for second in 1..SECONDS {
            let count = u32::try_from(until(second) - until(second - 1)).unwrap_or(self.max);
            *self.slot(self.second + second) = count;
        }
        self.sum = self.slots.iter().sum();
    }

    /// True when one more may go and `kept` are left for others.
    pub(super) fn has_room(&mut self, now_ns: u64, kept: u32) -> bool {
        let now = (now_ns / SECOND).max(self.second);
        for second in (self.second + 1..=now).take(SLOTS) {
            self.sum -= std::mem::take(self.slot(second));
        }
        self.second = now;
        let after = self.sum.checked_add(kept).and_then(|sum| sum.checked_add(1));
        after.is_some_and(|after| after <= self.max)
    }

    /// One goes.
    pub(super) fn take(&mut self) {
        *self.slot(self.second) += 1;
        self.sum += 1;
    }

    fn slot(&mut self, second: u64) -> &mut u32 {
        &mut self.slots[usize::try_from(second % (SECONDS + 1)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: u64 = 60 * SECOND;

    #[test]
    fn so_many_pass_in_a_minute_and_the_next_when_the_first_is_out_of_it() {
        let mut minute = Minute::new(3);
        for _ in 0..3 {
            assert!(minute.has_room(5 * SECOND + 7, 0));
            minute.take();
        }
        assert!(!minute.has_room(5 * SECOND + MINUTE + SECOND - 1, 0));
        assert!(minute.has_room(5 * SECOND + MINUTE + SECOND, 2));
        assert!(!minute.has_room(5 * SECOND + MINUTE + SECOND, 3));
    }

    #[test]
    fn what_is_kept_for_others_is_left() {
        let mut minute = Minute::new(8);
        (0..5).for_each(|_| minute.take());
        assert!(minute.has_room(0, 2) && !minute.has_room(0, 3));
        assert!(!minute.has_room(0, u32::MAX));
    }

    #[test]
    fn a_start_is_no_fresh_minute() {
        let mut minute = Minute::new(600);
        let began_ns = 1_000 * SECOND;
        minute.begin(began_ns, 600);
        for second in 0..=30 {
            let now_ns = began_ns + second * SECOND;
            let mut passed = 0;
            while minute.has_room(now_ns, 0) {
                minute.take();
                passed += 1;
            }
            assert_eq!(passed, 10, "second {second}");
        }
    }

    #[test]
    fn after_a_long_silence_all_of_it_is_free() {
        let mut minute = Minute::new(2);
        minute.begin(0, 2);
        assert!(minute.has_room(u64::MAX, 1));
    }

    proptest! {
        #[test]
        fn no_minute_holds_more(steps in proptest::collection::vec(0_u64..4 * SECOND, 1..400)) {
            let (mut minute, mut now_ns, mut sent) = (Minute::new(9), 0, Vec::new());
            for step in steps {
                now_ns += step;
                if minute.has_room(now_ns, 0) {
                    minute.take();
                    sent.push(now_ns);
                }
            }
            for (at, start) in sent.iter().enumerate() {
                let within = sent[at..].iter().take_while(|t| **t < start + MINUTE).count();
                prop_assert!(within <= 9);
            }
        }
    }
}
