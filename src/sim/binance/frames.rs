//! What the frames of every dialect are made of, and numbers as the venue writes them.
//!
//! Every frame carries the exchange's own time, not the recording's (D13).

use super::depth::Difference;
use crate::types::{Instrument, Level, Price, Qty, Quote, SCALE, Trade};

/// The market streams of a dialect as text.
pub(super) trait Frames {
    /// How it writes the numbers of an instrument.
    fn places(instrument: &Instrument) -> Places;
    /// The best prices.
    fn book_ticker(heading: &Heading<'_>, update_id: u64, quote: &Quote) -> String;
    /// One trade.
    fn trade(heading: &Heading<'_>, trade: &Trade) -> String;
    /// One trade in the aggregated form.
    fn agg_trade(heading: &Heading<'_>, trade: &Trade) -> String;
    /// What changed in a book.
    fn depth(heading: &Heading<'_>, difference: &Difference) -> String;
    /// Some best levels of each side, after a difference.
    fn partial(heading: &Heading<'_>, after: &Difference, bids: &str, asks: &str) -> String;
}

/// How many decimal places an instrument's numbers have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    price: usize,
    qty: usize,
}

impl Places {
    /// As many as there can be.
    pub(super) const EIGHT: Self = Self { price: 8, qty: 8 };

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
