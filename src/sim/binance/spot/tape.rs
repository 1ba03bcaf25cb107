//! What was traded, in the venue's words: trades, candles and the last day, all from the simulated
//! tape (Spot sheet, section 4; the shapes are those of the venue's samples).
//!
//! Each trade is its own aggregate, as on the stream.

use super::Spot;
use super::orders::{cash, price, qty};
use super::{refusal::refused, terms};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::binance::tape::{Candle, Day, MINUTE_MS, Printed, Tape};
use crate::sim::reject::Reject;
use crate::types::{Quote, Side};
use serde_json::{Value, json};

/// Usual and most number of trades and of candles in one answer.
const SHOWN: u64 = 500;
const SHOWN_MAX: u64 = 1_000;

/// Intervals of candles, in minutes: no more than the day that is kept.
const INTERVALS: [(&str, u64); 12] = [
    ("1m", 1),
    ("3m", 3),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("1h", 60),
    ("2h", 120),
    ("4h", 240),
    ("6h", 360),
    ("8h", 480),
    ("12h", 720),
    ("1d", 1_440),
];

impl Desk<Spot> {
    /// `/trades`: the newest.
    pub(super) fn recent_trades(&self, params: &Params) -> Result<Value, Fault> {
        let trades: Vec<&Printed> = self.tape(params)?.trades().collect();
        Ok(newest(&trades, params)?.iter().map(|printed| trade(printed)).collect())
    }

    /// `/aggTrades`: the newest, or from a number or a time on the oldest.
    pub(super) fn aggregate_trades(&self, params: &Params) -> Result<Value, Fault> {
        let (from, since) = (params.number("fromId")?, params.number("startTime")?);
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let meant = self.tape(params)?.trades().filter(|printed| {
            from.is_none_or(|from| from <= printed.trade.id)
                && (since.unwrap_or(0)..=until).contains(&printed.unix_ms)
        });
        let meant: Vec<&Printed> = meant.collect();
        let shown = match from.or(since) {
            Some(_) => oldest(&meant, params)?,
            None => newest(&meant, params)?,
        };
        Ok(shown.iter().map(|printed| aggregate(printed)).collect())
    }

    /// `/klines`: the newest, or from a time on the oldest.
    pub(super) fn candles(&self, params: &Params) -> Result<Value, Fault> {
        let asked = params.need("interval")?;
        let known = INTERVALS.iter().find(|(name, _)| *name == asked);
        let interval_ms = known.ok_or_else(Fault::interval)?.1 * MINUTE_MS;
        let since = params.number("startTime")?;
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let mut candles = self.tape(params)?.candles(interval_ms);
        candles.retain(|candle| (since.unwrap_or(0)..=until).contains(&candle.start_unix_ms));
        let shown = match since {
            Some(_) => oldest(&candles, params)?,
            None => newest(&candles, params)?,
        };
        Ok(shown.iter().map(|candle| kline(candle, interval_ms)).collect())
    }

    /// `/ticker/24hr`, whole or without what can be reckoned from the rest. What was before the day
    /// is not kept: its first price stands for the last one before it.
    pub(super) fn day_ticker(&self, now_unix_ms: u64, params: &Params) -> Result<Value, Fault> {
        let is_whole = match params.find("type") {
            None | Some("FULL") => true,
            Some("MINI") => false,
            Some(_) => return Err(Fault::invalid("type")),
        };
        self.per_symbol(params, |it| {
            let tape = self.exchange.slot(it.id).map(|slot| &self.tapes[slot]);
            let day = tape.map(|tape| tape.day(now_unix_ms)).unwrap_or_default();
            let mut told = mini_day(now_unix_ms, &it.symbol, &day);
            if is_whole {
                let quote = self.exchange.book(it.id).map(|book| book.quote()).unwrap_or_default();
                tell_whole_day(&mut told, &day, &quote);
            }
            told
        })
    }

    fn tape(&self, params: &Params) -> Result<&Tape, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let slot = self.exchange.slot(instrument);
        let slot = slot.ok_or_else(|| refused(Reject::UnknownSymbol))?;
        Ok(&self.tapes[slot])
    }
}

fn shown(params: &Params) -> Result<usize, Fault> {
    let asked = params.number("limit")?.unwrap_or(SHOWN).min(SHOWN_MAX);
    Ok(usize::try_from(asked).unwrap_or(0))
}

fn newest<'a, T>(all: &'a [T], params: &Params) -> Result<&'a [T], Fault> {
    Ok(&all[all.len().saturating_sub(shown(params)?)..])
}

fn oldest<'a, T>(all: &'a [T], params: &Params) -> Result<&'a [T], Fault> {
    Ok(&all[..shown(params)?.min(all.len())])
}

fn mini_day(now_unix_ms: u64, symbol: &str, day: &Day) -> Value {
    json!({
        "symbol": symbol,
        "openPrice": price(day.open),
        "highPrice": price(day.high),
        "lowPrice": price(day.low),
        "lastPrice": price(day.close),
        "volume": qty(day.volume),
        "quoteVolume": cash(day.quote),
        "openTime": day.start_unix_ms,
        "closeTime": now_unix_ms,
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.count,
    })
}

fn tell_whole_day(told: &mut Value, day: &Day, quote: &Quote) {
    told["priceChange"] = json!(price(day.change()));
    told["priceChangePercent"] = json!(day.change_percent());
    told["weightedAvgPrice"] = json!(cash(day.average()));
    told["prevClosePrice"] = json!(price(day.open));
    told["lastQty"] = json!(qty(day.last_qty));
    told["bidPrice"] = json!(price(quote.bid));
    told["bidQty"] = json!(qty(quote.bid_qty));
    told["askPrice"] = json!(price(quote.ask));
    told["askQty"] = json!(qty(quote.ask_qty));
}

fn trade(printed: &Printed) -> Value {
    let trade = &printed.trade;
    json!({
        "id": trade.id,
        "price": price(trade.price),
        "qty": qty(trade.qty),
        "quoteQty": cash(trade.price.notional(trade.qty)),
        "time": printed.unix_ms,
        "isBuyerMaker": trade.aggressor == Side::Sell,
        "isBestMatch": true,
    })
}

fn aggregate(printed: &Printed) -> Value {
    let trade = &printed.trade;
    json!({
        "a": trade.id,
        "p": price(trade.price),
        "q": qty(trade.qty),
        "f": trade.id,
        "l": trade.id,
        "T": printed.unix_ms,
        "m": trade.aggressor == Side::Sell,
        "M": true,
    })
}

fn kline(candle: &Candle, interval_ms: u64) -> Value {
    json!([
        candle.start_unix_ms,
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        qty(candle.volume),
        candle.start_unix_ms + interval_ms - 1,
        cash(candle.quote),
        candle.count,
        qty(candle.bought),
        cash(candle.bought_quote),
        "0",
    ])
}
