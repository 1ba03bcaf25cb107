//! What a backup holds: every file with its checksum, and the journal in numbers.

use crate::store::StoreError;
use crate::store::atomic::{self, Stored};
use crate::store::journal::Tally;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FILE: &str = "manifest.json";

/// Half a kilobyte for each file of the journal: a hundred thousand of them.
const BYTES_MAX: u64 = 64 << 20;

const NEXT: &str = "take another backup";

/// A backup.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name: the time when it was begun, UTC.
    pub name: String,
    /// The same as milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Of which deployment.
    pub instance: String,
    /// By which version of the engine.
    pub version: String,
    /// What is in its own folder, by path.
    pub files: Vec<Kept>,
    /// The files of its journal, in order.
    pub segments: Vec<Segment>,
    /// What the journal holds.
    pub tally: Tally,
}

/// A file as it was.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Below the backup's folder.
    pub path: String,
    /// How long it was.
    pub bytes: u64,
    /// SHA-256 of it, as hex.
    pub sha256: String,
}

/// A file of the journal. `kept` is what it is when it is unpacked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its number in the journal.
    pub number: u64,
    /// It lies in the folder that all backups share, and not in this one's.
    pub is_shared: bool,
    /// The packed file, below that folder.
    pub kept: Kept,
    /// What it holds.
    pub tally: Tally,
}

impl Manifest {
    /// What it holds besides what it shares, packed or not, in bytes of the originals.
    pub fn bytes(&self) -> u64 {
        let files = self.files.iter().map(|file| file.bytes);
        let segments = self.segments.iter().map(|segment| segment.kept.bytes);
        files.chain(segments).fold(0, u64::saturating_add)
    }
}

impl Segment {
    /// Where its packed file is.
    pub(super) fn path(&self, backups: &Path, name: &str) -> PathBuf {
        let folder = if self.is_shared { super::SHARED } else { name };
        backups.join(folder).join(&self.kept.path)
    }
}

/// Makes the backup one.
pub(super) fn write(folder: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    atomic::write(&folder.join(FILE), manifest)
}

/// The backup in that folder; `None` when there is none that is complete.
pub(super) fn read(folder: &Path) -> Result<Option<Manifest>, StoreError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    match atomic::read_up_to(&folder.join(FILE), BYTES_MAX, NEXT) {
        Stored::Good(manifest) => Ok(Some(manifest)),
        Stored::Missing => Ok(None),
        Stored::Damaged(error) => Err(error),
    }
}
