//! Both sides of a synthetic book in ticks and steps, and which of it changed since the last frame.
//!
//! Must hold: no level of zero is kept; the best bid is below the best ask.

use crate::types::{BookDelta, DELTA_LEVELS, Level, MarketData, Price, Qty, Quote, Side};
use std::collections::{BTreeMap, BTreeSet};

/// Ticks and steps of one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) tick: Price,
    pub(super) step: Qty,
}

impl Grid {
    pub(super) fn price(&self, ticks: i64) -> Price {
        self.tick.times(ticks)
    }

    pub(super) fn qty(&self, steps: i64) -> Qty {
        self.step.times(steps)
    }
}

/// The book.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    sides: [BTreeMap<i64, i64>; 2],
    changed: [BTreeSet<i64>; 2],
}

impl Levels {
    /// Best price of a side, in ticks.
    pub(super) fn best(&self, side: Side) -> Option<i64> {
        let mut prices = self.sides[side.index()].keys();
        match side {
            Side::Buy => prices.next_back().copied(),
            Side::Sell => prices.next().copied(),
        }
    }

    /// Price that is farthest from the market, in ticks.
    pub(super) fn worst(&self, side: Side) -> Option<i64> {
        let mut prices = self.sides[side.index()].keys();
        match side {
            Side::Buy => prices.next().copied(),
            Side::Sell => prices.next_back().copied(),
        }
    }

    /// How many prices a side has.
    pub(super) fn count(&self, side: Side) -> usize {
        self.sides[side.index()].len()
    }

    /// Steps at a price.
    pub(super) fn at(&self, side: Side, ticks: i64) -> i64 {
        self.sides[side.index()].get(&ticks).copied().unwrap_or(0)
    }

    /// Changes a price by so many steps; a price with nothing left is removed. What would cross
    /// the other side is not done.
    pub(super) fn change(&mut self, side: Side, ticks: i64, steps: i64) {
        let crossing = match (side, self.best(side.opposite())) {
            (Side::Buy, Some(ask)) => ask <= ticks,
            (Side::Sell, Some(bid)) => ticks <= bid,
            (_, None) => false,
        };
        if crossing || ticks <= 0 {
            return;
        }
        let left = self.at(side, ticks).saturating_add(steps);
        match 0 < left {
            true => self.sides[side.index()].insert(ticks, left),
            false => self.sides[side.index()].remove(&ticks),
        };
        self.changed[side.index()].insert(ticks);
    }

    /// The top of the book.
    pub(super) fn quote(&self, grid: &Grid) -> Quote {
        let top = |side| {
            let best = self.best(side).unwrap_or(0);
            (grid.price(best), grid.qty(self.at(side, best)))
        };
        let ((bid, bid_qty), (ask, ask_qty)) = (top(Side::Buy), top(Side::Sell));
        Quote { bid, bid_qty, ask, ask_qty }
    }

    /// Appends the deltas since the last frame and forgets them. Returns how many prices changed.
    pub(super) fn frame(&mut self, grid: &Grid, out: &mut Vec<MarketData>) -> u64 {
        let mut count = 0;
        for side in Side::BOTH {
            let changed: Vec<i64> =
                std::mem::take(&mut self.changed[side.index()]).into_iter().collect();
            for chunk in changed.chunks(DELTA_LEVELS) {
                let mut levels = [Level::default(); DELTA_LEVELS];
                for (level, ticks) in levels.iter_mut().zip(chunk) {
                    let qty = grid.qty(self.at(side, *ticks));
                    *level = Level { price: grid.price(*ticks), qty };
                }
                count += u8::try_from(chunk.len()).map_or(0, u64::from);
                let chunk_len = u8::try_from(chunk.len()).unwrap_or(0);
                out.push(MarketData::BookDelta(BookDelta { side, count: chunk_len, levels }));
            }
        }
        count
    }
}
