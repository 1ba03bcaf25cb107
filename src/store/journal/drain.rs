//! Saves what the last run left in its lanes: a process that was killed had no time to bring it to
//! disk.
//!
//! Must hold: it is on disk before the lanes are removed, and it may be done twice: a start that
//! dies in between finds the same again. Not here: judging what the segments hold (`open.rs`).

use super::berth;
use super::chain::Link;
use super::header::SEGMENT_HEADER_BYTES;
use super::merge::{Merged, merge};
use super::open::Damage;
use super::scan::{Scan, Step};
use crate::store::StoreError;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What was saved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drained {
    /// Records that were only in memory.
    pub(super) records: u64,
    /// Bytes of the record that the end of the process tore.
    pub(super) torn: usize,
    /// The lane and the disk tell different stories.
    pub(super) damage: Option<Damage>,
}

/// Brings the lanes of the journal to disk.
pub(super) fn drain(folder: &Path, files: &[(u64, PathBuf)]) -> Result<Drained, StoreError> {
    let mut drained = Drained::default();
    for (number, lane) in berth::read(folder)? {
        if let Some(damage) = drained.take(files, number, &lane)? {
            drained.damage.get_or_insert(damage);
            berth::keep_evidence(folder, number, &lane)?;
        }
    }
    Ok(drained)
}

impl Drained {
    /// Merges one lane. What does not fit is damage.
    fn take(
        &mut self,
        files: &[(u64, PathBuf)],
        number: u64,
        lane: &[u8],
    ) -> Result<Option<Damage>, StoreError> {
        let Some((_, path)) = files.iter().find(|(other, _)| *other == number) else {
            return Ok(holds_any(lane).then_some(Damage::Missing { segment: number }));
        };
        let mut segment = fs::read(path).map_err(StoreError::io("read", path))?;
        let before = link_behind(files, number)?;
        let merged = merge(&mut segment, lane, before);
        if 0 < merged.records {
            write(path, &segment, &merged)?;
        }
        Ok(self.count(number, &merged))
    }

    /// Counts what a lane added to its segment. What did not fit is damage.
    pub(super) fn count(&mut self, number: u64, merged: &Merged) -> Option<Damage> {
        self.records += merged.records;
        self.torn += merged.torn;
        merged.contradiction.map(|at| Damage::Bytes { segment: number, at: at as u64 })
    }
}

/// True for a lane that was written to.
pub(super) fn holds_any(lane: &[u8]) -> bool {
    matches!(Scan::new(lane, None).step(), Step::Frame(_) | Step::Damage(_))
}

/// Where the chain stands behind the segment before that one.
fn link_behind(files: &[(u64, PathBuf)], number: u64) -> Result<Option<Link>, StoreError> {
    let before = files.iter().find(|(other, _)| Some(*other) == number.checked_sub(1));
    let Some((_, path)) = before else { return Ok(None) };
    let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    Ok(link_of(&bytes))
}

/// Where the chain stands behind a segment.
pub(super) fn link_of(segment: &[u8]) -> Option<Link> {
    let mut scan = Scan::new(segment, None);
    while !matches!(scan.step(), Step::End { .. }) {}
    scan.link()
}

fn write(path: &Path, segment: &[u8], merged: &Merged) -> Result<(), StoreError> {
    let header = segment.get(..SEGMENT_HEADER_BYTES).unwrap_or_default();
    let frames = segment.get(merged.from..merged.to).unwrap_or_default();
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|file| {
        file.write_all_at(header, 0)?;
        file.write_all_at(frames, merged.from as u64)?;
        file.sync_all()
    })
    .map_err(StoreError::io("save records to", path))
}
