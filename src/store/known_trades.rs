//! Up to which trade of each instrument all are known, by symbol: the next run asks the venue from
//! there.
//!
//! Must hold: a number is kept only after every trade up to it is in the journal.
//!
//! Decision: a file that cannot be read is no reason to stop. Positions come from a reading of the
//! account; what is lost is the list of what traded while nobody looked, and that is said.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "known_trades.json";

const NEXT: &str = "delete it: the next start begins with the newest trade of each instrument";

/// The last known trade by symbol.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KnownTrades(BTreeMap<String, u64>);

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    known: BTreeMap<String, u64>,
}

impl KnownTrades {
    /// All are known up to that one.
    pub fn keep(&mut self, symbol: &str, through_id: u64) {
        self.0.insert(symbol.to_owned(), through_id);
    }

    /// The last known trade of a symbol.
    pub fn of(&self, symbol: &str) -> Option<u64> {
        self.0.get(symbol).copied()
    }

    /// All of them, by symbol.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(symbol, id)| (symbol.as_str(), *id))
    }

    /// Keeps them; returns when they are on disk.
    pub fn write(&self, state_folder: &Path) -> Result<(), StoreError> {
        atomic::write(&state_folder.join(FILE), &Written { known: self.0.clone() })
    }

    /// What the last run kept; nothing at the first start.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is a file that says nothing.
    pub fn read(state_folder: &Path) -> Result<Self, StoreError> {
        match atomic::read::<Written>(&state_folder.join(FILE), NEXT) {
            Stored::Missing => Ok(Self::default()),
            Stored::Damaged(error) => Err(error),
            Stored::Good(written) => Ok(Self(written.known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_kept_is_read_by_the_next_run_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(KnownTrades::read(folder.path()).unwrap(), KnownTrades::default());
        let mut known = KnownTrades::default();
        known.keep("BTCUSDT", 7);
        known.keep("BTCUSDT", 9);
        known.write(folder.path()).unwrap();
        let read = KnownTrades::read(folder.path()).unwrap();
        assert_eq!((read.of("BTCUSDT"), read.of("ETHUSDT")), (Some(9), None));
        fs::write(folder.path().join(FILE), b"{").unwrap();
        let error = KnownTrades::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains("known_trades.json"), "{error}");
    }
}
