//! Streams and the WebSocket API, and a client's book that is synced from them.

use super::{KEY, NOW, ask, body, frames, server, sign, signed, trading};
use crate::sim::binance::Server;
use crate::sim::market::Synthetic;
use crate::sim::testing::{btc, delta, end, instruments, quote, trade};
use crate::types::{MarketData, Side};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn market_streams_carry_the_exchanges_own_time() {
    let mut server = trading();
    let target = "/public/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@depth5@100ms";
    server.on_open(NOW, 1, target).unwrap();
    server.on_open(NOW, 2, "/market/ws/btcusdt@aggTrade").unwrap();
    server.on_open(NOW, 3, "/ws").unwrap();
    server.on_text(NOW, 3, br#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":7}"#);
    server.on_text(NOW, 3, br#"{"method":"LIST_SUBSCRIPTIONS","id":"x"}"#);
    let answers = frames(&mut server, 3);
    assert_eq!(answers[0], json!({"result": null, "id": 7}));
    assert_eq!(answers[1], json!({"result": ["btcusdt@bookTicker"], "id": "x"}));
    let mut old = quote("100.0", "6", "100.1", "5");
    old.sent_unix_ms = Some(1);
    server.on_market(NOW + 5, &old);
    server.on_market(NOW + 6, &trade("100.0", "0.5", Side::Sell));
    let drained: Vec<(u64, Value)> =
        server.drain().map(|(to, frame)| (to, serde_json::from_slice(&frame).unwrap())).collect();
    let (to, ticker) = &drained[0];
    assert_eq!((*to, &ticker["stream"]), (1, &json!("btcusdt@bookTicker")));
    assert_eq!((&ticker["data"]["E"], &ticker["data"]["B"]), (&json!(NOW + 5), &json!("6.000")));
    assert_eq!((drained[1].0, &drained[1].1["e"]), (3, &json!("bookTicker")));
    let (_, trade) = &drained[2];
    assert_eq!((&trade["data"]["p"], &trade["data"]["m"]), (&json!("100.0"), &json!(true)));
    assert_eq!((drained[3].0, &drained[3].1["e"]), (2, &json!("aggTrade")));
    server.on_text(NOW, 3, br#"{"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":8}"#);
    server.on_close(1);
    server.on_market(NOW + 7, &quote("100.0", "7", "100.1", "5"));
    assert_eq!(server.drain().count(), 1, "only the answer to UNSUBSCRIBE");
}

#[test]
fn marks_are_told_once_a_second_under_market_only() {
    let mut server = trading();
    server.on_open(NOW, 1, "/market/ws/btcusdt@markPrice@1s").unwrap();
    server.on_open(NOW, 2, "/public/ws/btcusdt@markPrice@1s").unwrap();
    server.on_market(NOW + 1, &quote("100.0", "6", "100.1", "5"));
    for ms in (0..2_500).step_by(10) {
        server.advance(NOW + 2_000 + ms);
    }
    let told = frames(&mut server, 1);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!((&told[0]["e"], &told[0]["s"]), (&json!("markPriceUpdate"), &json!("BTCUSDT")));
    assert_eq!(told[0]["p"], "100.05000000");
    assert_eq!(told[1]["E"].as_u64().unwrap() - told[0]["E"].as_u64().unwrap(), 1_000);
    assert!(frames(&mut server, 2).is_empty());
}

#[test]
fn a_wrong_address_is_refused_or_silent() {
    let mut server = trading();
    for target in ["/", "/public", "/public/stream/x", "/wsx", "/private/ws?listenKey=x"] {
        assert!(server.on_open(NOW, 1, target).is_err(), "{target}");
    }
    server.on_open(NOW, 1, "/market/ws/btcusdt@bookTicker").unwrap();
    server.on_open(NOW, 2, "/public/ws/BTCUSDT@bookTicker").unwrap();
    server.on_market(NOW, &quote("100.0", "7", "100.1", "5"));
    assert_eq!(server.drain().count(), 0);
}

/// A client's book, synced by the rules of the sheet and nothing else.
#[derive(Default)]
struct ClientBook {
    sides: [BTreeMap<String, String>; 2],
    last: Option<u64>,
}

impl ClientBook {
    fn begin(&mut self, snapshot: &Value) {
        *self = Self { last: None, ..Self::default() };
        self.set(&snapshot["bids"], &snapshot["asks"]);
    }

    fn set(&mut self, bids: &Value, asks: &Value) {
        for (side, levels) in self.sides.iter_mut().zip([bids, asks]) {
            for level in levels.as_array().unwrap() {
                let (at, amount) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
                match amount.bytes().all(|byte| byte == b'0' || byte == b'.') {
                    true => side.remove(at),
                    false => side.insert(at.to_owned(), amount.to_owned()),
                };
            }
        }
    }

    /// Drop what is older; the first must straddle the snapshot; the rest must follow on.
    fn update(&mut self, snapshot_id: u64, frame: &Value) {
        let number = |name: &str| frame[name].as_u64().unwrap();
        let (first, last, previous) = (number("U"), number("u"), number("pu"));
        if last < snapshot_id {
            return;
        }
        match self.last {
            None => assert!(first <= snapshot_id && snapshot_id <= last, "no straddling update"),
            Some(known) => assert_eq!(previous, known, "a gap"),
        }
        self.set(&frame["b"], &frame["a"]);
        self.last = Some(last);
    }
}

#[test]
fn a_client_that_syncs_by_the_rules_has_our_book() {
    let (mut server, mut now_ns) = (server(), NOW * 1_000_000);
    server.on_open(NOW, 1, "/public/ws/btcusdt@depth@100ms").unwrap();
    let mut market = Synthetic::new(11, &instruments());
    for round in 0..40_usize {
        let mut buffered = Vec::new();
        let mut client = ClientBook::default();
        let mut snapshot_id = None;
        // The snapshot comes at any moment, in the middle of a frame too.
        let snapshot_at = 100 + round * 7;
        for step in 0..1_500 {
            let (delay_ns, event) = market.next().unwrap();
            now_ns += delay_ns;
            server.on_market(now_ns / 1_000_000, &event);
            if step == snapshot_at {
                let now = now_ns / 1_000_000;
                let target = "/fapi/v1/depth?symbol=BTCUSDT&limit=1000";
                let snapshot = body(&ask(&mut server, now, "GET", target));
                snapshot_id = snapshot["lastUpdateId"].as_u64();
                client.begin(&snapshot);
            }
            buffered.extend(frames(&mut server, 1));
            if let Some(snapshot_id) = snapshot_id {
                buffered.drain(..).for_each(|frame| client.update(snapshot_id, &frame));
            }
        }
        assert!(client.last.is_some());
        let now = loop {
            let (delay_ns, event) = market.next().unwrap();
            now_ns += delay_ns;
            server.on_market(now_ns / 1_000_000, &event);
            let told = frames(&mut server, 1);
            told.iter().for_each(|frame| client.update(snapshot_id.unwrap(), frame));
            if !told.is_empty() {
                break now_ns / 1_000_000;
            }
        };
        let whole = body(&ask(&mut server, now, "GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000"));
        let mut ours = ClientBook::default();
        ours.begin(&whole);
        assert_eq!(client.sides, ours.sides, "round {round}");
    }
}

#[test]
fn a_replaced_book_is_told_as_a_difference() {
    let mut server = trading();
    server.on_open(NOW, 1, "/public/ws/btcusdt@depth").unwrap();
    let replaced = [
        btc(MarketData::BookBegin),
        delta(Side::Buy, "99.9", "1"),
        delta(Side::Sell, "100.2", "3"),
        end(),
    ];
    replaced.iter().for_each(|event| server.on_market(NOW, event));
    let told = frames(&mut server, 1);
    let bids = json!([["99.8", "0.000"], ["99.9", "1.000"], ["100.0", "0.000"]]);
    assert_eq!((told.len(), &told[0]["b"]), (1, &bids));
}

/// A request of the WebSocket API, signed over the sorted parameters.
fn api(server: &mut Server, method: &str, params: &[(&str, &str)]) -> Value {
    let now = NOW.to_string();
    let mut all: BTreeMap<&str, &str> = params.iter().copied().collect();
    all.extend([("apiKey", KEY), ("timestamp", now.as_str())]);
    let payload: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let signature = sign(&payload.join("&"));
    all.insert("signature", &signature);
    let request = json!({"id": "r-1", "method": method, "params": all});
    server.on_text(NOW, 9, request.to_string().as_bytes());
    frames(server, 9).pop().unwrap()
}

#[test]
fn orders_live_over_the_websocket_api() {
    let mut server = trading();
    server.on_open(NOW, 9, "/ws-fapi/v1").unwrap();
    let order = [
        ("symbol", "BTCUSDT"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("timeInForce", "GTC"),
        ("price", "99.0"),
        ("quantity", "2"),
        ("newClientOrderId", "mine"),
    ];
    let placed = api(&mut server, "order.place", &order);
    assert_eq!((&placed["id"], &placed["status"]), (&json!("r-1"), &json!(200)));
    assert_eq!(placed["result"]["status"], "NEW");
    assert_eq!(placed["rateLimits"][1]["count"], 1);
    let again = api(&mut server, "order.place", &order);
    assert_eq!((&again["status"], &again["error"]["code"]), (&json!(400), &json!(-4116)));
    let named = [("symbol", "BTCUSDT"), ("origClientOrderId", "mine")];
    assert_eq!(api(&mut server, "order.status", &named)["result"]["status"], "NEW");
    assert_eq!(api(&mut server, "order.cancel", &named)["result"]["status"], "CANCELED");
    let late = api(&mut server, "order.cancel", &named);
    assert_eq!(late["error"]["code"], -2011);
    assert_eq!(
        late["rateLimits"][0]["count"], 3,
        "one for each cancel and question, none for orders"
    );
    let balance = api(&mut server, "v2/account.balance", &[]);
    assert_eq!(balance["rateLimits"][0]["count"], 8);
    assert_eq!(balance["result"][0]["balance"], "10000.00000000");
    assert_eq!(api(&mut server, "v2/account.position", &[])["result"], json!([]));
    let key = api(&mut server, "userDataStream.start", &[])["result"]["listenKey"].clone();
    assert_eq!(api(&mut server, "userDataStream.ping", &[])["result"]["listenKey"], key);
    assert_eq!(api(&mut server, "userDataStream.stop", &[])["result"], json!({}));
    assert_eq!(api(&mut server, "userDataStream.ping", &[])["error"]["code"], -1125);
    assert_eq!(api(&mut server, "order.invent", &[])["error"]["code"], -1130);
    server.on_text(NOW, 9, br#"{"id":5,"method":"ping"}"#);
    let pong = frames(&mut server, 9).pop().unwrap();
    assert_eq!((&pong["id"], &pong["result"]), (&json!(5), &json!({})));
    server.on_text(NOW, 9, br#"{"id":6,"method":"order.place","params":{"apiKey":"key-one"}}"#);
    assert_eq!(frames(&mut server, 9).pop().unwrap()["error"]["code"], -1102);
    let params = json!({"apiKey": KEY, "timestamp": NOW, "signature": "00"});
    let forged = json!({"id": 6, "method": "order.status", "params": params}).to_string();
    server.on_text(NOW, 9, forged.as_bytes());
    assert_eq!(frames(&mut server, 9).pop().unwrap()["error"]["code"], -1022);
}

#[test]
fn an_account_is_called_once_and_told_of_its_leverage() {
    let mut server = trading();
    let key = body(&ask(&mut server, NOW, "POST", "/fapi/v1/listenKey"))["listenKey"].clone();
    let target = format!("/private/ws?listenKey={}", key.as_str().unwrap());
    server.on_open(NOW, 1, &target).unwrap();
    signed(&mut server, "POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=10");
    let told = frames(&mut server, 1);
    assert_eq!(told[0]["ac"], json!({"s": "BTCUSDT", "l": 10}));
    let refused = signed(&mut server, "POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=126");
    assert_eq!(refused["code"], -4028);
    let config = signed(&mut server, "GET", "/fapi/v1/symbolConfig", "symbol=BTCUSDT");
    assert_eq!((&config[0]["leverage"], &config[0]["marginType"]), (&json!(10), &json!("CROSSED")));
    let order = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=5";
    signed(&mut server, "POST", "/fapi/v1/order", order);
    let poor = crate::types::Cash::whole(3);
    let account = crate::sim::AccountIndex(0);
    server
        .usdm
        .as_mut()
        .unwrap()
        .exchange
        .account_mut(account)
        .set_wallet(crate::types::AssetId(0), poor);
    frames(&mut server, 1);
    server.advance(NOW + 1);
    server.advance(NOW + 2);
    let calls = frames(&mut server, 1);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!((&calls[0]["e"], &calls[0]["cw"]), (&json!("MARGIN_CALL"), &json!("3.00000000")));
    assert_eq!(calls[0]["p"][0]["mm"], "2.00100000");
}

/// The venue's own number of what lies below a tier fits its rates.
#[test]
fn brackets_are_written_with_the_venues_own_sums() {
    let mut server = trading();
    let told = signed(&mut server, "GET", "/fapi/v1/leverageBracket", "symbol=BTCUSDT");
    let all = told["brackets"].as_array().unwrap();
    let third = json!({
        "bracket": 3,
        "initialLeverage": 75,
        "notionalCap": 3_000_000,
        "notionalFloor": 600_000,
        "maintMarginRatio": 0.0065,
        "cum": 950,
    });
    assert_eq!((all.len(), &all[2]), (6, &third));
    let listed = signed(&mut server, "GET", "/fapi/v1/leverageBracket", "");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]), (2, &told));
}

#[test]
fn names_of_streams_have_a_bound() {
    let mut server = trading();
    let long = "x".repeat(129);
    assert_eq!(server.on_open(NOW, 1, &format!("/public/ws/{long}")), Err(400));
    assert_eq!(server.on_open(NOW, 1, &format!("/stream?streams={}", &long[1..])), Ok(()));
    let request = json!({"method": "SUBSCRIBE", "params": [long], "id": 1});
    server.on_text(NOW, 1, request.to_string().as_bytes());
    assert_eq!(frames(&mut server, 1)[0]["error"]["code"], 2);
}
