//! The venue's dead-man's switch: `countdownCancelAll`, one request an instrument (venue sheet
//! section 5).
//!
//! Must hold: it is taken as set only when the venue repeats the symbol and the countdown that were
//! asked for; as refused only by an answer that cannot have had an effect.

use super::error::meaning;
use crate::types::{DeadManAnswer, DeadManRequest};
use crate::venue::binance::json::{body, refused};
use crate::venue::binance::names::Names;
use crate::venue::binance::orders::Desk;
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, DecodeError, EncodeError, Outcome, Outgoing, Question};
use serde::Deserialize;
use std::borrow::Cow;

const PATH: &str = "/fapi/v1/countdownCancelAll";

/// The request to arm it.
pub(super) fn arm(
    desk: &Desk,
    request: DeadManRequest,
    venue_unix_ms: u64,
) -> Result<Outgoing, EncodeError> {
    let symbol = desk.names.symbol(request.instrument).ok_or(EncodeError::UnknownInstrument)?;
    let countdown_ms = request.countdown_ms;
    let parameters = format!("countdownTime={countdown_ms}&symbol={}", percent_encoded(symbol));
    let call = desk.signer.signed_call("POST", PATH, &parameters, venue_unix_ms);
    Ok(Outgoing::Call(call, Question::DeadMan(request)))
}

/// What an answer says of the switch.
pub(super) fn answer(
    names: &Names,
    request: DeadManRequest,
    answer: Option<&Answer>,
) -> DeadManAnswer {
    match answer {
        Some(answer) if answer.status == 200 => set(names, request, answer),
        Some(answer) if is_without_effect(answer) => DeadManAnswer::Refused,
        Some(_) | None => DeadManAnswer::Unknown,
    }
}

fn is_without_effect(answer: &Answer) -> bool {
    let DecodeError::Refused { status, code, text } = refused(answer) else { return false };
    meaning(status, code, &text).outcome == Outcome::Rejected
}

fn set(names: &Names, request: DeadManRequest, answer: &Answer) -> DeadManAnswer {
    let echo: Result<Echo<'_>, _> = body(&answer.body, "countdownTime");
    let is_same = echo.is_ok_and(|echo| {
        let symbol = names.instrument(echo.symbol.as_bytes());
        symbol == Some(request.instrument)
            && echo.countdown_time.parse() == Ok(request.countdown_ms)
    });
    if is_same { DeadManAnswer::Set } else { DeadManAnswer::Unknown }
}

/// The countdown is text in the venue's answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Echo<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    countdown_time: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::InstrumentId;
    use crate::venue::binance::support::{credentials, directory};

    const REQUEST: DeadManRequest =
        DeadManRequest { instrument: InstrumentId(0), countdown_ms: 60_000, asked_ns: 7 };

    fn desk() -> Desk {
        Desk::new(&directory(&["BTCUSDT", "ETHUSDT"]), &credentials())
    }

    fn said(status: u16, text: &str) -> DeadManAnswer {
        let given = Answer::new(status, text);
        answer(&desk().names, REQUEST, Some(&given))
    }

    #[test]
    fn it_is_a_signed_request_with_the_countdown_in_milliseconds() {
        let outgoing = arm(&desk(), REQUEST, 1_702_555_533_821).unwrap();
        let Outgoing::Call(call, question) = outgoing else { panic!("{outgoing:?}") };
        assert_eq!((call.method, question), ("POST", Question::DeadMan(REQUEST)));
        let begin = "/fapi/v1/countdownCancelAll?countdownTime=60000&symbol=BTCUSDT&recvWindow=";
        assert!(call.target.starts_with(begin), "{}", call.target);
        assert!(call.target.contains("&timestamp=1702555533821&signature="));
        let strange = DeadManRequest { instrument: InstrumentId(9), ..REQUEST };
        assert!(arm(&desk(), strange, 1).is_err());
    }

    #[test]
    fn only_the_echo_of_what_was_asked_says_that_it_is_set() {
        let echo = r#"{"symbol":"BTCUSDT","countdownTime":"60000"}"#;
        assert_eq!(said(200, echo), DeadManAnswer::Set);
        for (from, to) in [("60000", "0"), ("BTCUSDT", "ETHUSDT"), ("symbol", "symbols")] {
            assert_eq!(said(200, &echo.replace(from, to)), DeadManAnswer::Unknown, "{to}");
        }
        assert_eq!(said(200, "{}"), DeadManAnswer::Unknown);
    }

    #[test]
    fn only_what_can_have_had_no_effect_is_refused() {
        let symbol = r#"{"code":-1121,"msg":"Invalid symbol."}"#;
        assert_eq!(said(400, symbol), DeadManAnswer::Refused);
        let unknown = r#"{"code":-1007,"msg":"Timeout waiting for response."}"#;
        assert_eq!(said(408, unknown), DeadManAnswer::Unknown);
        assert_eq!(said(503, ""), DeadManAnswer::Unknown);
        assert_eq!(answer(&desk().names, REQUEST, None), DeadManAnswer::Unknown);
    }
}
