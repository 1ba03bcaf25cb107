//! Addresses and names of streams (USDⓈ-M sheet, section 7), and the marks that time sends.

use super::{Usdm, frames};
use crate::sim::binance::connections::{Category, Connection, Feed};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::params::Params;
use crate::sim::binance::session::Session;

/// How often marks are told.
const MARK_EVERY_MS: u64 = 1_000;

impl Desk<Usdm> {
    /// What a connection at this path is for. The error is the HTTP status to refuse it with.
    pub(super) fn connection(&self, path: &str, params: &Params) -> Result<Connection, u16> {
        if path == "/ws-fapi/v1" {
            let rate_limits = params.find("returnRateLimits") != Some("false");
            return Ok(Connection::Api { rate_limits, session: Session::default() });
        }
        let (category, rest) = category(path);
        self.streams(category, rest, params)
    }

    /// What a stream's name means at an address. A name that means nothing there is silent, as at
    /// the venue, which answers a wrong address with a connection on which nothing comes.
    pub(super) fn feed(&self, category: Category, name: &str, wanted: &[String]) -> Feed {
        if matches!(category, Category::Private | Category::Legacy)
            && let Some(account) = self.own.listen_keys.owner(name)
        {
            return Feed::User(account, wanted.to_vec());
        }
        let books = matches!(category, Category::Public | Category::Legacy);
        let trades = matches!(category, Category::Market | Category::Legacy);
        if name == "!bookTicker" && books {
            return Feed::BookTickers;
        }
        let Some((slot, stream)) = self.named_slot(name) else { return Feed::Silent };
        if matches!(stream, "markPrice" | "markPrice@1s") && trades {
            return Feed::Mark(slot);
        }
        let (kind, speed) = stream.split_once('@').unwrap_or((stream, "250ms"));
        if !["0ms", "100ms", "250ms", "500ms"].contains(&speed) {
            return Feed::Silent;
        }
        match kind {
            "bookTicker" if books => Feed::BookTicker(slot),
            // Documented under no address; widely used clients ask for it under /public.
            "trade" if books || trades => Feed::Trade(slot),
            "aggTrade" if trades => Feed::AggTrade(slot),
            "depth" if books => Feed::Depth(slot),
            "depth5" if books => Feed::Partial(slot, 5),
            "depth10" if books => Feed::Partial(slot, 10),
            "depth20" if books => Feed::Partial(slot, 20),
            _ => Feed::Silent,
        }
    }

    /// Every mark, once a second. The venue's slower stream, every three seconds, is as fast here.
    pub(super) fn publish_marks(&mut self, now_unix_ms: u64) {
        if now_unix_ms < self.own.next_marks_unix_ms {
            return;
        }
        self.own.next_marks_unix_ms = now_unix_ms.saturating_add(MARK_EVERY_MS);
        let rate = self.exchange.funding_rate();
        for slot in 0..self.exchange.instruments().len() {
            let wanted = |feed: &Feed| *feed == Feed::Mark(slot);
            let book = self.exchange.book(self.exchange.instruments()[slot].id);
            let Some(mark) = book.and_then(|book| book.mark()) else { continue };
            if self.connections.wants(wanted) {
                let frame = frames::mark(&self.heading(now_unix_ms, slot), mark, rate);
                self.connections.publish(&frame, wanted);
            }
        }
    }
}

fn category(path: &str) -> (Category, &str) {
    let prefixes = [
        ("/public", Category::Public),
        ("/market", Category::Market),
        ("/private", Category::Private),
    ];
    let known = prefixes
        .into_iter()
        .find_map(|(prefix, category)| Some((category, path.strip_prefix(prefix)?)));
    known.unwrap_or((Category::Legacy, path))
}
