//! What the venue lists (venue sheet section 6, `exchangeInfo`).
//!
//! Must hold: tick and step come from the filters, never from the precision fields; only perpetual
//! contracts are listed. A row that cannot be read whole is left out: one odd contract among
//! hundreds must not keep the engine from the others, and a configured symbol that is not listed is
//! refused by name anyway.

use crate::types::{Cash, Filters, InstrumentKind, MarkBand, Price, Qty, SCALE};
use crate::venue::binance::json::{body, success};
use crate::venue::{Answer, Call, DecodeError, Listing};
use serde::Deserialize;

/// Request for all of it.
pub(in crate::venue) fn reference_call() -> Call {
    Call { method: "GET", target: "/fapi/v1/exchangeInfo".to_owned(), headers: Vec::new() }
}

/// All perpetual contracts.
pub(in crate::venue) fn listings(answer: &Answer) -> Result<Vec<Listing>, DecodeError> {
    let reference: Reference = body(success(Some(answer))?, "symbols")?;
    let perpetual = |row: &Row| row.contract_type == "PERPETUAL";
    Ok(reference.symbols.into_iter().filter(perpetual).filter_map(Row::listing).collect())
}

/// The rules for orders of everything that is listed, whatever its kind, by symbol.
pub(super) fn rules(answer: &Answer) -> Result<Vec<(String, Filters)>, DecodeError> {
    let reference: Reference = body(success(Some(answer))?, "symbols")?;
    let all = reference.symbols.into_iter().filter_map(Row::listing);
    Ok(all.map(|listing| (listing.symbol, listing.filters)).collect())
}

#[derive(Deserialize)]
struct Reference {
    symbols: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    symbol: String,
    #[serde(default)]
    contract_type: String,
    status: String,
    base_asset: String,
    quote_asset: String,
    margin_asset: String,
    filters: Vec<Filter>,
}

/// All fields of all filters: each row has those of its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    tick_size: Option<String>,
    min_price: Option<String>,
    max_price: Option<String>,
    step_size: Option<String>,
    min_qty: Option<String>,
    max_qty: Option<String>,
    notional: Option<String>,
    multiplier_up: Option<String>,
    multiplier_down: Option<String>,
}

impl Row {
    fn listing(self) -> Option<Listing> {
        let filter = |kind| self.filters.iter().find(|filter| filter.filter_type == kind);
        let (price, lot) = (filter("PRICE_FILTER")?, filter("LOT_SIZE")?);
        let filters = Filters {
            price_tick: read(&price.tick_size, Price::parse)?,
            price_min: read(&price.min_price, Price::parse)?,
            price_max: read(&price.max_price, Price::parse)?,
            qty_step: read(&lot.step_size, Qty::parse)?,
            qty_min: read(&lot.min_qty, Qty::parse)?,
            qty_max: read(&lot.max_qty, Qty::parse)?,
            notional_min: read(&filter("MIN_NOTIONAL")?.notional, Cash::parse)?,
            mark_band: filter("PERCENT_PRICE").map(Filter::mark_band).unwrap_or(Some(None))?,
            trading: self.status == "TRADING",
        };
        let is_sound = Price::ZERO < filters.price_tick && Qty::ZERO < filters.qty_step;
        is_sound.then_some(Listing {
            symbol: self.symbol,
            kind: InstrumentKind::Perpetual,
            base: self.base_asset,
            quote: self.quote_asset,
            settle: self.margin_asset,
            filters,
        })
    }
}

impl Filter {
    /// A filter that is there and cannot be read is no reading.
    fn mark_band(&self) -> Option<Option<MarkBand>> {
        let up = read(&self.multiplier_up, Qty::parse)?.units();
        let down = read(&self.multiplier_down, Qty::parse)?.units();
        let bps = |units: i64| u32::try_from(units).ok();
        // Towards the mark, where the venue names more decimals than a basis point has.
        let (up_bps, down_bps) = (
            bps(up / UNITS_PER_BPS)?,
            bps(down.saturating_add(UNITS_PER_BPS - 1) / UNITS_PER_BPS)?,
        );
        Some(Some(MarkBand { up_bps, down_bps }))
    }
}

/// A multiplier of 1 is 10,000 basis points.
const UNITS_PER_BPS: i64 = SCALE / 10_000;

fn read<T>(text: &Option<String>, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    parse(text.as_ref()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::binance::support::{Dice, answer};

    const REFERENCE: &[u8] =
        include_bytes!("../../../../tests/data/binance-usdm-exchange-info.json");

    #[test]
    fn tick_and_step_come_from_the_filters() {
        let all = listings(&answer(200, REFERENCE)).unwrap();
        let names: Vec<_> = all.iter().map(|it| (it.symbol.as_str(), it.filters.trading)).collect();
        assert_eq!(names, [("BTCUSDT", true), ("ETHUSDC", false)]);
        let filters = all[0].filters;
        assert_eq!(filters.price_tick.to_string(), "0.1");
        assert_eq!(filters.price_min.to_string(), "402");
        assert_eq!(filters.price_max.to_string(), "1246396.6");
        assert_eq!(filters.qty_step.to_string(), "0.001");
        assert_eq!(
            (filters.qty_min.to_string(), filters.qty_max.to_string()),
            ("0.001".into(), "1000".into())
        );
        assert_eq!(filters.notional_min.to_string(), "10");
        assert_eq!(filters.mark_band, Some(MarkBand { up_bps: 11_000, down_bps: 5_454 }));
        assert_eq!(all[1].filters.mark_band, None);
        assert_eq!((all[0].base.as_str(), all[1].settle.as_str()), ("BTC", "USDC"));
        assert_eq!(reference_call().target, "/fapi/v1/exchangeInfo");
    }

    #[test]
    fn rows_that_cannot_be_read_whole_are_left_out() {
        let text = String::from_utf8(REFERENCE.to_vec()).unwrap();
        for (from, to) in [
            ("\"tickSize\": \"0.10\"", "\"tickSize\": \"0\""),
            ("\"notional\": \"10\"", "\"notional\": \"ten\""),
            ("\"PRICE_FILTER\"", "\"PRICES\""),
            ("\"multiplierUp\": \"1.1000\"", "\"multiplierUp\": \"much\""),
            ("\"maxQty\": \"1000\", ", ""),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let all = listings(&answer(200, changed)).unwrap();
            assert_eq!(all.len(), 1, "{from}");
        }
    }

    #[test]
    fn anything_but_a_reading_is_an_error() {
        for (status, body) in [(503, REFERENCE), (200, b"{}"), (200, b"{\"symbols\":[{}]}")] {
            assert!(listings(&answer(status, body)).is_err());
        }
    }

    #[test]
    fn no_answer_makes_it_panic() {
        let broken = Dice(17).broken(REFERENCE, 2_000);
        let read = broken.into_iter().filter(|it| listings(&answer(200, it.clone())).is_ok());
        assert!(read.count() < 3_000);
    }
}
