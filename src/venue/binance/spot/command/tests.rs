//! What leaves: read back by `serde_json`, its signature computed anew.

use super::*;
use crate::types::{Price, Purpose, Qty, Side};
use crate::venue::Written;
use crate::venue::binance::support::{credentials, ed25519, spot_directory};
use serde_json::{Value, json};

const NOW: u64 = 1_702_555_533_821;
const ID: ClientOrderId = ClientOrderId { epoch: 1, sequence: 35 };
const BTC: InstrumentId = InstrumentId(0);

fn orders() -> Orders {
    Orders::new(&spot_directory(&["BTCUSDT", "ETHUSDT"]), &credentials())
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

fn signed(payload: &str) -> String {
    let mut out = Vec::new();
    Signer::new(&credentials(), 0).write(payload.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

/// Checks the signature of a message the slow way, and gives it without key and signature.
fn opened(buffer: &[u8]) -> Value {
    let mut message: Value = serde_json::from_slice(buffer).unwrap();
    let parameters = message["params"].as_object_mut().unwrap();
    let signature = parameters.remove("signature").unwrap();
    let plain = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    // An object of `serde_json` is sorted by name.
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", plain(value)));
    let payload = pairs.collect::<Vec<_>>().join("&");
    assert_eq!(signature.as_str().unwrap(), signed(&payload), "{payload}");
    assert_eq!(parameters.remove("apiKey").unwrap().as_str().unwrap(), credentials().key());
    message
}

fn placed(terms: &OrderTerms) -> Value {
    let mut buffer = Vec::new();
    let outgoing = orders().place(ID, terms, NOW, &mut buffer).unwrap();
    assert!(matches!(outgoing, Outgoing::Message));
    opened(&buffer)
}

/// Who asks was said when the connection was logged on; all else is what a signed message says.
#[test]
fn where_we_are_logged_on_no_message_says_who_asks() {
    let (mut orders, mut buffer) =
        (Orders::new(&spot_directory(&["BTCUSDT"]), &ed25519()), Vec::new());
    assert!(orders.logs_on() && !self::orders().logs_on());
    let terms = terms(TimeInForce::Gtx);
    orders.place(ID, &terms, NOW, &mut buffer).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&buffer).unwrap(), placed(&terms));
    let mut signed = Vec::new();
    self::orders().place(ID, &terms, NOW, &mut signed).unwrap();
    let read = orders.read_back(&buffer);
    assert!(read.is_some() && read == self::orders().read_back(&signed));
    orders.cancel(ID, BTC, NOW, &mut buffer).unwrap();
    signed.clear();
    self::orders().cancel(ID, BTC, NOW, &mut signed).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&buffer).unwrap(), opened(&signed));
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
    orders.place(ID, &terms, NOW, &mut buffer).unwrap();
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
    let at = VenueTime { unix_ms: NOW, mono_ns: 0 };
    let command = Command::Cancel { id: ID, instrument: BTC };
    orders.encode(&command, at, &mut buffer).unwrap();
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
    let at = VenueTime { unix_ms: NOW, mono_ns: 0 };
    let mut call = |command| match orders.encode(&command, at, &mut Vec::new()).unwrap() {
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
    let at = VenueTime { unix_ms: NOW, mono_ns: 0 };
    let request = DeadManRequest { instrument: BTC, countdown_ms: 60_000, asked_ns: 7 };
    let written = orders.encode(&Command::ArmDeadMan(request), at, &mut buffer);
    assert_eq!(written.unwrap_err(), EncodeError::NotOneMessage);
    assert_eq!(orders.on_dead_man(request, None).answer, DeadManAnswer::Refused);
    let stranger = Command::Cancel { id: ID, instrument: InstrumentId(9) };
    let written = orders.encode(&stranger, at, &mut buffer);
    assert_eq!(written.unwrap_err(), EncodeError::UnknownInstrument);
}
