//! A liquidation as a client meets it: on the private stream, in the lists, in the income.

use super::{NOW, frames, limit, listen_key, place, signed, signed_at, trading};
use crate::sim::AccountIndex;
use crate::sim::binance::Server;
use crate::sim::testing::{USDT, btc, cash, price, quote};
use crate::types::MarketData;
use serde_json::{Value, json};

/// 35 are bought for 3,508.5, and 140 are left in the wallet. The book has bids for 10 at 96.4 when
/// the mark falls to 96.5; 9 are left of the account then.
fn liquidated() -> (Server, Vec<Value>) {
    let mut server = trading();
    place(&mut server, &limit("BUY", "100.3", "35", ""));
    place(&mut server, &limit("BUY", "90.0", "2", "&newClientOrderId=resting"));
    let desk = server.usdm.as_mut().unwrap();
    desk.exchange.account_mut(AccountIndex(0)).set_wallet(USDT, cash("140"));
    server.on_market(NOW, &btc(MarketData::Mark(price("100"))));
    server.on_market(NOW, &quote("96.4", "10", "96.5", "5"));
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    frames(&mut server, 1);
    server.on_market(NOW, &btc(MarketData::Mark(price("96.5"))));
    let told = frames(&mut server, 1);
    (server, told)
}

fn autoclose() -> String {
    format!("autoclose-{NOW}000003")
}

#[test]
fn a_client_sees_its_orders_end_and_an_order_that_it_never_sent() {
    let (_, told) = liquidated();
    let orders = told.iter().filter(|it| it["e"] == "ORDER_TRADE_UPDATE").map(|it| &it["o"]);
    let rows =
        orders.map(|it| ["c", "o", "x", "X", "er", "l", "L", "z"].map(|name| it[name].clone()));
    let rows: Vec<_> = rows.collect();
    let id = autoclose();
    let forced = |kind: &str, status: &str, last: [&str; 3]| {
        let [qty, price, all] = last;
        [id.as_str(), "LIQUIDATION", kind, status, "0", qty, price, all].map(|it| json!(it))
    };
    let none = ["0.000", "0.0", "0.000"];
    let ended = ["resting", "LIMIT", "EXPIRED", "EXPIRED", "5", none[0], none[1], none[2]];
    let expected = [
        ended.map(|it| json!(it)),
        forced("NEW", "NEW", none),
        forced("CALCULATED", "PARTIALLY_FILLED", ["10.000", "96.4", "10.000"]),
        forced("CALCULATED", "NEW_INSURANCE", ["25.000", "96.3", "35.000"]),
    ];
    assert_eq!(rows, expected);
    let insured = &told.iter().find(|it| it["o"]["X"] == "NEW_INSURANCE").unwrap()["o"];
    assert_eq!(
        (&insured["f"], &insured["S"], &insured["p"]),
        (&json!("IOC"), &json!("SELL"), &json!("96.3"))
    );
    assert_eq!((insured.get("N"), insured.get("n")), (None, None), "there is no commission");
    assert!(insured["t"].as_u64().is_some_and(|id| 0 < id));
}

/// 140 less 137 of the trades and 0.482 of commission; the fee of 1.2 % would be 40.458.
#[test]
fn the_fee_is_told_as_the_insurance_funds_and_leaves_nothing() {
    let (mut server, told) = liquidated();
    let accounts = told.iter().filter(|it| it["e"] == "ACCOUNT_UPDATE").map(|it| &it["a"]);
    let accounts: Vec<_> = accounts.collect();
    assert_eq!((&accounts[0]["m"], &accounts[0]["P"][0]["pa"]), (&json!("ORDER"), &json!("0.000")));
    let zero = "0.00000000";
    let balance = json!({"a": "USDT", "wb": zero, "cw": zero, "bc": "-2.51800000"});
    assert_eq!(*accounts[1], json!({"m": "INSURANCE_CLEAR", "B": [balance], "P": []}));
    assert_eq!(accounts.len(), 2);
    let income = signed(&mut server, "GET", "/fapi/v1/income", "incomeType=INSURANCE_CLEAR");
    assert_eq!((&income[0]["income"], &income[1]), (&json!("-2.51800000"), &Value::Null));
    assert_eq!(income[0]["info"], "INSURANCE_CLEAR");
    let balances = signed(&mut server, "GET", "/fapi/v3/balance", "");
    assert_eq!(balances[0]["balance"], zero);
    assert_eq!(signed(&mut server, "GET", "/fapi/v3/positionRisk", ""), json!([]));
    assert_eq!(signed(&mut server, "GET", "/fapi/v1/openOrders", ""), json!([]));
    let trades = signed(&mut server, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT&limit=2");
    assert_eq!((&trades[0]["qty"], &trades[1]["qty"]), (&json!("10.000"), &json!("25.000")));
    assert_eq!(
        (&trades[0]["commission"], &trades[1]["commission"]),
        (&json!("0.482"), &json!("0"))
    );
}

#[test]
fn forced_orders_are_listed_as_the_venues_page_has_them() {
    let (mut server, _) = liquidated();
    let path = "/fapi/v1/forceOrders";
    let all = signed(&mut server, "GET", path, "");
    let row = &all[0];
    let expected = [
        ("clientOrderId", json!(autoclose())),
        ("status", json!("FILLED")),
        ("price", json!("96.3")),
        ("avgPrice", json!("96.32857142")),
        ("origQty", json!("35.000")),
        ("executedQty", json!("35.000")),
        ("cumQuote", json!("3371.5")),
        ("timeInForce", json!("IOC")),
        ("type", json!("LIMIT")),
        ("side", json!("SELL")),
        ("reduceOnly", json!(false)),
        ("time", json!(NOW)),
    ];
    for (name, value) in expected {
        assert_eq!(row[name], value, "{name}");
    }
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    for query in ["symbol=BTCUSDT", "autoCloseType=LIQUIDATION", "limit=1", "limit=1000"] {
        assert_eq!(signed(&mut server, "GET", path, query), all, "{query}");
    }
    for query in ["symbol=ETHUSDT", "autoCloseType=ADL", &format!("startTime={}", NOW + 1)] {
        assert_eq!(signed(&mut server, "GET", path, query), json!([]), "{query}");
    }
    for (query, code) in [("symbol=NOPE", -1121), ("autoCloseType=ODD", -1130)] {
        assert_eq!(signed(&mut server, "GET", path, query)["code"], code, "{query}");
    }
    let mut weight = |query: &str| {
        let reply = signed_at(&mut server, NOW + 120_000, "GET", path, query);
        let used = reply.headers.iter().find(|(name, _)| name == "X-MBX-USED-WEIGHT-1M");
        used.unwrap().1.parse::<u32>().unwrap()
    };
    assert_eq!((weight("symbol=BTCUSDT"), weight("")), (20, 70));
}
