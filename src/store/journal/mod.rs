//! The append journal: what happened, in order, in a place that survives the death of the process.
//!
//! [`open()`] gives three things: the [`Journal`] for the hot thread, the [`Writer`] for a
//! background thread, and [`Opened`], what the last run left behind. [`Reader`] reads a folder for
//! tests and verbs, [`Follower`] goes on where it stopped.
//!
//! Must hold: `append` makes no system call, no allocation and takes no lock; nothing is
//! overwritten and nothing is dropped without an error; after the first error nothing is written
//! any more (J4, D5); what was altered is never taken for a record; a new segment begins with the
//! state so far, so that a start reads at most two segments. A record is safe from the death of
//! the process when `append` returns, and from the death of the machine when
//! [`Durability::covers`] says so.
//!
//! Two threads: the hot one writes frames in a lane in memory that outlives the process
//! (`lane.rs`), the writer brings them to the segment on disk, each marked with the hash chain over
//! all before it (`chain.rs`), and syncs. What a killed process left in the lane is saved at the
//! next start (`drain.rs`).
//!
//! Not here: snapshots, and replay (`runtime/replay`).
//!
//! Decision: a mapped lane and a checksum per record (D23). Measured by `benches/journal.rs` on two
//! shared virtual cores, ext4, batches of 100, one run on an idle machine: an order (88 bytes) took
//! 37 ns p50 and 51 p99, a fill (128 bytes) 46 and 78; while the writer syncs without a pause 32
//! and 37, 43 and 58. When the lane was the segment, an order took 45 to 56 and a fill 67 to 77 ns
//! p50, and 81 to 154 beside the sync. Why the lane is not the segment: `lane.rs`.
//!
//! Decision: after a loss of power the disk may hold a later page of the unsynced tail without an
//! earlier one. That looks like damage in the middle and is treated as such (KILLED, J3): at most
//! one sync interval is concerned, and to guess the other way could hide a lost trip.

mod atomic;
mod berth;
mod blank;
mod chain;
mod drain;
mod follow;
mod frame;
mod header;
mod image;
mod lane;
mod lock;
mod look;
mod merge;
mod open;
mod reader;
mod repair;
mod scan;
mod segment;
mod verify;
mod words;
mod writer;

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod follow_tests;
#[cfg(test)]
mod lane_tests;
#[cfg(test)]
mod tests;

pub use berth::Shelter;
pub use chain::Link;
pub use follow::{Followed, Follower, Lack, Reach};
pub use image::{Image, Tally, image_path, images};
pub(in crate::store) use lock::Lock;
pub use look::look;
pub use open::{Damage, LastShutdown, Opened, open};
pub use reader::{Entry, Reader, tail};
pub use repair::{Repaired, repair};
pub use verify::{Fault, Verified, verify};
pub use writer::Writer;

use super::StoreError;
use super::latch_table::Parts;
use super::record::{Carried, Record};
use crate::types::Stamp;
use lane::Pen;
use std::sync::Arc;
use words::Words;

/// The hot thread's end: appends and nothing else.
#[derive(Debug)]
pub struct Journal {
    pen: Pen,
    ready: rtrb::Consumer<Pen>,
    /// Of the next record.
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
        if self.refusing || self.shared.words.has_failed() {
            return Err(self.refuse(StoreError::JournalFailed));
        }
        if self.pen.is_fresh() || self.pen.is_full() {
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
        self.sequence - 1
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
            // The writer holds a share of the old lane until it sees a place in the new one, so the
            // last share is never dropped here: unmapping would be a system call.
            self.pen = next;
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
        self.shared.words.publish(sequence, self.pen.place());
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
        self.0.words.synced()
    }

    /// True when nothing will reach the disk any more.
    pub fn has_failed(&self) -> bool {
        self.0.words.has_failed()
    }
}

/// What both ends hold.
#[derive(Debug)]
struct Shared {
    words: Words,
    _lock: Lock,
}
