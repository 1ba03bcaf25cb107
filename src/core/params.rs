//! Settings of a strategy, as the configuration gives them: plain values by name.
//!
//! A constructor takes what it knows; what is left over is an unknown key, and the configuration
//! names its line. Must hold: a missing or ill-typed value is a fault, never a default, unless the
//! strategy itself gives one.

use crate::types::{Price, Qty, SCALE};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A number.
    Number(Decimal),
    /// Words.
    Text(String),
    /// True or false.
    Flag(bool),
}

/// What is wrong with one setting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParamFault {
    /// Its name.
    pub key: String,
    /// What is wrong, as half a sentence: "must be above zero".
    pub what: String,
}

impl fmt::Display for ParamFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.key, self.what)
    }
}

/// The settings of one strategy, taken one by one.
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: BTreeMap<String, Param>,
    faults: Vec<ParamFault>,
}

impl Params {
    /// From what the configuration wrote.
    pub fn new(values: BTreeMap<String, Param>) -> Self {
        Self { values, faults: Vec::new() }
    }

    /// A positive quantity.
    pub fn qty(&mut self, key: &str) -> Qty {
        self.number(key).and_then(Qty::from_decimal).filter(|qty| Qty::ZERO < *qty).unwrap_or_else(
            || {
                self.fault(key, "must be a quantity above zero with at most 8 decimals");
                Qty::ZERO
            },
        )
    }

    /// A positive price or distance between prices.
    pub fn price(&mut self, key: &str) -> Price {
        self.number(key)
            .and_then(Price::from_decimal)
            .filter(|it| Price::ZERO < *it)
            .unwrap_or_else(|| {
                self.fault(key, "must be a price above zero with at most 8 decimals");
                Price::ZERO
            })
    }

    /// A whole number within `range`, both ends included.
    pub fn whole(&mut self, key: &str, range: std::ops::RangeInclusive<u32>) -> u32 {
        let number = self.number(key).filter(Decimal::is_integer);
        let whole = number.and_then(|number| u32::try_from(number).ok());
        whole.filter(|whole| range.contains(whole)).unwrap_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.fault(key, &format!("must be a whole number from {low} to {high}"));
            *low
        })
    }

    /// A number within `range` in millionths, both ends included: for weights and factors.
    pub fn millionths(&mut self, key: &str, range: std::ops::RangeInclusive<u32>) -> u32 {
        let scaled =
            self.number(key).and_then(Qty::from_decimal).map(|it| it.units() / (SCALE / 1_000_000));
        let scaled = scaled.and_then(|scaled| u32::try_from(scaled).ok());
        scaled.filter(|scaled| range.contains(scaled)).unwrap_or_else(|| {
            let [low, high] =
                [range.start(), range.end()].map(|end| Decimal::new((*end).into(), 6));
            self.fault(
                key,
                &format!("must be a number from {} to {}", low.normalize(), high.normalize()),
            );
            *range.start()
        })
    }

    /// All that is wrong, unknown keys included; the strategy may be built only if it is nothing.
    pub fn finish(mut self) -> Result<(), Vec<ParamFault>> {
        let unknown = std::mem::take(&mut self.values);
        for key in unknown.keys() {
            self.fault(key, "is not a setting of this strategy");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    /// Says that a relation between settings does not hold.
    pub fn fault(&mut self, key: &str, what: &str) {
        if !self.faults.iter().any(|fault| fault.key == key) {
            self.faults.push(ParamFault { key: key.to_owned(), what: what.to_owned() });
        }
    }

    fn number(&mut self, key: &str) -> Option<Decimal> {
        match self.values.remove(key) {
            Some(Param::Number(number)) => Some(number),
            Some(Param::Text(_) | Param::Flag(_)) => {
                self.fault(key, "must be a number");
                None
            }
            None => {
                self.fault(key, "is missing");
                None
            }
        }
    }
}
