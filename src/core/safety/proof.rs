//! When a valuation is believed (SAFETY E6): what is said must be said again.
//!
//! Must hold: one outlier of one price neither sets a mark nor fires a latch, however many other
//! prices move meanwhile. A statement is confirmed after so many distinct valuations in a row, once
//! every open position has been quoted anew since the first of them; or after so long.
//!
//! Decision: two rounds of quotes, not one: the round that is under way when the outlier comes may
//! have had its quote of that instrument already.

use crate::core::setup::DrawdownLimits;

/// Rounds of quotes that lie wholly after the first statement.
const ROUNDS: u64 = 2;

/// What is known of the time of a valuation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    pub(super) now_ns: u64,
    /// How often every open position has been quoted anew.
    pub(super) round: u64,
    /// Any position is open.
    pub(super) exposed: bool,
    /// The valuation differs from the one before.
    pub(super) distinct: bool,
}

/// A statement that valuations in a row make.
#[derive(Clone, Copy, Debug)]
struct Claim {
    since_ns: u64,
    since_round: u64,
    valuations: u32,
}

impl Claim {
    fn new(at: &Moment) -> Self {
        Self { since_ns: at.now_ns, since_round: at.round, valuations: 0 }
    }

    fn hear(&mut self, at: &Moment, limits: &DrawdownLimits) -> bool {
        self.valuations = self.valuations.saturating_add(u32::from(at.distinct));
        let requoted = !at.exposed || ROUNDS <= at.round.saturating_sub(self.since_round);
        let counted = limits.confirm_valuations <= self.valuations && requoted;
        counted || limits.confirm_ns <= at.now_ns.saturating_sub(self.since_ns)
    }
}

/// A limit that valuations may be beyond.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Breach(Option<Claim>);

impl Breach {
    /// Takes in whether a valuation is beyond the limit; true while that is confirmed.
    pub(super) fn observe(&mut self, beyond: bool, at: &Moment, limits: &DrawdownLimits) -> bool {
        if !beyond {
            self.0 = None;
            return false;
        }
        self.0.get_or_insert(Claim::new(at)).hear(at, limits)
    }

    /// True from the first valuation beyond the limit.
    pub(super) fn stands(&self) -> bool {
        self.0.is_some()
    }
}

/// A number that follows another only as far as that is confirmed: what marks are set by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proven {
    value: Option<i128>,
    /// The first value has been confirmed; until then it is the lowest that was heard.
    settled: bool,
    moving: Option<Moving>,
}

/// Values on one side of the proven one.
#[derive(Clone, Copy, Debug)]
struct Moving {
    up: bool,
    /// The nearest of them: all of them reached it.
    nearest: i128,
    claim: Claim,
}

impl Proven {
    /// Takes in a value; gives the proven one.
    pub(super) fn observe(&mut self, heard: i128, at: &Moment, limits: &DrawdownLimits) -> i128 {
        let mut value = *self.value.get_or_insert(heard);
        if !self.settled {
            value = value.min(heard);
            let first = Moving { up: true, nearest: value, claim: Claim::new(at) };
            self.settled = self.moving.get_or_insert(first).claim.hear(at, limits);
            if self.settled {
                self.moving = None;
            }
        } else if heard == value {
            self.moving = None;
        } else {
            let up = value < heard;
            let first = Moving { up, nearest: heard, claim: Claim::new(at) };
            let moving = match &mut self.moving {
                Some(moving) if moving.up == up => moving,
                other => other.insert(first),
            };
            let nearer = if up { moving.nearest.min(heard) } else { moving.nearest.max(heard) };
            moving.nearest = nearer;
            if moving.claim.hear(at, limits) {
                value = nearer;
                self.moving = None;
            }
        }
        self.value = Some(value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;
    use proptest::prelude::*;

    fn limits() -> DrawdownLimits {
        DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: 30 * SECOND,
        }
    }

    fn at(now_ns: u64, round: u64) -> Moment {
        Moment { now_ns, round, exposed: true, distinct: true }
    }

    #[test]
    fn a_breach_is_confirmed_by_the_third_distinct_valuation_and_two_rounds() {
        let mut breach = Breach::default();
        assert!(!breach.observe(true, &at(0, 5), &limits()) && breach.stands());
        assert!(!breach.observe(true, &at(1, 6), &limits()));
        assert!(!breach.observe(true, &Moment { distinct: false, ..at(2, 9) }, &limits()));
        assert!(breach.observe(true, &at(3, 7), &limits()));
        assert!(!breach.observe(false, &at(4, 8), &limits()) && !breach.stands());
    }

    #[test]
    fn ticks_of_other_instruments_do_not_confirm_an_outlier() {
        let mut breach = Breach::default();
        for now_ns in 0..1_000 {
            assert!(!breach.observe(true, &at(now_ns, 5 + now_ns.min(1)), &limits()));
        }
        assert!(breach.observe(true, &at(1_000, 7), &limits()));
    }

    #[test]
    fn a_second_confirms_what_nothing_contradicts_and_a_nanosecond_less_does_not() {
        let mut breach = Breach::default();
        let silent = |now_ns| Moment { distinct: false, ..at(now_ns, 5) };
        assert!(!breach.observe(true, &silent(7), &limits()));
        assert!(!breach.observe(true, &silent(7 + SECOND - 1), &limits()));
        assert!(breach.observe(true, &silent(7 + SECOND), &limits()));
    }

    #[test]
    fn an_outlier_moves_no_mark_and_a_lasting_move_does_by_its_least_value() {
        let mut proven = Proven::default();
        for round in 0..4 {
            assert_eq!(proven.observe(100, &at(round, round), &limits()), 100);
        }
        assert_eq!(proven.observe(900, &at(10, 10), &limits()), 100);
        assert_eq!(proven.observe(99, &at(11, 11), &limits()), 100);
        for (round, heard, value) in [(12, 130, 100), (13, 120, 100), (14, 125, 120)] {
            assert_eq!(proven.observe(heard, &at(round, round), &limits()), value);
        }
    }

    #[test]
    fn before_anything_is_confirmed_the_lowest_counts() {
        let mut proven = Proven::default();
        assert_eq!(proven.observe(900, &at(0, 0), &limits()), 900);
        assert_eq!(proven.observe(100, &at(1, 1), &limits()), 100);
        assert_eq!(proven.observe(101, &at(2, 2), &limits()), 100);
        assert_eq!(proven.observe(900, &at(3, 3), &limits()), 100, "from here on it follows");
    }

    proptest! {
        /// However values jump, as long as every third one is sound nothing else becomes a mark.
        #[test]
        fn no_two_outliers_in_a_row_set_a_mark(outliers in proptest::collection::vec(
            (0_i128..1_000_000, 0_i128..1_000_000), 1..200)
        ) {
            let mut proven = Proven::default();
            let mut round = 0;
            for (first, second) in outliers {
                for heard in [500_000, first, second] {
                    round += 1;
                    let value = proven.observe(heard, &at(round, round), &limits());
                    prop_assert!(value <= 500_000);
                }
            }
        }
    }
}
