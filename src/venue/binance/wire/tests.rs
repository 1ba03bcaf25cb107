//! Frames read by the scanner, against the same frames read by `serde_json`.

use super::super::support::{Dice, recording, sample};
use super::*;
use crate::types::{Price, Qty};
use crate::venue::binance::scan::DEPTH_MAX;
use serde_json::Value;

const TICKER: &str = include_str!("../../../../tests/data/binance-usdm-book-ticker.json");
const TICKER_2026: &str = include_str!("../../../../tests/data/binance-usdm-book-ticker-2026.json");
const TRADE: &str = include_str!("../../../../tests/data/binance-usdm-trade.json");
const AGGREGATE: &str = include_str!("../../../../tests/data/binance-usdm-agg-trade.json");
const DIFF: &str = include_str!("../../../../tests/data/binance-usdm-depth-update.json");
const SPOT_TICKER: &str = include_str!("../../../../tests/data/binance-spot-book-ticker.json");
const SPOT_DIFF: &str = include_str!("../../../../tests/data/binance-spot-depth-update.json");
const SPOT_TRADE: &str = include_str!("../../../../tests/data/binance-spot-trade.json");
const SNAPSHOT: &str = include_str!("../../../../tests/data/binance-usdm-depth.json");

const MARK: &str = include_str!("../../../../tests/data/binance-usdm-mark-price.json");

const ALL: [&str; 10] = [
    TICKER,
    TICKER_2026,
    TRADE,
    AGGREGATE,
    DIFF,
    SPOT_TICKER,
    SPOT_DIFF,
    SPOT_TRADE,
    SNAPSHOT,
    MARK,
];

/// What a frame says, owned, so that two readings can be compared.
#[derive(Debug, PartialEq)]
enum Said {
    Ticker(String, Option<u64>, Quote),
    Trade(String, Option<u64>, Trade),
    Mark(String, Option<u64>, Price),
    Diff(String, DiffHead, Vec<Level>, Vec<Level>),
    Snapshot(SnapshotHead, Vec<Level>, Vec<Level>),
    Other,
}

fn said(frame: Frame<'_>, levels: &Levels) -> Said {
    let name = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
    let (bids, asks) = (levels.bids().to_vec(), levels.asks().to_vec());
    match frame {
        Frame::Ticker { symbol, sent_unix_ms, quote } => {
            Said::Ticker(name(symbol), sent_unix_ms, quote)
        }
        Frame::Trade { symbol, sent_unix_ms, trade } => {
            Said::Trade(name(symbol), sent_unix_ms, trade)
        }
        Frame::Mark { symbol, sent_unix_ms, price } => {
            Said::Mark(name(symbol), sent_unix_ms, price)
        }
        Frame::Diff { symbol, head } => Said::Diff(name(symbol), head, bids, asks),
        Frame::Snapshot(head) => Said::Snapshot(head, bids, asks),
        Frame::Other => Said::Other,
    }
}

fn scanned(bytes: &[u8]) -> Result<Said, DecodeError> {
    let mut levels = Levels::default();
    decode(bytes, &mut levels).map(|frame| said(frame, &levels))
}

/// The oracle: slow, plain, by `serde_json`.
fn oracle(bytes: &[u8]) -> Option<Said> {
    let whole: Value = serde_json::from_slice(bytes).ok()?;
    let stream = whole["stream"].as_str();
    let data = if whole["data"].is_null() { &whole } else { &whole["data"] };
    let price = |key: &str| Price::parse(data[key].as_str()?.as_bytes());
    let qty = |key: &str| Qty::parse(data[key].as_str()?.as_bytes());
    let levels = |key: &str| -> Option<Vec<Level>> {
        let level = |row: &Value| {
            let [price, qty] = row.as_array()?.as_slice() else { return None };
            let price = Price::parse(price.as_str()?.as_bytes())?;
            Some(Level { price, qty: Qty::parse(qty.as_str()?.as_bytes())? })
        };
        data[key].as_array()?.iter().map(level).collect()
    };
    let symbol = data["s"].as_str().map(str::to_owned);
    let sent_unix_ms = data["E"].as_u64();
    let trade = |id: &str| {
        let aggressor = aggressor(data["m"].as_bool()?);
        let trade = Trade { id: data[id].as_u64()?, price: price("p")?, qty: qty("q")?, aggressor };
        Some(Said::Trade(symbol.clone()?, sent_unix_ms, trade))
    };
    let ticker = || {
        let (bid, ask) = (price("b")?, price("a")?);
        let quote = Quote { bid, bid_qty: qty("B")?, ask, ask_qty: qty("A")? };
        Some(Said::Ticker(symbol.clone()?, sent_unix_ms, quote))
    };
    match data["e"].as_str() {
        Some("bookTicker") => ticker(),
        Some("trade") if data["X"].as_str().is_some_and(|it| it != "MARKET") => Some(Said::Other),
        Some("trade") => trade("t"),
        Some("aggTrade") => trade("a"),
        Some("markPriceUpdate") => Some(Said::Mark(symbol.clone()?, sent_unix_ms, price("p")?)),
        Some("depthUpdate") if stream.is_none_or(|it| is_diff_stream(it.as_bytes())) => {
            let (first, last) = (data["U"].as_u64()?, data["u"].as_u64()?);
            let head = DiffHead { sent_unix_ms, first, last, previous: data["pu"].as_u64() };
            Some(Said::Diff(symbol.clone()?, head, levels("b")?, levels("a")?))
        }
        Some(_) => Some(Said::Other),
        None if data["lastUpdateId"].is_u64() && stream.is_none() => {
            let head = SnapshotHead { sent_unix_ms, update: data["lastUpdateId"].as_u64()? };
            Some(Said::Snapshot(head, levels("bids")?, levels("asks")?))
        }
        None if ["u", "s", "b", "B", "a", "A"].iter().all(|key| !data[*key].is_null()) => ticker(),
        None => Some(Said::Other),
    }
}

#[test]
fn every_kind_is_read_as_the_oracle_reads_it() {
    for frame in ALL {
        let ours = scanned(frame.as_bytes()).unwrap();
        assert_ne!(ours, Said::Other, "{frame}");
        assert_eq!(Some(ours), oracle(frame.as_bytes()), "{frame}");
    }
}

#[test]
fn the_hot_kinds_are_read_by_their_templates() {
    for frame in &ALL[..8] {
        let mut levels = Levels::default();
        assert!(template::decode(frame.as_bytes(), &mut levels).is_some(), "{frame}");
    }
}

#[test]
fn the_order_of_fields_does_not_matter() {
    let mut dice = Dice(7);
    for frame in ALL {
        let whole: Value = serde_json::from_str(frame).unwrap();
        let data = if whole["data"].is_null() { &whole } else { &whole["data"] };
        let mut fields: Vec<_> = data.as_object().unwrap().iter().collect();
        for _ in 0..200 {
            let swap = (dice.below(fields.len()), dice.below(fields.len()));
            fields.swap(swap.0, swap.1);
            let text = |(key, value): &(&String, &Value)| format!("\"{key}\" : {value}");
            let fields: Vec<_> = fields.iter().map(text).collect();
            let bare = format!(" {{ {} }}\n", fields.join(" ,\t"));
            assert_eq!(scanned(bare.as_bytes()).ok(), oracle(bare.as_bytes()), "{bare}");
            let Some(stream) = whole["stream"].as_str() else { continue };
            let wrapped = format!("{{\"data\":{bare},\"stream\":\"{stream}\"}}");
            assert_eq!(scanned(wrapped.as_bytes()), scanned(bare.as_bytes()), "{wrapped}");
        }
    }
}

#[test]
fn broken_frames_are_errors_or_read_as_the_oracle_reads_them() {
    let mut dice = Dice(42);
    let mut errors = 0;
    for frame in ALL {
        for broken in dice.broken(frame.as_bytes(), 3_000) {
            match scanned(&broken) {
                Err(_) => errors += 1,
                Ok(Said::Other) => {}
                // JSON, but a field that nobody reads holds what `Value` cannot: 1e56313, no UTF-8.
                Ok(_) if serde_json::from_slice::<Value>(&broken).is_err() => {
                    assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&broken).is_ok());
                }
                Ok(ours) => {
                    let text = String::from_utf8_lossy(&broken).into_owned();
                    assert_eq!(Some(ours), oracle(&broken), "{text}");
                }
            }
        }
        for end in 0..frame.len() {
            assert!(scanned(&frame.as_bytes()[..end]).is_err(), "{}", &frame[..end]);
        }
    }
    assert!(20_000 < errors, "only {errors} of 27,000 broken frames were noticed");
}

#[test]
fn ill_formed_fields_are_errors_that_name_the_field() {
    let rows = [
        (TICKER, "\"61800.20\"", "61800.20", "b"),
        (TICKER, "61800.30", "", "a"),
        (TICKER, "2.510", "1e3", "A"),
        (TICKER, "\"s\":\"BTCUSDT\"", "\"s\":7", "s"),
        (TICKER, "\"B\":\"2.507\",", "", "B"),
        (TICKER, "\"A\":", "\"b\":", "b"),
        (TICKER, "\"E\":1723161256313", "\"E\":\"1\"", "E"),
        (TICKER, "\"e\":\"bookTicker\"", "\"e\":1", "e"),
        (TRADE, "false", "0", "m"),
        (TRADE, "5266583935", "-1", "t"),
        (DIFF, "157", "157.5", "U"),
        (DIFF, "\"10\"", "\"ten\"", "b"),
        (DIFF, "\"100\"]", "\"100\",\"1\"]", "a"),
        (DIFF, "149", "null", "pu"),
        (SNAPSHOT, "1027024", "\"1027024\"", "lastUpdateId"),
        (SNAPSHOT, "\"asks\"", "\"asked\"", "asks"),
        (TICKER, "btcusdt@bookTicker", "\\u0062tcusdt", "stream"),
    ];
    for (frame, from, to, field) in rows {
        let broken = frame.replacen(from, to, 1);
        assert_ne!(broken, frame);
        assert_eq!(scanned(broken.as_bytes()), Err(DecodeError::Field(field)), "{broken}");
    }
}

#[test]
fn unsound_prices_are_passed_on_because_the_core_judges_them() {
    let crossed = TICKER.replace("61800.20", "61900").replace("61800.30", "-0.5");
    let Ok(Said::Ticker(_, _, quote)) = scanned(crossed.as_bytes()) else { panic!("a ticker") };
    assert!(!quote.is_sound());
    assert_eq!(quote.ask.to_string(), "-0.5");
}

#[test]
fn what_we_do_not_follow_is_passed_over() {
    let rows = [
        r#"{"result":null,"id":1}"#,
        r#"{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","S":"SELL","p":"1","q":"1"}}"#,
        r#"{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}"#,
        r#"{"stream":"btcusdt@depth5","data":{"lastUpdateId":1,"bids":[],"asks":[]}}"#,
        "{}",
    ];
    for row in rows {
        assert_eq!(scanned(row.as_bytes()), Ok(Said::Other), "{row}");
    }
    for stream in ["btcusdt@depth5@100ms", "btcusdt@depth20", "btcusdt@rpiDepth@500ms", "x"] {
        let partial = DIFF.replace("btcusdt@depth@100ms", stream);
        assert_eq!(scanned(partial.as_bytes()), Ok(Said::Other), "{stream}");
    }
    for origin in ["INSURANCE_FUND", "ADL", "NA"] {
        let trade = TRADE.replace("MARKET", origin);
        assert_eq!(scanned(trade.as_bytes()), Ok(Said::Other), "{origin}");
    }
}

#[test]
fn size_and_nesting_are_bounded() {
    let padded = |size: usize| TICKER.to_owned() + &" ".repeat(size - TICKER.len());
    assert!(scanned(padded(MESSAGE_BYTES_MAX).as_bytes()).is_ok());
    let size = MESSAGE_BYTES_MAX + 1;
    assert_eq!(scanned(padded(size).as_bytes()), Err(DecodeError::TooLarge(size)));
    let nested = |depth: usize| {
        format!("{{\"x\":{}{},{}", "[".repeat(depth), "]".repeat(depth), &SPOT_TRADE[1..])
    };
    let max = usize::try_from(DEPTH_MAX).unwrap();
    assert!(scanned(nested(max).as_bytes()).is_ok());
    assert_eq!(scanned(nested(max + 1).as_bytes()), Err(DecodeError::NotJson));
}

#[test]
fn samples_of_the_venues_own_client_are_read() {
    let public = "websocket_streams__test_public_api_ws_streams";
    let market = "websocket_streams__test_market_api_ws_streams";
    let rows = [
        (public, "all_book_tickers_stream"),
        (public, "individual_symbol_book_ticker_streams"),
        (public, "diff_book_depth_streams"),
        (market, "aggregate_trade_streams"),
        ("rest_api__test_market_data_api", "order_book"),
    ];
    for (file, name) in rows {
        let Some(sample) = sample(file, name) else { return };
        let text = sample.to_string();
        let ours = scanned(text.as_bytes()).unwrap();
        assert_ne!(ours, Said::Other, "{name}");
        assert_eq!(Some(ours), oracle(text.as_bytes()), "{name}");
    }
}

#[test]
fn both_recordings_are_read_as_the_oracle_reads_them() {
    for name in ["binance-usdm-btcusdt-20240808.gz", "binance-spot-btcusdt-20240808.gz"] {
        let Some(frames) = recording(name) else { return };
        for frame in &frames {
            let ours = scanned(frame).unwrap();
            assert_ne!(ours, Said::Other);
            assert_eq!(Some(ours), oracle(frame));
        }
    }
}
