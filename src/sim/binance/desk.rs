//! One market behind its interfaces: what every dialect of the venue shares.
//!
//! A [`Desk`] is an exchange with its REST, its streams and its order entry. What a dialect does in
//! its own way is its [`Dialect`]: which paths there are and what they answer, which streams there
//! are and what they say, how the owner of an order is told.
//!
//! Must hold: whatever came in, timers ran first; every time that is told is the time that is
//! given.

use super::connections::{Category, Connection, Connections, Feed};
use super::depth::{DepthFeed, Numbering};
use super::fault::Fault;
use super::frames::Frames;
use super::http::{Endpoint, Route};
use super::limits::{RateLimits, Usage};
use super::members::Members;
use super::params::{Params, Twice};
use super::sign::Times;
use super::tape::Tape;
use super::{AccountKey, HttpRequest};
use crate::sim::exchange::{AccountIndex, Exchange};
use crate::sim::order::Report;
use crate::types::AssetId;
use serde_json::Value;

/// What one dialect of the venue does in its own way.
pub(super) trait Dialect: Frames + std::fmt::Debug + Sized + 'static {
    /// What anybody may ask.
    type Public: Copy + Eq;
    /// What only the owner of an account may ask.
    type Private: Copy + Eq;

    /// How much the venue takes.
    const LIMITS: RateLimits;
    /// What a parameter means that stands in the query and in the body.
    const TWICE: Twice;
    /// How finely it reads the times of requests.
    const TIMES: Times;
    /// How it numbers the changes of a book.
    const NUMBERING: Numbering;

    /// All paths.
    fn routes() -> &'static [Route<Self>];

    /// What a question weighs that a path of that weight takes.
    fn weight_of(
        asked: Endpoint<Self::Public, Self::Private>,
        weight: u32,
        params: &Params,
    ) -> Result<u32, Fault>;

    /// What a request weighs on top when it is refused.
    fn weight_of_refused(_asked: Endpoint<Self::Public, Self::Private>) -> u32 {
        0
    }

    /// True for a request whose answer says how many orders its account has sent.
    fn counts_orders(request: &HttpRequest<'_>) -> bool;

    /// Answers what anybody may ask.
    fn public(
        desk: &Desk<Self>,
        now_unix_ms: u64,
        asked: Self::Public,
        params: &Params,
    ) -> Result<Value, Fault>;

    /// Answers the owner of an account.
    fn private(
        desk: &mut Desk<Self>,
        now_unix_ms: u64,
        asked: Self::Private,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault>;

    /// Answers a request of an order-entry connection; `account` is set to whose orders count.
    fn serve(
        desk: &mut Desk<Self>,
        now_unix_ms: u64,
        asked: &ApiRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault>;

    /// What a connection at this path is for. The error is the HTTP status to refuse it with.
    fn connection(desk: &Desk<Self>, path: &str, params: &Params) -> Result<Connection, u16>;

    /// What a stream's name means at an address.
    fn feed(desk: &Desk<Self>, category: Category, name: &str, wanted: &[String]) -> Feed;

    /// Tells the owners of orders what the exchange reported.
    fn tell(desk: &mut Desk<Self>, now_unix_ms: u64, reports: &[Report]);

    /// Does what time alone brings about.
    fn on_time(desk: &mut Desk<Self>, now_unix_ms: u64);

    /// A session of an account ended; its connection stays.
    fn on_log_off(
        _desk: &mut Desk<Self>,
        _now_unix_ms: u64,
        _connection: u64,
        _account: AccountIndex,
    ) {
    }

    /// Ends the private streams of a connection, and says so on them.
    fn end_private(desk: &mut Desk<Self>, now_unix_ms: u64, connection: u64);

    /// A connection is gone.
    fn on_close(_desk: &mut Desk<Self>, _connection: u64) {}
}

/// A request of an order-entry connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiRequest<'a> {
    /// On which connection.
    pub(super) connection: u64,
    /// What is asked.
    pub(super) method: &'a str,
    /// With which parameters.
    pub(super) params: &'a Params,
}

/// One market behind its interfaces.
#[derive(Debug)]
pub(super) struct Desk<D> {
    pub(super) exchange: Exchange,
    pub(super) assets: Vec<String>,
    pub(super) members: Members,
    pub(super) usage: Usage,
    pub(super) depths: Vec<DepthFeed>,
    /// By slot.
    pub(super) tapes: Vec<Tape>,
    pub(super) connections: Connections,
    pub(super) reports: Vec<Report>,
    /// What only this dialect has.
    pub(super) own: D,
}

impl<D: Dialect> Desk<D> {
    /// Of an exchange whose accounts are open already, each with its key, in their order.
    pub(super) fn new(
        exchange: Exchange,
        assets: Vec<String>,
        keys: Vec<AccountKey>,
        own: D,
    ) -> Self {
        let members = Members::new(keys);
        let slots = exchange.instruments().len();
        Self {
            exchange,
            assets,
            usage: Usage::new(D::LIMITS, members.len()),
            members,
            depths: vec![DepthFeed::new(D::NUMBERING); slots],
            tapes: vec![Tape::default(); slots],
            connections: Connections::default(),
            reports: Vec::new(),
            own,
        }
    }

    /// Runs timers. Every request runs them too.
    pub(super) fn advance(&mut self, now_unix_ms: u64) {
        self.exchange.on_time(now_unix_ms, &mut self.reports);
        self.tell(now_unix_ms);
        D::on_time(self, now_unix_ms);
    }

    /// A client opened a WebSocket at this path and query. The error is the HTTP status to refuse
    /// it with.
    pub(super) fn on_open(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        target: &str,
    ) -> Result<(), u16> {
        self.advance(now_unix_ms);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let params =
            Params::of_form(query.as_bytes(), b"", D::TWICE).map_err(|fault| fault.status)?;
        let mut opened = D::connection(self, path, &params)?;
        if let Connection::Api { session, .. } = &mut opened {
            session.connected_unix_ms = now_unix_ms;
        }
        self.connections.open(connection, opened)
    }

    /// A text message came on a connection.
    pub(super) fn on_text(&mut self, now_unix_ms: u64, connection: u64, text: &[u8]) {
        self.advance(now_unix_ms);
        match self.connections.find(connection) {
            Some(Connection::Streams { .. }) => self.on_stream_text(connection, text),
            Some(Connection::Api { rate_limits, .. }) => {
                let rate_limits = *rate_limits;
                self.on_api_text(now_unix_ms, connection, text, rate_limits);
            }
            None => {}
        }
    }

    /// Ends the private streams of a connection, and says so on them.
    pub(super) fn end_private(&mut self, now_unix_ms: u64, connection: u64) {
        D::end_private(self, now_unix_ms, connection);
    }

    /// A connection is gone; what waited for it is dropped.
    pub(super) fn on_close(&mut self, connection: u64) {
        self.connections.forget(connection);
        D::on_close(self, connection);
    }

    /// Tells what the exchange reported since this was last done.
    pub(super) fn tell(&mut self, now_unix_ms: u64) {
        let reports = std::mem::take(&mut self.reports);
        let has_news = self.exchange.has_conditional_news() || self.exchange.has_payments();
        if has_news || !reports.is_empty() {
            D::tell(self, now_unix_ms, &reports);
        }
    }

    pub(super) fn asset(&self, asset: AssetId) -> &str {
        self.assets.get(asset.index()).map_or("", String::as_str)
    }
}
