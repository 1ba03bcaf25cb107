//! What all positions together could become: sums of worst cases over the instruments, kept with
//! every change so that their cost does not grow with the number of instruments.
//!
//! Must hold: every order that is not over counts, and a price that is not known makes every sum
//! that needs it unknown (SAFETY P16, E13). All in reporting currency.
//!
//! Decision: a long may stand against a short of another instrument only as far as nothing is on
//! its way to close that short: hedges count, hopes do not.

use super::orders::Open;
use crate::types::{AssetId, Cash, Instrument, InstrumentId, Price, Qty, Side};

/// Worst cases of every instrument, of every underlying and in all.
#[derive(Debug)]
pub(super) struct Exposure {
    lines: Vec<Line>,
    by_base: Vec<Total>,
    all: Total,
    held: u32,
}

/// One instrument.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Its underlying.
    base: AssetId,
    /// `None` where something is held and has no price.
    reach: Option<Reach>,
    is_held: bool,
}

/// How far positions could go: in size, and signed as far as can be in the direction of each side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Reach {
    gross: Cash,
    towards: [Cash; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Total {
    reach: Reach,
    unpriced: u32,
}

/// What stands on one instrument: what is held of it and what may still trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stake<'a> {
    pub(super) position: Qty,
    /// The other one, while the venue's and ours differ: the larger counts.
    pub(super) rival: Option<Qty>,
    pub(super) open: &'a Open,
    /// What orders that are not ours may still trade, by side.
    pub(super) foreign: [Qty; 2],
    /// What one of it is worth: the last known price; `None` before the first.
    pub(super) price: Option<Price>,
}

/// Worst cases of several instruments, for orders of one side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sums {
    /// In size.
    pub(super) gross: Cash,
    /// Signed in the direction of the order.
    pub(super) towards: Cash,
}

/// What stands around an order of one instrument and side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    /// All instruments; `None` while one of them has no price.
    pub(super) all: Option<Sums>,
    /// Those of the same underlying.
    pub(super) underlying: Option<Sums>,
    /// Instruments with a position or an opening order.
    pub(super) held: u32,
    /// This one is among them.
    pub(super) is_held: bool,
}

impl Exposure {
    pub(super) fn new(instruments: &[Instrument]) -> Self {
        let assets = instruments.iter().map(|it| it.base.index() + 1).max().unwrap_or(0);
        let line = |instrument: &Instrument| Line {
            base: instrument.base,
            reach: Some(Reach::default()),
            is_held: false,
        };
        Self {
            lines: instruments.iter().map(line).collect(),
            by_base: vec![Total::default(); assets],
            all: Total::default(),
            held: 0,
        }
    }

    /// Takes in what stands on one instrument.
    pub(super) fn set(&mut self, instrument: InstrumentId, stake: &Stake<'_>) {
        let &Stake { position, rival, open, foreign, price } = stake;
        let held = [position, rival.unwrap_or(position)];
        let larger = |[one, other]: [Qty; 2]| one.max(other);
        let far_from = |side: Side, position| {
            let foreign = foreign[side.index()];
            open.reach(side, position, foreign, Qty::ZERO).unwrap_or(Qty::MAX)
        };
        // What is on its way to close a position leaves nothing of it to stand against others.
        let signed_from = |side: Side, position| {
            let against = side.signed(position).min(Qty::ZERO).abs();
            let closing = open.reducing(side).saturating_add(open.doubtful(side)).min(against);
            far_from(side, position).saturating_sub(against).saturating_add(closing)
        };
        let far = |side| larger(held.map(|position| far_from(side, position)));
        let signed = |side| larger(held.map(|position| signed_from(side, position)));
        let worst = far(Side::Buy).max(far(Side::Sell));
        let is_held = worst != Qty::ZERO;
        let reach = match price {
            _ if !is_held => Some(Reach::default()),
            Some(price) => Some(Reach {
                gross: price.notional(worst),
                towards: Side::BOTH.map(|side| price.notional(signed(side))),
            }),
            None => None,
        };
        let base = self.lines[instrument.index()].base;
        let line = Line { base, reach, is_held };
        let before = std::mem::replace(&mut self.lines[instrument.index()], line);
        self.all.exchange(before.reach, reach);
        self.by_base[base.index()].exchange(before.reach, reach);
        self.held = self.held - u32::from(before.is_held) + u32::from(is_held);
    }

    /// What stands around an order.
    pub(super) fn around(&self, instrument: InstrumentId, side: Side) -> Around {
        let line = &self.lines[instrument.index()];
        Around {
            all: self.all.known(side),
            underlying: self.by_base[line.base.index()].known(side),
            held: self.held,
            is_held: line.is_held,
        }
    }
}

impl Total {
    /// Exact: a sum of as many products of price and quantity as there are instruments is far
    /// below what `Cash` holds.
    fn exchange(&mut self, before: Option<Reach>, after: Option<Reach>) {
        let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
        let moved = |sum: Cash, old: Cash, new: Cash| sum.saturating_sub(old).saturating_add(new);
        let sum = &mut self.reach;
        sum.gross = moved(sum.gross, old.gross, new.gross);
        for side in Side::BOTH.map(Side::index) {
            sum.towards[side] = moved(sum.towards[side], old.towards[side], new.towards[side]);
        }
        self.unpriced = self.unpriced - u32::from(before.is_none()) + u32::from(after.is_none());
    }

    fn known(&self, side: Side) -> Option<Sums> {
        let Reach { gross, towards } = self.reach;
        let sums = Sums { gross, towards: towards[side.index()] };
        (self.unpriced == 0).then_some(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Filters, InstrumentKind, VenueId};
    use proptest::prelude::*;

    fn instrument(id: u16, base: u8) -> Instrument {
        Instrument {
            id: InstrumentId(id),
            venue: VenueId(0),
            symbol: String::new(),
            kind: InstrumentKind::Perpetual,
            base: AssetId(base),
            quote: AssetId(0),
            settle: AssetId(0),
            filters: Filters::whole(),
        }
    }

    /// Two contracts on one underlying, and one on another.
    fn three() -> Exposure {
        Exposure::new(&[instrument(0, 1), instrument(1, 1), instrument(2, 2)])
    }

    fn hold(exposure: &mut Exposure, id: u16, position: i32, price: Option<i32>) {
        let price = price.map(Price::whole);
        let (id, position) = (InstrumentId(id), Qty::whole(position));
        let (open, foreign) = (&Open::default(), [Qty::ZERO; 2]);
        exposure.set(id, &Stake { position, rival: None, open, foreign, price });
    }

    fn sums(gross: i32, towards: i32) -> Option<Sums> {
        Some(Sums { gross: Cash::whole(gross), towards: Cash::whole(towards) })
    }

    #[test]
    fn spot_and_contract_of_one_underlying_are_one_sum() {
        let mut exposure = three();
        hold(&mut exposure, 0, 5, Some(100));
        hold(&mut exposure, 1, -3, Some(100));
        hold(&mut exposure, 2, 1, Some(50));
        let buy = exposure.around(InstrumentId(1), Side::Buy);
        assert_eq!((buy.underlying, buy.all), (sums(800, 200), sums(850, 250)));
        assert_eq!((buy.held, buy.is_held), (3, true));
        let sell = exposure.around(InstrumentId(2), Side::Sell);
        assert_eq!((sell.all, sell.underlying), (sums(850, -250), sums(50, -50)));
    }

    #[test]
    fn a_price_that_is_missing_makes_its_own_sums_unknown() {
        let mut exposure = three();
        hold(&mut exposure, 2, 1, None);
        let other = exposure.around(InstrumentId(0), Side::Buy);
        assert_eq!((other.all, other.underlying), (None, sums(0, 0)));
        assert_eq!(exposure.around(InstrumentId(2), Side::Buy).underlying, None);
        hold(&mut exposure, 2, 0, None);
        assert_eq!(exposure.around(InstrumentId(0), Side::Buy).all, sums(0, 0));
    }

    proptest! {
        /// The sums that are kept are the sums that would be made anew.
        #[test]
        fn sums_never_drift(
            steps in proptest::collection::vec(
                (0_u16..3, -9_i32..9, proptest::option::of(1_i32..99)), 1..99),
        ) {
            let mut exposure = three();
            let mut last = [(0, Some(1)); 3];
            for (id, position, price) in steps {
                hold(&mut exposure, id, position, price);
                last[usize::from(id)] = (position, price);
                let known = last.iter().all(|(position, price)| *position == 0 || price.is_some());
                let worth = last.map(|(position, price)| position * price.unwrap_or(0));
                let gross = worth.iter().map(|it| it.abs()).sum::<i32>();
                let around = exposure.around(InstrumentId(0), Side::Buy);
                let expected = sums(gross, worth.iter().sum::<i32>());
                prop_assert_eq!(around.all, expected.filter(|_| known));
                let held = last.iter().filter(|(position, _)| *position != 0).count();
                prop_assert_eq!(around.held as usize, held);
            }
        }
    }
}
