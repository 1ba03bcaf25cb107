//! What can be asked of the exchange by an account, whichever way the question came in.

use super::income::Span;
use super::orders;
use super::refusal::refused;
use super::wallet::{Statement, Version};
use super::{Usdm, algo};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::frames::Places;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::filters;
use crate::sim::order::{ClientText, Order, State};
use crate::sim::reject::Reject;
use crate::types::{Amendment, Cash, InstrumentId, Qty};
use serde_json::{Value, json};

/// Most and usual number of trades in one answer (USDⓈ-M sheet, section 6).
const TRADES_SHOWN_MAX: u64 = 1_000;
const TRADES_SHOWN: u64 = 500;

/// The same of orders (section 5).
const ORDERS_SHOWN_MAX: u64 = 1_000;
const ORDERS_SHOWN: u64 = 500;

/// The same of forced ones, as the venue's page of them says.
const FORCED_SHOWN: u64 = 50;
const FORCED_SHOWN_MAX: u64 = 100;

impl Desk<Usdm> {
    pub(super) fn place(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        self.usage.order(now_unix_ms, account)?;
        let entry = orders::entry(now_unix_ms, &self.exchange, params)?;
        let acknowledges = acknowledges(params)?;
        let order = self
            .exchange
            .place(now_unix_ms, account, &entry, &mut self.reports)
            .map_err(refused)?;
        self.tell(now_unix_ms);
        // An acknowledgement says that the order arrived, not what became of it since.
        let arrived =
            Order { state: State::New, cum_qty: Qty::ZERO, cum_quote: Cash::ZERO, ..order };
        Ok(self.order_json(if acknowledges { &arrived } else { &order }))
    }

    /// Looks at an order as far as its matching engine and does nothing with it. It is told as one
    /// that came, with the number of none and the id of the venue's own sample where it has none.
    pub(super) fn test_order(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let entry = orders::entry(now_unix_ms, &self.exchange, params)?;
        acknowledges(params)?;
        let instrument = self.exchange.slot(entry.instrument);
        let instrument = instrument.map(|slot| &self.exchange.instruments()[slot]);
        let instrument = instrument.ok_or(refused(Reject::UnknownSymbol))?;
        let mark = self.exchange.book(entry.instrument).and_then(|book| book.mark());
        filters::check(instrument, &entry, mark).map_err(refused)?;
        let sample = || ClientText::parse(b"testOrder").map_err(refused);
        let client_id = entry.client_id.map_or_else(sample, Ok)?;
        Ok(self.order_json(&Order::new(0, account, client_id, entry, now_unix_ms)))
    }

    /// Side, price and quantity must all be named; all else of the order stays.
    pub(super) fn modify(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        self.usage.order(now_unix_ms, account)?;
        let instrument = orders::symbol(&self.exchange, params)?;
        let key = orders::key(params)?;
        let price = params.price("price")?.ok_or_else(|| Fault::missing("price"))?;
        let to = Amendment { price, qty: params.qty("quantity")? };
        let side = orders::side_of(params)?;
        let known = self.exchange.order(account, instrument, key);
        if known.is_some_and(|order| order.entry.side != side) {
            return Err(Fault::side());
        }
        let reports = &mut self.reports;
        let order = self
            .exchange
            .amend(now_unix_ms, account, instrument, key, to, reports)
            .map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(self.order_json(&order))
    }

    pub(super) fn cancel(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let key = orders::key(params)?;
        let order = self
            .exchange
            .cancel(now_unix_ms, account, instrument, key, &mut self.reports)
            .map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(self.order_json(&order))
    }

    pub(super) fn cancel_all(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        self.exchange
            .cancel_all(now_unix_ms, account, instrument, &mut self.reports)
            .map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(done_cancelling())
    }

    pub(super) fn order(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let order = self.exchange.order(account, instrument, orders::key(params)?);
        Ok(self.query_json(&order.ok_or(refused(Reject::NoSuchOrder))?))
    }

    pub(super) fn open_order(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let order = self.exchange.order(account, instrument, orders::key(params)?);
        let open = order.filter(|order| order.state.is_open());
        Ok(self.query_json(&open.ok_or(refused(Reject::NoSuchOrder))?))
    }

    pub(super) fn open_orders(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let only = self.optional_symbol(params)?;
        let open = self.exchange.open_orders(account);
        let meant = open.filter(|order| only.is_none_or(|only| only == order.entry.instrument));
        Ok(meant.map(|order| self.query_json(order)).collect())
    }

    pub(super) fn trades(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let (order, from) = (params.number("orderId")?, params.number("fromId")?);
        let since = params.number("startTime")?.unwrap_or(0);
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let limit = params.number("limit")?.unwrap_or(TRADES_SHOWN).min(TRADES_SHOWN_MAX);
        let limit = usize::try_from(limit).unwrap_or(0);
        let slot = self.exchange.slot(instrument).ok_or(refused(Reject::UnknownSymbol))?;
        let known = &self.exchange.instruments()[slot];
        let meant = self.exchange.trades(account).filter(|trade| {
            trade.instrument == instrument
                && order.is_none_or(|order| order == trade.order_id)
                && from.is_none_or(|from| from <= trade.id)
                && (since..=until).contains(&trade.unix_ms)
        });
        let meant: Vec<_> = meant.collect();
        // From an id or a time onwards the oldest, otherwise the newest.
        let shown = match from.is_some() || 0 < since {
            true => &meant[..limit.min(meant.len())],
            false => &meant[meant.len().saturating_sub(limit)..],
        };
        let (asset, places) = (self.asset(known.settle), Places::of(known));
        let json = |trade: &&_| orders::trade_to_json(trade, &known.symbol, asset, places);
        Ok(shown.iter().map(json).collect())
    }

    /// Open and closed orders of a symbol: the newest, or from a number on the oldest.
    pub(super) fn all_orders(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let from = params.number("orderId")?;
        let limit = params.number("limit")?.unwrap_or(ORDERS_SHOWN).min(ORDERS_SHOWN_MAX);
        let limit = usize::try_from(limit).unwrap_or(0);
        let since = params.number("startTime")?.unwrap_or(0);
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let meant = self.exchange.orders(account).filter(|order| {
            order.entry.instrument == instrument
                && from.is_none_or(|from| from <= order.id)
                && (since..=until).contains(&order.created_unix_ms)
        });
        let meant: Vec<&Order> = meant.collect();
        let shown = match from.is_some() {
            true => &meant[..limit.min(meant.len())],
            false => &meant[meant.len().saturating_sub(limit)..],
        };
        Ok(shown.iter().map(|order| self.query_json(order)).collect())
    }

    /// Orders by which the exchange closed positions, of one symbol or all.
    pub(super) fn forced_orders(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let only = self.optional_symbol(params)?;
        let span = Span::read(params, FORCED_SHOWN, FORCED_SHOWN_MAX)?;
        let is_liquidation = match params.find("autoCloseType") {
            None | Some("LIQUIDATION") => true,
            // Nobody is deleveraged here.
            Some("ADL") => false,
            Some(_) => return Err(Fault::invalid("autoCloseType")),
        };
        let meant = self.exchange.orders(account).filter(|order| {
            let right = order.is_forced && is_liquidation;
            right
                && only.is_none_or(|only| only == order.entry.instrument)
                && span.contains(order.created_unix_ms)
        });
        let meant: Vec<&Order> = meant.collect();
        Ok(span.shown(&meant).iter().map(|order| self.query_json(order)).collect())
    }

    pub(super) fn positions(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
        version: Version,
        params: &Params,
    ) -> Result<Value, Fault> {
        let only = self.optional_symbol(params)?.and_then(|only| self.exchange.slot(only));
        Ok(self.statement(now_unix_ms, account).positions(version, only))
    }

    pub(super) fn statement(&self, now_unix_ms: u64, account: AccountIndex) -> Statement<'_> {
        Statement { exchange: &self.exchange, assets: &self.assets, account, now_unix_ms }
    }

    /// Arms, re-arms or with a time of 0 disarms the dead-man's switch of a symbol.
    pub(super) fn countdown(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let time =
            params.number("countdownTime")?.ok_or_else(|| Fault::missing("countdownTime"))?;
        let slot = self.exchange.slot(instrument).ok_or(refused(Reject::UnknownSymbol))?;
        self.exchange.set_countdown(now_unix_ms, account, instrument, time);
        let symbol = &self.exchange.instruments()[slot].symbol;
        Ok(json!({"symbol": symbol, "countdownTime": time.to_string()}))
    }

    /// Only the one-way mode exists; setting it again changes nothing, which the venue calls -4059.
    pub(super) fn set_position_mode(&self, params: &Params) -> Result<Value, Fault> {
        params.need("dualSidePosition")?;
        match params.flag("dualSidePosition")? {
            true => Err(Fault::position_side()),
            false => Err(Fault::position_mode()),
        }
    }

    fn optional_symbol(&self, params: &Params) -> Result<Option<InstrumentId>, Fault> {
        params.find("symbol").map(|_| orders::symbol(&self.exchange, params)).transpose()
    }

    fn order_json(&self, order: &Order) -> Value {
        self.with_symbol(order, orders::to_json)
    }

    fn query_json(&self, order: &Order) -> Value {
        self.with_symbol(order, orders::to_query_json)
    }

    fn with_symbol(&self, order: &Order, write: fn(&Order, &str, Places) -> Value) -> Value {
        let slot = self.exchange.slot(order.entry.instrument);
        let Some(known) = slot.map(|slot| &self.exchange.instruments()[slot]) else {
            return Value::Null;
        };
        let places = Places::of(known);
        let mut told = write(order, &known.symbol, places);
        algo::tell_origin(&mut told, &self.exchange, order, places);
        told
    }
}

/// True where the answer to a new order is to say that it arrived, and no more.
fn acknowledges(params: &Params) -> Result<bool, Fault> {
    match params.find("newOrderRespType") {
        None | Some("ACK") => Ok(true),
        Some("RESULT") => Ok(false),
        Some(_) => Err(Fault::invalid("newOrderRespType")),
    }
}

/// Said whether there was something to cancel or not.
pub(super) fn done_cancelling() -> Value {
    json!({"code": 200, "msg": "The operation of cancel all open order is done."})
}
