//! The market of one instrument as an order meets it: depth, quote, and what our takers took.
//!
//! Must hold: what we took from a price is gone until the market shows another quantity there; a
//! price that the quote has moved past is not there to take, whatever the slower depth says.
//!
//! Decision: the quote overlays the depth instead of being written into it. Quotes arrive between
//! two depth frames and out of step with them; kept apart, the depth stays exactly what the frames
//! built, which is what a client of the simulated venue must be able to rebuild.

use crate::types::{BookDelta, Level, MarketData, Price, Qty, Quote, Side};
use std::collections::BTreeMap;
use std::ops::Bound;

/// What our takers took from a price, valid while the market shows `seen` there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Taken {
    seen: Qty,
    taken: Qty,
}

/// The book of one instrument. Sides are book sides: `Buy` is the bids.
#[derive(Clone, Debug, Default)]
pub struct Book {
    depth: [BTreeMap<Price, Qty>; 2],
    taken: [BTreeMap<Price, Taken>; 2],
    quote: Option<Quote>,
    last_trade: Option<Price>,
    /// What the market itself calls the mark, where it does.
    told_mark: Option<Price>,
}

impl Book {
    /// Takes in what the market did.
    pub fn apply(&mut self, data: &MarketData) {
        match data {
            MarketData::Quote(quote) => self.on_quote(*quote),
            MarketData::Trade(trade) => self.last_trade = Some(trade.price),
            MarketData::Mark(price) => self.told_mark = Some(*price),
            MarketData::BookLost | MarketData::BookBegin => {
                self.depth.iter_mut().for_each(BTreeMap::clear)
            }
            MarketData::BookDelta(delta) => self.on_delta(delta),
            MarketData::BookEnd { .. } => {}
        }
    }

    /// What stands at a price of a side, ours not counted; the larger where quote and depth differ.
    pub fn displayed(&self, side: Side, price: Price) -> Qty {
        let depth = self.depth[side.index()].get(&price).copied().unwrap_or(Qty::ZERO);
        match self.quoted(side) {
            Some(level) if level.price == price => level.qty.max(depth),
            _ => depth,
        }
    }

    /// What the depth alone shows at a price of a side.
    pub fn depth_at(&self, side: Side, price: Price) -> Qty {
        self.depth[side.index()].get(&price).copied().unwrap_or(Qty::ZERO)
    }

    /// The levels of a side as the depth frames built them, best first.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = Level> + '_> {
        let level = |(price, qty): (&Price, &Qty)| Level { price: *price, qty: *qty };
        let depth = &self.depth[side.index()];
        match side {
            Side::Buy => Box::new(depth.iter().rev().map(level)),
            Side::Sell => Box::new(depth.iter().map(level)),
        }
    }

    /// The next price that a taker meets beyond `after` (the touch when `None`), with what is left
    /// there, which may be nothing.
    pub fn offer(&self, taker: Side, after: Option<Price>) -> Option<Level> {
        let side = taker.opposite();
        let level = match (after, self.quoted(side)) {
            (None, Some(touch)) => touch,
            (None, None) => self.levels(side).next()?,
            (Some(after), _) => self.depth_beyond(side, after)?,
        };
        let left = level.qty.saturating_sub(self.taken(taker, level.price)).max(Qty::ZERO);
        Some(Level { price: level.price, qty: left })
    }

    /// What takers took from a price that the market has not changed since.
    pub fn taken(&self, taker: Side, price: Price) -> Qty {
        let taken = self.taken[taker.opposite().index()].get(&price);
        taken.map_or(Qty::ZERO, |taken| taken.taken)
    }

    /// Records that a taker took from a price.
    pub fn take(&mut self, taker: Side, price: Price, qty: Qty) {
        let side = taker.opposite();
        let seen = match self.quoted(side) {
            Some(touch) if touch.price == price => touch.qty,
            _ => self.depth_at(side, price),
        };
        let fresh = Taken { seen, taken: Qty::ZERO };
        let entry = self.taken[side.index()].entry(price).or_insert(fresh);
        entry.taken = entry.taken.saturating_add(qty);
    }

    /// Best price of a side.
    pub fn touch(&self, side: Side) -> Option<Price> {
        self.offer(side.opposite(), None).map(|level| level.price)
    }

    /// Best prices and quantities: the quote, or the top of the depth while there is none.
    pub fn quote(&self) -> Quote {
        let top = |side| self.quoted(side).or_else(|| self.levels(side).next()).unwrap_or_default();
        let (bid, ask) = (top(Side::Buy), top(Side::Sell));
        Quote { bid: bid.price, bid_qty: bid.qty, ask: ask.price, ask_qty: ask.qty }
    }

    /// Price of the market's last trade.
    pub fn last_trade(&self) -> Option<Price> {
        self.last_trade
    }

    /// What one is worth: what the market itself says; else the middle, or the last trade where
    /// there is no middle.
    pub fn mark(&self) -> Option<Price> {
        self.told_mark.or_else(|| self.quote().mid()).or(self.last_trade)
    }

    fn on_quote(&mut self, quote: Quote) {
        self.quote = Some(quote);
        for side in Side::BOTH {
            let Some(touch) = self.quoted(side) else { continue };
            self.taken[side.index()].retain(|price, taken| {
                // A bid above the best bid, or an ask below the best ask, is gone.
                let passed = *price != touch.price && side.accepts(touch.price, *price);
                !passed && (*price != touch.price || taken.seen == touch.qty)
            });
        }
    }

    fn on_delta(&mut self, delta: &BookDelta) {
        let side = delta.side.index();
        for level in delta.levels() {
            match Qty::ZERO < level.qty {
                true => self.depth[side].insert(level.price, level.qty),
                false => self.depth[side].remove(&level.price),
            };
            if self.taken[side].get(&level.price).is_some_and(|taken| taken.seen != level.qty) {
                self.taken[side].remove(&level.price);
            }
        }
    }

    fn quoted(&self, side: Side) -> Option<Level> {
        let quote = self.quote?;
        let level = match side {
            Side::Buy => Level { price: quote.bid, qty: quote.bid_qty },
            Side::Sell => Level { price: quote.ask, qty: quote.ask_qty },
        };
        (Price::ZERO < level.price).then_some(level)
    }

    fn depth_beyond(&self, side: Side, after: Price) -> Option<Level> {
        let depth = &self.depth[side.index()];
        let beyond = match side {
            Side::Buy => depth.range(..after).next_back(),
            Side::Sell => depth.range((Bound::Excluded(after), Bound::Unbounded)).next(),
        };
        beyond.map(|(price, qty)| Level { price: *price, qty: *qty })
    }
}
