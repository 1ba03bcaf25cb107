//! What a start would find in a journal, without being one: for a dry-run beside a live engine.
//!
//! Must hold: nothing is changed, no lock is taken, nothing is synced; what is told is what
//! [`open`](super::open()) would tell of the same bytes, those of the lanes among them. A journal
//! that is being written tells of an engine that has not ended.

use super::berth::{self, Shelter};
use super::blank;
use super::chain::Link;
use super::drain::{Drained, holds_any, link_of};
use super::merge::merge;
use super::open::{Damage, Opened, Survey};
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Looks at the journal in `folder`; a folder that is not there is a first start.
///
/// # Errors
/// When a file cannot be read.
pub fn look(folder: &Path) -> Result<Opened, StoreError> {
    if !folder.exists() {
        return Ok(Survey::default().opened(Shelter::Memory));
    }
    // Before the segments, so that nothing falls between the two.
    let lanes: BTreeMap<u64, Vec<u8>> = berth::read(folder)?.into_iter().collect();
    let files = blank::list(folder)?;
    let mut view =
        View { files: &files, lanes, read: BTreeMap::new(), drained: Drained::default() };
    view.read_all_used()?;
    let View { read, drained, .. } = view;
    let survey = Survey::of(&files, drained, |place| match read.get(&place) {
        Some(bytes) => Ok(bytes.clone()),
        None => read_plain(&files[place].1),
    })?;
    Ok(survey.opened(Shelter::Memory))
}

/// Segments with what the lanes add to them.
struct View<'a> {
    files: &'a [(u64, PathBuf)],
    lanes: BTreeMap<u64, Vec<u8>>,
    /// By place in the list: those that lanes belong to.
    read: BTreeMap<usize, Vec<u8>>,
    drained: Drained,
}

impl View<'_> {
    /// Brings every lane into a copy of its segment, oldest first.
    fn read_all_used(&mut self) -> Result<(), StoreError> {
        for (number, lane) in std::mem::take(&mut self.lanes) {
            let place = self.files.iter().position(|(other, _)| *other == number);
            let damage = match place {
                Some(place) => self.add(place, number, &lane)?,
                None => holds_any(&lane).then_some(Damage::Missing { segment: number }),
            };
            if let Some(damage) = damage {
                self.drained.damage.get_or_insert(damage);
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        place: usize,
        number: u64,
        lane: &[u8],
    ) -> Result<Option<Damage>, StoreError> {
        let mut segment = read_plain(&self.files[place].1)?;
        let before = self.link_before(place, number)?;
        let merged = merge(&mut segment, lane, before);
        self.read.insert(place, segment);
        Ok(self.drained.count(number, &merged))
    }

    /// Where the chain stands behind the segment before that one.
    fn link_before(&self, place: usize, number: u64) -> Result<Option<Link>, StoreError> {
        let before = place.checked_sub(1);
        let Some(before) = before.filter(|before| self.files[*before].0 + 1 == number) else {
            return Ok(None);
        };
        Ok(match self.read.get(&before) {
            Some(bytes) => link_of(bytes),
            None => link_of(&read_plain(&self.files[before].1)?),
        })
    }
}

fn read_plain(path: &Path) -> Result<Vec<u8>, StoreError> {
    fs::read(path).map_err(StoreError::io("read", path))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SEGMENT, append_all, change, segment_path};
    use super::super::{LastShutdown, open};
    use super::*;
    use crate::store::record::Record;
    use crate::store::samples;
    use tempfile::TempDir;

    fn all_bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => found.extend(all_bytes(&path)),
                false => found.push((path.clone(), fs::read(&path).unwrap())),
            }
        }
        found.sort();
        found
    }

    /// What it tells is what a start finds right after, and it changed nothing.
    fn assert_foresees(folder: &Path) -> Opened {
        let before = all_bytes(folder);
        let seen = look(folder).unwrap();
        assert_eq!(all_bytes(folder), before);
        let (_, _, found) = open(folder, folder, SEGMENT).unwrap();
        let found = Opened { shelter: Shelter::Memory, ..found };
        assert_eq!(format!("{seen:?}"), format!("{found:?}"));
        seen
    }

    fn written(stop: bool) -> (TempDir, usize) {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
        let mut records = samples::many(60);
        records.extend(stop.then_some(Record::Stop { clean: true }));
        append_all(&mut journal, &records[..20]);
        writer.sync().unwrap();
        append_all(&mut journal, &records[20..]);
        let end = journal.pen.place().at as usize;
        if stop {
            writer.close().unwrap();
        }
        (folder, end)
    }

    #[test]
    fn a_journal_that_is_not_there_is_a_first_start() {
        let folder = tempfile::tempdir().unwrap();
        let seen = look(&folder.path().join("none")).unwrap();
        assert_eq!((seen.last_shutdown, seen.epoch), (LastShutdown::FirstStart, 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn it_sees_what_a_start_sees_after_a_clean_end_and_after_a_crash() {
        let (folder, _) = written(true);
        assert_eq!(assert_foresees(folder.path()).last_shutdown, LastShutdown::Clean);
        let (folder, _) = written(false);
        let seen = assert_foresees(folder.path());
        assert_eq!((seen.last_shutdown, seen.saved), (LastShutdown::Unclean, 40));
    }

    #[test]
    fn it_sees_what_a_start_sees_of_damage_and_of_a_torn_end() {
        let (folder, end) = written(true);
        change(&segment_path(&folder, 1), end - 9, &[0xff]);
        assert!(0 < assert_foresees(folder.path()).torn_bytes);
        let (folder, _) = written(true);
        change(&segment_path(&folder, 1), 200, &[0xff]);
        assert!(assert_foresees(folder.path()).damage.is_some());
    }

    #[test]
    fn it_looks_beside_an_engine_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
        append_all(&mut journal, &samples::many(9));
        let seen = look(folder.path()).unwrap();
        assert_eq!((seen.last_shutdown, seen.damage), (LastShutdown::Unclean, None));
        assert_eq!(seen.last_sequence, journal.sequence());
    }
}
