//! What trading earned and cost, as `/income` tells it: profit of what was closed, and fees.
//!
//! Deliberately absent: funding and transfers, for there are none here. The shape is that of the
//! venue's own client; the sheet names the weight only.

use super::{Usdm, orders};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::TradeRecord;
use crate::types::Cash;
use serde_json::{Value, json};

/// Usual and most number in one answer.
const SHOWN: u64 = 100;
const SHOWN_MAX: u64 = 1_000;

impl Desk<Usdm> {
    /// The oldest from a time on, otherwise the newest.
    pub(super) fn income(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let named = params.find("symbol").map(|_| orders::symbol(&self.exchange, params));
        let only = named.transpose()?;
        let kind = params.find("incomeType");
        let since = params.number("startTime")?;
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let limit = params.number("limit")?.unwrap_or(SHOWN).min(SHOWN_MAX);
        let limit = usize::try_from(limit).unwrap_or(0);
        let meant = self.exchange.trades(account).filter(|trade| {
            only.is_none_or(|only| only == trade.instrument)
                && (since.unwrap_or(0)..=until).contains(&trade.unix_ms)
        });
        let all = meant.flat_map(|trade| {
            let fee = Cash::ZERO.saturating_sub(trade.fee);
            let both = [("REALIZED_PNL", trade.realised), ("COMMISSION", fee)];
            both.into_iter().map(move |(name, amount)| (name, amount, trade))
        });
        let meant = all.filter(|(name, amount, _)| {
            *amount != Cash::ZERO && kind.is_none_or(|kind| kind == *name)
        });
        let rows: Vec<Value> = meant.map(|(name, cash, it)| self.row(name, cash, it)).collect();
        let shown = match since {
            Some(_) => &rows[..limit.min(rows.len())],
            None => &rows[rows.len().saturating_sub(limit)..],
        };
        Ok(json!(shown))
    }

    fn row(&self, name: &str, amount: Cash, trade: &TradeRecord) -> Value {
        let slot = self.exchange.slot(trade.instrument);
        let known = slot.and_then(|slot| self.exchange.instruments().get(slot));
        json!({
            "symbol": known.map_or("", |it| it.symbol.as_str()),
            "incomeType": name,
            "income": format!("{amount:.8}"),
            "asset": known.map_or("", |it| self.asset(it.settle)),
            "info": trade.id.to_string(),
            "time": trade.unix_ms,
            "tranId": trade.id,
            "tradeId": trade.id.to_string(),
        })
    }
}
