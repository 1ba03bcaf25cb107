//! Binance from the exchange's side: bytes in, bytes out, no socket.
//!
//! Written from the venue's sheets and its official samples, never from the engine's encoder: it is
//! the engine's judge. [`Server`] is the exchange with its REST, its streams and its order entry;
//! whoever owns the sockets hands over requests and carries away frames. What every dialect shares
//! is here, around one `Desk` a market; what only one of them has is in `spot` and in `usdm`.
//!
//! Must hold: no request makes it panic; memory is bounded; every time that it says is the time
//! that it is given (D13).

mod api;
mod connections;
mod depth;
mod desk;
mod fault;
mod frames;
mod hand;
mod http;
mod limits;
mod members;
mod params;
mod session;
#[cfg(test)]
mod session_tests;
mod sign;
#[cfg(test)]
mod sign_tests;
mod spot;
mod streams;
mod tape;
mod usdm;

pub use limits::RateLimits;

use super::account::Fees;
use super::exchange::{AccountIndex, Exchange};
use super::matching::Part;
use crate::types::{
    AccountSnapshot, AssetId, Cash, FundingRate, IdPrefix, Instrument, InstrumentId, MarketEvent,
    Qty, Trade, VenueOrder,
};
use crate::venue::key::Proof;
use connections::Connections;
use desk::Desk;
use spot::Spot;
use usdm::Usdm;

/// Stands in for all assets of a real account that are not named here; no venue has it.
const UNNAMED_ASSET: &str = "UNNAMED";

/// An account to open.
#[derive(Clone, PartialEq)]
pub struct AccountSpec {
    /// Its API key.
    pub key: String,
    /// By what its owner is known.
    pub proof: Proof,
    /// What it starts with in every settlement asset.
    pub balance: Cash,
}

impl std::fmt::Debug for AccountSpec {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "AccountSpec({})", self.balance)
    }
}

impl AccountSpec {
    fn into_key(self) -> AccountKey {
        AccountKey { key: self.key, proof: self.proof }
    }
}

/// An account on Spot to open.
#[derive(Clone, PartialEq)]
pub struct SpotAccount {
    /// Its API key.
    pub key: String,
    /// By what its owner is known.
    pub proof: Proof,
    /// What it starts with.
    pub balances: Vec<(AssetId, Cash)>,
}

impl std::fmt::Debug for SpotAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SpotAccount({:?})", self.balances)
    }
}

/// How the owner of an account shows that he is.
struct AccountKey {
    key: String,
    proof: Proof,
}

/// An HTTP request as it was read.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// GET, POST, PUT or DELETE.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// `X-MBX-APIKEY`, where it was sent.
    pub api_key: Option<&'a str>,
    /// Body; a form where there is one.
    pub body: &'a [u8],
}

/// The answer to an [`HttpRequest`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// Headers beyond the ones that every answer has.
    pub headers: Vec<(String, String)>,
    /// Body: JSON.
    pub body: Vec<u8>,
}

/// The exchange behind its interfaces: Spot, USDⓈ-M, or both on one port, told apart by their
/// paths. With both, they share the market that they are fed, and nothing else.
#[derive(Debug)]
pub struct Server {
    usdm: Option<Desk<Usdm>>,
    spot: Option<Desk<Spot>>,
}

/// Does the same with both desks, as far as they are there.
macro_rules! each {
    ($server:expr, $desk:ident => $done:expr) => {
        if let Some($desk) = &mut $server.spot {
            $done;
        }
        if let Some($desk) = &mut $server.usdm {
            $done;
        }
    };
}

impl Server {
    /// USDⓈ-M alone, for these instruments, with the names of all assets by `AssetId`.
    pub fn new(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        accounts: Vec<AccountSpec>,
        fees: Fees,
    ) -> Self {
        Self { usdm: Some(Usdm::desk(instruments, assets, accounts, fees)), spot: None }
    }

    /// Spot alone, for these instruments, with the names of all assets by `AssetId`.
    pub fn spot(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        accounts: Vec<SpotAccount>,
        fees: Fees,
    ) -> Self {
        Self { usdm: None, spot: Some(Spot::desk(instruments, assets, accounts, fees)) }
    }

    /// Both on one port: what only the other serves is taken over.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.usdm = self.usdm.or(other.usdm);
        self.spot = self.spot.or(other.spot);
        self
    }

    /// Replaces the venue's limit of request weight: for load tests.
    pub fn set_weight_per_minute(&mut self, weight: u32) {
        each!(self, desk => desk.usage.limits.weight_per_minute = weight);
    }

    /// Replaces all of the venue's rate limits: for load tests.
    pub fn set_rate_limits(&mut self, limits: RateLimits) {
        each!(self, desk => desk.usage.limits = limits);
    }

    /// USDⓈ-M behind it, to look at; where it is not served, Spot.
    pub fn exchange(&self) -> &Exchange {
        let usdm = self.usdm.as_ref().map(|desk| &desk.exchange);
        let found = usdm.or_else(|| self.spot_exchange());
        found.unwrap_or_else(|| unreachable!("a server serves one dialect or both"))
    }

    /// Spot behind it, to look at.
    pub fn spot_exchange(&self) -> Option<&Exchange> {
        self.spot.as_ref().map(|desk| &desk.exchange)
    }

    /// Names of all assets by `AssetId`.
    pub fn assets(&self) -> &[String] {
        let usdm = self.usdm.as_ref().map(|desk| &desk.assets);
        let found = usdm.or_else(|| self.spot.as_ref().map(|desk| &desk.assets));
        found.map_or(&[], Vec::as_slice)
    }

    /// The same of Spot, which may know more of them.
    pub fn spot_assets(&self) -> &[String] {
        self.spot.as_ref().map_or(&[], |desk| &desk.assets)
    }

    /// Remembers everything from here on, for whoever judges what happened.
    pub fn keep_history(&mut self) {
        each!(self, desk => desk.exchange.keep_history());
    }

    /// Takes over what a real venue holds for an account ([`Exchange::adopt`]); answers
    /// the orders that cannot rest here. Where the venue holds an asset that nobody named, one
    /// stands in for it: whoever reads this account comes to the same conclusion.
    pub fn adopt(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        snapshot: &AccountSnapshot,
        prefix: &IdPrefix,
    ) -> Vec<VenueOrder> {
        let mut strange = Vec::new();
        each!(self, desk => {
            let left = desk.exchange.adopt(now_unix_ms, account, snapshot, prefix);
            strange.extend(left);
            let unnamed = u8::try_from(desk.assets.len());
            if let (true, Ok(unnamed)) = (snapshot.has_unnamed_assets, unnamed) {
                desk.assets.push(UNNAMED_ASSET.to_owned());
                desk.exchange.account_mut(account).set_wallet(AssetId(unnamed), Cash::whole(1));
            }
        });
        strange
    }

    /// Sets the leverage that every account trades an instrument with; false where the venue has
    /// no such instrument or leverage.
    pub fn set_leverage(&mut self, instrument: InstrumentId, leverage: u32) -> bool {
        let usdm = self.usdm.as_mut();
        usdm.is_some_and(|desk| desk.exchange.set_leverage(instrument, leverage))
    }

    /// What longs pay to shorts on USDⓈ-M every eight hours from here on; false where that is not
    /// served.
    pub fn set_funding_rate(&mut self, rate: FundingRate) -> bool {
        let usdm = self.usdm.as_mut();
        usdm.map(|desk| desk.exchange.set_funding_rate(rate)).is_some()
    }

    /// Settles funding at once, whatever the time is; `None` where USDⓈ-M is not served.
    pub(in crate::sim) fn settle_funding(&mut self, now_unix_ms: u64) -> Option<FundingRate> {
        let desk = self.usdm.as_mut()?;
        desk.exchange.settle_funding(now_unix_ms, &mut desk.reports);
        desk.tell(now_unix_ms);
        Some(desk.exchange.funding_rate())
    }

    /// Runs timers: dead-man's switches, dates of orders, funding, marks, margin calls and listen
    /// keys.
    /// Every request runs them too; an owner calls this at least every 10 ms or so, which is how
    /// often the venue looks.
    pub fn advance(&mut self, now_unix_ms: u64) {
        each!(self, desk => desk.advance(now_unix_ms));
    }

    /// Takes in what the market did: matches orders, then publishes.
    pub fn on_market(&mut self, now_unix_ms: u64, event: &MarketEvent) {
        each!(self, desk => desk.on_market(now_unix_ms, event));
    }

    /// Answers a request. Any bytes are a request.
    pub fn on_http(&mut self, now_unix_ms: u64, request: &HttpRequest<'_>) -> HttpReply {
        match (&mut self.spot, &mut self.usdm) {
            (Some(spot), usdm) if usdm.is_none() || is_spots(request.target) => {
                spot.on_http(now_unix_ms, request)
            }
            (_, Some(usdm)) => usdm.on_http(now_unix_ms, request),
            (_, None) => HttpReply { status: 404, headers: Vec::new(), body: b"{}".to_vec() },
        }
    }

    /// A client opened a WebSocket at this path and query.
    ///
    /// # Errors
    /// The HTTP status to refuse it with.
    pub fn on_open(&mut self, now_unix_ms: u64, connection: u64, target: &str) -> Result<(), u16> {
        match (&mut self.spot, &mut self.usdm) {
            (Some(spot), usdm) if usdm.is_none() || is_spots(target) || is_bare(target) => {
                spot.on_open(now_unix_ms, connection, target)
            }
            (_, Some(usdm)) => usdm.on_open(now_unix_ms, connection, target),
            (_, None) => Err(404),
        }
    }

    /// A text message came on a connection.
    pub fn on_text(&mut self, now_unix_ms: u64, connection: u64, text: &[u8]) {
        each!(self, desk => desk.on_text(now_unix_ms, connection, text));
    }

    /// A connection is gone; what waited for it is dropped.
    pub fn on_close(&mut self, connection: u64) {
        each!(self, desk => desk.on_close(connection));
    }

    /// The frames to send, in order, each with its connection.
    pub fn drain(&mut self) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
        let spot = self.spot.iter_mut().flat_map(|desk| desk.connections.drain());
        spot.chain(self.usdm.iter_mut().flat_map(|desk| desk.connections.drain()))
    }

    /// The connections to close, after their frames have been sent: their listen key is over, or
    /// they did not read.
    pub fn drain_closed(&mut self) -> impl Iterator<Item = u64> + '_ {
        let spot = self.spot.iter_mut().flat_map(|desk| desk.connections.drain_closed());
        spot.chain(self.usdm.iter_mut().flat_map(|desk| desk.connections.drain_closed()))
    }

    /// True for a connection of public streams alone.
    pub(in crate::sim) fn is_public(&self, connection: u64) -> bool {
        self.all_connections().any(|all| all.is_public(connection))
    }

    /// What a connection is told some time before the venue ends it; nothing where it is gone.
    pub(in crate::sim) fn notice_of_end(
        &self,
        now_unix_ms: u64,
        connection: u64,
    ) -> Option<Vec<u8>> {
        self.all_connections().find_map(|all| all.notice_of_end(now_unix_ms, connection))
    }

    fn all_connections(&self) -> impl Iterator<Item = &Connections> {
        let spot = self.spot.iter().map(|desk| &desk.connections);
        spot.chain(self.usdm.iter().map(|desk| &desk.connections))
    }

    /// Ends the private streams of a connection, and says so on them.
    pub(in crate::sim) fn end_private(&mut self, now_unix_ms: u64, connection: u64) {
        each!(self, desk => desk.end_private(now_unix_ms, connection));
    }

    /// From here on an API key is valid, or not any more: what is signed with it is refused, and
    /// what is logged on with it is logged off. False where nobody has it.
    pub(in crate::sim) fn set_key_valid(&mut self, key: &str, is_valid: bool) -> bool {
        let mut is_known = false;
        each!(self, desk => is_known |= desk.members.set_valid(key, is_valid));
        is_known
    }

    /// The key that a connection is logged on with; nothing where it is not.
    pub(in crate::sim) fn session_key(&self, connection: u64) -> Option<&str> {
        let on_spot = self.spot.as_ref().and_then(|desk| desk.session_key(connection));
        on_spot.or_else(|| self.usdm.as_ref().and_then(|desk| desk.session_key(connection)))
    }

    /// Trades a resting order of the account with that key, at its own price. Nothing where there
    /// is no such order.
    pub(in crate::sim) fn trade_resting(
        &mut self,
        now_unix_ms: u64,
        key: &str,
        symbol: &str,
        client_id: &str,
        part: Part,
    ) {
        each!(self, desk => desk.trade_resting(now_unix_ms, key, symbol, client_id, part));
    }

    /// The market trades, under the number after its last trade, which is answered. `None` where
    /// nobody lists that symbol.
    pub(in crate::sim) fn trade_market(
        &mut self,
        now_unix_ms: u64,
        symbol: &str,
        trade: Trade,
    ) -> Option<u64> {
        let mut id = None;
        each!(self, desk => id = desk.trade_market(now_unix_ms, symbol, trade));
        id
    }

    /// The next order takes at most half of that quantity at once.
    pub(in crate::sim) fn limit_next_take(&mut self, symbol: &str, qty: Qty) {
        each!(self, desk => desk.limit_next_take(symbol, qty));
    }

    /// The next order takes what it can again: the one that was meant has been served, or refused.
    pub(in crate::sim) fn forget_next_take(&mut self) {
        each!(self, desk => desk.exchange.take_max = None);
    }
}

/// True for the paths that only Spot has.
fn is_spots(target: &str) -> bool {
    ["/api/", "/sapi/", "/ws-api/"].iter().any(|prefix| target.starts_with(prefix))
}

/// True for the addresses of streams that both have: Spot's where it is served, else the ones that
/// USDⓈ-M had before it routed them.
fn is_bare(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path == "/stream" || path == "/ws" || path.starts_with("/ws/")
}
