//! Whose doing a position is: a ledger for each strategy (SAFETY E9).
//!
//! A strategy's ledger is kept as the account's is: what its trades paid and cost as cash flow, and
//! its positions at the present marks. From it follow its profit and the profit of each round trip.
//!
//! Must hold: kept with every trade and every quote, so that asking costs nothing; a fee that has
//! no price, or a position without a mark, makes the profit unknown and not zero. It begins with
//! the start of the process.

use crate::types::{Cash, Fill, InstrumentId, Price, Qty, Side, StrategyId};

/// All ledgers.
#[derive(Debug)]
pub(super) struct Attribution {
    /// Signed positions by strategy, then instrument: what a strategy sees.
    positions: Vec<Vec<Qty>>,
    ledgers: Vec<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    /// Realised, and the cost of what is open; `None` once a cost could not be told.
    flow: Option<Cash>,
    /// Value of what is open.
    value: Cash,
    unmarked: u32,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    value: Cash,
    is_unmarked: bool,
    /// Cash flow since the position was last zero.
    trip: Cash,
}

/// Prices at which a position could be closed: of a long, and of a short.
pub(super) type Marks = Option<(Price, Price)>;

impl Attribution {
    pub(super) fn new(instruments: usize, strategies: usize) -> Self {
        let ledger = |_| Ledger {
            flow: Some(Cash::ZERO),
            value: Cash::ZERO,
            unmarked: 0,
            lines: vec![Line::default(); instruments],
        };
        Self {
            positions: vec![vec![Qty::ZERO; instruments]; strategies],
            ledgers: (0..strategies).map(ledger).collect(),
        }
    }

    /// Signed positions of one strategy, by instrument.
    pub(super) fn positions(&self, strategy: StrategyId) -> &[Qty] {
        &self.positions[strategy.index()]
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Qty> + '_ {
        self.positions.iter().flatten().copied()
    }

    /// Profit less loss of each strategy since the start.
    pub(super) fn profits(&self) -> impl Iterator<Item = Option<Cash>> + '_ {
        self.ledgers.iter().map(Ledger::profit)
    }

    /// A trade of which `qty` was not accounted for yet; `fee` is `None` where it has no price.
    /// Says the profit of the round trip that it ends.
    pub(super) fn on_fill(
        &mut self,
        strategy: StrategyId,
        of: InstrumentId,
        fill: &Fill,
        qty: Qty,
        fee: Option<Cash>,
        marks: Marks,
    ) -> Option<Cash> {
        let ledger = &mut self.ledgers[strategy.index()];
        ledger.pay(of, fee);
        let ended = self.trade(strategy, of, fill.side, qty, fill.price);
        self.mark(strategy, of, marks);
        ended
    }

    /// A trade that was never told, found by a reading: at the worst price that it can have had.
    pub(super) fn on_missed(
        &mut self,
        strategy: StrategyId,
        of: InstrumentId,
        side: Side,
        qty: Qty,
        price: Price,
        marks: Marks,
    ) {
        self.trade(strategy, of, side, qty, price);
        self.mark(strategy, of, marks);
    }

    /// New prices of an instrument, or none any more.
    pub(super) fn on_marks(&mut self, of: InstrumentId, marks: Marks) {
        for at in 0..self.ledgers.len() {
            if self.positions[at][of.index()] != Qty::ZERO {
                self.mark(StrategyId(u8::try_from(at).unwrap_or(u8::MAX)), of, marks);
            }
        }
    }

    /// The account was found flat: nobody has a position. Whoever had one closed it at its last
    /// value.
    pub(super) fn on_flat(&mut self, of: InstrumentId) {
        for (positions, ledger) in self.positions.iter_mut().zip(&mut self.ledgers) {
            if std::mem::replace(&mut positions[of.index()], Qty::ZERO) != Qty::ZERO {
                let value = ledger.lines[of.index()].value;
                ledger.flow = ledger.flow.and_then(|flow| flow.checked_add(value));
                ledger.lines[of.index()].trip = Cash::ZERO;
                ledger.set(of, Some(Cash::ZERO));
            }
        }
    }

    fn trade(
        &mut self,
        strategy: StrategyId,
        of: InstrumentId,
        side: Side,
        qty: Qty,
        price: Price,
    ) -> Option<Cash> {
        let position = &mut self.positions[strategy.index()][of.index()];
        let ledger = &mut self.ledgers[strategy.index()];
        let before = *position;
        *position = before.saturating_add(side.signed(qty));
        let flow = price.notional(side.signed(qty)).negated();
        ledger.flow = ledger.flow.and_then(|sum| sum.checked_add(flow));
        let line = &mut ledger.lines[of.index()];
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

    fn mark(&mut self, strategy: StrategyId, of: InstrumentId, marks: Marks) {
        let qty = self.positions[strategy.index()][of.index()];
        let value = match (qty == Qty::ZERO, marks) {
            (true, _) => Some(Cash::ZERO),
            (false, Some((long, short))) => {
                Some(if Qty::ZERO < qty { long.notional(qty) } else { short.notional(qty) })
            }
            (false, None) => None,
        };
        self.ledgers[strategy.index()].set(of, value);
    }
}

impl Ledger {
    fn profit(&self) -> Option<Cash> {
        let flow = self.flow.filter(|_| self.unmarked == 0)?;
        flow.checked_add(self.value)
    }

    fn pay(&mut self, of: InstrumentId, fee: Option<Cash>) {
        self.flow = self.flow.zip(fee).and_then(|(flow, fee)| flow.checked_sub(fee));
        let line = &mut self.lines[of.index()];
        line.trip = line.trip.saturating_sub(fee.unwrap_or(Cash::ZERO));
    }

    /// What an open position is worth; its last value stays with it while it has no mark.
    fn set(&mut self, of: InstrumentId, value: Option<Cash>) {
        let line = &mut self.lines[of.index()];
        let worth = value.unwrap_or(line.value);
        self.value = self.value.saturating_sub(line.value).saturating_add(worth);
        self.unmarked = self.unmarked - u32::from(line.is_unmarked) + u32::from(value.is_none());
        (line.value, line.is_unmarked) = (worth, value.is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Liquidity;

    const ONE: StrategyId = StrategyId(0);
    const BTC: InstrumentId = InstrumentId(0);

    fn fill(side: Side, price: i32, qty: i32) -> Fill {
        let (price, qty) = (Price::whole(price), Qty::whole(qty));
        let liquidity = Liquidity::Maker;
        Fill { trade_id: 1, side, price, qty, cum_qty: qty, fee: None, liquidity }
    }

    fn at(bid: i32, ask: i32) -> Marks {
        Some((Price::whole(bid), Price::whole(ask)))
    }

    fn trade(all: &mut Attribution, side: Side, price: i32, qty: i32, fee: i32) -> Option<Cash> {
        let fill = fill(side, price, qty);
        all.on_fill(ONE, BTC, &fill, fill.qty, Some(Cash::whole(fee)), at(99, 101))
    }

    fn profit(all: &Attribution) -> Option<Cash> {
        all.profits().next().unwrap()
    }

    #[test]
    fn profit_is_what_was_paid_and_what_the_position_would_bring() {
        let mut all = Attribution::new(1, 1);
        assert_eq!(trade(&mut all, Side::Buy, 100, 2, 1), None);
        assert_eq!(profit(&all), Some(Cash::whole(-3)), "two at the bid of 99, and a fee");
        all.on_marks(BTC, at(110, 112));
        assert_eq!(profit(&all), Some(Cash::whole(19)));
        all.on_marks(BTC, None);
        assert_eq!(profit(&all), None);
        all.on_marks(BTC, at(110, 112));
        assert_eq!(trade(&mut all, Side::Sell, 111, 2, 1), Some(Cash::whole(20)));
        assert_eq!(profit(&all), Some(Cash::whole(20)));
    }

    #[test]
    fn a_trade_through_zero_ends_one_round_trip_and_begins_the_next() {
        let mut all = Attribution::new(1, 1);
        trade(&mut all, Side::Buy, 100, 1, 0);
        assert_eq!(trade(&mut all, Side::Sell, 98, 3, 0), Some(Cash::whole(-2)));
        assert_eq!(all.positions(ONE), [Qty::whole(-2)]);
        assert_eq!(trade(&mut all, Side::Buy, 97, 1, 0), None);
        assert_eq!(trade(&mut all, Side::Buy, 96, 1, 0), Some(Cash::whole(3)));
    }

    #[test]
    fn a_fee_without_a_price_makes_the_profit_unknown() {
        let mut all = Attribution::new(1, 1);
        let fill = fill(Side::Buy, 100, 1);
        all.on_fill(ONE, BTC, &fill, fill.qty, None, at(99, 101));
        assert_eq!(profit(&all), None);
    }

    #[test]
    fn an_account_found_flat_closes_at_the_last_value() {
        let mut all = Attribution::new(1, 1);
        trade(&mut all, Side::Sell, 100, 1, 0);
        all.on_marks(BTC, None);
        all.on_flat(BTC);
        assert_eq!((profit(&all), all.positions(ONE)), (Some(Cash::whole(-1)), &[Qty::ZERO][..]));
        trade(&mut all, Side::Buy, 100, 1, 0);
        assert_eq!(trade(&mut all, Side::Sell, 101, 1, 0), Some(Cash::whole(1)));
    }
}
