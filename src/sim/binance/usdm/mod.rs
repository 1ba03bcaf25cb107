//! The USDⓈ-M dialect: what only it has, beside what every [`Desk`] does.
//!
//! Deliberately absent: price matching, batches of amendments, streams of candles and tickers,
//! hedge mode, isolated margin, the ten-messages-a-second rule, server pings (the socket's
//! owner sends those). Unknown paths answer 404, unknown methods -1130.

mod algo;
mod batch;
mod frames;
mod income;
mod listen_keys;
mod margin;
mod methods;
mod operations;
mod orders;
mod payments;
mod reference;
mod refusal;
mod routes;
mod streams;
mod tape;
#[cfg(test)]
mod tests;
mod user;
mod wallet;

use super::connections::{Category, Connection, Feed};
use super::depth::Numbering;
use super::desk::{ApiRequest, Desk, Dialect};
use super::fault::Fault;
use super::http::{Endpoint, Route};
use super::limits::RateLimits;
use super::params::{Params, Twice};
use super::sign::Times;
use super::{AccountSpec, HttpRequest};
use crate::sim::account::Fees;
use crate::sim::exchange::{AccountIndex, Exchange};
use crate::sim::order::Report;
use crate::types::Instrument;
use listen_keys::ListenKeys;
use serde_json::Value;

/// What only USDⓈ-M has.
#[derive(Debug)]
pub(super) struct Usdm {
    listen_keys: ListenKeys,
    next_marks_unix_ms: u64,
    /// By account: it was told that it needs too much margin, and still does.
    called: Vec<bool>,
}

impl Usdm {
    /// A desk with these accounts open.
    pub(super) fn desk(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        accounts: Vec<AccountSpec>,
        fees: Fees,
    ) -> Desk<Self> {
        let mut exchange = Exchange::new(instruments, fees);
        for account in &accounts {
            exchange.open_account(account.balance);
        }
        let own = Self {
            listen_keys: ListenKeys::new(accounts.len()),
            next_marks_unix_ms: 0,
            called: vec![false; accounts.len()],
        };
        let keys = accounts.into_iter().map(AccountSpec::into_key).collect();
        Desk::new(exchange, assets, keys, own)
    }
}

impl Dialect for Usdm {
    type Public = routes::Public;
    type Private = routes::Private;

    const LIMITS: RateLimits = RateLimits::USDM;
    const TWICE: Twice = Twice::Refused;
    const TIMES: Times = Times::Milliseconds;
    const NUMBERING: Numbering = Numbering::Gapped;

    fn routes() -> &'static [Route<Self>] {
        routes::ROUTES
    }

    fn weight_of(
        asked: Endpoint<Self::Public, Self::Private>,
        weight: u32,
        params: &Params,
    ) -> Result<u32, Fault> {
        routes::weight_of(asked, weight, params)
    }

    fn counts_orders(request: &HttpRequest<'_>) -> bool {
        let is_order = ["/fapi/v1/order", "/fapi/v1/algoOrder"]
            .iter()
            .any(|path| request.target.starts_with(path));
        is_order && matches!(request.method, "POST" | "PUT")
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

    fn feed(desk: &Desk<Self>, category: Category, name: &str, wanted: &[String]) -> Feed {
        desk.feed(category, name, wanted)
    }

    fn tell(desk: &mut Desk<Self>, now_unix_ms: u64, reports: &[Report]) {
        desk.tell_owners(now_unix_ms, reports);
        desk.tell_algos(now_unix_ms);
        desk.tell_payments(now_unix_ms);
    }

    fn on_time(desk: &mut Desk<Self>, now_unix_ms: u64) {
        desk.publish_marks(now_unix_ms);
        desk.call_margins(now_unix_ms);
        for (account, listen_key) in desk.own.listen_keys.expired(now_unix_ms) {
            desk.expire_stream(now_unix_ms, account, &listen_key);
        }
    }

    fn end_private(desk: &mut Desk<Self>, now_unix_ms: u64, connection: u64) {
        for account in desk.connections.listened(connection) {
            if let Some(key) = desk.own.listen_keys.stop(account) {
                desk.expire_stream(now_unix_ms, account, &key);
            }
        }
    }
}

impl Desk<Usdm> {
    fn start_listening(&mut self, now_unix_ms: u64, account: AccountIndex) -> String {
        let seed = self.members.seed(account);
        self.own.listen_keys.start(now_unix_ms, account, seed)
    }

    fn stop_listening(&mut self, account: AccountIndex) {
        if self.own.listen_keys.stop(account).is_some() {
            self.end_stream(account);
        }
    }
}
