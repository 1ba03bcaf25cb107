//! Questions over HTTP, and what they cost.

use super::{ask, body, header, limit, place, sent, signed, trading};
use crate::sim::binance::RateLimits;
use serde_json::{Value, json};

#[test]
fn the_list_of_symbols_tells_filters_and_limits() {
    let mut server = trading();
    let all = body(&ask(&mut server, "GET", "/api/v3/exchangeInfo"));
    assert_eq!(all["symbols"].as_array().unwrap().len(), 2);
    let one = body(&ask(&mut server, "GET", "/api/v3/exchangeInfo?symbols=[%22ETHUSDT%22]"));
    let symbol = &one["symbols"][0];
    assert_eq!((&symbol["symbol"], &symbol["baseAsset"]), (&json!("ETHUSDT"), &json!("ETH")));
    assert_eq!(symbol["permissionSets"], json!([["SPOT"]]));
    let names: Vec<&Value> =
        symbol["filters"].as_array().unwrap().iter().map(|it| &it["filterType"]).collect();
    for name in ["PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "PERCENT_PRICE_BY_SIDE"]
    {
        assert!(names.contains(&&json!(name)), "{name}");
    }
    let limits: Vec<(String, u64)> = all["rateLimits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["interval"].as_str().unwrap().to_owned(), it["limit"].as_u64().unwrap()))
        .collect();
    let expected = [("MINUTE", 6_000), ("SECOND", 50), ("DAY", 160_000)];
    assert_eq!(limits, expected.map(|(interval, limit)| (interval.to_owned(), limit)));
    let unknown = ask(&mut server, "GET", "/api/v3/exchangeInfo?symbol=XYZ");
    assert_eq!((unknown.status, &body(&unknown)["code"]), (400, &json!(-1121)));
    for bad in ["symbols=XYZ", "symbols=[1]", "symbol=BTCUSDT&symbols=[]"] {
        assert_eq!(
            ask(&mut server, "GET", &format!("/api/v3/exchangeInfo?{bad}")).status,
            400,
            "{bad}"
        );
    }
}

#[test]
fn the_market_is_told_with_eight_places() {
    let mut server = trading();
    let depth = body(&ask(&mut server, "GET", "/api/v3/depth?symbol=BTCUSDT&limit=2"));
    assert_eq!(
        depth["bids"],
        json!([["100.00000000", "5.00000000"], ["99.90000000", "10.00000000"]])
    );
    assert!(depth["lastUpdateId"].is_u64() && depth["E"].is_null());
    let best = body(&ask(&mut server, "GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT"));
    assert_eq!(
        (&best["bidPrice"], &best["askQty"]),
        (&json!("100.00000000"), &json!("5.00000000"))
    );
    let all = body(&ask(&mut server, "GET", "/api/v3/ticker/price"));
    assert_eq!(all.as_array().unwrap().len(), 2);
    let average = body(&ask(&mut server, "GET", "/api/v3/avgPrice?symbol=BTCUSDT"));
    assert_eq!(average["price"], "100.05000000");
}

/// The table of the sheet, section 4.
#[test]
fn every_question_weighs_what_the_venue_says() {
    let mut server = trading();
    let mut before = 0;
    let mut weigh = |reply: crate::sim::binance::HttpReply| {
        let after: u32 = header(&reply, "X-MBX-USED-WEIGHT-1M").unwrap().parse().unwrap();
        std::mem::replace(&mut before, after).abs_diff(after)
    };
    for (target, weight) in [
        ("ping", 1),
        ("time", 1),
        ("exchangeInfo", 20),
        ("depth?symbol=BTCUSDT", 5),
        ("depth?symbol=BTCUSDT&limit=101", 25),
        ("depth?symbol=BTCUSDT&limit=1000", 50),
        ("depth?symbol=BTCUSDT&limit=5000", 250),
        ("ticker/bookTicker?symbol=BTCUSDT", 2),
        ("ticker/bookTicker", 4),
        ("ticker/price", 4),
        ("ticker/24hr?symbol=BTCUSDT", 2),
        ("ticker/24hr", 80),
        ("trades?symbol=BTCUSDT", 25),
        ("aggTrades?symbol=BTCUSDT", 4),
        ("klines?symbol=BTCUSDT&interval=1m", 2),
    ] {
        assert_eq!(
            weigh(ask(&mut server, "GET", &format!("/api/v3/{target}"))),
            weight,
            "{target}"
        );
    }
    let btc = "symbol=BTCUSDT";
    let order = format!("{btc}&{}", limit("BUY", "99.0", "1"));
    let rows = [
        ("POST", "order", order.as_str(), 0),
        ("POST", "order", btc, 1),
        ("POST", "order/test", order.as_str(), 1),
        ("GET", "order", "symbol=BTCUSDT&orderId=1", 4),
        ("PUT", "order/amend/keepPriority", "symbol=BTCUSDT&orderId=1&newQty=0.5", 4),
        ("DELETE", "order", "symbol=BTCUSDT&orderId=1", 0),
        ("DELETE", "order", "symbol=BTCUSDT&orderId=1", 1),
        ("GET", "openOrders", btc, 6),
        ("GET", "openOrders", "", 80),
        ("GET", "allOrders", btc, 20),
        ("GET", "myTrades", btc, 20),
        ("GET", "myTrades", "symbol=BTCUSDT&orderId=1", 5),
        ("GET", "account", "", 20),
        ("GET", "rateLimit/order", "", 40),
        ("GET", "myFilters", btc, 40),
    ];
    for (method, path, params, weight) in rows {
        let reply = sent(&mut server, method, &format!("/api/v3/{path}"), params);
        assert_eq!(weigh(reply), weight, "{method} {path} {params}");
    }
}

#[test]
fn too_much_is_refused_with_a_time_to_wait() {
    let mut server = trading();
    let limits =
        RateLimits { weight_per_minute: 21, orders_per_ten_seconds: 1, ..RateLimits::SPOT };
    server.set_rate_limits(limits);
    let order = limit("BUY", "99.0", "1");
    let first = sent(&mut server, "POST", "/api/v3/order", &format!("symbol=BTCUSDT&{order}"));
    assert_eq!(header(&first, "X-MBX-ORDER-COUNT-10S"), Some("1"));
    assert_eq!(header(&first, "X-MBX-ORDER-COUNT-1D"), Some("1"));
    assert_eq!(header(&first, "X-MBX-ORDER-COUNT-1M"), None);
    let second = sent(&mut server, "POST", "/api/v3/order", &format!("symbol=BTCUSDT&{order}"));
    assert_eq!((second.status, &body(&second)["code"]), (429, &json!(-1015)));
    assert_eq!(ask(&mut server, "GET", "/api/v3/exchangeInfo").status, 200);
    let full = ask(&mut server, "GET", "/api/v3/ping");
    assert_eq!((full.status, &body(&full)["code"]), (429, &json!(-1003)));
    assert!(header(&full, "Retry-After").is_some());
}

/// An order that trades is no unfilled order any more.
#[test]
fn trading_orders_give_their_count_back() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "99.0", "1"));
    place(&mut server, &limit("BUY", "100.1", "1"));
    let limits = signed(&mut server, "GET", "/api/v3/rateLimit/order", "");
    assert_eq!((&limits[0]["count"], &limits[1]["count"]), (&json!(1), &json!(1)));
    assert_eq!((&limits[0]["interval"], &limits[1]["interval"]), (&json!("SECOND"), &json!("DAY")));
}

#[test]
fn trades_are_paged_and_not_every_question_goes_with_every_other() {
    let mut server = trading();
    for _ in 0..3 {
        place(&mut server, &limit("BUY", "100.1", "1"));
    }
    let path = "/api/v3/myTrades";
    let ids = |told: Value| -> Vec<u64> {
        told.as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
    };
    let btc = "symbol=BTCUSDT";
    assert_eq!(ids(signed(&mut server, "GET", path, btc)), [1, 2, 3]);
    assert_eq!(ids(signed(&mut server, "GET", path, &format!("{btc}&limit=2"))), [2, 3]);
    assert_eq!(ids(signed(&mut server, "GET", path, &format!("{btc}&fromId=2"))), [2, 3]);
    assert_eq!(ids(signed(&mut server, "GET", path, &format!("{btc}&fromId=1&limit=2"))), [1, 2]);
    assert_eq!(ids(signed(&mut server, "GET", path, &format!("{btc}&orderId=2"))), [2]);
    let late = super::NOW + 1;
    assert_eq!(
        ids(signed(&mut server, "GET", path, &format!("{btc}&startTime={late}"))),
        [0_u64; 0]
    );
    let combined = format!("{btc}&fromId=1&startTime=1");
    assert_eq!(signed(&mut server, "GET", path, &combined)["code"], -1128);
    let long = format!("{btc}&startTime=0&endTime=86400001");
    assert_eq!(signed(&mut server, "GET", path, &long)["code"], -1127);
    let day = format!("{btc}&startTime=0&endTime=86400000");
    assert_eq!(signed(&mut server, "GET", path, &day), json!([]));
    let orders = signed(&mut server, "GET", "/api/v3/allOrders", &format!("{btc}&orderId=2"));
    assert_eq!(orders.as_array().unwrap().len(), 2);
}

#[test]
fn keys_and_the_system_say_how_they_are() {
    let mut server = trading();
    let rights = signed(&mut server, "GET", "/sapi/v1/account/apiRestrictions", "");
    assert_eq!(
        (&rights["enableWithdrawals"], &rights["enableReading"]),
        (&json!(false), &json!(true))
    );
    let system = body(&ask(&mut server, "GET", "/sapi/v1/system/status"));
    assert_eq!(system, json!({"status": 0, "msg": "normal"}));
    let account = signed(&mut server, "GET", "/api/v3/account", "omitZeroBalances=true");
    assert_eq!(account["commissionRates"]["maker"], "0.00100000");
    assert_eq!(
        (&account["makerCommission"], &account["accountType"]),
        (&json!(10), &json!("SPOT"))
    );
}

/// The sheet, section 12: who ignores 429 is banned, and told until when.
#[test]
fn who_goes_on_after_refusals_is_banned_for_a_time() {
    let mut server = trading();
    server.set_rate_limits(RateLimits { weight_per_minute: 1, ..RateLimits::SPOT });
    let statuses: Vec<u16> =
        (0..103).map(|_| ask(&mut server, "GET", "/api/v3/ping").status).collect();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..102].iter().all(|status| *status == 429), "{statuses:?}");
    assert_eq!(statuses[102], 418);
    let banned = ask(&mut server, "GET", "/api/v3/ping");
    assert_eq!(
        (header(&banned, "Retry-After"), &body(&banned)["code"]),
        (Some("120"), &json!(-1003))
    );
    let at = |server: &mut crate::sim::binance::Server, now: u64| {
        let target = "/api/v3/ping";
        let request =
            crate::sim::binance::HttpRequest { method: "GET", target, api_key: None, body: b"" };
        server.on_http(now, &request).status
    };
    assert_eq!(at(&mut server, super::NOW + 119_999), 418);
    // Its minute has been used up by a banned request, which counts as any other.
    assert_eq!(at(&mut server, super::NOW + 120_000), 429);
    assert_eq!(at(&mut server, super::NOW + 180_000), 200);
}

/// By how many are named, listed or not.
#[test]
fn the_last_day_weighs_by_the_symbols_that_are_named() {
    for (count, weight) in [(1, "2"), (20, "2"), (21, "40"), (100, "40"), (101, "80")] {
        let mut server = trading();
        let list = vec!["%22BTCUSDT%22"; count].join(",");
        let reply = ask(&mut server, "GET", &format!("/api/v3/ticker/24hr?symbols=%5B{list}%5D"));
        assert_eq!(header(&reply, "X-MBX-USED-WEIGHT-1M"), Some(weight), "{count}");
    }
    let odd = body(&ask(&mut trading(), "GET", "/api/v3/ticker/24hr?symbols=BTCUSDT"));
    assert_eq!(odd["code"], -1100);
}

#[test]
fn the_last_day_is_told_whole_or_in_short() {
    let mut server = trading();
    let get = |server: &mut crate::sim::binance::Server, more: &str| {
        body(&ask(server, "GET", &format!("/api/v3/ticker/24hr?symbol=BTCUSDT{more}")))
    };
    let still = get(&mut server, "");
    assert_eq!((&still["count"], &still["priceChangePercent"]), (&json!(0), &json!("0.000")));
    for (at, amount) in [("100.0", "1"), ("99.0", "2"), ("100.2", "1")] {
        let side = crate::types::Side::Buy;
        server.on_market(super::NOW, &crate::sim::testing::trade(at, amount, side));
    }
    let mut expected = json!({
        "symbol": "BTCUSDT",
        "openPrice": "100.00000000",
        "highPrice": "100.20000000",
        "lowPrice": "99.00000000",
        "lastPrice": "100.20000000",
        "volume": "4.00000000",
        "quoteVolume": "398.20000000",
        "openTime": super::NOW / 60_000 * 60_000,
        "closeTime": super::NOW,
        "firstId": 1,
        "lastId": 1,
        "count": 3,
    });
    assert_eq!(get(&mut server, "&type=MINI"), expected);
    for (name, value) in [
        ("priceChange", "0.20000000"),
        ("priceChangePercent", "0.200"),
        ("weightedAvgPrice", "99.55000000"),
        ("prevClosePrice", "100.00000000"),
        ("lastQty", "1.00000000"),
        ("bidPrice", "100.00000000"),
        ("bidQty", "5.00000000"),
        ("askPrice", "100.10000000"),
        ("askQty", "5.00000000"),
    ] {
        expected[name] = json!(value);
    }
    assert_eq!(get(&mut server, "&type=FULL"), expected);
    assert_eq!(get(&mut server, ""), expected);
    assert_eq!(get(&mut server, "&type=SHORT")["code"], -1130);
    assert_eq!(get(&mut server, "&symbols=%5B%22BTCUSDT%22%5D")["code"], -1128);
    let all = body(&ask(&mut server, "GET", "/api/v3/ticker/24hr"));
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let two = "/api/v3/ticker/24hr?symbols=%5B%22ETHUSDT%22,%22BTCUSDT%22%5D&type=MINI";
    assert_eq!(body(&ask(&mut server, "GET", two)).as_array().map(Vec::len), Some(2));
}

/// From the simulated tape, and from nothing else.
#[test]
fn what_was_traded_can_be_asked_for() {
    let mut server = trading();
    let get = |server: &mut crate::sim::binance::Server, target: &str| {
        body(&ask(server, "GET", &format!("/api/v3/{target}")))
    };
    assert_eq!(get(&mut server, "trades?symbol=BTCUSDT"), json!([]));
    for (at, amount) in [("100.1", "1"), ("100.2", "3")] {
        let side = crate::types::Side::Buy;
        server.on_market(super::NOW, &crate::sim::testing::trade(at, amount, side));
    }
    let trades = get(&mut server, "trades?symbol=BTCUSDT&limit=1");
    assert_eq!(trades.as_array().unwrap().len(), 1, "the newest");
    assert_eq!(
        (&trades[0]["price"], &trades[0]["isBuyerMaker"]),
        (&json!("100.20000000"), &json!(false))
    );
    let aggregated = get(&mut server, "aggTrades?symbol=BTCUSDT&fromId=1&limit=1");
    assert_eq!((&aggregated[0]["p"], &aggregated[0]["M"]), (&json!("100.10000000"), &json!(true)));
    let candles = get(&mut server, "klines?symbol=BTCUSDT&interval=1m");
    let first = &candles[0];
    assert_eq!(
        (&first[1], &first[4], &first[5]),
        (&json!("100.10000000"), &json!("100.20000000"), &json!("4.00000000"))
    );
    assert_eq!((&first[8], first.as_array().unwrap().len()), (&json!(2), 12));
    assert!(get(&mut server, "klines?symbol=BTCUSDT&interval=7m")["code"].is_i64());
}
