//! Addresses and names of streams (Spot sheet, section 8).
//!
//! Decision: both speeds of a book stream come at every frame of the simulated market, as fast as
//! it has them.

use super::Spot;
use crate::sim::binance::connections::{Category, Connection, Feed};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::params::Params;
use crate::sim::binance::session::Session;

impl Desk<Spot> {
    /// What a connection at this path is for. The error is the HTTP status to refuse it with.
    pub(super) fn connection(&self, path: &str, params: &Params) -> Result<Connection, u16> {
        if path == "/ws-api/v3" {
            let rate_limits = params.find("returnRateLimits") != Some("false");
            return Ok(Connection::Api { rate_limits, session: Session::default() });
        }
        self.streams(Category::Legacy, path, params)
    }

    /// What a stream's name means. A name that means nothing is silent, as at the venue.
    pub(super) fn feed(&self, name: &str) -> Feed {
        let Some((slot, stream)) = self.named_slot(name) else { return Feed::Silent };
        let (kind, speed) = stream.split_once('@').unwrap_or((stream, "1000ms"));
        match (kind, ["100ms", "1000ms"].contains(&speed)) {
            ("bookTicker", _) if kind == stream => Feed::BookTicker(slot),
            ("trade", _) if kind == stream => Feed::Trade(slot),
            ("aggTrade", _) if kind == stream => Feed::AggTrade(slot),
            ("depth", true) => Feed::Depth(slot),
            ("depth5", true) => Feed::Partial(slot, 5),
            ("depth10", true) => Feed::Partial(slot, 10),
            ("depth20", true) => Feed::Partial(slot, 20),
            _ => Feed::Silent,
        }
    }
}
