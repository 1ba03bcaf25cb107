//! What was traded, and what trading earned, as clients ask for it later.

use super::{NOW, ask, body, limit, place, signed, trading};
use crate::sim::binance::Server;
use crate::types::{InstrumentId, MarketData, MarketEvent, Price, Qty, Side, Trade};
use serde_json::{Value, json};

const MINUTE_MS: u64 = 60_000;
const START: u64 = NOW / MINUTE_MS * MINUTE_MS;

/// Two trades in one minute and one in the next.
fn traded() -> Server {
    let mut server = trading();
    let rows = [
        (1, "100.0", "2", Side::Sell, START),
        (2, "100.1", "1", Side::Buy, START + 59_999),
        (3, "100.2", "4", Side::Buy, START + MINUTE_MS),
    ];
    for (id, price, qty, aggressor, now) in rows {
        let price = Price::parse(price.as_bytes()).unwrap();
        let qty = Qty::parse(qty.as_bytes()).unwrap();
        let data = MarketData::Trade(Trade { id, price, qty, aggressor });
        let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
        server.on_market(now, &event);
    }
    server
}

fn get(server: &mut Server, target: &str) -> Value {
    body(&ask(server, START + MINUTE_MS, "GET", &format!("/fapi/v1/{target}")))
}

fn ids(answer: &Value, name: &str) -> Vec<u64> {
    answer.as_array().unwrap().iter().map(|it| it[name].as_u64().unwrap()).collect()
}

#[test]
fn trades_are_told_oldest_first() {
    let mut server = traded();
    let trades = get(&mut server, "trades?symbol=BTCUSDT");
    assert_eq!(ids(&trades, "id"), [1, 2, 3]);
    let first = json!({
        "id": 1, "price": "100.0", "qty": "2.000", "quoteQty": "200", "time": START,
        "isBuyerMaker": true, "isRPITrade": false,
    });
    assert_eq!(trades[0], first);
    assert_eq!(ids(&get(&mut server, "trades?symbol=BTCUSDT&limit=2"), "id"), [2, 3]);
    assert_eq!(get(&mut server, "trades?symbol=ETHUSDT"), json!([]));
    assert_eq!(get(&mut server, "trades")["code"], -1102);
}

#[test]
fn aggregates_are_found_by_number_and_by_time() {
    let mut server = traded();
    let mut found =
        |more: &str| ids(&get(&mut server, &format!("aggTrades?symbol=BTCUSDT{more}")), "a");
    assert_eq!(found(""), [1, 2, 3]);
    assert_eq!(found("&limit=1"), [3]);
    assert_eq!(found("&fromId=2"), [2, 3]);
    assert_eq!(found("&fromId=1&limit=1"), [1]);
    assert_eq!(found(&format!("&startTime={}", START + 59_999)), [2, 3]);
    assert_eq!(found(&format!("&startTime={START}&endTime={}", START + 59_998)), [1]);
}

#[test]
fn candles_come_from_the_tape() {
    let mut server = traded();
    let candles = get(&mut server, "klines?symbol=BTCUSDT&interval=1m");
    let end = START + MINUTE_MS - 1;
    let first = json!([
        START, "100.0", "100.1", "100.0", "100.1", "3.000", end, "300.1", 2, "1.000", "100.1", "0"
    ]);
    assert_eq!((candles.as_array().map(Vec::len), &candles[0]), (Some(2), &first));
    let newest = get(&mut server, "klines?symbol=BTCUSDT&interval=1m&limit=1");
    assert_eq!(newest[0][0], START + MINUTE_MS);
    let oldest = format!("klines?symbol=BTCUSDT&interval=1m&limit=1&startTime={START}");
    assert_eq!(get(&mut server, &oldest)[0][0], START);
    let day = get(&mut server, "klines?symbol=BTCUSDT&interval=1d");
    assert_eq!((&day[0][1], &day[0][4], &day[0][8]), (&json!("100.0"), &json!("100.2"), &json!(3)));
    assert_eq!(get(&mut server, "klines?symbol=BTCUSDT&interval=7m")["code"], -1120);
    assert_eq!(get(&mut server, "klines?symbol=BTCUSDT")["code"], -1102);
}

#[test]
fn tickers_tell_the_last_price_and_the_day() {
    let mut server = traded();
    let last = get(&mut server, "ticker/price?symbol=BTCUSDT");
    let time = START + MINUTE_MS;
    assert_eq!(last, json!({"symbol": "BTCUSDT", "price": "100.2", "time": time}));
    assert_eq!(get(&mut server, "ticker/price").as_array().map(Vec::len), Some(2));
    let day = get(&mut server, "ticker/24hr?symbol=BTCUSDT");
    for (name, value) in [
        ("openPrice", "100.0"),
        ("highPrice", "100.2"),
        ("lowPrice", "100.0"),
        ("lastPrice", "100.2"),
        ("lastQty", "4.000"),
        ("volume", "7.000"),
        ("priceChange", "0.2"),
        ("priceChangePercent", "0.200"),
        ("weightedAvgPrice", "100.1"),
    ] {
        assert_eq!(day[name], value, "{name}");
    }
    assert_eq!((&day["firstId"], &day["lastId"], &day["count"]), (&json!(1), &json!(3), &json!(3)));
    let still = get(&mut server, "ticker/24hr?symbol=ETHUSDT");
    assert_eq!((&still["count"], &still["priceChangePercent"]), (&json!(0), &json!("0.000")));
}

#[test]
fn candles_weigh_what_they_ask_for() {
    for (limit, weight) in [(99, 1), (100, 2), (499, 2), (500, 5), (1_000, 5), (1_001, 10)] {
        let mut server = trading();
        let target = format!("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit={limit}");
        let reply = ask(&mut server, NOW, "GET", &target);
        assert_eq!(reply.headers[0].1, weight.to_string(), "{limit}");
    }
}

#[test]
fn income_is_the_fee_and_the_profit_of_each_trade() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "100.1", "2", ""));
    place(&mut server, "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=2");
    let told = |server: &mut Server, more: &str| -> Vec<(String, String)> {
        let income = signed(server, "GET", "/fapi/v1/income", more);
        let row = |it: &Value| {
            let text = |name: &str| it[name].as_str().unwrap().to_owned();
            (text("incomeType"), text("income"))
        };
        income.as_array().unwrap().iter().map(row).collect()
    };
    let row = |kind: &str, income: &str| (kind.to_owned(), income.to_owned());
    let [bought, profit, sold] = [
        row("COMMISSION", "-0.10010000"),
        row("REALIZED_PNL", "-0.20000000"),
        row("COMMISSION", "-0.10000000"),
    ];
    assert_eq!(told(&mut server, ""), [bought.clone(), profit.clone(), sold.clone()]);
    assert_eq!(told(&mut server, "incomeType=REALIZED_PNL"), [profit]);
    assert_eq!(told(&mut server, "limit=1"), [sold]);
    assert_eq!(told(&mut server, &format!("limit=1&startTime={NOW}")), [bought]);
    assert_eq!(told(&mut server, "symbol=ETHUSDT"), []);
    assert_eq!(signed(&mut server, "GET", "/fapi/v1/income", "symbol=NOPE")["code"], -1121);
}

#[test]
fn what_does_not_exist_here_is_said_so() {
    let mut server = trading();
    assert_eq!(get(&mut server, "openInterest?symbol=BTCUSDT")["code"], -5000);
    let mut signed = |method: &str, path: &str, params: &str| {
        signed(&mut server, method, &format!("/fapi/v1/{path}"), params)
    };
    assert_eq!(signed("GET", "multiAssetsMargin", ""), json!({"multiAssetsMargin": false}));
    assert_eq!(signed("GET", "apiTradingStatus", "")["indicators"], json!({}));
    let crossed = "symbol=BTCUSDT&marginType=CROSSED";
    assert_eq!(signed("POST", "marginType", crossed)["code"], -4046);
    assert_eq!(signed("POST", "marginType", "symbol=BTCUSDT&marginType=ISOLATED")["code"], -1130);
    assert_eq!(signed("POST", "marginType", "symbol=BTCUSDT")["code"], -1102);
    let limits = signed("GET", "rateLimit/order", "");
    let ten = json!({
        "rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300
    });
    assert_eq!(limits[0], ten);
}
