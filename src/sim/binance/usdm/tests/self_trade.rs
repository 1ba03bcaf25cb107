//! Self-trade prevention: what an order says of it.

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
