//! Stops that close a whole position: the venue's conditional ("algo") orders of type STOP_MARKET
//! with `closePosition` (venue sheet sections 5 and 8), which it keeps apart from all others.
//!
//! Must hold: one is taken to stand only when the venue repeats its id, to be refused only by an
//! answer that cannot have had an effect, and to be gone when the venue says so or does not know
//! it. Of a list only what bears our name and closes a whole position counts.
//!
//! Decision: over HTTP and not over the socket of orders. A stop is asked for once in the life of a
//! position, and an answer to HTTP is told apart from silence by itself.

use super::error::meaning;
use crate::core::StopCommand;
use crate::types::{
    ClientOrderId, IdPrefix, InstrumentId, OrderRef, Price, StandingStop, StopAsk, StopOrder,
    StopReport, StopReportKind, StopRequest, WorkingPrice,
};
use crate::venue::binance::json::{body, message, price, refused, success};
use crate::venue::binance::message::side as side_word;
use crate::venue::binance::names::Names;
use crate::venue::binance::order::{side, whose};
use crate::venue::binance::orders::Desk;
use crate::venue::binance::text::{percent_encoded, write_price};
use crate::venue::{Answer, Call, DecodeError, EncodeError, Outcome, Outgoing, Question};
use serde::Deserialize;
use std::borrow::Cow;

const PATH: &str = "/fapi/v1/algoOrder";
const LIST_PATH: &str = "/fapi/v1/openAlgoOrders";

const KIND: &str = "STOP_MARKET";

/// The venue does not know the order.
const UNKNOWN: [i32; 2] = [-2011, -2013];

/// The request that a command is.
pub(super) fn ask(
    desk: &Desk,
    command: &StopCommand,
    venue_unix_ms: u64,
) -> Result<Outgoing, EncodeError> {
    let request = command.request();
    let symbol = desk.names.symbol(request.instrument).ok_or(EncodeError::UnknownInstrument)?;
    let symbol = percent_encoded(symbol);
    let (method, path, parameters) = match command {
        StopCommand::Place(stop) => ("POST", PATH, placing(desk, stop.order(), &symbol)),
        StopCommand::Cancel { id, .. } => {
            ("DELETE", PATH, format!("clientAlgoId={}", id_text(desk, *id)))
        }
        StopCommand::List { .. } => ("GET", LIST_PATH, format!("symbol={symbol}")),
    };
    let call = desk.signer.signed_call(method, path, &parameters, venue_unix_ms);
    Ok(Outgoing::Call(call, Question::Stop(request)))
}

fn placing(desk: &Desk, stop: &StopOrder, symbol: &str) -> String {
    let mut trigger = Vec::new();
    write_price(stop.trigger, &mut trigger);
    format!(
        "algoType=CONDITIONAL&clientAlgoId={}&closePosition=true&side={}&symbol={symbol}\
         &triggerPrice={}&type={KIND}&workingType={}",
        id_text(desk, stop.id),
        side_word(stop.side),
        String::from_utf8_lossy(&trigger),
        working_word(stop.working),
    )
}

fn id_text(desk: &Desk, id: ClientOrderId) -> String {
    let mut text = Vec::new();
    desk.prefix.write(id, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// What the answer to a request says; `None` where it says nothing of any stop.
pub(super) fn answer(
    desk: &Desk,
    request: StopRequest,
    answer: Option<&Answer>,
) -> Option<StopReport> {
    let kind = match request.ask {
        StopAsk::Place(id) => placed(desk, id, answer),
        StopAsk::Cancel(id) => canceled(desk, id, answer),
        StopAsk::List { asked_ns } => {
            let [buy, sell] = listed(desk, request.instrument, answer)?;
            StopReportKind::Listed { asked_ns, buy, sell }
        }
    };
    Some(StopReport { instrument: request.instrument, kind })
}

fn placed(desk: &Desk, id: ClientOrderId, answer: Option<&Answer>) -> StopReportKind {
    match refusal(answer) {
        Some((code, Outcome::Rejected)) => StopReportKind::Refused { id, code },
        Some((_, Outcome::Unknown)) => StopReportKind::Unknown(id),
        None if is_told(desk, id, answer) => StopReportKind::Stands(id),
        None => StopReportKind::Unknown(id),
    }
}

fn canceled(desk: &Desk, id: ClientOrderId, answer: Option<&Answer>) -> StopReportKind {
    let gone = match refusal(answer) {
        Some((code, _)) => UNKNOWN.contains(&code),
        None => is_told(desk, id, answer),
    };
    if gone { StopReportKind::Over(id) } else { StopReportKind::Unknown(id) }
}

/// The venue did what was asked, with that one.
fn is_told(desk: &Desk, id: ClientOrderId, answer: Option<&Answer>) -> bool {
    let told: Result<Told<'_>, _> = success(answer).and_then(|it| body(it, "algo order"));
    told.is_ok_and(|told| whose(&desk.prefix, &told.client_id) == OrderRef::Ours(id))
}

/// Those of ours that guard a short and a long; `None` for a list that cannot be read whole.
fn listed(
    desk: &Desk,
    instrument: InstrumentId,
    answer: Option<&Answer>,
) -> Option<[Option<StandingStop>; 2]> {
    let rows: Result<Vec<Row<'_>>, _> = success(answer).and_then(|it| body(it, "openAlgoOrders"));
    let mut found = [None; 2];
    for row in rows.ok()? {
        let OrderRef::Ours(id) = whose(&desk.prefix, &row.client_id) else { continue };
        let here = desk.names.instrument(row.symbol.as_bytes()) == Some(instrument);
        if here && row.close_position && row.kind == KIND {
            let trigger = price(row.trigger, "triggerPrice").ok()?;
            found[side(row.side)?.index()] = Some(StandingStop { id, trigger });
        }
    }
    Some(found)
}

/// What the bytes of a request to place one say, read by other code than wrote them.
pub(super) fn read_back(desk: &Desk, call: &Call) -> Option<StopOrder> {
    let (path, query) = call.target.split_once('?')?;
    let one = |name: &str| {
        let mut all = query.split('&').filter_map(|it| it.split_once('='));
        let value = all.find_map(|(key, value)| (key == name).then_some(value));
        let again = all.any(|(key, _)| key == name);
        value.filter(|_| !again)
    };
    let closes = one("closePosition") == Some("true") && one("type") == Some(KIND);
    let is_plain = one("quantity").is_none() && one("algoType") == Some("CONDITIONAL");
    if (call.method, path) != ("POST", PATH) || !closes || !is_plain {
        return None;
    }
    Some(StopOrder {
        id: desk.prefix.read(one("clientAlgoId")?.as_bytes())?,
        instrument: desk.names.instrument(one("symbol")?.as_bytes())?,
        side: side(one("side")?)?,
        trigger: Price::parse(one("triggerPrice")?.as_bytes())?,
        working: match one("workingType")? {
            "MARK_PRICE" => WorkingPrice::Mark,
            "CONTRACT_PRICE" => WorkingPrice::Contract,
            _ => return None,
        },
    })
}

/// What `ALGO_UPDATE` says of a stop of ours; `None` for anybody else's.
pub(super) fn update(
    names: &Names,
    prefix: &IdPrefix,
    bytes: &[u8],
) -> Result<Option<StopReport>, DecodeError> {
    let update: Update<'_> = message(bytes, "ALGO_UPDATE")?;
    let order = update.order;
    let OrderRef::Ours(id) = whose(prefix, &order.client_id) else { return Ok(None) };
    let Some(instrument) = names.instrument(order.symbol.as_bytes()) else { return Ok(None) };
    let kind = match order.status {
        "NEW" => StopReportKind::Stands(id),
        "TRIGGERING" | "TRIGGERED" => StopReportKind::Triggered(id),
        "REJECTED" => StopReportKind::Failed(id),
        "CANCELED" | "EXPIRED" | "FINISHED" => StopReportKind::Over(id),
        _ => StopReportKind::Unknown(id),
    };
    Ok(Some(StopReport { instrument, kind }))
}

/// The code of a refusal, and whether it can have had an effect; silence can.
fn refusal(answer: Option<&Answer>) -> Option<(i32, Outcome)> {
    let Some(answer) = answer else { return Some((0, Outcome::Unknown)) };
    if answer.status == 200 {
        return None;
    }
    let DecodeError::Refused { status, code, text } = refused(answer) else {
        return Some((0, Outcome::Unknown));
    };
    Some((code, meaning(status, code, &text).outcome))
}

fn working_word(working: WorkingPrice) -> &'static str {
    match working {
        WorkingPrice::Contract => "CONTRACT_PRICE",
        WorkingPrice::Mark => "MARK_PRICE",
    }
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "clientAlgoId", borrow)]
    client_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(rename = "clientAlgoId", borrow)]
    client_id: Cow<'a, str>,
    #[serde(rename = "orderType")]
    kind: &'a str,
    symbol: &'a str,
    side: &'a str,
    #[serde(rename = "triggerPrice")]
    trigger: Option<&'a str>,
    close_position: bool,
}

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(rename = "o", borrow)]
    order: UpdatedOrder<'a>,
}

#[derive(Deserialize)]
struct UpdatedOrder<'a> {
    #[serde(rename = "caid", borrow)]
    client_id: Cow<'a, str>,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "X")]
    status: &'a str,
}

#[cfg(test)]
mod tests;
