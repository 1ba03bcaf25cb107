//! Self-trade prevention: what an order says of it, and what is told of one that it ends.

use super::{NOW, encoded, frames, limit, listen_key, place, signed, trading};
use crate::sim::binance::Server;
use crate::sim::testing::trade;
use crate::types::Side;
use serde_json::{Value, json};

const PATH: &str = "/fapi/v1/order";
const MODE: &str = "selfTradePreventionMode";

/// Listens on connection 1.
fn listening() -> Server {
    let mut server = trading();
    let key = listen_key(&mut server);
    server.on_open(NOW, 1, &format!("/private/ws?listenKey={key}")).unwrap();
    server
}

/// `V` of the next events of orders, all of which must agree.
fn told_mode(server: &mut Server) -> Value {
    let events = frames(server, 1);
    let orders: Vec<&Value> = events.iter().filter(|it| it["e"] == "ORDER_TRADE_UPDATE").collect();
    let mode = orders[0]["o"]["V"].clone();
    assert!(orders.iter().all(|it| it["o"]["V"] == mode), "{orders:?}");
    mode
}

#[test]
fn an_order_says_what_it_was_sent_with_wherever_it_is_told() {
    let sent = ["NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH"];
    let sent = sent.map(|mode| (format!("&{MODE}={mode}"), mode));
    for (more, mode) in sent.into_iter().chain([(String::new(), "EXPIRE_MAKER")]) {
        let mut server = listening();
        let placed = place(&mut server, &limit("BUY", "99.0", "2", &more));
        assert_eq!((&placed[MODE], told_mode(&mut server)), (&json!(mode), json!(mode)));
        let key = format!("symbol=BTCUSDT&orderId={}", placed["orderId"]);
        for path in [PATH, "/fapi/v1/openOrder"] {
            assert_eq!(signed(&mut server, "GET", path, &key)[MODE], mode, "{path}");
        }
        for path in ["/fapi/v1/openOrders", "/fapi/v1/allOrders"] {
            assert_eq!(signed(&mut server, "GET", path, &key)[0][MODE], mode, "{path}");
        }
        assert_eq!(signed(&mut server, "DELETE", PATH, &key)[MODE], mode);
        assert_eq!(told_mode(&mut server), mode);
    }
}

#[test]
fn each_order_of_a_batch_says_its_own_or_is_refused_for_it() {
    let order = |mode: &str| {
        json!({
            "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
            "price": "99.0", "quantity": "2", MODE: mode,
        })
    };
    let orders = ["EXPIRE_BOTH", "DECREMENT", "EXPIRE_TAKER"].map(order);
    let params = format!("batchOrders={}", encoded(&json!(orders)));
    let answer = signed(&mut trading(), "POST", "/fapi/v1/batchOrders", &params);
    assert_eq!([&answer[0][MODE], &answer[2][MODE]], ["EXPIRE_BOTH", "EXPIRE_TAKER"]);
    let refused = json!({"code": -5039, "msg": "Invalid self trade prevention mode."});
    assert_eq!(answer[1], refused);
}

#[test]
fn an_amend_leaves_an_order_without() {
    let mut server = listening();
    place(&mut server, &limit("BUY", "99.0", "2", "&newClientOrderId=a"));
    frames(&mut server, 1);
    let key = "symbol=BTCUSDT&origClientOrderId=a";
    let same = format!("{key}&side=BUY&price=99.0&quantity=2");
    assert_eq!(signed(&mut server, "PUT", PATH, &same)["code"], -5027);
    assert_eq!(signed(&mut server, "GET", PATH, key)[MODE], "EXPIRE_MAKER", "it stays as it was");
    let lower = format!("{key}&side=BUY&price=98.5&quantity=2");
    assert_eq!(signed(&mut server, "PUT", PATH, &lower)[MODE], "NONE");
    assert_eq!(told_mode(&mut server), "NONE");
    assert_eq!(signed(&mut server, "GET", PATH, key)[MODE], "NONE");
}

#[test]
fn the_order_of_a_conditional_one_says_what_that_said() {
    let mut server = listening();
    let stop = "symbol=BTCUSDT&algoType=CONDITIONAL&side=SELL&type=STOP&triggerPrice=99.5";
    let terms = format!("{stop}&price=101&quantity=2&clientAlgoId=a&{MODE}=EXPIRE_TAKER");
    let placed = signed(&mut server, "POST", "/fapi/v1/algoOrder", &terms);
    assert_eq!(placed[MODE], "EXPIRE_TAKER", "{placed}");
    server.on_market(NOW, &trade("99.5", "0.001", Side::Sell));
    assert_eq!(told_mode(&mut server), "EXPIRE_TAKER");
    let open = signed(&mut server, "GET", "/fapi/v1/openOrders", "symbol=BTCUSDT");
    assert_eq!([&open[0]["clientOrderId"], &open[0][MODE]], ["a", "EXPIRE_TAKER"]);
}

/// Execution type, status, expiry reason and what is filled, of each event of an order.
fn told(server: &mut Server) -> Vec<[Value; 4]> {
    let events = frames(server, 1).into_iter();
    let orders = events.filter(|it| it["e"] == "ORDER_TRADE_UPDATE").map(|it| it["o"].clone());
    orders.map(|it| ["x", "X", "er", "z"].map(|name| it[name].clone())).collect()
}

#[test]
fn an_order_that_is_kept_from_trading_with_its_own_expired_in_match() {
    let mut server = listening();
    let maker = place(&mut server, &limit("SELL", "100.1", "2", ""));
    frames(&mut server, 1);
    let taker = limit("BUY", "100.1", "8", "&newOrderRespType=RESULT");
    assert_eq!(place(&mut server, &taker)["status"], "PARTIALLY_FILLED");
    let expected = json!([
        ["NEW", "NEW", "0", "0.000"],
        ["TRADE", "PARTIALLY_FILLED", "0", "5.000"],
        ["EXPIRED", "EXPIRED_IN_MATCH", "1", "0.000"],
    ]);
    assert_eq!(json!(told(&mut server)), expected);
    let key = format!("symbol=BTCUSDT&orderId={}", maker["orderId"]);
    assert_eq!(signed(&mut server, "GET", PATH, &key)["status"], "EXPIRED_IN_MATCH");
    assert_eq!(signed(&mut server, "DELETE", PATH, &key)["code"], -2011);
}

#[test]
fn what_was_to_trade_at_once_says_so_and_moves_nothing() {
    let mut server = listening();
    place(&mut server, &limit("SELL", "100.4", "2", ""));
    server.on_market(NOW, &crate::sim::testing::quote("99.0", "5", "101.0", "5"));
    frames(&mut server, 1);
    let taker =
        limit("BUY", "100.4", "8", &format!("&newOrderRespType=RESULT&{MODE}=EXPIRE_TAKER"));
    assert_eq!(place(&mut server, &taker.replace("GTC", "IOC"))["status"], "EXPIRED_IN_MATCH");
    let events = frames(&mut server, 1);
    let names: Vec<&Value> = events.iter().map(|it| &it["e"]).collect();
    assert_eq!(names, ["ORDER_TRADE_UPDATE"; 2], "no wallet and no position");
    let ended = &events[1]["o"];
    let words = ["x", "X", "er", "V"].map(|name| &ended[name]);
    assert_eq!(words, ["EXPIRED", "EXPIRED_IN_MATCH", "3", "EXPIRE_TAKER"]);
}
