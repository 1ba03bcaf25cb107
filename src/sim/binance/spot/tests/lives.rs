//! Lives of orders: what is answered, what is locked, what is charged.

use super::{balance, limit, place, sent, signed, trading};
use crate::sim::testing::trade;
use crate::types::Side;
use serde_json::json;

const ORDER: &str = "/api/v3/order";

#[test]
fn a_buy_locks_its_price_and_a_cancel_gives_it_back() {
    let mut server = trading();
    let placed = place(&mut server, &limit("BUY", "99.00", "2"));
    assert_eq!(placed["status"], "NEW");
    assert_eq!((&placed["fills"], &placed["orderListId"]), (&json!([]), &json!(-1)));
    assert_eq!(balance(&mut server, "USDT"), ("9802.00000000".into(), "198.00000000".into()));
    let by_id = format!("symbol=BTCUSDT&orderId={}&newClientOrderId=bye", placed["orderId"]);
    let canceled = signed(&mut server, "DELETE", ORDER, &by_id);
    assert_eq!(canceled["status"], "CANCELED");
    assert_eq!(canceled["clientOrderId"], "bye");
    assert_eq!(canceled["origClientOrderId"], placed["clientOrderId"]);
    assert_eq!(balance(&mut server, "USDT"), ("10000.00000000".into(), "0.00000000".into()));
    let told =
        signed(&mut server, "GET", ORDER, &format!("symbol=BTCUSDT&orderId={}", placed["orderId"]));
    assert_eq!(
        (&told["status"], &told["clientOrderId"]),
        (&json!("CANCELED"), &placed["clientOrderId"])
    );
}

#[test]
fn a_taker_pays_its_fee_from_what_it_receives() {
    let mut server = trading();
    let bought = place(&mut server, "side=BUY&type=MARKET&quantity=6");
    assert_eq!((&bought["status"], &bought["timeInForce"]), (&json!("FILLED"), &json!("GTC")));
    // 5 at 100.1 and 1 at 100.2.
    assert_eq!(bought["cummulativeQuoteQty"], "600.70000000");
    let fills = bought["fills"].as_array().unwrap();
    assert_eq!(fills.len(), 2);
    assert_eq!(fills[0]["commission"], "0.01000000");
    assert_eq!(fills[0]["commissionAsset"], "BTC");
    assert_eq!(balance(&mut server, "BTC").0, "15.98800000");
    assert_eq!(balance(&mut server, "USDT").0, "9399.30000000");
    let sold = place(&mut server, "side=SELL&type=MARKET&quantity=1");
    assert_eq!(sold["fills"][0]["commissionAsset"], "USDT");
    assert_eq!(sold["fills"][0]["commission"], "0.20000000");
    assert_eq!(balance(&mut server, "USDT").0, "9499.10000000");
}

#[test]
fn a_maker_pays_less_and_trades_at_its_price() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "99.9", "2"));
    // Ten stand before us.
    server.on_market(super::NOW, &trade("99.9", "11", Side::Sell));
    let open = signed(&mut server, "GET", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(
        (&open[0]["status"], &open[0]["executedQty"]),
        (&json!("PARTIALLY_FILLED"), &json!("1.00000000"))
    );
    assert_eq!(balance(&mut server, "USDT"), ("9800.20000000".into(), "99.90000000".into()));
    assert_eq!(balance(&mut server, "BTC").0, "10.99900000");
    let trades = signed(&mut server, "GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    assert_eq!((&trades[0]["isMaker"], &trades[0]["isBuyer"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&trades[0]["commission"], &trades[0]["commissionAsset"]),
        (&json!("0.00100000"), &json!("BTC"))
    );
}

#[test]
fn what_does_not_trade_at_once_expires_with_its_reason() {
    let mut server = trading();
    let of = |tif: &str, quantity: &str| limit("BUY", "100.1", quantity).replace("GTC", tif);
    let part = place(&mut server, &of("IOC", "7"));
    assert_eq!((&part["status"], &part["executedQty"]), (&json!("EXPIRED"), &json!("5.00000000")));
    assert_eq!(part["expiryReason"], "UNFILLED_IOC_QUANTITY_EXPIRED");
    let none = place(&mut server, &of("FOK", "1"));
    assert_eq!((&none["status"], &none["executedQty"]), (&json!("EXPIRED"), &json!("0.00000000")));
    assert_eq!(none["expiryReason"], "UNFILLED_FOK_ORDER_EXPIRED");
    let whole = place(&mut server, &limit("SELL", "100.0", "5").replace("GTC", "FOK"));
    assert_eq!(whole["status"], "FILLED");
    let empty = place(&mut server, "side=SELL&type=MARKET&quantity=9");
    assert_eq!(empty["status"], "FILLED", "deeper levels are there still");
    assert_eq!(balance(&mut server, "USDT").1, "0.00000000", "nothing stays locked");
}

#[test]
fn a_market_order_may_name_what_it_spends() {
    let mut server = trading();
    let bought = place(&mut server, "side=BUY&type=MARKET&quoteOrderQty=600.75");
    // 5 at 100.1 leave 100.25, which is 1.000 at 100.2 in whole steps.
    assert_eq!(
        (&bought["status"], &bought["executedQty"]),
        (&json!("FILLED"), &json!("6.00000000"))
    );
    assert_eq!(bought["origQuoteOrderQty"], "600.75000000");
    let dear = place(&mut server, "side=BUY&type=MARKET&quoteOrderQty=999999");
    assert_eq!(dear["code"], -2010, "nobody spends what he does not have: {dear}");
}

#[test]
fn answers_tell_as_much_as_is_asked_for() {
    let mut server = trading();
    let ack = place(&mut server, &format!("{}&newOrderRespType=ACK", limit("BUY", "99.0", "1")));
    assert_eq!(ack.as_object().unwrap().len(), 5);
    let result =
        place(&mut server, &format!("{}&newOrderRespType=RESULT", limit("BUY", "99.0", "1")));
    assert!(result["fills"].is_null() && result["workingTime"].is_u64());
    let maker = place(&mut server, "side=BUY&type=LIMIT_MAKER&price=99.0&quantity=1");
    assert!(maker["status"].is_null(), "post-only orders are acknowledged");
    let told =
        signed(&mut server, "GET", ORDER, &format!("symbol=BTCUSDT&orderId={}", maker["orderId"]));
    assert_eq!((&told["type"], &told["timeInForce"]), (&json!("LIMIT_MAKER"), &json!("GTC")));
}

#[test]
fn an_amendment_makes_smaller_and_keeps_the_place() {
    let mut server = trading();
    let placed = place(&mut server, &limit("BUY", "99.9", "4"));
    let path = "/api/v3/order/amend/keepPriority";
    let of = |more: &str| format!("symbol=BTCUSDT&orderId={}&{more}", placed["orderId"]);
    let amended = signed(&mut server, "PUT", path, &of("newQty=2&newClientOrderId=second"));
    let order = &amended["amendedOrder"];
    assert_eq!((&order["qty"], &order["clientOrderId"]), (&json!("2.00000000"), &json!("second")));
    assert_eq!(order["origClientOrderId"], placed["clientOrderId"]);
    assert!(amended["executionId"].is_u64());
    assert_eq!(balance(&mut server, "USDT").1, "199.80000000");
    for (more, code) in [
        ("newQty=3", -2038),
        ("newQty=2", -2038),
        ("newQty=0", -2038),
        ("newQty=1.0001", -1013),
        ("newQty=1.123456789", -1111),
    ] {
        assert_eq!(signed(&mut server, "PUT", path, &of(more))["code"], code, "{more}");
    }
    let unknown = "symbol=BTCUSDT&orderId=99&newQty=1";
    assert_eq!(signed(&mut server, "PUT", path, unknown)["code"], -2038);
    // The ten that stood before it stand before it still.
    server.on_market(super::NOW, &trade("99.9", "12", Side::Sell));
    let told = signed(&mut server, "GET", ORDER, "symbol=BTCUSDT&origClientOrderId=second");
    assert_eq!(told["status"], "FILLED");
}

#[test]
fn cancel_and_replace_does_both_one_or_neither() {
    let mut server = trading();
    let path = "/api/v3/order/cancelReplace";
    let placed = place(&mut server, &limit("BUY", "99.0", "1"));
    let of = |id: &str, mode: &str, quantity: &str| {
        let order = limit("BUY", "98.0", quantity);
        format!("symbol=BTCUSDT&{order}&cancelOrderId={id}&cancelReplaceMode={mode}")
    };
    let id = placed["orderId"].to_string();
    let both = sent(&mut server, "POST", path, &of(&id, "STOP_ON_FAILURE", "2"));
    let told = super::body(&both);
    assert_eq!((both.status, &told["cancelResult"]), (200, &json!("SUCCESS")));
    assert_eq!(told["newOrderResponse"]["origQty"], "2.00000000");
    let neither = sent(&mut server, "POST", path, &of(&id, "STOP_ON_FAILURE", "3"));
    let told = super::body(&neither);
    assert_eq!((neither.status, &told["code"]), (400, &json!(-2022)));
    assert_eq!(told["data"]["newOrderResult"], "NOT_ATTEMPTED");
    assert_eq!(told["data"]["cancelResponse"]["code"], -2011);
    let half = sent(&mut server, "POST", path, &of(&id, "ALLOW_FAILURE", "3"));
    let told = super::body(&half);
    assert_eq!((half.status, &told["code"]), (409, &json!(-2021)));
    assert_eq!(
        (&told["data"]["cancelResult"], &told["data"]["newOrderResult"]),
        (&json!("FAILURE"), &json!("SUCCESS"))
    );
    let last = told["data"]["newOrderResponse"]["orderId"].to_string();
    let dear = sent(&mut server, "POST", path, &of(&last, "STOP_ON_FAILURE", "900"));
    let told = super::body(&dear);
    assert_eq!((dear.status, &told["data"]["newOrderResponse"]["code"]), (409, &json!(-2010)));
    assert_eq!(told["data"]["cancelResult"], "SUCCESS");
}

#[test]
fn all_orders_of_a_symbol_go_at_once_and_none_is_an_error() {
    let mut server = trading();
    place(&mut server, &limit("BUY", "99.0", "1"));
    place(&mut server, &limit("SELL", "101.0", "1"));
    let all = signed(&mut server, "DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert!(all[0]["origClientOrderId"].is_string());
    let none = signed(&mut server, "DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!((&none["code"], &none["msg"]), (&json!(-2011), &json!("Unknown order sent.")));
}

#[test]
fn a_test_reaches_nothing() {
    let mut server = trading();
    let path = "/api/v3/order/test";
    let order = format!("symbol=BTCUSDT&{}", limit("BUY", "99.0", "1"));
    assert_eq!(signed(&mut server, "POST", path, &order), json!({}));
    let rates = signed(&mut server, "POST", path, &format!("{order}&computeCommissionRates=true"));
    assert_eq!(rates["standardCommissionForOrder"]["taker"], "0.00200000");
    let bad = signed(&mut server, "POST", path, &order.replace("99.0", "99.05"));
    assert_eq!(bad["msg"], "Filter failure: PRICE_FILTER");
    assert_eq!(signed(&mut server, "GET", "/api/v3/openOrders", ""), json!([]));
}
