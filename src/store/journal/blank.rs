//! A segment file in the making: real blocks, zeros, header, then its name.
//!
//! Must hold: under its final name a segment is complete and on disk, name included; what a crash
//! leaves unfinished has another name and is removed at the next start. It is made in slices, so
//! that a trip never waits for it longer than one slice.
//!
//! Decision: zeros are written besides the reservation of blocks. It doubles what is written to the
//! disk once, in the background, and spares every later sync the conversion of unwritten blocks
//! (65 to 75 µs instead of 88 µs for a sync, PERFORMANCE.md), and it makes the blocks real on file
//! systems that cannot reserve.

use super::chain::Link;
use super::header::{Header, Kind, SEGMENT_HEADER_BYTES};
use super::segment::Segment;
use crate::store::StoreError;
use crate::store::atomic::sync_folder;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What the name of a finished segment ends in.
const EXTENSION: &str = "tkj";

/// What the name of an unfinished one ends in.
const UNFINISHED: &str = "new";

/// Written in one turn: some 10 ms on a slow disk.
const SLICE_BYTES: u64 = 4 << 20;

/// A segment that is not finished.
#[derive(Debug)]
pub(super) struct Blank {
    number: u64,
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
    bytes: u64,
    written: u64,
}

impl Blank {
    /// Reserves the blocks.
    pub(super) fn begin(folder: &Path, number: u64, bytes: u64) -> Result<Self, StoreError> {
        let path = path_of(folder, number);
        let unfinished = path.with_extension(UNFINISHED);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&unfinished)
            .map_err(StoreError::io("create", &unfinished))?;
        let blank = Self { number, path, unfinished, file, bytes, written: 0 };
        blank.reserve().inspect_err(|_| blank.give_back())?;
        Ok(blank)
    }

    fn reserve(&self) -> Result<(), StoreError> {
        reserve(&self.file, self.bytes, &self.unfinished)
    }

    /// A disk that is nearly full is not kept full by a segment that cannot be used.
    fn give_back(&self) {
        let _ = fs::remove_file(&self.unfinished);
    }

    /// Writes the next slice to the disk. True when no slice is left.
    pub(super) fn turn(&mut self) -> Result<bool, StoreError> {
        self.write_slice().map_err(StoreError::io("write", &self.unfinished))?;
        Ok(self.written == self.bytes)
    }

    fn write_slice(&mut self) -> io::Result<()> {
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        let end = self.bytes.min(self.written + SLICE_BYTES);
        while self.written < end {
            let want = usize::try_from(end - self.written).unwrap_or(usize::MAX);
            let chunk = &ZEROS[..want.min(ZEROS.len())];
            self.file.write_all(chunk)?;
            self.written += chunk.len() as u64;
        }
        self.file.sync_data()
    }

    /// Header and name.
    pub(super) fn finish(mut self) -> Result<Segment, StoreError> {
        let header = blank_header(self.number, self.bytes);
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(&header))
            .and_then(|()| self.file.sync_all())
            .map_err(StoreError::io("write", &self.unfinished))?;
        fs::rename(&self.unfinished, &self.path).map_err(StoreError::io("name", &self.path))?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        Ok(Segment::new(self.number, self.bytes, self.path, self.file))
    }

    /// All of it at once, for the start.
    pub(super) fn make(folder: &Path, number: u64, bytes: u64) -> Result<Segment, StoreError> {
        let mut blank = Self::begin(folder, number, bytes)?;
        while !blank.turn().inspect_err(|_| blank.give_back())? {}
        blank.finish()
    }
}

/// Opens a segment that is there. A copy of it may have holes: they are filled.
pub(super) fn reopen(number: u64, path: &Path) -> Result<Segment, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(StoreError::io("open", path))?;
    let bytes = file.metadata().map_err(StoreError::io("open", path))?.len();
    reserve(&file, bytes, path)?;
    Ok(Segment::new(number, bytes, path.to_owned(), file))
}

/// Makes blocks real where the file system can; elsewhere only the zeros that are written do.
fn reserve(file: &File, bytes: u64, path: &Path) -> Result<(), StoreError> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(StoreError::io("reserve space for", path)(error.into())),
    }
}

/// The header before the segment has begun.
fn blank_header(number: u64, bytes: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    Header { number, bytes, link: Some(Link::START) }.write(Kind::Segment)
}

pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.{EXTENSION}"))
}

/// The segments of a folder in order, with their paths. Other files are passed over.
pub(super) fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(StoreError::io("list", folder))? {
        let path = entry.map_err(StoreError::io("list", folder))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(number) = number.filter(|number| path == path_of(folder, *number)) {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes what a crash left unfinished.
pub(super) fn remove_unfinished(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("list", folder))? {
        let path = entry.map_err(StoreError::io("list", folder))?.path();
        if path.extension().is_some_and(|extension| extension == UNFINISHED) {
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    Ok(())
}
