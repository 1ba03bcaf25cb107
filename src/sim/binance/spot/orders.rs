//! Orders and trades in the venue's words (Spot sheet, sections 4 and 5).

use crate::sim::order::{ClientText, ExpiryReason, Order, Prevention, State, TradeRecord};
use crate::types::{Cash, Instrument, Liquidity, Price, Qty, Side, TimeInForce};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn price(price: Price) -> String {
    format!("{price:.8}")
}

pub(super) fn qty(qty: Qty) -> String {
    format!("{qty:.8}")
}

pub(super) fn cash(cash: Cash) -> String {
    format!("{cash:.8}")
}

/// A new order, ACK: that it came.
pub(super) fn ack(order: &Order, symbol: &str) -> Value {
    json!({
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id.as_str(),
        "transactTime": order.updated_unix_ms,
    })
}

/// A new order, RESULT: what became of it at once, and of `ended`, which ended by it so as not to
/// trade with it.
pub(super) fn result(order: &Order, symbol: &str, ended: &[Order]) -> Value {
    let mut json = ack(order, symbol);
    for (name, value) in terms(order) {
        json[name] = value;
    }
    json["workingTime"] = json!(order.created_unix_ms);
    let prevented = prevented_matches(order, ended);
    if !prevented.is_empty() {
        json["preventedMatches"] = json!(prevented);
    }
    json
}

/// A new order, FULL: with its trades.
pub(super) fn full(
    order: &Order,
    instrument: (&Instrument, &[String]),
    (fills, ended): (&[TradeRecord], &[Order]),
) -> Value {
    let (known, assets) = instrument;
    let fill = |trade: &TradeRecord| {
        json!({
            "price": price(trade.price),
            "qty": qty(trade.qty),
            "commission": cash(trade.fee),
            "commissionAsset": commission_asset(trade.side, known, assets),
            "tradeId": trade.id,
        })
    };
    let mut json = result(order, &known.symbol, ended);
    json["fills"] = fills.iter().map(fill).collect();
    json
}

/// A cancelled order: under the id of the cancel, with its own beside it.
pub(super) fn canceled(order: &Order, symbol: &str, label: ClientText) -> Value {
    let mut json = ack(order, symbol);
    for (name, value) in terms(order) {
        json[name] = value;
    }
    json["origClientOrderId"] = json!(order.client_id.as_str());
    json["clientOrderId"] = json!(label.as_str());
    json
}

/// An amended order: under its new id, with the one that it had.
pub(super) fn amended(order: &Order, symbol: &str, before: ClientText) -> Value {
    json!({
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": -1,
        "origClientOrderId": before.as_str(),
        "clientOrderId": order.client_id.as_str(),
        "price": price(order.entry.price.unwrap_or_default()),
        "qty": qty(order.entry.qty),
        "executedQty": qty(order.cum_qty),
        "preventedQty": qty(Qty::ZERO),
        "quoteOrderQty": cash(order.entry.quote_qty),
        "cumulativeQuoteQty": cash(order.cum_quote),
        "status": status(order.state),
        "timeInForce": time_in_force(order),
        "type": kind(order),
        "side": side(order.entry.side),
        "workingTime": order.created_unix_ms,
        "selfTradePreventionMode": order.entry.self_trade.word(),
    })
}

/// An order as the answer to a question.
pub(super) fn query(order: &Order, symbol: &str) -> Value {
    let mut json = json!({
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id.as_str(),
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created_unix_ms,
        "updateTime": order.updated_unix_ms,
        "isWorking": true,
        "workingTime": order.created_unix_ms,
    });
    for (name, value) in terms(order) {
        json[name] = value;
    }
    json
}

/// What every answer but the shortest tells of an order. The venue's spelling.
fn terms(order: &Order) -> Vec<(&'static str, Value)> {
    let mut terms = vec![
        ("price", json!(price(order.entry.price.unwrap_or_default()))),
        ("origQty", json!(qty(order.entry.qty))),
        ("executedQty", json!(qty(order.cum_qty))),
        ("origQuoteOrderQty", json!(cash(order.entry.quote_qty))),
        ("cummulativeQuoteQty", json!(cash(order.cum_quote))),
        ("status", json!(status(order.state))),
        ("timeInForce", json!(time_in_force(order))),
        ("type", json!(kind(order))),
        ("side", json!(side(order.entry.side))),
        ("selfTradePreventionMode", json!(order.entry.self_trade.word())),
    ];
    terms.extend(expiry_reason(order).map(|reason| ("expiryReason", json!(reason))));
    if let Some(prevention) = prevention(order) {
        terms.push(("preventedMatchId", json!(prevention.id)));
        terms.push(("preventedQuantity", json!(qty(order.remaining()))));
    }
    terms
}

/// The trade with its own account that ended an order.
pub(super) fn prevention(order: &Order) -> Option<Prevention> {
    match order.state {
        State::Expired(ExpiryReason::SelfTrade(prevention)) => Some(prevention),
        State::Expired(_)
        | State::New
        | State::PartiallyFilled
        | State::Filled
        | State::Canceled => None,
    }
}

/// `preventedMatches` of a new order: what it did not trade with its own account. `ended` are the
/// orders that ended by it, itself among them.
fn prevented_matches(taker: &Order, ended: &[Order]) -> Vec<Value> {
    let mut matches: BTreeMap<u64, Value> = BTreeMap::new();
    for order in ended {
        let Some(prevention) = prevention(order) else { continue };
        let (name, maker_id) = match order.id == taker.id {
            true => ("takerPreventedQuantity", prevention.counter_id),
            false => ("makerPreventedQuantity", order.id),
        };
        let fresh = json!({
            "preventedMatchId": prevention.id,
            "makerOrderId": maker_id,
            "price": price(prevention.price),
        });
        matches.entry(prevention.id).or_insert(fresh)[name] = json!(qty(order.remaining()));
    }
    matches.into_values().collect()
}

/// A trade of the account's history.
pub(super) fn trade(trade: &TradeRecord, instrument: &Instrument, assets: &[String]) -> Value {
    json!({
        "symbol": instrument.symbol,
        "id": trade.id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": price(trade.price),
        "qty": qty(trade.qty),
        "quoteQty": cash(trade.price.notional(trade.qty)),
        "commission": cash(trade.fee),
        "commissionAsset": commission_asset(trade.side, instrument, assets),
        "time": trade.unix_ms,
        "isBuyer": trade.side == Side::Buy,
        "isMaker": trade.liquidity == Liquidity::Maker,
        "isBestMatch": true,
    })
}

/// The fee is taken from what is received.
pub(super) fn commission_asset<'a>(
    side: Side,
    instrument: &Instrument,
    assets: &'a [String],
) -> &'a str {
    let received = match side {
        Side::Buy => instrument.base,
        Side::Sell => instrument.quote,
    };
    assets.get(received.index()).map_or("", String::as_str)
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(super) fn kind(order: &Order) -> &'static str {
    match (order.entry.price, order.entry.time_in_force) {
        (None, _) => "MARKET",
        (Some(_), TimeInForce::Gtx) => "LIMIT_MAKER",
        (Some(_), TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok) => "LIMIT",
    }
}

/// What has none of its own is shown as good-till-cancelled, as the venue does.
pub(super) fn time_in_force(order: &Order) -> &'static str {
    match (order.entry.price, order.entry.time_in_force) {
        (None, _) | (_, TimeInForce::Gtc | TimeInForce::Gtx) => "GTC",
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

/// `expiryReason`, of an order that expired.
pub(super) fn expiry_reason(order: &Order) -> Option<&'static str> {
    let State::Expired(reason) = order.state else { return None };
    Some(match (reason, order.entry.time_in_force) {
        (ExpiryReason::SelfTrade(_), _) => return None,
        (ExpiryReason::MarketRest, _) => "INSUFFICIENT_LIQUIDITY",
        (ExpiryReason::ImmediateRest, TimeInForce::Fok) => "UNFILLED_FOK_ORDER_EXPIRED",
        (ExpiryReason::ImmediateRest, _) => "UNFILLED_IOC_QUANTITY_EXPIRED",
        (ExpiryReason::PositionGone | ExpiryReason::GoodTillDate | ExpiryReason::Liquidated, _) => {
            "EXCHANGE_CANCELED"
        }
    })
}
