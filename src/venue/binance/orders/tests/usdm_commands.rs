//! What leaves: read back by `serde_json`, its signature computed anew.

use super::*;
use crate::types::{Price, Purpose, Qty, Side, TimeInForce};
use crate::venue::Written;
use crate::venue::binance::support::ed25519;

fn orders() -> Orders<usdm::Usdm> {
    usdm_orders(&["BTCUSDT", "１２３４５６"], &credentials())
}

fn placed(terms: &OrderTerms) -> Value {
    super::placed(orders(), terms)
}

fn terms(purpose: Purpose) -> OrderTerms {
    OrderTerms {
        instrument: InstrumentId(0),
        side: Side::Sell,
        time_in_force: TimeInForce::Gtx,
        price: Price::parse(b"61800.20").unwrap(),
        qty: Qty::parse(b"0.001").unwrap(),
        purpose,
        expires_ns: None,
    }
}

#[test]
fn where_we_are_logged_on_no_message_says_who_asks() {
    let logged_on = usdm_orders(&["BTCUSDT"], &ed25519());
    says_the_same([logged_on, orders()], &terms(Purpose::Reducing));
}

#[test]
fn an_order_is_a_signed_limit_order() {
    let expected = serde_json::json!({
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
            "timeInForce": "GTX",
            "timestamp": NOW,
            "type": "LIMIT",
        }
    });
    assert_eq!(placed(&terms(Purpose::Opening)), expected);
}

#[test]
fn an_opening_order_that_lives_long_ends_at_the_venue_too() {
    let long = OrderTerms {
        time_in_force: TimeInForce::Gtc,
        expires_ns: Some(900 * crate::types::SECOND),
        ..terms(Purpose::Opening)
    };
    let message = placed(&long);
    assert_eq!(message["params"]["timeInForce"], "GTD");
    assert_eq!(message["params"]["goodTillDate"], 1_702_556_494_000_u64);
    let short = OrderTerms { expires_ns: Some(10 * crate::types::SECOND), ..long };
    let message = placed(&short);
    assert_eq!(message["params"]["timeInForce"], "GTC");
    assert_eq!(message["params"]["goodTillDate"], Value::Null);
}

#[test]
fn reductions_and_protection_are_reduce_only_at_the_venue() {
    let flag = |purpose| placed(&terms(purpose))["params"]["reduceOnly"].clone();
    assert_eq!(flag(Purpose::Opening), Value::Null);
    assert_eq!(flag(Purpose::Reducing), "true");
    assert_eq!(flag(Purpose::Protective), "true");
}

#[test]
fn words_of_orders_are_the_sheets() {
    let rows = [
        (TimeInForce::Gtc, "GTC"),
        (TimeInForce::Gtx, "GTX"),
        (TimeInForce::Ioc, "IOC"),
        (TimeInForce::Fok, "FOK"),
    ];
    for (time_in_force, word) in rows {
        let message = placed(&OrderTerms { time_in_force, ..terms(Purpose::Opening) });
        assert_eq!(message["params"]["timeInForce"], word);
    }
    let message = placed(&OrderTerms { side: Side::Buy, ..terms(Purpose::Opening) });
    assert_eq!(message["params"]["side"], "BUY");
}

#[test]
fn a_cancel_names_the_order_by_our_id() {
    let mut buffer = vec![1, 2, 3];
    let command = Command::Cancel { id: ID, instrument: InstrumentId(0) };
    assert!(matches!(orders().encode(&command, AT, &mut buffer), Ok(Outgoing::Message)));
    let expected = serde_json::json!({
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
}

#[test]
fn symbols_beyond_ascii_are_raw_in_messages_and_encoded_in_calls() {
    let instrument = InstrumentId(1);
    let message = placed(&OrderTerms { instrument, ..terms(Purpose::Opening) });
    assert_eq!(message["params"]["symbol"], "１２３４５６");
    let command = Command::CancelAll { instrument };
    let Ok(Outgoing::Call(call, _)) = orders().encode(&command, AT, &mut Vec::new()) else {
        panic!("a call")
    };
    assert!(call.target.contains("symbol=%EF%BC%91%EF%BC%92"));
}

/// A call without its signature, which is checked.
fn opened_call(command: &Command) -> (&'static str, String, Question) {
    let mut buffer = vec![9];
    let Ok(Outgoing::Call(call, question)) = orders().encode(command, AT, &mut buffer) else {
        panic!("a call")
    };
    assert!(buffer.is_empty());
    assert_eq!(call.headers, [("X-MBX-APIKEY", credentials().key().to_owned())]);
    let (target, signature) = call.target.split_once("&signature=").unwrap();
    let (_, query) = target.split_once('?').unwrap();
    assert_eq!(signature, signed(query));
    (call.method, target.to_owned(), question)
}

#[test]
fn what_the_message_api_cannot_do_goes_by_call() {
    let instrument = InstrumentId(0);
    assert_eq!(
        opened_call(&Command::CancelAll { instrument }),
        (
            "DELETE",
            format!("/fapi/v1/allOpenOrders?symbol=BTCUSDT&recvWindow=5000&timestamp={NOW}"),
            Question::CancelAll(instrument),
        )
    );
    assert_eq!(
        opened_call(&Command::QueryOrder { id: ID, instrument }),
        (
            "GET",
            format!(
                "/fapi/v1/order?origClientOrderId=tkp1-1-z&symbol=BTCUSDT\
                 &recvWindow=5000&timestamp={NOW}"
            ),
            Question::Order(instrument, ID),
        )
    );
}

#[test]
fn without_a_connection_a_cancel_goes_by_call() {
    let cancel = |instrument| orders().cancel_call(ID, instrument, NOW);
    let Ok(Outgoing::Call(call, question)) = cancel(InstrumentId(0)) else { panic!("a call") };
    assert_eq!((call.method, question), ("DELETE", Question::Cancel(InstrumentId(0), ID)));
    let begin = "/fapi/v1/order?origClientOrderId=tkp1-1-z&symbol=BTCUSDT&recvWindow=5000&";
    assert!(call.target.starts_with(begin), "{}", call.target);
    assert!(cancel(InstrumentId(7)).is_err());
}

#[test]
fn what_cannot_be_written_leaves_no_byte() {
    let (stranger, mut buffer) = (InstrumentId(7), vec![1]);
    let commands = [
        Command::Cancel { id: ID, instrument: stranger },
        Command::CancelAll { instrument: stranger },
        Command::QueryOrder { id: ID, instrument: stranger },
    ];
    for command in commands {
        let result = orders().encode(&command, AT, &mut buffer);
        assert_eq!(result.err(), Some(EncodeError::UnknownInstrument));
        assert!(buffer.is_empty());
    }
    let terms = OrderTerms { instrument: stranger, ..terms(Purpose::Opening) };
    assert!(orders().place(ID, &terms, AT, &mut buffer).is_err() && buffer.is_empty());
    let command = Command::QueryAccount { venue: crate::types::VenueId(0), token: QueryToken(1) };
    let result = orders().encode(&command, AT, &mut buffer);
    assert_eq!(result.err(), Some(EncodeError::NotOneMessage));
}

#[test]
fn buffers_stop_growing_after_the_first_message() {
    let (mut orders, mut buffer) = (orders(), Vec::new());
    let longest = ClientOrderId { epoch: u32::MAX, sequence: u32::MAX };
    let terms = OrderTerms { price: Price::MAX, qty: Qty::MAX, ..terms(Purpose::Protective) };
    orders
        .place(longest, &terms, VenueTime { unix_ms: u64::MAX, mono_ns: 0 }, &mut buffer)
        .unwrap();
    let grown = (orders.payload.capacity(), buffer.capacity());
    for sequence in 0..1_000 {
        let id = ClientOrderId { epoch: 7, sequence };
        orders.place(id, &terms, AT, &mut buffer).unwrap();
        orders.modify(id, &terms, 7, NOW, &mut buffer).unwrap();
        orders.cancel(id, InstrumentId(0), NOW, &mut buffer).unwrap();
    }
    assert_eq!((orders.payload.capacity(), buffer.capacity()), grown);
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", orders());
    assert!(!shown.contains(credentials().secret()) && !shown.contains(credentials().key()));
}

#[test]
fn the_stream_is_the_sheets() {
    let stream = orders().stream();
    assert_eq!((stream.base, stream.target.as_str()), (StreamBase::OrderEntry, "/ws-fapi/v1"));
}

#[test]
fn what_is_written_is_read_back_and_what_is_changed_is_not_the_same() {
    let orders = orders();
    for (purpose, reduce_only) in [(Purpose::Opening, false), (Purpose::Reducing, true)] {
        let (terms, mut buffer) = (terms(purpose), Vec::new());
        self::orders().place(ID, &terms, AT, &mut buffer).unwrap();
        let written = WrittenOrder {
            written: Written::New,
            id: ID,
            instrument: terms.instrument,
            side: terms.side,
            price: terms.price,
            qty: terms.qty,
            reduce_only: Some(reduce_only),
        };
        assert_eq!(orders.read_back(&buffer), Some(written));
        for at in 0..buffer.len() {
            let mut changed = buffer.clone();
            changed[at] ^= 1;
            let _ = orders.read_back(&changed);
            let _ = orders.read_back(&buffer[..at]);
        }
        let text = String::from_utf8(buffer).unwrap();
        for (from, to) in
            [("\"SELL\"", "\"SELLS\""), ("order.place", "order.cancel"), ("BTC", "BTX")]
        {
            assert_eq!(orders.read_back(text.replace(from, to).as_bytes()), None, "{to}");
        }
        let larger = orders.read_back(text.replace("\"0.001\"", "\"0.01\"").as_bytes());
        assert_ne!(larger, Some(written));
    }
}

#[test]
fn an_amend_names_the_order_and_both_of_its_terms() {
    let (terms, mut buffer) = (terms(Purpose::Reducing), Vec::new());
    orders().modify(ID, &terms, 35, NOW, &mut buffer).unwrap();
    let expected = serde_json::json!({
        "id": "mz0.tkp1-1-z",
        "method": "order.modify",
        "params": {
            "origClientOrderId": "tkp1-1-z",
            "price": "61800.2",
            "quantity": "0.001",
            "recvWindow": 5000,
            "side": "SELL",
            "symbol": "BTCUSDT",
            "timestamp": NOW,
        }
    });
    assert_eq!(opened(&buffer), expected);
    let stranger = OrderTerms { instrument: InstrumentId(7), ..terms };
    let refused = orders().modify(ID, &stranger, 0, NOW, &mut buffer);
    assert_eq!(refused.unwrap_err(), EncodeError::UnknownInstrument);
}

#[test]
fn an_amend_is_read_back_as_one_and_never_as_an_order() {
    let (terms, mut buffer) = (terms(Purpose::Reducing), Vec::new());
    orders().modify(ID, &terms, 3, NOW, &mut buffer).unwrap();
    let written = WrittenOrder {
        written: Written::Amended,
        id: ID,
        instrument: terms.instrument,
        side: terms.side,
        price: terms.price,
        qty: terms.qty,
        reduce_only: Some(false),
    };
    assert_eq!(orders().read_back(&buffer), Some(written));
    let text = String::from_utf8(buffer).unwrap();
    for (from, to) in [
        ("order.modify", "order.place"),
        ("origClientOrderId", "newClientOrderId"),
        ("\"params\":{", "\"params\":{\"newClientOrderId\":\"tkp1-1-y\","),
        ("\"price\":\"61800.2\",", ""),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        assert_eq!(orders().read_back(changed.as_bytes()), None, "{to}");
    }
}

/// A contradiction trips the kill switch: a parameter that the reader does not know must not be
/// one.
#[test]
fn parameters_that_are_not_compared_are_passed_over() {
    let orders = orders();
    let (long, mut buffer) = (
        OrderTerms {
            time_in_force: TimeInForce::Gtc,
            expires_ns: Some(900_000_000_000),
            ..terms(Purpose::Opening)
        },
        Vec::new(),
    );
    self::orders().place(ID, &long, AT, &mut buffer).unwrap();
    let text = String::from_utf8(buffer).unwrap();
    assert!(text.contains("goodTillDate"));
    assert!(orders.read_back(text.as_bytes()).is_some());
    let more = text.replace("\"params\":{", "\"params\":{\"aNewOne\":[1,{\"a\":\"}\"}],");
    assert!(orders.read_back(more.as_bytes()).is_some());
}
