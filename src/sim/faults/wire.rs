//! What the bytes that pass are about, and the venue's words for what went wrong (USDⓈ-M sheet,
//! sections 4 and 8; Spot sheet, sections 10 and 11).
//!
//! Must hold: any bytes are a request of some kind; nothing here changes the exchange.

use super::{FaultKind, Request};
use crate::sim::binance::HttpRequest;
use crate::types::Qty;
use serde_json::{Value, json};

/// A request, as far as a fault must know it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) request: Request,
    /// The asker's number of it, which its answer carries.
    pub(super) number: Value,
    pub(super) key: String,
    pub(super) symbol: String,
    /// The client's id of the order.
    pub(super) client_id: String,
    pub(super) qty: Option<Qty>,
}

/// A message of the order-entry connection.
pub(super) fn of_text(text: &[u8]) -> Asked {
    let message: Value = serde_json::from_slice(text).unwrap_or_default();
    let of = |name: &str| {
        let found = message.pointer(&format!("/params/{name}")).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let reduces = of("reduceOnly") == "true" || of("closePosition") == "true";
    let method = message["method"].as_str().unwrap_or_default();
    let request = match method {
        "order.place" | "algoOrder.place" if reduces => Request::PlaceReducing,
        "order.place" | "algoOrder.place" | "order.cancelReplace" => Request::PlaceOpening,
        "order.modify" | "order.amend.keepPriority" => Request::Amend,
        "order.cancel" | "algoOrder.cancel" => Request::Cancel,
        "openOrders.cancelAll" => Request::CancelAll,
        "order.status" => Request::Query,
        "openOrders.status" => Request::OpenOrders,
        "myTrades" | "allOrders" => Request::Trades,
        method if method.contains("account.") => Request::Account,
        _ => Request::Other,
    };
    let client_id = of(id_name(method, request));
    Asked {
        request,
        number: message["id"].clone(),
        key: of("apiKey"),
        symbol: of("symbol"),
        client_id,
        qty: Qty::parse(of("quantity").as_bytes()),
    }
}

/// A request over HTTP.
pub(super) fn of_http(request: &HttpRequest<'_>) -> Asked {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let body = String::from_utf8_lossy(request.body);
    let of = |name: &str| {
        let mut pairs = query.split('&').chain(body.split('&'));
        let found = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let kind = match (request.method, path) {
        ("POST", "/fapi/v1/order" | "/fapi/v1/algoOrder")
            if of("reduceOnly") == "true" || of("closePosition") == "true" =>
        {
            Request::PlaceReducing
        }
        ("POST", path) if PLACE.contains(&path) => Request::PlaceOpening,
        ("PUT", "/fapi/v1/order" | "/api/v3/order/amend/keepPriority") => Request::Amend,
        ("DELETE", path) if ONE_ORDER.contains(&path) => Request::Cancel,
        ("GET", path) if ONE_ORDER.contains(&path) => Request::Query,
        ("DELETE", path) if CANCEL_ALL.contains(&path) => Request::CancelAll,
        ("GET", path) if OPEN_ORDERS.contains(&path) => Request::OpenOrders,
        ("GET", path) if TRADES.contains(&path) => Request::Trades,
        ("GET", path) if ACCOUNT.iter().any(|known| path.ends_with(known)) => Request::Account,
        _ => Request::Other,
    };
    let client_id = of(id_name(path, kind));
    Asked {
        request: kind,
        number: Value::Null,
        key: request.api_key.unwrap_or_default().to_owned(),
        symbol: of("symbol"),
        client_id,
        qty: Qty::parse(of("quantity").as_bytes()),
    }
}

/// What the client's id is called in a request, which is by a path or a method.
fn id_name(asked: &str, request: Request) -> &'static str {
    let is_new = matches!(request, Request::PlaceOpening | Request::PlaceReducing);
    match (asked.contains("algoOrder"), is_new) {
        (true, _) => "clientAlgoId",
        (false, true) => "newClientOrderId",
        (false, false) => "origClientOrderId",
    }
}

/// Paths that take a new order.
const PLACE: [&str; 4] =
    ["/fapi/v1/order", "/fapi/v1/algoOrder", "/api/v3/order", "/api/v3/order/cancelReplace"];

/// Paths of one order.
const ONE_ORDER: [&str; 3] = ["/fapi/v1/order", "/fapi/v1/algoOrder", "/api/v3/order"];

/// Paths that take all orders of a symbol back.
const CANCEL_ALL: [&str; 3] =
    ["/fapi/v1/allOpenOrders", "/fapi/v1/algoOpenOrders", "/api/v3/openOrders"];

/// Paths that read what stands.
const OPEN_ORDERS: [&str; 4] =
    ["/fapi/v1/openOrders", "/fapi/v1/openOrder", "/fapi/v1/openAlgoOrders", "/api/v3/openOrders"];

/// Paths that read what has been.
const TRADES: [&str; 5] = [
    "/fapi/v1/userTrades",
    "/fapi/v1/allOrders",
    "/fapi/v1/allAlgoOrders",
    "/api/v3/myTrades",
    "/api/v3/allOrders",
];

/// Ends of the paths that read the account.
const ACCOUNT: [&str; 5] =
    ["/balance", "/account", "/positionRisk", "/accountConfig", "/symbolConfig"];

/// What a frame of the private stream tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// A trade, or the wallet after one.
    Trade,
    /// Anything else.
    Other,
}

/// Looks only at private frames: they alone hold these words.
pub(super) fn told(frame: &[u8]) -> Told {
    let has = |word: &[u8]| holds(frame, word);
    let order = has(b"\"ORDER_TRADE_UPDATE\"") || has(b"\"executionReport\"");
    let wallet = has(b"\"ACCOUNT_UPDATE\"") || has(b"\"outboundAccountPosition\"");
    let trade = order && has(b"\"x\":\"TRADE\"");
    if trade || wallet { Told::Trade } else { Told::Other }
}

/// True for an answer that tells an order.
pub(super) fn answers_an_order(frame: &[u8]) -> bool {
    holds(frame, b"\"orderId\"")
}

fn holds(frame: &[u8], word: &[u8]) -> bool {
    frame.windows(word.len()).any(|part| part == word)
}

/// True for a private event that came on the connection of the orders, as on Spot: no answer.
pub(super) fn is_event(frame: &[u8]) -> bool {
    frame.starts_with(b"{\"event\":")
}

/// Status, code and text of a refusal; `None` for a fault that is none.
pub(super) fn words(kind: FaultKind) -> Option<(u16, i32, &'static str)> {
    match kind {
        FaultKind::UnknownExecuted | FaultKind::UnknownUnexecuted => {
            Some((503, -1000, "Unknown error, please check your request or try again later."))
        }
        FaultKind::Unavailable => Some((503, 0, "Service Unavailable.")),
        FaultKind::InternalError => {
            Some((503, 0, "Internal error; unable to process your request. Please try again."))
        }
        FaultKind::Throttled => Some((
            503,
            -1008,
            "Request throttled by system-level protection. Reduce-only/close-position orders are \
             exempt. Please try again.",
        )),
        FaultKind::RequestLost
        | FaultKind::AckLost
        | FaultKind::DuplicateFill
        | FaultKind::FillLost
        | FaultKind::FillBeforeAck
        | FaultKind::CancelBeforeFill
        | FaultKind::CancelFilled
        | FaultKind::Delay
        | FaultKind::Late
        | FaultKind::Disconnect
        | FaultKind::DisconnectLost
        | FaultKind::PartialFill
        | FaultKind::Silence
        | FaultKind::ServerShutdown
        | FaultKind::StreamTerminated => None,
    }
}

/// The same as a body.
pub(super) fn body(code: i32, text: &str) -> Value {
    json!({"code": code, "msg": text})
}
