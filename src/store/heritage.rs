//! What a dry-run takes over from the state folder of the engine that trades: a copy of all that
//! binds, so that it begins as that engine would.
//!
//! Must hold: nothing is written where it is read; a file is copied byte for byte, so that one that
//! is damaged there is damaged here, and judged by the same code; what is not there is not here
//! either, whatever an earlier dry-run left.

use super::StoreError;
use super::atomic::{Stored, make_folder};
use super::epoch;
use std::fs;
use std::io;
use std::path::Path;

/// What binds: latches, modes, the high-water mark, losses, ledgers, names under a configuration
/// and under a key.
const TAKEN: [&str; 7] = [
    "kill_switch_state.json",
    "mode.json",
    "high_water.json",
    "losses.json",
    "ledgers.json",
    "attestation.json",
    "key_vouched.json",
];

/// What an earlier dry-run may have left and what does not bind this one: its own flag, and what
/// belongs to the history of the simulated exchange that it traded on.
const FORGOTTEN: [&str; 3] = ["kill_switch.flag", "known_trades.json", "last_account.json"];

/// Makes `to` what `from` is; answers the epoch that is used up there, 0 for none: the next one
/// here is beyond it. One that cannot be read is copied as it is: taking the next one then fails as
/// it would there.
///
/// # Errors
/// [`StoreError::Io`] when a file is there and cannot be read, or the copy cannot be written.
pub fn inherit(from: &Path, to: &Path) -> Result<u32, StoreError> {
    make_folder(to)?;
    FORGOTTEN.iter().try_for_each(|name| remove(&to.join(name)))?;
    for name in TAKEN {
        remove(&to.join(name))?;
        copy(&from.join(name), &to.join(name))?;
    }
    match epoch::last_epoch(from) {
        Stored::Missing => Ok(0),
        Stored::Good(epoch) => epoch::raise(to, epoch).map(|()| epoch),
        Stored::Damaged(_) => copy(&from.join("epoch"), &to.join("epoch")).map(|()| 0),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    match fs::read(from) {
        Ok(bytes) => fs::write(to, bytes).map_err(StoreError::io("write", to)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io("read", from)(error)),
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::HighWater;
    use crate::store::{
        KnownTrades, LatchFiles, Ledgers, Losses, high_water, ledgers, losses, mode,
    };
    use crate::store::{LatchTable, next_epoch};
    use crate::types::Cash;

    /// Files that bind, as their own code names them.
    fn write_all(folder: &Path) {
        let mark = HighWater { peak: Cash::whole(7) };
        high_water::write(folder, mark).unwrap();
        losses::write(folder, &Losses::default()).unwrap();
        ledgers::write(folder, &Ledgers::default()).unwrap();
        mode::write(folder, &[]).unwrap();
        LatchFiles::new(folder).write(&LatchTable::default()).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn everything_that_binds_is_taken_and_what_an_earlier_one_left_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("live"), folder.path().join("dry"));
        assert_eq!(inherit(&from, &to).unwrap(), 0, "an engine that never ran");
        write_all(&from);
        assert_eq!(next_epoch(&from, 0).unwrap(), 1);
        fs::write(to.join("kill_switch.flag"), "").unwrap();
        KnownTrades::default().write(&to).unwrap();
        fs::write(to.join("mode.json"), "of an earlier one").unwrap();
        assert_eq!(inherit(&from, &to).unwrap(), 1);
        assert_eq!(next_epoch(&to, 0).unwrap(), 2);
        assert_eq!(inherit(&from, &to).unwrap(), 1);
        assert_eq!(next_epoch(&to, 0).unwrap(), 3, "it never goes back");
        fs::remove_file(to.join("epoch")).unwrap();
        let bound: Vec<String> = names(&from).into_iter().filter(|it| it != "epoch").collect();
        assert_eq!(names(&to), bound);
        assert_eq!(bound.len(), TAKEN.len() - 2, "all but the names of persons");
        for name in bound {
            assert_eq!(fs::read(from.join(&name)).unwrap(), fs::read(to.join(&name)).unwrap());
        }
        fs::remove_file(from.join("mode.json")).unwrap();
        inherit(&from, &to).unwrap();
        assert!(!to.join("mode.json").exists(), "what is gone there is gone here");
    }

    #[test]
    fn what_is_damaged_there_is_damaged_here() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("live"), folder.path().join("dry"));
        write_all(&from);
        fs::write(from.join("high_water.json"), "{").unwrap();
        fs::write(from.join("epoch"), "seven").unwrap();
        assert_eq!(inherit(&from, &to).unwrap(), 0);
        assert!(high_water::restore(&to, None).is_err());
        assert!(next_epoch(&to, 0).is_err());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("live"), folder.path().join("dry"));
        fs::create_dir_all(from.join("losses.json")).unwrap();
        let error = inherit(&from, &to).unwrap_err().to_string();
        assert!(error.contains("losses.json"), "{error}");
    }
}
