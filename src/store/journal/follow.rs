//! Reads a journal on disk from any record on, and goes on where it stopped: for who copies it
//! elsewhere while an engine writes it.
//!
//! Must hold: takes no lock and changes nothing; memory is flat, whatever is there; what cannot be
//! read, or is not there any more, is told as a gap and never passed over. Segments on disk only:
//! what still lies in a lane comes when the writer has brought it. The chain is not looked at:
//! `verify.rs` does.
//!
//! A caller beside a running engine asks for what is synced ([`super::Durability`]) and no further:
//! so it never holds a record that a loss of power takes back, and never sees half a write.

use super::blank;
use super::frame::{self, Frame};
use super::header::SEGMENT_HEADER_BYTES;
use super::reader::Entry;
use crate::store::StoreError;
use crate::store::record::Record;
use crate::types::Stamp;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Read at once: some thousand records, and far more than the longest frame.
const CHUNK_BYTES: usize = 256 << 10;

/// As long as a frame can be.
const FRAME_BYTES_MAX: u64 = frame::FRAME_READ_MAX as u64;

/// What a follower comes upon.
#[expect(clippy::large_enum_variant, reason = "nearly all are entries, and none is kept")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Followed {
    /// The next record.
    Entry(Entry),
    /// Records that are not there.
    Gap {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
        /// Why.
        lack: Lack,
    },
}

/// Why records are not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lack {
    /// Their file is gone: `journal.keep_files`, or a person.
    Removed,
    /// Bytes in the middle of a file are no record.
    Damaged,
}

/// How far a reading came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// There is more: read again at once.
    More,
    /// That is all there is, or was asked for.
    End,
}

/// A place in a journal.
#[derive(Debug)]
pub struct Follower {
    folder: PathBuf,
    /// The last record that is known, and when it was written; none is at sequence 0.
    known: (u64, Stamp),
    /// The sequence that comes next.
    next: u64,
    open: Option<OpenSegment>,
    chunk: Vec<u8>,
}

#[derive(Debug)]
struct OpenSegment {
    number: u64,
    file: File,
    path: PathBuf,
    at: u64,
}

impl Follower {
    /// Goes on behind a record, by its sequence and its stamp; from the first one on behind 0.
    pub fn behind(folder: &Path, sequence: u64, at: Stamp) -> Self {
        let (known, next) = ((sequence, at), sequence.saturating_add(1));
        Self { folder: folder.to_owned(), known, next, open: None, chunk: Vec::new() }
    }

    /// Hands out what comes next, up to the record `through` and some hundred kilobytes at most.
    ///
    /// # Errors
    /// [`StoreError::OtherJournal`] when the record that was known is another one here; what `take`
    /// answers; the disk. After one a new follower must be made.
    pub fn read<E: From<StoreError>>(
        &mut self,
        through: u64,
        mut take: impl FnMut(Followed) -> Result<(), E>,
    ) -> Result<Reach, E> {
        if through < self.next {
            return Ok(Reach::End);
        }
        if self.open.is_none() && !self.begin()? {
            return Ok(Reach::End);
        }
        let chunk = self.fill()?;
        let (mut at, mut reach) = (0, None);
        while let Some(frame) = frame::read(&chunk, at) {
            if through < frame.sequence {
                reach = Some(Reach::End);
                break;
            }
            self.hand_out(&frame, at, &mut take)?;
            at += frame.length;
        }
        self.advance(at);
        let reach = match reach {
            Some(reach) => reach,
            None if 0 < at => Reach::More,
            None => self.beyond(&chunk)?,
        };
        self.chunk = chunk;
        Ok(reach)
    }

    fn hand_out<E: From<StoreError>>(
        &mut self,
        frame: &Frame<'_>,
        at: usize,
        take: &mut impl FnMut(Followed) -> Result<(), E>,
    ) -> Result<(), E> {
        if frame.sequence < self.next {
            return Ok(self.recognise(frame)?);
        }
        if self.next < frame.sequence {
            let place = self.open.as_ref().map_or(0, |it| it.at + at as u64);
            let is_first = place == SEGMENT_HEADER_BYTES as u64;
            let lack = if is_first { Lack::Removed } else { Lack::Damaged };
            take(Followed::Gap { from: self.next, to: frame.sequence - 1, lack })?;
        }
        self.next = frame.sequence.saturating_add(frame.stands_for());
        take(Followed::Entry(Entry {
            sequence: frame.sequence,
            at: frame.at,
            record: Record::decode(frame.kind, frame.version, frame.payload),
        }))
    }

    /// What was known must be here as it was.
    fn recognise(&self, frame: &Frame<'_>) -> Result<(), StoreError> {
        let (sequence, at) = self.known;
        if frame.sequence == sequence && frame.at != at {
            return Err(StoreError::OtherJournal { path: self.folder.clone(), sequence });
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.resize(CHUNK_BYTES, 0);
        let Some(open) = &self.open else { unreachable!("asked before") };
        let read = read_at(&open.file, &mut chunk, open.at);
        let length = read.map_err(StoreError::io("read", &open.path))?;
        chunk.truncate(length);
        Ok(chunk)
    }

    fn advance(&mut self, bytes: usize) {
        if let Some(open) = &mut self.open {
            open.at += bytes as u64;
        }
    }

    /// No record begins here: behind damage, in the next file, or not yet.
    fn beyond(&mut self, chunk: &[u8]) -> Result<Reach, StoreError> {
        let Some(open) = &self.open else { unreachable!("asked before") };
        let (number, place) = (open.number, open.at);
        if let Some(found) = self.good_frame(chunk) {
            self.advance(found);
            return Ok(Reach::More);
        }
        let Some((number, path)) = self.used_after(number)? else { return Ok(Reach::End) };
        // The next file was begun, so that this one is complete, and what came to it since the
        // reading is there as well.
        let again = self.fill()?;
        let is_over = frame::read(&again, 0).is_none();
        self.chunk = again;
        if is_over && !self.skip_damage(place)? {
            self.open = Some(OpenSegment::open(number, path)?);
        }
        Ok(Reach::More)
    }

    /// In a file that is complete: goes to the next good record, if one follows.
    fn skip_damage(&mut self, from: u64) -> Result<bool, StoreError> {
        let mut place = from;
        loop {
            if let Some(open) = &mut self.open {
                open.at = place;
            }
            let chunk = self.fill()?;
            let found = self.good_frame(&chunk);
            let read = chunk.len() as u64;
            self.chunk = chunk;
            if let Some(found) = found {
                self.advance(found);
                return Ok(true);
            }
            if read < CHUNK_BYTES as u64 {
                return Ok(false);
            }
            // A frame that the chunk cut is found whole in the next one.
            place += (read - FRAME_BYTES_MAX).next_multiple_of(8);
        }
    }

    /// Where the first good record of the chunk begins that does not go back.
    fn good_frame(&self, chunk: &[u8]) -> Option<usize> {
        (0..chunk.len())
            .step_by(8)
            .find(|at| frame::read(chunk, *at).is_some_and(|frame| self.next <= frame.sequence))
    }

    /// Opens the file that holds the record that is known, or the first one behind it.
    fn begin(&mut self) -> Result<bool, StoreError> {
        let mut earliest = None;
        for (number, path) in blank::list(&self.folder)?.into_iter().rev() {
            let Some(first) = first_sequence(&path)? else { continue };
            earliest = Some((number, path));
            if first <= self.known.0.max(1) {
                break;
            }
        }
        let Some((number, path)) = earliest else { return Ok(false) };
        self.open = Some(OpenSegment::open(number, path)?);
        Ok(true)
    }

    /// The first file behind that one which holds records.
    fn used_after(&self, number: u64) -> Result<Option<(u64, PathBuf)>, StoreError> {
        for (later, path) in blank::list(&self.folder)? {
            if number < later && first_sequence(&path)?.is_some() {
                return Ok(Some((later, path)));
            }
        }
        Ok(None)
    }
}

impl OpenSegment {
    fn open(number: u64, path: PathBuf) -> Result<Self, StoreError> {
        let file = File::open(&path).map_err(StoreError::io("open", &path))?;
        Ok(Self { number, file, path, at: SEGMENT_HEADER_BYTES as u64 })
    }
}

/// The sequence of a file's first record; `None` where there is none yet, or the file is gone.
fn first_sequence(path: &Path) -> Result<Option<u64>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open", path)(error)),
    };
    let mut head = [0; frame::FRAME_READ_MAX];
    let read = read_at(&file, &mut head, SEGMENT_HEADER_BYTES as u64);
    let length = read.map_err(StoreError::io("read", path))?;
    let head = head.get(..length).unwrap_or_default();
    let first = (0..head.len()).step_by(8).find_map(|at| frame::read(head, at));
    Ok(first.map(|frame| frame.sequence))
}

/// As much as there is, up to all of `out`.
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = out.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
