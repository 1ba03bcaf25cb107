//! The append journal: what happened, in order, in a place that survives the death of the process.
//!
//! [`open()`] gives three things: the [`Journal`] for the hot thread, the [`Writer`] for a
//! background thread, and [`Opened`], what the last run left behind. [`Reader`] reads a folder for
//! tests and verbs.
//!
//! Must hold: `append` makes no system call, no allocation and takes no lock; nothing is
//! overwritten and nothing is dropped without an error; after the first error nothing is written
//! any more (J4, D5); what was altered is never taken for a record; a new segment begins with the
//! state so far, so that a start reads at most two segments. A record is safe from the death of
//! the process when `append` returns, and from the death of the machine when
//! [`Durability::covers`] says so.
//!
//! Not here: the hash chain, repair, replay and snapshots. There is room for them: four bytes of
//! the frame, 28 of the segment header, and numbers for new kinds.
//!
//! Decision: a mapped file and a checksum per record (D23). Measured by `benches/journal.rs` on two
//! shared virtual cores, ext4, batches of 100, three runs at a load of about 1, a sync between
//! batches: an order (88 bytes) 45 to 56 ns p50, a fill (128 bytes) 67 to 77 ns p50, p99 233 to
//! 359 ns. While another thread syncs without a pause: 81 to 108 and 142 to 154 ns p50, p99 0.9 to
//! 2 µs; a sync write-protects its pages, which the next write must win back. In a profile of the
//! whole benchmark the checksum is two fifths of the time in user space.
//!
//! Decision: after a loss of power the disk may hold a later page of the unsynced tail without an
//! earlier one. That looks like damage in the middle and is treated as such (KILLED, J3): at most
//! one sync interval is concerned, and to guess the other way could hide a lost trip.

mod blank;
mod frame;
mod lock;
mod open;
mod reader;
mod scan;
mod segment;
mod writer;

#[cfg(test)]
mod tests;

pub use open::{Damage, LastShutdown, Opened, open};
pub use reader::{Entry, Reader, tail};
pub use writer::Writer;

use super::StoreError;
use super::latch_table::Parts;
use super::record::{Carried, Record};
use crate::types::Stamp;
use crossbeam::utils::CachePadded;
use lock::Lock;
use segment::Pen;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The hot thread's end: appends and nothing else.
#[derive(Debug)]
pub struct Journal {
    pen: Pen,
    ready: rtrb::Consumer<Pen>,
    sequence: u64,
    carried: Carried,
    parts: Parts,
    refusing: bool,
    shared: Arc<Shared>,
}

impl Journal {
    /// Appends one record and answers its sequence.
    ///
    /// An error is final, and the caller latches (D5): [`StoreError::JournalFailed`] when the
    /// writer could not write or sync, [`StoreError::NoSegment`] when no next segment is ready.
    pub fn append(&mut self, at: Stamp, record: &Record) -> Result<u64, StoreError> {
        if self.refusing || self.shared.disk.failed.load(Ordering::Relaxed) {
            return Err(self.refuse(StoreError::JournalFailed));
        }
        if self.pen.is_fresh() || self.pen.room().is_none() {
            self.begin_segment(at)?;
        }
        self.carried.observe(record);
        self.parts.observe(record);
        self.write(at, record)
    }

    /// What others ask whether a record is on disk.
    pub fn durability(&self) -> Durability {
        Durability(Arc::clone(&self.shared))
    }

    /// Of the last record that was appended; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// True while there is room to spare for what may be left out: half of this segment is free, or
    /// the next one is ready.
    pub fn has_spare(&self) -> bool {
        self.pen.is_half_free() || !self.ready.is_empty()
    }

    #[cold]
    fn begin_segment(&mut self, at: Stamp) -> Result<(), StoreError> {
        if !self.pen.is_fresh() {
            let Ok(next) = self.ready.pop() else {
                return Err(self.refuse(StoreError::NoSegment));
            };
            // The writer holds a share of the old segment until it sees the new number, so the
            // last share is never dropped here: unmapping would be a system call.
            self.pen = next;
            self.shared.hot.segment.store(self.pen.number(), Ordering::Release);
        }
        self.write(at, &Record::Carry(self.carried))?;
        for at_place in 0..self.parts.len() {
            if let Some(latch) = self.parts.nth(at_place) {
                self.write(at, &Record::PartTrip(latch))?;
            }
        }
        Ok(())
    }

    fn write(&mut self, at: Stamp, record: &Record) -> Result<u64, StoreError> {
        let Some(room) = self.pen.room() else { return Err(self.refuse(StoreError::NoSegment)) };
        let sequence = self.sequence;
        let length = frame::write(room, sequence, at, record);
        self.pen.publish(length);
        self.sequence += 1;
        self.shared.hot.position.store(self.pen.at() as u64, Ordering::Relaxed);
        self.shared.hot.appended.store(sequence, Ordering::Release);
        Ok(sequence)
    }

    /// One missing record is a hole: nothing may follow it.
    #[cold]
    fn refuse(&mut self, error: StoreError) -> StoreError {
        self.refusing = true;
        error
    }
}

/// Tells whether records have reached the disk.
#[derive(Clone, Debug)]
pub struct Durability(Arc<Shared>);

impl Durability {
    /// True when the record of that sequence, and every one before it, is on disk.
    pub fn covers(&self, sequence: u64) -> bool {
        sequence <= self.synced_sequence()
    }

    /// The last record that is on disk; 0 when none is.
    pub fn synced_sequence(&self) -> u64 {
        self.0.disk.synced.load(Ordering::Acquire)
    }

    /// True when nothing will reach the disk any more.
    pub fn has_failed(&self) -> bool {
        self.0.disk.failed.load(Ordering::Acquire)
    }
}

/// What the two threads tell each other. Each side writes its own cache line only.
#[derive(Debug)]
struct Shared {
    hot: CachePadded<HotSide>,
    disk: CachePadded<DiskSide>,
    _lock: Lock,
}

#[derive(Debug)]
struct HotSide {
    /// Last sequence appended. Stored after the frame, and after `segment`.
    appended: AtomicU64,
    /// Number of the segment that is written.
    segment: AtomicU64,
    /// Where the next frame goes in it; only a hint for [`segment::Segment::touch_ahead`].
    position: AtomicU64,
}

#[derive(Debug)]
struct DiskSide {
    /// Last sequence that a sync has covered.
    synced: AtomicU64,
    /// Never becomes false again.
    failed: AtomicBool,
}
