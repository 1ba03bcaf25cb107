//! ALGO_UPDATE, and what ORDER_TRADE_UPDATE says of an order that came of a conditional one (USDⓈ-M
//! sheet, section 8).
//!
//! Decision: what happened to conditional orders is told behind what happened to orders. The venue
//! promises an order within one kind of event only, and there a stop's trades were seen before its
//! TRIGGERED; a client must bear that.
//!
//! Decision: an order says of its origin what it said before December 2025, when both were one
//! (`ot`, `sp`, `wt`, `cp`, `pP`, and `AP`, `cr` of one that trailed): the pages still say so. `si`
//! is the zero of every order; the pages say to ignore it.
//!
//! Deliberately absent: CONDITIONAL_ORDER_TRIGGER_REJECT, which the venue ended on 2025-12-15 (its
//! change log); why a trigger was refused is in `rm` of ALGO_UPDATE.

use super::answers::{kind, status, time_in_force, trailing, trigger_price, working};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::frames::Places;
use crate::sim::binance::usdm::user::publish;
use crate::sim::binance::usdm::{Usdm, orders};
use crate::sim::conditional::{Amount, ConditionalReport, ConditionalState};
use crate::sim::exchange::Exchange;
use crate::sim::order::Order;
use crate::sim::trigger::Trigger;
use crate::types::Qty;
use serde_json::{Value, json};

const NAME: &str = "ALGO_UPDATE";

impl Desk<Usdm> {
    /// Tells the owners of conditional orders what became of them.
    pub(in crate::sim::binance::usdm) fn tell_algos(&mut self, now_unix_ms: u64) {
        for report in self.exchange.take_conditional_news() {
            let update = algo_update(now_unix_ms, &self.exchange, &report);
            publish(&mut self.connections, report.conditional.account, NAME, &update);
        }
    }
}

fn algo_update(now_unix_ms: u64, exchange: &Exchange, report: &ConditionalReport) -> Value {
    let it = &report.conditional;
    let slot = exchange.slot(it.entry.instrument);
    let symbol = slot.map_or("", |slot| exchange.instruments()[slot].symbol.as_str());
    let mut told = json!({
        "caid": it.client_id.as_str(),
        "aid": it.id,
        "at": "CONDITIONAL",
        "o": kind(it),
        "s": symbol,
        "S": orders::side(it.entry.side),
        "ps": "BOTH",
        "f": time_in_force(it),
        "q": it.entry.qty().unwrap_or(Qty::ZERO).to_string(),
        "X": status(it.state),
        "ai": it.order_id.map_or(String::new(), |id| id.to_string()),
        "tp": trigger_price(it).to_string(),
        "p": it.entry.price.unwrap_or_default().to_string(),
        "V": it.entry.self_trade.word(),
        "wt": working(it),
        "pm": "NONE",
        "cp": it.entry.amount == Amount::Position,
        "pP": it.entry.is_protected,
        "R": it.entry.reduces(),
        "tt": it.triggered_unix_ms.unwrap_or(0),
        "gtd": it.entry.good_till_unix_ms.unwrap_or(0),
        "ia": matches!(it.entry.trigger, Trigger::Trailing { .. }) && it.is_active(),
    });
    if let Some(order) = &report.order {
        told["ap"] = json!(order.average_price().to_string());
        told["aq"] = json!(order.cum_qty.to_string());
        told["act"] = json!(orders::kind(order));
    }
    if let ConditionalState::Rejected(reject) = it.state {
        told["rm"] = json!(reject.to_string());
    }
    json!({"e": NAME, "T": now_unix_ms, "E": now_unix_ms, "o": told})
}

/// Adds to the event of an order what it came of.
pub(in crate::sim::binance::usdm) fn tell_origin_update(
    told: &mut Value,
    exchange: &Exchange,
    order: &Order,
    places: Places,
) {
    let Some(it) = exchange.origin(order) else { return };
    told["ot"] = json!(kind(it));
    told["sp"] = json!(places.price(trigger_price(it)));
    told["wt"] = json!(working(it));
    told["cp"] = json!(it.entry.amount == Amount::Position);
    told["pP"] = json!(it.entry.is_protected);
    if matches!(it.entry.trigger, Trigger::Trailing { .. }) {
        let (activation, callback) = trailing(it, places);
        told["AP"] = json!(activation);
        told["cr"] = json!(callback);
    }
}
