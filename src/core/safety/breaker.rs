//! The circuit breaker: automatic stops that follow each other become one long stop (R28-R30).
//!
//! Must hold: times are of the monotonic clock; a restart neither shortens a cooldown nor forgets a
//! stop. What passes while the process is down does not count, because no clock that runs then can
//! be trusted to run right. A person may end a cooldown (R30); the count begins anew then.

use super::Kernel;
use super::verdict::{DenyReason, require};
use crate::core::effect::Refusal;
use crate::core::kept::{BreakerMark, STOPS_MAX};
use crate::core::setup::BreakerLimits;
use crate::types::SECOND;

/// How often a cooldown that runs is put on disk: a restart makes it longer by this at most.
const KEEP_EVERY_NS: u64 = 10 * SECOND;

#[derive(Clone, Copy, Debug)]
pub(super) struct Breaker {
    limits: BreakerLimits,
    opened: u32,
    /// When, oldest first; may lie before the start of the clock.
    stops_ns: [i128; STOPS_MAX],
    count: usize,
    open_until_ns: u64,
    /// What was left of a cooldown at the last start, until the first look at the clock.
    restored: Option<BreakerMark>,
    keep_ns: u64,
    changed: bool,
}

impl Breaker {
    pub(super) fn new(limits: BreakerLimits, restored: Option<BreakerMark>) -> Self {
        // One opens it where none is allowed, and no more are borne than can be remembered.
        let most = u32::try_from(STOPS_MAX).unwrap_or(u32::MAX);
        let limits = BreakerLimits { stops_max: limits.stops_max.clamp(1, most), ..limits };
        Self {
            limits,
            opened: 0,
            stops_ns: [0; STOPS_MAX],
            count: 0,
            open_until_ns: 0,
            restored,
            keep_ns: 0,
            changed: false,
        }
    }

    pub(super) fn check(&self, now_ns: u64) -> Result<(), DenyReason> {
        require(self.cooldown_ns(now_ns) == 0, DenyReason::BreakerOpen)
    }

    /// What is left of the cooldown.
    pub(super) fn cooldown_ns(&self, now_ns: u64) -> u64 {
        match self.restored {
            Some(mark) => mark.cooldown_ns,
            None => self.open_until_ns.saturating_sub(now_ns),
        }
    }

    /// Time passes.
    pub(super) fn on_time(&mut self, now_ns: u64) {
        if let Some(mark) = self.restored.take() {
            self.restore(&mark, now_ns);
        }
        if now_ns < self.open_until_ns && self.keep_ns <= now_ns {
            self.keep_ns = now_ns.saturating_add(KEEP_EVERY_NS);
            self.changed = true;
        }
    }

    /// Counts an automatic stop; true when that opens the breaker.
    pub(super) fn on_stop(&mut self, now_ns: u64) -> bool {
        self.on_time(now_ns);
        let from_ns = i128::from(now_ns) - i128::from(self.limits.window_ns);
        let kept = self.stops_ns;
        self.count = self.keep_stops(&kept, |at_ns| from_ns < at_ns);
        if self.count == STOPS_MAX {
            self.stops_ns.rotate_left(1);
            self.count -= 1;
        }
        self.stops_ns[self.count] = now_ns.into();
        self.count += 1;
        self.changed = true;
        let most = usize::try_from(self.limits.stops_max).unwrap_or(STOPS_MAX);
        if self.count < most {
            return false;
        }
        self.count = 0;
        self.opened = self.opened.saturating_add(1);
        self.open_until_ns = now_ns.saturating_add(self.limits.cooldown_ns);
        self.keep_ns = now_ns.saturating_add(KEEP_EVERY_NS);
        true
    }

    /// A person ends the cooldown.
    pub(super) fn reset(&mut self, now_ns: u64) -> Result<(), Refusal> {
        self.on_time(now_ns);
        if self.check(now_ns).is_ok() {
            return Err(Refusal::BreakerClosed);
        }
        (self.open_until_ns, self.count, self.changed) = (0, 0, true);
        Ok(())
    }

    /// Stops of the window that is under way.
    pub(super) fn stops(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    pub(super) fn opened(&self) -> u32 {
        self.opened
    }

    /// What must be put on disk, when it changed.
    pub(super) fn take_change(&mut self, now_ns: u64) -> Option<BreakerMark> {
        std::mem::take(&mut self.changed).then(|| self.mark(now_ns))
    }

    fn mark(&self, now_ns: u64) -> BreakerMark {
        let age = |at_ns: i128| u64::try_from(i128::from(now_ns) - at_ns).unwrap_or(0);
        let mut ages_ns = self.stops_ns.map(age);
        ages_ns[self.count..].fill(0);
        BreakerMark {
            opened: self.opened,
            stops: u8::try_from(self.count).unwrap_or(0),
            ages_ns,
            cooldown_ns: self.cooldown_ns(now_ns),
        }
    }

    fn restore(&mut self, mark: &BreakerMark, now_ns: u64) {
        self.opened = mark.opened;
        self.count = usize::from(mark.stops).min(STOPS_MAX);
        self.stops_ns = mark.ages_ns.map(|age_ns| i128::from(now_ns) - i128::from(age_ns));
        self.open_until_ns = match mark.cooldown_ns {
            0 => 0,
            left_ns => now_ns.saturating_add(left_ns),
        };
    }

    /// Moves those that stay to the front; says how many they are.
    fn keep_stops(&mut self, stops: &[i128], stays: impl Fn(i128) -> bool) -> usize {
        let mut count = 0;
        for at_ns in &stops[..self.count] {
            if stays(*at_ns) {
                self.stops_ns[count] = *at_ns;
                count += 1;
            }
        }
        count
    }
}

impl Kernel {
    /// A person ends the cooldown, or why there is none to end.
    pub(in crate::core) fn reset_breaker(&mut self, now_ns: u64) -> Result<(), Refusal> {
        self.losses.reset_breaker(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> BreakerLimits {
        BreakerLimits { stops_max: 3, window_ns: 100 * SECOND, cooldown_ns: 600 * SECOND }
    }

    fn breaker() -> Breaker {
        Breaker::new(limits(), None)
    }

    fn open(now_ns: u64) -> Breaker {
        let mut breaker = breaker();
        assert_eq!([0; 3].map(|_| breaker.on_stop(now_ns)), [false, false, true]);
        breaker
    }

    #[test]
    fn opens_with_the_third_stop_of_a_window_and_not_with_one_that_is_older() {
        let mut breaker = breaker();
        assert!(!breaker.on_stop(0) && !breaker.on_stop(SECOND));
        assert!(!breaker.on_stop(100 * SECOND), "the first is a window old");
        assert_eq!(breaker.check(100 * SECOND), Ok(()));
        assert!(breaker.on_stop(101 * SECOND - 1));
        assert_eq!(breaker.check(101 * SECOND), Err(DenyReason::BreakerOpen));
    }

    #[test]
    fn stays_open_for_its_cooldown_and_not_a_nanosecond_longer() {
        let breaker = open(7);
        assert_eq!(breaker.check(7 + 600 * SECOND - 1), Err(DenyReason::BreakerOpen));
        assert_eq!(breaker.check(7 + 600 * SECOND), Ok(()));
        assert_eq!((breaker.stops(), breaker.opened()), (0, 1));
    }

    #[test]
    fn says_what_to_keep_with_every_stop_and_while_it_cools_down() {
        let mut breaker = breaker();
        breaker.on_time(0);
        assert_eq!(breaker.take_change(0), None);
        breaker.on_stop(5);
        let mark = breaker.take_change(6).unwrap();
        assert_eq!((mark.stops, mark.ages_ns[0], mark.cooldown_ns), (1, 1, 0));
        let mut breaker = open(0);
        assert_eq!(breaker.take_change(0).unwrap().cooldown_ns, 600 * SECOND);
        breaker.on_time(10 * SECOND - 1);
        assert_eq!(breaker.take_change(10 * SECOND - 1), None);
        breaker.on_time(10 * SECOND);
        assert_eq!(breaker.take_change(10 * SECOND).unwrap().cooldown_ns, 590 * SECOND);
    }

    #[test]
    fn a_reset_closes_what_is_open_through_a_restart_too_and_refuses_what_is_closed() {
        let mut breaker = open(0);
        breaker.take_change(0);
        assert_eq!(breaker.reset(600 * SECOND - 1), Ok(()));
        assert_eq!(breaker.check(600 * SECOND - 1), Ok(()));
        let mut again = Breaker::new(limits(), breaker.take_change(600 * SECOND - 1));
        assert_eq!(again.check(0), Ok(()));
        assert_eq!(again.reset(0), Err(Refusal::BreakerClosed));
        assert!(!again.on_stop(1) && !again.on_stop(2) && again.on_stop(3), "three more open it");
        let mut over = open(0);
        assert_eq!(over.reset(600 * SECOND), Err(Refusal::BreakerClosed));
    }

    /// Before the first look at the clock, too.
    #[test]
    fn a_cooldown_of_the_last_run_can_be_ended_at_once() {
        let mut again = Breaker::new(limits(), open(0).take_change(0));
        assert_eq!((again.reset(9), again.check(9)), (Ok(()), Ok(())));
        assert_eq!(again.take_change(9).map(|mark| mark.cooldown_ns), Some(0));
    }

    #[test]
    fn how_often_it_opened_is_counted_through_a_restart() {
        assert_eq!(breaker().opened(), 0);
        let mut twice = Breaker::new(limits(), open(0).take_change(0));
        twice.reset(1).unwrap();
        assert_eq!([0; 3].map(|_| twice.on_stop(2)), [false, false, true]);
        assert_eq!(twice.opened(), 2);
    }

    /// A file can hold more of them than are borne now: the limit was another.
    #[test]
    fn as_many_stops_as_can_be_remembered_come_back_and_the_next_one_opens() {
        let stops = u8::try_from(STOPS_MAX).unwrap();
        let mark = BreakerMark { stops, ..BreakerMark::default() };
        assert!(Breaker::new(limits(), Some(mark)).on_stop(SECOND));
    }

    #[test]
    fn a_stop_of_the_last_run_grows_old_in_this_one() {
        let mut last = breaker();
        last.on_stop(0);
        last.on_time(40 * SECOND);
        let mut again = Breaker::new(limits(), last.take_change(40 * SECOND));
        again.on_time(0);
        again.on_stop(60 * SECOND);
        assert_eq!(again.stops(), 1, "the window is over");
    }

    proptest! {
        /// A restart at any time, with any clock, never shortens what is left.
        #[test]
        fn a_restart_never_shortens_a_cooldown(
            ran_ns in 0..700 * SECOND,
            begins_ns in 0..u64::MAX / 2,
            later_ns in 0..700 * SECOND,
        ) {
            let mut breaker = open(0);
            breaker.on_time(ran_ns);
            let left_ns = breaker.cooldown_ns(ran_ns);
            let mut again = Breaker::new(limits(), breaker.take_change(ran_ns));
            prop_assert!(left_ns <= again.cooldown_ns(begins_ns));
            again.on_time(begins_ns);
            let then_ns = begins_ns + later_ns;
            prop_assert!(left_ns.saturating_sub(later_ns) <= again.cooldown_ns(then_ns));
        }

        /// Nor does it forget a stop that is still within its window.
        #[test]
        fn a_restart_forgets_no_stop(ran_ns in 0..99 * SECOND, begins_ns in 0..u64::MAX / 2) {
            let mut breaker = breaker();
            breaker.on_stop(0);
            breaker.on_stop(ran_ns);
            let mut again = Breaker::new(limits(), breaker.take_change(ran_ns));
            again.on_time(begins_ns);
            prop_assert_eq!(again.stops(), 2);
            prop_assert!(again.on_stop(begins_ns));
        }
    }
}
