//! What the hot thread and the writer tell each other; proved with loom (`tests/loom.rs`).
//!
//! Must hold: the hot thread writes a frame, then says where it ends, then which it was; the writer
//! asks in the other order. So what it finds below the place is whole, and holds every record up to
//! the sequence that it asked for first. Each side writes its own cache line only.

use super::atomic::{AtomicBool, AtomicU64, Ordering};
use crossbeam::utils::CachePadded;

/// Where the next frame goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// Number of the segment.
    pub(super) segment: u32,
    /// Byte in it.
    pub(super) at: u32,
}

impl Place {
    fn pack(self) -> u64 {
        u64::from(self.segment) << 32 | u64::from(self.at)
    }

    fn unpack(word: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
        Self { segment: u32::from_le_bytes([e, f, g, h]), at: u32::from_le_bytes([a, b, c, d]) }
    }
}

/// The words.
#[derive(Debug)]
pub(super) struct Words {
    hot: CachePadded<HotSide>,
    disk: CachePadded<DiskSide>,
}

#[derive(Debug)]
struct HotSide {
    /// Last sequence appended. Stored last.
    appended: AtomicU64,
    /// A [`Place`] in one word, since both halves must be of the same moment.
    place: AtomicU64,
}

#[derive(Debug)]
struct DiskSide {
    /// Last sequence that a sync has covered.
    synced: AtomicU64,
    /// Never becomes false again.
    failed: AtomicBool,
}

impl Words {
    /// All up to `sequence` is on disk.
    pub(super) fn new(sequence: u64, place: Place) -> Self {
        let hot =
            HotSide { appended: AtomicU64::new(sequence), place: AtomicU64::new(place.pack()) };
        let disk = DiskSide { synced: AtomicU64::new(sequence), failed: AtomicBool::new(false) };
        Self { hot: CachePadded::new(hot), disk: CachePadded::new(disk) }
    }

    /// The hot thread: the frame of `sequence` is written and ends at `place`.
    #[inline]
    pub(super) fn publish(&self, sequence: u64, place: Place) {
        self.hot.place.store(place.pack(), Ordering::Release);
        self.hot.appended.store(sequence, Ordering::Release);
    }

    /// The writer, first: what there is to sync.
    pub(super) fn appended(&self) -> u64 {
        self.hot.appended.load(Ordering::Acquire)
    }

    /// The writer, then: where that ends, or later.
    pub(super) fn place(&self) -> Place {
        Place::unpack(self.hot.place.load(Ordering::Acquire))
    }

    /// The writer: all up to `sequence` is on disk.
    pub(super) fn on_synced(&self, sequence: u64) {
        self.disk.synced.store(sequence, Ordering::Release);
    }

    /// The last sequence that is on disk.
    pub(super) fn synced(&self) -> u64 {
        self.disk.synced.load(Ordering::Acquire)
    }

    /// The writer: nothing will reach the disk any more.
    pub(super) fn fail(&self) {
        self.disk.failed.store(true, Ordering::Release);
    }

    /// True when nothing will reach the disk any more.
    #[inline]
    pub(super) fn has_failed(&self) -> bool {
        self.disk.failed.load(Ordering::Acquire)
    }
}
