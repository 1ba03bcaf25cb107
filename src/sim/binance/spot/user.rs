//! Private events: what happened to orders and wallets (Spot sheet, section 10).
//!
//! Deliberately absent: balanceUpdate and externalLockUpdate (nothing but trades moves a wallet
//! here), listStatus (there are no order lists).

use super::Spot;
use super::orders::{self, cash, price, qty};
use crate::sim::binance::desk::Desk;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::{ClientText, Order, Prevention, Report, ReportKind, TradeRecord};
use crate::types::{AssetId, Cash, Liquidity, Price, Qty, Side};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Desk<Spot> {
    /// Tells the owners of the orders what the exchange reported: first what happened to each
    /// order, then what that left in the wallets.
    pub(super) fn tell_owners(&mut self, now_unix_ms: u64, reports: &[Report]) {
        let mut touched: BTreeMap<AccountIndex, Vec<AssetId>> = BTreeMap::new();
        for report in reports {
            self.own.executions += 1;
            let (order, account) = (&report.order, report.order.account);
            let Some(slot) = self.exchange.slot(order.entry.instrument) else { continue };
            self.count_fill(now_unix_ms, report);
            let assets = touched.entry(account).or_default();
            assets.extend(self.moved(slot, report));
            self.own.touch(account, now_unix_ms);
            if self.own.sessions.listening(account).is_empty() {
                continue;
            }
            let label = self.own.labels.get(&order.id).copied();
            let event = self.execution_report(now_unix_ms, slot, report, label);
            self.publish(account, &event);
        }
        self.own.labels.clear();
        for (account, mut assets) in touched {
            assets.sort();
            assets.dedup();
            let event = self.account_position(now_unix_ms, account, &assets);
            self.publish(account, &event);
        }
    }

    /// An order that begins to trade is not counted as an unfilled one any more.
    fn count_fill(&mut self, now_unix_ms: u64, report: &Report) {
        if let ReportKind::Trade(trade) = report.kind
            && report.order.cum_qty == trade.qty
        {
            let account = report.order.account;
            self.usage.order_filled(now_unix_ms, account, trade.liquidity);
        }
    }

    fn publish(&mut self, account: AccountIndex, event: &Value) {
        for (connection, number) in self.own.sessions.listening(account) {
            self.send_event(connection, number, event);
        }
    }

    /// The assets of which a report changes what is free or locked.
    fn moved(&self, slot: usize, report: &Report) -> Vec<AssetId> {
        let (base, quote) =
            (self.exchange.instruments()[slot].base, self.exchange.instruments()[slot].quote);
        match (report.kind, report.order.entry.side) {
            (ReportKind::Trade(_), _) => vec![base, quote],
            (_, Side::Buy) => vec![quote],
            (_, Side::Sell) => vec![base],
        }
    }

    fn account_position(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
        assets: &[AssetId],
    ) -> Value {
        let balances = assets.iter().map(|asset| {
            json!({
                "a": self.asset(*asset),
                "f": cash(self.exchange.free(account, *asset)),
                "l": cash(self.exchange.locked(account, *asset)),
            })
        });
        json!({
            "e": "outboundAccountPosition",
            "E": now_unix_ms,
            "u": now_unix_ms,
            "B": balances.collect::<Value>(),
        })
    }

    fn execution_report(
        &self,
        now_unix_ms: u64,
        slot: usize,
        report: &Report,
        label: Option<ClientText>,
    ) -> Value {
        let order = &report.order;
        let own = order.client_id.as_str();
        // Of a cancel the label is its own id, of an amendment the id that the order had.
        let (execution, id, original) = match report.kind {
            ReportKind::New => ("NEW", own, ""),
            ReportKind::Trade(_) => ("TRADE", own, ""),
            ReportKind::Amended => ("REPLACED", own, label.as_ref().map_or("", ClientText::as_str)),
            ReportKind::Canceled => {
                ("CANCELED", label.as_ref().map_or(own, ClientText::as_str), own)
            }
            ReportKind::Expired if orders::prevention(order).is_some() => {
                ("TRADE_PREVENTION", own, "")
            }
            ReportKind::Expired => ("EXPIRED", own, ""),
        };
        let mut told = json!({
            "e": "executionReport",
            "E": now_unix_ms,
            "s": self.exchange.instruments()[slot].symbol,
            "c": id,
            "S": orders::side(order.entry.side),
            "o": orders::kind(order),
            "f": orders::time_in_force(order),
            "q": qty(order.entry.qty),
            "p": price(order.entry.price.unwrap_or_default()),
            "P": price(Price::ZERO),
            "F": qty(Qty::ZERO),
            "g": -1,
            "C": original,
            "x": execution,
            "X": orders::status(order.state),
            "r": "NONE",
            "i": order.id,
            "z": qty(order.cum_qty),
            "T": order.updated_unix_ms,
            "I": self.own.executions,
            "w": order.state.is_open(),
            "M": false,
            "O": order.created_unix_ms,
            "Z": cash(order.cum_quote),
            "Q": cash(order.entry.quote_qty),
            "W": order.created_unix_ms,
            "V": order.entry.self_trade.word(),
        });
        if let Some(reason) = orders::expiry_reason(order) {
            told["eR"] = json!(reason);
        }
        tell_prevention(&mut told, order);
        let trade = match report.kind {
            ReportKind::Trade(trade) => Some(trade),
            ReportKind::New | ReportKind::Amended | ReportKind::Canceled | ReportKind::Expired => {
                None
            }
        };
        self.tell_trade(&mut told, slot, trade.as_ref());
        told
    }

    fn tell_trade(&self, told: &mut Value, slot: usize, trade: Option<&TradeRecord>) {
        let instrument = &self.exchange.instruments()[slot];
        let of = |value: fn(&TradeRecord) -> Cash| trade.map_or(Cash::ZERO, value);
        told["l"] = json!(qty(trade.map_or(Qty::ZERO, |trade| trade.qty)));
        told["L"] = json!(price(trade.map_or(Price::ZERO, |trade| trade.price)));
        told["Y"] = json!(cash(of(|trade| trade.price.notional(trade.qty))));
        told["n"] = json!(trade.map_or("0".to_owned(), |trade| cash(trade.fee)));
        told["N"] = trade.map_or(Value::Null, |trade| {
            json!(orders::commission_asset(trade.side, instrument, &self.assets))
        });
        told["t"] = trade.map_or(json!(-1), |trade| json!(trade.id));
        told["m"] = json!(trade.is_some_and(|trade| trade.liquidity == Liquidity::Maker));
    }
}

/// What an order did not trade with one of its own account; no account here belongs to a group.
fn tell_prevention(told: &mut Value, order: &Order) {
    let Some(prevention) = orders::prevention(order) else { return };
    let Prevention { id, counter_id, price: at, qty: kept } = prevention;
    told["v"] = json!(id);
    told["A"] = json!(qty(order.remaining()));
    told["B"] = json!(qty(order.remaining()));
    told["u"] = json!(-1);
    told["U"] = json!(counter_id);
    told["Cs"] = told["s"].clone();
    told["pl"] = json!(qty(kept));
    told["pL"] = json!(price(at));
    told["pY"] = json!(cash(at.notional(kept)));
}
