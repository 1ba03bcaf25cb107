//! The filters of Spot, as `exchangeInfo` tells them and as they are applied (Spot sheet,
//! section 6).
//!
//! Must hold: every filter that is told is applied, with the figures that are told.
//!
//! Decision: where an instrument names no band around its price, the one that the venue's large
//! pairs have stands for it: a fifth to five times the average price. The average price is the mark
//! of the simulated market.

use super::refusal::refused;
use crate::sim::amend::SPOT_AMENDS_MAX;
use crate::sim::binance::fault::Fault;
use crate::sim::exchange::{Exchange, OPEN_ORDERS_MAX};
use crate::sim::order::OrderEntry;
use crate::sim::reject::Reject;
use crate::types::{Cash, Instrument, MarkBand, Price, Side};
use serde_json::{Value, json};

/// Most that a limit order may be worth.
const NOTIONAL_MAX: Cash = Cash::whole(9_000_000);

/// The band of a pair that names none.
const BAND: MarkBand = MarkBand { up_bps: 50_000, down_bps: 2_000 };

/// Everything that is looked at before an order reaches the matching engine.
pub(super) fn screen(exchange: &Exchange, entry: &OrderEntry) -> Result<(), Fault> {
    let slot = exchange.slot(entry.instrument);
    let slot = slot.ok_or_else(|| refused(Reject::UnknownSymbol))?;
    let instrument = &exchange.instruments()[slot];
    let mark = exchange.book(entry.instrument).and_then(|book| book.mark());
    crate::sim::filters::check(instrument, entry, mark).map_err(refused)?;
    let Some(price) = entry.price else { return Ok(()) };
    if mark.is_some_and(|mark| !within(instrument, entry.side, price, mark)) {
        return Err(refused(Reject::PriceAboveMark(price)));
    }
    match NOTIONAL_MAX < price.notional(entry.qty) {
        true => Err(refused(Reject::NotionalBelowMin(NOTIONAL_MAX))),
        false => Ok(()),
    }
}

/// Both ends of the band of its side.
fn within(instrument: &Instrument, side: Side, price: Price, mark: Price) -> bool {
    let band = band(instrument, side);
    band.lowest_sell(mark) <= price && price <= band.highest_buy(mark)
}

/// The named band binds buys from above and sales from below; the other ends are everybody's.
fn band(instrument: &Instrument, side: Side) -> MarkBand {
    let named = instrument.filters.mark_band.unwrap_or(BAND);
    match side {
        Side::Buy => MarkBand { up_bps: named.up_bps, ..BAND },
        Side::Sell => MarkBand { down_bps: named.down_bps, ..BAND },
    }
}

/// `/myFilters` of a symbol.
pub(super) fn own(instrument: &Instrument) -> Value {
    json!({"exchangeFilters": [], "symbolFilters": told(instrument), "assetFilters": []})
}

/// `filters` of a symbol.
pub(super) fn told(instrument: &Instrument) -> Value {
    let filters = &instrument.filters;
    let lot = |kind: &str| {
        json!({
            "filterType": kind,
            "minQty": format!("{:.8}", filters.qty_min),
            "maxQty": format!("{:.8}", filters.qty_max),
            "stepSize": format!("{:.8}", filters.qty_step),
        })
    };
    let multiplier = |bps: u32| format!("{}.{:04}", bps / 10_000, bps % 10_000);
    let (bid, ask) = (band(instrument, Side::Buy), band(instrument, Side::Sell));
    json!([
        {
            "filterType": "PRICE_FILTER",
            "minPrice": format!("{:.8}", filters.price_min),
            "maxPrice": format!("{:.8}", filters.price_max),
            "tickSize": format!("{:.8}", filters.price_tick),
        },
        lot("LOT_SIZE"),
        lot("MARKET_LOT_SIZE"),
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": multiplier(bid.up_bps),
            "bidMultiplierDown": multiplier(bid.down_bps),
            "askMultiplierUp": multiplier(ask.up_bps),
            "askMultiplierDown": multiplier(ask.down_bps),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": format!("{:.8}", filters.notional_min),
            "applyMinToMarket": true,
            "maxNotional": format!("{NOTIONAL_MAX:.8}"),
            "applyMaxToMarket": false,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": OPEN_ORDERS_MAX},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": SPOT_AMENDS_MAX},
    ])
}
