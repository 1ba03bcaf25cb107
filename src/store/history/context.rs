//! What numbers in a record mean: the names that its run told the journal before it began.
//!
//! Must hold: a name that is not known is written as its number, as in `#3`, and never guessed; it
//! is kept in the database with the place in the journal, so that a history goes on anywhere.

use crate::store::record::{Record, Start};
use crate::types::{AssetId, ClientOrderId, IdPrefix, InstrumentId, StrategyId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How ids of a run begin, by its mode (`live`, `paper`, `lab`) and the name of the deployment.
pub type PrefixOf = fn(&str, &str) -> Option<IdPrefix>;

/// The names of one run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Number of the run.
    epoch: u32,
    /// What stands before every id of it; empty where that is not known.
    prefix: String,
    /// In which equity, profits and fees are told.
    currency: String,
    /// Symbols by `InstrumentId`.
    pub(super) symbols: Vec<String>,
    /// Names by `AssetId`.
    assets: Vec<String>,
    /// Names by `StrategyId`.
    strategies: Vec<String>,
    /// `live`, `paper` or `lab`; gone once the run has begun.
    mode: String,
    /// The configuration as far as it was told; gone once the run has begun.
    text: Vec<u8>,
    /// Records are missing before here, and with them perhaps a run that began.
    is_doubtful: bool,
}

impl Context {
    /// Of a run that is known by other means than its records.
    pub fn of_run(epoch: u32, prefix: &IdPrefix, currency: &str) -> Self {
        let prefix = String::from_utf8_lossy(prefix.as_bytes()).into_owned();
        Self { epoch, prefix, currency: currency.to_owned(), ..Self::default() }
    }

    /// With names in the order of their numbers.
    #[must_use]
    pub fn with_names(self, symbols: &[String], assets: &[String], strategies: &[String]) -> Self {
        let [symbols, assets, strategies] = [symbols, assets, strategies].map(<[String]>::to_vec);
        Self { symbols, assets, strategies, ..self }
    }

    /// Takes in what a record says of names. True when that was anything.
    pub(super) fn take(&mut self, record: &Record, present: &Self, prefix_of: PrefixOf) -> bool {
        if let Record::Start(start) = record {
            self.start(start);
        } else if let Record::ConfigText(chunk) = record {
            self.text.extend_from_slice(chunk.as_bytes());
        } else if let Record::Asset(name) = record {
            self.assets.push(name.as_str().to_owned());
        } else if let Record::Instrument(listed) = record {
            self.symbols.push(listed.symbol.as_str().to_owned());
        } else if let Record::Begin(_) = record {
            self.begin(prefix_of);
        } else if let Record::Carry(carried) = record {
            return self.find_again(carried.epoch, present);
        } else {
            return false;
        }
        true
    }

    /// Records are missing: until it is clear which run those behind are of, no name is known.
    pub(super) fn on_gap(&mut self) {
        let is_told = self.mode.is_empty();
        // Half of what a run told is nothing.
        self.epoch = if is_told { self.epoch } else { 0 };
        self.is_doubtful = true;
    }

    fn start(&mut self, start: &Start) {
        let mode = start.mode.as_str().to_owned();
        *self = Self { epoch: start.epoch, mode, ..Self::default() };
    }

    fn begin(&mut self, prefix_of: PrefixOf) {
        let values: BTreeMap<String, String> =
            serde_json::from_slice(&self.text).unwrap_or_default();
        let value = |key: &str| values.get(key).cloned();
        let instance = value("instance").unwrap_or_default();
        let prefix = prefix_of(&self.mode, &instance).filter(|_| !instance.is_empty());
        let prefix = prefix.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        self.prefix = prefix.unwrap_or_default();
        self.currency = value("reporting_currency").unwrap_or_default();
        let names = (0_usize..).map_while(|at| value(&format!("strategies[{at}].name")));
        self.strategies = names.collect();
        (self.mode, self.text) = (String::new(), Vec::new());
    }

    /// A segment says of which run it is.
    fn find_again(&mut self, epoch: u32, present: &Self) -> bool {
        if !self.is_doubtful {
            return false;
        }
        if epoch == present.epoch {
            *self = present.clone();
        } else if epoch != self.epoch {
            *self = Self { epoch, ..Self::default() };
        }
        self.is_doubtful = false;
        true
    }

    pub(super) fn symbol(&self, id: InstrumentId) -> String {
        self.name(&self.symbols, id.index())
    }

    pub(super) fn asset(&self, id: AssetId) -> String {
        self.name(&self.assets, id.index())
    }

    pub(super) fn strategy(&self, id: StrategyId) -> String {
        self.name(&self.strategies, id.index())
    }

    /// An id as it stands at the venue.
    pub(super) fn key(&self, id: ClientOrderId) -> String {
        match IdPrefix::new(&self.prefix).filter(|_| !self.is_doubtful) {
            Some(prefix) => {
                let mut text = Vec::new();
                prefix.write(id, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            }
            None => format!("#{id}"),
        }
    }

    /// In which profits are told.
    pub(super) fn currency(&self) -> String {
        if self.currency.is_empty() { "#0".to_owned() } else { self.currency.clone() }
    }

    fn name(&self, names: &[String], at: usize) -> String {
        let known = names.get(at).filter(|_| !self.is_doubtful);
        known.cloned().unwrap_or_else(|| format!("#{at}"))
    }
}
