//! What Spot charges this account for trades (spot sheet section 4).
//!
//! Must hold: a fee is all that is taken of a trade: what is standard, what is special and what is
//! a tax, for who rests or takes and for who buys or sells. Of the two sides the dearer one counts.
//!
//! Decision: a discount for paying in another asset is not taken off: it is granted trade by trade,
//! and only while that asset is there.

use crate::venue::binance::json::{body, rate, success};
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, Call, DecodeError, SymbolFees};
use serde::Deserialize;
use std::borrow::Cow;

/// The question after the rates of one symbol.
pub(super) fn fee_call(signer: &Signer, symbol: &str, venue_unix_ms: u64) -> Call {
    let parameters = format!("symbol={}", percent_encoded(symbol));
    signer.signed_call("GET", "/api/v3/account/commission", &parameters, venue_unix_ms)
}

/// What it is answered with.
pub(super) fn symbol_fees(answer: &Answer) -> Result<SymbolFees, DecodeError> {
    let told: Told<'_> = body(success(Some(answer))?, "commission")?;
    let all = [Some(told.standard), told.special, told.tax];
    let (mut maker_e8, mut taker_e8) = (0_i64, 0_i64);
    for rates in all.into_iter().flatten() {
        let (maker, taker) = rates.both()?;
        (maker_e8, taker_e8) = (maker_e8.saturating_add(maker), taker_e8.saturating_add(taker));
    }
    Ok(SymbolFees { symbol: told.symbol.into_owned(), maker_e8, taker_e8 })
}

/// Rates of one kind.
#[derive(Deserialize)]
pub(super) struct Rates<'a> {
    maker: &'a str,
    taker: &'a str,
    buyer: &'a str,
    seller: &'a str,
}

impl Rates<'_> {
    /// Of an order that rested and of one that took, in 1e-8 of the notional.
    pub(super) fn both(&self) -> Result<(i64, i64), DecodeError> {
        let read = |text: &str| rate(text).ok_or(DecodeError::Field("commissionRates"));
        let side = read(self.buyer)?.max(read(self.seller)?);
        Ok((read(self.maker)?.saturating_add(side), read(self.taker)?.saturating_add(side)))
    }
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(rename = "standardCommission", borrow)]
    standard: Rates<'a>,
    #[serde(rename = "specialCommission", borrow)]
    special: Option<Rates<'a>>,
    #[serde(rename = "taxCommission", borrow)]
    tax: Option<Rates<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::binance::support::{Dice, answer, credentials, spot_sample};

    const TOLD: &str = r#"{"symbol":"BTCUSDT",
        "standardCommission":{"maker":"0.001","taker":"0.002","buyer":"0.0001","seller":"0"},
        "specialCommission":{"maker":"-0.0005","taker":"0","buyer":"0","seller":"0"},
        "taxCommission":{"maker":"0.0001","taker":"0.0001","buyer":"0","seller":"0.0002"}}"#;

    #[test]
    fn all_that_is_taken_counts_and_of_two_sides_the_dearer_one() {
        let fees = symbol_fees(&answer(200, TOLD)).unwrap();
        assert_eq!(
            (fees.symbol.as_str(), fees.maker_e8, fees.taker_e8),
            ("BTCUSDT", 90_000, 240_000)
        );
        let call = fee_call(&Signer::new(&credentials(), 5_000), "BTCUSDT", 7);
        assert!(call.target.starts_with("/api/v3/account/commission?symbol=BTCUSDT&recvWindow="));
    }

    #[test]
    fn what_cannot_be_read_whole_is_not_known() {
        for (from, to) in [("\"0.001\"", "0.001"), ("\"0.002\"", "\"2\""), ("buyer", "byer")] {
            assert!(symbol_fees(&answer(200, TOLD.replacen(from, to, 1))).is_err(), "{to}");
        }
        assert!(symbol_fees(&answer(503, TOLD)).is_err());
        for broken in Dice(29).broken(TOLD.as_bytes(), 1_000) {
            let _ = symbol_fees(&answer(200, broken));
        }
    }

    #[test]
    fn the_sample_of_the_venue_is_read() {
        let Some(sample) = spot_sample("rest_api__test_account_api", "account_commission") else {
            return;
        };
        symbol_fees(&answer(200, sample.to_string())).unwrap();
    }
}
