//! One strategy's ledger: what its own trades paid, cost and left open, by instrument (SAFETY E9).
//!
//! Kept as the account's ledger is, as cash flow, so that its profit is exact; beside it the cost
//! of what is open, by which a realised part is told from an open one. Closing a part of a position
//! realises that part of its cost.
//!
//! Must hold: what was paid and received is always what was realised less the cost of what is open;
//! a fee that has no price, or a position without a mark, makes the profit unknown and not zero.

use crate::types::{Cash, InstrumentId, Price, Qty, Side};

/// What one strategy holds of one instrument by its own trades, and what they brought. It survives
/// a restart.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LedgerLine {
    /// How often it has moved: of two that are kept, the higher one is the later.
    pub revision: u64,
    /// Signed position.
    pub position: Qty,
    /// Price × quantity of what is open, signed as the position is.
    pub cost: Cash,
    /// Profit less loss of what was closed, before fees, in the settlement asset.
    pub realised: Cash,
    /// Fees less rebates, in reporting currency; one that had no price is not in it.
    pub fees: Cash,
}

/// All lines of one strategy.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Signed positions by instrument: what the strategy sees.
    positions: Vec<Qty>,
    lines: Vec<Line>,
    /// Realised, and the cost of what is open; `None` once a cost could not be told.
    flow: Option<Cash>,
    /// Value of what is open.
    value: Cash,
    unmarked: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    told: LedgerLine,
    value: Cash,
    is_unmarked: bool,
    /// Cash flow since the position was last zero.
    trip: Cash,
}

/// Prices at which a position could be closed: of a long, and of a short.
pub(super) type Marks = Option<(Price, Price)>;

impl Ledger {
    pub(super) fn new(instruments: usize) -> Self {
        Self {
            positions: vec![Qty::ZERO; instruments],
            lines: vec![Line::default(); instruments],
            flow: Some(Cash::ZERO),
            value: Cash::ZERO,
            unmarked: 0,
        }
    }

    pub(super) fn positions(&self) -> &[Qty] {
        &self.positions
    }

    pub(super) fn position(&self, of: InstrumentId) -> Qty {
        self.positions[of.index()]
    }

    pub(super) fn line(&self, of: InstrumentId) -> LedgerLine {
        LedgerLine { position: self.position(of), ..self.lines[of.index()].told }
    }

    /// Profit less loss since the start.
    pub(super) fn profit(&self) -> Option<Cash> {
        let flow = self.flow.filter(|_| self.unmarked == 0)?;
        flow.checked_add(self.value)
    }

    /// Takes over what an earlier run left. What that one realised is no profit of this one; what
    /// is still open counts from what it cost.
    pub(super) fn restore(&mut self, of: InstrumentId, line: LedgerLine) {
        self.positions[of.index()] = line.position;
        let flow = line.cost.negated();
        self.flow = self.flow.and_then(|sum| sum.checked_add(flow));
        self.lines[of.index()] = Line { told: line, trip: flow, ..Line::default() };
        self.mark(of, None);
    }

    /// A trade. Says the profit of the round trip that it ends.
    pub(super) fn trade(
        &mut self,
        of: InstrumentId,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> Option<Cash> {
        let position = &mut self.positions[of.index()];
        let before = *position;
        *position = before.saturating_add(side.signed(qty));
        let flow = price.notional(side.signed(qty)).negated();
        self.flow = self.flow.and_then(|sum| sum.checked_add(flow));
        let line = &mut self.lines[of.index()];
        line.told.trade(before, side, qty, price);
        let closes = Side::reducing(before) == Some(side) && before.abs() <= qty;
        if !closes {
            line.trip = line.trip.saturating_add(flow);
            return None;
        }
        // What goes on beyond zero is the next round trip's.
        let closing = price.notional(side.signed(before.abs())).negated();
        let ended = line.trip.saturating_add(closing);
        line.trip = flow.saturating_sub(closing);
        Some(ended)
    }

    /// A fee; `None` where it has no price.
    pub(super) fn pay(&mut self, of: InstrumentId, fee: Option<Cash>) {
        self.flow = self.flow.zip(fee).and_then(|(flow, fee)| flow.checked_sub(fee));
        let (line, paid) = (&mut self.lines[of.index()], fee.unwrap_or(Cash::ZERO));
        line.trip = line.trip.saturating_sub(paid);
        line.told.fees = line.told.fees.saturating_add(paid);
    }

    /// Nothing is held any more: what was open is closed at its last value. Says what it was.
    pub(super) fn close(&mut self, of: InstrumentId) -> Qty {
        let held = std::mem::replace(&mut self.positions[of.index()], Qty::ZERO);
        if held != Qty::ZERO {
            let line = &mut self.lines[of.index()];
            let (value, told) = (line.value, &mut line.told);
            told.realised = told.realised.saturating_add(value).saturating_sub(told.cost);
            (told.cost, line.trip) = (Cash::ZERO, Cash::ZERO);
            told.revision = told.revision.saturating_add(1);
            self.flow = self.flow.and_then(|flow| flow.checked_add(value));
            self.mark(of, None);
        }
        held
    }

    /// New prices, or none any more. An open position keeps its last value while it has none.
    pub(super) fn mark(&mut self, of: InstrumentId, marks: Marks) {
        let qty = self.positions[of.index()];
        let value = match (qty == Qty::ZERO, marks) {
            (true, _) => Some(Cash::ZERO),
            (false, Some((long, short))) => {
                Some(if Qty::ZERO < qty { long.notional(qty) } else { short.notional(qty) })
            }
            (false, None) => None,
        };
        let line = &mut self.lines[of.index()];
        let worth = value.unwrap_or(line.value);
        self.value = self.value.saturating_sub(line.value).saturating_add(worth);
        self.unmarked = self.unmarked - u32::from(line.is_unmarked) + u32::from(value.is_none());
        (line.value, line.is_unmarked) = (worth, value.is_none());
    }
}

impl LedgerLine {
    /// Price per unit at which what is open was entered; `None` while nothing is.
    pub fn entry(&self) -> Option<Price> {
        let one = Qty::whole(1).units().into();
        let cost = self.cost.checked_ratio(one, self.position.units().into())?;
        i64::try_from(cost.units()).ok().map(Price::from_units)
    }

    fn trade(&mut self, before: Qty, side: Side, qty: Qty, price: Price) {
        let closing = match Side::reducing(before) == Some(side) {
            true => qty.min(before.abs()),
            false => Qty::ZERO,
        };
        let [all, closed] = [qty, closing].map(|qty| price.notional(side.signed(qty)));
        if closing != Qty::ZERO {
            let (part, whole) = (closing.units().into(), before.abs().units().into());
            let cost = self.cost.checked_ratio(part, whole).unwrap_or(self.cost);
            self.realised = self.realised.saturating_sub(closed).saturating_sub(cost);
            self.cost = self.cost.saturating_sub(cost);
        }
        self.cost = self.cost.saturating_add(all.saturating_sub(closed));
        self.revision = self.revision.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BTC: InstrumentId = InstrumentId(0);

    fn bought(price: i32, qty: i32) -> Ledger {
        let mut ledger = Ledger::new(1);
        ledger.trade(BTC, Side::Buy, Qty::whole(qty), Price::whole(price));
        ledger
    }

    #[test]
    fn a_part_that_is_closed_realises_its_part_of_the_cost() {
        let mut ledger = bought(100, 2);
        ledger.trade(BTC, Side::Buy, Qty::whole(2), Price::whole(110));
        ledger.pay(BTC, Some(Cash::whole(3)));
        ledger.trade(BTC, Side::Sell, Qty::whole(1), Price::whole(115));
        let line = ledger.line(BTC);
        assert_eq!((line.position, line.cost), (Qty::whole(3), Cash::whole(315)));
        assert_eq!((line.realised, line.fees), (Cash::whole(10), Cash::whole(3)));
        assert_eq!((line.entry(), line.revision), (Some(Price::whole(105)), 3));
    }

    #[test]
    fn a_turn_realises_all_and_enters_anew() {
        let mut ledger = bought(100, 1);
        ledger.trade(BTC, Side::Sell, Qty::whole(3), Price::whole(90));
        let line = ledger.line(BTC);
        assert_eq!((line.position, line.cost), (Qty::whole(-2), Cash::whole(-180)));
        assert_eq!((line.realised, line.entry()), (Cash::whole(-10), Some(Price::whole(90))));
        assert_eq!(Ledger::new(1).line(BTC).entry(), None);
    }

    #[test]
    fn what_an_earlier_run_left_open_counts_from_its_cost() {
        let line = LedgerLine {
            revision: 7,
            position: Qty::whole(2),
            cost: Cash::whole(200),
            realised: Cash::whole(50),
            fees: Cash::whole(1),
        };
        let mut ledger = Ledger::new(1);
        ledger.restore(BTC, line);
        assert_eq!((ledger.profit(), ledger.line(BTC)), (None, line), "it has no mark yet");
        ledger.mark(BTC, Some((Price::whole(97), Price::whole(98))));
        assert_eq!(ledger.profit(), Some(Cash::whole(-6)));
        let ended = ledger.trade(BTC, Side::Sell, Qty::whole(2), Price::whole(101));
        assert_eq!(ended, Some(Cash::whole(2)));
        assert_eq!((ledger.line(BTC).realised, ledger.line(BTC).revision), (Cash::whole(52), 8));
    }

    proptest! {
        /// Whatever is traded, realised less the cost of what is open is the cash flow.
        #[test]
        fn realised_and_cost_are_the_cash_flow(
            trades in proptest::collection::vec((any::<bool>(), 1_i32..9, 1_i32..999), 0..50),
        ) {
            let mut ledger = Ledger::new(1);
            for (buys, qty, price) in trades {
                let side = if buys { Side::Buy } else { Side::Sell };
                ledger.trade(BTC, side, Qty::whole(qty), Price::whole(price));
                ledger.mark(BTC, Some((Price::whole(1), Price::whole(1))));
                let line = ledger.line(BTC);
                let open = Price::whole(1).notional(line.position);
                let told = line.realised.saturating_sub(line.cost).saturating_add(open);
                prop_assert_eq!(ledger.profit(), Some(told));
                prop_assert_eq!(line.position == Qty::ZERO, line.cost == Cash::ZERO);
            }
        }
    }
}
