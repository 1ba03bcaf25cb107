//! Several orders in one request.

use super::{NOW, encoded, place, signed, trading};
use crate::sim::binance::Server;
use serde_json::{Value, json};

fn order(price: &str, quantity: &str, id: &str) -> Value {
    json!({
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
        "price": price, "quantity": quantity, "newClientOrderId": id,
    })
}

fn place_batch(server: &mut Server, orders: &Value) -> Value {
    let params = format!("batchOrders={}", encoded(orders));
    signed(server, "POST", "/fapi/v1/batchOrders", &params)
}

fn cancel_batch(server: &mut Server, name: &str, ids: &Value) -> Value {
    let params = format!("symbol=BTCUSDT&{name}={}", encoded(ids));
    signed(server, "DELETE", "/fapi/v1/batchOrders", &params)
}

#[test]
fn every_order_of_a_batch_is_taken_or_refused_for_itself() {
    let mut server = trading();
    let misnamed = json!({"symbol": ["BTCUSDT"]});
    let batch = json!([order("99.0", "2", "a"), order("99.0", "1", "b"), misnamed]);
    let answer = place_batch(&mut server, &batch);
    assert_eq!((&answer[0]["clientOrderId"], &answer[0]["status"]), (&json!("a"), &json!("NEW")));
    assert_eq!((&answer[1]["code"], &answer[2]["code"]), (&json!(-4164), &json!(-1121)));
    let open = signed(&mut server, "GET", "/fapi/v1/openOrders", "");
    assert_eq!(open.as_array().map(Vec::len), Some(1));
}

#[test]
fn a_batch_has_one_to_five_orders() {
    let mut server = trading();
    let orders = |count: usize| -> Value {
        (0..count).map(|at| order("99.0", "2", &format!("n{count}-{at}"))).collect()
    };
    assert_eq!(place_batch(&mut server, &orders(0))["code"], -4082);
    assert_eq!(place_batch(&mut server, &orders(6))["code"], -4082);
    assert_eq!(place_batch(&mut server, &orders(5)).as_array().map(Vec::len), Some(5));
    assert_eq!(place_batch(&mut server, &json!({"symbol": "BTCUSDT"}))["code"], -1130);
    assert_eq!(signed(&mut server, "POST", "/fapi/v1/batchOrders", "")["code"], -1102);
}

#[test]
fn each_order_of_a_batch_counts_against_the_limit_of_orders() {
    let mut server = trading();
    place_batch(&mut server, &json!([order("99.0", "2", "a"), order("99.0", "2", "b")]));
    let more = super::limit("BUY", "99.0", "2", "");
    let reply = super::signed_at(&mut server, NOW, "POST", "/fapi/v1/order", &more);
    let count = reply.headers.iter().find(|(name, _)| name == "X-MBX-ORDER-COUNT-10S");
    assert_eq!(count.map(|(_, count)| count.as_str()), Some("3"));
}

#[test]
fn a_batch_is_cancelled_by_number_or_by_id() {
    let mut server = trading();
    for id in ["a", "b", "c"] {
        place(&mut server, &super::limit("BUY", "99.0", "2", &format!("&newClientOrderId={id}")));
    }
    let answer = cancel_batch(&mut server, "orderIdList", &json!([1, 99]));
    assert_eq!((&answer[0]["status"], &answer[1]["code"]), (&json!("CANCELED"), &json!(-2011)));
    let answer = cancel_batch(&mut server, "origClientOrderIdList", &json!(["b", "c"]));
    assert_eq!([&answer[0]["clientOrderId"], &answer[1]["status"]], ["b", "CANCELED"]);
    place(&mut server, &super::limit("BUY", "99.0", "2", ""));
    assert_eq!(cancel_batch(&mut server, "orderidlist", &json!([4]))[0]["status"], "CANCELED");
    let eleven: Value = (0..11).collect();
    assert_eq!(cancel_batch(&mut server, "orderIdList", &eleven)["code"], -4082);
    assert_eq!(
        signed(&mut server, "DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT")["code"],
        -1102
    );
}
