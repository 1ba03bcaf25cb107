//! Distance between our clock and the venue's (SAFETY E10, R78).
//!
//! Two witnesses: a measured offset with the round trip as its bound, and every message of the
//! venue, because a message cannot arrive before it was sent: one "from the future" bounds the
//! drift from below without any request.
//!
//! Must hold: no sample, or one that is too old, denies; the latch needs |offset| less half the
//! round trip beyond the threshold in several samples in a row; time inside is monotonic only.

use super::Kernel;
use super::kill_switch::{Trip, TripReason};
use super::verdict::{DenyReason, require};
use crate::core::alert::Alert;
use crate::core::effect::{Effect, Effects};
use crate::core::event::ClockSample;
use crate::core::setup::ClockLimits;
use crate::types::{MS, Stamp, VenueId};

#[derive(Clone, Debug)]
pub(super) struct Drift {
    limits: ClockLimits,
    sample: Option<(ClockSample, u64)>,
    beyond: u32,
    /// How far messages have come from the future since the last sample.
    ahead_ns: u64,
    is_high: bool,
}

/// What a new measurement means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// Now beyond the warning threshold.
    BecameHigh,
    /// Now within it.
    BecameGood,
}

impl Drift {
    pub(super) fn new(limits: ClockLimits) -> Self {
        Self { limits, sample: None, beyond: 0, ahead_ns: 0, is_high: false }
    }

    pub(super) fn check(&self, now_ns: u64) -> Result<(), DenyReason> {
        let known = self.sample.is_some_and(|(_, at_ns)| {
            now_ns.saturating_sub(at_ns) <= self.limits.refresh_ns.saturating_mul(2)
        });
        require(known, DenyReason::ClockUnknown)?;
        require(self.distance_ns() < self.limits.kill_ns, DenyReason::ClockDrift)
    }

    /// A measured offset. Says why to trip when it must.
    pub(super) fn observe(&mut self, sample: ClockSample, now_ns: u64) -> Option<Trip> {
        self.sample = Some((sample, now_ns));
        self.ahead_ns = 0;
        let certain_ns = certain_ns(&sample);
        self.beyond = if certain_ns < self.limits.kill_ns { 0 } else { self.beyond + 1 };
        let [value, limit] =
            [certain_ns, self.limits.kill_ns].map(|ns| i64::try_from(ns).unwrap_or(i64::MAX));
        (self.limits.kill_samples <= self.beyond)
            .then(|| Trip::by_limit(TripReason::ClockDrift, value, limit))
    }

    /// The measurement is wrong: nothing is known until the next one.
    pub(super) fn forget(&mut self) {
        self.sample = None;
    }

    /// A message with the venue's own time of sending, as of the wall clock at its arrival.
    pub(super) fn observe_message(&mut self, sent_unix_ms: u64, at: Stamp) {
        let sent_ns = sent_unix_ms.saturating_mul(MS);
        self.ahead_ns = self.ahead_ns.max(sent_ns.saturating_sub(at.unix_ns));
    }

    /// Whether the warning threshold was crossed since the last call.
    pub(super) fn change(&mut self) -> Option<Change> {
        let is_high = self.limits.warn_ns <= self.distance_ns();
        let changed = is_high != self.is_high;
        self.is_high = is_high;
        changed.then_some(if is_high { Change::BecameHigh } else { Change::BecameGood })
    }

    /// Venue minus us, above zero when our clock is behind; the stronger of the two witnesses.
    pub(super) fn offset_ns(&self) -> Option<i64> {
        let ahead_ns = i64::try_from(self.ahead_ns).unwrap_or(i64::MAX);
        let sampled = self.sample.map(|(sample, _)| sample.offset_ns);
        match sampled {
            Some(offset_ns) if ahead_ns <= offset_ns.saturating_abs() => Some(offset_ns),
            Some(_) => Some(ahead_ns),
            None => (0 < ahead_ns).then_some(ahead_ns),
        }
    }

    fn distance_ns(&self) -> u64 {
        let sampled = self.sample.map_or(0, |(sample, _)| certain_ns(&sample));
        sampled.max(self.ahead_ns)
    }
}

/// The part of an offset that the round trip cannot explain.
fn certain_ns(sample: &ClockSample) -> u64 {
    sample.offset_ns.unsigned_abs().saturating_sub(sample.rtt_ns / 2)
}

impl Kernel {
    pub(in crate::core) fn on_clock(
        &mut self,
        sample: ClockSample,
        now: Stamp,
        effects: &mut Effects,
    ) {
        let drift = &mut self.drifts[sample.venue.index()];
        if let Some(trip) = drift.observe(sample, now.mono_ns) {
            self.trip(trip, now, effects);
        }
    }

    /// The venue refused our time: what we measured of its clock is wrong (R79).
    pub(in crate::core) fn on_clock_refused(&mut self, venue: VenueId) {
        self.drifts[venue.index()].forget();
    }

    pub(in crate::core) fn on_message_time(
        &mut self,
        venue: VenueId,
        sent_unix_ms: u64,
        received: Stamp,
    ) {
        self.drifts[venue.index()].observe_message(sent_unix_ms, received);
    }

    pub(in crate::core) fn clock_offset_ns(&self, venue: VenueId) -> Option<i64> {
        self.drifts[venue.index()].offset_ns()
    }

    /// Says where a clock is off, or good again.
    pub(super) fn watch_clocks(&mut self, effects: &mut Effects) {
        for (drift, venue) in self.drifts.iter_mut().zip((0_u8..).map(VenueId)) {
            match drift.change() {
                Some(Change::BecameHigh) => {
                    let offset_ns = drift.offset_ns().unwrap_or(i64::MAX);
                    effects.push(Effect::Alert(Alert::ClockDrift { venue, offset_ns }));
                }
                Some(Change::BecameGood) => {
                    effects.push(Effect::Alert(Alert::ClockGood(venue)));
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{SECOND, VenueId};

    fn drift() -> Drift {
        Drift::new(ClockLimits {
            warn_ns: 500 * MS,
            kill_ns: 2_000 * MS,
            kill_samples: 3,
            refresh_ns: 60 * SECOND,
        })
    }

    fn sample(offset_ms: i64, rtt_ms: u64) -> ClockSample {
        ClockSample { venue: VenueId(0), offset_ns: offset_ms * 1_000_000, rtt_ns: rtt_ms * MS }
    }

    #[test]
    fn no_sample_denies_and_an_old_one_too() {
        let mut drift = drift();
        assert_eq!(drift.check(0), Err(DenyReason::ClockUnknown));
        assert_eq!(drift.observe(sample(0, 0), 5), None);
        assert_eq!(drift.check(5 + 120 * SECOND), Ok(()));
        assert_eq!(drift.check(6 + 120 * SECOND), Err(DenyReason::ClockUnknown));
    }

    #[test]
    fn two_seconds_deny_at_once_and_latch_in_the_third_sample() {
        let mut drift = drift();
        assert_eq!(drift.observe(sample(-1_999, 0), 0), None);
        assert_eq!(drift.check(0), Ok(()));
        assert_eq!(drift.observe(sample(-2_000, 0), 1), None);
        assert_eq!(drift.check(1), Err(DenyReason::ClockDrift));
        assert_eq!(drift.observe(sample(-2_000, 0), 2), None);
        let trip = drift.observe(sample(-2_000, 0), 3).unwrap();
        assert_eq!(trip.reason, TripReason::ClockDrift);
        assert_eq!(drift.observe(sample(0, 0), 4), None);
        assert_eq!(drift.check(4), Ok(()));
    }

    #[test]
    fn what_the_round_trip_explains_is_no_drift() {
        let mut drift = drift();
        assert_eq!(drift.observe(sample(2_500, 1_002), 0), None);
        assert_eq!(drift.check(0), Ok(()));
        assert_eq!(drift.observe(sample(2_500, 1_000), 1), None);
        assert_eq!(drift.check(1), Err(DenyReason::ClockDrift));
    }

    #[test]
    fn a_message_from_the_future_warns_without_a_request() {
        let mut drift = drift();
        let at = Stamp { mono_ns: 0, unix_ns: 10 * SECOND };
        drift.observe_message(10_499, at);
        assert_eq!(drift.change(), None);
        drift.observe_message(11_270, at);
        assert_eq!(drift.change(), Some(Change::BecameHigh));
        assert_eq!(drift.change(), None);
        assert_eq!(drift.offset_ns(), Some(1_270_000_000));
        assert_eq!(drift.observe(sample(0, 0), 1), None);
        assert_eq!(drift.change(), Some(Change::BecameGood));
    }

    #[test]
    fn the_stronger_witness_tells_the_offset_and_nobody_none() {
        let mut drift = drift();
        let at = Stamp { mono_ns: 0, unix_ns: 10 * SECOND };
        drift.observe_message(10_000, at);
        assert_eq!(drift.offset_ns(), None, "it took no time, and nothing was measured");
        assert_eq!(drift.observe(sample(-100, 0), 0), None);
        drift.observe_message(10_100, at);
        assert_eq!(drift.offset_ns(), Some(-100_000_000));
        drift.observe_message(10_101, at);
        assert_eq!(drift.offset_ns(), Some(101_000_000));
    }

    #[test]
    fn a_message_two_seconds_from_the_future_denies() {
        let mut drift = drift();
        assert_eq!(drift.observe(sample(0, 0), 0), None);
        drift.observe_message(3_999, Stamp { mono_ns: 1, unix_ns: 2 * SECOND });
        assert_eq!(drift.check(1), Ok(()));
        drift.observe_message(4_000, Stamp { mono_ns: 1, unix_ns: 2 * SECOND });
        assert_eq!(drift.check(1), Err(DenyReason::ClockDrift));
    }
}
