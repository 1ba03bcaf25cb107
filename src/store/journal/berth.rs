//! Where the lanes lie: a folder in memory that outlives the process, found again by its link.
//!
//! Must hold: `lane` in the journal's folder leads to the lanes, whatever the next start is
//! configured to; a lane that belongs to another journal is never read: its name holds the number
//! of the journal's folder (a copy has another), and its owner is us. Where there is no folder in
//! memory, `lane` is a folder itself, and that is said: then the hot thread may wait for the disk.

use super::blank;
use super::header::{Header, Kind};
use super::lane::Lane;
use crate::store::StoreError;
use rustix::fs::statfs;
use rustix::process::geteuid;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Its name in the journal's folder.
const LINK: &str = "lane";

/// One that is written and one that is ready.
const LANES: usize = 2;

/// Of a file system in memory (`linux/magic.h`).
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// Where the hot thread writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shelter {
    /// In memory: it never waits for a disk.
    Memory,
    /// On the disk, because of this: it may wait for the disk.
    Disk(String),
}

/// Makes the folder of the lanes under `base`, or in the journal's own folder where that cannot be,
/// and the lanes in it.
pub(super) fn make(
    folder: &Path,
    base: &Path,
    bytes: u64,
) -> Result<(Shelter, Vec<Arc<Lane>>), StoreError> {
    remove(folder)?;
    let fallen = match in_memory(folder, base, bytes) {
        Ok(lanes) => return Ok((Shelter::Memory, lanes)),
        Err(error) => error,
    };
    remove(folder)?;
    let path = folder.join(LINK);
    make_private(&path)?;
    Ok((Shelter::Disk(fallen.to_string()), lanes(&path, bytes)?))
}

fn in_memory(folder: &Path, base: &Path, bytes: u64) -> Result<Vec<Arc<Lane>>, StoreError> {
    let described = statfs(base).map_err(|error| StoreError::io("open", base)(error.into()))?;
    if described.f_type != TMPFS_MAGIC {
        let what = io::Error::new(io::ErrorKind::Unsupported, "it is not a folder in memory");
        return Err(StoreError::io("keep the journal's lane in", base)(what));
    }
    let path = base.join(own_name(folder)?);
    // No link leads there: it is of a journal that was removed.
    if is_ours(&path) {
        fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path))?;
    }
    make_private(&path)?;
    let made = lanes(&path, bytes).and_then(|lanes| {
        let link = folder.join(LINK);
        symlink(&path, &link).map_err(StoreError::io("link", &link))?;
        Ok(lanes)
    });
    // Memory that cannot be had whole is given back.
    made.inspect_err(|_| drop(fs::remove_dir_all(&path)))
}

fn lanes(path: &Path, bytes: u64) -> Result<Vec<Arc<Lane>>, StoreError> {
    (0..LANES).map(|at| Lane::make(&path.join(at.to_string()), bytes).map(Arc::new)).collect()
}

fn make_private(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().mode(0o700).create(path).map_err(StoreError::io("create", path))
}

/// A name that no other folder of this machine has while this one is there.
fn own_name(folder: &Path) -> Result<String, StoreError> {
    let folder = fs::metadata(folder).map_err(StoreError::io("open", folder))?;
    Ok(format!("tradekeel-{:x}-{:x}", folder.dev(), folder.ino()))
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
}

/// The folder of this journal's lanes, where there is one.
fn find(folder: &Path) -> Option<PathBuf> {
    let link = folder.join(LINK);
    if is_ours(&link) {
        return Some(link);
    }
    let path = fs::read_link(&link).ok()?;
    let is_own = path.file_name()?.to_str()? == own_name(folder).ok()?;
    (is_own && is_ours(&path)).then_some(path)
}

/// What the lanes of a journal hold, by the number of the segment. One that carries none, because
/// it was being cleared, holds nothing that is not on disk.
pub(super) fn read(folder: &Path) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let mut found = Vec::new();
    let Some(path) = find(folder) else { return Ok(found) };
    for at in 0..LANES {
        let path = path.join(at.to_string());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        };
        if let Some(header) = Header::read(Kind::Lane, &bytes) {
            let length = usize::try_from(header.bytes).unwrap_or(usize::MAX).min(bytes.len());
            found.push((header.number, bytes[..length].to_vec()));
        }
    }
    found.sort_unstable_by_key(|(number, _)| *number);
    Ok(found)
}

/// Removes the lanes and what leads to them.
pub(super) fn remove(folder: &Path) -> Result<(), StoreError> {
    let link = folder.join(LINK);
    if let Some(path) = find(folder) {
        fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path))?;
    }
    match fs::symlink_metadata(&link) {
        Ok(found) if found.is_symlink() => {
            fs::remove_file(&link).map_err(StoreError::io("remove", &link))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Keeps a copy of a lane that contradicts its segment, for people.
pub(super) fn keep_evidence(folder: &Path, number: u64, lane: &[u8]) -> Result<(), StoreError> {
    let path = blank::path_of(folder, number).with_extension("lane");
    fs::write(&path, lane).map_err(StoreError::io("write", &path))
}
