//! Orders that the venue refuses, over all strategies (T9): too many of them are a fault of ours,
//! and cost the right to send.
//!
//! Must hold: measured over a rolling minute on the monotonic clock; a few answers are no ratio.
//! A post-only order that would have taken is refused by its own wish and does not count (E14).

use super::minute::Minute;
use super::verdict::{DenyReason, require};
use crate::core::setup::{RejectLimits, Storm};

/// Fewer answers than this are no ratio: one refusal of the first order is bad luck.
const ANSWERS_MIN: u64 = 20;

#[derive(Clone, Copy, Debug)]
pub(super) struct Rejects {
    limits: RejectLimits,
    accepted: Minute,
    refused: Minute,
    storm: bool,
}

impl Rejects {
    pub(super) fn new(limits: RejectLimits) -> Self {
        Self { limits, accepted: Minute::new(), refused: Minute::new(), storm: false }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        let stopped = self.storm && self.limits.storm == Storm::Stop;
        require(!stopped, DenyReason::RejectStorm)
    }

    /// True while new risk is denied for it.
    pub(super) fn is_stop(&self) -> bool {
        self.check().is_err()
    }

    pub(super) fn on_accepted(&mut self, now_ns: u64) {
        self.accepted.add(now_ns);
    }

    pub(super) fn on_rejected(&mut self, now_ns: u64) {
        self.refused.add(now_ns);
    }

    /// Time passes; says the refusals and the answers of the minute when a storm begins.
    pub(super) fn on_time(&mut self, now_ns: u64) -> Option<(u64, u64)> {
        let refused = self.refused.count(now_ns);
        let answers = refused.saturating_add(self.accepted.count(now_ns));
        let allowed = answers.saturating_mul(self.limits.ratio_bps_max.into());
        let storm = ANSWERS_MIN <= answers && allowed < refused.saturating_mul(10_000);
        let was_storm = std::mem::replace(&mut self.storm, storm);
        (storm && !was_storm).then_some((refused, answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;
    use proptest::prelude::*;

    fn rejects(storm: Storm, refused: u32, accepted: u32) -> Rejects {
        let mut rejects = Rejects::new(RejectLimits { ratio_bps_max: 1_000, storm });
        (0..refused).for_each(|_| rejects.on_rejected(0));
        (0..accepted).for_each(|_| rejects.on_accepted(0));
        rejects
    }

    #[test]
    fn a_tenth_is_allowed_and_more_is_a_storm_until_its_minute_is_over() {
        let mut calm = rejects(Storm::Stop, 10, 90);
        assert_eq!((calm.on_time(0), calm.check()), (None, Ok(())));
        let mut storm = rejects(Storm::Stop, 11, 89);
        assert_eq!((storm.on_time(0), storm.on_time(1)), (Some((11, 100)), None));
        assert_eq!(storm.check(), Err(DenyReason::RejectStorm));
        storm.on_time(61 * SECOND);
        assert_eq!(storm.check(), Ok(()));
    }

    #[test]
    fn a_few_answers_are_no_ratio() {
        assert_eq!(rejects(Storm::Stop, 19, 0).on_time(0), None);
        assert_eq!(rejects(Storm::Stop, 20, 0).on_time(0), Some((20, 20)));
    }

    #[test]
    fn by_configuration_a_storm_is_only_told() {
        let mut storm = rejects(Storm::Alert, 20, 0);
        assert!(storm.on_time(0).is_some() && storm.check().is_ok() && !storm.is_stop());
    }

    proptest! {
        #[test]
        fn the_boundary_is_exact(parts in 2_u32..300, step in -1_i64..=1) {
            let refused = u32::try_from(i64::from(parts) + step).unwrap();
            let mut told = rejects(Storm::Stop, refused, parts * 10 - refused);
            prop_assert_eq!(told.on_time(0).is_some(), 0 < step);
        }
    }
}
