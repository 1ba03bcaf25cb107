//! The simulated Spot exchange's answers beside the venue's own samples: every field of a sample
//! must be in our answer, with the same kind of value.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use tradekeel::sim::{Fees, HttpRequest, Server, SpotAccount};
use tradekeel::types::{
    AssetId, BookDelta, Cash, DELTA_LEVELS, Filters, Instrument, InstrumentId, InstrumentKind,
    Level, MarketData, MarketEvent, Price, Qty, Quote, Side, Trade, VenueId,
};
use tradekeel::venue::key::Proof;

const NOW: u64 = 1_700_000_000_000;

/// Fields of the venue's schema that only orders have which do not exist here, and lists of what
/// there is none of.
const LEFT_OUT: [&str; 20] = [
    "preventedMatchId",
    "preventedQuantity",
    "strategyId",
    "strategyType",
    "trailingDelta",
    "trailingTime",
    "usedSor",
    "workingFloor",
    "pegPriceType",
    "pegOffsetType",
    "pegOffsetValue",
    "peggedPrice",
    "expiryReason",
    "listStatus",
    "priceExponent",
    "qtyExponent",
    "exchangeFilters",
    "sors",
    "permissions",
    "assetFilters",
];

/// Only conditional orders and icebergs have these beyond a question after an order.
const CONDITIONAL: [&str; 2] = ["icebergQty", "stopPrice"];

fn samples(name: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/venues/samples/binance-sdk");
    let Ok(text) = std::fs::read(folder.join(format!("{name}.json"))) else {
        println!("skipped: the venue's samples are not on this machine");
        return None;
    };
    Some(serde_json::from_slice::<Value>(&text).unwrap()["samples"].clone())
}

fn instrument() -> Instrument {
    let filters = Filters {
        price_tick: Price::parse(b"0.1").unwrap(),
        price_min: Price::whole(1),
        price_max: Price::whole(1_000_000),
        qty_step: Qty::parse(b"0.001").unwrap(),
        qty_min: Qty::parse(b"0.001").unwrap(),
        qty_max: Qty::whole(1_000),
        notional_min: Cash::whole(5),
        mark_band: None,
        trading: true,
    };
    Instrument {
        id: InstrumentId(0),
        venue: VenueId(0),
        symbol: "BTCUSDT".to_owned(),
        kind: InstrumentKind::Spot,
        base: AssetId(1),
        quote: AssetId(0),
        settle: AssetId(0),
        filters,
    }
}

fn server() -> Server {
    let account = SpotAccount {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balances: vec![(AssetId(0), Cash::whole(10_000)), (AssetId(1), Cash::whole(10))],
    };
    let assets = vec!["USDT".to_owned(), "BTC".to_owned()];
    let mut server = Server::spot(vec![instrument()], assets, vec![account], Fees::default());
    for data in book() {
        let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
        server.on_market(NOW, &event);
    }
    server
}

fn book() -> Vec<MarketData> {
    let (bid, ask, qty) = (Price::whole(100), Price::whole(101), Qty::whole(9));
    let delta = |side, price| {
        let levels = [Level { price, qty }; DELTA_LEVELS];
        MarketData::BookDelta(BookDelta { side, count: 1, levels })
    };
    vec![
        delta(Side::Buy, bid),
        delta(Side::Sell, ask),
        MarketData::BookEnd { update_id: 1 },
        MarketData::Quote(Quote { bid, bid_qty: qty, ask, ask_qty: qty }),
        MarketData::Trade(Trade { id: 1, price: ask, qty, aggressor: Side::Buy }),
    ]
}

fn sign(payload: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ask(server: &mut Server, method: &str, path: &str, params: &str) -> Value {
    let payload = format!("{params}&timestamp={NOW}");
    let target = format!("{path}?{payload}&signature={}", sign(&payload));
    let request = HttpRequest { method, target: &target, api_key: Some("key"), body: b"" };
    let reply = server.on_http(NOW, &request);
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// Every field of the sample is in ours, down to the first element of every list.
fn compare(sample: &Value, ours: &Value, at: &str) {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            for (name, value) in sample {
                // The sample is the schema of a socket's answer too, which alone tells what is used.
                let is_told_elsewhere = name == "count" && at.starts_with("exchange_info");
                let conditional = CONDITIONAL.contains(&name.as_str()) && !ours.contains_key(name);
                if conditional || is_told_elsewhere || LEFT_OUT.contains(&name.as_str()) {
                    continue;
                }
                let at = format!("{at}.{name}");
                compare(value, ours.get(name).unwrap_or_else(|| panic!("{at} is missing")), &at);
            }
        }
        (Value::Array(sample), Value::Array(ours)) => {
            if let Some(sample) = sample.first() {
                let at = format!("{at}[0]");
                compare(sample, ours.first().unwrap_or_else(|| panic!("{at} is missing")), &at);
            }
        }
        _ => {
            let same = std::mem::discriminant(sample) == std::mem::discriminant(ours);
            assert!(same || is_flag(sample, ours), "{at}: the venue writes {sample}, we {ours}");
        }
    }
}

fn is_flag(one: &Value, other: &Value) -> bool {
    one.is_boolean() && other.is_boolean()
}

const ORDER: &str = "symbol=BTCUSDT&type=LIMIT&timeInForce=GTC&quantity=2";

#[test]
fn spot_answers_have_every_field_of_the_venues_samples() {
    let Some(trade) = samples("spot__rest_api__test_trade_api") else { return };
    let Some(account) = samples("spot__rest_api__test_account_api") else { return };
    let Some(market) = samples("spot__rest_api__test_market_api") else { return };
    let Some(general) = samples("spot__rest_api__test_general_api") else { return };
    let Some(keys) = samples("wallet__rest_api__test_account_api") else { return };
    let Some(system) = samples("wallet__rest_api__test_others_api") else { return };
    let mut server = server();
    let filled = ask(&mut server, "POST", "/api/v3/order", &format!("{ORDER}&side=BUY&price=101"));
    compare(&trade["new_order"]["sample"], &filled, "new_order");
    let bid = format!("{ORDER}&side=BUY&price=99");
    ask(&mut server, "POST", "/api/v3/order", &bid);
    let replace = format!("{bid}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=2&price=")
        .replace("&price=99&", "&price=101&");
    let replace = replace.trim_end_matches("&price=");
    let (btc, one) = ("symbol=BTCUSDT", "symbol=BTCUSDT&orderId=1");
    let rows = [
        ("GET", "/api/v3/order", one, &account, "get_order"),
        ("GET", "/api/v3/openOrders", btc, &account, "get_open_orders"),
        ("GET", "/api/v3/allOrders", btc, &account, "all_orders"),
        ("GET", "/api/v3/myTrades", btc, &account, "my_trades"),
        ("GET", "/api/v3/account", "", &account, "get_account"),
        ("GET", "/api/v3/account/commission", btc, &account, "account_commission"),
        ("GET", "/api/v3/rateLimit/order", "", &account, "rate_limit_order"),
        ("POST", "/api/v3/order/cancelReplace", replace, &trade, "order_cancel_replace"),
        ("POST", "/api/v3/order", bid.as_str(), &trade, "nothing"),
        (
            "PUT",
            "/api/v3/order/amend/keepPriority",
            "symbol=BTCUSDT&orderId=4&newQty=1",
            &trade,
            "order_amend_keep_priority",
        ),
        ("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=4", &trade, "delete_order"),
        ("POST", "/api/v3/order", bid.as_str(), &trade, "nothing"),
        ("DELETE", "/api/v3/openOrders", btc, &trade, "delete_open_orders"),
        ("GET", "/api/v3/exchangeInfo", btc, &general, "exchange_info"),
        ("GET", "/api/v3/time", "", &general, "time"),
        ("GET", "/api/v3/depth", btc, &market, "depth"),
        ("GET", "/api/v3/avgPrice", btc, &market, "avg_price"),
        ("GET", "/api/v3/trades", btc, &market, "get_trades"),
        ("GET", "/api/v3/aggTrades", btc, &market, "agg_trades"),
        ("GET", "/api/v3/klines", "symbol=BTCUSDT&interval=1m", &market, "klines"),
        ("GET", "/api/v3/ticker/bookTicker", btc, &market, "ticker_book_ticker"),
        ("GET", "/api/v3/ticker/price", btc, &market, "ticker_price"),
        ("GET", "/sapi/v1/account/apiRestrictions", "", &keys, "get_api_key_permission"),
        ("GET", "/sapi/v1/account/status", "", &keys, "account_status"),
        ("GET", "/sapi/v1/account/apiTradingStatus", "", &keys, "account_api_trading_status"),
        ("GET", "/sapi/v1/system/status", "", &system, "system_status"),
    ];
    for (method, path, params, samples, name) in rows {
        let ours = ask(&mut server, method, path, params);
        if name != "nothing" {
            let sample = &samples[name]["sample"];
            assert!(!sample.is_null(), "the samples have no {name}");
            compare(sample, &ours, name);
        }
    }
}

#[test]
fn spot_streams_have_every_field_of_the_venues_samples() {
    let Some(all) = samples("spot__websocket_streams__test_default_api_ws_streams") else { return };
    let mut server = server();
    let names = [
        ("bookTicker", "book_ticker"),
        ("trade", "trade"),
        ("aggTrade", "agg_trade"),
        ("depth", "diff_book_depth"),
        ("depth5", "partial_book_depth"),
    ];
    for (connection, (stream, _)) in (1..).zip(names) {
        server.on_open(NOW, connection, &format!("/ws/btcusdt@{stream}")).unwrap();
    }
    for data in book() {
        let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
        server.on_market(NOW, &event);
    }
    let frames: Vec<(u64, Vec<u8>)> = server.drain().collect();
    for (connection, (stream, name)) in (1_u64..).zip(names) {
        let frame = frames.iter().find(|(to, _)| *to == connection).unwrap();
        let ours: Value = serde_json::from_slice(&frame.1).unwrap();
        let sample = &all[name]["sample"];
        assert!(!sample.is_null(), "the samples have no {name}");
        let mut sample = sample.clone();
        if stream == "depth" {
            // Only one side of the book may have changed.
            sample["a"] = json!([]);
            sample["b"] = json!([]);
        }
        compare(&sample, &ours, name);
    }
}

#[test]
fn spot_sessions_answer_with_every_field_of_the_venues_samples() {
    let Some(users) = samples("spot__websocket_api__test_user_data_stream_api_ws_api") else {
        return;
    };
    let Some(orders) = samples("spot__websocket_api__test_trade_api_ws_api") else { return };
    let mut server = server();
    server.on_open(NOW, 1, "/ws-api/v3").unwrap();
    let rows = [
        ("userDataStream.subscribe.signature", "", &users, "user_data_stream_subscribe_signature"),
        ("session.subscriptions", "", &users, "session_subscriptions"),
        (
            "order.place",
            "price=101&quantity=1&side=BUY&symbol=BTCUSDT&timeInForce=GTC&type=LIMIT",
            &orders,
            "order_place",
        ),
        ("userDataStream.unsubscribe", "", &users, "user_data_stream_unsubscribe"),
    ];
    for (method, params, samples, name) in rows {
        let mut pairs: Vec<String> =
            params.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
        pairs.extend(["apiKey=key".to_owned(), format!("timestamp={NOW}")]);
        pairs.sort();
        let mut told: serde_json::Map<String, Value> = serde_json::Map::new();
        for (name, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
            told.insert(name.to_owned(), json!(value));
        }
        told.insert("signature".to_owned(), json!(sign(&pairs.join("&"))));
        let request = json!({"id": "x", "method": method, "params": told});
        server.on_text(NOW, 1, request.to_string().as_bytes());
        let frames: Vec<Value> =
            server.drain().map(|(_, frame)| serde_json::from_slice(&frame).unwrap()).collect();
        let answer = frames.iter().find(|frame| frame["id"] == "x").unwrap();
        let sample = &samples[name]["sample"];
        assert!(!sample.is_null(), "the samples have no {name}");
        compare(&sample["result"], &answer["result"], name);
    }
}
