//! The simulated exchange's answers beside the venue's own samples: every field of a sample must be
//! in our answer, with the same kind of value.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::path::Path;
use tradekeel::sim::{AccountSpec, Fees, HttpRequest, Server};
use tradekeel::types::{
    AssetId, BookDelta, Cash, DELTA_LEVELS, Filters, FundingRate, Instrument, InstrumentId,
    InstrumentKind, Level, MarketData, MarketEvent, Price, Qty, Quote, Side, VenueId,
};
use tradekeel::venue::key::Proof;

const NOW: u64 = 1_700_000_000_000;
const EIGHT_HOURS_MS: u64 = 28_800_000;

/// Fields that belong to what is not simulated, or that only some symbols or orders have.
const LEFT_OUT: [&str; 11] = [
    "cumBase",
    "pair",
    "baseQty",
    "activatePrice",
    "priceRate",
    "ps",
    "st",
    "underlyingSubType",
    "maxNotional",
    "notionalCoef",
    // Null as the pages have it; the samples say "None", which is Python.
    "icebergQuantity",
];

fn samples(name: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/venues/samples/binance-sdk");
    let file = format!("derivatives_trading_usds_futures__rest_api__test_{name}_api.json");
    let Ok(text) = std::fs::read(folder.join(file)) else {
        println!("skipped: the venue's samples are not on this machine");
        return None;
    };
    Some(serde_json::from_slice::<Value>(&text).unwrap()["samples"].clone())
}

fn server() -> Server {
    let filters = Filters {
        price_tick: Price::parse(b"0.1").unwrap(),
        price_min: Price::whole(1),
        price_max: Price::whole(1_000_000),
        qty_step: Qty::parse(b"0.001").unwrap(),
        qty_min: Qty::parse(b"0.001").unwrap(),
        qty_max: Qty::whole(1_000),
        notional_min: Cash::whole(100),
        mark_band: None,
        trading: true,
    };
    let instrument = Instrument {
        id: InstrumentId(0),
        venue: VenueId(0),
        symbol: "BTCUSDT".to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(1),
        quote: AssetId(0),
        settle: AssetId(0),
        filters,
    };
    let account = AccountSpec {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balance: Cash::whole(10_000),
    };
    let assets = vec!["USDT".to_owned(), "BTC".to_owned()];
    let mut server = Server::new(vec![instrument], assets, vec![account], Fees::default());
    let (bid, ask, qty) = (Price::whole(100), Price::whole(101), Qty::whole(9));
    let delta = |side, price| {
        let levels = [Level { price, qty }; DELTA_LEVELS];
        MarketData::BookDelta(BookDelta { side, count: 1, levels })
    };
    for data in [
        delta(Side::Buy, bid),
        delta(Side::Sell, ask),
        MarketData::BookEnd { update_id: 1 },
        MarketData::Quote(Quote { bid, bid_qty: qty, ask, ask_qty: qty }),
    ] {
        let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
        server.on_market(NOW, &event);
    }
    server
}

fn ask(server: &mut Server, method: &str, path: &str, params: &str) -> Value {
    let payload = format!("{params}&timestamp={NOW}");
    let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
    let signature: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let target = format!("{path}?{payload}&signature={signature}");
    let request = HttpRequest { method, target: &target, api_key: Some("key"), body: b"" };
    let reply = server.on_http(NOW, &request);
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// Every field of the sample is in ours, down to the first element of every list.
fn compare(sample: &Value, ours: &Value, at: &str) {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            for (name, value) in
                sample.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
            {
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
            assert!(same, "{at}: the venue writes {sample}, we write {ours}");
        }
    }
}

#[test]
fn answers_have_every_field_of_the_venues_samples() {
    let Some(trade) = samples("trade") else { return };
    let Some(account) = samples("account") else { return };
    let Some(market) = samples("market_data") else { return };
    let mut server = server();
    let btc = "symbol=BTCUSDT";
    let order =
        |price: &str| format!("{btc}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=2&price={price}");
    let filled = ask(&mut server, "POST", "/fapi/v1/order", &order("101"));
    let placed = ask(&mut server, "POST", "/fapi/v1/order", &order("99"));
    compare(&trade["new_order"]["sample"], &placed, "new_order");
    let by_id = format!("{btc}&orderId={}", filled["orderId"]);
    server.set_funding_rate(FundingRate::parse_bps("1").unwrap());
    server.advance(NOW + EIGHT_HOURS_MS);
    let rows = [
        ("GET", "/fapi/v1/order", by_id.as_str(), &trade, "query_order"),
        ("GET", "/fapi/v1/openOrders", btc, &trade, "current_all_open_orders"),
        ("GET", "/fapi/v1/userTrades", btc, &trade, "account_trade_list"),
        ("GET", "/fapi/v2/positionRisk", btc, &trade, "position_information_v2"),
        ("GET", "/fapi/v3/positionRisk", btc, &trade, "position_information_v3"),
        ("GET", "/fapi/v2/balance", "", &account, "futures_account_balance_v2"),
        ("GET", "/fapi/v3/balance", "", &account, "futures_account_balance_v3"),
        ("GET", "/fapi/v2/account", "", &account, "account_information_v2"),
        ("GET", "/fapi/v3/account", "", &account, "account_information_v3"),
        ("GET", "/fapi/v1/positionSide/dual", "", &account, "get_current_position_mode"),
        ("GET", "/fapi/v1/accountConfig", "", &account, "futures_account_configuration"),
        ("GET", "/fapi/v1/symbolConfig", btc, &account, "symbol_configuration"),
        ("GET", "/fapi/v1/leverageBracket", "", &account, "notional_and_leverage_brackets"),
        ("GET", "/fapi/v1/commissionRate", btc, &account, "user_commission_rate"),
        (
            "POST",
            "/fapi/v1/leverage",
            "symbol=BTCUSDT&leverage=21",
            &trade,
            "change_initial_leverage",
        ),
        ("GET", "/fapi/v1/premiumIndex", btc, &market, "mark_price"),
        ("GET", "/fapi/v1/fundingRate", btc, &market, "get_funding_rate_history"),
        ("GET", "/fapi/v1/income", "incomeType=FUNDING_FEE", &account, "get_income_history"),
        ("GET", "/fapi/v1/ticker/bookTicker", btc, &market, "symbol_order_book_ticker"),
        ("GET", "/fapi/v1/depth", btc, &market, "order_book"),
        ("GET", "/fapi/v1/time", "", &market, "check_server_time"),
        (
            "POST",
            "/fapi/v1/countdownCancelAll",
            "symbol=BTCUSDT&countdownTime=1000",
            &trade,
            "auto_cancel_all_open_orders",
        ),
        ("DELETE", "/fapi/v1/allOpenOrders", btc, &trade, "cancel_all_open_orders"),
    ];
    for (method, path, params, samples, name) in rows {
        let sample = &samples[name]["sample"];
        assert!(!sample.is_null(), "the samples have no {name}");
        compare(sample, &ask(&mut server, method, path, params), name);
    }
}

/// 9 at a mark of 100.5 pay 22.6 every eight hours, until nothing is left of 10,000.
#[test]
fn forced_orders_have_every_field_of_the_venues_sample() {
    let Some(trade) = samples("trade") else { return };
    let mut server = server();
    let btc = "symbol=BTCUSDT";
    let order = format!("{btc}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=9&price=101");
    ask(&mut server, "POST", "/fapi/v1/order", &order);
    server.set_funding_rate(FundingRate::parse_bps("250").unwrap());
    for period in 1..=600 {
        server.advance(NOW + period * EIGHT_HOURS_MS);
    }
    let name = "users_force_orders";
    let sample = &trade[name]["sample"];
    assert!(!sample.is_null(), "the samples have no {name}");
    compare(sample, &ask(&mut server, "GET", "/fapi/v1/forceOrders", btc), name);
}

#[test]
fn conditional_orders_have_every_field_of_the_venues_samples() {
    let Some(trade) = samples("trade") else { return };
    let mut server = server();
    let (path, btc) = ("/fapi/v1/algoOrder", "symbol=BTCUSDT");
    let goal = |price: &str, more: &str| {
        let terms = "algoType=CONDITIONAL&side=SELL&type=TAKE_PROFIT&workingType=MARK_PRICE";
        format!("{btc}&{terms}&quantity=2&triggerPrice={price}&price={price}{more}")
    };
    let placed = ask(&mut server, "POST", path, &goal("110", "&clientAlgoId=near"));
    compare(&trade["new_algo_order"]["sample"], &placed, "new_algo_order");
    ask(&mut server, "POST", path, &goal("120", "&clientAlgoId=far"));
    let mark = MarketData::Mark(Price::whole(110));
    let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data: mark };
    server.on_market(NOW, &event);
    let rows = [
        ("GET", path, "clientAlgoId=near", "query_algo_order"),
        ("GET", "/fapi/v1/openAlgoOrders", btc, "current_all_algo_open_orders"),
        ("GET", "/fapi/v1/allAlgoOrders", btc, "query_all_algo_orders"),
        ("DELETE", path, "clientAlgoId=far", "cancel_algo_order"),
        ("DELETE", "/fapi/v1/algoOpenOrders", btc, "cancel_all_algo_open_orders"),
    ];
    for (method, path, params, name) in rows {
        let sample = &trade[name]["sample"];
        assert!(!sample.is_null(), "the samples have no {name}");
        compare(sample, &ask(&mut server, method, path, params), name);
    }
}
