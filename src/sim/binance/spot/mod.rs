//! The Spot dialect: what only it has, beside what every [`Desk`] does.
//!
//! Deliberately absent: stops and take-profits, trailing and pegged orders, icebergs, order lists
//! and smart order routing (refused in the venue's words); answers with times in microseconds; the
//! FIX and SBE interfaces; balanceUpdate; server pings
//! (the socket's owner sends those). Unknown paths answer 404, unknown methods -1130.

mod account;
mod filters;
mod frames;
mod methods;
mod operations;
mod orders;
mod questions;
mod reference;
mod refusal;
mod routes;
mod sessions;
mod streams;
mod tape;
mod terms;
#[cfg(test)]
mod tests;
mod user;

use super::connections::{Category, Connection, Feed};
use super::depth::Numbering;
use super::desk::{ApiRequest, Desk, Dialect};
use super::fault::Fault;
use super::http::{Endpoint, Route};
use super::limits::RateLimits;
use super::params::{Params, Twice};
use super::sign::Times;
use super::{AccountKey, HttpRequest, SpotAccount};
use crate::sim::account::Fees;
use crate::sim::exchange::{AccountIndex, Exchange};
use crate::sim::order::{ClientText, Report};
use crate::types::Instrument;
use serde_json::Value;
use sessions::Sessions;
use std::collections::BTreeMap;

/// What only Spot has.
#[derive(Debug, Default)]
pub(super) struct Spot {
    sessions: Sessions,
    /// The number of the last thing that happened to any order.
    executions: u64,
    /// Of orders that are being cancelled or amended: the other id that is told beside their own.
    labels: BTreeMap<u64, ClientText>,
    /// By account: when it last changed.
    updated_unix_ms: BTreeMap<AccountIndex, u64>,
}

impl Spot {
    /// A desk with these accounts open.
    pub(super) fn desk(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        accounts: Vec<SpotAccount>,
        fees: Fees,
    ) -> Desk<Self> {
        let mut exchange = Exchange::spot(instruments, fees);
        let mut keys = Vec::new();
        for account in accounts {
            exchange.open_wallets(account.balances.into_iter().collect());
            keys.push(AccountKey { key: account.key, proof: account.proof });
        }
        Desk::new(exchange, assets, keys, Self::default())
    }

    fn touch(&mut self, account: AccountIndex, now_unix_ms: u64) {
        self.updated_unix_ms.insert(account, now_unix_ms);
    }

    fn updated_unix_ms(&self, account: AccountIndex) -> u64 {
        self.updated_unix_ms.get(&account).copied().unwrap_or(0)
    }
}

impl Dialect for Spot {
    type Public = routes::Public;
    type Private = routes::Private;

    const LIMITS: RateLimits = RateLimits::SPOT;
    const TIMES: Times = Times::Microseconds;
    const NUMBERING: Numbering = Numbering::Unbroken;
    const TWICE: Twice = Twice::QueryWins;

    fn routes() -> &'static [Route<Self>] {
        &routes::ROUTES
    }

    fn weight_of(
        asked: Endpoint<Self::Public, Self::Private>,
        weight: u32,
        params: &Params,
    ) -> Result<u32, Fault> {
        routes::weight_of(asked, weight, params)
    }

    fn weight_of_refused(asked: Endpoint<Self::Public, Self::Private>) -> u32 {
        routes::weight_of_refused(asked)
    }

    fn counts_orders(request: &HttpRequest<'_>) -> bool {
        let path = request.target.split('?').next().unwrap_or_default();
        let places = matches!(path, "/api/v3/order" | "/api/v3/order/cancelReplace");
        places && request.method == "POST"
    }

    fn public(
        desk: &Desk<Self>,
        now_unix_ms: u64,
        asked: Self::Public,
        params: &Params,
    ) -> Result<Value, Fault> {
        desk.public(now_unix_ms, asked, params)
    }

    fn private(
        desk: &mut Desk<Self>,
        now_unix_ms: u64,
        asked: Self::Private,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        desk.private(now_unix_ms, asked, account, params)
    }

    fn serve(
        desk: &mut Desk<Self>,
        now_unix_ms: u64,
        asked: &ApiRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        desk.serve(now_unix_ms, asked, account)
    }

    fn connection(desk: &Desk<Self>, path: &str, params: &Params) -> Result<Connection, u16> {
        desk.connection(path, params)
    }

    fn feed(desk: &Desk<Self>, _category: Category, name: &str, _wanted: &[String]) -> Feed {
        desk.feed(name)
    }

    fn tell(desk: &mut Desk<Self>, now_unix_ms: u64, reports: &[Report]) {
        desk.tell_owners(now_unix_ms, reports);
    }

    fn on_time(_desk: &mut Desk<Self>, _now_unix_ms: u64) {}

    fn on_log_off(desk: &mut Desk<Self>, now_unix_ms: u64, connection: u64, account: AccountIndex) {
        desk.end_subscription(now_unix_ms, connection, account);
    }

    fn end_private(desk: &mut Desk<Self>, now_unix_ms: u64, connection: u64) {
        desk.terminate(now_unix_ms, connection, None);
    }

    fn on_close(desk: &mut Desk<Self>, connection: u64) {
        desk.own.sessions.close(connection);
    }
}
