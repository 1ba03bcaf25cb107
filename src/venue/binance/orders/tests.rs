//! Order entry of both markets.

mod spot_answers;
mod spot_commands;
mod usdm_answers;
mod usdm_commands;

use super::*;
use crate::types::{ExecutionKind, OrderRef};
use crate::venue::binance::support::{credentials, directory, spot_directory};
use crate::venue::binance::{spot, usdm};
use serde_json::Value;

const ID: ClientOrderId = ClientOrderId { epoch: 1, sequence: 35 };
const ASKED: Question = Question::Order(InstrumentId(0), ID);
const NOW: u64 = 1_702_555_533_821;
const AT: VenueTime = VenueTime { unix_ms: NOW, mono_ns: 0 };

fn usdm_orders(symbols: &[&str], credentials: &Credentials) -> Orders<usdm::Usdm> {
    let desk = Desk::new(&directory(symbols), credentials);
    let entry = usdm::Usdm::new(&desk);
    Orders::new(desk, entry)
}

fn spot_orders(symbols: &[&str], credentials: &Credentials) -> Orders<spot::Spot> {
    let directory = spot_directory(symbols);
    Orders::new(Desk::new(&directory, credentials), spot::Spot::new(&directory))
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

/// A message that was asked for, opened.
fn placed<E: Entry>(mut orders: Orders<E>, terms: &OrderTerms) -> Value {
    let mut buffer = Vec::new();
    let outgoing = orders.place(ID, terms, AT, &mut buffer).unwrap();
    assert!(matches!(outgoing, Outgoing::Message));
    opened(&buffer)
}

/// Who asks was said when the connection was logged on; all else is what a signed message says.
fn says_the_same<E: Entry>([mut logged_on, mut signing]: [Orders<E>; 2], terms: &OrderTerms) {
    assert!(logged_on.logs_on() && !signing.logs_on());
    let (mut bare, mut signed) = (Vec::new(), Vec::new());
    let same = |bare: &[u8], signed: &[u8]| {
        assert_eq!(serde_json::from_slice::<Value>(bare).unwrap(), opened(signed));
    };
    logged_on.place(ID, terms, AT, &mut bare).unwrap();
    signing.place(ID, terms, AT, &mut signed).unwrap();
    same(&bare, &signed);
    let read = logged_on.read_back(&bare);
    assert!(read.is_some() && read == signing.read_back(&signed));
    logged_on.modify(ID, terms, 7, NOW, &mut bare).unwrap();
    signing.modify(ID, terms, 7, NOW, &mut signed).unwrap();
    same(&bare, &signed);
    let amended = logged_on.read_back(&bare);
    assert_eq!(amended.map(|it| it.written), Some(crate::venue::Written::Amended));
    logged_on.cancel(ID, terms.instrument, NOW, &mut bare).unwrap();
    signing.cancel(ID, terms.instrument, NOW, &mut signed).unwrap();
    same(&bare, &signed);
}

/// What a message of the connection says.
fn read<E: Entry>(mut orders: Orders<E>, text: &str) -> Result<Vec<ExecutionReport>, DecodeError> {
    let mut out = Vec::new();
    orders.on_message(text.as_bytes(), &mut out).map(|()| out)
}

/// The same of one that is about the order of all these tests.
fn kind<E: Entry>(orders: Orders<E>, text: &str) -> ExecutionKind {
    let out = read(orders, text).unwrap();
    assert_eq!((out.len(), out[0].order), (1, OrderRef::Ours(ID)));
    assert_eq!(out[0].instrument, InstrumentId(0));
    out[0].kind
}

/// A refusal of that kind of request.
fn refusal(request: &str, status: u16, code: i32, text: &str) -> String {
    let id = format!("{request}0.tkp1-1-z");
    let error = serde_json::json!({ "code": code, "msg": text });
    serde_json::json!({ "id": id, "status": status, "error": error }).to_string()
}
