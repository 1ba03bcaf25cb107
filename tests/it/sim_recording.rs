//! The simulated exchange fed with a recorded market: orders of ours wait in a real queue.
//!
//! Reads the recording with a reader of its own, so that it does not depend on the engine's.

use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use tradekeel::sim::{
    AccountIndex, Exchange, Fees, Order, OrderEntry, OrderKey, Report, ReportKind, SelfTrade, State,
};
use tradekeel::types::{
    AssetId, BookDelta, Cash, DELTA_LEVELS, Filters, Instrument, InstrumentId, InstrumentKind,
    Level, MarketData, MarketEvent, Price, Qty, Quote, Side, TimeInForce, Trade, VenueId,
};

const BTC: InstrumentId = InstrumentId(0);

/// All events of the recording, or nothing where it is absent.
fn recording() -> Option<Vec<MarketEvent>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let Ok(file) = File::open(folder.join("binance-usdm-btcusdt-20240808.gz")) else {
        println!("skipped: the recording is not on this machine");
        return None;
    };
    let (mut events, mut synced, mut early) = (Vec::new(), None, Vec::new());
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.unwrap();
        let Some((_, text)) = line.split_once(' ') else { continue };
        let frame: Value = serde_json::from_str(text).unwrap();
        match frame.get("data") {
            Some(data) if synced.is_none() && data["e"] == "depthUpdate" => {
                early.push(data.clone())
            }
            Some(data) => read(data, synced, &mut events),
            None => {
                synced = frame["lastUpdateId"].as_u64();
                events.push(MarketData::BookBegin);
                depth(&frame["bids"], &frame["asks"], synced.unwrap(), &mut events);
                early.drain(..).for_each(|data| read(&data, synced, &mut events));
            }
        }
    }
    let event = |data| MarketEvent { instrument: BTC, sent_unix_ms: None, data };
    Some(events.into_iter().map(event).collect())
}

fn read(data: &Value, synced: Option<u64>, out: &mut Vec<MarketData>) {
    match data["e"].as_str().unwrap() {
        "bookTicker" => out.push(MarketData::Quote(Quote {
            bid: price(&data["b"]),
            bid_qty: qty(&data["B"]),
            ask: price(&data["a"]),
            ask_qty: qty(&data["A"]),
        })),
        // Liquidations and trades of the insurance fund are no trades of the book.
        "trade" if data["X"] == "MARKET" => out.push(MarketData::Trade(Trade {
            id: data["t"].as_u64().unwrap(),
            price: price(&data["p"]),
            qty: qty(&data["q"]),
            aggressor: if data["m"] == true { Side::Sell } else { Side::Buy },
        })),
        "depthUpdate" => {
            let last = data["u"].as_u64().unwrap();
            if synced.is_some_and(|synced| synced <= last) {
                depth(&data["b"], &data["a"], last, out);
            }
        }
        _ => {}
    }
}

fn depth(bids: &Value, asks: &Value, update_id: u64, out: &mut Vec<MarketData>) {
    for (side, levels) in [(Side::Buy, bids), (Side::Sell, asks)] {
        for chunk in levels.as_array().unwrap().chunks(DELTA_LEVELS) {
            let mut levels = [Level::default(); DELTA_LEVELS];
            for (level, pair) in levels.iter_mut().zip(chunk) {
                *level = Level { price: price(&pair[0]), qty: qty(&pair[1]) };
            }
            let count = u8::try_from(chunk.len()).unwrap();
            out.push(MarketData::BookDelta(BookDelta { side, count, levels }));
        }
    }
    out.push(MarketData::BookEnd { update_id });
}

fn price(text: &Value) -> Price {
    Price::parse(text.as_str().unwrap().as_bytes()).unwrap()
}

fn qty(text: &Value) -> Qty {
    Qty::parse(text.as_str().unwrap().as_bytes()).unwrap()
}

fn exchange() -> (Exchange, AccountIndex) {
    let filters = Filters {
        price_tick: Price::parse(b"0.1").unwrap(),
        price_min: Price::whole(100),
        price_max: Price::whole(1_000_000),
        qty_step: Qty::parse(b"0.001").unwrap(),
        qty_min: Qty::parse(b"0.001").unwrap(),
        qty_max: Qty::whole(1_000),
        notional_min: Cash::whole(100),
        mark_band: None,
        trading: true,
    };
    let instrument = Instrument {
        id: BTC,
        venue: VenueId(0),
        symbol: "BTCUSDT".to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(1),
        quote: AssetId(0),
        settle: AssetId(0),
        filters,
    };
    let mut exchange = Exchange::new(vec![instrument], Fees::default());
    let account = exchange.open_account(Cash::whole(1_000_000));
    (exchange, account)
}

fn bid(at: Price) -> OrderEntry {
    OrderEntry {
        instrument: BTC,
        client_id: None,
        side: Side::Buy,
        price: Some(at),
        time_in_force: TimeInForce::Gtx,
        qty: Qty::parse(b"0.01").unwrap(),
        reduce_only: false,
        good_till_unix_ms: None,
        self_trade: SelfTrade::ExpireMaker,
        quote_qty: Cash::ZERO,
    }
}

/// The queue in front of one bid of ours, kept by the rules and apart from the exchange.
struct Queue {
    at: Price,
    ahead: Qty,
    filled: Qty,
    qty: Qty,
    /// Nothing but volume at its price has brought it forward.
    by_volume: bool,
}

impl Queue {
    fn on_market(&mut self, exchange: &Exchange, event: &MarketEvent) {
        match event.data {
            MarketData::Trade(trade) if trade.aggressor == Side::Sell && trade.price <= self.at => {
                if trade.price < self.at {
                    self.ahead = Qty::ZERO;
                    self.by_volume = false;
                }
                let reaches_us = trade.qty.saturating_sub(self.ahead).max(Qty::ZERO);
                self.ahead = self.ahead.saturating_sub(trade.qty).max(Qty::ZERO);
                self.filled = self.filled.saturating_add(reaches_us).min(self.qty);
            }
            MarketData::BookEnd { .. } => {
                let shown = exchange.book(BTC).unwrap().depth_at(Side::Buy, self.at);
                self.by_volume &= self.ahead <= shown;
                self.ahead = self.ahead.min(shown);
            }
            MarketData::Trade(_)
            | MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::BookLost
            | MarketData::BookBegin
            | MarketData::BookDelta(_) => {}
        }
    }
}

#[test]
fn a_resting_order_fills_only_after_the_recorded_volume_consumed_its_queue() {
    let Some(events) = recording() else { return };
    let (mut exchange, account) = exchange();
    let (mut waiting, mut out): (Option<(Order, Queue)>, Vec<Report>) = (None, Vec::new());
    let (mut filled, mut by_volume, mut unfilled) = (0, 0, 0);
    for (now_unix_ms, event) in (1..).zip(&events) {
        exchange.on_market(now_unix_ms, event, &mut out);
        if let Some((order, queue)) = &mut waiting {
            queue.on_market(&exchange, event);
            let now = exchange.order(account, BTC, OrderKey::Id(order.id)).unwrap();
            assert_eq!((now.cum_qty, now.ahead), (queue.filled, queue.ahead), "{now:?}");
            if now.state == State::Filled {
                filled += 1;
                by_volume += usize::from(queue.by_volume && Qty::ZERO < order.ahead);
                waiting = None;
            } else if now.created_unix_ms + 500 < now_unix_ms {
                unfilled += usize::from(now.cum_qty == Qty::ZERO);
                exchange.cancel(now_unix_ms, account, BTC, OrderKey::Id(now.id), &mut out).unwrap();
                waiting = None;
            }
        } else if let Some(touch) = exchange.book(BTC).and_then(|book| book.touch(Side::Buy)) {
            let placed = exchange.place(now_unix_ms, account, &bid(touch), &mut out);
            waiting = placed.ok().map(|order| (order, queue_of(&order)));
        }
    }
    println!("{filled} filled, {by_volume} of them by volume alone, {unfilled} not at all");
    assert!(0 < by_volume && 0 < unfilled);
    let trades = out.iter().filter(|report| matches!(report.kind, ReportKind::Trade(_)));
    assert!(filled <= trades.count());
}

fn queue_of(order: &Order) -> Queue {
    let at = order.entry.price.unwrap();
    Queue { at, ahead: order.ahead, filled: Qty::ZERO, qty: order.entry.qty, by_volume: true }
}

#[test]
fn the_recorded_book_is_whole_and_meets_its_quotes() {
    let Some(events) = recording() else { return };
    let (mut exchange, _) = exchange();
    let (mut crossed, mut frames, mut out) = (0, 0, Vec::new());
    for event in &events {
        exchange.on_market(1, event, &mut out);
        if matches!(event.data, MarketData::BookEnd { .. }) {
            let book = exchange.book(BTC).unwrap();
            let best = |side| book.levels(side).next().unwrap().price;
            frames += 1;
            crossed += usize::from(best(Side::Sell) <= best(Side::Buy));
        }
    }
    // One snapshot and 6,547 differences (D14).
    assert_eq!(frames, 6_548);
    assert_eq!(crossed, 0);
    assert!(out.is_empty());
}
