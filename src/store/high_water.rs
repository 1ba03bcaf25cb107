//! The high-water mark of equity, kept beside the journal.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::core::HighWater;
use crate::types::Cash;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const NEXT: &str = "start, check the equity, and reset with `--new-baseline`";

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// Exact decimal text: JSON has no integer of this width.
    peak: String,
}

/// Keeps the mark; returns when it is on disk.
pub fn write(state_folder: &Path, mark: HighWater) -> Result<(), StoreError> {
    atomic::write(&path(state_folder), &Mark { peak: mark.peak.to_string() })
}

/// The mark that binds after a restart: the higher one of the file and the journal. `None` when
/// neither knows one. An error means that it is not known: the caller latches.
///
/// Decision: the higher one. They differ only when the process died between the record and the
/// file; the higher mark can only stop too early, and a reset with a new baseline mends that.
pub fn restore(
    state_folder: &Path,
    journal: Option<HighWater>,
) -> Result<Option<HighWater>, StoreError> {
    let path = path(state_folder);
    let file = match atomic::read::<Mark>(&path, NEXT) {
        Stored::Missing => return Ok(journal),
        Stored::Damaged(_) if journal.is_some() => return Ok(journal),
        Stored::Damaged(error) => return Err(error),
        Stored::Good(mark) => mark,
    };
    let Some(peak) = Cash::parse(file.peak.as_bytes()) else {
        let what = format!("`{}` is no amount", file.peak);
        return Err(StoreError::Damaged { path, what, next: NEXT });
    };
    Ok(Some(HighWater { peak: journal.map_or(peak, |mark| mark.peak.max(peak)) }))
}

fn path(state_folder: &Path) -> PathBuf {
    state_folder.join("high_water.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn mark(whole: i32) -> HighWater {
        HighWater { peak: Cash::whole(whole) }
    }

    #[test]
    fn the_higher_mark_binds() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(restore(folder.path(), None).unwrap(), None);
        assert_eq!(restore(folder.path(), Some(mark(1))).unwrap(), Some(mark(1)));
        write(folder.path(), mark(5)).unwrap();
        assert_eq!(restore(folder.path(), None).unwrap(), Some(mark(5)));
        assert_eq!(restore(folder.path(), Some(mark(4))).unwrap(), Some(mark(5)));
        assert_eq!(restore(folder.path(), Some(mark(6))).unwrap(), Some(mark(6)));
    }

    #[test]
    fn keeps_every_amount_exactly() {
        let folder = tempfile::tempdir().unwrap();
        for units in [1, -1, i128::MAX / 2, 10_000_000_000_000_001] {
            let mark = HighWater { peak: Cash::from_units(units) };
            write(folder.path(), mark).unwrap();
            assert_eq!(restore(folder.path(), None).unwrap(), Some(mark));
        }
    }

    #[test]
    fn a_mark_that_nobody_knows_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "{}").unwrap();
        assert!(restore(folder.path(), None).is_err());
        assert_eq!(restore(folder.path(), Some(mark(4))).unwrap(), Some(mark(4)));
        atomic::write(&path(folder.path()), &Mark { peak: "much".to_owned() }).unwrap();
        assert!(restore(folder.path(), None).unwrap_err().to_string().contains("`much`"));
    }
}
