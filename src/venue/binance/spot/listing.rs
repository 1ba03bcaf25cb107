//! What Spot lists (spot sheet section 6, `exchangeInfo`).
//!
//! Must hold: tick and step come from the filters, never from the precision fields. A row that
//! cannot be read whole is left out.
//!
//! Decision: symbols are asked for one by one, 20 of 6,000 request weights each. Asked for together
//! the venue refuses all of them for one that it does not list (-1121), and nobody could say which.
//!
//! Decision: the venue's band of prices has an end towards the market and one away from it for each
//! side; only those towards it are kept, a buy's upper and a sale's lower one, because nothing here
//! places an order a fifth below the market and means it.
//!
//! Decision: a pair that does not allow the self-trade prevention that every order of ours names is
//! one that the venue does not trade, for us: it would refuse each of them (-1013). Nothing is held
//! against a pair that does not say what it allows.

use crate::types::{Cash, Filters, InstrumentKind, MarkBand, Price, Qty, SCALE};
use crate::venue::binance::json::{body, success};
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, Call, DecodeError, Listing};
use serde::Deserialize;

const PATH: &str = "/api/v3/exchangeInfo";

/// The self-trade prevention that orders name (`orders/command.rs`).
const SELF_TRADE: &str = "EXPIRE_MAKER";

/// The venue does not list the symbol.
const UNLISTED: i32 = -1121;

/// One request for each symbol.
pub(in crate::venue) fn reference_calls(symbols: &[String]) -> Vec<Call> {
    symbols.iter().map(|symbol| reference_call(std::slice::from_ref(symbol))).collect()
}

/// Request for these symbols, all of which must be listed; for all that there are, which are
/// thousands, when none is named.
pub(super) fn reference_call(symbols: &[String]) -> Call {
    let names: Vec<String> = symbols.iter().map(|symbol| format!("\"{symbol}\"")).collect();
    let target = match names.as_slice() {
        [] => PATH.to_owned(),
        names => {
            format!("{PATH}?symbols={}", percent_encoded(&format!("[{}]", names.join(","))))
        }
    };
    Call { method: "GET", target, headers: Vec::new() }
}

/// All pairs of an answer to one of [`reference_calls`]: none where the symbol is not listed.
pub(in crate::venue) fn listings(answer: &Answer) -> Result<Vec<Listing>, DecodeError> {
    match read_all(answer) {
        Err(DecodeError::Refused { code: UNLISTED, .. }) => Ok(Vec::new()),
        told => told,
    }
}

/// All pairs of an answer to [`reference_call`].
pub(super) fn read_all(answer: &Answer) -> Result<Vec<Listing>, DecodeError> {
    let reference: Reference = body(success(Some(answer))?, "symbols")?;
    Ok(reference.symbols.into_iter().filter_map(Row::listing).collect())
}

#[derive(Deserialize)]
struct Reference {
    symbols: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    symbol: String,
    status: String,
    base_asset: String,
    quote_asset: String,
    is_spot_trading_allowed: bool,
    allowed_self_trade_prevention_modes: Option<Vec<String>>,
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
    min_notional: Option<String>,
    multiplier_up: Option<String>,
    multiplier_down: Option<String>,
    bid_multiplier_up: Option<String>,
    ask_multiplier_down: Option<String>,
}

impl Row {
    fn listing(self) -> Option<Listing> {
        let filter = |kind| self.filters.iter().find(|filter| filter.filter_type == kind);
        let (price, lot) = (filter("PRICE_FILTER")?, filter("LOT_SIZE")?);
        let price_max = read(&price.max_price, Price::parse)?;
        let filters = Filters {
            price_tick: read(&price.tick_size, Price::parse)?,
            price_min: read(&price.min_price, Price::parse)?,
            // Zero switches the bound off.
            price_max: if price_max == Price::ZERO { Price::MAX } else { price_max },
            qty_step: read(&lot.step_size, Qty::parse)?,
            qty_min: read(&lot.min_qty, Qty::parse)?,
            qty_max: read(&lot.max_qty, Qty::parse)?,
            notional_min: self.notional_min()?,
            mark_band: self.band()?,
            trading: self.takes_our_orders(),
        };
        let is_sound = Price::ZERO < filters.price_tick && Qty::ZERO < filters.qty_step;
        is_sound.then_some(Listing {
            symbol: self.symbol,
            kind: InstrumentKind::Spot,
            base: self.base_asset,
            quote: self.quote_asset.clone(),
            settle: self.quote_asset,
            filters,
        })
    }

    fn takes_our_orders(&self) -> bool {
        let allowed = self.allowed_self_trade_prevention_modes.as_ref();
        let is_ours_allowed =
            allowed.is_none_or(|modes| modes.iter().any(|mode| mode == SELF_TRADE));
        self.status == "TRADING" && self.is_spot_trading_allowed && is_ours_allowed
    }

    /// Old pairs have `MIN_NOTIONAL`, younger ones `NOTIONAL`; one that is there must be readable.
    fn notional_min(&self) -> Option<Cash> {
        let is_one =
            |filter: &&Filter| matches!(filter.filter_type.as_str(), "NOTIONAL" | "MIN_NOTIONAL");
        let mut all = self.filters.iter().filter(is_one);
        all.try_fold(Cash::ZERO, |most, filter| {
            Some(most.max(read(&filter.min_notional, Cash::parse)?))
        })
    }

    /// By side, or one for both. A filter that is there and cannot be read is no reading.
    fn band(&self) -> Option<Option<MarkBand>> {
        for filter in &self.filters {
            let (up, down) = match filter.filter_type.as_str() {
                "PERCENT_PRICE_BY_SIDE" => (&filter.bid_multiplier_up, &filter.ask_multiplier_down),
                "PERCENT_PRICE" => (&filter.multiplier_up, &filter.multiplier_down),
                _ => continue,
            };
            let (up, down) = (read(up, Qty::parse)?.units(), read(down, Qty::parse)?.units());
            let bps = |units: i64| u32::try_from(units).ok();
            // Towards the market, where the venue names more decimals than a basis point has.
            return Some(Some(MarkBand {
                up_bps: bps(up / UNITS_PER_BPS)?,
                down_bps: bps(down.saturating_add(UNITS_PER_BPS - 1) / UNITS_PER_BPS)?,
            }));
        }
        Some(None)
    }
}

/// A multiplier of 1 is 10,000 basis points.
const UNITS_PER_BPS: i64 = SCALE / 10_000;

fn read<T>(text: &Option<String>, parse: fn(&[u8]) -> Option<T>) -> Option<T> {
    parse(text.as_ref()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::binance::support::{Dice, answer};

    const REFERENCE: &str = include_str!("../../../../tests/data/binance-spot-exchange-info.json");

    fn listed(text: &str) -> Vec<Listing> {
        listings(&answer(200, text)).unwrap()
    }

    #[test]
    fn a_pair_is_what_its_filters_say() {
        let all = listed(REFERENCE);
        let btc = &all[0];
        assert_eq!((btc.symbol.as_str(), btc.kind), ("BTCUSDT", InstrumentKind::Spot));
        let assets = [btc.base.as_str(), btc.quote.as_str(), btc.settle.as_str()];
        assert_eq!(assets, ["BTC", "USDT", "USDT"]);
        let filters = btc.filters;
        assert_eq!(filters.price_tick, Price::parse(b"0.01").unwrap());
        assert_eq!(filters.qty_step, Qty::parse(b"0.00001").unwrap());
        assert_eq!(filters.notional_min, Cash::whole(5));
        assert_eq!(filters.mark_band, Some(MarkBand { up_bps: 50_000, down_bps: 2_000 }));
        assert!(filters.trading);
        let old = &all[1];
        assert_eq!((old.symbol.as_str(), old.filters.trading), ("LTCBTC", false));
        assert_eq!(old.filters.notional_min, Cash::parse(b"0.0001").unwrap());
        assert_eq!(old.filters.price_max, Price::MAX);
        assert_eq!(old.filters.mark_band, Some(MarkBand { up_bps: 13_000, down_bps: 7_000 }));
        assert_eq!(all.len(), 2, "a row without a lot is left out");
    }

    #[test]
    fn a_filter_that_is_there_must_be_readable() {
        for (from, to) in [
            ("\"minNotional\": \"5.00000000\"", "\"minNotional\": \"five\""),
            ("\"bidMultiplierUp\": \"5\"", "\"bidMultiplierUp\": \"-5\""),
            ("\"tickSize\": \"0.01000000\"", "\"tickSize\": \"0\""),
            ("\"stepSize\": \"0.00001000\"", "\"stepSize\": \"0\""),
        ] {
            let changed = REFERENCE.replacen(from, to, 1);
            assert_ne!(changed, REFERENCE, "{from}");
            assert_eq!(listed(&changed).len(), 1, "{to}");
        }
        let closed = REFERENCE.replacen("\"status\": \"TRADING\"", "\"status\": \"BREAK\"", 1);
        assert!(!listed(&closed)[0].filters.trading);
        assert!(listings(&answer(503, REFERENCE)).is_err());
    }

    #[test]
    fn a_pair_that_would_refuse_our_self_trade_prevention_is_not_traded() {
        let from = "\"allowedSelfTradePreventionModes\": [";
        let changed = |to: &str| {
            let changed = REFERENCE.replacen(from, to, 1);
            assert_ne!(changed, REFERENCE, "{to}");
            changed
        };
        let others = changed("\"allowedSelfTradePreventionModes\": [\"NONE\"], \"others\": [");
        assert!(!listed(&others)[0].filters.trading);
        let none = changed("\"allowedSelfTradePreventionModes\": [], \"others\": [");
        assert!(!listed(&none)[0].filters.trading);
        let unsaid = changed("\"others\": [");
        assert!(listed(&unsaid)[0].filters.trading, "nothing is held against it");
        let odd = changed("\"allowedSelfTradePreventionModes\": 7, \"others\": [");
        assert!(listings(&answer(200, odd)).is_err());
    }

    #[test]
    fn the_question_names_the_symbols_that_are_wanted() {
        let of = |symbols: &[&str]| {
            let symbols: Vec<String> = symbols.iter().map(|it| (*it).to_owned()).collect();
            reference_call(&symbols).target
        };
        assert_eq!(of(&[]), PATH);
        let two = "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D";
        assert_eq!(of(&["BTCUSDT", "ETHUSDT"]), two);
        let each = reference_calls(&["BTCUSDT".to_owned(), "ETHUSDT".to_owned()]);
        let asked: Vec<&str> = each.iter().map(|call| call.target.as_str()).collect();
        let one = |symbol| format!("/api/v3/exchangeInfo?symbols=%5B%22{symbol}%22%5D");
        assert_eq!(asked, [one("BTCUSDT"), one("ETHUSDT")]);
    }

    #[test]
    fn a_symbol_that_is_not_listed_is_no_failure_of_the_venue() {
        let refused =
            |code| answer(400, format!("{{\"code\":{code},\"msg\":\"Invalid symbol.\"}}"));
        assert_eq!(listings(&refused(-1121)), Ok(Vec::new()));
        assert!(listings(&refused(-1100)).is_err());
        assert!(read_all(&refused(-1121)).is_err(), "of several nobody could say which");
    }

    #[test]
    fn no_answer_makes_it_panic() {
        for broken in Dice(37).broken(REFERENCE.as_bytes(), 2_000) {
            let _ = listings(&answer(200, broken));
        }
    }
}
