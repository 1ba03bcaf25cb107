//! The positions that the account held when the last run ended: what a reset of the kill switch
//! without an engine holds the venue's word against (D3).
//!
//! Must hold: it is there only after a run that ended in order on a proven account; a run that
//! begins takes it away, so that a crash leaves none.

use super::StoreError;
use super::atomic::{self, Stored, sync_folder};
use crate::types::Qty;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const NEXT: &str = "start the engine: it reads the account itself, and comes up KILLED";

/// One position.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastPosition {
    /// The venue's spelling.
    pub symbol: String,
    /// Signed.
    pub qty: Qty,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    symbol: String,
    /// Exact decimal text.
    qty: String,
}

/// Keeps them; returns when they are on disk.
pub fn write(state_folder: &Path, positions: &[LastPosition]) -> Result<(), StoreError> {
    let written = positions
        .iter()
        .map(|held| Written { symbol: held.symbol.clone(), qty: held.qty.to_string() });
    atomic::write(&path(state_folder), &written.collect::<Vec<_>>())
}

/// Takes them away; returns when that is on disk.
pub fn forget(state_folder: &Path) -> Result<(), StoreError> {
    let path = path(state_folder);
    match fs::remove_file(&path) {
        Ok(()) => sync_folder(state_folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io("remove", &path)(error)),
    }
}

/// What the last run left.
pub fn read(state_folder: &Path) -> Stored<Vec<LastPosition>> {
    let path = path(state_folder);
    let written: Vec<Written> = match atomic::read(&path, NEXT) {
        Stored::Good(written) => written,
        Stored::Missing => return Stored::Missing,
        Stored::Damaged(error) => return Stored::Damaged(error),
    };
    let position = |Written { symbol, qty }| match Qty::parse(qty.as_bytes()) {
        Some(qty) => Ok(LastPosition { symbol, qty }),
        None => Err(format!("`{qty}` is no quantity")),
    };
    match written.into_iter().map(position).collect() {
        Ok(positions) => Stored::Good(positions),
        Err(what) => Stored::Damaged(StoreError::Damaged { path, what, next: NEXT }),
    }
}

fn path(state_folder: &Path) -> PathBuf {
    state_folder.join("last_account.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        let qty = |units| Qty::from_units(units);
        let held = [("BTCUSDT", qty(-1)), ("ETHUSDT", Qty::ZERO), ("SOLUSDT", Qty::MAX)]
            .map(|(symbol, qty)| LastPosition { symbol: symbol.to_owned(), qty });
        write(folder.path(), &held).unwrap();
        assert!(matches!(read(folder.path()), Stored::Good(found) if found == held));
        forget(folder.path()).unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        forget(folder.path()).unwrap();
    }

    #[test]
    fn what_is_not_ours_is_damage_and_not_flat() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "[]").unwrap();
        assert!(matches!(read(folder.path()), Stored::Damaged(_)));
        let odd = [Written { symbol: "BTCUSDT".to_owned(), qty: "some".to_owned() }];
        atomic::write(&path(folder.path()), &odd).unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("it is read") };
        assert!(error.to_string().contains("`some`"));
    }
}
