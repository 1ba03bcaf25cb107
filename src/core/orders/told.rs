//! Which trades of an instrument have been told, so that each counts once.
//!
//! Must hold: a trade that was told is never fresh again, however long ago that was and whichever
//! way it comes: by the stream, by the stream once more, or from the venue's history.
//!
//! Decision: everything up to one number, and a list of those above it. Numbers of one instrument
//! rise (venue sheet section 6), but messages may change places, so the highest told is no bound;
//! the history, which is read whole, is. Where the list is full before the history has been read
//! again, the oldest of it becomes the bound: a trade that no stream told and that lies below it is
//! then left to the reading of the account, which has its quantity.

use super::Orders;
use super::ring::Ring;
use crate::types::{ClientOrderId, ExecutionReport, InstrumentId, Side};

/// How many trades above the bound are remembered: the history is read every few seconds.
const TRADES_MAX: usize = 256;

/// The trades of one instrument. With the side, because two orders of ours that meet are one trade.
#[derive(Debug)]
pub(super) struct Told {
    /// All up to this one.
    through_id: u64,
    above: Ring<(u64, Side)>,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { through_id: 0, above: Ring::new(TRADES_MAX) }
    }

    fn has(&self, id: u64, side: Side) -> bool {
        id <= self.through_id || self.above.iter().any(|told| *told == (id, side))
    }

    fn add(&mut self, id: u64, side: Side) {
        if let Some((oldest, _)) = self.above.push((id, side)) {
            self.through_id = self.through_id.max(oldest);
        }
    }
}

impl Orders {
    /// True when both sides of a trade were told: it was between two orders of this account.
    pub(super) fn meets_own(&self, report: &ExecutionReport) -> bool {
        let Some(fill) = report.trade() else { return false };
        let other = (fill.trade_id, fill.side.opposite());
        let seen = self.trades.get(report.instrument.index());
        seen.is_some_and(|seen| seen.above.iter().any(|told| *told == other))
    }

    /// True when the report is a trade that was told before.
    pub(in crate::core) fn is_told(&self, report: &ExecutionReport) -> bool {
        let Some(fill) = report.trade() else { return false };
        let seen = self.trades.get(report.instrument.index());
        seen.is_none_or(|seen| seen.has(fill.trade_id, fill.side))
    }

    /// False when the report is a trade that was told before. Remembers it.
    pub(in crate::core) fn is_fresh(&mut self, report: &ExecutionReport) -> bool {
        let Some(fill) = report.trade() else { return true };
        let Some(seen) = self.trades.get_mut(report.instrument.index()) else { return false };
        let fresh = !seen.has(fill.trade_id, fill.side);
        if fresh {
            seen.add(fill.trade_id, fill.side);
        }
        fresh
    }

    /// Every trade up to that one is known.
    pub(in crate::core) fn know_trades(&mut self, instrument: InstrumentId, through_id: u64) {
        let seen = &mut self.trades[instrument.index()];
        seen.through_id = seen.through_id.max(through_id);
    }

    /// The venue's numbers begin anew.
    pub(in crate::core) fn forget_trades(&mut self, instrument: InstrumentId) {
        self.trades[instrument.index()] = Told::new();
    }

    /// The history of trades there has been read as of then, and all that it told was counted.
    pub(in crate::core) fn on_trades_read(&mut self, instrument: InstrumentId, asked_ns: u64) {
        for at in 0..self.live.len() {
            if self.live[at].terms.instrument == instrument {
                self.live[at].absence.on_trades(asked_ns);
            }
        }
    }

    /// True when an order is only waiting for the other witnesses that it never came.
    pub(in crate::core) fn wants_witnesses(&self, id: ClientOrderId) -> bool {
        self.find(id).is_ok_and(|at| {
            let order = &self.live[at];
            let never_ns = order.sent_ns.saturating_add(self.timing.not_found_final_ns);
            order.absence.wants_witnesses(never_ns)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_never_fresh_again_in_whatever_order_it_comes() {
        let mut told = Told::new();
        for id in [7, 3, 5] {
            assert!(!told.has(id, Side::Buy));
            told.add(id, Side::Buy);
        }
        assert!([3, 5, 7].iter().all(|id| told.has(*id, Side::Buy)));
        assert!(!told.has(4, Side::Buy) && !told.has(7, Side::Sell));
        told.through_id = 6;
        assert!(told.has(4, Side::Buy) && told.has(6, Side::Sell) && !told.has(8, Side::Buy));
    }

    #[test]
    fn a_list_that_is_full_moves_the_bound() {
        let mut told = Told::new();
        (1..=256).for_each(|id| told.add(id, Side::Buy));
        assert_eq!(told.through_id, 0);
        told.add(257, Side::Buy);
        assert_eq!(told.through_id, 1);
        assert!(told.has(1, Side::Buy) && told.has(257, Side::Buy) && !told.has(258, Side::Buy));
    }
}
