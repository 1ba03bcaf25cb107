//! A journal as copies of its files: what a backup keeps.
//!
//! Must hold: nothing is changed and no lock is taken, so that a running engine's journal can be
//! copied; what a killed process left in its lane is in the copy; a file that a later one follows
//! does not change any more, and that is said.

use super::blank::path_of;
use super::reader::Segments;
use super::scan::{Scan, Step};
use crate::store::StoreError;
use crate::store::record::Record;
use crate::types::ExecutionKind;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One file of a journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// Its number.
    pub number: u64,
    /// All of it.
    pub bytes: Vec<u8>,
    /// No record will be added: a later file has begun.
    pub is_final: bool,
    /// What it holds.
    pub tally: Tally,
}

/// What a part of a journal holds, in numbers (R88).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Good records.
    pub records: u64,
    /// Sequence of the last one; 0 when there is none.
    pub last_sequence: u64,
    /// When that was written, nanoseconds since the Unix epoch.
    pub last_unix_ns: u64,
    /// Orders that were to be sent.
    pub orders: u64,
    /// Trades, told or found.
    pub trades: u64,
    /// When the last of them was journaled, nanoseconds since the Unix epoch; 0 when there is none.
    pub last_trade_unix_ns: u64,
    /// Highest epoch of any start.
    pub epoch: u32,
}

impl Tally {
    /// Both, of which `later` follows.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            records: self.records.saturating_add(later.records),
            last_sequence: self.last_sequence.max(later.last_sequence),
            last_unix_ns: self.last_unix_ns.max(later.last_unix_ns),
            orders: self.orders.saturating_add(later.orders),
            trades: self.trades.saturating_add(later.trades),
            last_trade_unix_ns: self.last_trade_unix_ns.max(later.last_trade_unix_ns),
            epoch: self.epoch.max(later.epoch),
        }
    }

    fn of(bytes: &[u8]) -> Self {
        let (mut tally, mut scan) = (Self::default(), Scan::new(bytes, None));
        loop {
            match scan.step() {
                Step::Frame(frame) => {
                    tally.records += 1;
                    tally.last_sequence = frame.sequence;
                    tally.last_unix_ns = frame.at.unix_ns;
                    if let Ok(record) = Record::decode(frame.kind, frame.version, frame.payload) {
                        tally.count(&record);
                    }
                }
                Step::Damage(_) => {}
                Step::End { .. } => return tally,
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds are records like any")]
    fn count(&mut self, record: &Record) {
        match record {
            Record::Start(start) => self.epoch = self.epoch.max(start.epoch),
            Record::Carry(carried) => self.epoch = self.epoch.max(carried.epoch),
            Record::Order(_) | Record::Child { .. } => self.orders += 1,
            Record::Execution(report) => {
                if matches!(report.kind, ExecutionKind::Trade(_) | ExecutionKind::TradeFound(_)) {
                    self.trades += 1;
                    self.last_trade_unix_ns = self.last_unix_ns;
                }
            }
            _ => {}
        }
    }
}

/// The files of a journal that hold any record, one after the other: `take` hears of each and says
/// with `skip` which it has already. A file that was removed meanwhile is passed over.
///
/// # Errors
/// [`StoreError`] when a file or the folder cannot be read, or `take` fails.
pub fn images<E: From<StoreError>>(
    folder: &Path,
    skip: impl Fn(u64) -> bool,
    mut take: impl FnMut(Image) -> Result<(), E>,
) -> Result<(), E> {
    let segments = Segments::of(folder)?;
    let (mut waiting, mut link): (Option<Image>, _) = (None, None);
    for (number, path) in &segments.files {
        // Whatever is had already was followed by another file when it was taken.
        if skip(*number) {
            if let Some(image) = waiting.take() {
                take(Image { is_final: true, ..image })?;
            }
            link = None;
            continue;
        }
        let bytes = match segments.read(*number, path, link) {
            Ok(bytes) => bytes,
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let tally = Tally::of(&bytes);
        link = link_behind(&bytes);
        if tally.records == 0 {
            continue;
        }
        if let Some(image) =
            waiting.replace(Image { number: *number, bytes, is_final: false, tally })
        {
            take(Image { is_final: true, ..image })?;
        }
    }
    waiting.map_or(Ok(()), take)
}

/// What a copy of the file of that number must be called in a journal's folder.
pub fn image_path(folder: &Path, number: u64) -> PathBuf {
    path_of(folder, number)
}

fn link_behind(bytes: &[u8]) -> Option<super::Link> {
    let mut scan = Scan::new(bytes, None);
    while !matches!(scan.step(), Step::End { .. }) {}
    scan.link()
}
