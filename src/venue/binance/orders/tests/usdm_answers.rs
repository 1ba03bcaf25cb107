//! Answers, from the venue's own client and made by hand.

use super::*;
use crate::types::{ExecutionKind, IdPrefix, OrderRef, OrderStatus, Price, Qty};
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::binance::support::{Dice, answer, sample};

const PLACED: &str = include_str!("../../../../../tests/data/binance-usdm-order-placed.json");
const AMENDED: &str = include_str!("../../../../../tests/data/binance-usdm-order-amended.json");
const CANCELED: &str = include_str!("../../../../../tests/data/binance-usdm-order-canceled.json");
const FOUND: &str = include_str!("../../../../../tests/data/binance-usdm-order-found.json");

fn orders() -> Orders<usdm::Usdm> {
    usdm_orders(&["BTCUSDT", "ETHUSDT"], &credentials())
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

#[test]
fn a_request_is_told_by_its_id_and_fits_the_venue() {
    let prefix = IdPrefix::new("tkp123456789").unwrap();
    let id = ClientOrderId { epoch: u32::MAX, sequence: u32::MAX };
    let instrument = InstrumentId(u16::MAX);
    let amends = [RequestKind::Amend(0), RequestKind::Amend(35)];
    for kind in [RequestKind::Place, RequestKind::Cancel].into_iter().chain(amends) {
        let request = Request { kind, instrument, id };
        let mut text = Vec::new();
        request.write(&prefix, &mut text);
        assert!(text.len() <= 36, "{}", text.len());
        let text = String::from_utf8(text).unwrap();
        assert_eq!(Request::read(&text, &prefix), Some(request));
    }
    for text in [
        "",
        "p",
        "p0",
        "x0.tkp123456789-1-1",
        "p65536.tkp123456789-1-1",
        "p0.other-1-1",
        "m",
        "m0",
        "mA0.tkp123456789-1-1",
    ] {
        assert_eq!(Request::read(text, &prefix), None, "{text}");
    }
}

#[test]
fn an_accepted_order_is_new_with_the_venues_number() {
    assert_eq!(kind(PLACED), ExecutionKind::New);
    let report = read(PLACED).unwrap()[0];
    assert_eq!(report.venue_order_id, Some(325_078_477));
    assert_eq!(report.transact_unix_ms, Some(1_702_555_534_435));
}

#[test]
fn a_cancel_says_what_traded_before() {
    let cum_qty = Qty::parse(b"0.04").unwrap();
    assert_eq!(kind(CANCELED), ExecutionKind::Canceled { cum_qty });
    let filled = CANCELED.replace("\"CANCELED\"", "\"FILLED\"");
    assert_eq!(kind(&filled), ExecutionKind::Status { status: OrderStatus::Filled, cum_qty });
}

#[test]
fn refusals_reject_only_what_cannot_exist() {
    assert_eq!(refused_as("p", 400, -2019, "no margin"), ExecutionKind::Rejected { code: -2019 });
    assert_eq!(refused_as("p", 400, -5022, "maker"), ExecutionKind::Rejected { code: -5022 });
    assert_eq!(refused_as("p", 429, -1003, "slow"), ExecutionKind::Rejected { code: -1003 });
    let failed = "Service Unavailable.";
    assert_eq!(refused_as("p", 503, 0, failed), ExecutionKind::Rejected { code: 0 });
    for (status, code) in [
        (400, -4116),
        (400, -1000),
        (400, -1006),
        (400, -1007),
        (408, -1007),
        (500, -2019),
        (503, 0),
        (503, -1001),
        (400, -1001),
        (400, -12_345),
        (403, 0),
    ] {
        let kind = refused_as("p", status, code, "x");
        assert_eq!(kind, ExecutionKind::OutcomeUnknown, "{status} {code}");
    }
    let bare = r#"{"id":"p0.tkp1-1-z","status":503}"#;
    assert_eq!(kind(bare), ExecutionKind::OutcomeUnknown);
}

#[test]
fn an_amended_order_is_told_with_its_terms() {
    let [qty, cum_qty] = ["0.110", "0.040"].map(|it| Qty::parse(it.as_bytes()).unwrap());
    let price = Price::parse(b"43769.1").unwrap();
    assert_eq!(kind(AMENDED), ExecutionKind::Amended { price, qty, cum_qty });
    let rows = [
        ("CANCELED", ExecutionKind::Canceled { cum_qty }),
        ("EXPIRED", ExecutionKind::Expired { cum_qty }),
        ("FILLED", ExecutionKind::Status { status: OrderStatus::Filled, cum_qty }),
    ];
    for (word, expected) in rows {
        assert_eq!(kind(&AMENDED.replace("PARTIALLY_FILLED", word)), expected, "{word}");
    }
    let terms = [("\"price\":\"43769.1\",", "price"), ("\"origQty\":\"0.110\",", "origQty")];
    for (from, field) in terms {
        assert_eq!(read(&AMENDED.replace(from, "")), Err(DecodeError::Field(field)));
    }
}

#[test]
fn a_refused_amend_says_which_one_and_a_doubtful_one_is_no_refusal() {
    for code in [-5026, -2013, -2011, -4014, -5024, -1021] {
        let expected = ExecutionKind::AmendRejected { number: 35, code };
        assert_eq!(refused_as("mz", 400, code, "x"), expected, "{code}");
    }
    let unknown = ExecutionKind::AmendUnknown { number: 3 };
    for (status, code) in [(400, -5027), (400, -5043), (400, -1006), (408, -1007), (503, 0)] {
        assert_eq!(refused_as("m3", status, code, "x"), unknown, "{status} {code}");
    }
    let failed = "Service Unavailable.";
    let expected = ExecutionKind::AmendRejected { number: 3, code: 0 };
    assert_eq!(refused_as("m3", 503, 0, failed), expected);
}

#[test]
fn a_refused_cancel_never_ends_the_order() {
    let unknown_order = refused_as("c", 400, -2011, "Unknown order sent.");
    assert_eq!(unknown_order, ExecutionKind::CancelRejected { code: -2011 });
    let late = refused_as("c", 400, -1021, "Timestamp");
    assert_eq!(late, ExecutionKind::CancelRejected { code: -1021 });
    assert_eq!(refused_as("c", 503, 0, "?"), ExecutionKind::OutcomeUnknown);
}

#[test]
fn an_answer_about_something_else_moves_nothing() {
    let rows = [
        (
            PLACED,
            "\"clientOrderId\":\"tkp1-1-z\"",
            "\"clientOrderId\":\"tkp1-1-y\"",
            "clientOrderId",
        ),
        (PLACED, "BTCUSDT", "ETHUSDT", "symbol"),
        (PLACED, "p0.tkp1", "p9.tkp1", "id"),
        (PLACED, "p0.tkp1", "p0.tkp2", "id"),
        (PLACED, "\"result\"", "\"outcome\"", "result"),
        (PLACED, "\"orderId\":325078477,", "", "answer"),
        (PLACED, "\"id\":\"p0.tkp1-1-z\"", "\"id\":7", "answer"),
        (CANCELED, "\"executedQty\":\"0.04\",", "", "executedQty"),
        (CANCELED, "\"CANCELED\"", "\"GONE\"", "status"),
    ];
    for (text, from, to, field) in rows {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert_eq!(read(&changed), Err(DecodeError::Field(field)), "{changed}");
    }
}

#[test]
fn words_without_a_request_are_errors_or_passed_over() {
    let text = r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key\n"}}"#;
    let Err(DecodeError::Refused { status: 401, code: -2015, text }) = read(text) else {
        panic!("a refusal")
    };
    assert!(text.starts_with("Invalid API-key  (check the key"), "{text}");
    assert_eq!(read(r#"{"e":"serverShutdown","E":1770123456789}"#), Ok(vec![]));
    assert_eq!(read("{"), Err(DecodeError::NotJson));
}

#[test]
fn a_found_order_is_told_with_its_status() {
    let mut out = Vec::new();
    orders().on_answer(ASKED, Some(&answer(200, FOUND)), &mut out).unwrap();
    let [cum_qty, qty] = ["0.3", "0.40"].map(|it| Qty::parse(it.as_bytes()).unwrap());
    let price = Price::parse(b"9000.5").unwrap();
    assert_eq!(out[0].kind, ExecutionKind::Stands { price, qty, cum_qty });
    assert_eq!((out[0].venue_order_id, out[0].order), (Some(1_917_641), OrderRef::Ours(ID)));
}

#[test]
fn only_the_venues_own_word_says_that_there_is_no_such_order() {
    let mut out = Vec::new();
    let gone = r#"{"code":-2013,"msg":"Order does not exist."}"#;
    orders().on_answer(ASKED, Some(&answer(400, gone)), &mut out).unwrap();
    assert_eq!(out.pop().unwrap().kind, ExecutionKind::NotFound);
    let rows = [
        None,
        Some(answer(503, gone)),
        Some(answer(429, r#"{"code":-1003,"msg":"slow"}"#)),
        Some(answer(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#)),
        Some(answer(404, "")),
        Some(answer(200, "{}")),
        Some(answer(200, FOUND.replace("tkp1-1-z", "tkp1-1-y"))),
        Some(answer(200, FOUND.replace("BTCUSDT", "ETHUSDT"))),
        Some(answer(200, FOUND.replace("PARTIALLY_FILLED", "GONE"))),
        Some(answer(200, FOUND.replace("0.3", "three"))),
        Some(answer(200, FOUND.replace("0.40", "four"))),
        Some(answer(200, FOUND.replace("9000.5", "dear"))),
    ];
    for row in rows {
        assert!(orders().on_answer(ASKED, row.as_ref(), &mut out).is_err(), "{row:?}");
        assert!(out.is_empty());
    }
}

/// Without a connection; the same answers as on one.
#[test]
fn a_cancel_by_rest_is_answered_by_the_order_or_its_refusal() {
    let question = Question::Cancel(InstrumentId(0), ID);
    let heard = |answer: Option<Answer>| {
        let mut out = Vec::new();
        orders().on_answer(question, answer.as_ref(), &mut out).map(|()| out[0].kind)
    };
    let gone = FOUND.replace("PARTIALLY_FILLED", "CANCELED");
    let cum_qty = Qty::parse(b"0.3").unwrap();
    assert_eq!(heard(Some(answer(200, gone.as_str()))), Ok(ExecutionKind::Canceled { cum_qty }));
    let filled = FOUND.replace("PARTIALLY_FILLED", "FILLED");
    let status = ExecutionKind::Status { status: OrderStatus::Filled, cum_qty };
    assert_eq!(heard(Some(answer(200, filled))), Ok(status));
    let unknown = r#"{"code":-2011,"msg":"Unknown order sent."}"#;
    let refused = ExecutionKind::CancelRejected { code: -2011 };
    assert_eq!(heard(Some(answer(400, unknown))), Ok(refused));
    assert_eq!(heard(Some(answer(503, ""))), Ok(ExecutionKind::OutcomeUnknown));
    let of_another = gone.replace("tkp1-1-z", "tkp1-1-y");
    for useless in [None, Some(answer(200, of_another)), Some(answer(200, "{}"))] {
        assert!(heard(useless.clone()).is_err(), "{useless:?}");
    }
}

#[test]
fn the_answer_to_cancel_all_reports_nothing() {
    let question = Question::CancelAll(InstrumentId(0));
    let mut out = Vec::new();
    let done = r#"{"code":200,"msg":"The operation of cancel all open order is done."}"#;
    assert_eq!(orders().on_answer(question, Some(&answer(200, done)), &mut out), Ok(()));
    assert!(orders().on_answer(question, Some(&answer(503, "")), &mut out).is_err());
    assert!(orders().on_answer(question, None, &mut out).is_err());
    assert!(out.is_empty());
}

#[test]
fn samples_of_the_venues_own_client_are_read() {
    let file = "websocket_api__test_trade_api_ws_api";
    let requests = [
        ("new_order", "p0.tkp1-1-z"),
        ("cancel_order", "c0.tkp1-1-z"),
        ("modify_order", "m10.tkp1-1-z"),
    ];
    for (name, request) in requests {
        let Some(mut sample) = sample(file, name) else { return };
        sample["id"] = request.into();
        sample["result"]["clientOrderId"] = "tkp1-1-z".into();
        kind(&sample.to_string());
    }
    let Some(mut sample) = sample("rest_api__test_trade_api", "query_order") else { return };
    sample["clientOrderId"] = "tkp1-1-z".into();
    let mut out = Vec::new();
    orders().on_answer(ASKED, Some(&answer(200, sample.to_string())), &mut out).unwrap();
    assert!(matches!(out[0].kind, ExecutionKind::Stands { .. }));
}

#[test]
fn no_answer_makes_it_panic_or_speaks_of_another_order() {
    let mut dice = Dice(5);
    let mut orders = orders();
    let mut out = Vec::new();
    for text in [PLACED, AMENDED, CANCELED] {
        for broken in dice.broken(text.as_bytes(), 3_000) {
            let _ = orders.on_message(&broken, &mut out);
        }
    }
    for broken in dice.broken(FOUND.as_bytes(), 3_000) {
        let _ = orders.on_answer(ASKED, Some(&answer(200, broken)), &mut out);
    }
    assert!(out.iter().all(|report| report.instrument == InstrumentId(0)));
}
