//! The background end of the journal: brings what was appended to disk, chained, and makes the next
//! segment.
//!
//! Must hold: a failed write or sync is final (J4): it is never tried again, the journal refuses
//! from then on, and so it does when the writer is gone. What a lane holds is on disk before the
//! lane carries another segment. A frame whose checksum is wrong in memory is never brought to
//! disk. An old segment is removed only when there are more than are to be kept, and never one that
//! is as young as the last clean reading of the account.

use super::berth;
use super::blank::{Blank, path_of};
use super::chain::Link;
use super::frame;
use super::header::SEGMENT_HEADER_BYTES;
use super::lane::{Lane, Pen};
use super::segment::Segment;
use super::{Durability, Shared};
use crate::store::StoreError;
use crate::store::record::Record;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Written at once: bounds the memory that a copy takes after a long wait for the disk.
const COPY_BYTES: usize = 256 << 10;

/// The kind of a reading of the account that was adopted ([`Record::Account`]).
const ACCOUNT: u16 = 11;

/// Belongs to a thread of its own that may wait for the disk.
#[derive(Debug)]
pub struct Writer {
    pub(super) folder: PathBuf,
    pub(super) segment_bytes: u64,
    /// The segment that is written first, then the one that is ready.
    pub(super) live: VecDeque<Live>,
    /// Segments that are made and wait for a lane.
    pub(super) made: VecDeque<Segment>,
    /// Lanes that carry nothing that is not on disk.
    pub(super) free: Vec<Arc<Lane>>,
    pub(super) last_number: u64,
    pub(super) blank: Option<Blank>,
    pub(super) handed: rtrb::Producer<Pen>,
    /// Numbers of the segments that are not written any more, oldest first.
    pub(super) old: VecDeque<u64>,
    /// Most files on disk; all are kept when `None`.
    pub(super) files_max: Option<u64>,
    /// The segment with the last clean reading of the account, of this run.
    pub(super) reconciled: Option<u64>,
    pub(super) link: Link,
    pub(super) copy: Vec<u8>,
    pub(super) shared: Arc<Shared>,
    /// How a file is synced; tests put a failing one here.
    pub(super) sync_file: fn(&File) -> io::Result<()>,
}

/// A segment with the lane that it comes from.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) segment: Segment,
    pub(super) lane: Arc<Lane>,
    /// Up to here it is on disk.
    pub(super) at: usize,
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

    /// Syncs the rest, and ends: the journal refuses from then on. The lanes are removed when
    /// nothing was appended behind the last sync.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.sync()?;
        self.shared.words.fail();
        if self.shared.words.appended() != self.shared.words.synced() {
            return Ok(());
        }
        berth::remove(&self.folder)
    }

    /// From now on removes the oldest segments where there are more than `files_max`, which is at
    /// least four: a start reads two, one is written and one is ready.
    pub fn keep(&mut self, files_max: u64) {
        self.files_max = Some(files_max.max(4));
    }

    /// What others ask whether a record is on disk.
    pub fn durability(&self) -> Durability {
        Durability(Arc::clone(&self.shared))
    }

    /// The first error is the last thing that is tried.
    fn finally(&mut self, work: fn(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        if self.shared.words.has_failed() {
            return Err(StoreError::JournalFailed);
        }
        work(self).inspect_err(|_| self.shared.words.fail())
    }

    fn sync_live(&mut self) -> Result<(), StoreError> {
        let target = self.shared.words.appended();
        if target == self.shared.words.synced() {
            return Ok(());
        }
        // Asked after `appended`: every record up to the target is below this place.
        let place = self.shared.words.place();
        loop {
            let Some(live) = self.live.front() else { unreachable!("one is always written") };
            let current = u64::from(place.segment);
            let is_over = live.segment.number() < current;
            let end = if is_over { live.lane.end(live.at) } else { place.at as usize };
            self.bring(end)?;
            if !is_over {
                break;
            }
            let Some(live) = self.live.pop_front() else { unreachable!("it was there") };
            self.old.push_back(live.segment.number());
            self.free.push(live.lane);
        }
        self.shared.words.on_synced(target);
        Ok(())
    }

    /// Brings the first live segment to disk, up to `end`.
    fn bring(&mut self, end: usize) -> Result<(), StoreError> {
        let Self { live, link, copy, sync_file, reconciled, .. } = self;
        let Some(live) = live.front_mut() else { unreachable!("one is always written") };
        if live.at == end {
            return Ok(());
        }
        if live.at == SEGMENT_HEADER_BYTES {
            live.segment.begin(*link)?;
        }
        while live.at < end {
            let from = live.at;
            *link = live.copy_some(end, *link, copy)?;
            if live.is_reconciled(from) {
                *reconciled = Some(live.segment.number());
            }
        }
        let segment = &live.segment;
        sync_file(segment.file()).map_err(StoreError::io("sync", segment.path()))
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        if self.handed.is_full() || self.free.is_empty() {
            return Ok(());
        }
        if let Some(made) = self.made.pop_front() {
            return self.hand_over(made);
        }
        let mut blank = match self.blank.take() {
            Some(blank) => blank,
            None => Blank::begin(&self.folder, self.last_number + 1, self.segment_bytes)?,
        };
        if !blank.turn()? {
            self.blank = Some(blank);
            return Ok(());
        }
        let made = blank.finish()?;
        self.last_number = made.number();
        self.hand_over(made)
    }

    pub(super) fn hand_over(&mut self, segment: Segment) -> Result<(), StoreError> {
        self.forget();
        let Some(lane) = self.free.pop() else { unreachable!("asked before") };
        lane.carry(segment.number(), segment.bytes(), &[])?;
        let pen = Pen::new(&lane, segment.number(), SEGMENT_HEADER_BYTES, segment.bytes());
        self.live.push_back(Live { segment, lane, at: SEGMENT_HEADER_BYTES });
        let handed = self.handed.push(pen);
        assert!(handed.is_ok(), "a segment is handed over only when there is room");
        Ok(())
    }
}

impl Writer {
    /// Removes segments that are too old. One that somebody moved away is gone already; one that
    /// cannot be removed is told and tried again with the next: nothing is lost by keeping it, so
    /// it is no reason to end the journal.
    fn forget(&mut self) {
        let (Some(files_max), Some(floor)) = (self.files_max, self.reconciled) else { return };
        while let Some(oldest) = self.old.front().copied()
            && oldest < floor
            && files_max <= (self.old.len() + self.live.len()) as u64
        {
            let path = path_of(&self.folder, oldest);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "an old file of the journal stays: remove it");
                    return;
                }
                Ok(()) | Err(_) => drop(self.old.pop_front()),
            }
        }
    }
}

impl Live {
    /// True when a clean reading of the account stands in what was brought to disk from there on.
    fn is_reconciled(&self, from: usize) -> bool {
        let (frames, mut at) = (self.lane.published(from, self.at), 0);
        while let Some(frame) = frame::read(frames, at) {
            if frame.kind == ACCOUNT
                && let Ok(Record::Account { findings: 0, .. }) =
                    Record::decode(frame.kind, frame.version, frame.payload)
            {
                return true;
            }
            at += frame.length;
        }
        false
    }

    /// Brings some frames to the file, chained. Answers the link behind them.
    fn copy_some(
        &mut self,
        end: usize,
        link: Link,
        copy: &mut Vec<u8>,
    ) -> Result<Link, StoreError> {
        let frames = self.lane.published(self.at, end);
        let (mut at, mut link) = (0, link);
        copy.clear();
        while at < frames.len() && copy.len() < COPY_BYTES {
            let Some(frame) = frame::read(frames, at) else {
                return Err(StoreError::Damaged {
                    path: self.lane.path().to_owned(),
                    what: format!("the record at byte {} changed in memory", self.at + at),
                    next: "check the machine's memory, then restart",
                });
            };
            link = frame::seal(copy, &frame, link);
            at += frame.length;
        }
        self.segment.write(copy, self.at)?;
        self.at += at;
        Ok(link)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.words.fail();
    }
}
