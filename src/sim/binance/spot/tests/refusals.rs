//! What is refused, with which code and in which words.

use super::{KEY, NOW, ask, body, limit, place, sent, sign, signed, trading};
use crate::sim::binance::HttpRequest;
use serde_json::json;

#[test]
fn orders_are_refused_in_the_venues_words() {
    let mut server = trading();
    let same = format!("{}&newClientOrderId=same", limit("BUY", "90.0", "1"));
    place(&mut server, &same);
    let low = limit("BUY", "99.0", "1");
    let rows = [
        (limit("BUY", "99.05", "1"), -1013, "Filter failure: PRICE_FILTER"),
        (limit("BUY", "99.0", "0.0005"), -1013, "Filter failure: LOT_SIZE"),
        (limit("BUY", "99.0", "0.001"), -1013, "Filter failure: NOTIONAL"),
        (limit("BUY", "501.0", "1"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (limit("BUY", "19.0", "1"), -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        (limit("BUY", "99.123456789", "1"), -1111, "Parameter 'price' has too much precision."),
        (
            limit("BUY", "99.0", "900"),
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (
            limit("SELL", "101.0", "10.001"),
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (same, -2010, "Duplicate order sent."),
        (
            "side=BUY&type=LIMIT_MAKER&price=100.1&quantity=1".into(),
            -2010,
            "Order would immediately match and take.",
        ),
        (low.replace("BUY", "HOLD"), -1117, "Invalid side."),
        (low.replace("LIMIT", "LIMITED"), -1116, "Invalid orderType."),
        (low.replace("GTC", "GTX"), -1115, "Invalid timeInForce."),
        (
            low.replace("price=99.0&", ""),
            -1102,
            "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
        ),
        (low.replace("99.0", "-1"), -1100, ""),
        (
            "side=BUY&type=MARKET".into(),
            -1102,
            "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
        ),
        (
            "side=BUY&type=MARKET&quantity=1&timeInForce=GTC".into(),
            -1106,
            "Parameter 'timeInForce' sent when not required.",
        ),
        ("side=BUY&type=LIMIT_MAKER&price=99.0&quantity=1&timeInForce=GTC".into(), -1106, ""),
        (format!("{low}&newClientOrderId=a:b"), -1100, ""),
        (format!("{low}&icebergQty=1"), -2010, "Iceberg orders are not supported for this symbol."),
        (
            "side=BUY&type=STOP_LOSS_LIMIT".into(),
            -2010,
            "Stop loss limit orders are not supported for this symbol.",
        ),
    ];
    for (order, code, text) in rows {
        let refused = place(&mut server, &order);
        assert_eq!(refused["code"], code, "{order}: {refused}");
        assert!(text.is_empty() || refused["msg"] == text, "{order}: {refused}");
    }
    let unknown = signed(&mut server, "POST", "/api/v3/order", &format!("symbol=XYZ&{low}"));
    assert_eq!((&unknown["code"], &unknown["msg"]), (&json!(-1121), &json!("Invalid symbol.")));
    let open = signed(&mut server, "GET", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(open.as_array().unwrap().len(), 1, "a refused order leaves no trace");
}

#[test]
fn an_id_is_free_again_when_its_order_is_over() {
    let mut server = trading();
    let named = format!("{}&newClientOrderId=again", limit("BUY", "99.0", "1"));
    place(&mut server, &named);
    signed(&mut server, "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=again");
    assert_eq!(place(&mut server, &named)["status"], "NEW");
}

#[test]
fn cancels_name_the_order_that_they_mean() {
    let mut server = trading();
    let placed =
        place(&mut server, &format!("{}&newClientOrderId=mine", limit("BUY", "99.0", "1")));
    let id = &placed["orderId"];
    let rows = [
        ("".to_owned(), -1102),
        ("&orderId=77".to_owned(), -2011),
        (format!("&orderId={id}&origClientOrderId=other"), -2039),
        (format!("&orderId={id}&cancelRestrictions=ONLY_PARTIALLY_FILLED"), -2011),
        (format!("&orderId={id}&cancelRestrictions=ANY"), -1130),
    ];
    for (more, code) in rows {
        let refused =
            signed(&mut server, "DELETE", "/api/v3/order", &format!("symbol=BTCUSDT{more}"));
        assert_eq!(refused["code"], code, "{more}");
    }
    let both =
        format!("symbol=BTCUSDT&orderId={id}&origClientOrderId=mine&cancelRestrictions=ONLY_NEW");
    assert_eq!(signed(&mut server, "DELETE", "/api/v3/order", &both)["status"], "CANCELED");
    let gone = signed(&mut server, "GET", "/api/v3/order", "symbol=BTCUSDT&orderId=77");
    assert_eq!((&gone["code"], &gone["msg"]), (&json!(-2013), &json!("Order does not exist.")));
}

#[test]
fn who_asks_must_show_it() {
    let mut server = trading();
    let code = |reply| body(&reply)["code"].clone();
    let no_key = HttpRequest { method: "GET", target: "/api/v3/account", api_key: None, body: b"" };
    assert_eq!(code(server.on_http(NOW, &no_key)), -2014);
    let wrong_key = HttpRequest { api_key: Some("nobody"), ..no_key };
    assert_eq!(code(server.on_http(NOW, &wrong_key)), -2015);
    let payload = format!("timestamp={NOW}");
    let forged = format!("/api/v3/account?{payload}&signature={}", sign("timestamp=1"));
    assert_eq!(code(ask(&mut server, "GET", &forged)), -1022);
    for (time, expected) in
        [(NOW + 999, true), (NOW + 1_000, false), (NOW - 5_000, true), (NOW - 5_001, false)]
    {
        let payload = format!("timestamp={time}");
        let target = format!("/api/v3/account?{payload}&signature={}", sign(&payload));
        let reply = ask(&mut server, "GET", &target);
        assert_eq!(reply.status == 200, expected, "{time}");
        assert!(expected || body(&reply)["code"] == -1021);
    }
    assert_eq!(ask(&mut server, "GET", "/api/v3/userDataStream").status, 404);
    assert_eq!(sent(&mut server, "POST", "/api/v3/sor/order", "").status, 400);
}

/// The query wins where a name stands in both; the signature is over both, without a sign between.
#[test]
fn parameters_may_come_in_the_query_and_in_the_body() {
    let mut server = trading();
    let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=99.0";
    let form = format!("quantity=1&price=55.0&timestamp={NOW}");
    let form = format!("{form}&signature={}", sign(&format!("{query}{form}")));
    let target = format!("/api/v3/order?{query}");
    let request =
        HttpRequest { method: "POST", target: &target, api_key: Some(KEY), body: form.as_bytes() };
    let placed = body(&server.on_http(NOW, &request));
    assert_eq!((&placed["status"], &placed["price"]), (&json!("NEW"), &json!("99.00000000")));
    let twice = format!("symbol=BTCUSDT&symbol=BTCUSDT&timestamp={NOW}");
    let target = format!("/api/v3/openOrders?{twice}&signature={}", sign(&twice));
    assert_eq!(body(&ask(&mut server, "GET", &target))["code"], -1101);
}
