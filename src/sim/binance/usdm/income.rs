//! What an account earned and paid, as `/income` tells it: profit of what was closed, fees,
//! funding, and the insurance fund's part in liquidations.
//!
//! Deliberately absent: transfers, for there are none here. The shape is that of the venue's own
//! client; the sheet names the weight only.

use super::payments::word;
use super::{Usdm, orders};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::TradeRecord;
use crate::sim::payments::Payment;
use crate::types::{Cash, InstrumentId};
use serde_json::{Value, json};

/// Usual and most number in one answer.
pub(super) const SHOWN: u64 = 100;
pub(super) const SHOWN_MAX: u64 = 1_000;

/// Which part of a past is asked for, and how many rows of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    since_unix_ms: Option<u64>,
    until_unix_ms: u64,
    limit: usize,
}

impl Span {
    /// `startTime`, `endTime` and `limit`, which is that where nobody says it, and so much at most.
    pub(super) fn read(params: &Params, usual: u64, most: u64) -> Result<Self, Fault> {
        let limit = params.number("limit")?.unwrap_or(usual).min(most);
        Ok(Self {
            since_unix_ms: params.number("startTime")?,
            until_unix_ms: params.number("endTime")?.unwrap_or(u64::MAX),
            limit: usize::try_from(limit).unwrap_or(0),
        })
    }

    pub(super) fn contains(&self, unix_ms: u64) -> bool {
        (self.since_unix_ms.unwrap_or(0)..=self.until_unix_ms).contains(&unix_ms)
    }

    /// Of rows that stand in their order in time: the oldest from a time on, otherwise the newest.
    pub(super) fn shown<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        match self.since_unix_ms {
            Some(_) => &rows[..self.limit.min(rows.len())],
            None => &rows[rows.len().saturating_sub(self.limit)..],
        }
    }
}

/// One row to be.
#[derive(Clone, Copy, Debug)]
struct Earned {
    kind: &'static str,
    instrument: InstrumentId,
    amount: Cash,
    unix_ms: u64,
    id: u64,
    is_of_trade: bool,
}

impl Earned {
    fn by(trade: &TradeRecord) -> [Self; 2] {
        let TradeRecord { id, instrument, unix_ms, .. } = *trade;
        let fee = Cash::ZERO.saturating_sub(trade.fee);
        [("REALIZED_PNL", trade.realised), ("COMMISSION", fee)].map(|(kind, amount)| Self {
            kind,
            instrument,
            amount,
            unix_ms,
            id,
            is_of_trade: true,
        })
    }

    fn without_trade(payment: &Payment) -> Self {
        let Payment { id, instrument, amount, unix_ms, .. } = *payment;
        Self { kind: word(payment.cause), instrument, amount, unix_ms, id, is_of_trade: false }
    }
}

impl Desk<Usdm> {
    /// `/income`.
    pub(super) fn income(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let named = params.find("symbol").map(|_| orders::symbol(&self.exchange, params));
        let only = named.transpose()?;
        let kind = params.find("incomeType");
        let span = Span::read(params, SHOWN, SHOWN_MAX)?;
        let traded = self.exchange.trades(account).flat_map(Earned::by);
        let paid = self.exchange.payments(account).map(Earned::without_trade);
        let meant = traded.chain(paid).filter(|it| {
            let right = only.is_none_or(|only| only == it.instrument)
                && kind.is_none_or(|kind| kind == it.kind);
            right && span.contains(it.unix_ms) && it.amount != Cash::ZERO
        });
        let mut rows: Vec<Earned> = meant.collect();
        rows.sort_by_key(|it| it.unix_ms);
        Ok(span.shown(&rows).iter().map(|it| self.earned(it)).collect())
    }

    fn earned(&self, row: &Earned) -> Value {
        let slot = self.exchange.slot(row.instrument);
        let known = slot.and_then(|slot| self.exchange.instruments().get(slot));
        let trade = if row.is_of_trade { row.id.to_string() } else { String::new() };
        let info = if row.is_of_trade { &trade } else { row.kind };
        json!({
            "symbol": known.map_or("", |it| it.symbol.as_str()),
            "incomeType": row.kind,
            "income": format!("{:.8}", row.amount),
            "asset": known.map_or("", |it| self.asset(it.settle)),
            "info": info,
            "time": row.unix_ms,
            "tranId": row.id,
            "tradeId": trade,
        })
    }
}
