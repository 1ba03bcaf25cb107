//! The number of this start, from which every order id is made: used once and never again.
//!
//! Must hold: the number is on disk before it is returned (DESIGN idea 8), so that even a journal
//! tail that was lost with the machine cannot repeat an id.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

const NEXT: &str = "restore it from a backup, or remove it: the next start then takes an epoch far \
                    above every one in the journal";

/// How far beyond the journal's highest epoch a start goes when the file is gone: the journal's
/// tail may be gone too, and with it the starts that only the file knew. A thousand starts of
/// which none was synced to the journal do not happen; four million such leaps are left.
const LEAP: u32 = 1_000;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    epoch: u32,
}

/// Takes the next epoch: one above the file's and above `journal_floor`, the highest that the
/// journal knows (0 for none). The first start of all is 1.
///
/// A damaged file is an error and not a guess. The caller comes up KILLED without one (E3).
pub fn next_epoch(state_folder: &Path, journal_floor: u32) -> Result<u32, StoreError> {
    let path = state_folder.join("epoch");
    let next = match atomic::read::<Epoch>(&path, NEXT) {
        Stored::Good(last) => last.epoch.max(journal_floor).checked_add(1),
        Stored::Missing if journal_floor == 0 => Some(1),
        Stored::Missing => journal_floor.checked_add(LEAP),
        Stored::Damaged(error) => return Err(error),
    };
    let Some(epoch) = next else { return Err(StoreError::EpochsExhausted { path }) };
    atomic::write(&path, &Epoch { epoch })?;
    Ok(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_start_has_a_higher_one() {
        let folder = tempfile::tempdir().unwrap();
        let epochs: Vec<u32> = (0..3).map(|_| next_epoch(folder.path(), 0).unwrap()).collect();
        assert_eq!(epochs, [1, 2, 3]);
        assert_eq!(next_epoch(folder.path(), 3).unwrap(), 4);
        assert_eq!(next_epoch(folder.path(), 9).unwrap(), 10, "an old backup of the file");
        assert_eq!(next_epoch(folder.path(), 2).unwrap(), 11);
    }

    #[test]
    fn a_file_that_is_gone_leads_far_beyond_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(next_epoch(folder.path(), 5).unwrap(), 5 + LEAP);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("epoch"), "7").unwrap();
        let error = next_epoch(folder.path(), 5).unwrap_err().to_string();
        assert!(error.contains("epoch is damaged") && error.contains("remove it"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("epoch")).unwrap(), "7");
    }

    #[test]
    fn the_last_number_is_the_end() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(next_epoch(folder.path(), u32::MAX - LEAP).unwrap(), u32::MAX);
        let error = next_epoch(folder.path(), 0).unwrap_err();
        assert!(matches!(error, StoreError::EpochsExhausted { .. }), "{error}");
    }

    #[test]
    fn an_epoch_that_cannot_be_written_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(next_epoch(&file.join("state"), 0).is_err());
    }
}
