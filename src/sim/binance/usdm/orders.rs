//! Orders in the venue's words: parameters to entries, orders and trades to JSON.

use super::refusal::refused;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::frames::Places;
use crate::sim::binance::params::Params;
use crate::sim::exchange::Exchange;
use crate::sim::order::{
    ClientText, ExpiryReason, Order, OrderEntry, OrderKey, State, TradeRecord,
};
use crate::sim::reject::Reject;
use crate::sim::self_trade::SelfTrade;
use crate::types::{Cash, InstrumentId, Liquidity, Side, TimeInForce};
use serde_json::{Value, json};

/// Bounds of a good-till date (USDⓈ-M sheet, section 5).
const GOOD_TILL_AHEAD_MS: u64 = 600_000;
const GOOD_TILL_MAX_MS: u64 = 253_402_300_799_000;

/// The instrument that `symbol` names.
pub(super) fn symbol(exchange: &Exchange, params: &Params) -> Result<InstrumentId, Fault> {
    let symbol = params.need("symbol")?;
    let known = exchange.instruments().iter().find(|instrument| instrument.symbol == symbol);
    known.map(|instrument| instrument.id).ok_or_else(|| refused(Reject::UnknownSymbol))
}

/// A new order.
pub(super) fn entry(
    now_unix_ms: u64,
    exchange: &Exchange,
    params: &Params,
) -> Result<OrderEntry, Fault> {
    let instrument = symbol(exchange, params)?;
    let side = side_of(params)?;
    if params.find("positionSide").is_some_and(|side| side != "BOTH") {
        return Err(Fault::position_side());
    }
    let (price, time_in_force) = terms(params)?;
    let client_id = params.find("newClientOrderId").map(|text| ClientText::parse(text.as_bytes()));
    Ok(OrderEntry {
        instrument,
        client_id: client_id.transpose().map_err(refused)?,
        side,
        price,
        time_in_force,
        qty: params.qty("quantity")?,
        reduce_only: params.flag("reduceOnly")?,
        good_till_unix_ms: good_till(now_unix_ms, params)?,
        self_trade: self_trade(params)?,
        quote_qty: Cash::ZERO,
    })
}

/// The side that is named, which must be there.
pub(super) fn side_of(params: &Params) -> Result<Side, Fault> {
    match params.need("side")? {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        _ => Err(Fault::side()),
    }
}

fn terms(params: &Params) -> Result<(Option<crate::types::Price>, TimeInForce), Fault> {
    match params.need("type")? {
        "LIMIT" => {
            let time_in_force = match params.need("timeInForce")? {
                "GTC" | "GTD" => TimeInForce::Gtc,
                "GTX" => TimeInForce::Gtx,
                "IOC" => TimeInForce::Ioc,
                "FOK" => TimeInForce::Fok,
                _ => return Err(Fault::time_in_force()),
            };
            let price = params.price("price")?.ok_or_else(|| Fault::missing("price"))?;
            Ok((Some(price), time_in_force))
        }
        "MARKET" => {
            match ["price", "timeInForce"].iter().find(|name| params.find(name).is_some()) {
                Some(name) => Err(Fault::unwanted(name)),
                None => Ok((None, TimeInForce::Ioc)),
            }
        }
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET" => {
            Err(Fault::conditional())
        }
        _ => Err(Fault::order_type()),
    }
}

/// The date of a good-till-date order: more than ten minutes ahead, and in whole seconds.
pub(super) fn good_till(now_unix_ms: u64, params: &Params) -> Result<Option<u64>, Fault> {
    let date = params.number("goodTillDate")?;
    if params.find("timeInForce") != Some("GTD") {
        return match date {
            None | Some(0) => Ok(None),
            Some(_) => Err(Fault::unwanted("goodTillDate")),
        };
    }
    let date = date.ok_or_else(|| Fault::missing("goodTillDate"))?;
    let least = now_unix_ms.saturating_add(GOOD_TILL_AHEAD_MS);
    let fits = least < date && date < GOOD_TILL_MAX_MS;
    if fits { Ok(Some(date / 1_000 * 1_000)) } else { Err(Fault::good_till_date()) }
}

/// What is to happen if it meets an order of its own account: by default the resting one goes.
pub(super) fn self_trade(params: &Params) -> Result<SelfTrade, Fault> {
    let word = params.find("selfTradePreventionMode");
    let mode = word.map_or(Some(SelfTrade::ExpireMaker), SelfTrade::of_word);
    mode.ok_or_else(Fault::self_trade)
}

/// Which order is meant; the venue's number wins over the client's.
pub(super) fn key(params: &Params) -> Result<OrderKey, Fault> {
    if let Some(id) = params.number("orderId")? {
        return Ok(OrderKey::Id(id));
    }
    let text = params
        .find("origClientOrderId")
        .ok_or_else(|| Fault::missing("orderId' or 'origClientOrderId"))?;
    Ok(OrderKey::Client(ClientText::parse(text.as_bytes()).map_err(refused)?))
}

/// An order as the answer to its being placed or taken back.
pub(super) fn to_json(order: &Order, symbol: &str, places: Places) -> Value {
    let kind = kind(order);
    json!({
        "clientOrderId": order.client_id.as_str(),
        "cumQty": places.qty(order.cum_qty),
        "executedQty": places.qty(order.cum_qty),
        "orderId": order.id,
        "origQty": places.qty(order.entry.qty),
        "price": places.price(order.entry.price.unwrap_or_default()),
        "reduceOnly": order.entry.reduce_only,
        "side": side(order.entry.side),
        "positionSide": "BOTH",
        "status": status(order.state),
        "stopPrice": "0",
        "closePosition": false,
        "symbol": symbol,
        "timeInForce": time_in_force(order),
        "type": kind,
        "origType": kind,
        "updateTime": order.updated_unix_ms,
        "workingType": "CONTRACT_PRICE",
        "priceProtect": false,
        "priceMatch": "NONE",
        "selfTradePreventionMode": order.entry.self_trade.word(),
        "goodTillDate": order.entry.good_till_unix_ms.unwrap_or(0),
    })
}

/// An order as the answer to a question.
pub(super) fn to_query_json(order: &Order, symbol: &str, places: Places) -> Value {
    let mut json = to_json(order, symbol, places);
    json["avgPrice"] = json!(order.average_price().to_string());
    json["cumQuote"] = json!(order.cum_quote.to_string());
    json["time"] = json!(order.created_unix_ms);
    json
}

/// A trade of the account's history.
pub(super) fn trade_to_json(
    trade: &TradeRecord,
    symbol: &str,
    asset: &str,
    places: Places,
) -> Value {
    json!({
        "buyer": trade.side == Side::Buy,
        "commission": trade.fee.to_string(),
        "commissionAsset": asset,
        "marginAsset": asset,
        "id": trade.id,
        "maker": trade.liquidity == Liquidity::Maker,
        "orderId": trade.order_id,
        "price": places.price(trade.price),
        "qty": places.qty(trade.qty),
        "quoteQty": trade.price.notional(trade.qty).to_string(),
        "realizedPnl": trade.realised.to_string(),
        "side": side(trade.side),
        "positionSide": "BOTH",
        "symbol": symbol,
        "time": trade.unix_ms,
    })
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(super) fn kind(order: &Order) -> &'static str {
    if order.entry.price.is_some() { "LIMIT" } else { "MARKET" }
}

/// A market order is shown as good-till-cancelled, as the venue does.
pub(super) fn time_in_force(order: &Order) -> &'static str {
    match (order.entry.price, order.entry.time_in_force) {
        (Some(_), TimeInForce::Gtc) if order.entry.good_till_unix_ms.is_some() => "GTD",
        (None, _) | (_, TimeInForce::Gtc) => "GTC",
        (_, TimeInForce::Gtx) => "GTX",
        (_, TimeInForce::Ioc) => "IOC",
        (_, TimeInForce::Fok) => "FOK",
    }
}

pub(super) fn status(state: State) -> &'static str {
    match state {
        State::New => "NEW",
        State::PartiallyFilled => "PARTIALLY_FILLED",
        State::Filled => "FILLED",
        State::Canceled => "CANCELED",
        State::Expired(ExpiryReason::SelfTrade(_)) => "EXPIRED_IN_MATCH",
        State::Expired(_) => "EXPIRED",
    }
}

/// `er` of ORDER_TRADE_UPDATE.
pub(super) fn expiry_reason(order: &Order) -> &'static str {
    match order.state {
        State::Expired(ExpiryReason::SelfTrade(_)) => match time_in_force(order) {
            "IOC" => "3",
            _ => "1",
        },
        State::Expired(ExpiryReason::ImmediateRest) => "2",
        State::Expired(ExpiryReason::PositionGone) => "4",
        State::Expired(ExpiryReason::Liquidated) => "5",
        State::Expired(ExpiryReason::MarketRest) => "9",
        // The sheet lists no number for a date that has come.
        State::Expired(ExpiryReason::GoodTillDate)
        | State::New
        | State::PartiallyFilled
        | State::Filled
        | State::Canceled => "0",
    }
}
