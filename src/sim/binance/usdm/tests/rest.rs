//! REST: shapes, refusals, the life of an order, timers and limits.

use super::{
    KEY, NOW, ask, body, frames, limit, listen_key, place, sign, signed, signed_at, trading,
};
use crate::sim::AccountIndex;
use crate::sim::binance::{HttpRequest, RateLimits, Server};
use serde_json::{Value, json};

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
    assert_eq!(btc["filters"][4]["notional"], "100");
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
        (fine("").replace("BTCUSDT", "NOPEUSDT"), -1121),
        (fine("").replace("symbol=BTCUSDT&", ""), -1102),
        (fine("").replace("side=BUY", "side=LONG"), -1117),
        (fine("").replace("type=LIMIT", "type=ODD"), -1116),
        (fine("").replace("type=LIMIT", "type=STOP_MARKET"), -4120),
        (fine("").replace("GTC", "GTE"), -1115),
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
    let filled = &own(1).next_back().unwrap()["o"];
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
    let two = AccountIndex(1);
    assert_eq!(server.exchange().open_orders(two).count(), 0);
    assert_eq!(server.exchange().open_orders(AccountIndex(0)).count(), 1);
}

#[test]
fn a_result_says_what_became_of_the_order() {
    let mut server = trading();
    let params = limit("BUY", "100.1", "6", "&newOrderRespType=RESULT").replace("GTC", "IOC");
    let result = place(&mut server, &params);
    assert_eq!((&result["status"], &result["executedQty"]), (&json!("EXPIRED"), &json!("5.000")));
}

#[test]
fn a_test_of_an_order_is_looked_at_and_reaches_nothing() {
    let mut server = trading();
    let path = "/fapi/v1/order/test";
    let reply = signed_at(&mut server, NOW, "POST", path, &limit("BUY", "100.1", "2", ""));
    let weight = reply.headers.iter().find(|(name, _)| name == "X-MBX-USED-WEIGHT-1M");
    assert_eq!((reply.status, weight.map(|(_, weight)| weight.as_str())), (200, Some("1")));
    let told = body(&reply);
    assert_eq!([&told["clientOrderId"], &told["status"]], ["testOrder", "NEW"]);
    assert_eq!((&told["orderId"], &told["origQty"]), (&json!(0), &json!("2.000")));
    let named = limit("BUY", "100.1", "2", "&newClientOrderId=a&newOrderRespType=RESULT");
    assert_eq!(signed(&mut server, "POST", path, &named)["clientOrderId"], "a");
    let rows = [
        (limit("BUY", "99.05", "2", ""), -4014),
        (limit("BUY", "99.0", "0.01", ""), -4164),
        (limit("HOLD", "99.0", "2", ""), -1117),
        (limit("BUY", "99.0", "2", "&newOrderRespType=FULL"), -1130),
        (limit("BUY", "99.0", "2", "&selfTradePreventionMode=ALL"), -5039),
        (limit("BUY", "99.0", "2", "").replace("BTC", "NOPE"), -1121),
        ("symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=2&stopPrice=99".into(), -4120),
    ];
    for (order, code) in rows {
        assert_eq!(signed(&mut server, "POST", path, &order)["code"], code, "{order}");
    }
    assert_eq!(signed(&mut server, "GET", "/fapi/v1/allOrders", "symbol=BTCUSDT"), json!([]));
    assert_eq!(place(&mut server, &limit("BUY", "99.0", "2", ""))["orderId"], 1);
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
    assert_eq!(server.exchange().open_orders(AccountIndex(0)).count(), 1);
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
    let mut limits = RateLimits { weight_per_minute: 3, ..RateLimits::USDM };
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
fn a_good_till_date_order_ends_by_itself_and_not_before() {
    let mut server = trading();
    let date = NOW + 700_000;
    let dated = |date: u64| {
        let terms = "side=BUY&type=LIMIT&timeInForce=GTD&price=99.0&quantity=2";
        format!("symbol=BTCUSDT&{terms}&goodTillDate={date}")
    };
    let order = place(&mut server, &dated(date + 999));
    assert_eq!((&order["timeInForce"], &order["goodTillDate"]), (&json!("GTD"), &json!(date)));
    let open = |server: &mut Server, now: u64| {
        body(&signed_at(server, now, "GET", "/fapi/v1/openOrders", "symbol=BTCUSDT"))
    };
    assert_eq!(open(&mut server, date - 1).as_array().unwrap().len(), 1);
    assert_eq!(open(&mut server, date), json!([]));
    let asked = format!("symbol=BTCUSDT&orderId={}", order["orderId"]);
    let ended = body(&signed_at(&mut server, date, "GET", "/fapi/v1/order", &asked));
    assert_eq!(ended["status"], "EXPIRED");
    for (date, code) in [(NOW + 600_000, -5040), (253_402_300_799_000, -5040)] {
        assert_eq!(place(&mut server, &dated(date))["code"], code, "{date}");
    }
    assert_eq!(place(&mut server, &dated(NOW + 601_000))["goodTillDate"], NOW + 601_000);
    let undated = dated(0).replace("&goodTillDate=0", "");
    assert_eq!(place(&mut server, &undated)["code"], -1102);
    let unwanted = dated(date).replace("GTD", "GTC");
    assert_eq!(place(&mut server, &unwanted)["code"], -1106);
}
