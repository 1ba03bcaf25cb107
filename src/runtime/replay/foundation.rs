//! What a run tells its journal before the first input, and a core built from it.
//!
//! Must hold: who reads it needs nothing but the journal and the strategies' code; what is missing
//! is said, and no default stands in for it.

use crate::config::{Config, RebuildError, rebuild};
use crate::core::{Core, Registry, Restored};
use crate::ops::Names;
use crate::runtime::assemble::{AssembleError, Universe};
use crate::store::{Chunk, Journal, ListedInstrument, Record, Start, StoreError, TakenOver};
use crate::types::{Instrument, Stamp, Text};
use std::collections::{BTreeMap, BTreeSet};

/// Tells the journal what the core of this run is built from.
pub(in crate::runtime) fn record(
    journal: &mut Journal,
    at: Stamp,
    config: &Config,
    universe: &Universe,
    restored: &Restored,
) -> Result<(), StoreError> {
    // A map of texts always has its JSON.
    let text = serde_json::to_string(&config.values).unwrap_or_default();
    let chunks = Chunk::all(&text).map(Record::ConfigText);
    let assets = universe.assets.iter().map(|name| Record::Asset(Text::new(name)));
    let instruments = universe.instruments.iter();
    let instruments = instruments.map(|it| Record::Instrument(ListedInstrument::from(it)));
    let taken_over = TakenOver::all(restored).map(Record::TakenOver);
    let begin = Record::Begin(config.journal.market_data);
    for record in chunks.chain(assets).chain(instruments).chain(taken_over).chain([begin]) {
        journal.append(at, &record)?;
    }
    Ok(())
}

/// What a run told so far.
#[derive(Debug, Default)]
pub(super) struct Foundation {
    text: Vec<u8>,
    assets: Vec<String>,
    instruments: Vec<Instrument>,
    restored: Restored,
}

/// A core as a run began with it.
pub(super) struct Beginning {
    pub(super) core: Core,
    pub(super) names: Names,
    pub(super) config: Config,
    /// Keys whose values are others than those of the configuration that was given.
    pub(super) changed: Vec<String>,
}

/// Why no core can be built.
#[derive(Debug, thiserror::Error)]
pub(super) enum FoundationError {
    #[error("the configuration that it began with is not in the journal")]
    NoConfiguration,
    #[error("the configuration that it began with is none to this program: {0}")]
    Configuration(#[from] RebuildError),
    #[error(transparent)]
    Assemble(#[from] AssembleError),
}

impl Foundation {
    /// Takes what belongs here; the rest is passed by.
    pub(super) fn take(&mut self, record: &Record) {
        if let Record::ConfigText(chunk) = record {
            self.text.extend_from_slice(chunk.as_bytes());
        } else if let Record::Asset(name) = record {
            self.assets.push(name.as_str().to_owned());
        } else if let Record::Instrument(listed) = record {
            self.instruments.push(listed.into());
        } else if let Record::TakenOver(part) = record {
            part.give_back(&mut self.restored);
        }
    }

    /// The core. `given` is taken where it is the same configuration, else the recorded one.
    pub(super) fn build(
        self,
        start: &Start,
        given: &Config,
        registry: &Registry,
    ) -> Result<Beginning, FoundationError> {
        let hash = start.config_hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let values: Result<BTreeMap<String, String>, _> = serde_json::from_slice(&self.text);
        let values = values.map_err(|_| FoundationError::NoConfiguration)?;
        let config = match hash == given.hash {
            true => given.clone(),
            false => rebuild(&values, &hash, registry)?,
        };
        let universe = Universe::known(self.instruments, self.assets, &config.reporting_currency);
        let names = universe.names(&config);
        let core = Core::new(universe.setup(&config, registry, start.epoch, self.restored)?);
        Ok(Beginning { core, names, changed: changed(&values, &given.values), config })
    }
}

/// Keys whose values differ, with both.
fn changed(recorded: &BTreeMap<String, String>, given: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = recorded.keys().chain(given.keys()).collect();
    let pairs = keys.into_iter().map(|key| (key, recorded.get(key), given.get(key)));
    let differing = pairs.filter(|(_, recorded, given)| recorded != given);
    let word = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
    differing
        .map(|(key, old, new)| format!("{key}: recorded {}, given {}", word(old), word(new)))
        .collect()
}
