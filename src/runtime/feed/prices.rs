//! The last price that was traded on of each instrument, and whether another place tells the same.
//!
//! Must hold: what is not known agrees with nothing (unknown is not zero).

use crate::types::{InstrumentId, Price, Quote};

/// The last prices of the source that is traded on.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    /// By instrument: what people call it.
    symbols: Vec<String>,
    /// By instrument: the middle of the last sound quote.
    last: Vec<Option<Price>>,
    tolerance_bps: u32,
    /// When the last of them was told, or the source began.
    told_ns: u64,
}

/// What a quote of another source says beside the last price.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    /// It is within the tolerance.
    Agrees,
    /// One of the two is not known.
    Unknown,
    /// It is beyond.
    Disagrees(Disagreement),
}

/// Two prices of an instrument that cannot both be true.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "it tells {there} of {symbol} where {here} was told last, beyond the {tolerance_bps} bps of \
     `venue.backup.tolerance_bps`"
)]
pub(super) struct Disagreement {
    symbol: String,
    here: Price,
    there: Price,
    tolerance_bps: u32,
}

impl Prices {
    pub(super) fn new(symbols: Vec<String>, tolerance_bps: u32) -> Self {
        Self { last: vec![None; symbols.len()], symbols, tolerance_bps, told_ns: 0 }
    }

    /// Another source is traded on from here on: it has time to tell its first price.
    pub(super) fn begin(&mut self, now_ns: u64) {
        self.told_ns = now_ns;
    }

    /// It told a quote.
    pub(super) fn note(&mut self, instrument: InstrumentId, quote: &Quote, received_ns: u64) {
        self.told_ns = received_ns;
        if let (Some(last), Some(mid)) = (self.last.get_mut(instrument.index()), quote.mid()) {
            *last = Some(mid);
        }
    }

    /// Since when nothing was told; `None` where nothing ever was, so that there is nothing to
    /// compare another source with.
    pub(super) fn silent_since_ns(&self) -> Option<u64> {
        self.last.iter().any(Option::is_some).then_some(self.told_ns)
    }

    pub(super) fn compare(&self, instrument: InstrumentId, quote: &Quote) -> Comparison {
        let here = self.last.get(instrument.index()).copied().flatten();
        let (Some(here), Some(there)) = (here, quote.mid()) else { return Comparison::Unknown };
        let apart = i128::from(here.units()) - i128::from(there.units());
        let most = i128::from(here.units()) * i128::from(self.tolerance_bps);
        if apart.abs() * 10_000 <= most {
            return Comparison::Agrees;
        }
        let symbol = self.symbols.get(instrument.index()).cloned().unwrap_or_default();
        let tolerance_bps = self.tolerance_bps;
        Comparison::Disagrees(Disagreement { symbol, here, there, tolerance_bps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Qty;

    const ONE: InstrumentId = InstrumentId(1);

    fn prices() -> Prices {
        Prices::new(["BTCUSDT", "ETHUSDT"].map(str::to_owned).into(), 50)
    }

    fn quote(bid: &str, ask: &str) -> Quote {
        let [bid, ask] = [bid, ask].map(|text| Price::parse(text.as_bytes()).unwrap());
        let qty = Qty::parse(b"1").unwrap();
        Quote { bid, bid_qty: qty, ask, ask_qty: qty }
    }

    #[test]
    fn a_price_agrees_up_to_the_tolerance_and_not_beyond() {
        let mut prices = prices();
        prices.note(ONE, &quote("999", "1001"), 7);
        for (bid, ask) in [("999", "1001"), ("1004", "1006"), ("994", "996")] {
            assert_eq!(prices.compare(ONE, &quote(bid, ask)), Comparison::Agrees, "{bid}");
        }
        for (bid, ask) in [("1004.01", "1006.01"), ("993.99", "995.99"), ("1", "2")] {
            let compared = prices.compare(ONE, &quote(bid, ask));
            let Comparison::Disagrees(disagreement) = compared else {
                panic!("{bid}: {compared:?}")
            };
            let said = disagreement.to_string();
            assert!(said.contains("of ETHUSDT where 1000") && said.contains("50 bps"), "{said}");
        }
    }

    #[test]
    fn what_is_not_known_agrees_with_nothing() {
        let mut prices = prices();
        assert_eq!(prices.silent_since_ns(), None);
        assert_eq!(prices.compare(ONE, &quote("999", "1001")), Comparison::Unknown);
        prices.note(ONE, &quote("1001", "999"), 7);
        assert_eq!(prices.silent_since_ns(), None, "a crossed quote is no price");
        prices.note(ONE, &quote("999", "1001"), 8);
        assert_eq!(prices.silent_since_ns(), Some(8));
        assert_eq!(prices.compare(InstrumentId(0), &quote("999", "1001")), Comparison::Unknown);
        assert_eq!(prices.compare(ONE, &quote("0", "0")), Comparison::Unknown);
        assert_eq!(prices.compare(InstrumentId(9), &quote("999", "1001")), Comparison::Unknown);
        prices.begin(20);
        assert_eq!(prices.silent_since_ns(), Some(20), "it has only begun to tell");
    }
}
