//! New orders, cancels and amendments, whichever way they came in (Spot sheet, sections 4 and 5).

use super::refusal::{amend_refused, refused};
use super::terms::{self, Detail};
use super::{Spot, filters, orders};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::{ClientText, Order, OrderEntry, OrderKey, ReportKind, State, TradeRecord};
use crate::sim::reject::Reject;
use crate::types::{Instrument, InstrumentId};
use serde_json::{Value, json};

/// A cancel of one order.
#[derive(Clone, Copy, Debug)]
struct Cancel {
    instrument: InstrumentId,
    key: OrderKey,
    /// Where the order is named by its number and its id.
    also: Option<ClientText>,
    /// The id of the cancel itself.
    label: Option<ClientText>,
    /// The only state in which it is to be done.
    only: Option<State>,
}

impl Desk<Spot> {
    pub(super) fn place(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let entry = self.checked_entry(params)?;
        let detail = terms::detail(params)?;
        self.usage.order(now_unix_ms, account)?;
        self.place_checked(now_unix_ms, account, &entry, detail)
    }

    /// Looks at an order and does nothing with it.
    pub(super) fn test_order(&self, params: &Params) -> Result<Value, Fault> {
        let entry = self.checked_entry(params)?;
        terms::detail(params)?;
        if !params.flag("computeCommissionRates")? {
            return Ok(json!({}));
        }
        let known = self.instrument(entry.instrument)?;
        let mut rates = self.commission(known);
        let told = ["standardCommission", "specialCommission", "taxCommission"].map(|name| {
            let rates = rates[name].take();
            (format!("{name}ForOrder"), json!({"maker": rates["maker"], "taker": rates["taker"]}))
        });
        let mut told: Value = told.into_iter().collect();
        told["discount"] = rates["discount"].take();
        Ok(told)
    }

    fn checked_entry(&self, params: &Params) -> Result<OrderEntry, Fault> {
        let entry = terms::entry(&self.exchange, params)?;
        filters::screen(&self.exchange, &entry)?;
        Ok(entry)
    }

    fn place_checked(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        entry: &OrderEntry,
        detail: Detail,
    ) -> Result<Value, Fault> {
        let reports = &mut self.reports;
        let order = self.exchange.place(now_unix_ms, account, entry, reports).map_err(refused)?;
        let traded = self.reports.iter().filter(|report| report.order.id == order.id);
        let fills: Vec<TradeRecord> = traded
            .filter_map(|report| match report.kind {
                ReportKind::Trade(trade) => Some(trade),
                ReportKind::New
                | ReportKind::Amended
                | ReportKind::Canceled
                | ReportKind::Expired => None,
            })
            .collect();
        let ended = self.reports.iter().filter(|report| report.kind == ReportKind::Expired);
        let ended: Vec<Order> = ended.map(|report| report.order).collect();
        self.tell(now_unix_ms);
        let known = self.instrument(entry.instrument)?;
        Ok(match detail {
            Detail::Ack => orders::ack(&order, &known.symbol),
            Detail::Result => orders::result(&order, &known.symbol, &ended),
            Detail::Full => orders::full(&order, (known, &self.assets), (&fills, &ended)),
        })
    }

    pub(super) fn cancel(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let (key, also) = terms::key(params, "orderId", "origClientOrderId")?;
        let cancel = Cancel {
            instrument: terms::symbol(&self.exchange, params)?,
            key,
            also,
            label: terms::client_id(params, "newClientOrderId")?,
            only: restriction(params)?,
        };
        self.cancel_one(now_unix_ms, account, cancel)
    }

    fn cancel_one(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        cancel: Cancel,
    ) -> Result<Value, Fault> {
        let Cancel { instrument, key, also, label, only } = cancel;
        let open = self.exchange.order(account, instrument, key).filter(|it| it.state.is_open());
        let order = open.ok_or_else(|| refused(Reject::UnknownOrder))?;
        if also.is_some_and(|also| also != order.client_id) {
            return Err(Fault::other_order());
        }
        if only.is_some_and(|only| only != order.state) {
            return Err(Fault::cancel_restricted());
        }
        let label = label.unwrap_or_else(|| label_of(order.id));
        self.own.labels.insert(order.id, label);
        let reports = &mut self.reports;
        let canceled = self.exchange.cancel(now_unix_ms, account, instrument, key, reports);
        self.tell(now_unix_ms);
        let known = self.instrument(instrument)?;
        Ok(orders::canceled(&canceled.map_err(refused)?, &known.symbol, label))
    }

    /// Takes back every open order of a symbol, which must have one.
    pub(super) fn cancel_all(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let open = self.exchange.open_orders(account);
        let of_symbol = open.filter(|order| order.entry.instrument == instrument);
        let keys: Vec<OrderKey> = of_symbol.map(|order| OrderKey::Id(order.id)).collect();
        if keys.is_empty() {
            return Err(refused(Reject::UnknownOrder));
        }
        let cancel = |key| Cancel { instrument, key, also: None, label: None, only: None };
        keys.into_iter().map(|key| self.cancel_one(now_unix_ms, account, cancel(key))).collect()
    }

    /// Takes one order back and sends another. What is wrong with the parameters or the filters is
    /// found before either.
    pub(super) fn cancel_replace(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let stops = match params.need("cancelReplaceMode")? {
            "STOP_ON_FAILURE" => true,
            "ALLOW_FAILURE" => false,
            _ => return Err(Fault::invalid("cancelReplaceMode")),
        };
        let (entry, detail) = (self.checked_entry(params)?, terms::detail(params)?);
        let (key, also) = terms::key(params, "cancelOrderId", "cancelOrigClientOrderId")?;
        let cancel = Cancel {
            instrument: entry.instrument,
            key,
            also,
            label: terms::client_id(params, "cancelNewClientOrderId")?,
            only: restriction(params)?,
        };
        self.usage.order(now_unix_ms, account)?;
        let canceled = self.cancel_one(now_unix_ms, account, cancel);
        let placed = match stops && canceled.is_err() {
            true => None,
            false => Some(self.place_checked(now_unix_ms, account, &entry, detail)),
        };
        let (is_canceled, is_placed) = (canceled.is_ok(), matches!(placed, Some(Ok(_))));
        let data = json!({
            "cancelResult": word(is_canceled),
            "newOrderResult": placed.as_ref().map_or("NOT_ATTEMPTED", |it| word(it.is_ok())),
            "cancelResponse": told(canceled),
            "newOrderResponse": placed.map_or(Value::Null, told),
        });
        match is_canceled && is_placed {
            true => Ok(data),
            false => Err(Fault::replace(is_canceled || is_placed, data)),
        }
    }

    /// Makes an open order smaller; it keeps its place in the queue.
    pub(super) fn amend(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let (key, also) = terms::key(params, "orderId", "origClientOrderId")?;
        let to = terms::qty(params, "newQty")?.ok_or_else(|| Fault::missing("newQty"))?;
        let new_id = terms::client_id(params, "newClientOrderId")?;
        let before = self.exchange.order(account, instrument, key);
        let before = before.filter(|order| order.state.is_open());
        let before = before.ok_or_else(|| amend_refused(Reject::NoSuchOrder))?;
        if also.is_some_and(|also| also != before.client_id) {
            return Err(Fault::other_order());
        }
        let new_id = new_id.unwrap_or_else(|| amended_id(before.id, before.amends));
        let reports = &mut self.reports;
        let order = self.exchange.reduce(now_unix_ms, &before, (to, new_id), reports);
        let order = order.map_err(amend_refused)?;
        self.own.labels.insert(order.id, before.client_id);
        self.tell(now_unix_ms);
        let known = self.instrument(instrument)?;
        Ok(json!({
            "transactTime": now_unix_ms,
            "executionId": self.own.executions,
            "amendedOrder": orders::amended(&order, &known.symbol, before.client_id),
        }))
    }

    /// The instrument of an order that was taken.
    pub(super) fn instrument(&self, id: InstrumentId) -> Result<&Instrument, Fault> {
        let slot = self.exchange.slot(id).ok_or_else(|| refused(Reject::UnknownSymbol))?;
        Ok(&self.exchange.instruments()[slot])
    }
}

fn told(answer: Result<Value, Fault>) -> Value {
    answer.unwrap_or_else(|fault| fault.to_json())
}

fn word(is_done: bool) -> &'static str {
    if is_done { "SUCCESS" } else { "FAILURE" }
}

/// What stands for a cancel that brought no id of its own.
fn label_of(order_id: u64) -> ClientText {
    generated(format!("cancel-{order_id}"))
}

/// What stands for an amended order that got no id.
fn amended_id(order_id: u64, amends: u32) -> ClientText {
    generated(format!("amend-{order_id}-{amends}"))
}

fn generated(text: String) -> ClientText {
    ClientText::parse(text.as_bytes()).unwrap_or_default()
}

fn restriction(params: &Params) -> Result<Option<State>, Fault> {
    match params.find("cancelRestrictions") {
        None => Ok(None),
        Some("ONLY_NEW") => Ok(Some(State::New)),
        Some("ONLY_PARTIALLY_FILLED") => Ok(Some(State::PartiallyFilled)),
        Some(_) => Err(Fault::invalid("cancelRestrictions")),
    }
}
