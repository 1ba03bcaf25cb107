//! What leaves: read back by `serde_json`, its signature computed anew.

use super::*;
use crate::types::{Price, Purpose, Qty, Side, TimeInForce};
use crate::venue::Written;
use crate::venue::binance::support::ed25519;
use serde_json::json;

const BTC: InstrumentId = InstrumentId(0);

fn orders() -> Orders<spot::Spot> {
    spot_orders(&["BTCUSDT", "ETHUSDT"], &credentials())
}

fn placed(terms: &OrderTerms) -> Value {
    super::placed(orders(), terms)
}

fn terms(time_in_force: TimeInForce) -> OrderTerms {
    OrderTerms {
        instrument: BTC,
        side: Side::Sell,
        time_in_force,
        price: Price::parse(b"61800.20").unwrap(),
        qty: Qty::parse(b"0.001").unwrap(),
        purpose: Purpose::Reducing,
        expires_ns: Some(900_000_000_000),
    }
}

#[test]
fn where_we_are_logged_on_no_message_says_who_asks() {
    let logged_on = spot_orders(&["BTCUSDT"], &ed25519());
    says_the_same([logged_on, orders()], &terms(TimeInForce::Gtx));
}

#[test]
fn an_order_is_a_signed_limit_order_without_any_flag_or_end() {
    let expected = json!({
        "id": "p0.tkp1-1-z",
        "method": "order.place",
        "params": {
            "newClientOrderId": "tkp1-1-z",
            "newOrderRespType": "ACK",
            "price": "61800.2",
            "quantity": "0.001",
            "recvWindow": 5000,
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "side": "SELL",
            "symbol": "BTCUSDT",
            "timeInForce": "IOC",
            "timestamp": NOW,
            "type": "LIMIT",
        }
    });
    assert_eq!(placed(&terms(TimeInForce::Ioc)), expected);
}

#[test]
fn a_post_only_order_is_a_limit_maker_without_a_time_in_force() {
    let rows = [
        (TimeInForce::Gtc, "LIMIT", json!("GTC")),
        (TimeInForce::Fok, "LIMIT", json!("FOK")),
        (TimeInForce::Gtx, "LIMIT_MAKER", Value::Null),
    ];
    for (time_in_force, kind, word) in rows {
        let message = placed(&terms(time_in_force));
        assert_eq!(message["params"]["type"], kind);
        assert_eq!(message["params"]["timeInForce"], word, "{kind}");
    }
}

#[test]
fn what_is_written_is_read_back_and_says_nothing_of_reducing() {
    let (mut orders, mut buffer) = (orders(), Vec::new());
    let terms = terms(TimeInForce::Gtx);
    orders.place(ID, &terms, AT, &mut buffer).unwrap();
    let expected = WrittenOrder {
        written: Written::New,
        id: ID,
        instrument: BTC,
        side: terms.side,
        price: terms.price,
        qty: terms.qty,
        reduce_only: None,
    };
    assert_eq!(orders.read_back(&buffer), Some(expected));
}

#[test]
fn a_cancel_names_the_order_by_our_id() {
    let (mut orders, mut buffer) = (orders(), Vec::new());
    let command = Command::Cancel { id: ID, instrument: BTC };
    orders.encode(&command, AT, &mut buffer).unwrap();
    let expected = json!({
        "id": "c0.tkp1-1-z",
        "method": "order.cancel",
        "params": {
            "origClientOrderId": "tkp1-1-z",
            "recvWindow": 5000,
            "symbol": "BTCUSDT",
            "timestamp": NOW,
        }
    });
    assert_eq!(opened(&buffer), expected);
    assert_eq!(orders.read_back(&buffer), None, "a cancel is no order");
}

#[test]
fn questions_and_cancels_of_all_go_over_rest() {
    let mut orders = orders();
    let mut call = |command| match orders.encode(&command, AT, &mut Vec::new()).unwrap() {
        Outgoing::Call(call, _) => (call.method, call.target.split("&recv").next().unwrap().into()),
        Outgoing::Message => panic!("a message"),
    };
    let query: (&str, String) = call(Command::QueryOrder { id: ID, instrument: BTC });
    let expected = "/api/v3/order?origClientOrderId=tkp1-1-z&symbol=BTCUSDT";
    assert_eq!(query, ("GET", expected.to_owned()));
    let all = call(Command::CancelAll { instrument: BTC });
    assert_eq!(all, ("DELETE", "/api/v3/openOrders?symbol=BTCUSDT".to_owned()));
    let target = |from_id| orders.trades_call(BTC, from_id, NOW).unwrap().target;
    assert!(target(None).starts_with("/api/v3/myTrades?limit=1&symbol=BTCUSDT&"));
    assert!(target(Some(7)).starts_with("/api/v3/myTrades?fromId=7&limit=100&symbol=BTCUSDT&"));
}

#[test]
fn what_the_venue_does_not_have_is_not_written() {
    let (mut orders, mut buffer) = (orders(), Vec::new());
    let request = DeadManRequest { instrument: BTC, countdown_ms: 60_000, asked_ns: 7 };
    let written = orders.encode(&Command::ArmDeadMan(request), AT, &mut buffer);
    assert_eq!(written.unwrap_err(), EncodeError::NotOneMessage);
    assert_eq!(orders.on_dead_man(request, None).answer, DeadManAnswer::Refused);
    let stranger = Command::Cancel { id: ID, instrument: InstrumentId(9) };
    let written = orders.encode(&stranger, AT, &mut buffer);
    assert_eq!(written.unwrap_err(), EncodeError::UnknownInstrument);
}
