//! The tiers of margin of each symbol: read with the first reading of the account, kept, and read
//! again now and then (`leverageBracket`, weight 1 a symbol).
//!
//! Must hold: tiers that cannot be read are not known, never guessed, and do not keep the rest of a
//! reading from counting: positions are managed without them (SAFETY E3).
//!
//! Decision: what a size needs is made of floors and rates; the venue's `cum` is the same number,
//! ready made, and one more that could contradict the others. A `notionalCoef` above one (a user
//! whose tiers are wider) is passed over: narrower tiers ask for more. One below one is refused.

use crate::types::{AccountSnapshot, Cash, InstrumentId, MarginTier, MarginTiers, PPM, Qty, SCALE};
use crate::venue::binance::json::{body, success};
use crate::venue::binance::names::Names;
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, Call, DecodeError};
use serde::Deserialize;
use serde_json::Number;

/// Readings of the account between two of all tiers: some twenty minutes to an hour of the shipped
/// intervals. The venue announces changes days before.
const READINGS: u32 = 120;

/// What is known, in the order of the symbols of [`Names`].
#[derive(Debug)]
pub(super) struct Tiers {
    known: Vec<(InstrumentId, Option<MarginTiers>)>,
    readings: u32,
}

impl Tiers {
    pub(super) fn new(names: &Names) -> Self {
        let none = |(_, instrument): &(String, InstrumentId)| (*instrument, None);
        Self { known: names.symbols().iter().map(none).collect(), readings: 0 }
    }

    /// What must be asked with the next reading: nothing, most of the time.
    pub(super) fn calls(&self, names: &Names, signer: &Signer, venue_unix_ms: u64) -> Vec<Call> {
        let due = self.known.iter().any(|(_, tiers)| tiers.is_none()) || READINGS <= self.readings;
        let call = |(symbol, _): &(String, InstrumentId)| {
            let parameters = format!("symbol={}", percent_encoded(symbol));
            signer.signed_call("GET", "/fapi/v1/leverageBracket", &parameters, venue_unix_ms)
        };
        let symbols = names.symbols().iter().filter(|_| due);
        symbols.map(call).collect()
    }

    /// The answers to [`Self::calls`], or none, with one more reading of the account.
    pub(super) fn on_read(&mut self, answers: &[Answer]) {
        self.readings = self.readings.saturating_add(1);
        if answers.len() != self.known.len() {
            return;
        }
        self.readings = 0;
        for ((_, known), answer) in self.known.iter_mut().zip(answers) {
            *known = read(answer).ok();
        }
    }

    /// Adds them to a reading.
    pub(super) fn complete(&self, snapshot: &mut AccountSnapshot) {
        let rows = snapshot.margin.iter_mut().flat_map(|margin| &mut margin.instruments);
        for row in rows {
            let known = self.known.iter().find(|(instrument, _)| *instrument == row.instrument);
            row.tiers = known.and_then(|(_, tiers)| *tiers);
        }
    }
}

/// One symbol's, as an object or as a list of one: the venue's page shows both.
fn read(answer: &Answer) -> Result<MarginTiers, DecodeError> {
    let told: Told = body(success(Some(answer))?, "leverageBracket")?;
    let symbol = match told {
        Told::One(symbol) => symbol,
        Told::Many([symbol]) => symbol,
    };
    let is_narrower = match &symbol.notional_coef {
        Some(factor) => scaled(factor, SCALE.into()).is_none_or(|factor| factor < SCALE.into()),
        None => false,
    };
    let tiers: Option<Vec<MarginTier>> = symbol.brackets.iter().map(Bracket::tier).collect();
    let tiers = tiers.filter(|_| !is_narrower).and_then(|mut tiers| {
        tiers.sort_by_key(|tier| tier.notional_max);
        MarginTiers::new(&tiers)
    });
    tiers.ok_or(DecodeError::Field("brackets"))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    One(Symbol),
    Many([Symbol; 1]),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol {
    notional_coef: Option<Number>,
    brackets: Vec<Bracket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bracket {
    initial_leverage: u32,
    notional_cap: Number,
    maint_margin_ratio: Number,
}

impl Bracket {
    fn tier(&self) -> Option<MarginTier> {
        Some(MarginTier {
            notional_max: Cash::parse(self.notional_cap.to_string().as_bytes())?,
            maintenance_ppm: u32::try_from(scaled(&self.maint_margin_ratio, PPM)?).ok()?,
            leverage_max: self.initial_leverage,
        })
    }
}

/// A number in parts of one, rounded up; `None` below zero.
fn scaled(number: &Number, parts: i128) -> Option<i128> {
    let units = i128::from(Qty::parse(number.to_string().as_bytes())?.units());
    let wide = units.checked_mul(parts)?.checked_add(i128::from(SCALE) - 1)?;
    (0 <= units).then_some(wide / i128::from(SCALE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AccountMargin, InstrumentMargin, MarginMode, QueryToken, VenueId};
    use crate::venue::binance::support::{Dice, answer, credentials, directory};

    const BRACKETS: &str =
        include_str!("../../../../tests/data/binance-usdm-leverage-bracket.json");

    fn tiers() -> (Tiers, Names) {
        let names = Names::new(&directory(&["ETHUSDT", "BTCUSDT"]));
        (Tiers::new(&names), names)
    }

    fn paths(tiers: &Tiers, names: &Names) -> Vec<String> {
        let calls = tiers.calls(names, &Signer::new(&credentials(), 5_000), 7);
        calls.into_iter().map(|call| call.target.split('&').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn tiers_are_read_from_an_object_and_from_a_list() {
        let list = format!("[{BRACKETS}]");
        for body in [BRACKETS, &list] {
            let tiers = read(&answer(200, body)).unwrap();
            let rates: Vec<_> = tiers.as_slice().iter().map(|it| it.maintenance_ppm).collect();
            assert_eq!(rates, [6_500, 10_000]);
            let first = tiers.as_slice()[0];
            assert_eq!((first.notional_max, first.leverage_max), (Cash::whole(10_000), 75));
        }
    }

    #[test]
    fn what_cannot_be_read_whole_is_not_known() {
        for (from, to) in [
            ("0.0065", "\"0.0065\""),
            ("0.0065", "-0.0065"),
            ("0.0065", "0.02"),
            ("\"initialLeverage\": 75", "\"initialLeverage\": 0"),
            ("\"notionalCap\": 10000", "\"notionalCap\": 1e400"),
            ("\"notionalCoef\": 1.50", "\"notionalCoef\": 0.99"),
            ("\"brackets\"", "\"steps\""),
        ] {
            let changed = BRACKETS.replacen(from, to, 1);
            assert_ne!(changed, BRACKETS, "{from}");
            assert!(read(&answer(200, changed)).is_err(), "{to}");
        }
        assert!(read(&answer(503, BRACKETS)).is_err());
        let two = format!("[{BRACKETS},{BRACKETS}]");
        assert!(read(&answer(200, two)).is_err());
    }

    #[test]
    fn they_are_asked_for_until_known_and_then_now_and_then() {
        let (mut tiers, names) = tiers();
        let all = ["BTCUSDT", "ETHUSDT"].map(|it| format!("/fapi/v1/leverageBracket?symbol={it}"));
        assert_eq!(paths(&tiers, &names), all);
        tiers.on_read(&[answer(200, BRACKETS), answer(500, "{}")]);
        assert_eq!(paths(&tiers, &names), all, "one of them is not known");
        tiers.on_read(&[answer(200, BRACKETS), answer(200, BRACKETS)]);
        for _ in 0..READINGS {
            assert_eq!(paths(&tiers, &names), [""; 0]);
            tiers.on_read(&[]);
        }
        assert_eq!(paths(&tiers, &names), all);
    }

    #[test]
    fn a_reading_has_those_of_its_instruments() {
        let (mut tiers, _) = tiers();
        tiers.on_read(&[answer(200, BRACKETS), answer(500, "{}")]);
        let row = |instrument| InstrumentMargin {
            instrument,
            leverage: 20,
            mode: MarginMode::Cross,
            tiers: None,
        };
        let (eth, btc) = (InstrumentId(0), InstrumentId(1));
        let margin =
            AccountMargin { instruments: vec![row(eth), row(btc)], ..AccountMargin::default() };
        let mut snapshot = AccountSnapshot {
            venue: VenueId(0),
            token: QueryToken(1),
            balances: Vec::new(),
            has_unnamed_assets: false,
            positions: Vec::new(),
            unnamed_positions: 0,
            open_orders: Vec::new(),
            margin: Some(margin),
        };
        tiers.complete(&mut snapshot);
        let known: Vec<_> =
            snapshot.margin.unwrap().instruments.iter().map(|row| row.tiers.is_some()).collect();
        assert_eq!(known, [false, true]);
    }

    #[test]
    fn no_answer_makes_it_panic() {
        let broken = Dice(23).broken(BRACKETS.as_bytes(), 2_000);
        let read = broken.into_iter().filter(|it| read(&answer(200, it.clone())).is_ok());
        assert!(read.count() < 3_000);
    }
}
