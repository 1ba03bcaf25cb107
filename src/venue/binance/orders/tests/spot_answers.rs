//! Answers, from the venue's own client and made by hand.

use super::*;
use crate::types::{ExecutionKind, OrderStatus, Price, Qty};
use crate::venue::binance::support::{Dice, answer, spot_sample};

const PLACED: &str = r#"{"id":"p0.tkp1-1-z","status":200,"result":{"symbol":"BTCUSDT","orderId":28,
    "orderListId":-1,"clientOrderId":"tkp1-1-z","transactTime":1507725176595},"rateLimits":[]}"#;
const CANCELED: &str = r#"{"id":"c0.tkp1-1-z","status":200,"result":{"symbol":"BTCUSDT",
    "origClientOrderId":"tkp1-1-z","orderId":4,"orderListId":-1,"clientOrderId":"91fe37",
    "transactTime":1684804350068,"price":"2.0","origQty":"1.0","executedQty":"0.25",
    "status":"CANCELED","timeInForce":"GTC","type":"LIMIT","side":"BUY"}}"#;
const FOUND: &str = r#"{"symbol":"BTCUSDT","orderId":1,"orderListId":-1,"clientOrderId":"tkp1-1-z",
    "price":"0.1","origQty":"1.0","executedQty":"0.5","cummulativeQuoteQty":"0.05",
    "status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"BUY",
    "time":1499827319559,"updateTime":1499827319560,"isWorking":true}"#;

fn orders() -> Orders<spot::Spot> {
    spot_orders(&["BTCUSDT", "ETHUSDT"], &credentials())
}

fn read(text: &str) -> Result<Vec<ExecutionReport>, DecodeError> {
    super::read(orders(), text)
}

fn kind(text: &str) -> ExecutionKind {
    super::kind(orders(), text)
}

fn refused_as(request: &str, status: u16, code: i32, text: &str) -> ExecutionKind {
    kind(&refusal(request, status, code, text))
}

fn asked(status: u16, text: &str) -> Result<Option<ExecutionReport>, DecodeError> {
    orders().answered(ASKED, Some(&answer(status, text)))
}

#[test]
fn an_order_that_was_taken_and_one_that_was_taken_back() {
    assert_eq!(kind(PLACED), ExecutionKind::New);
    let cum_qty = Qty::parse(b"0.25").unwrap();
    assert_eq!(kind(CANCELED), ExecutionKind::Canceled { cum_qty });
    let report = read(CANCELED).unwrap()[0];
    assert_eq!(report.venue_order_id, Some(4));
    assert_eq!(report.transact_unix_ms, Some(1_684_804_350_068));
    let filled = CANCELED.replacen("CANCELED", "FILLED", 1);
    let expected = ExecutionKind::Status { status: OrderStatus::Filled, cum_qty };
    assert_eq!(kind(&filled), expected);
}

#[test]
fn a_duplicate_and_every_failure_of_the_venue_leave_the_fate_unknown() {
    let unknown = ExecutionKind::OutcomeUnknown;
    assert_eq!(refused_as("p", 400, -2010, "Duplicate order sent."), unknown);
    assert_eq!(refused_as("p", 503, 0, "Service Unavailable."), unknown);
    assert_eq!(refused_as("p", 400, -1007, "Timeout"), unknown);
    assert_eq!(refused_as("c", 500, -2011, "Unknown order sent."), unknown);
    let short = "Account has insufficient balance for requested action.";
    assert_eq!(refused_as("p", 400, -2010, short), ExecutionKind::Rejected { code: -2010 });
    let gone = refused_as("c", 400, -2011, "Unknown order sent.");
    assert_eq!(gone, ExecutionKind::CancelRejected { code: -2011 });
}

#[test]
fn a_question_is_answered_by_where_the_order_is() {
    let found = asked(200, FOUND).unwrap().unwrap();
    let (price, qty) = (Price::parse(b"0.1").unwrap(), Qty::whole(1));
    let cum_qty = Qty::parse(b"0.5").unwrap();
    assert_eq!(found.kind, ExecutionKind::Stands { price, qty, cum_qty });
    let done = FOUND.replacen("PARTIALLY_FILLED", "EXPIRED", 1);
    let kind = asked(200, &done).unwrap().unwrap().kind;
    assert_eq!(kind, ExecutionKind::Status { status: OrderStatus::Expired, cum_qty });
    let none = asked(400, r#"{"code":-2013,"msg":"Order does not exist."}"#).unwrap();
    assert_eq!(none.unwrap().kind, ExecutionKind::NotFound);
    assert!(asked(503, r#"{"code":-2013,"msg":""}"#).is_err(), "a 5xx says nothing");
    assert!(orders().answered(ASKED, None).is_err());
}

/// Spot gives the order the cancel's own id, and names the one that it had.
#[test]
fn a_cancel_by_rest_tells_the_order_by_the_id_that_it_had() {
    let question = Question::Cancel(InstrumentId(0), ID);
    let told: Value = serde_json::from_str(CANCELED).unwrap();
    let (mut out, told) = (Vec::new(), answer(200, told["result"].to_string()));
    orders().on_answer(question, Some(&told), &mut out).unwrap();
    let cum_qty = Qty::parse(b"0.25").unwrap();
    assert_eq!(out[0].kind, ExecutionKind::Canceled { cum_qty });
}

#[test]
fn nothing_to_take_back_is_no_failure() {
    let all = Question::CancelAll(InstrumentId(0));
    let none = answer(400, r#"{"code":-2011,"msg":"Unknown order sent."}"#);
    assert_eq!(orders().answered(all, Some(&none)), Ok(None));
    assert_eq!(orders().answered(all, Some(&answer(200, "[]"))), Ok(None));
    let refused = answer(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#);
    assert!(orders().answered(all, Some(&refused)).is_err());
}

#[test]
fn an_answer_about_another_order_moves_none() {
    for (text, from, to) in [
        (PLACED, "\"clientOrderId\":\"tkp1-1-z\"", "\"clientOrderId\":\"tkp1-1-y\""),
        (PLACED, "BTCUSDT", "ETHUSDT"),
        (PLACED, "p0.", "p9."),
        (CANCELED, "\"origClientOrderId\":\"tkp1-1-z\"", "\"origClientOrderId\":\"x\""),
        (CANCELED, "\"executedQty\":\"0.25\",", ""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(read(&changed).is_err(), "{to}");
    }
    assert!(asked(200, &FOUND.replacen("tkp1-1-z", "web_1", 1)).is_err());
}

#[test]
fn notices_are_passed_over_and_a_refused_key_is_an_error() {
    assert_eq!(read(r#"{"e":"serverShutdown","E":1770123456789}"#), Ok(Vec::new()));
    let gone = r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key."}}"#;
    assert!(matches!(read(gone), Err(DecodeError::Refused { code: -2015, .. })));
}

#[test]
fn the_samples_of_the_venue_are_read() {
    let file = "websocket_api__test_trade_api_ws_api";
    let Some(sample) = spot_sample(file, "order_place") else { return };
    let ours = |sample: Value, request: &str| {
        let mut sample = sample;
        sample["id"] = request.into();
        for name in ["clientOrderId", "origClientOrderId"] {
            if sample["result"].get(name).is_some() {
                sample["result"][name] = "tkp1-1-z".into();
            }
        }
        sample
    };
    assert_eq!(kind(&ours(sample, "p0.tkp1-1-z").to_string()), ExecutionKind::New);
}

#[test]
fn no_answer_makes_it_panic() {
    let mut orders = orders();
    let mut out = Vec::new();
    for text in [PLACED, CANCELED] {
        for broken in Dice(47).broken(text.as_bytes(), 1_500) {
            let _ = orders.on_message(&broken, &mut out);
        }
    }
    for broken in Dice(53).broken(FOUND.as_bytes(), 1_500) {
        let _ = orders.answered(ASKED, Some(&answer(200, broken)));
    }
}
