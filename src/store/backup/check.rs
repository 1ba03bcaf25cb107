//! Proves that a backup can be brought back: by bringing it back.

use super::manifest::Manifest;
use super::{BackupError, restore};
use crate::store::StoreError;
use crate::store::journal::{self, Tally, Verified, images};
use std::fs;
use std::path::Path;

/// What a trial found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The journal as the next start would find it.
    pub journal: Verified,
    /// What it holds, counted again.
    pub tally: Tally,
}

impl Checked {
    /// True when the journal is whole and holds what the manifest says.
    pub fn is_whole(&self, manifest: &Manifest) -> bool {
        self.journal.faults.is_empty() && self.tally == manifest.tally
    }
}

/// Brings the backup back into `folder`, which must not be there yet, and reads all of it. Nothing
/// of it is removed.
///
/// # Errors
/// [`BackupError::Damaged`] with the first file that is not what it was, [`StoreError`] for the
/// disk.
pub fn check(backups: &Path, manifest: &Manifest, folder: &Path) -> Result<Checked, BackupError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    restore::unpack(backups, manifest, folder)?;
    let restored = folder.join("journal");
    let mut tally = Tally::default();
    images(
        &restored,
        |_| false,
        |image| {
            tally = tally.and(image.tally);
            Ok::<_, StoreError>(())
        },
    )?;
    Ok(Checked { journal: journal::verify(&restored)?, tally })
}
