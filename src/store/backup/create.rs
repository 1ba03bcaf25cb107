//! Makes a backup, and removes the oldest ones.

use super::manifest::{self, Kept, Manifest, Segment};
use super::{BackupError, SHARED, Source, list, pack};
use crate::store::StoreError;
use crate::store::atomic::make_folder;
use crate::store::journal::{Image, Tally, image_path, images};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// The backup.
    pub manifest: Manifest,
    /// Backups that were removed for it.
    pub removed: u64,
}

/// Makes a backup of that name, which is its time, and keeps no more than `keep` of them.
///
/// # Errors
/// [`BackupError::Busy`] when one is being made already, [`StoreError`] for the disk. What was
/// copied by then is removed with the next one.
pub fn create(
    source: &Source<'_>,
    (name, unix_ms): (&str, u64),
    keep: u64,
) -> Result<Created, BackupError> {
    make_folder(source.backups)?;
    let _lock = lock(source.backups)?;
    let folder = source.backups.join(name);
    fs::create_dir(&folder).map_err(StoreError::io("create", &folder))?;
    let mut files = Vec::new();
    copy_state(source.state, &folder, &mut files)?;
    if let Some(text) = read(source.config)? {
        files.push(pack::keep(&folder, "config.yaml", &text)?);
    }
    let segments = copy_journal(source, name)?;
    let tally = segments.iter().fold(Tally::default(), |all, it| all.and(it.tally));
    let manifest = Manifest {
        name: name.to_owned(),
        unix_ms,
        instance: source.instance.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        files,
        segments,
        tally,
    };
    manifest::write(&folder, &manifest)?;
    let removed = remove_old(source.backups, keep)?;
    Ok(Created { manifest, removed })
}

/// Held while a backup is made.
fn lock(backups: &Path) -> Result<File, BackupError> {
    let path = backups.join("lock");
    let file = File::create(&path).map_err(StoreError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::Busy(backups.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error).into()),
    }
}

/// Every state file. Sockets are of the running engine, and a name that begins with a dot is of a
/// file that is being written.
fn copy_state(state: &Path, folder: &Path, files: &mut Vec<Kept>) -> Result<(), StoreError> {
    for name in state_files(state)? {
        // One that was removed meanwhile says nothing any more.
        if let Some(bytes) = read(&state.join(&name))? {
            files.push(pack::keep(folder, &format!("state/{name}"), &bytes)?);
        }
    }
    Ok(())
}

/// The names of all state files, in order.
pub(super) fn state_files(state: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(state).map_err(StoreError::io("list", state))? {
        let entry = entry.map_err(StoreError::io("list", state))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_file && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Every file of the journal: those that are complete only once for all backups.
fn copy_journal(source: &Source<'_>, name: &str) -> Result<Vec<Segment>, StoreError> {
    let known = shared(source)?;
    let mut segments = Vec::new();
    images(
        source.journal,
        |number| known.contains_key(&number),
        |image| {
            segments.push(copy_segment(source.backups, name, &image)?);
            Ok::<_, StoreError>(())
        },
    )?;
    segments.extend(known.into_values());
    segments.sort_unstable_by_key(|segment| segment.number);
    Ok(segments)
}

fn copy_segment(backups: &Path, name: &str, image: &Image) -> Result<Segment, StoreError> {
    let &Image { number, is_final: is_shared, tally, .. } = image;
    let kept = if is_shared {
        let check = pack::sha256(&image.bytes);
        let path = format!("{number:010}-{}.tkj.gz", check.get(..12).unwrap_or_default());
        pack::pack(&backups.join(SHARED), &path, &image.bytes)?
    } else {
        pack::pack(&backups.join(name), &format!("journal/{number:010}.tkj.gz"), &image.bytes)?
    };
    Ok(Segment { number, is_shared, kept, tally })
}

/// The complete files that the last backup has, and that are still of this journal.
fn shared(source: &Source<'_>) -> Result<BTreeMap<u64, Segment>, StoreError> {
    let last = list(source.backups)?.into_iter().filter_map(Result::ok).next_back();
    let mut known = BTreeMap::new();
    for segment in last.map(|last| last.segments).unwrap_or_default() {
        if segment.is_shared && is_same(source, &segment)? {
            known.insert(segment.number, segment);
        }
    }
    Ok(known)
}

/// A journal that was begun anew has other files of the same numbers: their first records differ,
/// for each has its time.
fn is_same(source: &Source<'_>, segment: &Segment) -> Result<bool, StoreError> {
    let ours = pack::head(&source.backups.join(SHARED).join(&segment.kept.path))?;
    let there = pack::plain_head(&image_path(source.journal, segment.number))?;
    Ok(ours.is_some() && ours == there)
}

/// Removes the oldest backups, what was never completed, and files that no backup names any more.
fn remove_old(backups: &Path, keep: u64) -> Result<u64, StoreError> {
    let complete: Vec<Manifest> = list(backups)?.into_iter().filter_map(Result::ok).collect();
    let keep = usize::try_from(keep).unwrap_or(usize::MAX).max(1);
    let (old, kept) = complete.split_at(complete.len().saturating_sub(keep));
    for backup in old {
        remove(&backups.join(&backup.name))?;
    }
    let first_kept = kept.first().map_or("", |backup| backup.name.as_str());
    for folder in folders(backups)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_backup = name.starts_with(|first: char| first.is_ascii_digit());
        // One of a name before all that are kept, without a manifest, was never completed.
        if is_backup && name.as_str() < first_kept && !folder.join("manifest.json").exists() {
            remove(&folder)?;
        }
    }
    let of = |backup: &Manifest| {
        let shared = backup.segments.iter().filter(|it| it.is_shared);
        shared.map(|it| it.kept.path.clone()).collect::<Vec<_>>()
    };
    let named: BTreeSet<String> = kept.iter().flat_map(of).collect();
    remove_unnamed(&backups.join(SHARED), &named)?;
    Ok(old.len() as u64)
}

fn remove_unnamed(shared: &Path, named: &BTreeSet<String>) -> Result<(), StoreError> {
    if !shared.is_dir() {
        return Ok(());
    }
    for name in state_files(shared)? {
        if !named.contains(&name) {
            let path = shared.join(name);
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    Ok(())
}

fn folders(backups: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(backups).map_err(StoreError::io("list", backups))? {
        let path = entry.map_err(StoreError::io("list", backups))?.path();
        found.extend(path.is_dir().then_some(path));
    }
    Ok(found)
}

fn remove(folder: &Path) -> Result<(), StoreError> {
    fs::remove_dir_all(folder).map_err(StoreError::io("remove", folder))
}
