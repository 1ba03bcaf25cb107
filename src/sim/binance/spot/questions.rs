//! What the owner of an account may ask about orders and trades (Spot sheet, section 4).

use super::refusal::refused;
use super::{Spot, orders, terms};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::{Order, TradeRecord};
use crate::sim::reject::Reject;
use serde_json::Value;

/// Most and usual number of orders or trades in one answer.
const SHOWN_MAX: u64 = 1_000;
const SHOWN: u64 = 500;

/// Longest time between `startTime` and `endTime`.
const INTERVAL_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// Which part of a history is asked for.
#[derive(Clone, Copy, Debug)]
struct Part {
    since_unix_ms: Option<u64>,
    until_unix_ms: Option<u64>,
    limit: usize,
}

impl Part {
    fn read(params: &Params) -> Result<Self, Fault> {
        let (since, until) = (params.number("startTime")?, params.number("endTime")?);
        if let Some((since, until)) = since.zip(until)
            && INTERVAL_MS_MAX < until.saturating_sub(since)
        {
            return Err(Fault::interval_too_long());
        }
        let limit = params.number("limit")?.unwrap_or(SHOWN).min(SHOWN_MAX);
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(Self { since_unix_ms: since, until_unix_ms: until, limit })
    }

    fn holds(&self, unix_ms: u64) -> bool {
        self.since_unix_ms.is_none_or(|since| since <= unix_ms)
            && self.until_unix_ms.is_none_or(|until| unix_ms <= until)
    }

    /// From a number or a time onwards the oldest, otherwise the newest; oldest first either way.
    fn of<T>(&self, mut all: Vec<T>, from_number: bool) -> Vec<T> {
        let excess = all.len().saturating_sub(self.limit);
        match from_number || self.since_unix_ms.is_some() {
            true => all.truncate(self.limit),
            false => drop(all.drain(..excess)),
        }
        all
    }
}

impl Desk<Spot> {
    pub(super) fn order(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let (key, also) = terms::key(params, "orderId", "origClientOrderId")?;
        let order = self.exchange.order(account, instrument, key);
        let order = order.ok_or_else(|| refused(Reject::NoSuchOrder))?;
        if also.is_some_and(|also| also != order.client_id) {
            return Err(Fault::other_order());
        }
        self.told(&order)
    }

    /// Of one symbol or all.
    pub(super) fn open_orders(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let only = params.find("symbol").map(|_| terms::symbol(&self.exchange, params));
        let only = only.transpose()?;
        let open = self.exchange.open_orders(account);
        let meant = open.filter(|order| only.is_none_or(|only| only == order.entry.instrument));
        meant.map(|order| self.told(order)).collect()
    }

    /// Open and closed orders of a symbol.
    pub(super) fn all_orders(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let (from, part) = (params.number("orderId")?, Part::read(params)?);
        let meant = self.exchange.orders(account).filter(|order| {
            order.entry.instrument == instrument
                && from.is_none_or(|from| from <= order.id)
                && part.holds(order.created_unix_ms)
        });
        let shown = part.of(meant.collect::<Vec<&Order>>(), from.is_some());
        shown.into_iter().map(|order| self.told(order)).collect()
    }

    /// The trades of a symbol; not every question goes with every other.
    pub(super) fn trades(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let (order, from) = (params.number("orderId")?, params.number("fromId")?);
        let part = Part::read(params)?;
        let timed = part.since_unix_ms.is_some() || part.until_unix_ms.is_some();
        if timed && (order.is_some() || from.is_some()) {
            return Err(Fault::bad_combination());
        }
        let meant = self.exchange.trades(account).filter(|trade| {
            trade.instrument == instrument
                && order.is_none_or(|order| order == trade.order_id)
                && from.is_none_or(|from| from <= trade.id)
                && part.holds(trade.unix_ms)
        });
        let shown = part.of(meant.collect::<Vec<&TradeRecord>>(), from.is_some());
        let known = self.instrument(instrument)?;
        Ok(shown.into_iter().map(|trade| orders::trade(trade, known, &self.assets)).collect())
    }

    fn told(&self, order: &Order) -> Result<Value, Fault> {
        Ok(orders::query(order, &self.instrument(order.entry.instrument)?.symbol))
    }
}
