//! The market streams as text (USDⓈ-M sheet, section 7), and numbers as the venue writes them.
//!
//! Every frame carries the exchange's own time, not the recording's (D13).

use super::depth::Difference;
use crate::types::{Instrument, Level, Price, Qty, Quote, SCALE, Side, Trade};

/// The venue settles funding every eight hours.
pub(super) const FUNDING_MS: u64 = 8 * 60 * 60 * 1_000;

/// How many decimal places an instrument's numbers have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    price: usize,
    qty: usize,
}

impl Places {
    pub(super) fn of(instrument: &Instrument) -> Self {
        let filters = &instrument.filters;
        Self { price: places(filters.price_tick.units()), qty: places(filters.qty_step.units()) }
    }

    pub(super) fn price(self, price: Price) -> String {
        format!("{price:.*}", self.price)
    }

    pub(super) fn qty(self, qty: Qty) -> String {
        format!("{qty:.*}", self.qty)
    }

    pub(super) fn price_count(self) -> usize {
        self.price
    }

    pub(super) fn qty_count(self) -> usize {
        self.qty
    }

    /// `[["61800.2","2.5"],…]`.
    pub(super) fn levels(self, levels: impl Iterator<Item = Level>) -> String {
        let level =
            |level: Level| format!(r#"["{}","{}"]"#, self.price(level.price), self.qty(level.qty));
        let levels: Vec<String> = levels.map(level).collect();
        format!("[{}]", levels.join(","))
    }
}

/// Decimal places of a tick or step in units of 1e-8; eight for none.
fn places(units: i64) -> usize {
    let digits = (0..8).find(|zeros| units % 10_i64.pow(8 - zeros) == 0 && units != 0);
    digits.map_or(8, |zeros| usize::try_from(zeros).unwrap_or(8)).min(SCALE.ilog10() as usize)
}

/// Of which instrument, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading<'a> {
    pub(super) symbol: &'a str,
    pub(super) places: Places,
    pub(super) now_unix_ms: u64,
}

impl Heading<'_> {
    pub(super) fn book_ticker(&self, update_id: u64, quote: &Quote) -> String {
        let Self { symbol, places, now_unix_ms: now } = self;
        let side = |price: Price, qty: Qty| (places.price(price), places.qty(qty));
        let (bid, bid_qty) = side(quote.bid, quote.bid_qty);
        let (ask, ask_qty) = side(quote.ask, quote.ask_qty);
        let best = format!(r#""b":"{bid}","B":"{bid_qty}","a":"{ask}","A":"{ask_qty}""#);
        let heading = format!(r#""e":"bookTicker","u":{update_id},"s":"{symbol}""#);
        format!(r#"{{{heading},{best},"T":{now},"E":{now}}}"#)
    }

    pub(super) fn trade(&self, trade: &Trade) -> String {
        let Self { symbol, places, now_unix_ms: now } = self;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"trade","E":{now},"T":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},"t":{id},"p":"{price}","q":"{qty}","X":"MARKET","m":{sold}}}"#)
    }

    pub(super) fn agg_trade(&self, trade: &Trade) -> String {
        let Self { symbol, places, now_unix_ms: now } = self;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"aggTrade","E":{now},"s":"{symbol}","a":{id}"#);
        let amount = format!(r#""p":"{price}","q":"{qty}","f":{id},"l":{id}"#);
        format!(r#"{{{heading},{amount},"T":{now},"m":{sold}}}"#)
    }

    pub(super) fn mark(&self, mark: Price) -> String {
        let Self { symbol, now_unix_ms: now, .. } = self;
        let next = (now / FUNDING_MS + 1) * FUNDING_MS;
        let prices = format!(r#""p":"{mark:.8}","i":"{mark:.8}","P":"{mark:.8}""#);
        let heading = format!(r#""e":"markPriceUpdate","E":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},{prices},"r":"0.00000000","T":{next}}}"#)
    }

    pub(super) fn depth(&self, difference: &Difference) -> String {
        let bids = self.places.levels(difference.bids.iter().copied());
        let asks = self.places.levels(difference.asks.iter().copied());
        self.depth_update(difference, &bids, &asks)
    }

    /// The same shape for some best levels.
    pub(super) fn depth_update(&self, difference: &Difference, bids: &str, asks: &str) -> String {
        let Self { symbol, now_unix_ms: now, .. } = self;
        let Difference { first, last, previous, .. } = difference;
        let heading = format!(r#""e":"depthUpdate","E":{now},"T":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},"U":{first},"u":{last},"pu":{previous},"b":{bids},"a":{asks}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn places_follow_the_tick() {
        let rows =
            [(10_000_000, 1), (100_000, 3), (100_000_000, 0), (1, 8), (0, 8), (50_000_000, 1)];
        for (units, expected) in rows {
            assert_eq!(places(units), expected, "{units}");
        }
    }
}
