//! Several orders in one request (USDⓈ-M sheet, section 5): each is placed or cancelled for
//! itself, and each has its own answer or refusal.
//!
//! Decision: lists of orders to cancel may be named in small letters. The documents name them
//! otherwise, but two of the clients that are used most (ccxt, python-binance) send them so.
//!
//! Deliberately absent: amending several at once.

use super::Usdm;
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use serde_json::{Map, Value, json};

/// Most orders that one request places, and that one cancels.
const PLACED_MAX: usize = 5;
const CANCELLED_MAX: usize = 10;

/// How the orders to cancel may be named, and what one of them is called on its own.
const LISTS: [(&str, &str); 4] = [
    ("orderIdList", "orderId"),
    ("origClientOrderIdList", "origClientOrderId"),
    ("orderidlist", "orderId"),
    ("origclientorderidlist", "origClientOrderId"),
];

impl Desk<Usdm> {
    /// `POST /batchOrders`.
    pub(super) fn place_batch(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let orders: Vec<Map<String, Value>> = list(params, "batchOrders", PLACED_MAX)?;
        let place = |order: &Map<String, Value>| {
            let placed =
                Params::of_json(order).and_then(|order| self.place(now_unix_ms, account, &order));
            placed.unwrap_or_else(|fault| fault.to_json())
        };
        Ok(orders.iter().map(place).collect())
    }

    /// `DELETE /batchOrders`, by the venue's numbers or by the client's ids.
    pub(super) fn cancel_batch(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let symbol = params.need("symbol")?;
        let sent = LISTS.into_iter().find(|(sent, _)| params.find(sent).is_some());
        let (sent, name) = sent.unwrap_or(LISTS[0]);
        let ids: Vec<Value> = list(params, sent, CANCELLED_MAX)?;
        let cancel = |id: &Value| {
            let order = Map::from_iter([
                ("symbol".to_owned(), json!(symbol)),
                (name.to_owned(), id.clone()),
            ]);
            let cancelled =
                Params::of_json(&order).and_then(|order| self.cancel(now_unix_ms, account, &order));
            cancelled.unwrap_or_else(|fault| fault.to_json())
        };
        Ok(ids.iter().map(cancel).collect())
    }
}

/// The JSON list that a parameter holds.
fn list<T: serde::de::DeserializeOwned>(
    params: &Params,
    name: &str,
    most: usize,
) -> Result<Vec<T>, Fault> {
    let text = params.need(name)?;
    let list: Vec<T> = serde_json::from_str(text).map_err(|_| Fault::invalid(name))?;
    if list.is_empty() || most < list.len() { Err(Fault::batch_size(list.len())) } else { Ok(list) }
}
