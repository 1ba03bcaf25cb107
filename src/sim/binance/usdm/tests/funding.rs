//! Funding as a client meets it: before it is due, when it is paid, and afterwards.

use super::{NOW, ask, body, frames, limit, listen_key, place, server, signed, trading};
use crate::sim::binance::Server;
use crate::sim::testing::quote;
use crate::types::FundingRate;
use serde_json::{Value, json};

/// The first settlement after [`NOW`]: 2023-11-15, midnight UTC.
const DUE: u64 = 1_700_006_400_000;

fn funded() -> Server {
    let mut server = trading();
    assert!(server.set_funding_rate(FundingRate::parse_bps("-3.75").unwrap()));
    server.advance(NOW);
    server
}

fn public(server: &mut Server, now: u64, path: &str) -> Value {
    body(&ask(server, now, "GET", &format!("/fapi/v1/{path}")))
}

#[test]
fn rate_and_time_are_told_before() {
    let mut server = funded();
    let told = public(&mut server, NOW, "premiumIndex?symbol=BTCUSDT");
    assert_eq!(told["lastFundingRate"], "-0.00037500");
    assert_eq!(told["nextFundingTime"], json!(DUE));
    server.on_open(NOW, 1, "/market/ws/btcusdt@markPrice@1s").unwrap();
    server.on_market(NOW + 1, &quote("100.0", "6", "100.1", "5"));
    server.advance(NOW + 2_000);
    let mark = &frames(&mut server, 1)[0];
    assert_eq!((&mark["r"], &mark["T"]), (&json!("-0.00037500"), &json!(DUE)));
    let told = public(&mut server, DUE, "premiumIndex?symbol=BTCUSDT");
    assert_eq!(told["nextFundingTime"], json!(DUE + 28_800_000));
}

#[test]
fn a_payment_tells_the_wallet_alone_and_stands_in_the_income() {
    let mut server = funded();
    place(&mut server, &limit("BUY", "100.1", "5", ""));
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    for at in [NOW + 3_000_000, NOW + 6_000_000] {
        ask(&mut server, at, "PUT", "/fapi/v1/listenKey");
    }
    server.advance(DUE + 30);
    // 5 × 100.05 × 0.000375 is received, and 0.250250 was paid in fees.
    let wallet = "9999.93734375";
    let told = frames(&mut server, 1);
    let balance = json!({"a": "USDT", "wb": wallet, "cw": wallet, "bc": "0.18759375"});
    let update = json!({"m": "FUNDING_FEE", "B": [balance], "P": []});
    assert_eq!(told, [json!({"e": "ACCOUNT_UPDATE", "T": DUE, "E": DUE + 30, "a": update})]);
    let income = signed(&mut server, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    let row = json!({
        "symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "income": "0.18759375", "asset": "USDT",
        "info": "FUNDING_FEE", "time": DUE, "tranId": 1, "tradeId": "",
    });
    assert_eq!(income, json!([row]));
    let all = signed(&mut server, "GET", "/fapi/v1/income", "");
    let kinds: Vec<&Value> = all.as_array().unwrap().iter().map(|it| &it["incomeType"]).collect();
    assert_eq!(kinds, ["COMMISSION", "FUNDING_FEE"], "in their order in time");
    let none = signed(&mut server, "GET", "/fapi/v1/income", "symbol=ETHUSDT");
    assert_eq!(none, json!([]));
}

#[test]
fn rates_of_the_past_are_told_by_symbol_and_time() {
    let mut server = funded();
    assert_eq!(public(&mut server, NOW, "fundingRate"), json!([]), "none was settled yet");
    server.advance(DUE + 5);
    let first = json!({
        "symbol": "BTCUSDT", "fundingRate": "-0.00037500", "fundingTime": DUE,
        "markPrice": "100.05000000", "rateType": "Regular",
    });
    assert_eq!(public(&mut server, DUE + 5, "fundingRate?symbol=BTCUSDT"), json!([first]));
    assert_eq!(
        public(&mut server, DUE + 5, "fundingRate?symbol=ETHUSDT"),
        json!([]),
        "it has no mark"
    );
    server.advance(DUE + 28_800_000);
    let times = |server: &mut Server, query: &str| -> Vec<u64> {
        let path = format!("/fapi/v1/fundingRate?{query}");
        let told = body(&ask(server, DUE + 28_800_000, "GET", &path));
        told.as_array().unwrap().iter().map(|it| it["fundingTime"].as_u64().unwrap()).collect()
    };
    let both = [DUE, DUE + 28_800_000];
    assert_eq!(times(&mut server, ""), both);
    assert_eq!(times(&mut server, "limit=1"), both[1..], "the newest");
    assert_eq!(times(&mut server, &format!("limit=1&startTime={DUE}")), both[..1], "the oldest");
    assert_eq!(times(&mut server, &format!("endTime={DUE}")), both[..1]);
    assert_eq!(times(&mut server, &format!("startTime={}", DUE + 1)), both[1..]);
    let rows = [("symbol=NOPE", -1121), ("limit=many", -1102), ("startTime=x", -1102)];
    for (query, code) in rows {
        assert_eq!(
            public(&mut server, DUE, &format!("fundingRate?{query}"))["code"],
            code,
            "{query}"
        );
    }
}

#[test]
fn an_exchange_without_a_rate_settles_at_zero_and_moves_nothing() {
    let mut server = server();
    server.advance(NOW);
    server.on_market(NOW, &quote("100.0", "6", "100.1", "5"));
    place(&mut server, &limit("BUY", "100.1", "5", ""));
    server.advance(DUE);
    let told = public(&mut server, DUE, "fundingRate");
    assert_eq!((&told[0]["fundingRate"], &told[1]), (&json!("0.00000000"), &Value::Null));
    let income = signed(&mut server, "GET", "/fapi/v1/income", "incomeType=FUNDING_FEE");
    assert_eq!(income, json!([]));
}
