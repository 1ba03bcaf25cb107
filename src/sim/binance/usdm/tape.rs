//! What was traded, in the venue's words: trades, candles and tickers, all from the simulated tape.
//!
//! The sheet names none of these; the shapes are those of the venue's own client. Each trade is
//! its own aggregate, as on the stream.

use super::{Usdm, orders};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::frames::Places;
use crate::sim::binance::params::Params;
use crate::sim::binance::tape::{Candle, MINUTE_MS, Printed, Tape};
use crate::types::{Instrument, Price, Side};
use serde_json::{Value, json};

/// Most and usual number of trades and of candles in one answer.
const TRADES_SHOWN: (u64, u64) = (500, 1_000);
const CANDLES_SHOWN: (u64, u64) = (500, 1_500);

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

impl Desk<Usdm> {
    /// `/trades`: the newest.
    pub(super) fn recent_trades(&self, params: &Params) -> Result<Value, Fault> {
        let (slot, instrument) = self.named(params)?;
        let places = Places::of(instrument);
        let trades: Vec<&Printed> = self.tapes[slot].trades().collect();
        let shown = &trades[trades.len().saturating_sub(shown(params, TRADES_SHOWN)?)..];
        Ok(shown.iter().map(|printed| trade(printed, places)).collect())
    }

    /// `/aggTrades`: the newest, or from a number or a time on the oldest.
    pub(super) fn aggregate_trades(&self, params: &Params) -> Result<Value, Fault> {
        let (slot, instrument) = self.named(params)?;
        let places = Places::of(instrument);
        let limit = shown(params, TRADES_SHOWN)?;
        let (from, since) = (params.number("fromId")?, params.number("startTime")?);
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let meant = self.tapes[slot].trades().filter(|printed| {
            from.is_none_or(|from| from <= printed.trade.id)
                && (since.unwrap_or(0)..=until).contains(&printed.unix_ms)
        });
        let meant: Vec<&Printed> = meant.collect();
        let shown = match from.or(since) {
            Some(_) => &meant[..limit.min(meant.len())],
            None => &meant[meant.len().saturating_sub(limit)..],
        };
        Ok(shown.iter().map(|printed| aggregate(printed, places)).collect())
    }

    /// `/klines`: the newest, or from a time on the oldest.
    pub(super) fn candles(&self, params: &Params) -> Result<Value, Fault> {
        let (slot, instrument) = self.named(params)?;
        let places = Places::of(instrument);
        let asked = params.need("interval")?;
        let known = INTERVALS.iter().find(|(name, _)| *name == asked);
        let interval_ms = known.ok_or_else(Fault::interval)?.1 * MINUTE_MS;
        let limit = shown(params, CANDLES_SHOWN)?;
        let since = params.number("startTime")?;
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let mut candles = self.tapes[slot].candles(interval_ms);
        candles.retain(|candle| (since.unwrap_or(0)..=until).contains(&candle.start_unix_ms));
        let shown = match since {
            Some(_) => &candles[..limit.min(candles.len())],
            None => &candles[candles.len().saturating_sub(limit)..],
        };
        Ok(shown.iter().map(|candle| kline(candle, interval_ms, places)).collect())
    }

    /// `/ticker/price` of one symbol: the last trade.
    pub(super) fn price_ticker(&self, slot: usize) -> Value {
        let instrument = &self.exchange.instruments()[slot];
        let last = self.tapes[slot].last();
        json!({
            "symbol": instrument.symbol,
            "price": Places::of(instrument).price(last.map_or(Price::ZERO, |it| it.trade.price)),
            "time": last.map_or(0, |it| it.unix_ms),
        })
    }

    /// `/ticker/24hr` of one symbol.
    pub(super) fn day_ticker(&self, now_unix_ms: u64, slot: usize) -> Value {
        day_ticker(now_unix_ms, &self.exchange.instruments()[slot], &self.tapes[slot])
    }

    fn named(&self, params: &Params) -> Result<(usize, &Instrument), Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let slot = self.exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
        Ok((slot, &self.exchange.instruments()[slot]))
    }
}

/// How many are asked for, where so many are usual and no more are shown.
fn shown(params: &Params, (usual, most): (u64, u64)) -> Result<usize, Fault> {
    let asked = params.number("limit")?.unwrap_or(usual).min(most);
    Ok(usize::try_from(asked).unwrap_or(0))
}

/// What a question for candles weighs.
pub(super) fn candles_weight(params: &Params) -> Result<u32, Fault> {
    Ok(match params.number("limit")?.unwrap_or(CANDLES_SHOWN.0) {
        0..100 => 1,
        100..500 => 2,
        500..=1_000 => 5,
        _ => 10,
    })
}

fn trade(printed: &Printed, places: Places) -> Value {
    let trade = &printed.trade;
    json!({
        "id": trade.id,
        "price": places.price(trade.price),
        "qty": places.qty(trade.qty),
        "quoteQty": trade.price.notional(trade.qty).to_string(),
        "time": printed.unix_ms,
        "isBuyerMaker": trade.aggressor == Side::Sell,
        "isRPITrade": false,
    })
}

fn aggregate(printed: &Printed, places: Places) -> Value {
    let trade = &printed.trade;
    json!({
        "a": trade.id,
        "p": places.price(trade.price),
        "q": places.qty(trade.qty),
        "nq": places.qty(trade.qty),
        "f": trade.id,
        "l": trade.id,
        "T": printed.unix_ms,
        "m": trade.aggressor == Side::Sell,
    })
}

fn kline(candle: &Candle, interval_ms: u64, places: Places) -> Value {
    json!([
        candle.start_unix_ms,
        places.price(candle.open),
        places.price(candle.high),
        places.price(candle.low),
        places.price(candle.close),
        places.qty(candle.volume),
        candle.start_unix_ms + interval_ms - 1,
        candle.quote.to_string(),
        candle.count,
        places.qty(candle.bought),
        candle.bought_quote.to_string(),
        "0",
    ])
}

fn day_ticker(now_unix_ms: u64, instrument: &Instrument, tape: &Tape) -> Value {
    let places = Places::of(instrument);
    let day = tape.day(now_unix_ms);
    json!({
        "symbol": instrument.symbol,
        "priceChange": places.price(day.change()),
        "priceChangePercent": day.change_percent(),
        "weightedAvgPrice": format!("{:.*}", places.price_count(), day.average()),
        "lastPrice": places.price(day.close),
        "lastQty": places.qty(day.last_qty),
        "openPrice": places.price(day.open),
        "highPrice": places.price(day.high),
        "lowPrice": places.price(day.low),
        "volume": places.qty(day.volume),
        "quoteVolume": day.quote.to_string(),
        "openTime": day.start_unix_ms,
        "closeTime": now_unix_ms,
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.count,
    })
}
