//! One file of the journal on disk, written by the writer thread only.
//!
//! Must hold: every byte of it is a real block before it is used (`blank.rs`), so that a full disk
//! is met while a segment is made and not while an order waits; frames stand at the same places as
//! in the lane that they come from.

use super::chain::Link;
use super::header::{Header, Kind};
use crate::store::StoreError;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A file of the journal.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    bytes: u64,
    path: PathBuf,
    file: File,
}

impl Segment {
    /// A file that holds a header and real blocks throughout.
    pub(super) fn new(number: u64, bytes: u64, path: PathBuf, file: File) -> Self {
        Self { number, bytes, path, file }
    }

    /// Its number, as in its name.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Its length.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for the sync.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Says which link its first record follows.
    pub(super) fn begin(&self, link: Link) -> Result<(), StoreError> {
        let header = Header { number: self.number, bytes: self.bytes, link: Some(link) };
        self.write(&header.write(Kind::Segment), 0)
    }

    /// Writes frames to their place.
    pub(super) fn write(&self, frames: &[u8], at: usize) -> Result<(), StoreError> {
        self.file.write_all_at(frames, at as u64).map_err(StoreError::io("write", &self.path))
    }
}
