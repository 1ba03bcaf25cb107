//! Relative moves of prices and distances between them, in integers.
//!
//! A move is counted in millionths of a basis point (1e-10 of the price), so that a signal is
//! exact, the same on every machine, and never needs a float.

use crate::types::Price;

/// A relative move: millionths of a basis point.
pub(super) type Move = i64;

/// One basis point as a [`Move`].
#[cfg(test)]
pub(super) const BPS: Move = 1_000_000;

/// A price's own size as a [`Move`].
const WHOLE: i128 = 10_000_000_000;

/// How far `to` is from `from`, relative to `from`; zero when `from` is no price.
pub(super) fn relative_move(from: Price, to: Price) -> Move {
    let distance = i128::from(to.units()) - i128::from(from.units());
    let relative = (distance * WHOLE).checked_div(i128::from(from.units()));
    clamped(relative.unwrap_or(0))
}

/// A relative distance from `price` as a number of ticks, rounded up; zero for a tick that is none.
pub(super) fn in_ticks(distance: Move, price: Price, tick: Price) -> i64 {
    let wanted = i128::from(distance) * i128::from(price.units());
    let unit = WHOLE * i128::from(tick.units());
    if unit <= 0 {
        return 0;
    }
    clamped(wanted.div_euclid(unit) + i128::from(wanted.rem_euclid(unit) != 0))
}

/// `size × numerator ÷ denominator`, towards zero; zero for a denominator that is none.
pub(super) fn scaled(size: Move, numerator: i64, denominator: i64) -> Move {
    let product = i128::from(size) * i128::from(numerator);
    clamped(product.checked_div(i128::from(denominator)).unwrap_or(0))
}

/// Average size of recent moves, the latest weighing most.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Volatility {
    last: Option<Price>,
    average: Move,
}

impl Volatility {
    /// Weight of the latest move is one of so many: about the last hundred count.
    const MEMORY: i64 = 64;

    /// Takes one more price; one that did not move is no move.
    pub(super) fn observe(&mut self, price: Price) {
        let last = self.last.replace(price).unwrap_or(price);
        if last != price {
            let size = relative_move(last, price).saturating_abs();
            self.average += size / Self::MEMORY - self.average / Self::MEMORY;
        }
    }

    /// The average.
    pub(super) fn average(&self) -> Move {
        self.average
    }

    /// The price it saw last.
    pub(super) fn last(&self) -> Option<Price> {
        self.last
    }
}

/// Within i64 and with an opposite.
fn clamped(wide: i128) -> i64 {
    let bound = i128::from(i64::MAX);
    i64::try_from(wide.clamp(-bound, bound)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_move_is_relative_to_where_it_began() {
        let [low, high] = [Price::whole(10_000), Price::whole(10_001)];
        assert_eq!(relative_move(low, high), BPS);
        assert_eq!(relative_move(high, low), -999_900);
        assert_eq!(relative_move(Price::ZERO, high), 0);
    }

    #[test]
    fn a_distance_is_rounded_up_to_the_next_tick() {
        let (price, tick) = (Price::whole(10_000), Price::whole(1));
        let rows = [(0, 0), (1, 1), (BPS, 1), (BPS + 1, 2), (-BPS, -1), (-BPS - 1, -1), (-1, 0)];
        for (distance, ticks) in rows {
            assert_eq!(in_ticks(distance, price, tick), ticks, "{distance}");
        }
        assert_eq!(in_ticks(BPS, price, Price::ZERO), 0);
    }

    #[test]
    fn scales_by_a_ratio_and_by_nothing_to_nothing() {
        assert_eq!(scaled(100, 25, 10), 250);
        assert_eq!(scaled(-7, 1, 2), -3);
        assert_eq!(scaled(100, 5, 0), 0);
        assert_eq!(scaled(i64::MAX, i64::MAX, 1), i64::MAX);
    }

    #[test]
    fn volatility_rises_with_moves_and_ignores_a_price_that_stands() {
        let mut volatility = Volatility::default();
        volatility.observe(Price::whole(10_000));
        assert_eq!(volatility.average(), 0);
        for price in [10_001, 10_000].repeat(1_000) {
            volatility.observe(Price::whole(price));
        }
        let settled = volatility.average();
        assert!((BPS * 99 / 100..=BPS).contains(&settled), "{settled}");
        volatility.observe(Price::whole(10_000));
        assert_eq!(volatility.average(), settled);
    }

    proptest! {
        #[test]
        fn no_price_overflows(from: i64, to: i64, tick: i64, size: i64, whole: i64) {
            let [from, to, tick] = [from, to, tick].map(Price::from_units);
            in_ticks(relative_move(from, to), to, tick);
            scaled(size, to.units(), whole);
            let mut volatility = Volatility::default();
            [from, to, tick, to, from].into_iter().for_each(|price| volatility.observe(price));
        }
    }
}
