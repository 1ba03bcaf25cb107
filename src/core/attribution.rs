//! Whose doing a position is: a ledger for each strategy, and what is nobody's (SAFETY E9).
//!
//! Must hold: of every instrument the ledgers and what is unattributed add up to the position of
//! the account; kept with every trade and every quote, so that asking costs nothing.
//!
//! Decision: an exit of the operator closes what stands on its side of zero: what is nobody's
//! first, then the strategies' ledgers in their order, each at the price of the exit. Who flattens
//! expects that nobody goes on as if he still held something; when the account is flat, ledgers
//! that still stand against each other are closed at their last values.
//!
//! Decision: an account that a reading finds flat leaves the one strategy of an instrument no
//! position. Where several share an instrument they may stand against each other, so that a flat
//! account says nothing of either, and the difference is nobody's.

use super::ledger::{Ledger, LedgerLine, Marks};
use crate::types::{Cash, Fill, InstrumentId, Price, Qty, Side, StrategyId};

/// All ledgers.
#[derive(Debug)]
pub(super) struct Attribution {
    ledgers: Vec<Ledger>,
    /// Signed positions that are nobody's doing, by instrument.
    unattributed: Vec<Qty>,
    /// Several strategies may hold it, by instrument.
    shared: Vec<bool>,
    /// What moved and is not kept yet, each once.
    moved: Vec<(StrategyId, InstrumentId)>,
}

/// Whose order traded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owner {
    /// A strategy's.
    Strategy(StrategyId),
    /// An exit of the operator.
    Exit,
    /// Nobody's that is known here.
    Nobody,
}

impl Attribution {
    pub(super) fn new(shared: Vec<bool>, strategies: usize) -> Self {
        let instruments = shared.len();
        Self {
            ledgers: (0..strategies).map(|_| Ledger::new(instruments)).collect(),
            unattributed: vec![Qty::ZERO; instruments],
            shared,
            moved: Vec::with_capacity(instruments * strategies),
        }
    }

    /// Takes over what an earlier run left. Until the account is read, nobody knows that it is
    /// still there.
    pub(super) fn restore(&mut self, strategy: StrategyId, of: InstrumentId, line: LedgerLine) {
        self.ledgers[strategy.index()].restore(of, line);
        self.add_unattributed(of, line.position.negated());
    }

    /// Signed positions of one strategy, by instrument.
    pub(super) fn positions(&self, strategy: StrategyId) -> &[Qty] {
        self.ledgers[strategy.index()].positions()
    }

    /// What one strategy holds of one instrument, and what it brought.
    pub(super) fn line(&self, strategy: StrategyId, of: InstrumentId) -> LedgerLine {
        self.ledgers[strategy.index()].line(of)
    }

    /// What is nobody's doing.
    pub(super) fn unattributed(&self, of: InstrumentId) -> Qty {
        self.unattributed[of.index()]
    }

    /// All positions of all strategies.
    pub(super) fn all(&self) -> impl Iterator<Item = Qty> + '_ {
        self.ledgers.iter().flat_map(|ledger| ledger.positions()).copied()
    }

    /// Profit less loss of each strategy since the start.
    pub(super) fn profits(&self) -> impl Iterator<Item = Option<Cash>> + '_ {
        self.ledgers.iter().map(Ledger::profit)
    }

    /// A line that moved since it was last taken.
    pub(super) fn take_moved(&mut self) -> Option<(StrategyId, InstrumentId, LedgerLine)> {
        let (strategy, of) = self.moved.pop()?;
        Some((strategy, of, self.line(strategy, of)))
    }

    /// A trade of which `qty` was not accounted for yet; `fee` is `None` where it has no price.
    /// Says the profit of the strategy's round trip that it ends.
    pub(super) fn on_fill(
        &mut self,
        owner: Owner,
        of: InstrumentId,
        fill: &Fill,
        qty: Qty,
        fee: Option<Cash>,
        marks: Marks,
    ) -> Option<Cash> {
        match owner {
            Owner::Strategy(strategy) => {
                self.ledgers[strategy.index()].pay(of, fee);
                self.trade(strategy, of, fill.side, qty, fill.price, marks)
            }
            Owner::Exit => {
                self.on_exit(of, fill, qty, fee, marks);
                None
            }
            Owner::Nobody => {
                self.add_unattributed(of, fill.side.signed(qty));
                None
            }
        }
    }

    /// What the exit closes more than all of it is nobody's.
    fn on_exit(
        &mut self,
        of: InstrumentId,
        fill: &Fill,
        qty: Qty,
        fee: Option<Cash>,
        marks: Marks,
    ) {
        let mut left = qty;
        let mut part_of = |held: Qty| {
            let closes = Side::reducing(held) == Some(fill.side);
            let part = if closes { left.min(held.abs()) } else { Qty::ZERO };
            left = left.saturating_sub(part);
            part
        };
        let nobodys = part_of(self.unattributed[of.index()]);
        for strategy in (0..=u8::MAX).map(StrategyId).take(self.ledgers.len()) {
            let part = part_of(self.ledgers[strategy.index()].position(of));
            if part == Qty::ZERO {
                continue;
            }
            let (share, whole) = (part.units().into(), qty.units().into());
            let fee = fee.and_then(|fee| fee.checked_ratio(share, whole));
            self.ledgers[strategy.index()].pay(of, fee);
            self.trade(strategy, of, fill.side, part, fill.price, marks);
        }
        self.add_unattributed(of, fill.side.signed(nobodys.saturating_add(left)));
    }

    /// A trade that was never told, found by a reading: at the worst price that it can have had.
    /// The position of the account is what the reading says.
    pub(super) fn on_missed(
        &mut self,
        strategy: StrategyId,
        of: InstrumentId,
        side: Side,
        qty: Qty,
        price: Price,
        marks: Marks,
    ) {
        self.trade(strategy, of, side, qty, price, marks);
        self.add_unattributed(of, side.signed(qty).negated());
    }

    /// New prices of an instrument, or none any more.
    pub(super) fn on_marks(&mut self, of: InstrumentId, marks: Marks) {
        for ledger in &mut self.ledgers {
            if ledger.position(of) != Qty::ZERO {
                ledger.mark(of, marks);
            }
        }
    }

    /// A reading of the account said `now` where `before` was believed.
    pub(super) fn on_adopted(&mut self, of: InstrumentId, before: Qty, now: Qty) {
        self.add_unattributed(of, now.saturating_sub(before));
        if now == Qty::ZERO && !self.shared[of.index()] {
            self.on_flat(of);
        }
    }

    /// Nobody holds anything any more. Whoever held something closed it at its last value.
    pub(super) fn on_flat(&mut self, of: InstrumentId) {
        for strategy in (0..=u8::MAX).map(StrategyId).take(self.ledgers.len()) {
            let held = self.ledgers[strategy.index()].close(of);
            if held != Qty::ZERO {
                self.add_unattributed(of, held);
                self.note(strategy, of);
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
        marks: Marks,
    ) -> Option<Cash> {
        let ledger = &mut self.ledgers[strategy.index()];
        let ended = ledger.trade(of, side, qty, price);
        ledger.mark(of, marks);
        self.note(strategy, of);
        ended
    }

    fn note(&mut self, strategy: StrategyId, of: InstrumentId) {
        if !self.moved.contains(&(strategy, of)) {
            self.moved.push((strategy, of));
        }
    }

    fn add_unattributed(&mut self, of: InstrumentId, signed: Qty) {
        let sum = &mut self.unattributed[of.index()];
        *sum = sum.saturating_add(signed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Liquidity;
    use proptest::prelude::*;

    const ONE: StrategyId = StrategyId(0);
    const OWNER: Owner = Owner::Strategy(ONE);
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
        all.on_fill(OWNER, BTC, &fill, fill.qty, Some(Cash::whole(fee)), at(99, 101))
    }

    fn profit(all: &Attribution) -> Option<Cash> {
        all.profits().next().unwrap()
    }

    #[test]
    fn profit_is_what_was_paid_and_what_the_position_would_bring() {
        let mut all = Attribution::new(vec![false], 1);
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
        let mut all = Attribution::new(vec![false], 1);
        trade(&mut all, Side::Buy, 100, 1, 0);
        assert_eq!(trade(&mut all, Side::Sell, 98, 3, 0), Some(Cash::whole(-2)));
        assert_eq!(all.positions(ONE), [Qty::whole(-2)]);
        assert_eq!(trade(&mut all, Side::Buy, 97, 1, 0), None);
        assert_eq!(trade(&mut all, Side::Buy, 96, 1, 0), Some(Cash::whole(3)));
    }

    #[test]
    fn a_fee_without_a_price_makes_the_profit_unknown() {
        let mut all = Attribution::new(vec![false], 1);
        let fill = fill(Side::Buy, 100, 1);
        all.on_fill(OWNER, BTC, &fill, fill.qty, None, at(99, 101));
        assert_eq!(profit(&all), None);
    }

    #[test]
    fn an_account_found_flat_closes_at_the_last_value() {
        let mut all = Attribution::new(vec![false], 1);
        trade(&mut all, Side::Sell, 100, 1, 0);
        all.on_marks(BTC, None);
        all.on_flat(BTC);
        assert_eq!((profit(&all), all.positions(ONE)), (Some(Cash::whole(-1)), &[Qty::ZERO][..]));
        trade(&mut all, Side::Buy, 100, 1, 0);
        assert_eq!(trade(&mut all, Side::Sell, 101, 1, 0), Some(Cash::whole(1)));
    }

    #[test]
    fn an_exit_closes_what_is_nobodys_first_and_then_the_ledgers_in_their_order() {
        let mut all = Attribution::new(vec![true], 2);
        let buy = fill(Side::Buy, 100, 2);
        for owner in [Owner::Strategy(StrategyId(1)), OWNER, Owner::Nobody] {
            all.on_fill(owner, BTC, &buy, buy.qty, Some(Cash::ZERO), at(99, 101));
        }
        let exit = fill(Side::Sell, 90, 5);
        all.on_fill(Owner::Exit, BTC, &exit, exit.qty, Some(Cash::whole(5)), at(89, 91));
        let [first, second] = [ONE, StrategyId(1)].map(|it| all.line(it, BTC));
        assert_eq!((first.realised, first.fees), (Cash::whole(-20), Cash::whole(2)));
        assert_eq!((second.position, second.realised), (Qty::whole(1), Cash::whole(-10)));
        assert_eq!((second.fees, all.unattributed(BTC)), (Cash::whole(1), Qty::ZERO));
        let too_much = fill(Side::Sell, 90, 3);
        all.on_fill(Owner::Exit, BTC, &too_much, too_much.qty, None, at(89, 91));
        assert_eq!(
            (all.positions(StrategyId(1)), all.unattributed(BTC)),
            (&[Qty::ZERO][..], Qty::whole(-2))
        );
    }

    #[test]
    fn a_line_that_moved_is_taken_once_with_its_latest_state() {
        let mut all = Attribution::new(vec![false], 1);
        trade(&mut all, Side::Buy, 100, 1, 0);
        trade(&mut all, Side::Buy, 100, 1, 0);
        let line = all.line(ONE, BTC);
        assert_eq!((line.revision, all.take_moved()), (2, Some((ONE, BTC, line))));
        assert_eq!(all.take_moved(), None);
    }

    proptest! {
        /// The ledgers and what is nobody's are the account, whoever trades and whatever is found.
        #[test]
        fn the_sum_is_always_the_account(
            steps in proptest::collection::vec((0_u8..7, any::<bool>(), 1_i32..9), 0..99),
            shared in any::<bool>(),
        ) {
            let mut all = Attribution::new(vec![shared], 2);
            let mut account = Qty::ZERO;
            for (what, buys, qty) in steps {
                let side = if buys { Side::Buy } else { Side::Sell };
                let fill = fill(side, 100, qty);
                let owner = match what {
                    0 | 1 => Owner::Strategy(StrategyId(what)),
                    2 => Owner::Nobody,
                    3 => Owner::Exit,
                    4 => {
                        all.on_missed(ONE, BTC, side, fill.qty, fill.price, None);
                        continue;
                    }
                    5 => {
                        let found = if buys { fill.qty } else { Qty::ZERO };
                        all.on_adopted(BTC, account, found);
                        account = found;
                        continue;
                    }
                    _ => {
                        all.on_flat(BTC);
                        prop_assert!(all.all().all(|held| held == Qty::ZERO));
                        continue;
                    }
                };
                all.on_fill(owner, BTC, &fill, fill.qty, Some(Cash::whole(1)), at(99, 101));
                account = account.saturating_add(side.signed(fill.qty));
                let sum = all.all().fold(all.unattributed(BTC), Qty::saturating_add);
                prop_assert_eq!(sum, account);
            }
            let sum = all.all().fold(all.unattributed(BTC), Qty::saturating_add);
            prop_assert_eq!(sum, account);
        }
    }
}
