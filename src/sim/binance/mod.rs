//! Binance USDⓈ-M from the exchange's side: bytes in, bytes out, no socket.
//!
//! Written from the venue's sheet and its official samples, never from the engine's encoder: it is
//! the engine's judge. [`Server`] is one exchange with its REST, its streams and its order entry;
//! whoever owns the sockets hands over requests and carries away frames.
//!
//! Must hold: no request makes it panic; memory is bounded; every time that it says is the time
//! that it is given (D13).
//!
//! Deliberately absent: conditional (algo) orders, amendments, batches, hedge mode, isolated
//! margin, Ed25519 logins, the ten-messages-a-second rule, server pings (the socket's owner
//! sends those). Unknown paths answer 404, unknown methods -1130.

mod api;
mod connections;
mod depth;
mod fault;
mod frames;
mod hand;
mod http;
mod limits;
mod margin;
mod members;
mod operations;
mod orders;
mod params;
mod reference;
mod sign;
mod streams;
#[cfg(test)]
mod tests;
mod user;
mod wallet;

pub use limits::RateLimits;

use super::account::Fees;
use super::exchange::{AccountIndex, Exchange};
use super::order::Report;
use crate::types::{
    AccountSnapshot, AssetId, Cash, IdPrefix, Instrument, InstrumentId, VenueOrder,
};
use connections::{Connection, Connections};
use depth::DepthFeed;
use limits::Usage;
use members::Members;

/// Stands in for all assets of a real account that are not named here; no venue has it.
const UNNAMED_ASSET: &str = "UNNAMED";

/// An account to open.
#[derive(Clone, PartialEq)]
pub struct AccountSpec {
    /// Its API key.
    pub key: String,
    /// The secret that its requests are signed with.
    pub secret: String,
    /// What it starts with in every settlement asset.
    pub balance: Cash,
}

impl std::fmt::Debug for AccountSpec {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "AccountSpec({})", self.balance)
    }
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

/// The exchange behind its interfaces.
#[derive(Debug)]
pub struct Server {
    exchange: Exchange,
    assets: Vec<String>,
    members: Members,
    usage: Usage,
    depths: Vec<DepthFeed>,
    connections: Connections,
    reports: Vec<Report>,
    next_marks_unix_ms: u64,
    /// By account: it was told that it needs too much margin, and still does.
    called: Vec<bool>,
}

impl Server {
    /// An exchange for these instruments, with the names of all assets by `AssetId`.
    pub fn new(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        accounts: Vec<AccountSpec>,
        fees: Fees,
    ) -> Self {
        let slots = instruments.len();
        let mut exchange = Exchange::new(instruments, fees);
        for account in &accounts {
            exchange.open_account(account.balance);
        }
        let called = vec![false; accounts.len()];
        let members = Members::new(accounts);
        Self {
            exchange,
            assets,
            usage: Usage::new(RateLimits::VENUE, members.len()),
            members,
            depths: vec![DepthFeed::new(); slots],
            connections: Connections::default(),
            reports: Vec::new(),
            next_marks_unix_ms: 0,
            called,
        }
    }

    /// Replaces the venue's rate limits: for load tests.
    pub fn set_rate_limits(&mut self, limits: RateLimits) {
        self.usage.limits = limits;
    }

    /// The exchange behind it, to look at.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
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
        let strange = self.exchange.adopt(now_unix_ms, account, snapshot, prefix);
        if let (true, Ok(unnamed)) = (snapshot.has_unnamed_assets, u8::try_from(self.assets.len()))
        {
            self.assets.push(UNNAMED_ASSET.to_owned());
            self.exchange.account_mut(account).set_wallet(AssetId(unnamed), Cash::whole(1));
        }
        strange
    }

    /// Sets the leverage that every account trades an instrument with; false where the venue has
    /// no such instrument or leverage.
    pub fn set_leverage(&mut self, instrument: InstrumentId, leverage: u32) -> bool {
        self.exchange.set_leverage(instrument, leverage)
    }

    /// Runs timers: dead-man's switches, dates of orders, marks, margin calls and listen keys.
    /// Every request runs them too; an owner calls this at least every 10 ms or so, which is how
    /// often the venue looks.
    pub fn advance(&mut self, now_unix_ms: u64) {
        self.exchange.on_time(now_unix_ms, &mut self.reports);
        self.tell(now_unix_ms);
        self.publish_marks(now_unix_ms);
        self.call_margins(now_unix_ms);
        for (account, listen_key) in self.members.expired(now_unix_ms) {
            self.expire_stream(now_unix_ms, account, &listen_key);
        }
    }

    /// A text message came on a connection.
    pub fn on_text(&mut self, now_unix_ms: u64, connection: u64, text: &[u8]) {
        self.advance(now_unix_ms);
        match self.connections.find(connection) {
            Some(Connection::Streams { .. }) => self.on_stream_text(connection, text),
            Some(Connection::Api { rate_limits }) => {
                let rate_limits = *rate_limits;
                self.on_api_text(now_unix_ms, connection, text, rate_limits);
            }
            None => {}
        }
    }

    /// A connection is gone; what waited for it is dropped.
    pub fn on_close(&mut self, connection: u64) {
        self.connections.forget(connection);
    }

    /// The frames to send, in order, each with its connection.
    pub fn drain(&mut self) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
        self.connections.drain()
    }

    /// The connections to close, after their frames have been sent: their listen key is over, or
    /// they did not read.
    pub fn drain_closed(&mut self) -> impl Iterator<Item = u64> + '_ {
        self.connections.drain_closed()
    }

    fn stop_listening(&mut self, account: AccountIndex) {
        if self.members.stop(account) {
            self.end_stream(account);
        }
    }

    fn asset(&self, asset: AssetId) -> &str {
        self.assets.get(asset.index()).map_or("", String::as_str)
    }
}
