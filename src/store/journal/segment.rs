//! One segment file in memory. The only file with `unsafe` outside of the tests (D27).
//!
//! Must hold: a mapping is written by exactly one [`Pen`], which [`Segment::share`] makes by taking
//! the segment; the file keeps its length while it is mapped (the lock keeps other engines away;
//! a person who truncates a live segment ends the process with SIGBUS). Every byte of the file
//! is a real block on disk before it is mapped (`blank.rs`): a full disk cannot end the process.
#![expect(unsafe_code, reason = "the mapped journal is the lane to the writer (D23, D27)")]

use super::frame::FRAME_WRITTEN_MAX;
use crate::store::StoreError;
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes before the first record: magic, format, number, size, checksum (`blank.rs`).
pub(super) const SEGMENT_HEADER_BYTES: usize = 64;

/// How far ahead of the pen pages are made writable after a sync, which write-protects them: some
/// 700 records of 96 bytes between two syncs meet no page fault.
const AHEAD_BYTES: usize = 64 << 10;

/// Page size of x86-64; a wrong guess costs a page fault and nothing else.
const PAGE_BYTES: usize = 4_096;

/// A mapped segment file.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    path: PathBuf,
    file: File,
    map: MmapRaw,
}

impl Segment {
    /// Maps a file that holds a segment header and real blocks throughout.
    pub(super) fn map(number: u64, path: &Path, file: File) -> Result<Self, StoreError> {
        let map =
            MmapOptions::new().populate().map_raw(&file).map_err(StoreError::io("map", path))?;
        assert!(SEGMENT_HEADER_BYTES <= map.len(), "a segment holds at least its header");
        Ok(Self { number, path: path.to_owned(), file, map })
    }

    /// Its number, as in its name.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for the sync: on Linux a sync of the file writes what was written to its mapping.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Makes the pages from `at` on writable without changing them, so that the hot thread does
    /// not meet a page fault. Only a hint: a kernel without it (before 5.14) costs time, not truth.
    pub(super) fn touch_ahead(&self, at: usize) {
        let from = (at & !(PAGE_BYTES - 1)).min(self.map.len());
        let length = AHEAD_BYTES.min(self.map.len() - from);
        if 0 < length {
            let _ = self.map.advise_range(Advice::PopulateWrite, from, length);
        }
    }

    /// The one pen that writes from `at` on, and the writer thread's share.
    pub(super) fn share(self, at: usize) -> (Pen, Arc<Self>) {
        assert!(at.is_multiple_of(8), "frames are aligned, so that their length is one word");
        self.touch_ahead(at);
        let segment = Arc::new(self);
        (Pen { segment: Arc::clone(&segment), at }, segment)
    }
}

/// The only one who writes to a segment.
#[derive(Debug)]
pub(super) struct Pen {
    segment: Arc<Segment>,
    at: usize,
}

impl Pen {
    /// Number of its segment.
    pub(super) fn number(&self) -> u64 {
        self.segment.number
    }

    /// Where the next frame begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// True before the first frame of the segment.
    pub(super) fn is_fresh(&self) -> bool {
        self.at == SEGMENT_HEADER_BYTES
    }

    /// True while at least half of the segment is free.
    pub(super) fn is_half_free(&self) -> bool {
        self.at <= self.segment.map.len() / 2
    }

    /// Room for the next frame; `None` when the segment is full.
    pub(super) fn room(&mut self) -> Option<&mut [u8; FRAME_WRITTEN_MAX]> {
        if self.segment.map.len() - self.at < FRAME_WRITTEN_MAX {
            return None;
        }
        // SAFETY: `at` begins at most FRAME_WRITTEN_MAX bytes before the end of the mapping, which
        // lives as long as `self.segment`. No other reference to these bytes exists: there is one
        // pen per segment, it is borrowed, and the writer thread never looks into the mapping.
        let room = unsafe { &mut *self.segment.map.as_mut_ptr().add(self.at).cast() };
        Some(room)
    }

    /// Makes the frame that was written into [`Self::room`] count, by its length.
    pub(super) fn publish(&mut self, length: u32) {
        let bytes = length as usize;
        let left = self.segment.map.len() - self.at;
        assert!(bytes <= left && bytes.is_multiple_of(8), "a frame stays in its segment");
        // SAFETY: at least a frame is left from `at`, `at` is a multiple of eight in a mapping that
        // begins at a page, and no reference to these bytes is alive (`room` is borrowed from us).
        let word = unsafe {
            AtomicU32::from_ptr(self.segment.map.as_mut_ptr().add(self.at).cast::<u32>())
        };
        word.store(length.to_le(), Ordering::Release);
        self.at += bytes;
    }
}
