//! Order entry, private events and market streams over sockets.

use super::{KEY, NOW, frames, limit, place, say, signed, trading};
use crate::sim::binance::Server;
use crate::sim::testing::{delta, end, quote, trade};
use crate::types::{Cash, Side};
use crate::venue::key::Proof;
use serde_json::{Value, json};

fn listening() -> Server {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    say(&mut server, 1, "userDataStream.subscribe.signature", &json!({}));
    let answer = frames(&mut server, 1);
    assert_eq!(answer[0]["result"], json!({"subscriptionId": 0}), "{answer:?}");
    server
}

fn events(server: &mut Server) -> Vec<Value> {
    let told = frames(server, 1).into_iter().filter(|it| it["subscriptionId"] == 0);
    told.map(|it| it["event"].clone()).collect()
}

#[test]
fn the_owner_is_told_of_orders_and_then_of_wallets() {
    let mut server = listening();
    let placed = place(&mut server, &format!("{}&newClientOrderId=one", limit("BUY", "99.9", "2")));
    let told = events(&mut server);
    assert_eq!(told.len(), 2);
    let report = &told[0];
    assert_eq!(
        (&report["e"], &report["x"], &report["X"]),
        (&json!("executionReport"), &json!("NEW"), &json!("NEW"))
    );
    assert_eq!(
        (&report["c"], &report["C"], &report["i"]),
        (&json!("one"), &json!(""), &placed["orderId"])
    );
    assert_eq!(
        (&report["w"], &report["t"], &report["N"]),
        (&json!(true), &json!(-1), &json!(null))
    );
    assert_eq!(told[1]["B"], json!([{"a": "USDT", "f": "9800.20000000", "l": "199.80000000"}]));
    server.on_market(NOW, &trade("99.9", "11", Side::Sell));
    let told = events(&mut server);
    let report = &told[0];
    assert_eq!(
        (&report["x"], &report["X"], &report["m"]),
        (&json!("TRADE"), &json!("PARTIALLY_FILLED"), &json!(true))
    );
    assert_eq!(
        (&report["l"], &report["L"], &report["Y"]),
        (&json!("1.00000000"), &json!("99.90000000"), &json!("99.90000000"))
    );
    assert_eq!((&report["n"], &report["N"]), (&json!("0.00100000"), &json!("BTC")));
    assert_eq!(told[1]["B"].as_array().unwrap().len(), 2);
    signed(
        &mut server,
        "DELETE",
        "/api/v3/order",
        "symbol=BTCUSDT&origClientOrderId=one&newClientOrderId=bye",
    );
    let told = events(&mut server);
    assert_eq!(
        (&told[0]["x"], &told[0]["c"], &told[0]["C"]),
        (&json!("CANCELED"), &json!("bye"), &json!("one"))
    );
    assert_eq!(told[1]["B"][0]["l"], "0.00000000");
}

#[test]
fn amendments_and_expiries_are_told_with_their_words() {
    let mut server = listening();
    place(&mut server, &format!("{}&newClientOrderId=one", limit("BUY", "99.0", "2")));
    say(
        &mut server,
        1,
        "order.amend.keepPriority",
        &json!({
            "symbol": "BTCUSDT",
            "origClientOrderId": "one",
            "newQty": "1",
            "newClientOrderId": "two",
        }),
    );
    place(&mut server, &limit("BUY", "99.0", "1").replace("GTC", "IOC"));
    let told = events(&mut server);
    let replaced = told.iter().find(|it| it["x"] == "REPLACED").unwrap();
    assert_eq!(
        (&replaced["c"], &replaced["C"], &replaced["q"]),
        (&json!("two"), &json!("one"), &json!("1.00000000"))
    );
    let expired = told.iter().find(|it| it["x"] == "EXPIRED").unwrap();
    assert_eq!(
        (&expired["eR"], &expired["w"]),
        (&json!("UNFILLED_IOC_QUANTITY_EXPIRED"), &json!(false))
    );
    let numbers: Vec<u64> = told.iter().filter_map(|it| it["I"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
}

#[test]
fn nobody_is_told_of_strangers() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    place(&mut server, &limit("BUY", "99.0", "1"));
    assert_eq!(frames(&mut server, 1), Vec::<Value>::new());
}

#[test]
fn subscriptions_begin_once_and_end_with_a_word() {
    let mut server = listening();
    say(&mut server, 1, "userDataStream.subscribe.signature", &json!({}));
    assert_eq!(frames(&mut server, 1)[0]["error"]["code"], -2035);
    say(&mut server, 1, "session.subscriptions", &json!({}));
    assert_eq!(frames(&mut server, 1)[0]["result"], json!([{"subscriptionId": 0}]));
    say(&mut server, 1, "userDataStream.unsubscribe", &json!({"subscriptionId": 0}));
    let told = frames(&mut server, 1);
    assert_eq!(told[0]["event"]["e"], "eventStreamTerminated");
    assert_eq!(told[1]["result"], json!({}));
    say(&mut server, 1, "userDataStream.unsubscribe", &json!({"subscriptionId": 0}));
    assert_eq!(frames(&mut server, 1)[0]["error"]["code"], -2036);
    place(&mut server, &limit("BUY", "99.0", "1"));
    assert_eq!(frames(&mut server, 1), Vec::<Value>::new());
}

#[test]
fn sessions_are_for_other_keys() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    say(&mut server, 1, "session.logon", &json!({}));
    assert_eq!(frames(&mut server, 1)[0]["error"]["code"], -4056);
    say(&mut server, 1, "session.status", &json!({}));
    let status = frames(&mut server, 1)[0]["result"].clone();
    assert_eq!((&status["apiKey"], &status["connectedSince"]), (&json!(null), &json!(NOW)));
    server.on_text(NOW, 1, br#"{"id":1,"method":"userDataStream.start"}"#);
    assert_eq!(frames(&mut server, 1)[0]["status"], 400);
}

#[test]
fn orders_are_entered_over_the_socket_with_the_same_words() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    // Numbers in place of texts, as some clients send them.
    let order = json!({
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": 99.5,
        "quantity": 1,
    });
    say(&mut server, 1, "order.place", &order);
    let answer = frames(&mut server, 1).remove(0);
    assert_eq!((&answer["status"], &answer["id"]), (&json!(200), &json!("order.place")));
    assert_eq!(answer["result"]["price"], "99.50000000");
    let limits: Vec<&Value> =
        answer["rateLimits"].as_array().unwrap().iter().map(|it| &it["rateLimitType"]).collect();
    assert_eq!(limits, ["REQUEST_WEIGHT", "ORDERS", "ORDERS"]);
    say(&mut server, 1, "openOrders.cancelAll", &json!({"symbol": "BTCUSDT"}));
    assert_eq!(frames(&mut server, 1)[0]["result"][0]["status"], "CANCELED");
    say(&mut server, 1, "order.cancel", &json!({"symbol": "BTCUSDT", "orderId": 1}));
    let refused = frames(&mut server, 1).remove(0);
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!(400), &json!(-2011)));
    let unsigned =
        json!({"id": 5, "method": "account.status", "params": {"apiKey": KEY, "timestamp": NOW}});
    server.on_text(NOW, 1, unsigned.to_string().as_bytes());
    assert_eq!(frames(&mut server, 1)[0]["error"]["code"], -1102);
    let named = json!({"id": 6, "method": "exchangeInfo", "params": {"symbols": ["BTCUSDT"]}});
    server.on_text(NOW, 1, named.to_string().as_bytes());
    assert_eq!(frames(&mut server, 1)[0]["result"]["symbols"].as_array().unwrap().len(), 1);
    let day = json!({"id": 7, "method": "ticker.24hr", "params": {"symbol": "BTCUSDT"}});
    server.on_text(NOW, 1, day.to_string().as_bytes());
    let answer = frames(&mut server, 1).remove(0);
    assert_eq!((&answer["status"], &answer["result"]["count"]), (&json!(200), &json!(0)));
}

#[test]
fn market_streams_say_what_the_sheet_says() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws/btcusdt@bookTicker").unwrap();
    server.on_open(NOW, 2, "/stream?streams=btcusdt@trade/btcusdt@depth@100ms").unwrap();
    server.on_open(NOW, 3, "/ws").unwrap();
    server.on_text(
        NOW,
        3,
        br#"{"method":"SUBSCRIBE","params":["btcusdt@depth5","btcusdt@aggTrade"],"id":7}"#,
    );
    assert_eq!(frames(&mut server, 3)[0], json!({"result": null, "id": 7}));
    server.on_market(NOW, &quote("100.0", "6", "100.1", "5"));
    let best = frames(&mut server, 1).remove(0);
    assert_eq!(
        (&best["b"], &best["e"], &best["E"]),
        (&json!("100.00000000"), &Value::Null, &Value::Null)
    );
    server.on_market(NOW, &trade("100.1", "0.5", Side::Buy));
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let of = |to: u64| -> Value {
        let found = drained.iter().find(|(it, _)| *it == to).unwrap();
        serde_json::from_slice(&found.1).unwrap()
    };
    assert_eq!((&of(2)["stream"], &of(2)["data"]["m"]), (&json!("btcusdt@trade"), &json!(false)));
    assert_eq!((&of(3)["e"], &of(3)["q"]), (&json!("aggTrade"), &json!("0.50000000")));
    server.on_market(NOW, &delta(Side::Buy, "99.7", "3"));
    server.on_market(NOW, &end());
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let of = |to: u64| -> Value {
        let found = drained.iter().find(|(it, _)| *it == to).unwrap();
        serde_json::from_slice(&found.1).unwrap()
    };
    let difference = &of(2)["data"];
    assert_eq!(
        (&difference["b"], &difference["pu"]),
        (&json!([["99.70000000", "3.00000000"]]), &Value::Null)
    );
    assert_eq!(of(3)["lastUpdateId"], difference["u"]);
    assert_eq!(of(3)["bids"].as_array().unwrap().len(), 4);
}

/// Snapshot and differences fit by the venue's rules, and a missing id is a gap.
#[test]
fn differences_follow_on_each_other_without_a_gap() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws/btcusdt@depth").unwrap();
    let mut last = None;
    for step in 0..20 {
        server.on_market(NOW, &delta(Side::Buy, "99.7", &format!("{}", step + 1)));
        let snapshot = super::body(&super::ask(&mut server, "GET", "/api/v3/depth?symbol=BTCUSDT"));
        server.on_market(NOW, &delta(Side::Sell, "100.4", &format!("{}", step + 1)));
        server.on_market(NOW, &end());
        let told = frames(&mut server, 1).remove(0);
        let (first, until) = (told["U"].as_u64().unwrap(), told["u"].as_u64().unwrap());
        let at = snapshot["lastUpdateId"].as_u64().unwrap();
        assert!(first <= at + 1 && at <= until, "{first} {at} {until}");
        assert!(last.is_none_or(|last| first == last + 1), "{last:?} {first}");
        last = Some(until);
    }
}

#[test]
fn both_dialects_share_a_port_and_keep_to_their_paths() {
    use crate::sim::{AccountSpec, Fees};
    let account =
        AccountSpec { key: KEY.into(), proof: Proof::Secret("x".into()), balance: Cash::whole(5) };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let usdm =
        Server::new(crate::sim::testing::instruments(), assets, vec![account], Fees::default());
    let mut server = super::server().beside(usdm);
    let status = |server: &mut Server, target: &str| super::ask(server, "GET", target).status;
    assert_eq!(status(&mut server, "/api/v3/time"), 200);
    assert_eq!(status(&mut server, "/fapi/v1/time"), 200);
    assert_eq!(status(&mut server, "/api/v3/nothing"), 404);
    for (connection, target, frame) in [
        (1, "/ws/btcusdt@bookTicker", None),
        (2, "/public/ws/btcusdt@bookTicker", Some("bookTicker")),
        (3, "/stream?streams=btcusdt@bookTicker", None),
    ] {
        server.on_open(NOW, connection, target).unwrap();
        server.on_market(NOW, &quote("100.0", "6", "100.1", "5"));
        let told = frames(&mut server, connection).remove(0);
        let told = if told["data"].is_null() { told } else { told["data"].clone() };
        assert_eq!(told["e"].as_str(), frame, "{target}");
        server.on_close(connection);
    }
    assert_eq!(server.on_open(NOW, 4, "/ws-api/v3"), Ok(()));
    assert_eq!(server.on_open(NOW, 5, "/ws-fapi/v1"), Ok(()));
    assert_eq!(server.on_open(NOW, 6, "/nowhere"), Err(404));
}

#[test]
fn a_refusal_for_too_much_says_when_to_come_again() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    server.set_weight_per_minute(1);
    server.on_text(NOW, 1, br#"{"id":1,"method":"ping"}"#);
    server.on_text(NOW, 1, br#"{"id":2,"method":"ping"}"#);
    let told = frames(&mut server, 1).remove(1);
    assert_eq!((&told["status"], &told["error"]["code"]), (&json!(429), &json!(-1003)));
    let minute = (NOW / 60_000 + 1) * 60_000;
    assert_eq!(told["error"]["data"], json!({"serverTime": NOW, "retryAfter": minute}));
}
