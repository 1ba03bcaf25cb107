//! The dialect from a client's side: a client written from the sheet, knowing nothing of the server.

use super::{AccountSpec, HttpReply, HttpRequest, RateLimits, Server};
use crate::sim::account::Fees;
use crate::sim::market::Synthetic;
use crate::sim::rng::Rng;
use crate::sim::testing::{BTC, instruments, quote, small_book, trade};
use crate::types::{Cash, MarketEvent, Side};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

const NOW: u64 = 1_700_000_000_000;
const KEY: &str = "key-one";
const SECRET: &str = "secret-one";

fn server() -> Server {
    let account = |name: &str| AccountSpec {
        key: format!("key-{name}"),
        secret: format!("secret-{name}"),
        balance: Cash::whole(10_000),
    };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let fees = Fees { maker_centi_bps: 200, taker_centi_bps: 500 };
    Server::new(instruments(), assets, vec![account("one"), account("two")], fees)
}

fn trading() -> Server {
    let mut server = server();
    small_book().iter().for_each(|event| server.on_market(NOW, event));
    server
}

fn sign(payload: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ask(server: &mut Server, now: u64, method: &str, target: &str) -> HttpReply {
    let request = HttpRequest { method, target, api_key: Some(KEY), body: b"" };
    server.on_http(now, &request)
}

fn body(reply: &HttpReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// A signed request, with the parameters in the query.
fn signed_at(server: &mut Server, now: u64, method: &str, path: &str, params: &str) -> HttpReply {
    let payload = format!("{params}{}timestamp={now}", if params.is_empty() { "" } else { "&" });
    let target = format!("{path}?{payload}&signature={}", sign(&payload));
    ask(server, now, method, &target)
}

fn signed(server: &mut Server, method: &str, path: &str, params: &str) -> Value {
    body(&signed_at(server, NOW, method, path, params))
}

fn place(server: &mut Server, params: &str) -> Value {
    signed(server, "POST", "/fapi/v1/order", params)
}

fn limit(side: &str, price: &str, quantity: &str, more: &str) -> String {
    format!(
        "symbol=BTCUSDT&side={side}&type=LIMIT&timeInForce=GTC&price={price}&quantity={quantity}{more}"
    )
}

fn frames(server: &mut Server, connection: u64) -> Vec<Value> {
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let own = drained.into_iter().filter(|(to, _)| *to == connection);
    own.map(|(_, frame)| serde_json::from_slice(&frame).unwrap()).collect()
}

fn listen_key(server: &mut Server) -> String {
    let reply = ask(server, NOW, "POST", "/fapi/v1/listenKey");
    body(&reply)["listenKey"].as_str().unwrap().to_owned()
}

#[test]
fn public_answers_have_the_venues_shape() {
    let mut server = trading();
    assert_eq!(body(&ask(&mut server, NOW, "GET", "/fapi/v1/ping")), json!({}));
    let time = body(&ask(&mut server, NOW, "GET", "/fapi/v1/time"));
    assert_eq!(time, json!({"serverTime": NOW}));
    let listed = body(&ask(&mut server, NOW, "GET", "/fapi/v1/exchangeInfo"));
    let btc = &listed["symbols"][0];
    assert_eq!((&btc["symbol"], &btc["status"]), (&json!("BTCUSDT"), &json!("TRADING")));
    assert_eq!(btc["filters"][0]["tickSize"], "0.1");
    assert_eq!(btc["filters"][1]["stepSize"], "0.001");
    assert_eq!(btc["filters"][5]["notional"], "100");
    assert_eq!(btc["marginAsset"], "USDT");
    let depth = body(&ask(&mut server, NOW, "GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=5"));
    assert_eq!(depth["bids"][0], json!(["100.0", "5.000"]));
    assert_eq!(depth["asks"][2], json!(["100.3", "20.000"]));
    let best = body(&ask(&mut server, NOW, "GET", "/fapi/v1/ticker/bookTicker?symbol=BTCUSDT"));
    assert_eq!((&best["bidPrice"], &best["askQty"]), (&json!("100.0"), &json!("5.000")));
    let all = body(&ask(&mut server, NOW, "GET", "/fapi/v1/ticker/bookTicker"));
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let mark = body(&ask(&mut server, NOW, "GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT"));
    assert_eq!(mark["markPrice"], "100.05000000");
}

#[test]
fn access_is_refused_in_the_venues_words() {
    let mut server = trading();
    let good = format!("timestamp={NOW}");
    let rows = [
        ("GET", "/fapi/v1/nothing".to_owned(), Some(KEY), 404, -5000),
        ("PATCH", "/fapi/v1/order".to_owned(), Some(KEY), 404, -5000),
        ("GET", format!("/fapi/v3/balance?{good}&signature={}", sign(&good)), None, 401, -2014),
        (
            "GET",
            format!("/fapi/v3/balance?{good}&signature={}", sign(&good)),
            Some("x"),
            401,
            -2015,
        ),
        ("GET", format!("/fapi/v3/balance?{good}"), Some(KEY), 400, -1102),
        ("GET", format!("/fapi/v3/balance?{good}&signature=00"), Some(KEY), 400, -1022),
        (
            "GET",
            format!("/fapi/v3/balance?signature={}&{good}", sign(&good)),
            Some(KEY),
            400,
            -1022,
        ),
        ("GET", format!("/fapi/v3/balance?timestamp={}", NOW + 1_000), Some(KEY), 400, -1021),
        ("GET", format!("/fapi/v3/balance?timestamp={}", NOW - 5_001), Some(KEY), 400, -1021),
        ("GET", "/fapi/v3/balance?signature=00".to_owned(), Some(KEY), 400, -1102),
        ("GET", "/fapi/v3/balance?a=1&a=2".to_owned(), Some(KEY), 400, -1101),
        ("GET", "/fapi/v3/balance?a=%zz".to_owned(), Some(KEY), 400, -1100),
        ("POST", "/fapi/v1/listenKey".to_owned(), Some("x"), 401, -2015),
        ("PUT", "/fapi/v1/listenKey".to_owned(), Some(KEY), 400, -1125),
    ];
    for (method, target, api_key, status, code) in rows {
        let request = HttpRequest { method, target: &target, api_key, body: b"" };
        let reply = server.on_http(NOW, &request);
        assert_eq!((reply.status, &body(&reply)["code"]), (status, &json!(code)), "{target}");
    }
}

#[test]
fn parameters_may_come_in_the_body() {
    let mut server = trading();
    let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
    let form = format!("quantity=1&price=100.0&timestamp={NOW}");
    let form = format!("{form}&signature={}", sign(&format!("{query}{form}")));
    let target = format!("/fapi/v1/order?{query}");
    let request =
        HttpRequest { method: "POST", target: &target, api_key: Some(KEY), body: form.as_bytes() };
    let reply = server.on_http(NOW, &request);
    assert_eq!((reply.status, &body(&reply)["status"]), (200, &json!("NEW")));
    let header =
        |name: &str| reply.headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(header("X-MBX-ORDER-COUNT-10S"), "1");
    assert_eq!(header("X-MBX-ORDER-COUNT-1M"), "1");
    assert_eq!(header("X-MBX-USED-WEIGHT-1M"), "0");
}

#[test]
fn orders_are_refused_with_the_venues_codes() {
    let mut server = trading();
    let fine = |more: &str| limit("BUY", "99.0", "2", more);
    assert_eq!(place(&mut server, &fine("&newClientOrderId=taken"))["status"], "NEW");
    let rows = [
        (fine("&newClientOrderId=taken"), -4116),
        (fine("&newClientOrderId=a%20b"), -4015),
        (fine(&format!("&newClientOrderId={}", "x".repeat(37))), -4015),
        (fine("").replace("BTCUSDT", "XXXUSDT"), -1121),
        (fine("").replace("symbol=BTCUSDT&", ""), -1102),
        (fine("").replace("side=BUY", "side=LONG"), -1117),
        (fine("").replace("type=LIMIT", "type=ODD"), -1116),
        (fine("").replace("type=LIMIT", "type=STOP_MARKET"), -4120),
        (fine("").replace("GTC", "GTD"), -1115),
        (fine("").replace("&timeInForce=GTC", ""), -1102),
        (fine("").replace("&price=99.0", ""), -1102),
        (fine("").replace("&price=99.0", "&price="), -1102),
        (fine("").replace("99.0", "ninety"), -1102),
        (fine("").replace("99.0", "99.000000001"), -1111),
        (fine("").replace("99.0", "99999999999999999999"), -1111),
        (fine("").replace("99.0", "99.05"), -4014),
        (fine("").replace("quantity=2", "quantity=0"), -4003),
        (fine("").replace("quantity=2", "quantity=1001"), -4005),
        (fine("").replace("quantity=2", "quantity=2.0005"), -4023),
        (fine("").replace("quantity=2", "quantity=1"), -4164),
        (fine("&positionSide=LONG"), -4061),
        (fine("&reduceOnly=true"), -2022),
        (fine("&reduceOnly=maybe"), -1102),
        (fine("&newOrderRespType=ALL"), -1130),
        (limit("BUY", "100.1", "2", "").replace("GTC", "GTX"), -5022),
        (limit("BUY", "100.1", "6", "").replace("GTC", "FOK"), -5021),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=2&price=100".to_owned(), -1106),
    ];
    for (params, code) in rows {
        let answer = place(&mut server, &params);
        assert_eq!(answer["code"], code, "{params}: {answer}");
    }
    for _ in 0..2 {
        assert_eq!(place(&mut server, &limit("BUY", "99.0", "998", ""))["status"], "NEW");
    }
    assert_eq!(place(&mut server, &limit("BUY", "99.0", "50", ""))["code"], -2019);
    let gone = signed(&mut server, "DELETE", "/fapi/v1/order", "symbol=BTCUSDT&orderId=99");
    assert_eq!(gone, json!({"code": -2011, "msg": "Unknown order sent."}));
    let gone = signed(&mut server, "GET", "/fapi/v1/order", "symbol=BTCUSDT&orderId=99");
    assert_eq!(gone, json!({"code": -2013, "msg": "Order does not exist."}));
    let vague = signed(&mut server, "GET", "/fapi/v1/order", "symbol=BTCUSDT");
    assert_eq!(vague["code"], -1102);
}

#[test]
fn an_order_lives_over_rest_and_its_owner_hears_of_it() {
    let mut server = trading();
    let key = listen_key(&mut server);
    assert_eq!(listen_key(&mut server), key, "a living key is kept");
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    server
        .on_open(NOW, 2, &format!("/private/stream?listenKey={key}&events=ACCOUNT_UPDATE"))
        .unwrap();
    let acknowledged = place(&mut server, &limit("BUY", "100.1", "2", "&newClientOrderId=mine"));
    assert_eq!(
        (&acknowledged["status"], &acknowledged["executedQty"]),
        (&json!("NEW"), &json!("0.000"))
    );
    let told: Vec<(u64, Value)> =
        server.drain().map(|(to, frame)| (to, serde_json::from_slice(&frame).unwrap())).collect();
    let own = |to: u64| told.iter().filter(move |(id, _)| *id == to).map(|(_, frame)| frame);
    let names: Vec<&str> = own(1).map(|frame| frame["e"].as_str().unwrap()).collect();
    assert_eq!(names, ["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE"]);
    let account = own(1).next().unwrap();
    assert_eq!(account["a"]["P"][0]["pa"], "2.000");
    assert_eq!(account["a"]["B"][0]["wb"], "9999.89990000");
    let filled = &own(1).last().unwrap()["o"];
    for (field, value) in [
        ("c", json!("mine")),
        ("x", json!("TRADE")),
        ("X", json!("FILLED")),
        ("l", json!("2.000")),
        ("L", json!("100.1")),
        ("z", json!("2.000")),
        ("n", json!("0.1001")),
        ("N", json!("USDT")),
        ("m", json!(false)),
        ("t", json!(1)),
        ("ps", json!("BOTH")),
    ] {
        assert_eq!(filled[field], value, "{field}");
    }
    assert_eq!(own(2).count(), 1, "only what was asked for");
    assert_eq!(own(2).next().unwrap()["stream"], json!(key));

    let asked = "symbol=BTCUSDT&origClientOrderId=mine";
    let order = signed(&mut server, "GET", "/fapi/v1/order", asked);
    assert_eq!((&order["status"], &order["avgPrice"]), (&json!("FILLED"), &json!("100.1")));
    let trades = signed(&mut server, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    assert_eq!((&trades[0]["id"], &trades[0]["commission"]), (&json!(1), &json!("0.1001")));
    let none = signed(&mut server, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT&fromId=2");
    assert_eq!(none, json!([]));
    let positions = signed(&mut server, "GET", "/fapi/v3/positionRisk", "");
    assert_eq!(positions.as_array().map(Vec::len), Some(1), "what is flat is left out");
    assert_eq!(positions[0]["positionAmt"], "2.000");
    let positions = signed(&mut server, "GET", "/fapi/v2/positionRisk", "");
    assert_eq!(
        (positions.as_array().map(Vec::len), &positions[0]["leverage"]),
        (Some(2), &json!("20"))
    );
    let balance = signed(&mut server, "GET", "/fapi/v3/balance", "");
    assert_eq!(balance[0]["balance"], "9999.89990000");
    let account = signed(&mut server, "GET", "/fapi/v3/account", "");
    assert_eq!(account["totalWalletBalance"], "9999.89990000");
}

#[test]
fn open_orders_are_listed_and_taken_back() {
    let mut server = trading();
    let placed = place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    place(&mut server, &limit("SELL", "101.0", "2", "&newClientOrderId=b"));
    let open = signed(&mut server, "GET", "/fapi/v1/openOrders", "symbol=BTCUSDT");
    assert_eq!(open.as_array().map(Vec::len), Some(2));
    let other = signed(&mut server, "GET", "/fapi/v1/openOrders", "symbol=ETHUSDT");
    assert_eq!(other, json!([]));
    let by_id = format!("symbol=BTCUSDT&orderId={}", placed["orderId"]);
    let canceled = signed(&mut server, "DELETE", "/fapi/v1/order", &by_id);
    assert_eq!(
        (&canceled["status"], &canceled["clientOrderId"]),
        (&json!("CANCELED"), &json!("a"))
    );
    let closed = signed(&mut server, "GET", "/fapi/v1/openOrder", &by_id);
    assert_eq!(closed["code"], -2013);
    for _ in 0..2 {
        let all = signed(&mut server, "DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
        assert_eq!(all["code"], 200);
    }
    assert_eq!(signed(&mut server, "GET", "/fapi/v1/openOrders", ""), json!([]));
}

#[test]
fn accounts_do_not_see_each_other() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    let two = crate::sim::AccountIndex(1);
    assert_eq!(server.exchange().open_orders(two).count(), 0);
    assert_eq!(server.exchange().open_orders(crate::sim::AccountIndex(0)).count(), 1);
}

#[test]
fn a_result_says_what_became_of_the_order() {
    let mut server = trading();
    let params = limit("BUY", "100.1", "6", "&newOrderRespType=RESULT").replace("GTC", "IOC");
    let result = place(&mut server, &params);
    assert_eq!((&result["status"], &result["executedQty"]), (&json!("EXPIRED"), &json!("5.000")));
}

#[test]
fn the_position_mode_is_one_way() {
    let mut server = trading();
    let path = "/fapi/v1/positionSide/dual";
    assert_eq!(signed(&mut server, "GET", path, ""), json!({"dualSidePosition": false}));
    assert_eq!(signed(&mut server, "POST", path, "dualSidePosition=false")["code"], -4059);
    assert_eq!(signed(&mut server, "POST", path, "dualSidePosition=true")["code"], -4061);
}

#[test]
fn the_dead_mans_switch_fires_unless_it_is_set_again() {
    let mut server = trading();
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws/{key}")).unwrap();
    place(&mut server, &limit("BUY", "99.0", "2", ""));
    let set = |server: &mut Server, now: u64, time: u64| {
        let params = format!("symbol=BTCUSDT&countdownTime={time}");
        body(&signed_at(server, now, "POST", "/fapi/v1/countdownCancelAll", &params))
    };
    let armed = set(&mut server, NOW, 1_000);
    assert_eq!(armed, json!({"symbol": "BTCUSDT", "countdownTime": "1000"}));
    server.advance(NOW + 999);
    set(&mut server, NOW + 999, 1_000);
    server.advance(NOW + 1_998);
    frames(&mut server, 1);
    server.advance(NOW + 1_999);
    let told = frames(&mut server, 1);
    assert_eq!((told.len(), &told[0]["o"]["X"]), (1, &json!("CANCELED")));
    place(&mut server, &limit("BUY", "99.0", "2", ""));
    set(&mut server, NOW, 1_000);
    set(&mut server, NOW, 0);
    server.advance(NOW + 5_000);
    assert_eq!(server.exchange().open_orders(crate::sim::AccountIndex(0)).count(), 1);
}

#[test]
fn a_listen_key_lives_an_hour_from_its_last_keep_alive() {
    const HOUR: u64 = 3_600_000;
    let mut server = trading();
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws/{key}")).unwrap();
    assert_eq!(ask(&mut server, NOW + 1_000, "PUT", "/fapi/v1/listenKey").status, 200);
    server.advance(NOW + HOUR + 999);
    assert!(frames(&mut server, 1).is_empty());
    server.advance(NOW + HOUR + 1_000);
    let told = frames(&mut server, 1);
    assert_eq!(told[0]["e"], "listenKeyExpired");
    assert_eq!(told[0]["E"], json!((NOW + HOUR + 1_000).to_string()));
    assert_eq!(server.drain_closed().collect::<Vec<_>>(), [1]);
    assert_eq!(ask(&mut server, NOW + HOUR + 1_000, "PUT", "/fapi/v1/listenKey").status, 400);
    assert_eq!(server.on_open(NOW + HOUR, 2, &format!("/private/ws/{key}")), Err(400));
    assert_ne!(listen_key(&mut server), key);
    assert_eq!(ask(&mut server, NOW, "DELETE", "/fapi/v1/listenKey").status, 200);
}

#[test]
fn limits_are_told_and_kept() {
    let mut server = trading();
    let mut limits = RateLimits { weight_per_minute: 3, ..RateLimits::VENUE };
    limits.orders_per_ten_seconds = 1;
    server.set_rate_limits(limits);
    for expected in [200, 200, 200, 429] {
        assert_eq!(ask(&mut server, NOW, "GET", "/fapi/v1/ping").status, expected);
    }
    let reply = ask(&mut server, NOW, "GET", "/fapi/v1/ping");
    assert_eq!(body(&reply)["code"], -1003);
    assert!(reply.headers.iter().any(|(name, _)| name == "Retry-After"));
    let later = NOW + 60_000;
    assert_eq!(ask(&mut server, later, "GET", "/fapi/v1/ping").status, 200);
    let order = limit("BUY", "99.0", "2", "");
    assert_eq!(signed_at(&mut server, later, "POST", "/fapi/v1/order", &order).status, 200);
    let refused = signed_at(&mut server, later, "POST", "/fapi/v1/order", &order);
    assert_eq!((refused.status, &body(&refused)["code"]), (429, &json!(-1015)));
}

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
    use crate::sim::testing::{btc, delta, end};
    use crate::types::MarketData;
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
    assert_eq!(api(&mut server, "order.cancel", &named)["error"]["code"], -2011);
    let balance = api(&mut server, "v2/account.balance", &[]);
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
    let forged = format!(
        r#"{{"id":6,"method":"order.status","params":{{"apiKey":"key-one","timestamp":{NOW},"signature":"00"}}}}"#
    );
    server.on_text(NOW, 9, forged.as_bytes());
    assert_eq!(frames(&mut server, 9).pop().unwrap()["error"]["code"], -1022);
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let mut server = trading();
    for connection in 0..100 {
        server.on_open(NOW, connection, "/public/ws/btcusdt@depth20").unwrap();
    }
    let mut market = Synthetic::new(1, &instruments());
    for _ in 0..100_000 {
        server.on_market(NOW, &market.next().unwrap().1);
        if server.drain_closed().count() != 0 {
            assert!(server.drain().map(|(_, frame)| frame.len()).sum::<usize>() <= 64 << 20);
            return;
        }
    }
    panic!("memory was not bounded");
}

/// Pieces that hostile requests are made of.
const PIECES: [&str; 24] = [
    "symbol=BTCUSDT",
    "side=BUY",
    "side=SELL",
    "type=LIMIT",
    "type=MARKET",
    "timeInForce=GTC",
    "timeInForce=FOK",
    "price=100.1",
    "price=-9e99",
    "price=99999999999999999999999999999",
    "quantity=1.5",
    "quantity=0.00000000000000000001",
    "quantity=92233720368.54775807",
    "reduceOnly=true",
    "orderId=18446744073709551616",
    "orderId=1",
    "limit=1000",
    "limit=%00",
    "newClientOrderId=%F0%9F%92%A3",
    "newClientOrderId=a",
    "countdownTime=18446744073709551615",
    "fromId=18446744073709551615",
    "startTime=x",
    "=&=&&&",
];

const PATHS: [&str; 14] = [
    "/fapi/v1/order",
    "/fapi/v1/depth",
    "/fapi/v1/userTrades",
    "/fapi/v1/openOrders",
    "/fapi/v1/allOpenOrders",
    "/fapi/v1/countdownCancelAll",
    "/fapi/v3/positionRisk",
    "/fapi/v1/listenKey",
    "/fapi/v1/exchangeInfo",
    "/fapi/v1/premiumIndex",
    "/fapi/v2/account",
    "/fapi/v1/positionSide/dual",
    "",
    "/%",
];

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[usize::try_from(rng.below(u64::try_from(of.len()).unwrap())).unwrap()]
}

#[test]
fn no_request_makes_it_panic() {
    let mut server = trading();
    let most = u32::MAX;
    server.set_rate_limits(RateLimits {
        weight_per_minute: most,
        orders_per_ten_seconds: most,
        orders_per_minute: most,
    });
    let mut rng = Rng::new(99);
    let mut served = 0;
    for _ in 0..10_000 {
        let count = rng.below(9);
        let params: Vec<&str> = (0..count).map(|_| pick(&mut rng, &PIECES)).collect();
        let (method, path) =
            (pick(&mut rng, &["GET", "POST", "PUT", "DELETE", "\0"]), pick(&mut rng, &PATHS));
        let reply = signed_at(&mut server, NOW, method, path, &params.join("&"));
        served += usize::from(reply.status == 200);
        assert!(serde_json::from_slice::<Value>(&reply.body).is_ok());
    }
    assert!(100 < served, "{served} hostile requests went deep enough to be served");
}

#[test]
fn no_message_makes_it_panic() {
    let mut server = trading();
    server.on_open(NOW, 1, "/stream").unwrap();
    server.on_open(NOW, 9, "/ws-fapi/v1").unwrap();
    let good: [&[u8]; 4] = [
        br#"{"method":"SUBSCRIBE","params":["btcusdt@depth","@","a@b@c",7],"id":1}"#,
        br#"{"id":"x","method":"order.place","params":{"apiKey":"key-one","timestamp":1e400}}"#,
        br#"{"id":[],"method":"order.place","params":{"apiKey":{},"price":[[[]]]}}"#,
        br#"{"id":null,"method":7,"params":[1,2,3]}"#,
    ];
    let mut rng = Rng::new(5);
    for _ in 0..10_000 {
        let at = usize::try_from(rng.below(4)).unwrap();
        let mut text = good[at].to_vec();
        for _ in 0..rng.below(4) {
            let at = usize::try_from(rng.below(u64::try_from(text.len()).unwrap())).unwrap();
            text[at] = u8::try_from(rng.below(256)).unwrap();
        }
        text.truncate(usize::try_from(rng.below(u64::try_from(text.len() + 1).unwrap())).unwrap());
        server.on_text(NOW, if rng.chance(500) { 1 } else { 9 }, &text);
        let answers: Vec<_> = server.drain().collect();
        assert_eq!(answers.len(), 1, "every message is answered");
    }
    server.on_text(NOW, 1, "[".repeat(100_000).as_bytes());
    server.on_text(NOW, 77, b"nobody");
    let strange =
        MarketEvent { instrument: crate::types::InstrumentId(40), ..quote("1", "1", "2", "1") };
    server.on_market(NOW, &strange);
    assert!(server.exchange().book(BTC).is_some());
}
