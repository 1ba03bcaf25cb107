//! Conditional orders over REST and over the order-entry connection, and what the private stream
//! says of them.

use super::{KEY, NOW, body, frames, limit, listen_key, place, sign, signed, signed_at, trading};
use crate::sim::binance::{RateLimits, Server};
use crate::sim::rng::Rng;
use crate::sim::testing::{btc, price, trade};
use crate::types::{MarketData, Side};
use serde_json::{Value, json};

const PATH: &str = "/fapi/v1/algoOrder";
const OPEN: &str = "/fapi/v1/openAlgoOrders";
const ALL: &str = "/fapi/v1/allAlgoOrders";
const BTC: &str = "symbol=BTCUSDT";

fn conditional(side: &str, kind: &str, more: &str) -> String {
    format!("algoType=CONDITIONAL&symbol=BTCUSDT&side={side}&type={kind}{more}")
}

fn stop(more: &str) -> String {
    conditional("SELL", "STOP_MARKET", &format!("&triggerPrice=99.5{more}"))
}

fn place_algo(server: &mut Server, params: &str) -> Value {
    signed(server, "POST", PATH, params)
}

fn last(server: &mut Server, at: &str) {
    server.on_market(NOW, &trade(at, "0.001", Side::Sell));
}

fn mark(server: &mut Server, at: &str) {
    server.on_market(NOW, &btc(MarketData::Mark(price(at))));
}

fn long(server: &mut Server, quantity: &str) {
    let order = format!("{BTC}&side=BUY&type=MARKET&quantity={quantity}");
    assert_eq!(place(server, &order)["status"], "NEW");
}

fn listening() -> Server {
    let mut server = trading();
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    server
}

/// Of each frame, its event and what state it tells.
fn told(server: &mut Server) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    frames(server, 1).iter().map(|it| (text(&it["e"]), text(&it["o"]["X"]))).collect()
}

#[test]
fn a_stop_is_placed_found_listed_and_taken_back() {
    let mut server = trading();
    let placed = place_algo(&mut server, &stop("&quantity=2&clientAlgoId=guard"));
    let expected = json!({
        "algoId": 3_000_000_000_000_001_u64, "clientAlgoId": "guard", "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET", "symbol": "BTCUSDT", "side": "SELL", "positionSide": "BOTH",
        "timeInForce": "GTC", "quantity": "2.000", "algoStatus": "NEW", "triggerPrice": "99.5",
        "price": "0.0", "icebergQuantity": null, "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "CONTRACT_PRICE", "priceMatch": "NONE", "closePosition": false,
        "priceProtect": false, "reduceOnly": false, "activatePrice": "", "callbackRate": "",
        "createTime": NOW, "updateTime": NOW, "triggerTime": 0, "goodTillDate": 0,
    });
    assert_eq!(placed, expected);
    let id = format!("algoId={}", placed["algoId"]);
    for key in [id.as_str(), "clientAlgoId=guard"] {
        let found = signed(&mut server, "GET", PATH, key);
        assert_eq!((&found["algoStatus"], &found["actualOrderId"]), (&json!("NEW"), &json!("")));
        assert_eq!(found.get("actualQty"), None, "there is no order yet");
    }
    for params in ["", BTC, &id] {
        let open = signed(&mut server, "GET", OPEN, params);
        assert_eq!(open[0]["clientAlgoId"], "guard", "{params}");
    }
    assert_eq!(signed(&mut server, "GET", OPEN, "symbol=ETHUSDT"), json!([]));
    assert_eq!(signed(&mut server, "GET", OPEN, "algoId=7"), json!([]));
    assert_eq!(signed(&mut server, "GET", "/fapi/v1/openOrders", ""), json!([]));
    let canceled = signed(&mut server, "DELETE", PATH, &id);
    let expected = json!({
        "algoId": placed["algoId"], "clientAlgoId": "guard", "code": "200", "msg": "success",
    });
    assert_eq!(canceled, expected);
    assert_eq!(signed(&mut server, "GET", OPEN, ""), json!([]));
    assert_eq!(signed(&mut server, "GET", PATH, &id)["algoStatus"], "CANCELED");
    assert_eq!(signed(&mut server, "DELETE", PATH, &id)["code"], -2011);
    assert_eq!(signed(&mut server, "GET", PATH, "clientAlgoId=other")["code"], -2013);
    assert_eq!(signed(&mut server, "GET", PATH, "")["code"], -1102);
    let amended = signed_at(&mut server, NOW, "PUT", PATH, &stop("&quantity=3"));
    assert_eq!(amended.status, 404, "there is no way to make something else of one");
}

#[test]
fn the_history_is_the_newest_or_from_a_number_on_the_oldest() {
    let mut server = trading();
    for name in ["a", "b", "c"] {
        place_algo(&mut server, &stop(&format!("&quantity=2&clientAlgoId={name}")));
    }
    signed(&mut server, "DELETE", PATH, "clientAlgoId=b");
    let names = |server: &mut Server, more: &str| -> Vec<Value> {
        let all = signed(server, "GET", ALL, &format!("{BTC}{more}"));
        all.as_array().unwrap().iter().map(|it| it["clientAlgoId"].clone()).collect()
    };
    assert_eq!(names(&mut server, ""), ["a", "b", "c"]);
    assert_eq!(names(&mut server, "&limit=2"), ["b", "c"]);
    assert_eq!(names(&mut server, "&limit=1&algoId=3000000000000002"), ["b"]);
    assert_eq!(names(&mut server, &format!("&startTime={}", NOW + 1)), Vec::<Value>::new());
    assert_eq!(names(&mut server, &format!("&endTime={NOW}")), ["a", "b", "c"]);
    assert_eq!(signed(&mut server, "GET", ALL, "")["code"], -1102);
}

#[test]
fn a_stop_that_triggers_is_told_behind_the_trades_that_it_makes() {
    let mut server = listening();
    long(&mut server, "2");
    frames(&mut server, 1);
    let placed = place_algo(&mut server, &stop("&closePosition=true&clientAlgoId=guard"));
    assert_eq!((&placed["quantity"], &placed["timeInForce"]), (&json!("0.000"), &json!("GTE_GTC")));
    let new = &frames(&mut server, 1)[0];
    let expected = json!({
        "caid": "guard", "aid": placed["algoId"], "at": "CONDITIONAL", "o": "STOP_MARKET",
        "s": "BTCUSDT", "S": "SELL", "ps": "BOTH", "f": "GTE_GTC", "q": "0", "X": "NEW", "ai": "",
        "tp": "99.5", "p": "0", "V": "EXPIRE_MAKER", "wt": "CONTRACT_PRICE", "pm": "NONE",
        "cp": true, "pP": false, "R": true, "tt": 0, "gtd": 0, "ia": false,
    });
    assert_eq!((&new["e"], &new["T"], &new["o"]), (&json!("ALGO_UPDATE"), &json!(NOW), &expected));
    last(&mut server, "99.5");
    let all = frames(&mut server, 1);
    let names: Vec<&Value> = all.iter().map(|it| &it["e"]).collect();
    let [update, order, algo] = ["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ALGO_UPDATE"];
    assert_eq!(names, [update, order, order, algo, algo, algo]);
    assert_eq!(all[0]["a"]["P"][0]["pa"], "0.000");
    let (new, traded) = (&all[1]["o"], &all[2]["o"]);
    assert_eq!([&new["x"], &traded["X"]], ["NEW", "FILLED"]);
    for event in [new, traded] {
        assert_eq!([&event["c"], &event["o"], &event["ot"]], ["guard", "MARKET", "STOP_MARKET"]);
        assert_eq!([&event["sp"], &event["wt"], &event["q"]], ["99.5", "CONTRACT_PRICE", "2.000"]);
        assert_eq!([&event["cp"], &event["R"], &event["pP"]], [true, true, false]);
        assert_eq!(event["si"], 0);
    }
    let states: Vec<&Value> = all[3..].iter().map(|it| &it["o"]["X"]).collect();
    assert_eq!(states, ["TRIGGERING", "TRIGGERED", "FINISHED"]);
    let number = json!(new["i"].to_string());
    let [triggering, triggered, finished] = [&all[3]["o"], &all[4]["o"], &all[5]["o"]];
    assert_eq!((&triggering["ai"], &triggering["tt"]), (&json!(""), &json!(NOW)));
    assert_eq!(triggering.get("ap"), None);
    assert_eq!((&triggered["ai"], &triggered["aq"]), (&number, &json!("0")));
    assert_eq!([&finished["ap"], &finished["aq"], &finished["act"]], ["100", "2", "MARKET"]);
    assert_eq!(finished.get("rm"), None);
    let found = signed(&mut server, "GET", PATH, "clientAlgoId=guard");
    assert_eq!((&found["algoStatus"], &found["actualOrderId"]), (&json!("FINISHED"), &number));
    assert_eq!([&found["actualType"], &found["actualQty"]], ["MARKET", "2"]);
    assert_eq!((&found["actualPrice"], &found["triggerTime"]), (&json!("100.00000"), &json!(NOW)));
    let by_id = format!("{BTC}&orderId={}", new["i"]);
    let order = signed(&mut server, "GET", "/fapi/v1/order", &by_id);
    assert_eq!([&order["type"], &order["origType"], &order["stopPrice"]], {
        ["MARKET", "STOP_MARKET", "99.5"]
    });
    assert_eq!([&order["closePosition"], &order["reduceOnly"]], [true, true]);
}

#[test]
fn a_trigger_that_is_refused_says_why() {
    let mut server = listening();
    place_algo(&mut server, &stop("&quantity=2&reduceOnly=true"));
    frames(&mut server, 1);
    last(&mut server, "99.5");
    let all = frames(&mut server, 1);
    let states: Vec<&Value> = all.iter().map(|it| &it["o"]["X"]).collect();
    assert_eq!(states, ["TRIGGERING", "REJECTED"], "no event but these two");
    assert_eq!(all[1]["o"]["rm"], "ReduceOnly Order is rejected.");
    assert_eq!(signed(&mut server, "GET", OPEN, ""), json!([]));
    assert_eq!(signed(&mut server, "GET", ALL, BTC)[0]["algoStatus"], "REJECTED");
}

#[test]
fn the_other_end_of_a_bracket_expires_with_the_position() {
    let mut server = listening();
    long(&mut server, "2");
    place_algo(&mut server, &stop("&closePosition=true"));
    let profit = conditional("SELL", "TAKE_PROFIT_MARKET", "&triggerPrice=105&closePosition=true");
    place_algo(&mut server, &format!("{profit}&workingType=MARK_PRICE"));
    frames(&mut server, 1);
    mark(&mut server, "105");
    let told = told(&mut server);
    let states: Vec<&str> = told
        .iter()
        .filter(|(event, _)| event == "ALGO_UPDATE")
        .map(|(_, state)| state.as_str())
        .collect();
    assert_eq!(states, ["TRIGGERING", "TRIGGERED", "FINISHED", "EXPIRED"]);
    assert_eq!(signed(&mut server, "GET", OPEN, ""), json!([]));
}

#[test]
fn limits_and_trailing_stops_say_so_of_themselves_and_of_their_orders() {
    let mut server = listening();
    last(&mut server, "100.0");
    let limit = conditional("SELL", "STOP", "&triggerPrice=99.0&price=101.0&quantity=2");
    place_algo(&mut server, &format!("{limit}&workingType=MARK_PRICE&priceProtect=TRUE"));
    let trailing = conditional("SELL", "TRAILING_STOP_MARKET", "&quantity=2&callbackRate=0.5");
    let placed = place_algo(&mut server, &format!("{trailing}&activatePrice=100.1"));
    assert_eq!([&placed["activatePrice"], &placed["callbackRate"]], ["100.1", "0.5"]);
    frames(&mut server, 1);
    last(&mut server, "100.1");
    mark(&mut server, "99.0");
    let all = frames(&mut server, 1);
    let order = &all[0]["o"];
    assert_eq!([&order["o"], &order["ot"], &order["sp"]], ["LIMIT", "STOP", "99.0"]);
    assert_eq!((&order["wt"], &order["pP"]), (&json!("MARK_PRICE"), &json!(true)));
    assert_eq!([&all[1]["o"]["X"], &all[2]["o"]["X"]], ["TRIGGERING", "TRIGGERED"]);
    last(&mut server, "99.5");
    let all = frames(&mut server, 1);
    let order = &all[1]["o"];
    assert_eq!(
        [&order["ot"], &order["AP"], &order["cr"]],
        ["TRAILING_STOP_MARKET", "100.1", "0.5"]
    );
    assert_eq!(all.last().unwrap()["o"]["ia"], true);
    let by_id = format!("{BTC}&orderId={}", order["i"]);
    let found = signed(&mut server, "GET", "/fapi/v1/order", &by_id);
    assert_eq!([&found["activatePrice"], &found["priceRate"]], ["100.1", "0.5"]);
}

#[test]
fn what_cannot_wait_is_refused_by_its_code() {
    let mut server = trading();
    last(&mut server, "100.0");
    let two = "&quantity=2";
    let market = |kind: &str, more: &str| conditional("SELL", kind, more);
    let at = "&triggerPrice=99.5";
    let rows = [
        (format!("{BTC}&side=SELL&type=STOP_MARKET{at}{two}"), -1102),
        (stop(two).replace("CONDITIONAL", "TWAP"), -1130),
        (stop(two).replace("BTC", "NOPE"), -1121),
        (stop(two).replace("SELL", "HOLD"), -1117),
        (stop(&format!("{two}&positionSide=LONG")), -4061),
        (market("LIMIT", &format!("{at}{two}&price=99")), -1116),
        (market("STOP", &format!("{at}{two}")), -1102),
        (market("STOP_MARKET", &format!("{at}{two}&price=99")), -1106),
        (market("STOP_MARKET", two), -1102),
        (stop(""), -1102),
        (stop("&quantity=2.0005"), -4023),
        (stop(&format!("{two}&workingType=INDEX")), -4031),
        (stop(&format!("{two}&timeInForce=GTX")), -1115),
        (stop(&format!("{two}&timeInForce=GTD&goodTillDate={NOW}")), -5040),
        (stop(&format!("{two}&timeInForce=GTE_GTC")), -4509),
        (stop(&format!("{two}&selfTradePreventionMode=DECREMENT")), -5039),
        (stop(&format!("{two}&clientAlgoId={}", "x".repeat(37))), -4015),
        (stop("&closePosition=true"), -4509),
        (stop(&format!("{two}&closePosition=true")), -4137),
        (stop("&closePosition=true&reduceOnly=true"), -1106),
        (market("STOP", &format!("{at}&price=99&closePosition=true")), -4136),
        (conditional("BUY", "STOP_MARKET", &format!("{at}{two}")), -2021),
        (market("TRAILING_STOP_MARKET", two), -1102),
        (market("TRAILING_STOP_MARKET", &format!("{two}&callbackRate=0")), -2007),
        (market("TRAILING_STOP_MARKET", &format!("{two}&callbackRate=20.1")), -2007),
        (market("TRAILING_STOP_MARKET", &format!("{two}&callbackRate=0.15")), -2007),
    ];
    for (params, code) in rows {
        let reply = signed_at(&mut server, NOW, "POST", PATH, &params);
        assert_eq!((reply.status, &body(&reply)["code"]), (400, &json!(code)), "{params}");
    }
    assert_eq!(signed(&mut server, "GET", OPEN, ""), json!([]));
    let trailing = market("TRAILING_STOP_MARKET", "&quantity=2&callbackRate=20");
    assert_eq!(place_algo(&mut server, &trailing)["callbackRate"], "20.0");
    let ordinary = place(&mut server, &stop(two));
    assert_eq!(ordinary["code"], -4120, "they are no orders");
    let dated = NOW + 600_001;
    let dated = stop(&format!("{two}&timeInForce=GTD&goodTillDate={dated}"));
    assert_eq!(place_algo(&mut server, &dated)["timeInForce"], "GTD");
}

#[test]
fn it_counts_as_an_order_and_weighs_nothing() {
    let mut server = trading();
    let header = |reply: &crate::sim::binance::HttpReply, name: &str| {
        reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let placed = signed_at(&mut server, NOW, "POST", PATH, &stop("&quantity=2"));
    assert_eq!(header(&placed, "X-MBX-ORDER-COUNT-10S").as_deref(), Some("1"));
    assert_eq!(header(&placed, "X-MBX-USED-WEIGHT-1M").as_deref(), Some("0"));
    let mut weight = 0;
    for (method, path, params, more) in [
        ("GET", PATH, "clientAlgoId=3000000000000001", 1),
        ("GET", OPEN, BTC, 1),
        ("GET", OPEN, "", 40),
        ("GET", ALL, BTC, 5),
        ("DELETE", PATH, "clientAlgoId=3000000000000001", 1),
        ("DELETE", "/fapi/v1/algoOpenOrders", BTC, 1),
    ] {
        weight += more;
        let reply = signed_at(&mut server, NOW, method, path, params);
        assert_eq!(reply.status, 200, "{method} {path}");
        assert_eq!(header(&reply, "X-MBX-USED-WEIGHT-1M"), Some(weight.to_string()));
    }
}

#[test]
fn all_are_taken_back_apart_from_orders() {
    let mut server = listening();
    place(&mut server, &limit("BUY", "99.0", "2", ""));
    place_algo(&mut server, &stop("&quantity=2"));
    place_algo(&mut server, &stop("&quantity=3"));
    frames(&mut server, 1);
    signed(&mut server, "DELETE", "/fapi/v1/allOpenOrders", BTC);
    let event = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(told(&mut server), [event("ORDER_TRADE_UPDATE", "CANCELED")]);
    let done = signed(&mut server, "DELETE", "/fapi/v1/algoOpenOrders", BTC);
    assert_eq!(done["code"], 200);
    let canceled = event("ALGO_UPDATE", "CANCELED");
    assert_eq!(told(&mut server), [canceled.clone(), canceled]);
    assert_eq!(signed(&mut server, "DELETE", "/fapi/v1/algoOpenOrders", "")["code"], -1102);
}

#[test]
fn one_is_placed_and_cancelled_over_the_order_entry_connection() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-fapi/v1").unwrap();
    let mut say = |method: &str, params: Value| {
        let mut params = params;
        params["apiKey"] = json!(KEY);
        params["timestamp"] = json!(NOW);
        let plain = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let mut pairs: Vec<String> = params
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={}", plain(value)))
            .collect();
        pairs.sort();
        params["signature"] = json!(sign(&pairs.join("&")));
        let request = json!({"id": "a", "method": method, "params": params});
        server.on_text(NOW, 1, request.to_string().as_bytes());
        frames(&mut server, 1).remove(0)
    };
    let placed = say(
        "algoOrder.place",
        json!({
            "algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "TAKE_PROFIT",
            "triggerPrice": 120, "price": "160", "quantity": "1", "clientAlgoId": "goal",
        }),
    );
    assert_eq!((&placed["status"], &placed["result"]["algoStatus"]), (&json!(200), &json!("NEW")));
    assert_eq!(placed["result"]["price"], "160.0");
    let counted = placed["rateLimits"].as_array().unwrap().iter();
    assert_eq!(counted.filter(|it| it["rateLimitType"] == "ORDERS").count(), 2);
    assert_eq!(placed["rateLimits"][0]["count"], 0);
    let canceled = say("algoOrder.cancel", json!({"clientAlgoId": "goal"}));
    assert_eq!(canceled["result"]["algoId"], placed["result"]["algoId"]);
    assert_eq!([&canceled["result"]["code"], &canceled["result"]["msg"]], ["200", "success"]);
    assert_eq!(canceled["rateLimits"][0]["count"], 1);
    let refused = say("algoOrder.cancel", json!({"clientAlgoId": "goal"}));
    assert_eq!((&refused["status"], &refused["error"]["code"]), (&json!(400), &json!(-2011)));
}

#[test]
fn one_whose_date_has_come_is_told_as_expired() {
    let mut server = listening();
    let date = NOW + 601_000;
    place_algo(&mut server, &stop(&format!("&quantity=2&timeInForce=GTD&goodTillDate={date}")));
    frames(&mut server, 1);
    server.advance(date - 1);
    assert_eq!(told(&mut server), []);
    server.advance(date);
    assert_eq!(told(&mut server), [("ALGO_UPDATE".to_owned(), "EXPIRED".to_owned())]);
}

#[test]
fn nobody_sees_or_takes_back_what_is_anothers() {
    let mut server = trading();
    let placed = place_algo(&mut server, &stop("&quantity=2&clientAlgoId=guard"));
    let id = placed["algoId"].as_u64().unwrap();
    let (one, two) = (crate::sim::AccountIndex(0), crate::sim::AccountIndex(1));
    let exchange = server.exchange();
    let key = crate::sim::OrderKey::Id(id);
    assert!(exchange.conditional(one, key).is_some());
    assert!(exchange.conditional(two, key).is_none());
    assert_eq!(exchange.conditionals(two).count(), 0);
}

/// Values that no honest client would send, and some that one would.
const VALUES: [&str; 16] = [
    "true",
    "STOP",
    "TAKE_PROFIT_MARKET",
    "BUY",
    "99.9",
    "105",
    "0.1",
    "0",
    "-1",
    "92233720368.54775807",
    "99999999999999999999",
    "MARK_PRICE",
    "GTE_GTC",
    "IOC",
    "18446744073709551615",
    "%00",
];

#[test]
fn no_conditional_order_makes_it_panic_wherever_the_market_goes() {
    let names = [
        "type",
        "side",
        "triggerPrice",
        "quantity",
        "price",
        "activatePrice",
        "callbackRate",
        "closePosition",
        "reduceOnly",
        "priceProtect",
        "workingType",
        "timeInForce",
        "goodTillDate",
        "clientAlgoId",
    ];
    let honest = ["STOP_MARKET", "SELL", "99.5", "2"];
    let mut server = listening();
    server.set_rate_limits(RateLimits {
        weight_per_minute: u32::MAX,
        orders_per_ten_seconds: u32::MAX,
        orders_per_minute: None,
        orders_per_day: None,
    });
    let mut rng = Rng::new(42);
    let mut below = |most: usize| usize::try_from(rng.below(most as u64)).unwrap();
    let mut taken = 0;
    for _ in 0..5_000 {
        let mut params: Vec<(&str, &str)> = names.into_iter().zip(honest).collect();
        for _ in 0..below(4) {
            let name = names[below(names.len())];
            params.retain(|(known, _)| *known != name);
            params.push((name, VALUES[below(VALUES.len())]));
        }
        let params: Vec<String> =
            params.iter().map(|(it, value)| format!("{it}={value}")).collect();
        let params = format!("algoType=CONDITIONAL&symbol=BTCUSDT&{}", params.join("&"));
        let reply = signed_at(&mut server, NOW, "POST", PATH, &params);
        assert!(matches!(reply.status, 200 | 400), "{params}: {}", reply.status);
        taken += usize::from(reply.status == 200);
        let at = ["0.00000001", "50", "99.4", "100", "101", "92233720368"][below(6)];
        if below(2) == 0 {
            mark(&mut server, at)
        } else {
            last(&mut server, at)
        }
        if below(20) == 0 {
            signed(&mut server, "DELETE", "/fapi/v1/algoOpenOrders", BTC);
        }
        frames(&mut server, 1);
    }
    assert!(500 < taken, "{taken} of them went deep enough to be taken");
}
