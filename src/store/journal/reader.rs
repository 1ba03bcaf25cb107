//! Reads a journal in order, for tests and for verbs that look at the past.
//!
//! Takes no lock: a running engine's journal can be read; what it appends meanwhile may be missing.
//! Not here: verifying, repair and replay.

use super::chain::Link;
use super::header::is_segment;
use super::merge::merge;
use super::scan::{Scan, Step};
use super::{berth, blank};
use crate::store::StoreError;
use crate::store::record::{Record, Unreadable};
use crate::types::Stamp;
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

/// One record with its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its place in the order of all, from 1.
    pub sequence: u64,
    /// When it was written.
    pub at: Stamp,
    /// What it says, or why this version cannot tell.
    pub record: Result<Record, Unreadable>,
}

/// The segments of a folder, with what lanes add to them.
#[derive(Debug)]
pub(super) struct Segments {
    pub(super) files: VecDeque<(u64, PathBuf)>,
    /// Read before the segments, so that nothing falls between the two.
    lanes: Vec<(u64, Vec<u8>)>,
}

impl Segments {
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        let lanes = berth::read(folder)?;
        Ok(Self { files: blank::list(folder)?.into(), lanes })
    }

    /// The bytes of one. `before` is where the chain stands before it, where that is known.
    pub(super) fn read(
        &self,
        number: u64,
        path: &Path,
        before: Option<Link>,
    ) -> Result<Vec<u8>, StoreError> {
        let mut bytes = fs::read(path).map_err(StoreError::io("read", path))?;
        if let Some((_, lane)) = self.lanes.iter().find(|(carried, _)| *carried == number) {
            merge(&mut bytes, lane, before);
        }
        Ok(bytes)
    }
}

/// All records of a folder in order. Damage is an item of its own; what follows it is still read.
/// Half a record at the very end is no item: it never became one.
#[derive(Debug)]
pub struct Reader {
    segments: Segments,
    waiting: VecDeque<Result<Entry, StoreError>>,
    next: Option<u64>,
    link: Option<Link>,
}

impl Reader {
    /// Lists the segments; they are read one at a time.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let segments = Segments::of(folder)?;
        Ok(Self { segments, waiting: VecDeque::new(), next: None, link: None })
    }

    /// Reads one segment into the waiting items.
    fn read(&mut self, number: u64, path: &Path) -> Result<(), StoreError> {
        let bytes = self.segments.read(number, path, self.link)?;
        if !is_segment(number, &bytes) {
            self.waiting.push_back(Err(damaged(path, "its header is not what was written")));
        }
        let mut scan = Scan::new(&bytes, self.next);
        loop {
            let expected = scan.next_sequence();
            match scan.step() {
                Step::Frame(frame) => self.waiting.push_back(Ok(Entry {
                    sequence: frame.sequence,
                    at: frame.at,
                    record: Record::decode(frame.kind, frame.version, frame.payload),
                })),
                Step::Damage(at) => {
                    let what = format!("at byte {at} {}", next_step(&scan, expected));
                    self.waiting.push_back(Err(damaged(path, &what)));
                }
                Step::End { .. } => break,
            }
        }
        (self.next, self.link) = (scan.next_sequence(), scan.link());
        Ok(())
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.waiting.is_empty() {
            let (number, path) = self.segments.files.pop_front()?;
            if let Err(error) = self.read(number, &path) {
                return Some(Err(error));
            }
        }
        self.waiting.pop_front()
    }
}

/// The last records that are `wanted`, oldest first, at most `count`, from the last two segments
/// that hold any: for a look at what just happened. What cannot be read is passed over.
pub fn tail(
    folder: &Path,
    count: usize,
    wanted: impl Fn(&Record) -> bool,
) -> Result<Vec<Entry>, StoreError> {
    let mut found = VecDeque::new();
    let mut segments = 0;
    let segments_found = Segments::of(folder)?;
    for (number, path) in segments_found.files.iter().rev() {
        let bytes = segments_found.read(*number, path, None)?;
        let (mut last, mut is_used, mut scan) = (VecDeque::new(), false, Scan::new(&bytes, None));
        loop {
            match scan.step() {
                Step::Frame(frame) => {
                    is_used = true;
                    let record = Record::decode(frame.kind, frame.version, frame.payload);
                    if record.as_ref().is_ok_and(&wanted) {
                        last.push_back(Entry { sequence: frame.sequence, at: frame.at, record });
                    }
                    if count < last.len() {
                        last.pop_front();
                    }
                }
                Step::Damage(_) => {}
                Step::End { .. } => break,
            }
        }
        segments += usize::from(is_used);
        last.into_iter().rev().for_each(|entry| found.push_front(entry));
        if segments == 2 || count <= found.len() {
            break;
        }
    }
    let surplus = found.len().saturating_sub(count);
    Ok(found.into_iter().skip(surplus).collect())
}

/// What a step that found damage says, where `expected` had to come.
pub(super) fn next_step(scan: &Scan<'_>, expected: Option<u64>) -> String {
    match (expected, scan.next_sequence()) {
        (Some(expected), Some(next)) if expected < next && scan.is_gap() => {
            format!("records {expected} to {} are missing", next - 1)
        }
        (_, _) if scan.is_gap() => "bytes are no record".to_owned(),
        (_, _) => "the chain is broken: a record was rewritten, put in or exchanged".to_owned(),
    }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
        next: "keep a copy of the folder; the engine goes on in a fresh segment after a reset",
    }
}
