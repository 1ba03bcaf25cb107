//! A conditional order as the answer to a request (USDⓈ-M sheet, section 5, and the samples).
//!
//! `icebergQuantity` is null as in the venue's pages; in the samples of its client, which are
//! Python, it became "None".

use super::terms::WITH_POSITION;
use crate::sim::binance::frames::Places;
use crate::sim::binance::usdm::orders;
use crate::sim::conditional::{Amount, Conditional, ConditionalState};
use crate::sim::exchange::Exchange;
use crate::sim::order::{Order, OrderKey};
use crate::sim::trigger::Trigger;
use crate::types::{Price, Qty, TimeInForce, WorkingPrice};
use serde_json::{Value, json};

/// As the answer to its being placed.
pub(super) fn placed(exchange: &Exchange, it: &Conditional) -> Value {
    let slot = exchange.slot(it.entry.instrument);
    let Some(instrument) = slot.map(|slot| &exchange.instruments()[slot]) else {
        return Value::Null;
    };
    let places = Places::of(instrument);
    let (activation, callback) = trailing(it, places);
    json!({
        "algoId": it.id,
        "clientAlgoId": it.client_id.as_str(),
        "algoType": "CONDITIONAL",
        "orderType": kind(it),
        "symbol": instrument.symbol,
        "side": orders::side(it.entry.side),
        "positionSide": "BOTH",
        "timeInForce": time_in_force(it),
        "quantity": places.qty(it.entry.qty().unwrap_or(Qty::ZERO)),
        "algoStatus": status(it.state),
        "triggerPrice": places.price(trigger_price(it)),
        "price": places.price(it.entry.price.unwrap_or_default()),
        "icebergQuantity": null,
        "selfTradePreventionMode": it.entry.self_trade.word(),
        "workingType": working(it),
        "priceMatch": "NONE",
        "closePosition": it.entry.amount == Amount::Position,
        "priceProtect": it.entry.is_protected,
        "reduceOnly": it.entry.reduces(),
        "activatePrice": activation,
        "callbackRate": callback,
        "createTime": it.created_unix_ms,
        "updateTime": it.updated_unix_ms,
        "triggerTime": it.triggered_unix_ms.unwrap_or(0),
        "goodTillDate": it.entry.good_till_unix_ms.unwrap_or(0),
    })
}

/// As the answer to a question after it: with the order that it became.
pub(super) fn found(exchange: &Exchange, it: &Conditional) -> Value {
    let mut told = placed(exchange, it);
    let order = it
        .order_id
        .and_then(|id| exchange.order(it.account, it.entry.instrument, OrderKey::Id(id)));
    let average = order.map_or(Price::ZERO, |order| order.average_price());
    told["actualOrderId"] = json!(it.order_id.map_or(String::new(), |id| id.to_string()));
    told["actualPrice"] = json!(format!("{average:.5}"));
    told["tpOrderType"] = json!("");
    if let Some(order) = order {
        told["actualType"] = json!(orders::kind(&order));
        told["actualQty"] = json!(order.cum_qty.to_string());
    }
    told
}

/// The same as one of several.
pub(super) fn listed(exchange: &Exchange, it: &Conditional) -> Value {
    let mut told = found(exchange, it);
    for name in ["tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"] {
        told[name] = json!("0.000");
    }
    told
}

/// Adds to an order what it came of.
pub(in crate::sim::binance::usdm) fn tell_origin(
    told: &mut Value,
    exchange: &Exchange,
    order: &Order,
    places: Places,
) {
    let Some(it) = exchange.origin(order) else { return };
    told["origType"] = json!(kind(it));
    told["stopPrice"] = json!(places.price(trigger_price(it)));
    told["closePosition"] = json!(it.entry.amount == Amount::Position);
    told["workingType"] = json!(working(it));
    told["priceProtect"] = json!(it.entry.is_protected);
    if matches!(it.entry.trigger, Trigger::Trailing { .. }) {
        let (activation, callback) = trailing(it, places);
        told["activatePrice"] = json!(activation);
        told["priceRate"] = json!(callback);
    }
}

/// Its type in the venue's words.
pub(super) fn kind(it: &Conditional) -> &'static str {
    match (it.entry.trigger, it.entry.price) {
        (Trigger::Stop(_), Some(_)) => "STOP",
        (Trigger::Stop(_), None) => "STOP_MARKET",
        (Trigger::TakeProfit(_), Some(_)) => "TAKE_PROFIT",
        (Trigger::TakeProfit(_), None) => "TAKE_PROFIT_MARKET",
        (Trigger::Trailing { .. }, _) => "TRAILING_STOP_MARKET",
    }
}

/// The price that it waits for; zero for one that trails.
pub(super) fn trigger_price(it: &Conditional) -> Price {
    match it.entry.trigger {
        Trigger::Stop(at) | Trigger::TakeProfit(at) => at,
        Trigger::Trailing { .. } => Price::ZERO,
    }
}

/// Activation and callback rate; empty for one that does not trail.
pub(super) fn trailing(it: &Conditional, places: Places) -> (String, String) {
    let Trigger::Trailing { activation, callback_permille } = it.entry.trigger else {
        return (String::new(), String::new());
    };
    let activation = activation.map_or(String::new(), |at| places.price(at));
    (activation, format!("{}.{}", callback_permille / 10, callback_permille % 10))
}

pub(super) fn working(it: &Conditional) -> &'static str {
    match it.entry.working {
        WorkingPrice::Contract => "CONTRACT_PRICE",
        WorkingPrice::Mark => "MARK_PRICE",
    }
}

pub(super) fn time_in_force(it: &Conditional) -> &'static str {
    match it.entry.time_in_force {
        _ if it.entry.ends_with_position => WITH_POSITION,
        TimeInForce::Gtc if it.entry.good_till_unix_ms.is_some() => "GTD",
        TimeInForce::Gtc => "GTC",
        TimeInForce::Gtx => "GTX",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    }
}

pub(super) fn status(state: ConditionalState) -> &'static str {
    match state {
        ConditionalState::New => "NEW",
        ConditionalState::Triggering => "TRIGGERING",
        ConditionalState::Triggered => "TRIGGERED",
        ConditionalState::Finished => "FINISHED",
        ConditionalState::Canceled => "CANCELED",
        ConditionalState::Expired => "EXPIRED",
        ConditionalState::Rejected(_) => "REJECTED",
    }
}
