//! Whole streams, as the feed sees them.

use super::super::support::{Dice, answer, directory, recording};
use super::*;
use crate::types::{Level, Price, Qty, Side};
use serde_json::Value;
use std::collections::BTreeMap;

const DIFF: &str = include_str!("../../../../tests/data/binance-usdm-depth-update-first.json");
const SNAPSHOT: &str = r#"{"lastUpdateId":105,"E":8,"T":8,"bids":[["1","2"]],"asks":[["3","1"]]}"#;
const TICKER: &str = include_str!("../../../../tests/data/binance-usdm-book-ticker-small.json");

fn market(symbols: &[&str]) -> (Market, Vec<MarketEvent>) {
    (Market::new(&directory(symbols), &crate::venue::binance::usdm::ROUTES), Vec::new())
}

/// A market whose only book is whole.
fn whole() -> (Market, Vec<MarketEvent>) {
    let (mut market, mut out) = market(&["BTCUSDT"]);
    market.on_message(DIFF.as_bytes(), &mut out).unwrap();
    let (instrument, _) = market.snapshot_wanted().unwrap();
    market.on_snapshot(instrument, Some(&answer(200, SNAPSHOT)), &mut out).unwrap();
    assert!(matches!(out.last().unwrap().data, MarketData::BookEnd { update_id: 110 }));
    out.clear();
    (market, out)
}

fn losses(out: &[MarketEvent]) -> Vec<u16> {
    let lost = out.iter().filter(|event| event.data == MarketData::BookLost);
    lost.map(|event| event.instrument.0).collect()
}

#[test]
fn streams_are_those_of_the_sheet() {
    let (market, _) = market(&["BTCUSDT", "ETHUSDT"]);
    let targets: Vec<_> = market.streams().into_iter().map(|stream| stream.target).collect();
    assert_eq!(
        targets,
        [
            "/public/stream?streams=btcusdt@bookTicker/btcusdt@depth@100ms/\
             ethusdt@bookTicker/ethusdt@depth@100ms",
            "/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s/ethusdt@aggTrade\
             /ethusdt@markPrice@1s",
        ]
    );
}

#[test]
fn many_symbols_are_spread_over_connections() {
    let names: Vec<_> = (0..65).map(|at| format!("S{at:03}USDT")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (market, _) = market(&names);
    let streams = market.streams();
    assert_eq!(streams.len(), 4);
    assert!(streams.iter().all(|stream| stream.target.len() < 4_096));
}

#[test]
fn connecting_voids_everything_and_then_a_snapshot_is_asked_for_once() {
    let (mut market, mut out) = whole();
    market.on_connect(&mut out);
    assert_eq!(losses(&out), [0]);
    assert_eq!(market.snapshot_wanted(), None, "nothing to join yet");
    market.on_message(DIFF.as_bytes(), &mut out).unwrap();
    let (instrument, call) = market.snapshot_wanted().unwrap();
    assert_eq!(
        (call.method, call.target.as_str()),
        ("GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
    );
    assert_eq!(market.snapshot_wanted(), None);
    for bad in [None, Some(answer(429, "{}")), Some(answer(200, "{}")), Some(answer(200, "x"))] {
        assert!(market.on_snapshot(instrument, bad.as_ref(), &mut out).is_err());
        assert!(market.snapshot_wanted().is_some(), "another one is asked for");
    }
    assert!(market.on_snapshot(InstrumentId(9), None, &mut out).is_err());
}

#[test]
fn a_bad_message_loses_the_books_that_it_can_have_been_meant_for() {
    let (mut market, mut out) = market(&["BTCUSDT", "ETHUSDT"]);
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        let diff = DIFF.replace("BTCUSDT", symbol);
        market.on_message(diff.as_bytes(), &mut out).unwrap();
        let (instrument, _) = market.snapshot_wanted().unwrap();
        market.on_snapshot(instrument, Some(&answer(200, SNAPSHOT)), &mut out).unwrap();
    }
    out.clear();
    let cut = &DIFF.as_bytes()[..60];
    assert!(market.on_message(cut, &mut out).is_err());
    assert_eq!(losses(&out), [0]);
    assert!(market.on_message(cut, &mut out).is_err());
    assert_eq!(losses(&out), [0], "lost once");
    assert!(market.on_message(b"\xff", &mut out).is_err());
    assert_eq!(losses(&out), [0, 1]);
    let counters = market.counters();
    assert_eq!((counters.books_lost, counters.messages_bad), (2, 3));
}

#[test]
fn an_overrun_loses_the_book_of_its_instrument() {
    let (mut market, mut out) = whole();
    market.on_overrun(InstrumentId(0), &mut out);
    assert_eq!(losses(&out), [0]);
    assert_eq!(market.counters().books_lost, 1);
    market.on_overrun(InstrumentId(0), &mut out);
    assert_eq!(losses(&out), [0, 0], "the first word may have been among what did not fit");
    assert_eq!(market.counters().books_lost, 1);
    market.on_overrun(InstrumentId(5), &mut out);
    assert_eq!(out.len(), 2);
}

#[test]
fn unknown_symbols_and_kinds_are_counted() {
    let (mut market, mut out) = whole();
    for text in [DIFF, TICKER] {
        let stranger = text.replace("BTCUSDT", "DOGEUSDT");
        market.on_message(stranger.as_bytes(), &mut out).unwrap();
    }
    market.on_message(br#"{"e":"kline","s":"BTCUSDT"}"#, &mut out).unwrap();
    assert!(out.is_empty());
    assert_eq!(market.counters().messages_passed_over, 3);
}

#[test]
fn a_snapshot_between_the_frames_belongs_to_the_only_instrument() {
    let (mut one, mut out) = market(&["BTCUSDT"]);
    one.on_message(DIFF.as_bytes(), &mut out).unwrap();
    one.on_message(SNAPSHOT.as_bytes(), &mut out).unwrap();
    assert_eq!(out.first().unwrap().data, MarketData::BookBegin);
    let (mut two, mut out) = market(&["BTCUSDT", "ETHUSDT"]);
    assert!(two.on_message(SNAPSHOT.as_bytes(), &mut out).is_err());
    assert!(out.is_empty());
}

#[test]
fn quotes_carry_the_venues_time() {
    let (mut market, mut out) = whole();
    market.on_message(TICKER.as_bytes(), &mut out).unwrap();
    assert_eq!(out[0].sent_unix_ms, Some(6));
    let MarketData::Quote(quote) = out[0].data else { panic!("a quote") };
    assert_eq!((quote.bid, quote.ask_qty), (Price::whole(1), Qty::whole(4)));
}

#[test]
fn no_message_makes_it_panic() {
    let mut dice = Dice(3);
    let (mut market, mut out) = market(&["BTCUSDT"]);
    for text in [DIFF, SNAPSHOT, TICKER] {
        for broken in dice.broken(text.as_bytes(), 3_000) {
            let _ = market.on_message(&broken, &mut out);
            let _ = market.on_snapshot(InstrumentId(0), Some(&answer(200, broken)), &mut out);
            market.snapshot_wanted();
            out.clear();
        }
    }
}

/// Price and quantity of one side.
type Side2 = BTreeMap<i64, i64>;

/// The book as the events say it is.
#[derive(Default)]
struct Listener {
    bids: Side2,
    asks: Side2,
    begins: u32,
    losses: u32,
    update: u64,
}

impl Listener {
    fn on(&mut self, event: &MarketEvent) {
        match event.data {
            MarketData::BookBegin => {
                self.bids.clear();
                self.asks.clear();
                self.begins += 1;
            }
            MarketData::BookLost => self.losses += 1,
            MarketData::BookEnd { update_id } => self.update = update_id,
            MarketData::BookDelta(delta) => {
                let side = match delta.side {
                    Side::Buy => &mut self.bids,
                    Side::Sell => &mut self.asks,
                };
                delta.levels().iter().for_each(|level| put(side, *level));
            }
            MarketData::Quote(_) | MarketData::Trade(_) | MarketData::Mark(_) => {}
        }
    }
}

fn put(side: &mut Side2, level: Level) {
    if level.qty == Qty::ZERO {
        side.remove(&level.price.units());
    } else {
        side.insert(level.price.units(), level.qty.units());
    }
}

/// The same book by other means: `serde_json`, the rule of the sheet as a formula over all frames.
fn naive(frames: &[Vec<u8>]) -> (Side2, Side2) {
    let read = |frame: &Vec<u8>| serde_json::from_slice::<Value>(frame).unwrap();
    let is_diff = |frame: &&Vec<u8>| frame.windows(11).any(|part| part == b"depthUpdate");
    let is_snapshot = |frame: &&Vec<u8>| frame.starts_with(br#"{"lastUpdateId""#);
    let snapshot = read(frames.iter().find(is_snapshot).unwrap());
    let update = snapshot["lastUpdateId"].as_u64().unwrap();
    let (mut bids, mut asks) = (Side2::new(), Side2::new());
    let mut apply = |source: &Value, bid_key: &str, ask_key: &str| {
        for (side, key) in [(&mut bids, bid_key), (&mut asks, ask_key)] {
            for row in source[key].as_array().unwrap() {
                let price = Price::parse(row[0].as_str().unwrap().as_bytes()).unwrap();
                let qty = Qty::parse(row[1].as_str().unwrap().as_bytes()).unwrap();
                put(side, Level { price, qty });
            }
        }
    };
    apply(&snapshot, "bids", "asks");
    for frame in frames.iter().filter(is_diff) {
        let diff = &read(frame)["data"];
        let last = diff["u"].as_u64().unwrap();
        let is_older = if diff["pu"].is_u64() { last < update } else { last <= update };
        if !is_older {
            apply(diff, "b", "a");
        }
    }
    (bids, asks)
}

/// Plays a recording and compares the book with the naive one.
fn play(name: &str) -> Option<(MarketCounters, Listener)> {
    let frames = recording(name)?;
    let (mut market, mut out) = market(&["BTCUSDT"]);
    let mut listener = Listener::default();
    for frame in &frames {
        market.on_message(frame, &mut out).unwrap();
        out.drain(..).for_each(|event| listener.on(&event));
    }
    let (bids, asks) = naive(&frames);
    assert!(100 < bids.len() && 100 < asks.len());
    assert!(listener.bids == bids && listener.asks == asks, "the two books differ");
    assert!(bids.last_key_value().unwrap().0 < asks.first_key_value().unwrap().0);
    Some((market.counters(), listener))
}

#[test]
fn the_futures_recording_is_counted_and_rebuilt_exactly() {
    let Some((counters, listener)) = play("binance-usdm-btcusdt-20240808.gz") else { return };
    let expected = MarketCounters {
        diffs_decoded: 6_551,
        diffs_dropped: 4,
        diffs_applied: 6_547,
        books_lost: 0,
        messages_bad: 0,
        messages_passed_over: 0,
    };
    assert_eq!(counters, expected);
    assert_eq!((listener.begins, listener.losses), (1, 0));
}

#[test]
fn the_spot_recording_is_rebuilt_exactly() {
    let Some((counters, listener)) = play("binance-spot-btcusdt-20240808.gz") else { return };
    assert_eq!(counters.diffs_decoded, 3_451);
    assert_eq!(counters.diffs_applied + counters.diffs_dropped, 3_451);
    assert_eq!((counters.books_lost, listener.begins, listener.losses), (0, 1, 0));
}

#[test]
fn a_lost_frame_of_the_recording_is_noticed_at_the_next_one() {
    let Some(frames) = recording("binance-usdm-btcusdt-20240808.gz") else { return };
    let (mut market, mut out) = market(&["BTCUSDT"]);
    let is_diff = |frame: &Vec<u8>| frame.windows(11).any(|part| part == b"depthUpdate");
    let mut diffs = 0;
    for frame in &frames {
        diffs += u32::from(is_diff(frame));
        if diffs == 100 && is_diff(frame) {
            continue;
        }
        if let Err(error) = market.on_message(frame, &mut out) {
            assert!(matches!(error, DecodeError::Gap { .. }));
            assert_eq!(diffs, 101);
            assert_eq!(losses(&out), [0]);
            return;
        }
        out.clear();
    }
    panic!("the gap was not noticed");
}
