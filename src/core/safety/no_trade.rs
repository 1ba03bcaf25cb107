//! Times at which nothing is opened: the operator's own calendar (R68).
//!
//! Must hold: by the venue's clock as well as we know it, to the second; entering and leaving is
//! the calendar's doing and no mode: nothing of it is kept, and nothing is resumed. Reductions and
//! exits pass. Looked at once a second, so that the length of the calendar costs no order anything.

use super::verdict::{DenyReason, require};
use crate::core::setup::{NoTradeWindow, Resting, Span};

const MINUTE_S: u64 = 60;
const DAY_S: u64 = 24 * 60 * MINUTE_S;

/// The first of January 1970 was a Thursday, the fourth day of a week that begins on Monday.
const EPOCH_WEEKDAY: u64 = 3;

#[derive(Debug)]
pub(super) struct NoTrade {
    windows: Vec<NoTradeWindow>,
    looked_s: Option<u64>,
    inside: bool,
    /// A window that is open also takes resting orders back.
    cancels: bool,
}

/// What a second brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Edge {
    /// The first window opened, or one that asks for more.
    Entered,
    /// The last window closed.
    Left,
}

impl NoTrade {
    pub(super) fn new(windows: Vec<NoTradeWindow>) -> Self {
        Self { windows, looked_s: None, inside: false, cancels: false }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(!self.inside, DenyReason::NoTradeWindow)
    }

    /// True while opening orders may not even rest.
    pub(super) fn cancels(&self) -> bool {
        self.cancels
    }

    pub(super) fn is_inside(&self) -> bool {
        self.inside
    }

    /// Looks at the calendar, once a second.
    pub(super) fn observe(&mut self, venue_unix_s: u64) -> Option<Edge> {
        if self.looked_s == Some(venue_unix_s) {
            return None;
        }
        self.looked_s = Some(venue_unix_s);
        let before = (self.inside, self.cancels);
        let mut open = self.windows.iter().filter(|window| window.span.holds(venue_unix_s));
        self.inside = open.clone().next().is_some();
        self.cancels = open.any(|window| window.resting == Resting::Cancel);
        match (before, self.inside) {
            ((true, _), false) => Some(Edge::Left),
            ((false, _), true) => Some(Edge::Entered),
            ((true, false), true) if self.cancels => Some(Edge::Entered),
            _ => None,
        }
    }
}

impl Span {
    /// True within: the first second is inside, the last is not.
    fn holds(self, unix_s: u64) -> bool {
        match self {
            Self::Once { from_s, to_s } => (from_s..to_s).contains(&unix_s),
            Self::Weekly { days, from_min, to_min } => {
                let (day, minute) = (unix_s / DAY_S, unix_s % DAY_S / MINUTE_S);
                let begins = |day: u64| days & (1 << ((day + EPOCH_WEEKDAY) % 7)) != 0;
                let [from, to] = [from_min, to_min].map(u64::from);
                if from < to {
                    begins(day) && (from..to).contains(&minute)
                } else {
                    // Beyond midnight: the rest of its day and the beginning of the next.
                    begins(day) && from <= minute || begins(day + 6) && minute < to
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 5 January 1970, 00:00.
    const MONDAY_S: u64 = 4 * DAY_S;

    const MONDAYS: u8 = 1;
    const SUNDAYS: u8 = 1 << 6;

    fn at(day: u64, hour: u64, minute: u64, second: u64) -> u64 {
        MONDAY_S + day * DAY_S + hour * 60 * MINUTE_S + minute * MINUTE_S + second
    }

    fn weekly(days: u8, from: (u16, u16), to: (u16, u16)) -> Span {
        let [from_min, to_min] = [from, to].map(|(hour, minute)| hour * 60 + minute);
        Span::Weekly { days, from_min, to_min }
    }

    #[test]
    fn a_weekly_window_holds_to_the_second() {
        let span = weekly(MONDAYS, (8, 0), (8, 30));
        let rows = [
            (at(0, 7, 59, 59), false),
            (at(0, 8, 0, 0), true),
            (at(0, 8, 29, 59), true),
            (at(0, 8, 30, 0), false),
            (at(1, 8, 15, 0), false),
            (at(7, 8, 15, 0), true),
        ];
        for (unix_s, inside) in rows {
            assert_eq!(span.holds(unix_s), inside, "{unix_s}");
        }
    }

    #[test]
    fn one_that_passes_midnight_belongs_to_the_day_it_begins_on() {
        let span = weekly(SUNDAYS, (23, 50), (0, 10));
        let rows = [
            (at(6, 23, 49, 59), false),
            (at(6, 23, 50, 0), true),
            (at(7, 0, 9, 59), true),
            (at(7, 0, 10, 0), false),
            (at(6, 0, 5, 0), false),
            (at(0, 23, 55, 0), false),
        ];
        for (unix_s, inside) in rows {
            assert_eq!(span.holds(unix_s), inside, "{unix_s}");
        }
    }

    #[test]
    fn one_that_ends_at_the_minute_that_it_begins_at_lasts_a_day() {
        let span = weekly(MONDAYS, (1, 0), (1, 0));
        let rows = [
            (at(0, 0, 59, 59), false),
            (at(0, 1, 0, 0), true),
            (at(1, 0, 59, 59), true),
            (at(1, 1, 0, 0), false),
            (at(2, 0, 30, 0), false),
        ];
        for (unix_s, inside) in rows {
            assert_eq!(span.holds(unix_s), inside, "{unix_s}");
        }
    }

    #[test]
    fn windows_that_overlap_are_one_and_the_stricter_of_them_counts() {
        let once = |from_s, to_s, resting| {
            let span = Span::Once { from_s, to_s };
            NoTradeWindow { span, resting }
        };
        let windows = vec![once(10, 30, Resting::Keep), once(20, 40, Resting::Cancel)];
        let mut calendar = NoTrade::new(windows);
        let mut look = |unix_s| {
            let edge = calendar.observe(unix_s);
            (edge, calendar.check().is_err(), calendar.cancels())
        };
        assert_eq!(look(9), (None, false, false));
        assert_eq!(look(10), (Some(Edge::Entered), true, false));
        assert_eq!(look(10), (None, true, false));
        assert_eq!(look(11), (None, true, false), "it is told once");
        assert_eq!(look(20), (Some(Edge::Entered), true, true));
        assert_eq!(look(39), (None, true, true));
        assert_eq!(look(40), (Some(Edge::Left), false, false));
    }
}
