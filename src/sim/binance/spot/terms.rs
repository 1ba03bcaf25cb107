//! Parameters of an order, to what it asks of the exchange (Spot sheet, section 5).
//!
//! Deliberately absent: stops, take-profits, trailing and pegged orders, icebergs, order lists:
//! refused in the venue's words. The numbers of a strategy (`strategyId`, `strategyType`) are taken
//! and not told back.

use super::refusal::{CLIENT_ID, DECIMAL, refused};
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::Exchange;
use crate::sim::order::{ClientText, OrderEntry, OrderKey};
use crate::sim::reject::Reject;
use crate::sim::self_trade::SelfTrade;
use crate::types::{Cash, InstrumentId, Price, Qty, Side, TimeInForce};

/// How much an answer to a new order tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Detail {
    Ack,
    Result,
    Full,
}

/// What makes an order one that does not exist here, and what it is called.
const UNSUPPORTED: [(&str, &str); 4] = [
    ("icebergQty", "Iceberg"),
    ("trailingDelta", "Trailing stop"),
    ("pegPriceType", "Pegged"),
    ("stopPrice", "Stop loss"),
];

const SELF_TRADE: &str = "selfTradePreventionMode";

/// What every symbol says of an order that names none.
pub(super) const SELF_TRADE_DEFAULT: SelfTrade = SelfTrade::None;

/// The instrument that `symbol` names.
pub(super) fn symbol(exchange: &Exchange, params: &Params) -> Result<InstrumentId, Fault> {
    by_name(exchange, params.need("symbol")?)
}

/// The instrument of a name.
pub(super) fn by_name(exchange: &Exchange, name: &str) -> Result<InstrumentId, Fault> {
    let known = exchange.instruments().iter().find(|instrument| instrument.symbol == name);
    known.map(|instrument| instrument.id).ok_or_else(|| refused(Reject::UnknownSymbol))
}

/// A new order.
pub(super) fn entry(exchange: &Exchange, params: &Params) -> Result<OrderEntry, Fault> {
    let instrument = symbol(exchange, params)?;
    let side = match params.need("side")? {
        "BUY" => Side::Buy,
        "SELL" => Side::Sell,
        _ => return Err(Fault::side()),
    };
    let (price, time_in_force) = price_and_time(params)?;
    let quote_qty = match price {
        Some(_) => None,
        None => amount(params, "quoteOrderQty")?,
    };
    let qty = match (qty(params, "quantity")?, quote_qty) {
        (Some(_), Some(_)) => return Err(Fault::unwanted("quoteOrderQty")),
        (Some(qty), None) => qty,
        (None, Some(quote_qty)) => {
            let slot = exchange.slot(instrument).ok_or_else(|| refused(Reject::UnknownSymbol))?;
            exchange.qty_for(slot, side, quote_qty)
        }
        (None, None) if price.is_none() => return Err(Fault::neither("quantity", "quoteOrderQty")),
        (None, None) => return Err(Fault::missing("quantity")),
    };
    Ok(OrderEntry {
        instrument,
        client_id: client_id(params, "newClientOrderId")?,
        side,
        price,
        time_in_force,
        qty,
        reduce_only: false,
        good_till_unix_ms: None,
        self_trade: self_trade(params)?,
        quote_qty: quote_qty.unwrap_or_default(),
    })
}

/// The price of an order that has one, and how long it stands.
fn price_and_time(params: &Params) -> Result<(Option<Price>, TimeInForce), Fault> {
    let kind = params.need("type")?;
    let conditional = match kind {
        "LIMIT" | "MARKET" | "LIMIT_MAKER" => {
            UNSUPPORTED.iter().find(|(name, _)| params.find(name).is_some()).map(|(_, word)| *word)
        }
        "STOP_LOSS" => Some("Stop loss"),
        "STOP_LOSS_LIMIT" => Some("Stop loss limit"),
        "TAKE_PROFIT" => Some("Take profit"),
        "TAKE_PROFIT_LIMIT" => Some("Take profit limit"),
        _ => return Err(Fault::order_type()),
    };
    if let Some(word) = conditional {
        return Err(Fault::unsupported(word));
    }
    let unwanted: &[&str] = match kind {
        "MARKET" => &["price", "timeInForce"],
        "LIMIT" => &["quoteOrderQty"],
        _ => &["quoteOrderQty", "timeInForce"],
    };
    if let Some(name) = unwanted.iter().find(|name| params.find(name).is_some()) {
        return Err(Fault::unwanted(name));
    }
    let time_in_force = match kind {
        "MARKET" => return Ok((None, TimeInForce::Ioc)),
        "LIMIT_MAKER" => TimeInForce::Gtx,
        _ => match params.need("timeInForce")? {
            "GTC" => TimeInForce::Gtc,
            "IOC" => TimeInForce::Ioc,
            "FOK" => TimeInForce::Fok,
            _ => return Err(Fault::time_in_force()),
        },
    };
    let price = price(params, "price")?.ok_or_else(|| Fault::missing("price"))?;
    Ok((Some(price), time_in_force))
}

/// How much the answer is to tell: of limit and market orders all, of others only that they came.
pub(super) fn detail(params: &Params) -> Result<Detail, Fault> {
    match (params.find("newOrderRespType"), params.find("type")) {
        (Some("ACK"), _) => Ok(Detail::Ack),
        (Some("RESULT"), _) => Ok(Detail::Result),
        (Some("FULL"), _) | (None, Some("LIMIT" | "MARKET")) => Ok(Detail::Full),
        (None, _) => Ok(Detail::Ack),
        (Some(_), _) => Err(Fault::invalid("newOrderRespType")),
    }
}

/// A client order id, where one is named.
pub(super) fn client_id(params: &Params, name: &str) -> Result<Option<ClientText>, Fault> {
    let Some(text) = params.find(name) else { return Ok(None) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let parsed = ClientText::parse(text.as_bytes()).ok().filter(|_| text.bytes().all(plain));
    parsed.map(Some).ok_or_else(|| Fault::illegal(name, CLIENT_ID))
}

/// Which order is meant: by its number, by its id, or by both.
pub(super) fn key(
    params: &Params,
    number: &str,
    id: &str,
) -> Result<(OrderKey, Option<ClientText>), Fault> {
    match (params.number(number)?, client_id(params, id)?) {
        (Some(number), also) => Ok((OrderKey::Id(number), also)),
        (None, Some(id)) => Ok((OrderKey::Client(id), None)),
        (None, None) => Err(Fault::neither(id, number)),
    }
}

fn self_trade(params: &Params) -> Result<SelfTrade, Fault> {
    let Some(word) = params.find(SELF_TRADE) else { return Ok(SELF_TRADE_DEFAULT) };
    SelfTrade::of_word(word).ok_or_else(|| match word {
        "DECREMENT" | "TRANSFER" => Fault::self_trade_not_allowed(),
        _ => Fault::invalid(SELF_TRADE),
    })
}

fn price(params: &Params, name: &str) -> Result<Option<Price>, Fault> {
    decimal(params, name, Price::parse)
}

/// A quantity, where one is named.
pub(super) fn qty(params: &Params, name: &str) -> Result<Option<Qty>, Fault> {
    decimal(params, name, Qty::parse)
}

fn amount(params: &Params, name: &str) -> Result<Option<Cash>, Fault> {
    decimal(params, name, Cash::parse)
}

fn decimal<T>(
    params: &Params,
    name: &str,
    parse: fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let Some(text) = params.find(name) else { return Ok(None) };
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| {
        (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole) || !digits(part) {
        return Err(Fault::illegal(name, DECIMAL));
    }
    // A number that is one, and not for us, is too fine or too large.
    parse(text.as_bytes()).map(Some).ok_or_else(|| Fault::too_precise(name))
}
