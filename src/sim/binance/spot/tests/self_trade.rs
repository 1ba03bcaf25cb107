//! Self-trade prevention: what a symbol allows, what an order says of it, and what is told of one
//! that it ends.

use super::{NOW, ask, balance, body, frames, limit, place, say, signed, trading};
use crate::sim::binance::Server;
use serde_json::{Value, json};

const MODE: &str = "selfTradePreventionMode";

#[test]
fn an_order_says_one_of_those_that_its_symbol_allows() {
    let mut server = trading();
    let listed = body(&ask(&mut server, "GET", "/api/v3/exchangeInfo?symbol=BTCUSDT"));
    let symbol = &listed["symbols"][0];
    let default = &symbol["defaultSelfTradePreventionMode"];
    assert_eq!(place(&mut server, &limit("BUY", "99.0", "1"))[MODE], *default);
    let allowed = symbol["allowedSelfTradePreventionModes"].as_array().unwrap();
    assert_eq!((allowed.len(), allowed.contains(default)), (4, true));
    for mode in allowed.iter().map(|mode| mode.as_str().unwrap()) {
        let placed = place(&mut server, &format!("{}&{MODE}={mode}", limit("BUY", "99.0", "1")));
        assert_eq!(placed[MODE], mode);
        let key = format!("symbol=BTCUSDT&orderId={}", placed["orderId"]);
        assert_eq!(signed(&mut server, "GET", "/api/v3/order", &key)[MODE], mode);
    }
}

#[test]
fn what_a_symbol_does_not_allow_is_no_word_that_nobody_knows() {
    let mut server = trading();
    let refused = json!({
        "code": -1013,
        "msg": "This symbol does not allow the specified self-trade prevention mode.",
    });
    for mode in ["DECREMENT", "TRANSFER"] {
        let order = format!("{}&{MODE}={mode}", limit("BUY", "99.0", "1"));
        assert_eq!(place(&mut server, &order), refused, "{mode}");
    }
    let order = format!("{}&{MODE}=EXPIRE_ALL", limit("BUY", "99.0", "1"));
    assert_eq!(place(&mut server, &order)["code"], -1130);
}

/// Sells 2 behind the five that stand at 100.1, and listens on connection 1.
fn resting() -> (Server, Value) {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    say(&mut server, 1, "userDataStream.subscribe.signature", &json!({}));
    let maker = place(&mut server, &limit("SELL", "100.1", "2"));
    frames(&mut server, 1);
    (server, maker["orderId"].clone())
}

fn buy(server: &mut Server, mode: &str) -> Value {
    place(server, &format!("{}&{MODE}={mode}", limit("BUY", "100.1", "6")))
}

fn query(server: &mut Server, id: &Value) -> Value {
    signed(server, "GET", "/api/v3/order", &format!("symbol=BTCUSDT&orderId={id}"))
}

#[test]
fn who_takes_is_told_which_trades_were_prevented() {
    for (mode, status, makers, takers) in [
        ("EXPIRE_MAKER", "PARTIALLY_FILLED", Some("2.00000000"), None),
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", None, Some("1.00000000")),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", Some("2.00000000"), Some("1.00000000")),
    ] {
        let (mut server, maker) = resting();
        let taker = buy(&mut server, mode);
        assert_eq!(
            (&taker["status"], &taker["executedQty"]),
            (&json!(status), &json!("5.00000000"))
        );
        let mut expected =
            json!({"preventedMatchId": 1, "makerOrderId": maker, "price": "100.10000000"});
        let parts = [("makerPreventedQuantity", makers), ("takerPreventedQuantity", takers)];
        for (name, qty) in parts.into_iter().filter_map(|(name, qty)| Some((name, qty?))) {
            expected[name] = json!(qty);
        }
        assert_eq!(taker["preventedMatches"], json!([expected]), "{mode}");
        for (id, prevented) in [(&maker, makers), (&taker["orderId"], takers)] {
            let told = query(&mut server, id);
            assert_eq!(told["preventedQuantity"].as_str(), prevented, "{mode}");
            assert_eq!(told["preventedMatchId"].as_u64(), prevented.map(|_| 1), "{mode}");
            assert_eq!(told["status"] == "EXPIRED_IN_MATCH", prevented.is_some(), "{mode}");
            assert_eq!(told["expiryReason"], Value::Null, "{mode}");
        }
    }
}

#[test]
fn who_listens_is_told_of_the_trade_that_was_prevented() {
    let (mut server, maker) = resting();
    let taker = buy(&mut server, "EXPIRE_MAKER");
    assert_eq!(balance(&mut server, "BTC").1, "0.00000000", "the sale locks nothing any more");
    let events: Vec<Value> =
        frames(&mut server, 1).into_iter().map(|it| it["event"].clone()).collect();
    let told: Vec<&Value> = events.iter().map(|it| &it["x"]).collect();
    assert_eq!(told, [&json!("NEW"), &json!("TRADE"), &json!("TRADE_PREVENTION"), &Value::Null]);
    assert_eq!(events[3]["e"], "outboundAccountPosition");
    let ended = &events[2];
    for (name, value) in [
        ("i", maker),
        ("X", json!("EXPIRED_IN_MATCH")),
        ("v", json!(1)),
        ("A", json!("2.00000000")),
        ("B", json!("2.00000000")),
        ("u", json!(-1)),
        ("U", taker["orderId"].clone()),
        ("Cs", json!("BTCUSDT")),
        ("pl", json!("1.00000000")),
        ("pL", json!("100.10000000")),
        ("pY", json!("100.10000000")),
        ("l", json!("0.00000000")),
        ("V", json!("NONE")),
        ("w", json!(false)),
    ] {
        assert_eq!(ended[name], value, "{name}");
    }
    let trade = &events[1];
    assert_eq!([&trade["v"], &trade["eR"]], [&Value::Null, &Value::Null]);
}

#[test]
fn without_prevention_an_account_pays_both_fees() {
    let (mut server, maker) = resting();
    let taker = buy(&mut server, "NONE");
    assert_eq!((&taker["status"], &taker["preventedMatches"]), (&json!("FILLED"), &Value::Null));
    assert_eq!(query(&mut server, &maker)["executedQty"], "1.00000000");
    // 0.2 % of 6 BTC bought; of what is left of the sale, 1 BTC, nothing yet.
    let (free, locked) = balance(&mut server, "BTC");
    assert_eq!((free.as_str(), locked.as_str()), ("13.98800000", "1.00000000"));
    // 500.5 paid to others; 0.1 % of the 100.1 that came back.
    assert_eq!(balance(&mut server, "USDT").0, "9499.39990000");
}
