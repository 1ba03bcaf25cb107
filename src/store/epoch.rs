//! The number of this start, from which every order id is made: used once and never again.
//!
//! Must hold: the number is on disk before it is returned (DESIGN idea 8), so that even a journal
//! tail that was lost with the machine cannot repeat an id.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::types::{SECOND, Stamp};
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "epoch";

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
/// A damaged file is an error and not a guess: see [`epoch_beyond`].
pub fn next_epoch(state_folder: &Path, journal_floor: u32) -> Result<u32, StoreError> {
    let path = state_folder.join(FILE);
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

/// The last epoch that was taken here.
pub fn last_epoch(state_folder: &Path) -> Stored<u32> {
    match atomic::read::<Epoch>(&state_folder.join(FILE), NEXT) {
        Stored::Good(last) => Stored::Good(last.epoch),
        Stored::Missing => Stored::Missing,
        Stored::Damaged(error) => Stored::Damaged(error),
    }
}

/// Has the next start take one beyond `used`, unless it would anyway.
pub(super) fn raise(state_folder: &Path, used: u32) -> Result<(), StoreError> {
    match last_epoch(state_folder) {
        Stored::Good(last) if used <= last => Ok(()),
        // What is damaged is told by who takes the next one.
        Stored::Damaged(_) => Ok(()),
        Stored::Good(_) | Stored::Missing => {
            atomic::write(&state_folder.join(FILE), &Epoch { epoch: used })
        }
    }
}

/// An epoch where [`next_epoch`] fails, so that the process can still manage what it holds (E3):
/// above every one that can have been used, whatever the file said. The caller comes up KILLED.
///
/// Starts are counted one by one and in leaps of a thousand: no deployment has started once for
/// every second since 1970. A file that is not ours is kept beside, for people; a disk that does
/// not take the new number does not matter, because the next start that asks is later again.
pub fn epoch_beyond(state_folder: &Path, journal_floor: u32, now: Stamp) -> u32 {
    let path = state_folder.join(FILE);
    let seconds = u32::try_from(now.unix_ns / SECOND).unwrap_or(u32::MAX);
    let epoch = journal_floor.saturating_add(LEAP).max(seconds);
    let kept = std::fs::rename(&path, path.with_extension("damaged")).map_err(|it| it.to_string());
    let written = atomic::write(&path, &Epoch { epoch }).map_err(|it| it.to_string());
    if let Err(error) = kept.and(written) {
        tracing::error!(error, epoch, "the epoch could not be mended on disk");
    }
    epoch
}

/// Says that nobody knows which epochs have been used: the next start leaps beyond the journal.
pub(super) fn forget(state_folder: &Path) -> Result<(), StoreError> {
    let path = state_folder.join(FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", &path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
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
    fn beyond_every_epoch_is_above_the_journal_and_above_what_the_file_can_have_said() {
        let folder = tempfile::tempdir().unwrap();
        let now = Stamp { mono_ns: 0, unix_ns: 1_800_000_000 * SECOND };
        fs::write(folder.path().join("epoch"), "7").unwrap();
        assert_eq!(epoch_beyond(folder.path(), 5, now), 1_800_000_000);
        assert_eq!(fs::read_to_string(folder.path().join("epoch.damaged")).unwrap(), "7");
        assert_eq!(next_epoch(folder.path(), 0).unwrap(), 1_800_000_001);
        assert_eq!(epoch_beyond(folder.path(), 1_900_000_000, now), 1_900_000_000 + LEAP);
        let missing = folder.path().join("missing");
        assert_eq!(epoch_beyond(&missing, 5, now), 1_800_000_000, "the disk need not take it");
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
