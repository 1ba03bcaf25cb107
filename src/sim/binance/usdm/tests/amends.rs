//! `order.modify` and its REST form, and what the private stream says of it.

use super::{KEY, NOW, body, frames, limit, listen_key, place, sign, signed, signed_at, trading};
use serde_json::{Value, json};

const PATH: &str = "/fapi/v1/order";

fn terms(id: &str, side: &str, price: &str, quantity: &str) -> String {
    let order = format!("symbol=BTCUSDT&origClientOrderId={id}");
    format!("{order}&side={side}&price={price}&quantity={quantity}")
}

#[test]
fn an_order_is_amended_over_rest_and_the_stream_says_so() {
    let mut server = trading();
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    let placed = place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    frames(&mut server, 1);
    let amended = signed(&mut server, "PUT", PATH, &terms("a", "BUY", "98.5", "3"));
    assert_eq!(amended["orderId"], placed["orderId"]);
    assert_eq!((&amended["price"], &amended["origQty"]), (&json!("98.5"), &json!("3.000")));
    assert_eq!((&amended["status"], &amended["clientOrderId"]), (&json!("NEW"), &json!("a")));
    let told = frames(&mut server, 1);
    let order = &told[0]["o"];
    assert_eq!((told.len(), &order["x"], &order["X"]), (1, &json!("AMENDMENT"), &json!("NEW")));
    assert_eq!((&order["p"], &order["q"]), (&json!("98.5"), &json!("3.000")));
    let found = signed(&mut server, "GET", PATH, "symbol=BTCUSDT&origClientOrderId=a");
    assert_eq!(found["price"], "98.5");
}

#[test]
fn an_order_is_amended_over_the_order_entry_connection() {
    let mut server = trading();
    server.on_open(NOW, 1, "/ws-fapi/v1").unwrap();
    place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    let mut params = json!({
        "apiKey": KEY, "origClientOrderId": "a", "price": "98.5", "quantity": "2",
        "side": "BUY", "symbol": "BTCUSDT", "timestamp": NOW,
    });
    let plain = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let pairs = params.as_object().unwrap().iter();
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    params["signature"] = json!(sign(&pairs.join("&")));
    let request = json!({"id": "m00.x", "method": "order.modify", "params": params});
    server.on_text(NOW, 1, request.to_string().as_bytes());
    let answer = &frames(&mut server, 1)[0];
    assert_eq!((&answer["id"], &answer["status"]), (&json!("m00.x"), &json!(200)));
    assert_eq!(answer["result"]["price"], "98.5");
    let counted = answer["rateLimits"].as_array().unwrap().iter();
    let counted = counted.filter(|it| it["rateLimitType"] == "ORDERS").map(|it| &it["count"]);
    assert_eq!(counted.collect::<Vec<_>>(), [&json!(2), &json!(2)], "an amend counts as an order");
}

#[test]
fn what_cannot_be_amended_is_refused_by_its_code() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    let rows = [
        (terms("a", "BUY", "99.0", "2"), -5027),
        (terms("b", "BUY", "98.0", "2"), -2013),
        (terms("a", "SELL", "98.0", "2"), -1117),
        (terms("a", "BUY", "98.05", "2"), -4014),
        ("symbol=BTCUSDT&origClientOrderId=a&side=BUY&price=98.0".to_owned(), -1102),
        ("symbol=BTCUSDT&origClientOrderId=a&side=BUY&quantity=2".to_owned(), -1102),
        ("symbol=BTCUSDT&origClientOrderId=a&price=98.0&quantity=2".to_owned(), -1102),
    ];
    for (params, code) in rows {
        let reply = signed_at(&mut server, NOW, "PUT", PATH, &params);
        assert_eq!((reply.status, &body(&reply)["code"]), (400, &json!(code)), "{params}");
    }
    let open =
        signed(&mut server, "GET", "/fapi/v1/openOrder", "symbol=BTCUSDT&origClientOrderId=a");
    assert_eq!((&open["price"], &open["origQty"]), (&json!("99.0"), &json!("2.000")));
}
