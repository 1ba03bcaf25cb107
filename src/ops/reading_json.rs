//! Both sides of the last reading of each account, for programs and for whoever waits for a newer
//! one (R54).
//!
//! Must hold: what is not known is `null`; amounts are exact decimal text.

use super::Names;
use super::report::Report;
use crate::core::{AccountReading, Agreement, OrderRead, PositionRead, Terms, WalletRead};
use crate::types::{MS, OrderRef, Side};
use serde_json::{Value, json};

/// All of them. `uptime_ms` and `asked_ms` are of the same clock: a reading that was asked for
/// after a question says so by them.
pub fn readings(report: &Report) -> Value {
    let told = report.status.readings.iter().filter(|reading| reading.is_told());
    let accounts: Vec<Value> = told.map(|reading| account(reading, &report.names)).collect();
    json!({
        "ok": true,
        "uptime_ms": report.uptime_ms,
        "reconciled": report.status.reconciled,
        "venues": report.status.readings.len(),
        "accounts": accounts,
    })
}

fn account(reading: &AccountReading, names: &Names) -> Value {
    json!({
        "venue": names.venue(reading.venue),
        "asked_ms": reading.asked_ns / MS,
        "read_unix_ms": reading.at.unix_ns / MS,
        "differences": reading.differences(),
        "positions": reading.positions.iter().map(|it| position(it, names)).collect::<Vec<_>>(),
        "wallets": reading.wallets.iter().map(|it| wallet(it, names)).collect::<Vec<_>>(),
        "orders": reading.orders.iter().map(|it| order(it, names)).collect::<Vec<_>>(),
        "orders_untold": reading.orders_untold,
        "unnamed_positions": reading.unnamed_positions,
        "has_unnamed_assets": reading.has_unnamed_assets,
    })
}

fn position(it: &PositionRead, names: &Names) -> Value {
    let delta = it.ours.and_then(|ours| it.venue.checked_sub(ours));
    json!({
        "symbol": names.instrument(it.instrument),
        "ours": it.ours.map(|qty| qty.to_string()),
        "venue": it.venue.to_string(),
        "delta": delta.map(|qty| qty.to_string()),
        "venue_entry_price": it.entry.map(|price| price.to_string()),
        "differs": it.differs(),
    })
}

fn wallet(it: &WalletRead, names: &Names) -> Value {
    let delta = it.ours.and_then(|ours| it.venue.checked_sub(ours));
    json!({
        "asset": names.asset(it.asset),
        "ours": it.ours.map(|cash| cash.to_string()),
        "venue": it.venue.to_string(),
        "delta": delta.map(|cash| cash.to_string()),
        "differs": it.differs,
    })
}

fn order(it: &OrderRead, names: &Names) -> Value {
    let id = match it.order {
        OrderRef::Ours(id) => Some(id.to_string()),
        OrderRef::Foreign(_) => None,
    };
    let cum_qty = |side: Option<Terms>| side.map(|terms| terms.cum_qty);
    let delta = cum_qty(it.ours).zip(cum_qty(it.venue));
    let delta = delta.and_then(|(ours, venue)| venue.checked_sub(ours));
    json!({
        "id": id,
        "venue_order_id": it.venue_order_id,
        "symbol": names.instrument(it.instrument),
        "side": match it.side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        },
        "ours": it.ours.map(terms),
        "venue": it.venue.map(terms),
        "filled_delta": delta.map(|qty| qty.to_string()),
        "agreement": it.agreement.name(),
        "differs": it.agreement == Agreement::Differs,
    })
}

fn terms(it: Terms) -> Value {
    json!({
        "price": it.price.to_string(),
        "qty": it.qty.to_string(),
        "filled": it.cum_qty.to_string(),
    })
}
