//! What the simulated exchange lists: the well-known contracts as Binance lists them, anything else
//! with filters of its own choosing.

use crate::types::{
    AssetId, Cash, Filters, IdPrefix, Instrument, InstrumentId, InstrumentKind, MarkBand, Price,
    Qty, VenueId,
};
use crate::venue::{Directory, Listing};

/// A perpetual contract of the simulated exchange. What a symbol is quoted in is read off its end.
pub(super) fn simulated(symbol: &str) -> Listing {
    const QUOTES: [&str; 4] = ["USDT", "USDC", "FDUSD", "BUSD"];
    let quote = QUOTES.iter().find(|quote| symbol.ends_with(**quote)).unwrap_or(&"USDT");
    let base = symbol.strip_suffix(quote).filter(|base| !base.is_empty()).unwrap_or(symbol);
    Listing {
        symbol: symbol.to_owned(),
        kind: InstrumentKind::Perpetual,
        base: base.to_owned(),
        quote: (*quote).to_owned(),
        settle: (*quote).to_owned(),
        filters: filters(base),
    }
}

/// Ticks, steps and least notionals of Binance's exchange information of 2026 for the two that
/// everybody trades; a cent, a thousandth and 5 for the rest.
fn filters(base: &str) -> Filters {
    let (tick, notional_min) = match base {
        "BTC" => (10_000_000, 100),
        "ETH" => (1_000_000, 20),
        _ => (1_000_000, 5),
    };
    let (price_tick, qty_step) = (Price::from_units(tick), Qty::from_units(100_000));
    Filters {
        price_tick,
        price_min: price_tick,
        price_max: Price::whole(10_000_000),
        qty_step,
        qty_min: qty_step,
        qty_max: Qty::whole(1_000),
        notional_min: Cash::whole(notional_min),
        // As Binance lists Bitcoin.
        mark_band: Some(MarkBand { up_bps: 10_500, down_bps: 9_500 }),
        trading: true,
    }
}

/// The instrument of a listing that stands alone.
pub(super) fn instrument(listing: &Listing) -> Instrument {
    let (settle, base) = (AssetId(0), AssetId(1));
    Instrument {
        id: InstrumentId(0),
        venue: VenueId(0),
        symbol: listing.symbol.clone(),
        kind: listing.kind,
        base,
        quote: settle,
        settle,
        filters: listing.filters,
    }
}

/// A directory of one instrument and nobody's orders.
pub(super) fn directory(instrument: &Instrument) -> Directory {
    Directory {
        venue: VenueId(0),
        instruments: vec![instrument.clone()],
        assets: vec!["quote".to_owned(), "base".to_owned()],
        prefix: nobody(),
        recv_window_ms: 5_000,
    }
}

/// A prefix for a market that nobody's orders are in.
pub(super) fn nobody() -> IdPrefix {
    IdPrefix::new("none").unwrap_or_else(|| unreachable!("four letters are a prefix"))
}
