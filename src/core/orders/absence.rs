//! Who said that an order is not at the venue: the witnesses without whom silence is no answer
//! (SAFETY E11).
//!
//! Must hold: an order is given up only when three say so, each asked when it could not arrive any
//! more: a question after it, a reading of all open orders, and the history of trades; and when the
//! first question that did not find it lies apart from the last.

use crate::types::SECOND;

/// So far apart are the first and the last question: a venue that answers one from a copy that lags
/// behind has caught up by then.
const APART_NS: u64 = SECOND;

/// What was said, each by the time at which it was asked for; 0 is never.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::core) struct Absence {
    first_query_ns: u64,
    last_query_ns: u64,
    reading_ns: u64,
    trades_ns: u64,
}

impl Absence {
    /// The venue answered that it does not know it.
    pub(super) fn on_query(&mut self, now_ns: u64) {
        if self.first_query_ns == 0 {
            self.first_query_ns = now_ns;
        }
        self.last_query_ns = now_ns;
    }

    /// It did not stand in a reading of all open orders.
    pub(super) fn on_reading(&mut self, asked_ns: u64) {
        self.reading_ns = self.reading_ns.max(asked_ns);
    }

    /// The history of trades was read, and what it told of this order was counted.
    pub(super) fn on_trades(&mut self, asked_ns: u64) {
        self.trades_ns = self.trades_ns.max(asked_ns);
    }

    /// True while only the other two are missing: they must be asked.
    pub(in crate::core) fn wants_witnesses(&self, never_ns: u64) -> bool {
        never_ns <= self.last_query_ns && self.reading_ns.min(self.trades_ns) < never_ns
    }

    /// True when all three have said so since `never_ns`, when it could not arrive any more.
    pub(super) fn is_proven(&self, never_ns: u64) -> bool {
        let witnesses = [self.last_query_ns, self.reading_ns, self.trades_ns];
        let apart = self.first_query_ns.saturating_add(APART_NS) <= self.last_query_ns;
        apart && witnesses.iter().all(|asked_ns| never_ns <= *asked_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sent so that it could arrive until 10 s.
    const NEVER_NS: u64 = 10 * SECOND;

    fn said(queries: [u64; 2], reading: u64, trades: u64) -> bool {
        let mut absence = Absence::default();
        queries.into_iter().for_each(|at| absence.on_query(at));
        absence.on_reading(reading);
        absence.on_trades(trades);
        absence.is_proven(NEVER_NS)
    }

    #[test]
    fn all_three_must_say_so_when_it_is_too_late() {
        let late = NEVER_NS;
        assert!(said([late - SECOND, late], late, late));
        assert!(!said([late - SECOND, late - 1], late, late), "a question too early");
        assert!(!said([late - SECOND, late], late - 1, late), "a reading too early");
        assert!(!said([late - SECOND, late], late, late - 1), "trades too early");
        assert!(!said([late - SECOND, late], 0, late), "no reading");
        assert!(!said([late - SECOND, late], late, 0), "no trades");
    }

    #[test]
    fn and_the_questions_lie_apart() {
        let late = NEVER_NS;
        assert!(!said([late, late], late, late));
        assert!(!said([late, late + SECOND - 1], late, late));
        assert!(said([late, late + SECOND], late, late));
    }

    #[test]
    fn the_others_are_asked_when_the_question_alone_is_late_enough() {
        let mut absence = Absence::default();
        absence.on_query(NEVER_NS - 1);
        assert!(!absence.wants_witnesses(NEVER_NS));
        absence.on_query(NEVER_NS);
        assert!(absence.wants_witnesses(NEVER_NS));
        absence.on_reading(NEVER_NS);
        assert!(absence.wants_witnesses(NEVER_NS));
        absence.on_trades(NEVER_NS);
        assert!(!absence.wants_witnesses(NEVER_NS));
    }
}
