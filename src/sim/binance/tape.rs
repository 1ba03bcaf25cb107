//! What was traded, as the venue keeps it for whoever asks later: the last trades one by one, and
//! a day of minutes.
//!
//! Must hold: everything here was on the tape; memory is bounded. A minute in which nothing traded
//! is the close before it, with no volume.

use crate::types::{Cash, Price, Qty, SCALE, Side, Trade};
use std::collections::VecDeque;

/// Trades that can still be asked for: the most that one answer has.
const TRADES_KEPT: usize = 1_000;

/// Minutes that can still be asked for: a day, which is what tickers tell of.
const MINUTES_KEPT: u16 = 1_440;

/// The shortest interval of candles.
pub(super) const MINUTE_MS: u64 = 60_000;

const DAY_MS: u64 = MINUTES_KEPT as u64 * MINUTE_MS;

/// A trade, and when it was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Printed {
    pub(super) unix_ms: u64,
    pub(super) trade: Trade,
}

/// What was traded in an interval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Candle {
    pub(super) start_unix_ms: u64,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    pub(super) volume: Qty,
    pub(super) quote: Cash,
    /// Of the volume, what takers bought.
    pub(super) bought: Qty,
    pub(super) bought_quote: Cash,
    pub(super) count: u64,
    pub(super) first_id: u64,
    pub(super) last_id: u64,
}

impl Candle {
    /// Nothing traded since that price.
    fn still(start_unix_ms: u64, price: Price) -> Self {
        Self {
            start_unix_ms,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Qty::ZERO,
            quote: Cash::ZERO,
            bought: Qty::ZERO,
            bought_quote: Cash::ZERO,
            count: 0,
            first_id: 0,
            last_id: 0,
        }
    }

    /// Of one trade.
    fn of(start_unix_ms: u64, trade: &Trade) -> Self {
        let quote = trade.price.notional(trade.qty);
        let is_bought = trade.aggressor == Side::Buy;
        let (bought, bought_quote) =
            if is_bought { (trade.qty, quote) } else { (Qty::ZERO, Cash::ZERO) };
        Self {
            volume: trade.qty,
            quote,
            bought,
            bought_quote,
            count: 1,
            first_id: trade.id,
            last_id: trade.id,
            ..Self::still(start_unix_ms, trade.price)
        }
    }

    /// Takes in what came after it. Where nothing traded the other alone says what did.
    fn join(&mut self, later: &Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = Self { start_unix_ms: self.start_unix_ms, ..*later };
            return;
        }
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = self.volume.saturating_add(later.volume);
        self.quote = self.quote.saturating_add(later.quote);
        self.bought = self.bought.saturating_add(later.bought);
        self.bought_quote = self.bought_quote.saturating_add(later.bought_quote);
        self.count = self.count.saturating_add(later.count);
        self.last_id = later.last_id;
    }
}

/// What tickers tell of the last 24 hours; zeros where nothing was traded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Day {
    pub(super) start_unix_ms: u64,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    /// Of the last trade, whenever that was.
    pub(super) last_qty: Qty,
    pub(super) volume: Qty,
    pub(super) quote: Cash,
    pub(super) count: u64,
    pub(super) first_id: u64,
    pub(super) last_id: u64,
}

impl Day {
    /// How far the price went.
    pub(super) fn change(&self) -> Price {
        self.close.saturating_sub(self.open)
    }

    /// The same as per cent with three places, towards zero.
    pub(super) fn change_percent(&self) -> String {
        let hundred = Cash::from_units(i128::from(self.change().units()) * 100);
        let ratio = hundred.checked_ratio(i128::from(SCALE), i128::from(self.open.units()));
        format!("{:.3}", ratio.unwrap_or(Cash::ZERO))
    }

    /// Average price of what was traded, by quantity.
    pub(super) fn average(&self) -> Cash {
        let average = self.quote.checked_ratio(i128::from(SCALE), self.volume.units().into());
        average.unwrap_or(Cash::ZERO)
    }
}

/// The tape of one instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    trades: VecDeque<Printed>,
    minutes: VecDeque<Candle>,
}

impl Tape {
    /// Takes in a trade of the market.
    pub(super) fn on_trade(&mut self, now_unix_ms: u64, trade: &Trade) {
        if self.trades.len() == TRADES_KEPT {
            self.trades.pop_front();
        }
        self.trades.push_back(Printed { unix_ms: now_unix_ms, trade: *trade });
        let start = now_unix_ms / MINUTE_MS * MINUTE_MS;
        self.begin_minute(start, trade.price);
        if let Some(minute) = self.minutes.back_mut() {
            minute.join(&Candle::of(start, trade));
        }
    }

    /// Every minute up to that one is there.
    fn begin_minute(&mut self, start_unix_ms: u64, price: Price) {
        let Some(last) = self.minutes.back().copied() else {
            self.minutes.push_back(Candle::still(start_unix_ms, price));
            return;
        };
        // What lies further back than is kept is not made in the first place.
        let kept_ms = (u64::from(MINUTES_KEPT) - 1) * MINUTE_MS;
        let oldest = start_unix_ms.saturating_sub(kept_ms);
        let mut next = last.start_unix_ms.saturating_add(MINUTE_MS).max(oldest);
        while next <= start_unix_ms {
            if usize::from(MINUTES_KEPT) <= self.minutes.len() {
                self.minutes.pop_front();
            }
            self.minutes.push_back(Candle::still(next, last.close));
            next = next.saturating_add(MINUTE_MS);
        }
    }

    /// The trades that are kept, oldest first.
    pub(super) fn trades(&self) -> impl Iterator<Item = &Printed> {
        self.trades.iter()
    }

    /// The last of them.
    pub(super) fn last(&self) -> Option<&Printed> {
        self.trades.back()
    }

    /// Candles of an interval that is a number of minutes, oldest first.
    pub(super) fn candles(&self, interval_ms: u64) -> Vec<Candle> {
        let mut candles: Vec<Candle> = Vec::new();
        for minute in &self.minutes {
            let start_unix_ms = minute.start_unix_ms / interval_ms.max(1) * interval_ms;
            match candles.last_mut().filter(|last| last.start_unix_ms == start_unix_ms) {
                Some(candle) => candle.join(minute),
                None => candles.push(Candle { start_unix_ms, ..*minute }),
            }
        }
        candles
    }

    /// The day that ends with this minute.
    pub(super) fn day(&self, now_unix_ms: u64) -> Day {
        let end_unix_ms = (now_unix_ms / MINUTE_MS + 1) * MINUTE_MS;
        let last_qty = self.last().map(|it| it.trade.qty).unwrap_or_default();
        let Some(all) = self.since(end_unix_ms.saturating_sub(DAY_MS)) else {
            return Day { last_qty, ..Day::default() };
        };
        Day {
            start_unix_ms: all.start_unix_ms,
            open: all.open,
            high: all.high,
            low: all.low,
            close: all.close,
            last_qty,
            volume: all.volume,
            quote: all.quote,
            count: all.count,
            first_id: all.first_id,
            last_id: all.last_id,
        }
    }

    /// All that was traded since the start of a minute; `None` where nothing was.
    fn since(&self, start_unix_ms: u64) -> Option<Candle> {
        let mut meant = self.minutes.iter().filter(|it| start_unix_ms <= it.start_unix_ms);
        let mut sum = *meant.next()?;
        meant.for_each(|minute| sum.join(minute));
        (0 < sum.count).then_some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(id: u64, price: &str, qty: &str, aggressor: Side) -> Trade {
        let price = Price::parse(price.as_bytes()).unwrap();
        Trade { id, price, qty: Qty::parse(qty.as_bytes()).unwrap(), aggressor }
    }

    fn price(text: &str) -> Price {
        Price::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_minute_is_what_was_traded_in_it() {
        let mut tape = Tape::default();
        tape.on_trade(60_000, &trade(1, "100", "2", Side::Buy));
        tape.on_trade(119_999, &trade(2, "99", "1", Side::Sell));
        tape.on_trade(120_000, &trade(3, "101", "1", Side::Sell));
        let [first, second] = tape.candles(MINUTE_MS)[..] else { panic!("two minutes") };
        assert_eq!(first.start_unix_ms, 60_000);
        assert_eq!([first.open, first.high, first.low, first.close], {
            [price("100"), price("100"), price("99"), price("99")]
        });
        assert_eq!((first.volume.to_string(), first.quote.to_string()), ("3".into(), "299".into()));
        assert_eq!((first.bought.to_string(), first.count), ("2".into(), 2));
        assert_eq!((first.first_id, first.last_id), (1, 2));
        assert_eq!((second.open, second.count), (price("101"), 1));
    }

    #[test]
    fn a_minute_without_trades_stands_still_at_the_last_price() {
        let mut tape = Tape::default();
        tape.on_trade(0, &trade(1, "100", "1", Side::Buy));
        tape.on_trade(180_000, &trade(2, "105", "1", Side::Buy));
        let candles = tape.candles(MINUTE_MS);
        let starts: Vec<u64> = candles.iter().map(|it| it.start_unix_ms).collect();
        assert_eq!(starts, [0, 60_000, 120_000, 180_000]);
        assert_eq!((candles[1].close, candles[1].count), (price("100"), 0));
        assert_eq!((candles[3].open, candles[3].low), (price("105"), price("105")));
        let [all] = tape.candles(5 * MINUTE_MS)[..] else { panic!("one interval") };
        assert_eq!([all.open, all.high, all.close], [price("100"), price("105"), price("105")]);
        assert_eq!((all.count, all.first_id, all.last_id), (2, 1, 2));
    }

    #[test]
    fn no_more_is_kept_than_a_day_and_a_thousand_trades() {
        let mut tape = Tape::default();
        for id in 0..1_001 {
            tape.on_trade(0, &trade(id, "100", "1", Side::Buy));
        }
        assert_eq!((tape.trades().count(), tape.trades().next().unwrap().trade.id), (1_000, 1));
        tape.on_trade(1_440 * MINUTE_MS, &trade(1_001, "100", "1", Side::Buy));
        let minutes = tape.candles(MINUTE_MS);
        assert_eq!((minutes.len(), minutes[0].start_unix_ms), (1_440, MINUTE_MS));
        tape.on_trade(9_000 * MINUTE_MS, &trade(1_002, "100", "1", Side::Buy));
        let minutes = tape.candles(MINUTE_MS);
        assert_eq!((minutes.len(), minutes[0].start_unix_ms), (1_440, 7_561 * MINUTE_MS));
        assert_eq!(tape.since(8_999 * MINUTE_MS).unwrap().count, 1);
        assert_eq!(tape.since(9_001 * MINUTE_MS), None);
    }
}
