//! The private stream: what happened to orders and wallets (USDⓈ-M sheet, section 8).
//!
//! An order by which the exchange closes a position is a LIQUIDATION whose trades are CALCULATED;
//! what the insurance fund took is NEW_INSURANCE, and final all the same.
//!
//! Deliberately absent: TRADE_LITE (the same trades come in ORDER_TRADE_UPDATE). MARGIN_CALL is in
//! `margin`, ALGO_UPDATE in `algo`.

use super::orders;
use super::{Usdm, algo};
use crate::sim::binance::connections::{Connections, Feed};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::frames::Places;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::{Report, ReportKind, TradeRecord};
use crate::types::{Liquidity, Price, Qty};
use serde_json::{Value, json};

/// Name of the event that ends a private stream.
const EXPIRED: &str = "listenKeyExpired";

impl Desk<Usdm> {
    /// Tells the owners of the orders what the exchange reported: first what they hold, then what
    /// happened to each order.
    pub(super) fn tell_owners(&mut self, now_unix_ms: u64, reports: &[Report]) {
        for (account, slot) in self.traded(reports) {
            let update = self.account_update(now_unix_ms, account, slot);
            publish(&mut self.connections, account, "ACCOUNT_UPDATE", &update);
        }
        for report in reports {
            let account = report.order.account;
            if !self.connections.wants(|feed| is_user(feed, account, "ORDER_TRADE_UPDATE")) {
                continue;
            }
            let Some(slot) = self.exchange.slot(report.order.entry.instrument) else { continue };
            let update = self.order_update(now_unix_ms, slot, report);
            publish(&mut self.connections, account, "ORDER_TRADE_UPDATE", &update);
        }
    }

    /// A listen key's time is over: its listeners are told and disconnected.
    pub(super) fn expire_stream(&mut self, now_unix_ms: u64, account: AccountIndex, key: &str) {
        let notice = json!({
            "e": EXPIRED,
            "E": now_unix_ms.to_string(),
            "listenKey": key,
        });
        publish(&mut self.connections, account, EXPIRED, &notice);
        self.end_stream(account);
    }

    /// Disconnects whoever listens to an account.
    pub(super) fn end_stream(&mut self, account: AccountIndex) {
        let theirs = |feed: &Feed| matches!(feed, Feed::User(owner, _) if *owner == account);
        self.connections.disconnect_all(theirs);
    }

    fn traded(&self, reports: &[Report]) -> Vec<(AccountIndex, usize)> {
        let mut traded = Vec::new();
        for report in reports.iter().filter(|report| matches!(report.kind, ReportKind::Trade(_))) {
            let slot = self.exchange.slot(report.order.entry.instrument);
            let place = slot.map(|slot| (report.order.account, slot));
            traded.extend(place.filter(|place| !traded.contains(place)));
        }
        traded
    }

    fn account_update(&self, now_unix_ms: u64, account: AccountIndex, slot: usize) -> Value {
        let instrument = &self.exchange.instruments()[slot];
        let held = self.exchange.account(account);
        let position = held.position(slot);
        let wallet = format!("{:.8}", held.wallet(instrument.settle));
        let book = self.exchange.book(instrument.id);
        let mark = book.and_then(|book| book.mark()).unwrap_or_else(|| position.entry());
        json!({
            "e": "ACCOUNT_UPDATE",
            "T": now_unix_ms,
            "E": now_unix_ms,
            "a": {
                "m": "ORDER",
                "B": [{
                    "a": self.asset(instrument.settle),
                    "wb": wallet,
                    "cw": wallet,
                    "bc": "0",
                }],
                "P": [{
                    "s": instrument.symbol,
                    "pa": Places::of(instrument).qty(position.qty),
                    "ep": position.entry().to_string(),
                    "bep": position.entry().to_string(),
                    "cr": "0",
                    "up": format!("{:.8}", position.unrealised(mark)),
                    "mt": "cross",
                    "iw": "0",
                    "ps": "BOTH",
                    "ma": self.asset(instrument.settle),
                }],
            },
        })
    }

    fn order_update(&self, now_unix_ms: u64, slot: usize, report: &Report) -> Value {
        let instrument = &self.exchange.instruments()[slot];
        let places = Places::of(instrument);
        let order = &report.order;
        let execution = match report.kind {
            ReportKind::New => "NEW",
            ReportKind::Trade(_) if order.is_forced => "CALCULATED",
            ReportKind::Trade(_) => "TRADE",
            ReportKind::Amended => "AMENDMENT",
            ReportKind::Canceled => "CANCELED",
            ReportKind::Expired => "EXPIRED",
        };
        let kind = if order.is_forced { "LIQUIDATION" } else { orders::kind(order) };
        let mut told = json!({
            "s": instrument.symbol,
            "c": order.client_id.as_str(),
            "S": orders::side(order.entry.side),
            "o": kind,
            "f": orders::time_in_force(order),
            "q": places.qty(order.entry.qty),
            "p": places.price(order.entry.price.unwrap_or_default()),
            "ap": order.average_price().to_string(),
            "sp": "0",
            "x": execution,
            "X": orders::status(order.state),
            "i": order.id,
            "z": places.qty(order.cum_qty),
            "T": order.updated_unix_ms,
            "b": "0",
            "a": "0",
            "R": order.entry.reduce_only,
            "wt": "CONTRACT_PRICE",
            "ot": kind,
            "ps": "BOTH",
            "cp": false,
            "pP": false,
            "si": 0,
            "ss": 0,
            "V": order.entry.self_trade.word(),
            "pm": "NONE",
            "gtd": order.entry.good_till_unix_ms.unwrap_or(0),
            "er": orders::expiry_reason(order),
        });
        algo::tell_origin_update(&mut told, &self.exchange, order, places);
        match report.kind {
            ReportKind::Trade(trade) => {
                tell_trade(&mut told, &trade, places, self.asset(instrument.settle));
            }
            ReportKind::New | ReportKind::Amended | ReportKind::Canceled | ReportKind::Expired => {
                told["l"] = json!(places.qty(Qty::ZERO));
                told["L"] = json!(places.price(Price::ZERO));
                told["t"] = json!(0);
                told["m"] = json!(false);
                told["rp"] = json!("0");
            }
        }
        json!({"e": "ORDER_TRADE_UPDATE", "T": now_unix_ms, "E": now_unix_ms, "o": told})
    }
}

fn tell_trade(told: &mut Value, trade: &TradeRecord, places: Places, asset: &str) {
    told["l"] = json!(places.qty(trade.qty));
    told["L"] = json!(places.price(trade.price));
    told["t"] = json!(trade.id);
    told["m"] = json!(trade.liquidity == Liquidity::Maker);
    told["rp"] = json!(trade.realised.to_string());
    if trade.is_insured {
        told["X"] = json!("NEW_INSURANCE");
        return;
    }
    told["N"] = json!(asset);
    told["n"] = json!(trade.fee.to_string());
}

/// True for a private stream of the account that wants events of this name.
fn is_user(feed: &Feed, account: AccountIndex, event: &str) -> bool {
    match feed {
        Feed::User(owner, wanted) => {
            // The end of the stream itself is told whatever was asked for.
            let told =
                wanted.is_empty() || event == EXPIRED || wanted.iter().any(|name| name == event);
            *owner == account && told
        }
        Feed::BookTicker(_)
        | Feed::BookTickers
        | Feed::Trade(_)
        | Feed::AggTrade(_)
        | Feed::Mark(_)
        | Feed::Depth(_)
        | Feed::Partial(..)
        | Feed::Silent => false,
    }
}

/// Sends an event to whoever listens to an account and wants it.
pub(super) fn publish(
    connections: &mut Connections,
    account: AccountIndex,
    event: &str,
    frame: &Value,
) {
    if connections.wants(|feed| is_user(feed, account, event)) {
        connections.publish(&frame.to_string(), |feed| is_user(feed, account, event));
    }
}
