//! Backups of a deployment: its state files, its journal and its configuration, each whole and with
//! a checksum (R88 to R90, R95).
//!
//! Must hold: a backup is there when its manifest is, and the manifest is written last; a running
//! engine is neither waited for nor held up, and no lock of its is taken; nothing is restored that
//! does not match its checksum; what a restore replaces is kept; a restored state opens nothing
//! until a person resumes it, never lifts a latch, and never uses the id of an order twice.
//!
//! State files are copied before the journal. So the journal is never behind what they say, and
//! what comes back is what a crash at that instant would have left: the next start knows how.
//!
//! In reading order: [`Manifest`] says what a backup holds, [`create()`] makes one, `restore`
//! brings it back, [`check()`] proves it, [`difference()`] compares two; `pack` is how files lie
//! there.
//!
//! Decision: files of the journal that are complete are kept once, in a folder that all backups
//! share, and every backup names those that it needs. A journal is gigabytes, what is new in five
//! minutes is megabytes. They are gzip, as `gunzip` reads it: a file of a journal is mostly zeros
//! until it is full, and a third of its size then.

mod check;
mod create;
mod difference;
mod manifest;
mod pack;
mod restore;
#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use create::{Created, create};
pub use difference::{Difference, difference};
pub use manifest::{Kept, Manifest, Segment};
pub use restore::{Restored, Restoring, in_place, into_folder};

use super::StoreError;
use std::fs;
use std::path::{Path, PathBuf};

/// Where complete files of journals are.
const SHARED: &str = "segments";

/// What is backed up, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Whose.
    pub instance: &'a str,
    /// Its state folder.
    pub state: &'a Path,
    /// Its journal.
    pub journal: &'a Path,
    /// Its configuration file.
    pub config: &'a Path,
    /// The folder of its backups.
    pub backups: &'a Path,
}

/// What can go wrong with a backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two at once.
    #[error("{} is in use: another backup is being made; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// No such backup.
    #[error("{} has no backup `{name}`; `engine backup list` shows what there is", folder.display())]
    Unknown {
        /// Where it was looked for.
        folder: PathBuf,
        /// What was asked for.
        name: String,
    },
    /// It is not what was written.
    #[error("{} is not what the backup was made of ({what}); take another backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How it shows.
        what: String,
    },
    /// Something is in the way.
    #[error("{} is not empty; name a folder that is not there yet", .0.display())]
    NotEmpty(PathBuf),
}

/// The backups of a folder that are complete, oldest first. A manifest that cannot be read is an
/// item of its own.
///
/// # Errors
/// [`StoreError`] when the folder cannot be read. A folder that is not there holds none.
pub fn list(backups: &Path) -> Result<Vec<Result<Manifest, StoreError>>, StoreError> {
    let names = match fs::read_dir(backups) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("list", backups)(error)),
    };
    let mut folders = Vec::new();
    for name in names {
        folders.push(name.map_err(StoreError::io("list", backups))?.path());
    }
    folders.sort_unstable();
    Ok(folders.iter().filter_map(|folder| manifest::read(folder).transpose()).collect())
}

/// The backup of that name; the newest that is complete when `None`.
///
/// # Errors
/// [`BackupError::Unknown`] when there is none.
pub fn find(backups: &Path, name: Option<&str>) -> Result<Manifest, BackupError> {
    let unknown = || BackupError::Unknown {
        folder: backups.to_owned(),
        name: name.unwrap_or("latest").to_owned(),
    };
    let Some(name) = name else {
        let newest = list(backups)?.into_iter().filter_map(Result::ok).next_back();
        return newest.ok_or_else(unknown);
    };
    // A name is a name and leads nowhere else.
    if Path::new(name).file_name() != Some(name.as_ref()) {
        return Err(unknown());
    }
    manifest::read(&backups.join(name))?.ok_or_else(unknown)
}
