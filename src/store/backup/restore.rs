//! Brings a backup back: into a folder of its own, or in the place of what is there.
//!
//! Must hold: everything is checked before anything is changed; an engine that runs is in the way;
//! what was there is kept beside, and what it knew that binds (a latch, the epoch) goes on binding;
//! what comes back is HALTED until a person resumes it (D1), and KILLED where either was.
//!
//! Decision: the epoch does not come back. Ids used since the backup are only known to the
//! venue and to what is replaced; so the file is taken over where it can be read and is the higher
//! one, and else it is left out: the next start then leaps a thousand beyond the journal (`epoch`).

use super::manifest::Manifest;
use super::{BackupError, Source, pack};
use crate::core::{Mode, ModeCause, ModeRecord};
use crate::store::atomic::{make_folder, sync_folder};
use crate::store::journal::{Lock, image_path};
use crate::store::{LatchFiles, Place, Standing, StoreError, Stored, epoch, mode};
use crate::types::{Stamp, Text};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Who brings it back, and why: it is the cause of the halt.
#[derive(Clone, Copy, Debug)]
pub struct Restoring<'a> {
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub at: Stamp,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Where it is now.
    pub state: PathBuf,
    /// Its journal.
    pub journal: PathBuf,
    /// What was there before; `None` when nothing was.
    pub replaced: Option<PathBuf>,
    /// It begins KILLED: the backup was latched, or what it replaces is, or cannot be read.
    pub is_killed: bool,
}

/// Into a folder that is not there yet, as `state`, `journal` and `config.yaml`.
///
/// # Errors
/// [`BackupError`]; nothing is left behind that could be taken for a whole restore.
pub fn into_folder(
    backups: &Path,
    manifest: &Manifest,
    folder: &Path,
    restoring: &Restoring<'_>,
) -> Result<Restored, BackupError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    unpack(backups, manifest, folder)?;
    bind(&folder.join("state"), None, restoring)?;
    Ok(restored(folder, None))
}

/// In the place of the state and the journal of a deployment that does not run. Its configuration
/// stays: what differs is told by `engine backup diff`.
///
/// # Errors
/// [`StoreError::Locked`] while an engine runs, [`BackupError`] else; then all is as it was, or the
/// old folders are under the name that the error tells.
pub fn in_place(
    source: &Source<'_>,
    manifest: &Manifest,
    restoring: &Restoring<'_>,
) -> Result<Restored, BackupError> {
    let root = source.state.parent().unwrap_or(Path::new("."));
    make_folder(source.journal)?;
    let _held = Lock::take(source.journal)?;
    let name = format!("restoring-{}", restoring.at.unix_ns);
    let fresh = root.join(&name);
    unpack(source.backups, manifest, &fresh)?;
    bind(&fresh.join("state"), Some(source.state), restoring)?;
    let replaced = root.join(format!("replaced-{}", restoring.at.unix_ns));
    fs::create_dir(&replaced).map_err(StoreError::io("create", &replaced))?;
    for (name, place) in [("state", source.state), ("journal", source.journal)] {
        if place.exists() {
            rename(place, &replaced.join(name))?;
        }
        rename(&fresh.join(name), place)?;
    }
    fs::remove_dir_all(&fresh).map_err(StoreError::io("remove", &fresh))?;
    sync_folder(root)?;
    Ok(Restored {
        state: source.state.to_owned(),
        journal: source.journal.to_owned(),
        is_killed: is_latched(source.state),
        replaced: Some(replaced),
    })
}

fn restored(folder: &Path, replaced: Option<PathBuf>) -> Restored {
    let (state, journal) = (folder.join("state"), folder.join("journal"));
    Restored { is_killed: is_latched(&state), state, journal, replaced }
}

/// Everything of it, checked, under a folder.
pub(super) fn unpack(
    backups: &Path,
    manifest: &Manifest,
    folder: &Path,
) -> Result<(), BackupError> {
    let kept = backups.join(&manifest.name);
    make_folder(&folder.join("state"))?;
    make_folder(&folder.join("journal"))?;
    for file in &manifest.files {
        let bytes = pack::read(&kept.join(&file.path), file)?;
        pack::write(&folder.join(&file.path), |out| out.write_all(&bytes))?;
    }
    for segment in &manifest.segments {
        let bytes = pack::unpack(&segment.path(backups, &manifest.name), &segment.kept)?;
        let path = image_path(&folder.join("journal"), segment.number);
        pack::write(&path, |out| out.write_all(&bytes))?;
    }
    Ok(())
}

/// Makes a state that came back bind at least as much as what it replaces.
fn bind(state: &Path, before: Option<&Path>, restoring: &Restoring<'_>) -> Result<(), StoreError> {
    match (epoch::last_epoch(state), before.map(epoch::last_epoch)) {
        (Stored::Good(restored), Some(Stored::Good(known))) if restored < known => {
            epoch::raise(state, known)?;
        }
        // Nobody knows how many starts there were since.
        _ => epoch::forget(state)?,
    }
    if before.is_some_and(is_latched) && !is_latched(state) {
        LatchFiles::new(state).raise("the state that a restored backup replaced was latched")?;
    }
    halt(state, restoring)
}

fn is_latched(state: &Path) -> bool {
    let found = LatchFiles::new(state).read();
    found.flag_present || found.damaged.is_some() || found.table.whole().is_some()
}

/// Nothing opens until a person has looked.
fn halt(state: &Path, restoring: &Restoring<'_>) -> Result<(), StoreError> {
    let mut standing = match mode::read(state) {
        Stored::Good(standing) => standing,
        // The start halts by itself.
        Stored::Missing | Stored::Damaged(_) => return Ok(()),
    };
    let (by, note) = (Text::new(restoring.by), Text::new(restoring.reason));
    let halted = |record: ModeRecord| record.moved(ModeCause::Restored, restoring.at, by, note);
    for Standing { record, .. } in standing.iter_mut().filter(|it| it.place == Place::All) {
        *record = halted(*record);
    }
    if !standing.iter().any(|it| it.place == Place::All) {
        let record = halted(ModeRecord { mode: Mode::Running, ..ModeRecord::default() });
        standing.push(Standing { place: Place::All, record });
    }
    mode::write(state, &standing)
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::io("move", from))
}
