//! Configuration: one YAML file per deployment, read once, checked completely, then handed out in
//! parts.
//!
//! Must hold: an unknown key, a wrong type, a missing safety number or a broken relation is a
//! fault; all faults are reported at once with file, line and column; no safety number has a
//! default; a secret is never printed.
//!
//! The way of a file: `source` (bytes to plain text) → `yaml` (text to a tree with places) →
//! `walk` (the tree against the one `table` of keys, variables filled in by `interpolate`) →
//! `values` → `relations` and `build` → [`Config`]. The JSON Schema and `config show` come from the
//! same table and values.
//!
//! Decision: no derive of serde. It stops at the first fault, knows neither column nor origin, and
//! a second description of the same keys for schema and documentation would drift from it.

mod accounts;
mod address;
mod build;
mod build_appetite;
mod build_hedges;
mod build_limits;
mod build_strategies;
mod build_venue;
mod build_windows;
mod checked;
mod fault;
mod interpolate;
mod keys;
mod kinds;
mod rebuild;
mod relations;
mod scalar;
mod schema;
mod secret;
mod source;
mod table;
mod values;
mod walk;
mod yaml;

#[cfg(test)]
mod address_tests;
#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod protection_tests;
#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
mod tests;

pub use accounts::{ExchangeAccount, check_accounts, load_accounts};
pub use address::rest_address;
pub use build_windows::unix_seconds;
pub use checked::{
    Access, AttestationPolicy, BackupFeed, BackupRules, Config, DeadManConfig, DeadManOff,
    Endpoint, ExchangeConfig, Folders, HistoryConfig, InitialState, InstrumentConfig,
    JournalConfig, LogConfig, LogFormat, MarketSource, Pins, RuntimeConfig, Secret, StrategyConfig,
    TradingMode, VenueConfig, Wait,
};
pub use fault::{Fault, FaultKind, Faults, Place};
pub use interpolate::Lookup;
pub use rebuild::{RebuildError, rebuild};
pub use schema::schema;
pub use secret::{SecretFault, credentials};

use crate::core::Registry;
use fault::Collector;
use keys::Kind;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use values::Values;

/// A configuration that was read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the program works with.
    pub config: Config,
    values: Values,
}

impl Loaded {
    /// Every value with where it came from, one a line, secrets as `***`.
    pub fn show(&self) -> String {
        self.values.show(&self.config.path)
    }

    /// Every value by its path in its one spelling, secrets left out: what the hash is taken of.
    pub fn plain_values(&self) -> BTreeMap<String, String> {
        self.values.plain()
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read at all.
    #[error("{path}: {source}{hint}", path = .path.display(), hint = hint(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was read, and this is wrong with it.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

fn hint(source: &std::io::Error) -> &'static str {
    let is_missing = source.kind() == std::io::ErrorKind::NotFound;
    if is_missing { "; write one with `engine init`" } else { "" }
}

impl ConfigError {
    /// True when nothing but keys, variables and permissions are at fault (exit 77 and not 78).
    pub fn is_access_only(&self) -> bool {
        match self {
            Self::Unreadable { .. } => false,
            Self::Faulty(faults) => faults.are_access_only(),
        }
    }
}

/// Reads and checks `path`. `registry` knows the strategies, `lookup` the variables.
pub fn load(path: &Path, registry: &Registry, lookup: Lookup<'_>) -> Result<Loaded, ConfigError> {
    let bytes = source::open(path).and_then(|file| source::read(file, source::FILE_BYTES_MAX));
    let bytes =
        bytes.map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    Ok(check(path, &bytes, registry, lookup)?)
}

/// The variables of this process.
pub fn process_environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Checks `bytes` as if they had been read from `path`.
pub fn check(
    path: &Path,
    bytes: &[u8],
    registry: &Registry,
    lookup: Lookup<'_>,
) -> Result<Loaded, Faults> {
    let mut faults = Collector::default();
    let node = source::text(bytes, &mut faults).and_then(|text| yaml::parse(text, &mut faults));
    let (mut values, mut config) = (Values::default(), None);
    if let Some(node) = node {
        let mut walk = walk::Walk { lookup, faults: &mut faults, values };
        walk.file(&node);
        values = walk.values;
        relations::check(&values, &mut faults);
        config = build::config(path, &values, registry, lookup, &mut faults);
    }
    faults.finish(path.to_owned())?;
    let unbuilt = || Faults::unexplained(path.to_owned());
    config.map(|config| Loaded { config, values }).ok_or_else(unbuilt)
}
