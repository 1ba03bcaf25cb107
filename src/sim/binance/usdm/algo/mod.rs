//! Conditional orders, which the venue keeps apart from all others as "algo" orders (USDⓈ-M sheet,
//! sections 5, 8 and 9).
//!
//! In reading order: here what can be asked; `terms`, what a new one says; `answers`, how one is
//! told to whoever asked; `updates`, and to whoever listens.
//!
//! Decision: a new one counts as an order of its account and weighs nothing, by the venue's own
//! client; the venue's page on the socket says nothing of the count.

mod answers;
mod terms;
mod updates;

pub(super) use answers::tell_origin;
pub(super) use updates::tell_origin_update;

use super::Usdm;
use super::operations::done_cancelling;
use super::orders;
use super::refusal::refused;
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::conditional::Conditional;
use crate::sim::exchange::AccountIndex;
use crate::sim::order::{ClientText, OrderKey};
use crate::sim::reject::Reject;
use serde_json::{Value, json};

/// Most and usual number of conditional orders in one answer.
const SHOWN_MAX: u64 = 1_000;
const SHOWN: u64 = 500;

impl Desk<Usdm> {
    /// `POST /algoOrder` and `algoOrder.place`.
    pub(super) fn place_algo(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        self.usage.order(now_unix_ms, account)?;
        let entry = terms::entry(now_unix_ms, &self.exchange, params)?;
        let placed = self.exchange.place_conditional(now_unix_ms, account, &entry);
        let placed = placed.map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(answers::placed(&self.exchange, &placed))
    }

    /// `DELETE /algoOrder` and `algoOrder.cancel`.
    pub(super) fn cancel_algo(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let canceled = self.exchange.cancel_conditional(now_unix_ms, account, key(params)?);
        let canceled = canceled.map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(json!({
            "algoId": canceled.id,
            "clientAlgoId": canceled.client_id.as_str(),
            "code": "200",
            "msg": "success",
        }))
    }

    /// `DELETE /algoOpenOrders`.
    pub(super) fn cancel_algos(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let canceled = self.exchange.cancel_conditionals(now_unix_ms, account, instrument);
        canceled.map_err(refused)?;
        self.tell(now_unix_ms);
        Ok(done_cancelling())
    }

    /// `GET /algoOrder`.
    pub(super) fn algo(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let found = self.exchange.conditional(account, key(params)?);
        let found = found.ok_or(refused(Reject::NoSuchOrder))?;
        Ok(answers::found(&self.exchange, &found))
    }

    /// `GET /openAlgoOrders`.
    pub(super) fn open_algos(
        &self,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let named = params.find("symbol").map(|_| orders::symbol(&self.exchange, params));
        let (only, id) = (named.transpose()?, params.number("algoId")?);
        let open = self.exchange.conditionals(account).filter(|it| {
            it.is_open()
                && only.is_none_or(|only| only == it.entry.instrument)
                && id.is_none_or(|id| id == it.id)
        });
        Ok(open.map(|it| answers::listed(&self.exchange, it)).collect())
    }

    /// `GET /allAlgoOrders`: the newest, or from a number on the oldest.
    pub(super) fn all_algos(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let from = params.number("algoId")?;
        let since = params.number("startTime")?.unwrap_or(0);
        let until = params.number("endTime")?.unwrap_or(u64::MAX);
        let limit = params.number("limit")?.unwrap_or(SHOWN).min(SHOWN_MAX);
        let limit = usize::try_from(limit).unwrap_or(0);
        let meant = self.exchange.conditionals(account).filter(|it| {
            it.entry.instrument == instrument
                && from.is_none_or(|from| from <= it.id)
                && (since..=until).contains(&it.created_unix_ms)
        });
        let meant: Vec<&Conditional> = meant.collect();
        let shown = match from.is_some() {
            true => &meant[..limit.min(meant.len())],
            false => &meant[meant.len().saturating_sub(limit)..],
        };
        Ok(shown.iter().map(|it| answers::listed(&self.exchange, it)).collect())
    }
}

/// Which one is meant; the venue's number wins over the client's.
fn key(params: &Params) -> Result<OrderKey, Fault> {
    if let Some(id) = params.number("algoId")? {
        return Ok(OrderKey::Id(id));
    }
    let text = params.find("clientAlgoId");
    let text = text.ok_or_else(|| Fault::missing("algoId' or 'clientAlgoId"))?;
    Ok(OrderKey::Client(ClientText::parse(text.as_bytes()).map_err(refused)?))
}
