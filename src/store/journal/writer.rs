//! The background end of the journal: syncs what was appended and makes the next segment.
//!
//! Must hold: a failed write or sync is final (J4): it is never tried again, the journal refuses
//! from then on, and so it does when the writer is gone.

use super::blank::Blank;
use super::segment::{Pen, SEGMENT_HEADER_BYTES, Segment};
use super::{Durability, Shared};
use crate::store::StoreError;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Belongs to a thread of its own that may wait for the disk.
#[derive(Debug)]
pub struct Writer {
    pub(super) folder: PathBuf,
    pub(super) segment_bytes: u64,
    /// Segments that may hold something unsynced, the one that is written first, then those ahead.
    pub(super) live: VecDeque<Arc<Segment>>,
    pub(super) last_number: u64,
    pub(super) blank: Option<Blank>,
    pub(super) handed: rtrb::Producer<Pen>,
    pub(super) shared: Arc<Shared>,
    /// How a file is synced; tests put a failing one here.
    pub(super) sync_file: fn(&File) -> io::Result<()>,
}

impl Writer {
    /// Syncs what was appended, then works at the next segment for one slice. To be called every
    /// `journal.sync_ns`, and at once after a trip.
    pub fn turn(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        self.finally(Self::prepare)
    }

    /// Syncs what was appended and returns when it is on disk.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.finally(Self::sync_live)
    }

    /// Syncs the rest, and ends: the journal refuses from then on.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.sync()
    }

    /// What others ask whether a record is on disk.
    pub fn durability(&self) -> Durability {
        Durability(Arc::clone(&self.shared))
    }

    /// The first error is the last thing that is tried.
    fn finally(&mut self, work: fn(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        if self.shared.disk.failed.load(Ordering::Acquire) {
            return Err(StoreError::JournalFailed);
        }
        work(self).inspect_err(|_| self.shared.disk.failed.store(true, Ordering::Release))
    }

    fn sync_live(&mut self) -> Result<(), StoreError> {
        let target = self.shared.hot.appended.load(Ordering::Acquire);
        if target == self.shared.disk.synced.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Read after `appended`: every record up to the target is in this segment or before it.
        let current = self.shared.hot.segment.load(Ordering::Acquire);
        for segment in self.live.iter().take_while(|segment| segment.number() <= current) {
            (self.sync_file)(segment.file()).map_err(StoreError::io("sync", segment.path()))?;
        }
        self.live.retain(|segment| current <= segment.number());
        self.shared.disk.synced.store(target, Ordering::Release);
        self.touch_ahead(current);
        Ok(())
    }

    /// The sync has write-protected the pages that it wrote.
    fn touch_ahead(&self, current: u64) {
        let position = self.shared.hot.position.load(Ordering::Relaxed);
        let segment = self.live.front().filter(|segment| segment.number() == current);
        if let (Some(segment), Ok(position)) = (segment, usize::try_from(position)) {
            segment.touch_ahead(position);
        }
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        if self.handed.is_full() {
            return Ok(());
        }
        let mut blank = match self.blank.take() {
            Some(blank) => blank,
            None => Blank::begin(&self.folder, self.last_number + 1, self.segment_bytes)?,
        };
        if !blank.turn()? {
            self.blank = Some(blank);
            return Ok(());
        }
        self.hand_over(blank.finish()?);
        Ok(())
    }

    pub(super) fn hand_over(&mut self, segment: Segment) {
        self.last_number = segment.number();
        let (pen, share) = segment.share(SEGMENT_HEADER_BYTES);
        self.live.push_back(share);
        let handed = self.handed.push(pen);
        assert!(handed.is_ok(), "a segment is made only when there is room to hand it over");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.disk.failed.store(true, Ordering::Release);
    }
}
