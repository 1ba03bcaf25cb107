//! What the account looks like from the exchange's side, asked over REST with the paper key.

use crate::support::{eventually, pause};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;
use tradekeel::net::http::{HttpClient, HttpLimits, Reply};
use tradekeel::net::{Address, Bytes, Dial, Method, TlsRoots};
use tradekeel::types::Price;

const LIMIT: Duration = Duration::from_secs(5);

const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/// Between two looks: the exchange counts what a minute of questions weighs.
const PAUSE_MS: u64 = 250;

/// A signed question about a symbol; without one it would weigh forty times as much.
fn signed(port: u16, path: &str, symbol: &str) -> Value {
    ask(port, Method::GET, path, &format!("symbol={symbol}"))
}

/// Somebody else buys at the market, on the same account.
pub(crate) fn buy(port: u16, symbol: &str, quantity: &str) {
    let terms = format!("type=MARKET&side=BUY&quantity={quantity}&newClientOrderId=somebody-else");
    let query = format!("symbol={symbol}&{terms}");
    ask(port, Method::POST, "/fapi/v1/order", &query);
}

/// Somebody else bids two per cent below the market, on the same account.
pub(crate) fn bid(port: u16, symbol: &str, quantity: &str) {
    let quote = call(port, Method::GET, &format!("/fapi/v1/ticker/bookTicker?symbol={symbol}"));
    let best = Price::parse(quote["bidPrice"].as_str().unwrap().as_bytes()).unwrap();
    let price = best.moved_bps(-200).floor_to(Price::whole(1));
    let terms = format!("type=LIMIT&timeInForce=GTC&side=BUY&quantity={quantity}");
    let query = format!("symbol={symbol}&{terms}&price={price}");
    ask(port, Method::POST, "/fapi/v1/order", &query);
}

/// Takes back whatever stands in a symbol.
pub(crate) fn cancel_all(port: u16, symbol: &str) {
    ask(port, Method::DELETE, "/fapi/v1/allOpenOrders", &format!("symbol={symbol}"));
}

/// Buys at the market, so much at a time and then less, until margin is insufficient for more.
pub(crate) fn buy_until_refused(port: u16, symbol: &str, amounts: &[&str]) {
    for amount in amounts {
        let refused = (0..200).any(|_| {
            pause(20);
            let query = format!("symbol={symbol}&side=BUY&type=MARKET&quantity={amount}");
            let target = signed_target(port, "/fapi/v1/order", &query);
            let (status, body) = reply(port, Method::POST, &target);
            assert!(status == 200 || body["code"] == -2019 || body["code"] == -4164, "{body}");
            status != 200
        });
        assert!(refused, "the account carries all of it");
    }
}

pub(crate) fn ask(port: u16, method: Method, path: &str, query: &str) -> Value {
    call(port, method, &signed_target(port, path, query))
}

fn signed_target(port: u16, path: &str, query: &str) -> String {
    // By the exchange's own clock, which need not be the machine's.
    let now = call(port, Method::GET, "/fapi/v1/time")["serverTime"].as_u64().unwrap();
    let query = format!("{query}&recvWindow=5000&timestamp={now}");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"paper-secret").unwrap();
    mac.update(query.as_bytes());
    let signature: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{path}?{query}&signature={signature}")
}

/// Orders that stand and could open something: a stop leaves those that only reduce (SAFETY E1).
pub(crate) fn opening_orders(port: u16) -> Vec<Value> {
    let of = |symbol: &&str| signed(port, "/fapi/v1/openOrders", symbol);
    let all = SYMBOLS.iter().flat_map(|symbol| of(symbol).as_array().unwrap().clone());
    all.filter(|order| order["reduceOnly"] == false).collect()
}

/// Waits until none stands.
pub(crate) fn until_no_opening_orders(port: u16) {
    let gone = eventually(|| {
        pause(PAUSE_MS);
        opening_orders(port).is_empty()
    });
    assert!(gone, "{:?}", opening_orders(port));
}

/// The position in a symbol, as the exchange writes it; takes its time.
pub(crate) fn position(port: u16, symbol: &str) -> f64 {
    pause(PAUSE_MS);
    let positions = signed(port, "/fapi/v2/positionRisk", symbol);
    let all = positions.as_array().unwrap();
    let found = all.iter().find(|held| held["symbol"] == symbol);
    found.map_or(0.0, |held| held["positionAmt"].as_str().unwrap().parse().unwrap())
}

pub(crate) fn call(port: u16, method: Method, target: &str) -> Value {
    let (status, body) = reply(port, method, target);
    assert_eq!(status, 200, "{target}: {body}");
    body
}

/// The request weight of the minute, once this has been asked for too.
pub(crate) fn used_weight(port: u16, target: &str) -> u32 {
    let used = answered(port, Method::GET, target);
    used.header("x-mbx-used-weight-1m").unwrap().parse().unwrap()
}

fn reply(port: u16, method: Method, target: &str) -> (u16, Value) {
    let reply = answered(port, method, target);
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    (reply.status, serde_json::from_str(&body).unwrap())
}

fn answered(port: u16, method: Method, target: &str) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let client = HttpClient::new(address, dial, HttpLimits::STANDARD).unwrap();
        let headers = [("X-MBX-APIKEY", "paper-key")];
        client.call(method, target, &headers, Bytes::new(), LIMIT).await.unwrap()
    })
}
