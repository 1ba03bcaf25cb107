//! Market streams, whatever the dialect: what a client may say on them, and what the market sends.

use super::connections::{Category, Connection, Feed, NAME_BYTES_MAX, STREAMS_MAX, Subscription};
use super::depth::Difference;
use super::desk::{Desk, Dialect};
use super::frames::Heading;
use super::params::Params;
use crate::types::{MarketData, MarketEvent, Quote, Side, Trade};
use serde_json::{Value, json};

impl<D: Dialect> Desk<D> {
    /// The streams that an address names: `/ws/<name>/<name>`, `/stream?streams=<name>/<name>`, or
    /// none yet. The error is the HTTP status to refuse them with.
    pub(super) fn streams(
        &self,
        category: Category,
        path: &str,
        params: &Params,
    ) -> Result<Connection, u16> {
        let (combined, names) = match path {
            "/stream" => (true, params.find("streams").unwrap_or_default()),
            "/ws" => (false, ""),
            _ => (false, path.strip_prefix("/ws/").ok_or(404_u16)?),
        };
        let wanted = params.find("events").unwrap_or_default();
        let wanted: Vec<String> =
            wanted.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut subscriptions = Vec::new();
        let listen_key = params.find("listenKey").into_iter();
        for name in names.split('/').filter(|name| !name.is_empty()).chain(listen_key) {
            let feed = D::feed(self, category, name, &wanted);
            let lost_key = feed == Feed::Silent && category == Category::Private;
            if lost_key || NAME_BYTES_MAX < name.len() || STREAMS_MAX <= subscriptions.len() {
                return Err(400);
            }
            subscriptions.push(Subscription { name: name.to_owned(), feed });
        }
        Ok(Connection::Streams { category, combined, subscriptions })
    }

    /// Which instrument a stream is of, and the rest of its name. Names are in lower case.
    pub(super) fn named_slot<'a>(&self, name: &'a str) -> Option<(usize, &'a str)> {
        let (symbol, stream) = name.split_once('@')?;
        let mut instruments = self.exchange.instruments().iter();
        let slot = instruments.position(|known| known.symbol.eq_ignore_ascii_case(symbol))?;
        let is_lower = symbol.bytes().all(|byte| !byte.is_ascii_uppercase());
        is_lower.then_some((slot, stream))
    }

    /// A text on a stream connection: SUBSCRIBE, UNSUBSCRIBE or LIST_SUBSCRIPTIONS.
    pub(super) fn on_stream_text(&mut self, connection: u64, text: &[u8]) {
        let answer = match serde_json::from_slice::<Value>(text) {
            Ok(request) => self.control(connection, &request),
            Err(_) => json!({"error": {"code": 3, "msg": "Invalid JSON"}}),
        };
        self.connections.send(connection, answer.to_string());
    }

    fn control(&mut self, connection: u64, request: &Value) -> Value {
        let id = match request.get("id") {
            Some(id) if id.is_string() || id.is_u64() || id.is_i64() => id.clone(),
            _ => Value::Null,
        };
        let refused = |text: &str| json!({"error": {"code": 2, "msg": text}, "id": id});
        let names = request.get("params").and_then(Value::as_array);
        let names: Option<Vec<&str>> =
            names.map(|names| names.iter().filter_map(Value::as_str).collect());
        let method = request.get("method").and_then(Value::as_str);
        let result = match (method, names) {
            (Some("SUBSCRIBE"), Some(names)) => {
                if !self.subscribe(connection, &names) {
                    return refused("Invalid request: too many or too long streams");
                }
                Value::Null
            }
            (Some("UNSUBSCRIBE"), Some(names)) => {
                if let Some(kept) = self.subscriptions(connection) {
                    kept.retain(|each| !names.contains(&each.name.as_str()));
                }
                Value::Null
            }
            (Some("LIST_SUBSCRIPTIONS"), _) => {
                let kept = self.subscriptions(connection);
                kept.map_or(json!([]), |kept| kept.iter().map(|each| json!(each.name)).collect())
            }
            (Some("SUBSCRIBE" | "UNSUBSCRIBE"), None) => {
                return refused("Invalid request: params must be an array of streams");
            }
            _ => return refused("Invalid request: unknown method"),
        };
        json!({"result": result, "id": id})
    }

    /// False when that is more than the venue allows.
    fn subscribe(&mut self, connection: u64, names: &[&str]) -> bool {
        if names.iter().any(|name| NAME_BYTES_MAX < name.len()) {
            return false;
        }
        let Some(Connection::Streams { category, .. }) = self.connections.find(connection) else {
            return false;
        };
        let category = *category;
        let added: Vec<Subscription> = names
            .iter()
            .map(|name| Subscription {
                name: (*name).to_owned(),
                feed: D::feed(self, category, name, &[]),
            })
            .collect();
        let Some(kept) = self.subscriptions(connection) else { return false };
        for subscription in added {
            if kept.iter().any(|each| each.name == subscription.name) {
                continue;
            }
            if STREAMS_MAX <= kept.len() {
                return false;
            }
            kept.push(subscription);
        }
        true
    }

    fn subscriptions(&mut self, connection: u64) -> Option<&mut Vec<Subscription>> {
        match self.connections.find(connection)? {
            Connection::Streams { subscriptions, .. } => Some(subscriptions),
            Connection::Api { .. } => None,
        }
    }

    /// Takes in what the market did: matches orders, then publishes.
    pub(super) fn on_market(&mut self, now_unix_ms: u64, event: &MarketEvent) {
        let Some(slot) = self.exchange.slot(event.instrument) else { return };
        if let Some(book) = self.exchange.book(event.instrument) {
            self.depths[slot].on_market(book, &event.data);
        }
        self.exchange.on_market(now_unix_ms, event, &mut self.reports);
        match &event.data {
            MarketData::Quote(quote) => self.publish_quote(now_unix_ms, slot, quote),
            MarketData::Trade(trade) => {
                self.tapes[slot].on_trade(now_unix_ms, trade);
                self.publish_trade(now_unix_ms, slot, trade);
            }
            MarketData::BookEnd { .. } => self.publish_depth(now_unix_ms, slot),
            MarketData::Mark(_)
            | MarketData::BookLost
            | MarketData::BookBegin
            | MarketData::BookDelta(_) => {}
        }
        self.tell(now_unix_ms);
    }

    fn publish_quote(&mut self, now_unix_ms: u64, slot: usize, quote: &Quote) {
        let wanted = |feed: &Feed| *feed == Feed::BookTicker(slot) || *feed == Feed::BookTickers;
        if self.connections.wants(wanted) {
            let update_id = self.depths[slot].update_id();
            let frame = D::book_ticker(&self.heading(now_unix_ms, slot), update_id, quote);
            self.connections.publish(&frame, wanted);
        }
    }

    fn publish_trade(&mut self, now_unix_ms: u64, slot: usize, trade: &Trade) {
        let wanted = |feed: &Feed| *feed == Feed::Trade(slot);
        if self.connections.wants(wanted) {
            let frame = D::trade(&self.heading(now_unix_ms, slot), trade);
            self.connections.publish(&frame, wanted);
        }
        let wanted = |feed: &Feed| *feed == Feed::AggTrade(slot);
        if self.connections.wants(wanted) {
            let frame = D::agg_trade(&self.heading(now_unix_ms, slot), trade);
            self.connections.publish(&frame, wanted);
        }
    }

    fn publish_depth(&mut self, now_unix_ms: u64, slot: usize) {
        let instrument = self.exchange.instruments()[slot].id;
        let Some(book) = self.exchange.book(instrument) else { return };
        let Some(difference) = self.depths[slot].on_end(book) else { return };
        let wanted = |feed: &Feed| *feed == Feed::Depth(slot);
        if self.connections.wants(wanted) {
            let frame = D::depth(&self.heading(now_unix_ms, slot), &difference);
            self.connections.publish(&frame, wanted);
        }
        for count in [5, 10, 20] {
            let wanted = |feed: &Feed| *feed == Feed::Partial(slot, count);
            if self.connections.wants(wanted) {
                let frame = self.partial(now_unix_ms, slot, count, &difference);
                self.connections.publish(&frame, wanted);
            }
        }
    }

    fn partial(
        &self,
        now_unix_ms: u64,
        slot: usize,
        count: usize,
        difference: &Difference,
    ) -> String {
        let heading = self.heading(now_unix_ms, slot);
        let book = self.exchange.book(self.exchange.instruments()[slot].id);
        let side = |side: Side| {
            let levels = book.into_iter().flat_map(|book| book.levels(side));
            heading.places.levels(levels.take(count))
        };
        D::partial(&heading, difference, &side(Side::Buy), &side(Side::Sell))
    }

    pub(super) fn heading(&self, now_unix_ms: u64, slot: usize) -> Heading<'_> {
        let instrument = &self.exchange.instruments()[slot];
        Heading { symbol: &instrument.symbol, places: D::places(instrument), now_unix_ms }
    }
}
