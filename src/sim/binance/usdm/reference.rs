//! Public answers: the list of symbols, snapshots of books, best prices, marks.

use crate::sim::binance::fault::Fault;
use crate::sim::binance::frames::Places;
use crate::sim::binance::limits::Usage;
use crate::sim::binance::params::Params;
use crate::sim::exchange::{Exchange, OPEN_ORDERS_MAX};
use crate::sim::funding::next_funding_unix_ms;
use crate::sim::liquidation::FEE_PPM;
use crate::sim::trigger::PROTECT_BPS;
use crate::types::{AssetId, Instrument, MarkBand, Price, Side};
use serde_json::{Value, json};

/// Those that the venue lists, though `/order` takes the first two alone.
const ORDER_TYPES: [&str; 7] = [
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
];

/// `/exchangeInfo`.
pub(super) fn exchange_info(
    now_unix_ms: u64,
    exchange: &Exchange,
    assets: &[String],
    usage: &Usage,
) -> Value {
    let listed = |instrument: &Instrument| symbol(instrument, assets);
    let assets = assets
        .iter()
        .map(|name| json!({"asset": name, "marginAvailable": true, "autoAssetExchange": "0"}));
    json!({
        "timezone": "UTC",
        "serverTime": now_unix_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": usage.to_json(),
        "exchangeFilters": [],
        "assets": assets.collect::<Value>(),
        "symbols": exchange.instruments().iter().map(listed).collect::<Value>(),
    })
}

fn symbol(instrument: &Instrument, assets: &[String]) -> Value {
    let name = |asset: AssetId| assets.get(asset.index()).map_or("", String::as_str);
    let places = Places::of(instrument);
    let status = if instrument.filters.trading { "TRADING" } else { "SETTLING" };
    json!({
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_u64,
        "onboardDate": 1_569_398_400_000_u64,
        "status": status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": name(instrument.base),
        "quoteAsset": name(instrument.quote),
        "marginAsset": name(instrument.settle),
        "pricePrecision": places.price_count(),
        "quantityPrecision": places.qty_count(),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": format!("0.{PROTECT_BPS:04}"),
        "liquidationFee": format!("0.{FEE_PPM:06}"),
        "marketTakeBound": "0.30",
        "filters": filters(instrument, places),
        "orderTypes": ORDER_TYPES,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    })
}

fn filters(instrument: &Instrument, places: Places) -> Value {
    let filters = &instrument.filters;
    let lot = |kind: &str| {
        json!({
            "filterType": kind,
            "stepSize": places.qty(filters.qty_step),
            "maxQty": places.qty(filters.qty_max),
            "minQty": places.qty(filters.qty_min),
        })
    };
    let mut all = vec![
        json!({
            "filterType": "PRICE_FILTER",
            "tickSize": places.price(filters.price_tick),
            "minPrice": places.price(filters.price_min),
            "maxPrice": places.price(filters.price_max),
        }),
        lot("LOT_SIZE"),
        lot("MARKET_LOT_SIZE"),
        json!({"filterType": "MAX_NUM_ORDERS", "limit": OPEN_ORDERS_MAX}),
        json!({"filterType": "MIN_NOTIONAL", "notional": filters.notional_min.to_string()}),
    ];
    all.extend(filters.mark_band.map(mark_band));
    Value::Array(all)
}

fn mark_band(band: MarkBand) -> Value {
    let multiplier = |bps: u32| format!("{}.{:04}", bps / 10_000, bps % 10_000);
    json!({
        "filterType": "PERCENT_PRICE",
        "multiplierUp": multiplier(band.up_bps),
        "multiplierDown": multiplier(band.down_bps),
        "multiplierDecimal": "4",
    })
}

/// How many levels `/depth` may be asked for, and what that weighs.
const DEPTH_LIMITS: [(usize, u32); 7] =
    [(5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1_000, 20)];

/// Levels that are asked for, and the weight of the question.
pub(super) fn depth_limit(params: &Params) -> Result<(usize, u32), Fault> {
    let asked = params.number("limit")?.unwrap_or(500);
    let known = DEPTH_LIMITS.into_iter().find(|(limit, _)| u64::try_from(*limit) == Ok(asked));
    known.ok_or_else(|| Fault::invalid("limit"))
}

/// `/depth`.
pub(super) fn depth(
    now_unix_ms: u64,
    exchange: &Exchange,
    slot: usize,
    update_id: u64,
    limit: usize,
) -> Value {
    let instrument = &exchange.instruments()[slot];
    let places = Places::of(instrument);
    let book = exchange.book(instrument.id);
    let side = |side: Side| -> Value {
        let levels = book.into_iter().flat_map(|book| book.levels(side)).take(limit);
        levels.map(|level| json!([places.price(level.price), places.qty(level.qty)])).collect()
    };
    json!({
        "lastUpdateId": update_id,
        "E": now_unix_ms,
        "T": now_unix_ms,
        "bids": side(Side::Buy),
        "asks": side(Side::Sell),
    })
}

/// `/ticker/bookTicker` of one symbol.
pub(super) fn book_ticker(now_unix_ms: u64, exchange: &Exchange, slot: usize) -> Value {
    let instrument = &exchange.instruments()[slot];
    let places = Places::of(instrument);
    let quote = exchange.book(instrument.id).map(|book| book.quote()).unwrap_or_default();
    json!({
        "symbol": instrument.symbol,
        "bidPrice": places.price(quote.bid),
        "bidQty": places.qty(quote.bid_qty),
        "askPrice": places.price(quote.ask),
        "askQty": places.qty(quote.ask_qty),
        "time": now_unix_ms,
    })
}

/// `/premiumIndex` of one symbol: index and mark are one.
pub(super) fn premium_index(now_unix_ms: u64, exchange: &Exchange, slot: usize) -> Value {
    let instrument = &exchange.instruments()[slot];
    let mark = exchange.book(instrument.id).and_then(|book| book.mark()).unwrap_or(Price::ZERO);
    let mark = format!("{mark:.8}");
    json!({
        "symbol": instrument.symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": exchange.funding_rate().to_string(),
        "interestRate": "0.00000000",
        "nextFundingTime": next_funding_unix_ms(now_unix_ms),
        "time": now_unix_ms,
    })
}
