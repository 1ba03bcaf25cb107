//! Stops asked for and answered, with answers as the venue's own client has them.

use super::*;
use crate::types::Side;
use crate::venue::binance::support::{credentials, directory};

const BTC: InstrumentId = InstrumentId(0);
const ID: ClientOrderId = ClientOrderId { epoch: 1, sequence: 35 };
const TEXT: &str = "tkp1-1-z";

/// An answer to a new one and a row of those that stand, after the venue's client.
const TOLD: &str = r#"{"algoId":2146760,"clientAlgoId":"tkp1-1-z","algoType":"CONDITIONAL",
    "orderType":"STOP_MARKET","symbol":"BTCUSDT","side":"SELL","positionSide":"BOTH",
    "timeInForce":"GTC","quantity":"0.00","algoStatus":"NEW","triggerPrice":"95.10",
    "price":"0.00","workingType":"MARK_PRICE","closePosition":true,"reduceOnly":true,
    "createTime":1750485492076,"updateTime":1750485492076}"#;

const GONE: &str = r#"{"algoId":2146760,"clientAlgoId":"tkp1-1-z","code":"200","msg":"success"}"#;

fn desk() -> Desk {
    Desk::new(&directory(&["BTCUSDT", "ETHUSDT"]), &credentials())
}

fn stop() -> StopOrder {
    let trigger = Price::parse(b"95.1").unwrap();
    StopOrder { id: ID, instrument: BTC, side: Side::Sell, trigger, working: WorkingPrice::Mark }
}

fn place(stop: &StopOrder) -> Call {
    let desk = desk();
    let symbol = desk.names.symbol(stop.instrument).unwrap();
    let parameters = placing(&desk, stop, symbol);
    desk.signer.signed_call("POST", PATH, &parameters, 1_702_555_533_821)
}

fn answer(status: u16, text: &str) -> Answer {
    Answer::new(status, text)
}

fn said(ask: StopAsk, status: u16, text: &str) -> Option<StopReportKind> {
    let request = StopRequest { instrument: BTC, ask };
    let report = super::answer(&desk(), request, Some(&answer(status, text)))?;
    assert_eq!(report.instrument, BTC);
    Some(report.kind)
}

#[test]
fn it_closes_the_position_and_is_read_back_as_it_was_meant() {
    let buy = StopOrder { side: Side::Buy, working: WorkingPrice::Contract, ..stop() };
    for stop in [stop(), buy] {
        assert_eq!(read_back(&desk(), &place(&stop)), Some(stop));
    }
    let begin = "/fapi/v1/algoOrder?algoType=CONDITIONAL&clientAlgoId=tkp1-1-z&closePosition=true\
                 &side=SELL&symbol=BTCUSDT&triggerPrice=95.1&type=STOP_MARKET\
                 &workingType=MARK_PRICE&recvWindow=";
    let call = place(&stop());
    assert!(call.target.starts_with(begin), "{}", call.target);
    assert!(call.target.contains("&timestamp=1702555533821&signature="));
}

#[test]
fn bytes_that_ask_for_anything_else_are_not_read_as_a_stop() {
    let call = place(&stop());
    for (from, to) in [
        ("closePosition=true", "closePosition=false"),
        ("closePosition=true&", ""),
        ("type=STOP_MARKET", "type=TAKE_PROFIT_MARKET"),
        ("side=SELL", "side=BOTH"),
        ("symbol=BTCUSDT", "symbol=XRPUSDT"),
        ("symbol=BTCUSDT", "symbol=BTCUSDT&quantity=1"),
        ("symbol=BTCUSDT", "symbol=BTCUSDT&symbol=ETHUSDT"),
        ("triggerPrice=95.1", "triggerPrice=x"),
        ("workingType=MARK_PRICE", "workingType=LAST"),
        ("clientAlgoId=tkp1-1-z", "clientAlgoId=someone"),
        ("algoType=CONDITIONAL", "algoType=VP"),
        ("/algoOrder", "/order"),
    ] {
        assert!(call.target.contains(from), "{from}");
        let target = call.target.replacen(from, to, 1);
        let other = Call { method: "POST", target, headers: Vec::new() };
        assert_eq!(read_back(&desk(), &other), None, "{to}");
    }
    let other = Call { method: "DELETE", ..call };
    assert_eq!(read_back(&desk(), &other), None);
}

#[test]
fn the_others_are_requests_of_their_own() {
    let directory = directory(&["BTCUSDT", "ETHUSDT"]);
    let mut orders = crate::venue::binance::usdm::dialects(&directory, &credentials()).orders;
    let at = crate::venue::VenueTime { unix_ms: 1, mono_ns: 1 };
    for (command, method, begin) in [
        (
            StopCommand::Cancel { id: ID, instrument: BTC },
            "DELETE",
            "/fapi/v1/algoOrder?clientAlgoId=tkp1-1-z&recvWindow=",
        ),
        (
            StopCommand::List { instrument: BTC, asked_ns: 7 },
            "GET",
            "/fapi/v1/openAlgoOrders?symbol=BTCUSDT&recvWindow=",
        ),
    ] {
        let request = command.request();
        let command = crate::core::Command::Stop(command);
        let outgoing = orders.encode(&command, at, &mut Vec::new()).unwrap();
        let Outgoing::Call(call, question) = outgoing else { panic!("{outgoing:?}") };
        assert_eq!((call.method, question), (method, Question::Stop(request)));
        assert!(call.target.starts_with(begin), "{}", call.target);
        let answered = orders.on_answer(question, None, &mut Vec::new());
        assert_eq!(answered, Ok(()), "it is heard elsewhere");
    }
    let strange = StopCommand::List { instrument: InstrumentId(9), asked_ns: 7 };
    assert!(ask(&desk(), &strange, 1).is_err());
}

#[test]
fn it_stands_only_when_the_venue_repeats_its_id() {
    let ask = StopAsk::Place(ID);
    assert_eq!(said(ask, 200, TOLD), Some(StopReportKind::Stands(ID)));
    let other = TOLD.replace(TEXT, "tkp1-1-y");
    for text in [other.as_str(), "{}", ""] {
        assert_eq!(said(ask, 200, text), Some(StopReportKind::Unknown(ID)), "{text}");
    }
}

#[test]
fn only_what_can_have_had_no_effect_is_refused() {
    let ask = StopAsk::Place(ID);
    let late = r#"{"code":-2021,"msg":"Order would immediately trigger."}"#;
    let refused = StopReportKind::Refused { id: ID, code: -2021 };
    assert_eq!(said(ask, 400, late), Some(refused));
    let unknown = Some(StopReportKind::Unknown(ID));
    assert_eq!(said(ask, 400, r#"{"code":-4116,"msg":"ClientOrderId is duplicated."}"#), unknown);
    assert_eq!(said(ask, 408, r#"{"code":-1007,"msg":"Timeout"}"#), unknown);
    assert_eq!(said(ask, 503, ""), unknown);
    let request = StopRequest { instrument: BTC, ask };
    let silence = super::answer(&desk(), request, None).map(|report| report.kind);
    assert_eq!(silence, unknown);
}

#[test]
fn it_is_gone_when_the_venue_says_so_or_does_not_know_it() {
    let ask = StopAsk::Cancel(ID);
    let over = Some(StopReportKind::Over(ID));
    assert_eq!(said(ask, 200, GONE), over);
    assert_eq!(said(ask, 400, r#"{"code":-2011,"msg":"Unknown order sent."}"#), over);
    let unknown = Some(StopReportKind::Unknown(ID));
    assert_eq!(said(ask, 200, &GONE.replace(TEXT, "tkp1-1-y")), unknown);
    assert_eq!(said(ask, 400, r#"{"code":-1021,"msg":"Timestamp"}"#), unknown);
    assert_eq!(said(ask, 503, ""), unknown);
}

#[test]
fn a_list_tells_what_of_ours_closes_a_position() {
    let ask = StopAsk::List { asked_ns: 7 };
    let trigger = Price::parse(b"95.1").unwrap();
    let standing = Some(StandingStop { id: ID, trigger });
    let listed = |buy, sell| Some(StopReportKind::Listed { asked_ns: 7, buy, sell });
    assert_eq!(said(ask, 200, "[]"), listed(None, None));
    assert_eq!(said(ask, 200, &format!("[{TOLD}]")), listed(None, standing));
    let buy = TOLD.replace("SELL", "BUY");
    assert_eq!(said(ask, 200, &format!("[{buy}]")), listed(standing, None));
    for (from, to) in [
        (TEXT, "web_1"),
        ("BTCUSDT", "ETHUSDT"),
        ("STOP_MARKET", "TAKE_PROFIT_MARKET"),
        ("\"closePosition\":true", "\"closePosition\":false"),
    ] {
        let other = TOLD.replace(from, to);
        assert_eq!(said(ask, 200, &format!("[{other}]")), listed(None, None), "{to}");
    }
}

#[test]
fn a_list_that_cannot_be_read_whole_tells_nothing() {
    let ask = StopAsk::List { asked_ns: 7 };
    let bad = TOLD.replace("95.10", "much");
    for text in ["", "{}", "[{}]", &format!("[{bad}]"), &format!("[{TOLD}")] {
        assert_eq!(said(ask, 200, text), None, "{text}");
    }
    assert_eq!(said(ask, 429, r#"{"code":-1003,"msg":"Too many requests."}"#), None);
    let request = StopRequest { instrument: BTC, ask };
    assert_eq!(super::answer(&desk(), request, None), None);
}

#[test]
fn the_private_stream_says_what_became_of_it() {
    let desk = desk();
    let told = |status: &str, id: &str| {
        let text = format!(
            r#"{{"e":"ALGO_UPDATE","T":1,"E":2,"o":{{"caid":"{id}","aid":1,"at":"CONDITIONAL",
            "o":"STOP_MARKET","s":"BTCUSDT","S":"SELL","ps":"BOTH","X":"{status}","ai":""}}}}"#
        );
        let report = update(&desk.names, &desk.prefix, text.as_bytes());
        report.map(|report| report.map(|report| report.kind))
    };
    for (status, kind) in [
        ("NEW", StopReportKind::Stands(ID)),
        ("TRIGGERING", StopReportKind::Triggered(ID)),
        ("TRIGGERED", StopReportKind::Triggered(ID)),
        ("REJECTED", StopReportKind::Failed(ID)),
        ("CANCELED", StopReportKind::Over(ID)),
        ("EXPIRED", StopReportKind::Over(ID)),
        ("FINISHED", StopReportKind::Over(ID)),
        ("SLEEPING", StopReportKind::Unknown(ID)),
    ] {
        assert_eq!(told(status, TEXT), Ok(Some(kind)), "{status}");
        assert_eq!(told(status, "web_1"), Ok(None), "{status}");
    }
    assert!(update(&desk.names, &desk.prefix, b"{\"e\":\"ALGO_UPDATE\"}").is_err());
}
