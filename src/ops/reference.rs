//! What a venue's rules and fees are, for people and their files (R69, R70).
//!
//! Must hold: the same reading is the same text, so that two files differ by what differs; numbers
//! stand there as the venue's own decimals.

use super::journal::utc;
use crate::types::{Filters, MarkBand, Qty};
use crate::venue::{Listing, SymbolFees};
use serde_json::{Map, Value, json};

/// What was read of a venue, with a row for each symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    venue: String,
    of: &'static str,
    as_of: String,
    rows: Vec<Value>,
}

impl Reading {
    /// The rules for orders.
    pub fn of_filters(venue: &str, unix_ns: u64, listings: &[Listing]) -> Self {
        Self::new(venue, "filters", unix_ns, listings.iter().map(filter_row).collect())
    }

    /// What the account pays.
    pub fn of_fees(venue: &str, unix_ns: u64, fees: &[SymbolFees]) -> Self {
        Self::new(venue, "fees", unix_ns, fees.iter().map(fee_row).collect())
    }

    fn new(venue: &str, of: &'static str, unix_ns: u64, mut rows: Vec<Value>) -> Self {
        rows.sort_by(|one, next| name(one).cmp(name(next)));
        Self { venue: venue.to_owned(), of, as_of: utc(unix_ns), rows }
    }

    /// As a file keeps it.
    pub fn json(&self) -> Value {
        json!({"venue": self.venue, "as_of": self.as_of, self.of: self.rows})
    }

    /// For people: a line for each symbol.
    pub fn text(&self) -> String {
        let cell = |(key, value): (&String, &Value)| format!("{key} {}", word(value));
        let line = |row: &Value| {
            let cells: Vec<String> =
                columns(row).filter(|(key, _)| *key != "symbol").map(cell).collect();
            format!("{:16}{}\n", name(row), cells.join("  "))
        };
        self.rows.iter().map(line).collect()
    }

    /// What differs from what a file kept, in words; `None` of a file of something else.
    pub fn changes(&self, kept: &Value) -> Option<Vec<String>> {
        let before = kept[self.of].as_array()?;
        let of =
            |rows: &'_ [Value], symbol: &str| rows.iter().find(|row| name(row) == symbol).cloned();
        let mut said = Vec::new();
        for row in &self.rows {
            let symbol = name(row);
            let Some(old) = of(before, symbol) else {
                said.push(format!("{symbol} is new"));
                continue;
            };
            let differs = columns(row).filter(|(key, value)| old.get(*key) != Some(*value));
            said.extend(differs.map(|(key, value)| {
                let was = old.get(key).map_or_else(|| "nothing".to_owned(), word);
                format!("{symbol} {key}: {was} → {}", word(value))
            }));
        }
        let gone = before.iter().map(name).filter(|symbol| of(&self.rows, symbol).is_none());
        said.extend(gone.map(|symbol| format!("{symbol} is gone")));
        Some(said)
    }
}

fn name(row: &Value) -> &str {
    row["symbol"].as_str().unwrap_or_default()
}

fn columns(row: &Value) -> impl Iterator<Item = (&String, &Value)> {
    row.as_object().into_iter().flat_map(Map::iter)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn filter_row(listing: &Listing) -> Value {
    let Filters { price_tick, price_min, price_max, qty_step, qty_min, qty_max, .. } =
        listing.filters;
    let Filters { notional_min, mark_band, trading, .. } = listing.filters;
    json!({
        "symbol": listing.symbol,
        "base": listing.base,
        "quote": listing.quote,
        "settle": listing.settle,
        "trading": trading,
        "price_tick": price_tick.to_string(),
        "price_min": price_min.to_string(),
        "price_max": price_max.to_string(),
        "qty_step": qty_step.to_string(),
        "qty_min": qty_min.to_string(),
        "qty_max": qty_max.to_string(),
        "notional_min": notional_min.to_string(),
        "mark_band_up_bps": mark_band.map(|MarkBand { up_bps, .. }| up_bps),
        "mark_band_down_bps": mark_band.map(|MarkBand { down_bps, .. }| down_bps),
    })
}

/// Rates in basis points: a part of the notional that the venue tells to eight decimals.
fn fee_row(fees: &SymbolFees) -> Value {
    let bps = |e8: i64| Qty::from_units(e8.saturating_mul(10_000)).to_string();
    json!({
        "symbol": fees.symbol,
        "maker_bps": bps(fees.maker_e8),
        "taker_bps": bps(fees.taker_e8),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fees(symbol: &str, maker_e8: i64, taker_e8: i64) -> SymbolFees {
        SymbolFees { symbol: symbol.to_owned(), maker_e8, taker_e8 }
    }

    fn reading(rows: &[SymbolFees]) -> Reading {
        Reading::of_fees("binance", 0, rows)
    }

    #[test]
    fn rates_are_told_in_basis_points_and_symbols_in_order() {
        let told = reading(&[fees("ETHUSDT", -5_000, 40_000), fees("BTCUSDT", 20_000, 45_500)]);
        assert_eq!(
            told.text(),
            "BTCUSDT         maker_bps 2  taker_bps 4.55\n\
             ETHUSDT         maker_bps -0.5  taker_bps 4\n"
        );
        assert_eq!(told.json()["fees"][0]["taker_bps"], "4.55");
        assert_eq!(told.json()["as_of"], "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_a_file_kept_is_told_apart_value_by_value() {
        let kept = reading(&[fees("BTCUSDT", 20_000, 40_000), fees("OLDUSDT", 0, 0)]).json();
        let now = reading(&[fees("BTCUSDT", 20_000, 50_000), fees("NEWUSDT", 0, 0)]);
        assert_eq!(
            now.changes(&kept).unwrap(),
            ["BTCUSDT taker_bps: 4 → 5", "NEWUSDT is new", "OLDUSDT is gone"]
        );
        assert_eq!(now.changes(&now.json()), Some(Vec::new()));
        for other in [json!("something else"), json!({"filters": []}), Value::Null] {
            assert_eq!(now.changes(&other), None, "{other}");
        }
        let short = json!({"fees": [{"symbol": "BTCUSDT"}]});
        assert!(
            now.changes(&short).unwrap().contains(&"BTCUSDT maker_bps: nothing → 2".to_owned())
        );
    }
}
