//! One position or wallet in the books: what moved it, and which readings that explains.
//!
//! Must hold: a reading that any order of what was told at about its time explains is explained:
//! nothing is called a mismatch that may only have been late.

use std::collections::VecDeque;

/// How much a reading may be older than its record.
pub(super) const BEFORE_NS: u64 = 5_000_000_000;

/// How late a stream may tell what a reading knew.
pub(super) const BEHIND_NS: u64 = 5_000_000_000;

/// A sum of movements, and what may have stood there before all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// What stood there before any movement: several while nobody can tell which.
    bases: Vec<i128>,
    sum: i128,
    /// When, and what the sum was before.
    moved: VecDeque<(u64, i128)>,
}

/// What a reading makes of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Judgement {
    /// The first that says anything: the books begin with it.
    Begun,
    /// What was told explains it.
    Explained,
    /// It does not; so much would be there by the books.
    Unexplained(i128),
}

impl Line {
    pub(super) fn moves(&mut self, amount: i128, now_ns: u64) {
        self.moved.push_back((now_ns, self.sum));
        self.sum = self.sum.saturating_add(amount);
    }

    /// What stands there now, where only one can.
    pub(super) fn held(&self) -> Option<i128> {
        match self.bases[..] {
            [base] => base.checked_add(self.sum),
            _ => None,
        }
    }

    /// True when nothing moved it at about that time.
    pub(super) fn is_quiet(&self, at_ns: u64) -> bool {
        self.moved.iter().all(|(moved_ns, _)| !is_about(*moved_ns, at_ns))
    }

    /// Holds a reading against what was told until [`BEHIND_NS`] later.
    pub(super) fn judge(&mut self, told: i128, at_ns: u64, tolerance: i128) -> Judgement {
        while self.moved.front().is_some_and(|(moved_ns, _)| is_before(*moved_ns, at_ns)) {
            self.moved.pop_front();
        }
        let sums = self.sums_about(at_ns);
        if self.bases.is_empty() {
            self.begin(told, &sums);
            return Judgement::Begun;
        }
        let expected = self.bases.first().map_or(0, |base| base.saturating_add(self.sum));
        self.bases.retain(|base| explains(*base, &sums, told, tolerance));
        if !self.bases.is_empty() {
            return Judgement::Explained;
        }
        self.begin(told, &sums);
        Judgement::Unexplained(expected)
    }

    /// True when a reading is explained or the first one, or when nothing moved at about its time
    /// that may be only half in it.
    pub(super) fn is_clear(&self, told: i128, at_ns: u64, tolerance: i128) -> bool {
        let sums = self.sums_about(at_ns);
        let explains = |base: &i128| explains(*base, &sums, told, tolerance);
        self.bases.is_empty() || self.is_quiet(at_ns) || self.bases.iter().any(explains)
    }

    /// Every sum that may have stood there at about that time.
    fn sums_about(&self, at_ns: u64) -> Vec<i128> {
        let about = self.moved.iter().filter(|(moved_ns, _)| is_about(*moved_ns, at_ns));
        about.map(|(_, before)| *before).chain([self.sum]).collect()
    }

    fn begin(&mut self, told: i128, sums: &[i128]) {
        self.bases = sums.iter().map(|sum| told.saturating_sub(*sum)).collect();
        self.bases.sort_unstable();
        self.bases.dedup();
    }
}

fn explains(base: i128, sums: &[i128], told: i128, tolerance: i128) -> bool {
    let apart = |sum: &i128| told.saturating_sub(base.saturating_add(*sum)).abs();
    sums.iter().any(|sum| apart(sum) <= tolerance)
}

fn is_before(moved_ns: u64, at_ns: u64) -> bool {
    moved_ns.saturating_add(BEFORE_NS) < at_ns
}

fn is_about(moved_ns: u64, at_ns: u64) -> bool {
    !is_before(moved_ns, at_ns) && moved_ns <= at_ns.saturating_add(BEHIND_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: u64 = 100 * BEHIND_NS;

    fn begun(told: i128) -> Line {
        let mut line = Line::default();
        assert_eq!(line.judge(told, 0, 0), Judgement::Begun);
        line
    }

    #[test]
    fn what_moved_between_two_readings_explains_the_second() {
        let mut line = begun(5);
        line.moves(2, LATER / 2);
        assert_eq!(line.judge(7, LATER, 0), Judgement::Explained);
        assert_eq!(line.held(), Some(7));
        assert_eq!(line.judge(8, 2 * LATER, 0), Judgement::Unexplained(7));
        assert_eq!(line.held(), Some(8), "the venue is right");
        assert_eq!(line.judge(8, 3 * LATER, 0), Judgement::Explained, "and it is said once");
    }

    #[test]
    fn what_moved_at_about_the_time_of_a_reading_may_be_in_it_or_not() {
        for told in [5, 7] {
            let mut line = begun(5);
            line.moves(2, LATER - BEFORE_NS);
            assert_eq!(line.judge(told, LATER, 0), Judgement::Explained, "{told}");
        }
        let mut early = begun(5);
        early.moves(2, LATER - BEFORE_NS - 1);
        assert_eq!(early.judge(5, LATER, 0), Judgement::Unexplained(7), "it must be in it");
        let mut late = begun(5);
        late.moves(2, LATER + BEHIND_NS);
        assert!(!late.is_quiet(LATER) && late.is_quiet(LATER - 1));
        assert_eq!(late.judge(7, LATER, 0), Judgement::Explained);
    }

    #[test]
    fn books_that_begin_in_a_busy_moment_wait_for_a_quiet_one_to_know() {
        let mut line = Line::default();
        line.moves(2, 0);
        assert_eq!(line.judge(5, 0, 0), Judgement::Begun);
        assert_eq!(line.held(), None, "the movement is in it, or is not");
        assert_eq!(line.judge(7, LATER, 0), Judgement::Explained);
        assert_eq!(line.held(), Some(7));
    }

    #[test]
    fn a_busy_moment_that_nothing_explains_is_not_clear_and_a_quiet_one_always_is() {
        let mut new = Line::default();
        new.moves(1, 0);
        assert!(new.is_clear(9, 0, 0), "the books begin with it");
        let mut line = begun(5);
        assert!(line.is_clear(9, LATER, 0), "it is a difference, clearly");
        line.moves(2, LATER);
        assert!(line.is_clear(5, LATER, 0) && line.is_clear(7, LATER, 0));
        assert!(!line.is_clear(6, LATER, 0), "half of it is in it");
        assert!(line.is_clear(6, LATER, 1));
    }

    #[test]
    fn a_difference_within_the_tolerance_is_none() {
        let mut line = begun(5);
        assert_eq!(line.judge(7, LATER, 2), Judgement::Explained);
        assert_eq!(line.judge(8, 2 * LATER, 2), Judgement::Unexplained(5));
    }
}
