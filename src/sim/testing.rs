//! What the tests of this room share: instruments, market events, and orders in few words.

use super::order::{ClientText, OrderEntry};
use super::self_trade::SelfTrade;
use crate::types::{
    AssetId, BookDelta, Cash, DELTA_LEVELS, Filters, Instrument, InstrumentId, InstrumentKind,
    Level, MarketData, MarketEvent, Price, Qty, Quote, Side, TimeInForce, Trade, VenueId,
};

pub(super) const BTC: InstrumentId = InstrumentId(0);
pub(super) const ETH: InstrumentId = InstrumentId(1);
pub(super) const USDT: AssetId = AssetId(0);

pub(super) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).unwrap()
}

pub(super) fn qty(text: &str) -> Qty {
    Qty::parse(text.as_bytes()).unwrap()
}

pub(super) fn cash(text: &str) -> Cash {
    Cash::parse(text.as_bytes()).unwrap()
}

pub(super) fn instrument(id: InstrumentId, symbol: &str, tick: &str) -> Instrument {
    Instrument {
        id,
        venue: VenueId(0),
        symbol: symbol.to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(u8::try_from(id.0 + 1).unwrap()),
        quote: USDT,
        settle: USDT,
        filters: Filters {
            price_tick: price(tick),
            price_min: price("1"),
            price_max: price("1000000"),
            qty_step: qty("0.001"),
            qty_min: qty("0.001"),
            qty_max: qty("1000"),
            notional_min: cash("100"),
            mark_band: None,
            trading: true,
        },
    }
}

pub(super) fn instruments() -> Vec<Instrument> {
    vec![instrument(BTC, "BTCUSDT", "0.1"), instrument(ETH, "ETHUSDT", "0.01")]
}

pub(super) fn btc(data: MarketData) -> MarketEvent {
    MarketEvent { instrument: BTC, sent_unix_ms: None, data }
}

pub(super) fn quote(bid: &str, bid_qty: &str, ask: &str, ask_qty: &str) -> MarketEvent {
    let (bid, bid_qty, ask, ask_qty) = (price(bid), qty(bid_qty), price(ask), qty(ask_qty));
    btc(MarketData::Quote(Quote { bid, bid_qty, ask, ask_qty }))
}

pub(super) fn trade(at: &str, amount: &str, aggressor: Side) -> MarketEvent {
    btc(MarketData::Trade(Trade { id: 1, price: price(at), qty: qty(amount), aggressor }))
}

pub(super) fn delta(side: Side, at: &str, amount: &str) -> MarketEvent {
    let mut levels = [Level::default(); DELTA_LEVELS];
    levels[0] = Level { price: price(at), qty: qty(amount) };
    btc(MarketData::BookDelta(BookDelta { side, count: 1, levels }))
}

pub(super) fn end() -> MarketEvent {
    btc(MarketData::BookEnd { update_id: 1 })
}

/// A book of three prices a side: bids 100.0 × 5, 99.9 × 10, 99.8 × 20, asks 100.1 × 5,
/// 100.2 × 10, 100.3 × 20.
pub(super) fn small_book() -> Vec<MarketEvent> {
    let mut events = vec![btc(MarketData::BookBegin)];
    for (at, amount) in [("100.0", "5"), ("99.9", "10"), ("99.8", "20")] {
        events.push(delta(Side::Buy, at, amount));
    }
    for (at, amount) in [("100.1", "5"), ("100.2", "10"), ("100.3", "20")] {
        events.push(delta(Side::Sell, at, amount));
    }
    events.extend([end(), quote("100.0", "5", "100.1", "5")]);
    events
}

/// A limit order for `BTC` without an id of its own.
pub(super) fn limit(side: Side, at: &str, amount: &str) -> OrderEntry {
    OrderEntry {
        instrument: BTC,
        client_id: None,
        side,
        price: Some(price(at)),
        time_in_force: TimeInForce::Gtc,
        qty: qty(amount),
        reduce_only: false,
        good_till_unix_ms: None,
        self_trade: SelfTrade::ExpireMaker,
        quote_qty: Cash::ZERO,
    }
}

impl OrderEntry {
    pub(super) fn tif(mut self, time_in_force: TimeInForce) -> Self {
        self.time_in_force = time_in_force;
        self
    }

    pub(super) fn reducing(mut self) -> Self {
        self.reduce_only = true;
        self
    }

    pub(super) fn preventing(mut self, self_trade: SelfTrade) -> Self {
        self.self_trade = self_trade;
        self
    }

    pub(super) fn market(mut self) -> Self {
        self.price = None;
        self
    }

    pub(super) fn named(mut self, text: &str) -> Self {
        self.client_id = Some(ClientText::parse(text.as_bytes()).unwrap());
        self
    }
}
