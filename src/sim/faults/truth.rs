//! What really happened, for whoever judges an engine: every order, every conditional order, every
//! trade, every payment, what is held.
//!
//! Must hold: nothing is rounded and nothing is left out without a word (`complete`).

use crate::sim::binance::Server;
use crate::sim::conditional::{Conditional, ConditionalState};
use crate::sim::exchange::{AccountIndex, Exchange};
use crate::sim::history::Extremes;
use crate::sim::order::{Order, TradeRecord};
use crate::sim::payments::{Payment, PaymentCause};
use crate::types::{InstrumentId, Liquidity, Side};
use serde_json::{Value, json};

/// The one account that an exchange of its own serves.
const ACCOUNT: AccountIndex = AccountIndex(0);

/// Everything, as it is now: of the one market that is served; of two, USDⓈ-M, with what happened
/// on Spot under `spot`.
pub(super) fn tell(server: &Server, now_unix_ms: u64) -> Value {
    let (first, spot) = (server.exchange(), server.spot_exchange());
    let mut told = market(first, server.assets(), now_unix_ms);
    if let Some(spot) = spot.filter(|spot| !std::ptr::eq(*spot, first)) {
        told["spot"] = market(spot, server.spot_assets(), now_unix_ms);
    }
    told
}

fn market(exchange: &Exchange, assets: &[String], now_unix_ms: u64) -> Value {
    let history = exchange.history();
    let symbol = |id: InstrumentId| {
        let slot = exchange.slot(id);
        slot.map_or("", |slot| exchange.instruments()[slot].symbol.as_str())
    };
    let asset = |at: usize| assets.get(at).map_or("", String::as_str);
    let held = exchange.account(ACCOUNT);
    let positions = exchange.instruments().iter().enumerate().map(|(slot, instrument)| {
        let extremes = history.map_or(Extremes::default(), |it| it.extremes(ACCOUNT, slot));
        json!({
            "symbol": instrument.symbol,
            "qty": held.position(slot).qty.to_string(),
            "low": extremes.low.to_string(),
            "high": extremes.high.to_string(),
        })
    });
    let orders = exchange.orders(ACCOUNT).map(|it| order(it, symbol(it.entry.instrument)));
    let conditionals = exchange.conditionals(ACCOUNT);
    let conditionals = conditionals.map(|it| conditional(it, symbol(it.entry.instrument)));
    let trades = exchange.trades(ACCOUNT).map(|it| trade(it, symbol(it.instrument)));
    let payments = exchange.payments(ACCOUNT).map(|it| payment(it, symbol(it.instrument)));
    let wallets = held.wallets();
    let balances = wallets.map(|(id, cash)| {
        let locked = exchange.locked(ACCOUNT, id).to_string();
        json!({"asset": asset(id.index()), "wallet": cash.to_string(), "locked": locked})
    });
    let repeats = history.into_iter().flat_map(|history| history.repeats());
    json!({
        "time": now_unix_ms,
        "complete": history.is_some_and(|history| history.is_complete()),
        "orders": orders.collect::<Value>(),
        "conditionals": conditionals.collect::<Value>(),
        "trades": trades.collect::<Value>(),
        "payments": payments.collect::<Value>(),
        "positions": positions.collect::<Value>(),
        "balances": balances.collect::<Value>(),
        "repeated_ids": repeats.map(|id| json!(id.as_str())).collect::<Value>(),
    })
}

fn order(order: &Order, symbol: &str) -> Value {
    json!({
        "order_id": order.id,
        "client_id": order.client_id.as_str(),
        "symbol": symbol,
        "side": side(order.entry.side),
        "status": format!("{:?}", order.state.status()),
        "is_open": order.state.is_open(),
        "reduce_only": order.entry.reduce_only,
        "price": order.entry.price.map(|price| price.to_string()),
        "qty": order.entry.qty.to_string(),
        "traded": order.cum_qty.to_string(),
        "created": order.created_unix_ms,
        "updated": order.updated_unix_ms,
    })
}

fn conditional(it: &Conditional, symbol: &str) -> Value {
    let (status, code) = match it.state {
        ConditionalState::New => ("New", None),
        ConditionalState::Triggering => ("Triggering", None),
        ConditionalState::Triggered => ("Triggered", None),
        ConditionalState::Finished => ("Finished", None),
        ConditionalState::Canceled => ("Canceled", None),
        ConditionalState::Expired => ("Expired", None),
        ConditionalState::Rejected(reject) => ("Rejected", Some(reject.code())),
    };
    json!({
        "algo_id": it.id,
        "client_id": it.client_id.as_str(),
        "symbol": symbol,
        "side": side(it.entry.side),
        "status": status,
        "code": code,
        "is_open": it.is_open(),
        "reduces": it.entry.reduces(),
        "trigger": it.entry.trigger.price().map(|price| price.to_string()),
        "price": it.entry.price.map(|price| price.to_string()),
        "qty": it.entry.qty().map(|qty| qty.to_string()),
        "order_id": it.order_id,
        "created": it.created_unix_ms,
        "updated": it.updated_unix_ms,
    })
}

fn trade(trade: &TradeRecord, symbol: &str) -> Value {
    json!({
        "id": trade.id,
        "order_id": trade.order_id,
        "symbol": symbol,
        "side": side(trade.side),
        "price": trade.price.to_string(),
        "qty": trade.qty.to_string(),
        "fee": trade.fee.to_string(),
        "maker": trade.liquidity == Liquidity::Maker,
        "time": trade.unix_ms,
    })
}

fn payment(payment: &Payment, symbol: &str) -> Value {
    let cause = match payment.cause {
        PaymentCause::Funding => "funding",
        PaymentCause::Insurance => "insurance",
    };
    json!({
        "id": payment.id,
        "symbol": symbol,
        "cause": cause,
        "amount": payment.amount.to_string(),
        "wallet": payment.wallet.to_string(),
        "time": payment.unix_ms,
    })
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
