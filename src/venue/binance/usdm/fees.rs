//! What the venue charges this account for trades of each symbol (`commissionRate`, weight 20): one
//! symbol with each reading of the account, in turn.
//!
//! Must hold: a rate is what the venue said of the symbol that the answer itself names; what cannot
//! be read is not known, never guessed, and does not keep the rest of a reading from counting.
//!
//! Decision: one symbol a reading, always, and in a place of its own among the answers. All symbols
//! at once would be up to 1,280 of the 2,400 request weights a minute, and a question that is
//! sometimes left out could not be told from the tiers' after it failed.

use crate::types::{AccountSnapshot, FeeRates};
use crate::venue::binance::json::{body, rate, success};
use crate::venue::binance::names::Names;
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, Call, DecodeError, SymbolFees};
use serde::Deserialize;
use std::borrow::Cow;

/// What is known, in the order of the symbols of [`Names`], and whose turn it is.
#[derive(Debug)]
pub(super) struct Fees {
    known: Vec<Option<FeeRates>>,
    turn: usize,
}

impl Fees {
    pub(super) fn new(names: &Names) -> Self {
        Self { known: vec![None; names.symbols().len()], turn: 0 }
    }

    /// The question that goes with the next reading; none without symbols.
    pub(super) fn call(&self, names: &Names, signer: &Signer, venue_unix_ms: u64) -> Option<Call> {
        let (symbol, _) = names.symbols().get(self.turn)?;
        Some(fee_call(signer, symbol, venue_unix_ms))
    }

    /// The answer to [`Self::call`].
    pub(super) fn on_read(&mut self, names: &Names, answer: Option<&Answer>) {
        match read(names, answer) {
            Ok((place, rates)) => {
                if let Some(known) = self.known.get_mut(place) {
                    *known = Some(rates);
                }
            }
            Err(_) => {
                if let Some(known) = self.known.get_mut(self.turn) {
                    *known = None;
                }
            }
        }
        self.turn = (self.turn + 1) % self.known.len().max(1);
    }

    /// Adds them to a reading.
    pub(super) fn complete(&self, snapshot: &mut AccountSnapshot) {
        if let Some(margin) = &mut snapshot.margin {
            margin.fees = self.known.iter().flatten().copied().collect();
        }
    }
}

/// The question after the rates of one symbol.
pub(super) fn fee_call(signer: &Signer, symbol: &str, venue_unix_ms: u64) -> Call {
    let parameters = format!("symbol={}", percent_encoded(symbol));
    signer.signed_call("GET", "/fapi/v1/commissionRate", &parameters, venue_unix_ms)
}

/// What it is answered with.
pub(super) fn symbol_fees(answer: Option<&Answer>) -> Result<SymbolFees, DecodeError> {
    let told: Told<'_> = body(success(answer)?, "commissionRate")?;
    let (maker_e8, taker_e8) =
        (told_rate(told.maker_commission_rate)?, told_rate(told.taker_commission_rate)?);
    Ok(SymbolFees { symbol: told.symbol.into_owned(), maker_e8, taker_e8 })
}

fn read(names: &Names, answer: Option<&Answer>) -> Result<(usize, FeeRates), DecodeError> {
    let SymbolFees { symbol, maker_e8, taker_e8 } = symbol_fees(answer)?;
    let place = names.place(symbol.as_bytes()).ok_or(DecodeError::Field("symbol"))?;
    let (_, instrument) = names.symbols().get(place).ok_or(DecodeError::Field("symbol"))?;
    Ok((place, FeeRates { instrument: *instrument, maker_e8, taker_e8 }))
}

fn told_rate(text: &str) -> Result<i64, DecodeError> {
    rate(text).ok_or(DecodeError::Field("commissionRate"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    maker_commission_rate: &'a str,
    taker_commission_rate: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::InstrumentId;
    use crate::venue::binance::support::{Dice, answer, credentials, directory};

    const RATES: &str = include_str!("../../../../tests/data/binance-usdm-commission-rate.json");

    fn names() -> Names {
        Names::new(&directory(&["ETHUSDT", "BTCUSDT"]))
    }

    fn asked(fees: &Fees, names: &Names) -> String {
        let call = fees.call(names, &Signer::new(&credentials(), 5_000), 7).unwrap();
        call.target.split('&').next().unwrap().to_owned()
    }

    #[test]
    fn the_rates_of_a_symbol_are_read_with_their_signs() {
        let (place, rates) = read(&names(), Some(&answer(200, RATES))).unwrap();
        assert_eq!((place, rates.instrument), (0, InstrumentId(1)));
        assert_eq!((rates.maker_e8, rates.taker_e8), (20_000, 40_000));
        let rebate = RATES.replacen("0.0002", "-0.00005", 1);
        let (_, rates) = read(&names(), Some(&answer(200, rebate))).unwrap();
        assert_eq!(rates.maker_e8, -5_000);
    }

    #[test]
    fn what_cannot_be_read_whole_is_not_known() {
        for (from, to) in [
            ("BTCUSDT", "DOGEUSDT"),
            ("\"0.0002\"", "0.0002"),
            ("\"0.0004\"", "\"\""),
            ("\"0.0004\"", "\"1\""),
            ("\"0.0004\"", "\"-1\""),
            ("\"0.0004\"", "\"NaN\""),
            ("takerCommissionRate", "taker"),
        ] {
            let changed = RATES.replacen(from, to, 1);
            assert_ne!(changed, RATES, "{from}");
            assert!(read(&names(), Some(&answer(200, changed))).is_err(), "{to}");
        }
        assert!(read(&names(), Some(&answer(503, RATES))).is_err());
        assert!(read(&names(), None).is_err());
    }

    #[test]
    fn each_symbol_has_its_turn_and_one_that_fails_is_not_known_any_more() {
        let names = names();
        let mut fees = Fees::new(&names);
        let path = |symbol: &str| format!("/fapi/v1/commissionRate?symbol={symbol}");
        assert_eq!(asked(&fees, &names), path("BTCUSDT"));
        fees.on_read(&names, Some(&answer(200, RATES)));
        assert_eq!(asked(&fees, &names), path("ETHUSDT"));
        fees.on_read(&names, Some(&answer(200, RATES.replacen("BTC", "ETH", 1))));
        assert!(fees.known.iter().all(Option::is_some));
        assert_eq!(asked(&fees, &names), path("BTCUSDT"));
        fees.on_read(&names, Some(&answer(500, "{}")));
        assert_eq!(fees.known.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn no_answer_makes_it_panic() {
        for broken in Dice(29).broken(RATES.as_bytes(), 2_000) {
            let _ = read(&names(), Some(&answer(200, broken)));
        }
    }
}
